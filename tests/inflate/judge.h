/* The device's inflate and zlib's on the same stream. Layer: test. */
#ifndef INFLATE_JUDGE_H
#define INFLATE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What came of a stream. */
struct judge_result {
    bool accepted;
    size_t len;     /* bytes of output */
    uint8_t *bytes; /* the caller's, one more than the length that is expected */
};

/* Where the piece that begins at offset ends, which is at or behind it. */
typedef size_t judge_cut(void *user, size_t offset);

/* Ours, in pieces that end where cut says, the last one at stream_len. Aborts when a callback is asked
 * for what it cannot give. */
void judge_ours_cut(const uint8_t *stream, size_t stream_len, uint32_t decoded_len, judge_cut *cut,
                    void *user, struct judge_result *ret);

/* Ours, in pieces of piece_len, or of 1, 2, 3... bytes for 0. */
void judge_ours(const uint8_t *stream, size_t stream_len, uint32_t decoded_len, size_t piece_len,
                struct judge_result *ret);

/* zlib's, which accepts a stream that ends where it should and gives decoded_len bytes. */
void judge_zlib(const uint8_t *stream, size_t stream_len, uint32_t decoded_len,
                struct judge_result *ret);

/* Whether both came to the same verdict and, as far as both got, to the same bytes. */
bool judge_agree(const uint8_t *stream, size_t stream_len, uint32_t decoded_len, size_t piece_len);

#endif
