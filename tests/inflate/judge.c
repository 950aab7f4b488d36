/*
 * The device's inflate and zlib's on the same stream.
 * Layer: test, host. Output goes to memory of exactly its length, so that a sanitizer sees what is
 * beyond it.
 */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include <otav/otav_format.h>
#include <otav/otav_inflate.h>
#include <zlib.h>

struct output {
    uint8_t *bytes;
    size_t len, end;
};

static void need(bool truth)
{
    if (!truth) {
        abort();
    }
}

static enum otav_err write_output(void *user, const uint8_t *bytes, size_t len)
{
    struct output *output = user;

    need(len > 0 && len <= output->end - output->len && output->len % OTAV_UNIT_LEN == 0);
    memcpy(output->bytes + output->len, bytes, len);
    output->len += len;
    return OTAV_OK;
}

static enum otav_err read_output(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    const struct output *output = user;

    need(offset <= output->len && len <= output->len - offset);
    memcpy(ret_bytes, output->bytes + offset, len);
    return OTAV_OK;
}

void judge_ours_cut(const uint8_t *stream, size_t stream_len, uint32_t decoded_len, judge_cut *cut,
                    void *user, struct judge_result *ret)
{
    struct output output = {ret->bytes, 0, decoded_len};
    const struct otav_decoder_io io = {&output, write_output, read_output};
    struct otav_inflate inflate;
    const struct otav_decoder decoder = OTAV_INFLATE_DECODER(&inflate);
    size_t end;

    decoder.begin(decoder.state, &io, decoded_len);
    for (size_t i = 0; i < stream_len; i = end) {
        end = cut(user, i);
        end = end < stream_len ? end : stream_len;
        (void)decoder.feed(decoder.state, stream + i, end - i);
    }
    ret->accepted = decoder.end(decoder.state) == OTAV_OK;
    ret->len = output.len;
    decoder.wipe(decoder.state);
}

static size_t equal_pieces(void *piece_len, size_t offset)
{
    return offset + *(const size_t *)piece_len;
}

static size_t growing_pieces(void *len, size_t offset)
{
    return offset + ++*(size_t *)len;
}

void judge_ours(const uint8_t *stream, size_t stream_len, uint32_t decoded_len, size_t piece_len,
                struct judge_result *ret)
{
    judge_ours_cut(stream, stream_len, decoded_len, piece_len > 0 ? equal_pieces : growing_pieces,
                   &piece_len, ret);
}

void judge_zlib(const uint8_t *stream, size_t stream_len, uint32_t decoded_len,
                struct judge_result *ret)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)stream,
                  .avail_in = (uInt)stream_len,
                  .next_out = ret->bytes,
                  .avail_out = decoded_len + 1};
    int verdict;

    need(inflateInit2(&z, -MAX_WBITS) == Z_OK);
    verdict = inflate(&z, Z_FINISH);
    ret->accepted = verdict == Z_STREAM_END && z.avail_in == 0 && z.total_out == decoded_len;
    ret->len = z.total_out;
    (void)inflateEnd(&z);
}

bool judge_agree(const uint8_t *stream, size_t stream_len, uint32_t decoded_len, size_t piece_len)
{
    struct judge_result ours = {.bytes = malloc((size_t)decoded_len + 1)};
    struct judge_result theirs = {.bytes = malloc((size_t)decoded_len + 1)};
    bool agree;

    need(ours.bytes != NULL && theirs.bytes != NULL);
    judge_ours(stream, stream_len, decoded_len, piece_len, &ours);
    judge_zlib(stream, stream_len, decoded_len, &theirs);
    agree = ours.accepted == theirs.accepted && (!ours.accepted || ours.len == theirs.len) &&
            memcmp(ours.bytes, theirs.bytes, ours.len < theirs.len ? ours.len : theirs.len) == 0;
    free(ours.bytes);
    free(theirs.bytes);
    return agree;
}
