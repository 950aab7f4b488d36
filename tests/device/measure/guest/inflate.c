/*
 * Workload: inflates the first len bytes in calls of call_len; the output goes behind them, the first
 * parameter says how long it is. The error goes to the first word of the result.
 * Layer: test; freestanding.
 */
#include <otav/otav_inflate.h>

#include "io.h"

struct output {
    uint32_t *bytes;
    uint32_t len;
};

/* No memcpy(): it would count for inflate. */
static enum otav_err write_output(void *user, const uint8_t *bytes, size_t len)
{
    struct output *output = user;
    volatile uint32_t *to = output->bytes + output->len / 4;
    const uint32_t *from = (const uint32_t *)(const void *)bytes;

    for (size_t i = 0; i < (len + 3) / 4; i++) {
        to[i] = from[i];
    }
    output->len += (uint32_t)len;
    return OTAV_OK;
}

static enum otav_err read_output(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    const struct output *output = user;
    const volatile uint8_t *from = (const uint8_t *)output->bytes + offset;

    for (size_t i = 0; i < len; i++) {
        ret_bytes[i] = from[i];
    }
    return OTAV_OK;
}

void workload(struct measure_io *io)
{
    struct output output = {(uint32_t *)(void *)(io->bytes + MEASURE_OUTPUT_OFF), 0};
    const struct otav_decoder_io decoder_io = {&output, write_output, read_output};
    struct otav_inflate *inflate = (void *)(io->bytes + MEASURE_INFLATE_OFF);
    uint32_t *result = (uint32_t *)(void *)io->result;

    otav_inflate_begin(inflate, &decoder_io, *(const uint32_t *)(const void *)io->parameters);
    for (uint32_t i = 0; i < io->len; i += io->call_len) {
        uint32_t len = io->len - i < io->call_len ? io->len - i : io->call_len;

        (void)otav_inflate_feed(inflate, io->bytes + i, len);
    }
    *result = otav_inflate_end(inflate);
}
