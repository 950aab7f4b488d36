/* Where the workloads that inflate put their output: behind the input. */
#ifndef MEASURE_OUTPUT_H
#define MEASURE_OUTPUT_H

#include <stddef.h>

#include "io.h"

struct output {
    uint32_t *bytes;
    uint32_t len;
};

static inline struct output output_of(struct measure_io *io)
{
    const struct output output = {(uint32_t *)(void *)(io->bytes + MEASURE_OUTPUT_OFF), 0};

    return output;
}

/* Appends len bytes, which begin at a word; a multiple of 4 but for the last. No memcpy(): it would
 * count for what is measured. */
static inline void output_put(struct output *output, const void *bytes, size_t len)
{
    volatile uint32_t *to = output->bytes + output->len / 4;
    const uint32_t *from = bytes;

    for (size_t i = 0; i < (len + 3) / 4; i++) {
        to[i] = from[i];
    }
    output->len += (uint32_t)len;
}

/* What the measuring program wants: enum otav_err, and bytes of memory beside the stack. */
static inline void output_report(struct measure_io *io, uint32_t err, uint32_t ram_len)
{
    uint32_t *result = (uint32_t *)(void *)io->result;

    result[MEASURE_ERROR_WORD] = err;
    result[MEASURE_RAM_WORD] = ram_len;
}

#endif
