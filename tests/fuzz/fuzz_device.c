/*
 * Ports of the fuzzed device.
 * Layer: test. A port callback that is used against its contract ends the program.
 */
#include "fuzz_device.h"

#include <stdlib.h>
#include <string.h>

#include <otav/otav_openssl.h>

#include "fuzz_input.h"

/* ---- configuration ---------------------------------------------------------------------------- */

static void set_key(struct otav_key *key, uint8_t mark, enum otav_class key_class, bool revoked)
{
    memset(key->xy, mark, sizeof key->xy);
    key->key_class = (uint8_t)key_class;
    key->roles = OTAV_ROLE_APPLICATION;
    key->revoked = revoked;
}

void fuzz_device_config(struct otav_config *ret, enum otav_policy policy)
{
    static const uint8_t product[16] = {0x7d, 0x7c, 0x9f, 0x0e, 0x3b, 0x53, 0x4c, 0x1e,
                                        0x9a, 0x86, 0x0a, 0x8f, 0x5c, 0x1d, 0x2e, 0x3f};

    memset(ret, 0, sizeof *ret);
    ret->policy = (uint8_t)policy;
    ret->device_class = OTAV_CLASS_PRODUCTION;
    ret->image_types = OTAV_ROLE_APPLICATION;
    ret->key_count = 3;
    set_key(&ret->keys[0], 0, OTAV_CLASS_PRODUCTION, false);
    set_key(&ret->keys[1], 1, OTAV_CLASS_PRODUCTION, true);
    set_key(&ret->keys[2], 2, OTAV_CLASS_DEVELOPMENT, false);
    ret->has_identity = true;
    memcpy(ret->product, product, sizeof product);
    ret->hardware_class = 0x102;
    ret->hardware_revision = 2;
    memcpy(ret->manufacturer, "MCHP", sizeof ret->manufacturer);
    ret->has_image_id = true;
    ret->image_id = 0x9B000000;
    ret->has_installed = true;
    ret->installed_version = 0x01040100;
    ret->counter_floor = policy == OTAV_POLICY_STOCK ? 0 : 3; /* stock files have no counter */
    ret->has_decrypt_key = true;
    memcpy(ret->decrypt_key, fuzz_aes_key, sizeof ret->decrypt_key);
    memcpy(ret->decrypt_iv, fuzz_aes_iv, sizeof ret->decrypt_iv);
}

/* ---- crypto ----------------------------------------------------------------------------------- */

static uint32_t sum_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
    return OTAV_ACCEPT;
}

static uint32_t sum_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                           size_t len)
{
    (void)user;
    for (size_t i = 0; i < len; i++) {
        state->opaque[0] += bytes[i];
    }
    return OTAV_ACCEPT;
}

static uint32_t sum_final(void *user, struct otav_sha256_state *state,
                          uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)user;
    memset(ret_digest, 0, OTAV_SHA256_LEN);
    memcpy(ret_digest, state->opaque, sizeof state->opaque[0]);
    return OTAV_ACCEPT;
}

static void sum_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
}

static uint32_t marked(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                       const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    unsigned mark = rs[OTAV_SIGNATURE_LEN - 1] & 7u;
    unsigned key = mark <= 4 ? 0 : mark - 4;

    (void)user;
    (void)digest;
    return key == xy[0] ? OTAV_ACCEPT : OTAV_REJECT;
}

static uint32_t aes_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                          const uint8_t iv[16])
{
    (void)user;
    return otav_crypto_openssl.aes_cbc_begin(otav_crypto_openssl.user, state, key, iv);
}

static uint32_t aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes, size_t len)
{
    (void)user;
    if (len % OTAV_BLOCK_LEN != 0) {
        abort();
    }
    return otav_crypto_openssl.aes_cbc_decrypt(otav_crypto_openssl.user, state, bytes, len);
}

static void aes_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    otav_crypto_openssl.aes_cbc_end(otav_crypto_openssl.user, state);
}

const struct otav_crypto fuzz_crypto = {NULL,   sum_begin, sum_update,  sum_final, sum_end,
                                        marked, aes_begin, aes_decrypt, aes_end};

/* ---- slot ------------------------------------------------------------------------------------- */

static struct {
    uint8_t bytes[OTAV_SLOT_LEN];
    bool erased[OTAV_SLOT_LEN / OTAV_UNIT_LEN];
    size_t readable_len;
    size_t used_len; /* end of what differs from a fresh slot */
    bool committed;
} slot;

static void use(size_t end)
{
    slot.used_len = end > slot.used_len ? end : slot.used_len;
}

static uint32_t slot_read(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    (void)user;
    if (offset > slot.readable_len || len > slot.readable_len - offset) {
        return OTAV_REJECT;
    }
    memcpy(ret_bytes, slot.bytes + offset, len);
    return OTAV_ACCEPT;
}

static uint32_t slot_erase(void *user, uint32_t offset, size_t len)
{
    (void)user;
    if (offset % OTAV_PAGE_LEN != 0 || len != OTAV_PAGE_LEN || offset > OTAV_SLOT_LEN - len) {
        abort();
    }
    memset(slot.bytes + offset, 0xFF, len);
    memset(slot.erased + offset / OTAV_UNIT_LEN, true, len / OTAV_UNIT_LEN);
    use(offset + len);
    return OTAV_ACCEPT;
}

static uint32_t slot_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)user;
    if (offset % OTAV_UNIT_LEN != 0 || len % OTAV_UNIT_LEN != 0 || offset > OTAV_SLOT_LEN ||
        len > OTAV_SLOT_LEN - offset) {
        abort();
    }
    for (size_t i = offset / OTAV_UNIT_LEN; i < (offset + len) / OTAV_UNIT_LEN; i++) {
        if (!slot.erased[i]) {
            abort();
        }
        slot.erased[i] = false;
    }
    memcpy(slot.bytes + offset, bytes, len);
    slot.committed = slot.committed || (offset == 0 && len > 0);
    return OTAV_ACCEPT;
}

static const struct otav_flash slot_port = {NULL, slot_read, slot_erase, slot_program, NULL};

const struct otav_flash *fuzz_slot_reset(void)
{
    memset(slot.bytes, 0, slot.used_len);
    memset(slot.erased, false, sizeof slot.erased);
    slot.used_len = 0;
    slot.readable_len = sizeof slot.bytes;
    slot.committed = false;
    return &slot_port;
}

const struct otav_flash *fuzz_slot_load(const uint8_t *bytes, size_t len)
{
    (void)fuzz_slot_reset();
    slot.readable_len = len < sizeof slot.bytes ? len : sizeof slot.bytes;
    if (len > 0) {
        memcpy(slot.bytes, bytes, slot.readable_len);
    }
    use(slot.readable_len);
    return &slot_port;
}

const uint8_t *fuzz_slot_bytes(void)
{
    return slot.bytes;
}

bool fuzz_slot_is_committed(void)
{
    return slot.committed;
}
