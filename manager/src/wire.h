/*
 * Bytes of the profile and of the saved state, private to the manager. All integers little-endian.
 */
#ifndef OTAM_WIRE_H
#define OTAM_WIRE_H

#include <otam/otam.h>

enum {
    OTAM_OP_RESPONSE = 1,
    OTAM_OP_REQUEST = 2,
    OTAM_OP_START = 3,
    OTAM_OP_COMPLETE = 4,
    OTAM_OP_RESET = 5,

    OTAM_RESULT_SUCCESS = 0,
    OTAM_RESULT_STATE = 1,
    OTAM_RESULT_UNSUPPORTED = 2,
    OTAM_RESULT_FAILED = 3,
    OTAM_RESULT_PARAMETER = 4,
    OTAM_RESULT_UNSPECIFIED = 5,

    OTAM_REQUEST_LEN = 19,
    OTAM_RESUME_REQUEST_LEN = OTAM_REQUEST_LEN + OTAM_DIGEST_LEN,
    OTAM_FEATURE_LEN = 2,
    OTAM_RESPONSE_LEN = 3,          /* to start and complete */
    OTAM_REQUEST_RESPONSE_LEN = 13, /* to the request */
    OTAM_ATT_WRITE_LEN = 3          /* ATT header of a write */
};

/* What the device answers to a request. */
struct otam_grant {
    uint8_t result;
    uint16_t group_len;
    uint32_t start_index;
    uint32_t version;
};

static inline uint16_t otam_load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (at[1] << 8));
}

static inline uint32_t otam_load_u32(const uint8_t *at)
{
    return at[0] | ((uint32_t)at[1] << 8) | ((uint32_t)at[2] << 16) | ((uint32_t)at[3] << 24);
}

/* Reads header, length and checksum of the file, and the image for its digest, into m.
 * OTAM_ERR_FILE_*. */
enum otam_err otam_file_check(struct otam *m);

/* The request for m's image, long where m->resuming; returns its length, 19 or 35. */
size_t otam_request_encode(const struct otam *m, uint8_t ret[OTAM_RESUME_REQUEST_LEN]);

/* Any bytes; false: not an answer to a request, *ret untouched. */
bool otam_grant_decode(const uint8_t *data, size_t data_len, struct otam_grant *ret);

/* The same for the answer to start or complete. */
bool otam_response_decode(const uint8_t *data, size_t data_len, uint8_t op, uint8_t *ret_result);

/* State of m's image with confirmed_len bytes acknowledged. */
void otam_saved_encode(const struct otam *m, uint8_t ret[OTAM_STATE_LEN]);

/* false: of another image, or damaged; *ret_confirmed_len untouched. */
bool otam_saved_decode(const struct otam *m, const uint8_t state[OTAM_STATE_LEN],
                       uint32_t *ret_confirmed_len);

#endif
