/*
 * What is attacked: inputs that no fault may get past the verifier, and one that passes. Each has a
 * single defect and is sound otherwise. A campaign program has one source of them: bad_images.c or
 * bad_signatures.c.
 */
#ifndef FAULT_SAMPLES_H
#define FAULT_SAMPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/guest.h"

enum run { RUN_NONE, RUN_GOOD, RUN_BAD };

struct sample {
    const char *name;
    enum run at[GUEST_PATH_COUNT]; /* what it is to each path of the guest */
    uint32_t len;
    uint8_t bytes[GUEST_IMAGE_MAX];
};

/* Builds sample number index; false when there is no such sample. */
bool sample_build(unsigned index, struct sample *ret);

#endif
