/*
 * Workload: as inflate.c, with zlib's inflateBack(), which asks for its input and whose window is the
 * output buffer; built by tests/bench/inflate_peers.sh.
 * Layer: test; freestanding.
 */
#include <otav/otav_error.h>

#include "output.h"
#include "zlib_memory.h"

enum { WINDOW_LEN = 1 << MAX_WBITS };

struct input {
    struct measure_io *io;
    uint32_t taken_len;
};

static unsigned next_piece(void *user, z_const unsigned char **ret)
{
    struct input *input = user;
    uint32_t left_len = input->io->len - input->taken_len;
    uint32_t len = left_len < input->io->call_len ? left_len : input->io->call_len;

    *ret = input->io->bytes + input->taken_len;
    input->taken_len += len;
    return len;
}

static int write_output(void *user, unsigned char *bytes, unsigned len)
{
    output_put(user, bytes, len);
    return 0;
}

void workload(struct measure_io *io)
{
    struct output output = output_of(io);
    struct input input = {io, 0};
    struct zlib_memory memory = {io->bytes + MEASURE_INFLATE_OFF, 0};
    z_stream *z = zlib_stream(&memory);
    uint8_t *window = zlib_take(&memory, 1, WINDOW_LEN);
    int result;

    result = inflateBackInit(z, MAX_WBITS, window);
    if (result == Z_OK) {
        result = inflateBack(z, next_piece, &input, write_output, &output);
    }
    output_report(io,
                  result == Z_STREAM_END  ? OTAV_OK
                  : result == Z_BUF_ERROR ? OTAV_ERR_TRUNCATED
                                          : OTAV_ERR_DEFLATE,
                  memory.len);
}
