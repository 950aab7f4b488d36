/*
 * Workload: as inflate.c, with zlib's inflate(). The output buffer is longer than the longest copy, so
 * that its fast loop is used; built by tests/bench/inflate_peers.sh.
 * Layer: test; freestanding.
 */
#include <otav/otav_error.h>

#include "output.h"
#include "zlib_memory.h"

enum { BUFFER_LEN = 1024 };

static void start_buffer(z_stream *z, uint8_t *buffer)
{
    z->next_out = buffer;
    z->avail_out = BUFFER_LEN;
}

/* Until the input is used up or the stream ends. */
static int inflate_piece(z_stream *z, uint8_t *buffer, struct output *output)
{
    int result;

    do {
        if (z->avail_out == 0) {
            output_put(output, buffer, BUFFER_LEN);
            start_buffer(z, buffer);
        }
        result = inflate(z, Z_NO_FLUSH);
    } while (result == Z_OK && z->avail_out == 0);
    return result == Z_BUF_ERROR ? Z_OK : result;
}

void workload(struct measure_io *io)
{
    struct output output = output_of(io);
    struct zlib_memory memory = {io->bytes + MEASURE_INFLATE_OFF, 0};
    z_stream *z = zlib_stream(&memory);
    uint8_t *buffer = zlib_take(&memory, 1, BUFFER_LEN);
    int result;

    start_buffer(z, buffer);
    result = inflateInit2(z, -MAX_WBITS);
    for (uint32_t i = 0; i < io->len && result == Z_OK; i += io->call_len) {
        z->next_in = io->bytes + i;
        z->avail_in = io->len - i < io->call_len ? io->len - i : io->call_len;
        result = inflate_piece(z, buffer, &output);
    }
    output_put(&output, buffer, BUFFER_LEN - z->avail_out);
    output_report(io,
                  result == Z_STREAM_END ? OTAV_OK
                  : result == Z_OK       ? OTAV_ERR_TRUNCATED
                                         : OTAV_ERR_DEFLATE,
                  memory.len);
}
