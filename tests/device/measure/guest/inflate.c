/*
 * Workload: inflates the first len bytes in calls of call_len; the output goes behind them, the first
 * parameter says how long it is.
 * Layer: test; freestanding.
 */
#include <otav/otav_inflate.h>

#include "output.h"

static enum otav_err write_output(void *user, const uint8_t *bytes, size_t len)
{
    output_put(user, bytes, len);
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
    struct output output = output_of(io);
    const struct otav_decoder_io decoder_io = {&output, write_output, read_output};
    struct otav_inflate *inflate = (void *)(io->bytes + MEASURE_INFLATE_OFF);

    otav_inflate_begin(inflate, &decoder_io, *(const uint32_t *)(const void *)io->parameters);
    for (uint32_t i = 0; i < io->len; i += io->call_len) {
        uint32_t len = io->len - i < io->call_len ? io->len - i : io->call_len;

        (void)otav_inflate_feed(inflate, io->bytes + i, len);
    }
    output_report(io, otav_inflate_end(inflate), sizeof *inflate);
}
