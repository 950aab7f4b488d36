/* What is measured, with OpenSSL as judge of the results. */
#ifndef MEASURE_WORKLOADS_H
#define MEASURE_WORKLOADS_H

#include <stdbool.h>

#include "guest/io.h"

enum secrecy {
    INPUTS_PUBLIC,
    INPUTS_SECRET, /* no branch and no address may depend on them */
    INPUTS_LEAK,   /* some do: a self-test of the comparison */
};

struct workload {
    const char *name;
    const char *guest; /* ELF file with the candidate, without its suffix */
    const char *stub;  /* the same with stubs */
    uint32_t len, call_len;
    uint32_t step; /* lengths that are multiples of it are possible; 0: no other length than len */
    const char *unit;
    uint32_t unit_count; /* instructions are divided by it */
    unsigned run_count;  /* instructions are the mean of so many runs; 0: one */
    enum secrecy secrecy;
    /* Sets up random inputs, for the len and call_len in *io, and runs the judge. */
    void (*prepare)(struct measure_io *io);
    bool (*is_right)(const struct measure_io *io);
    /* Whether secrets lie on the stack, MEASURE_STACK_LEN bytes, after the run; NULL: nothing secret. */
    bool (*left_secrets)(const uint8_t *stack);
    /* Bytes of memory beside the stack, after the run; NULL: not said. */
    uint32_t (*ram_len)(const struct measure_io *io);
};

extern const struct workload workloads[];
extern const unsigned workload_count;

#endif
