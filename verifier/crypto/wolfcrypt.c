/*
 * Crypto port over wolfCrypt 5, as in wolfSSL and in SDKs that bring it. Include path and
 * configuration are the integrator's: WOLFSSL_USER_SETTINGS or wolfssl/options.h, as the library was
 * built with.
 *
 * Layer: crypto back end. Invariant: OTAV_ACCEPT is returned only when the library call did what was
 * asked.
 */
#include <otav/otav_error.h>
#include <otav/otav_wolfcrypt.h>

#ifndef WOLFSSL_USER_SETTINGS
#include <wolfssl/options.h>
#endif
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <string.h>

enum { NUMBER_LEN = OTAV_SIGNATURE_LEN / 2, DER_MAX_LEN = 72 };

_Static_assert(sizeof(wc_Sha256) <= sizeof(struct otav_sha256_state),
               "OTAV_SHA256_STATE_WORDS is too small for wolfCrypt");
_Static_assert(sizeof(Aes) <= sizeof(struct otav_aes_state),
               "OTAV_AES_STATE_WORDS is too small for wolfCrypt");

/* Zero is the library's word for success. */
static uint32_t verdict(int status)
{
    return status == 0 ? OTAV_ACCEPT : OTAV_REJECT;
}

static void clear(void *state, size_t len)
{
    memset(state, 0, len);
    __asm__ volatile("" : : "r"(state) : "memory"); /* not to be optimised away */
}

/* ---- SHA-256 ---------------------------------------------------------------------------------- */

static wc_Sha256 *sha256_of(struct otav_sha256_state *state)
{
    return (wc_Sha256 *)(void *)state->opaque;
}

static uint32_t sha256_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    return verdict(wc_InitSha256(sha256_of(state)));
}

static uint32_t sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    const size_t max_len = (size_t)1 << 30; /* the library counts in 32 bits */
    int status = 0;

    (void)user;
    while (status == 0 && len > 0) {
        size_t part_len = len < max_len ? len : max_len;

        status = wc_Sha256Update(sha256_of(state), bytes, (word32)part_len);
        bytes += part_len;
        len -= part_len;
    }
    return verdict(status);
}

static uint32_t sha256_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)user;
    return verdict(wc_Sha256Final(sha256_of(state), ret_digest));
}

static void sha256_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    wc_Sha256Free(sha256_of(state));
    clear(state, sizeof *state);
}

/* ---- ECDSA ------------------------------------------------------------------------------------ */

/* True if the signature is right. wc_ecc_verify_hash() takes the key on trust. */
static bool verify(ecc_key *key, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                   const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    byte der[DER_MAX_LEN];
    word32 der_len = sizeof der;
    int result = 0;

    return wc_ecc_import_unsigned(key, xy, xy + NUMBER_LEN, NULL, ECC_SECP256R1) == 0 &&
           wc_ecc_check_key(key) == 0 &&
           wc_ecc_rs_raw_to_sig(rs, NUMBER_LEN, rs + NUMBER_LEN, NUMBER_LEN, der, &der_len) == 0 &&
           wc_ecc_verify_hash(der, der_len, digest, OTAV_SHA256_LEN, &result, key) == 0 &&
           result == 1;
}

static uint32_t ecdsa_p256_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    ecc_key key;
    bool right;

    (void)user;
    if (wc_ecc_init(&key) != 0) {
        return OTAV_REJECT;
    }
    right = verify(&key, xy, digest, rs);
    (void)wc_ecc_free(&key);
    return right ? OTAV_ACCEPT : OTAV_REJECT;
}

/* ---- AES-128-CBC ------------------------------------------------------------------------------ */

static Aes *aes_of(struct otav_aes_state *state)
{
    return (Aes *)(void *)state->opaque;
}

static void aes_cbc_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    wc_AesFree(aes_of(state));
    clear(state, sizeof *state);
}

static uint32_t aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16])
{
    if (wc_AesInit(aes_of(state), NULL, INVALID_DEVID) != 0 ||
        wc_AesSetKey(aes_of(state), key, 16, iv, AES_DECRYPTION) != 0) {
        aes_cbc_end(user, state); /* what did not begin is not ended by the caller */
        return OTAV_REJECT;
    }
    return OTAV_ACCEPT;
}

static uint32_t aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len)
{
    const size_t max_len = (size_t)1 << 30; /* the library counts in 32 bits */

    (void)user;
    if (len % 16 != 0) {
        return OTAV_REJECT;
    }
    while (len > 0) {
        size_t part_len = len < max_len ? len : max_len;

        if (wc_AesCbcDecrypt(aes_of(state), bytes, bytes, (word32)part_len) != 0) {
            return OTAV_REJECT;
        }
        bytes += part_len;
        len -= part_len;
    }
    return OTAV_ACCEPT;
}

const struct otav_crypto otav_crypto_wolfcrypt = {
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
