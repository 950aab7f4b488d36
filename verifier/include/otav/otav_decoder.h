/*
 * How a transfer whose firmware is encoded becomes the firmware: a decoder that the owner of a device
 * links and names in its configuration, or does not.
 */
#ifndef OTAV_DECODER_H
#define OTAV_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "otav_error.h"

/* Where a decoder's output goes, and where it finds it again. What is not OTAV_OK ends the decoding. */
struct otav_decoder_io {
    void *user;
    /* Takes the next len bytes; a multiple of OTAV_UNIT_LEN but for the last piece. */
    enum otav_err (*write)(void *user, const uint8_t *bytes, size_t len);
    /* Bytes that were written before; offset counts from the first. */
    enum otav_err (*read)(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len);
};

/* A place in the data behind which nothing that came before it in the data is needed, but the output. */
struct otav_decoder_point {
    uint32_t encoded_len; /* bytes of data before it; 0: none */
    uint32_t decoded_len; /* bytes of output, all of them written */
};

/* Where such places are looked for: every so many bytes of the slot, its metadata included; pages. */
#define OTAV_DECODER_POINT_LEN 0x4000u

/* A decoder and its memory, of which it serves one transfer at a time. After the first error every
 * call of feed and end returns that one, until begin. point and resume are for otav_resume.h alone, and
 * may be NULL where nothing is resumed. */
struct otav_decoder {
    void *state; /* the caller's, handed to each function */
    /* Starts a transfer that shall give decoded_len bytes; io is copied. */
    void (*begin)(void *state, const struct otav_decoder_io *io, uint32_t decoded_len);
    /* Takes the next len bytes, any number. Format errors, or that of io. */
    enum otav_err (*feed)(void *state, const uint8_t *bytes, size_t len);
    /* Ends the data. OTAV_ERR_TRUNCATED when some is missing; OTAV_OK: all output was written. */
    enum otav_err (*end)(void *state);
    /* The last point that was passed since begin and resume, zeros if there was none. */
    void (*point)(const void *state, struct otav_decoder_point *ret);
    /* Right after begin: what comes next is the data behind that point. */
    void (*resume)(void *state, const struct otav_decoder_point *point);
    /* Overwrites the state; allowed at any time, and from within the functions of io. */
    void (*wipe)(void *state);
};

#endif
