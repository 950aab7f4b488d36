/*
 * Crypto port over BearSSL 0.6: integers of 31-bit words, bitsliced AES. Nothing of it needs a heap.
 *
 * Layer: crypto back end. Invariant: OTAV_ACCEPT is returned only when the library call did what was
 * asked.
 */
#include <otav/otav_bearssl.h>
#include <otav/otav_error.h>

#include <bearssl.h>
#include <string.h>

struct aes_state {
    br_aes_ct_cbcdec_keys keys;
    uint8_t iv[16]; /* previous block of ciphertext */
};

_Static_assert(sizeof(br_sha256_context) <= sizeof(struct otav_sha256_state),
               "OTAV_SHA256_STATE_WORDS is too small for BearSSL");
_Static_assert(sizeof(struct aes_state) <= sizeof(struct otav_aes_state),
               "OTAV_AES_STATE_WORDS is too small for BearSSL");

static void clear(void *state, size_t len)
{
    memset(state, 0, len);
    __asm__ volatile("" : : "r"(state) : "memory"); /* not to be optimised away */
}

static uint32_t sha256_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    br_sha256_init((br_sha256_context *)(void *)state);
    return OTAV_ACCEPT;
}

static uint32_t sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    (void)user;
    br_sha256_update((br_sha256_context *)(void *)state, bytes, len);
    return OTAV_ACCEPT;
}

static uint32_t sha256_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)user;
    br_sha256_out((const br_sha256_context *)(const void *)state, ret_digest);
    return OTAV_ACCEPT;
}

static void sha256_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    clear(state, sizeof *state);
}

/* The library refuses s, r and coordinates out of range and points off the curve. */
static uint32_t ecdsa_p256_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    unsigned char point[1 + OTAV_PUBLIC_KEY_LEN] = {0x04}; /* uncompressed, SEC 1 */
    const br_ec_public_key key = {BR_EC_secp256r1, point, sizeof point};

    (void)user;
    memcpy(point + 1, xy, OTAV_PUBLIC_KEY_LEN);
    return br_ecdsa_i31_vrfy_raw(&br_ec_prime_i31, digest, OTAV_SHA256_LEN, &key, rs,
                                 OTAV_SIGNATURE_LEN) == 1
               ? OTAV_ACCEPT
               : OTAV_REJECT;
}

static uint32_t aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16])
{
    struct aes_state *aes = (struct aes_state *)(void *)state;

    (void)user;
    br_aes_ct_cbcdec_init(&aes->keys, key, 16);
    memcpy(aes->iv, iv, sizeof aes->iv);
    return OTAV_ACCEPT;
}

static uint32_t aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len)
{
    struct aes_state *aes = (struct aes_state *)(void *)state;

    (void)user;
    if (len % 16 != 0) {
        return OTAV_REJECT;
    }
    br_aes_ct_cbcdec_run(&aes->keys, aes->iv, bytes, len);
    return OTAV_ACCEPT;
}

static void aes_cbc_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    clear(state, sizeof *state);
}

const struct otav_crypto otav_crypto_bearssl = {
    .user = NULL,
    .sha256_begin = sha256_begin,
    .sha256_update = sha256_update,
    .sha256_final = sha256_final,
    .sha256_end = sha256_end,
    .ecdsa_p256_verify = ecdsa_p256_verify,
    .aes_cbc_begin = aes_cbc_begin,
    .aes_cbc_decrypt = aes_cbc_decrypt,
    .aes_cbc_end = aes_cbc_end,
};
