/*
 * Images for the tests of the bootloader, signed with stand-in keys for fast_crypto, and the device
 * that takes them.
 */
#ifndef BOOT_IMAGES_H
#define BOOT_IMAGES_H

#include <boot.h>

#include "standin.h"

enum { IMAGE_MAX_LEN = OTAV_SLOT_LEN };

enum image_activation { ACTIVATION_ABSENT = 0, ACTIVATION_TRIAL = 1, ACTIVATION_PERMANENT = 2 };

struct image_spec {
    uint32_t version;
    uint32_t counter;
    uint32_t fw_len;
    enum guest_key key;
    enum image_activation activation;
    bool stock;         /* no attributes at all */
    bool other_product; /* not the device's */
    uint32_t revoke;    /* keys; 0: no such attribute */
    uint8_t fill;       /* makes firmwares differ */
    bool dense;         /* no unit of the firmware is erased */
};

struct boot_image {
    uint8_t bytes[IMAGE_MAX_LEN];
    uint32_t len;
    uint8_t id[OTAB_ID_LEN];
};

/* Firmware of mostly erased units, so that long images take few operations, unless dense. */
void image_make(const struct image_spec *spec, struct boot_image *ret);

/* A device of the given policy that knows the stand-in keys. */
void image_device(enum otav_policy policy, struct otav_config *ret);

#endif
