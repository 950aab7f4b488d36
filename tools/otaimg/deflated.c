/*
 * The compressing side, with zlib, which no other file of the tool knows. Layer: below drafts.
 * Invariant: no stream is handed out that the device's inflate does not turn back.
 */
#include "deflated.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include <otav/otav_config.h>

#include "diag.h"
#include "inflated.h"
#include "util.h"

enum { LEVEL = 9, MEMORY = 9, WINDOW_BITS_MIN = 9 };

/* More than zlib ever needs: its bound without compression, and for each point the end of a block. */
static uint32_t room_for(uint32_t len)
{
    return len + len / 4 + 1024;
}

/* Whether the stream fits into room bytes at ret. */
static bool deflate_all(const uint8_t *firmware, uint32_t len, int window_bits, uint32_t room,
                        uint8_t *ret, uint32_t *ret_len)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)firmware, .avail_out = room};
    uint32_t point = OTAV_ENCODED_POINT_LEN - OTAV_META_LEN;
    int result = deflateInit2(&z, LEVEL, Z_DEFLATED, -window_bits, MEMORY, Z_DEFAULT_STRATEGY);

    z.next_out = ret;
    for (; result == Z_OK && point < len; point += OTAV_ENCODED_POINT_LEN) {
        z.avail_in = (uInt)(point - z.total_in);
        result = deflate(&z, Z_SYNC_FLUSH);
        if (z.avail_out == 0) {
            result = Z_BUF_ERROR;
        }
    }
    if (result == Z_OK) {
        z.avail_in = (uInt)(len - z.total_in);
        result = deflate(&z, Z_FINISH);
    }
    *ret_len = (uint32_t)z.total_out;
    (void)deflateEnd(&z);
    return result == Z_STREAM_END;
}

/* A device reads back less far with a smaller window, so the smallest that costs nothing is taken. */
static bool deflate_best(const uint8_t *firmware, uint32_t len, uint8_t *ret, uint32_t *ret_len)
{
    uint32_t best_len = 0;

    if (!deflate_all(firmware, len, MAX_WBITS, room_for(len), ret, &best_len)) {
        return false;
    }
    for (int bits = WINDOW_BITS_MIN; bits <= MAX_WBITS; bits++) {
        /* zlib sees that it is done only where a byte is left. */
        if (deflate_all(firmware, len, bits, best_len + 1, ret, ret_len) && *ret_len <= best_len) {
            return true;
        }
    }
    return false;
}

struct comparison {
    const uint8_t *firmware;
    uint32_t len;
};

static enum otav_err compare_piece(void *user, const uint8_t *bytes, size_t len)
{
    struct comparison *left = user;

    if (len > left->len || memcmp(bytes, left->firmware, len) != 0) {
        return OTAV_ERR_DEFLATE;
    }
    left->firmware += len;
    left->len -= (uint32_t)len;
    return OTAV_OK;
}

static bool comes_back(const uint8_t *stream, uint32_t stream_len, const uint8_t *firmware,
                       uint32_t len)
{
    struct comparison left = {firmware, len};
    const struct otav_decoder_io io = {&left, compare_piece, NULL};
    struct inflated *inflated = xmalloc(sizeof *inflated);
    bool same;

    inflated_init(inflated);
    inflated->decoder.begin(inflated, &io, len);
    same = inflated->decoder.feed(inflated, stream, stream_len) == OTAV_OK &&
           inflated->decoder.end(inflated) == OTAV_OK && left.len == 0;
    wipe_free(inflated, sizeof *inflated);
    return same;
}

enum ox deflated_make(const uint8_t *firmware, uint32_t len, uint8_t **ret, uint32_t *ret_len)
{
    uint8_t *stream = xmalloc(room_for(len));
    uint32_t stream_len = 0;

    if (!deflate_best(firmware, len, stream, &stream_len)) {
        wipe_free(stream, room_for(len));
        return diag_fail(OX_INTERNAL, "zlib cannot compress %u bytes", len);
    }
    if (!comes_back(stream, stream_len, firmware, len)) {
        wipe_free(stream, room_for(len));
        return diag_fail(OX_INTERNAL, "%u bytes do not come back from compression", len);
    }
    memset(stream + stream_len, 0, (0u - stream_len) % OTAV_BLOCK_LEN);
    *ret = stream;
    *ret_len = stream_len;
    return OX_OK;
}
