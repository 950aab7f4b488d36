/*
 * Bytes of the profile and of the saved state, the chunk rule, and the words for errors and states.
 * Layer: below the state machine. No length from the device is used before it was compared.
 */
#include "wire.h"

#include <string.h>

enum {
    LL_MIN = 27,
    LL_MAX = 251,
    WRITE_HEADERS = 7, /* L2CAP 4, ATT 3 */
    SAVED_VERSION = 1,
    SAVED_DIGEST_OFF = 8,
    SAVED_IMAGE_LEN_OFF = 24,
    SAVED_CONFIRMED_OFF = 28
};

static const uint8_t saved_head[SAVED_DIGEST_OFF] = {'O', 'T', 'A', 'M', SAVED_VERSION, 0, 0, 0};

static void store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void store_u32(uint8_t *at, uint32_t value)
{
    store_u16(at, (uint16_t)value);
    store_u16(at + 2, (uint16_t)(value >> 16));
}

uint16_t otam_chunk_len(uint16_t att_mtu, uint16_t ll_len)
{
    unsigned limit = att_mtu - (unsigned)OTAM_ATT_WRITE_LEN;
    unsigned ll = ll_len == 0 ? LL_MAX : ll_len;
    unsigned packets;

    ll = ll < LL_MIN ? LL_MIN : ll;
    limit = limit > OTAM_VALUE_MAX_LEN ? OTAM_VALUE_MAX_LEN : limit;
    packets = (limit + WRITE_HEADERS) / ll;
    return (uint16_t)(packets == 0 ? limit : packets * ll - WRITE_HEADERS);
}

size_t otam_request_encode(const struct otam *m, uint8_t ret[OTAM_RESUME_REQUEST_LEN])
{
    ret[0] = OTAM_OP_REQUEST;
    store_u32(ret + 1, m->progress.image_len);
    store_u32(ret + 5, m->image_id);
    store_u32(ret + 9, m->image_version);
    ret[13] = m->encrypted;
    store_u16(ret + 14, m->checksum);
    ret[16] = m->file_type;
    store_u16(ret + 17, 0); /* CRC-16 is of other families */
    if (!m->resuming) {
        return OTAM_REQUEST_LEN;
    }
    memcpy(ret + OTAM_REQUEST_LEN, m->digest, OTAM_DIGEST_LEN);
    return OTAM_RESUME_REQUEST_LEN;
}

bool otam_grant_decode(const uint8_t *data, size_t data_len, struct otam_grant *ret)
{
    if (data_len != OTAM_REQUEST_RESPONSE_LEN || data[0] != OTAM_OP_RESPONSE ||
        data[1] != OTAM_OP_REQUEST) {
        return false;
    }
    ret->result = data[2];
    ret->group_len = otam_load_u16(data + 3);
    ret->start_index = otam_load_u32(data + 5);
    ret->version = otam_load_u32(data + 9);
    return true;
}

bool otam_response_decode(const uint8_t *data, size_t data_len, uint8_t op, uint8_t *ret_result)
{
    if (data_len != OTAM_RESPONSE_LEN || data[0] != OTAM_OP_RESPONSE || data[1] != op) {
        return false;
    }
    *ret_result = data[2];
    return true;
}

void otam_saved_encode(const struct otam *m, uint8_t ret[OTAM_STATE_LEN])
{
    memcpy(ret, saved_head, sizeof saved_head);
    memcpy(ret + SAVED_DIGEST_OFF, m->digest, OTAM_DIGEST_LEN);
    store_u32(ret + SAVED_IMAGE_LEN_OFF, m->progress.image_len);
    store_u32(ret + SAVED_CONFIRMED_OFF, m->progress.confirmed_len);
}

bool otam_saved_decode(const struct otam *m, const uint8_t state[OTAM_STATE_LEN],
                       uint32_t *ret_confirmed_len)
{
    uint32_t confirmed_len = otam_load_u32(state + SAVED_CONFIRMED_OFF);

    if (memcmp(state, saved_head, sizeof saved_head) != 0 ||
        memcmp(state + SAVED_DIGEST_OFF, m->digest, OTAM_DIGEST_LEN) != 0 ||
        otam_load_u32(state + SAVED_IMAGE_LEN_OFF) != m->progress.image_len ||
        confirmed_len > m->progress.image_len ||
        (confirmed_len % OTAM_GROUP_LEN != 0 && confirmed_len != m->progress.image_len)) {
        return false;
    }
    *ret_confirmed_len = confirmed_len;
    return true;
}

const char *otam_err_text(enum otam_err err)
{
#define ERROR_TEXT(name, text) text,
    static const char *const texts[] = {"done", OTAM_ERRORS(ERROR_TEXT)};

    return (unsigned)err < OTAM_ERR_COUNT ? texts[err] : "unknown error";
}

const char *otam_state_name(enum otam_state state)
{
    static const char *const names[] = {"idle",       "connecting",    "subscribing", "reading",
                                        "requesting", "starting",      "sending",     "completing",
                                        "resetting",  "disconnecting", "backing off", "done",
                                        "failed"};

    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : "unknown state";
}
