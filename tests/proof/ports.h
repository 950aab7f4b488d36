/*
 * What the drivers of the decision share: values of any content, and ports that write what they may write,
 * look at what they are given, and answer anything.
 * Layer: proof; never linked.
 */
#include <otav/otav.h>

#include "__fc_builtin.h"

static void fill(void *bytes, size_t len)
{
    Frama_C_make_unknown((char *)bytes, len);
}

static bool any_bool(void)
{
    return Frama_C_interval(0, 1) == 1;
}

static uint32_t any_word(void)
{
    return Frama_C_unsigned_int_interval(0, 0xFFFFFFFF);
}

static uint32_t any_begin(void *user, struct otav_sha256_state *state)
{
    fill(state, sizeof *state);
    return any_word();
}

static uint32_t any_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                           size_t len)
{
    /*@ assert readable: len == 0 || \valid_read(bytes + (0 .. len - 1)); */
    return any_begin(user, state);
}

static uint32_t any_final(void *user, struct otav_sha256_state *state,
                          uint8_t ret_digest[OTAV_SHA256_LEN])
{
    fill(ret_digest, OTAV_SHA256_LEN);
    return any_begin(user, state);
}

static void any_end(void *user, struct otav_sha256_state *state)
{
    fill(state, sizeof *state);
}

static uint32_t any_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                           const uint8_t digest[OTAV_SHA256_LEN],
                           const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    /*@ assert key: \valid_read(xy + (0 .. 63)) && \initialized(xy + (0 .. 63)); */
    /*@ assert hash: \initialized(digest + (0 .. 31)); */
    /*@ assert signature: \initialized(rs + (0 .. 63)); */
    return any_word();
}

static uint32_t any_aes_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16])
{
    fill(state, sizeof *state);
    return any_word();
}

static uint32_t any_aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len)
{
    /*@ assert writable: len == 0 || \valid(bytes + (0 .. len - 1)); */
    return any_aes_begin(user, state, 0, 0);
}

static void any_aes_end(void *user, struct otav_aes_state *state)
{
    fill(state, sizeof *state);
}

static const struct otav_crypto crypto = {.sha256_begin = any_begin,
                                          .sha256_update = any_update,
                                          .sha256_final = any_final,
                                          .sha256_end = any_end,
                                          .ecdsa_p256_verify = any_verify,
                                          .aes_cbc_begin = any_aes_begin,
                                          .aes_cbc_decrypt = any_aes_decrypt,
                                          .aes_cbc_end = any_aes_end};

static uint32_t any_read(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    fill(ret_bytes, len);
    return any_word();
}

static void any_config(struct otav_config *ret)
{
    fill(ret, sizeof *ret);
    ret->has_identity = any_bool();
    ret->has_image_id = any_bool();
    ret->has_installed = any_bool();
    ret->has_decrypt_key = any_bool();
    for (unsigned i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
        ret->keys[i].revoked = any_bool();
    }
}

static const struct otav_decoder no_decoder;

static void any_transfer(struct otav_transfer *ret)
{
    fill(ret, sizeof *ret);
    ret->encrypted = any_bool();
    ret->has_len = any_bool();
    ret->has_image_id = any_bool();
    ret->in_slot = any_bool();
    ret->has_version = any_bool();
    ret->decoder = NULL; /* only whether there is one matters here */
    if (any_bool()) {
        ret->decoder = &no_decoder;
    }
}
