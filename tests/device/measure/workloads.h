/* What is measured, with OpenSSL as judge of the results. */
#ifndef MEASURE_WORKLOADS_H
#define MEASURE_WORKLOADS_H

#include <stdbool.h>

#include "guest/io.h"

struct workload {
    const char *name;
    const char *guest; /* ELF file with the candidate, without its suffix */
    const char *stub;  /* the same with stubs */
    uint32_t len, call_len;
    const char *unit;
    uint32_t unit_count; /* instructions are divided by it */
    bool secret;         /* their number must not depend on the inputs */
    /* Sets up random inputs, in len and call_len as above, and runs the judge. */
    void (*prepare)(struct measure_io *io);
    bool (*is_right)(const struct measure_io *io);
};

extern const struct workload workloads[];
extern const unsigned workload_count;

#endif
