/*
 * The images that no skipped instruction may get past the verifier, and one that passes. Each has a
 * single defect and is signed in full otherwise.
 */
#ifndef FAULT_BAD_IMAGES_H
#define FAULT_BAD_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"

struct sample {
    const char *name;
    bool good;         /* accepted everywhere */
    bool good_at_boot; /* refused at install only: a bootloader judges no version */
    uint32_t len;
    uint8_t bytes[GUEST_IMAGE_MAX];
};

/* Builds sample number index; false when there is no such sample. */
bool sample_build(unsigned index, struct sample *ret);

#endif
