/*
 * Updates for the simulator's tests: signed images for a device, in an OTA file.
 */
#ifndef SIMULATE_SIM_IMAGES_H
#define SIMULATE_SIM_IMAGES_H

#include <boot_images.h>

#include "sim_run.h"

struct update {
    struct boot_image old_image;
    struct boot_image new_image;
    uint32_t
        stream_len; /* what travels for the firmware, a multiple of 16; 0: the firmware itself */
    uint8_t stream[IMAGE_MAX_LEN];
    uint8_t file[OTAM_HEADER_LEN + IMAGE_MAX_LEN + OTAV_BLOCK_LEN];
    uint32_t file_len;
};

/* Key and IV of every device here. */
extern const uint8_t update_key[16];
extern const uint8_t update_iv[16];

/* Makes new_image, with its firmware compressed on the air, or not: as it is. */
void update_make(struct update *update, const struct image_spec *spec, bool compressed);

/* Wraps new_image, whose length is a multiple of 16, into a file with that version, encrypted by
 * fast_crypto if wanted. */
void update_wrap(struct update *update, uint32_t version, bool encrypted);

/* Header checksum anew, after a change of the file. */
void update_seal(struct update *update);

#endif
