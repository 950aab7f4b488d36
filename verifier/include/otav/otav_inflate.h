/*
 * Inflate for devices: raw deflate (RFC 1951) in pieces of any size, without a window in memory. What
 * lies further back than the buffer is read from where it was written.
 *
 * A stream is refused exactly where zlib's inflate refuses it, and also when it gives more or less than
 * the length that was announced, or is followed by anything.
 *
 * A point is an empty stored block, which zlib's sync flush ends with, but for one that is the last: a byte
 * begins behind it.
 *
 * Limits: no allocation, no recursion; every step takes a bit of input or gives a byte of output, so
 * that the work is bounded by both lengths.
 */
#ifndef OTAV_INFLATE_H
#define OTAV_INFLATE_H

#include "otav_decoder.h"

/* Bytes of output that are written at a time. */
#define OTAV_INFLATE_BUFFER_LEN 256u

/* spec: RFC 1951, 3.2.5 and 3.2.6: what the fixed codes have, of which some are never used; and 3.2.7 */
#define OTAV_INFLATE_LITERAL_COUNT     288u
#define OTAV_INFLATE_DISTANCE_COUNT    32u
#define OTAV_INFLATE_CODE_COUNT        (OTAV_INFLATE_LITERAL_COUNT + OTAV_INFLATE_DISTANCE_COUNT)
#define OTAV_INFLATE_CODE_LENGTH_COUNT 19u

/* Symbols that no code has, in front of the others. */
#define OTAV_INFLATE_INVALID_COUNT 2u

/* A canonical code. Codes count as numbers of 15 bits, the first bit highest. */
struct otav_inflate_code {
    struct {
        uint16_t limit; /* the first number behind the codes of that length and all shorter ones */
        uint16_t end;   /* index behind the symbols of that length */
    } by_len[16];       /* 0 ends every search, at invalid symbols */
    uint8_t start[32];  /* by the first five bits: the shortest length that is possible */
};

/* Caller-owned, and to stay where it is; fields are for inflate only. What is small stands in front,
 * where instructions of two bytes reach. */
struct otav_inflate {
    struct otav_decoder_io io;
    uint32_t fed_len; /* bytes of input up to the end of the piece at hand */
    struct otav_decoder_point point;
    uint32_t error;         /* enum otav_err, the first one */
    uint32_t hold;          /* bits taken from the input and not used, the next one lowest */
    uint32_t hold_count;    /* of them */
    uint32_t state;         /* what comes next */
    uint32_t after_block;   /* and what behind the block at hand */
    uint32_t literal_count; /* symbols of the code for literals */
    uint32_t length_count;  /* lengths of both codes */
    uint32_t index;         /* of the next length */
    uint32_t symbol_count;  /* in use */
    uint32_t length;        /* left of lengths or of a stored block, or to copy */
    uint32_t distance;      /* from where, without its extra bits */
    uint32_t written_len;   /* bytes of output written */
    uint32_t decoded_len;   /* and to write, with those in buffer */
    uint32_t buffer_len;    /* bytes in buffer, which has room for one more */
    struct otav_inflate_code literals, distances;
    uint16_t symbols[OTAV_INFLATE_INVALID_COUNT + OTAV_INFLATE_CODE_LENGTH_COUNT +
                     OTAV_INFLATE_CODE_COUNT]; /* code by code, as these were made */
    uint8_t lengths[OTAV_INFLATE_CODE_COUNT];  /* by symbol, while codes are read */
    uint8_t buffer[OTAV_INFLATE_BUFFER_LEN];
};

/* The functions of struct otav_decoder; state is a struct otav_inflate. Errors: OTAV_ERR_DEFLATE,
 * OTAV_ERR_TRAILING, OTAV_ERR_TRUNCATED, or what a function of io returned. */
void otav_inflate_begin(void *state, const struct otav_decoder_io *io, uint32_t decoded_len);
enum otav_err otav_inflate_feed(void *state, const uint8_t *bytes, size_t len);
enum otav_err otav_inflate_end(void *state);
void otav_inflate_point(const void *state, struct otav_decoder_point *ret);
void otav_inflate_resume(void *state, const struct otav_decoder_point *point);
void otav_inflate_wipe(void *state);

/* Initialiser of a struct otav_decoder over a struct otav_inflate at p. */
#define OTAV_INFLATE_DECODER(p)                                                                    \
    {                                                                                              \
        (p), otav_inflate_begin, otav_inflate_feed, otav_inflate_end, otav_inflate_point,          \
            otav_inflate_resume, otav_inflate_wipe                                                 \
    }

#endif
