/*
 * Crypto port over OpenSSL's libcrypto 3.0, for hosts.
 *
 * SHA-256 and ECDSA use the low-level calls: they run the same SHA-NI and P-256 assembly as EVP but
 * need no provider, which saves more start-up time than a whole signature check takes. AES goes
 * through EVP, the only public way to AES-NI. No configuration file is ever read.
 * Invariant: OTAV_ACCEPT is returned only when the library call did what was asked.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* the low-level calls, without deprecation warnings */

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct otav_sha256_state), "SHA-256 state too large");
_Static_assert(sizeof(uintptr_t) <= sizeof(uint64_t), "a pointer does not fit into a state word");

static uint32_t verdict(int openssl_result)
{
    return openssl_result == 1 ? OTAV_ACCEPT : OTAV_REJECT;
}

static void init_library(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                                  OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
                              NULL);
}

/* ---- SHA-256 ---------------------------------------------------------------------------------- */

static SHA256_CTX *sha256_of(struct otav_sha256_state *state)
{
    return (SHA256_CTX *)(void *)state->opaque;
}

static uint32_t sha256_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    return verdict(SHA256_Init(sha256_of(state)));
}

static uint32_t sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    (void)user;
    return verdict(SHA256_Update(sha256_of(state), bytes, len));
}

static uint32_t sha256_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)user;
    return verdict(SHA256_Final(ret_digest, sha256_of(state)));
}

static void sha256_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    OPENSSL_cleanse(state, sizeof *state);
}

/* ---- ECDSA ------------------------------------------------------------------------------------ */

/* The point, NULL unless both coordinates are below p and it lies on the curve. */
static EC_POINT *decode_point(const EC_GROUP *group, const uint8_t xy[OTAV_PUBLIC_KEY_LEN])
{
    BIGNUM *x = BN_bin2bn(xy, 32, NULL);
    BIGNUM *y = BN_bin2bn(xy + 32, 32, NULL);
    const BIGNUM *p = EC_GROUP_get0_field(group);
    EC_POINT *point = EC_POINT_new(group);
    int ok = 0;

    /* EC_POINT_set_affine_coordinates() checks the curve, but reduces larger coordinates first. */
    if (x != NULL && y != NULL && point != NULL && BN_ucmp(x, p) < 0 && BN_ucmp(y, p) < 0) {
        ok = EC_POINT_set_affine_coordinates(group, point, x, y, NULL);
    }
    BN_free(x);
    BN_free(y);
    if (ok != 1) {
        EC_POINT_free(point);
        return NULL;
    }
    return point;
}

static EC_KEY *decode_key(const uint8_t xy[OTAV_PUBLIC_KEY_LEN])
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = key != NULL ? decode_point(EC_KEY_get0_group(key), xy) : NULL;
    int ok = point != NULL ? EC_KEY_set_public_key(key, point) : 0;

    EC_POINT_free(point);
    if (ok != 1) {
        EC_KEY_free(key);
        return NULL;
    }
    return key;
}

static ECDSA_SIG *decode_signature(const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(rs, 32, NULL);
    BIGNUM *s = BN_bin2bn(rs + 32, 32, NULL);

    if (signature == NULL || ECDSA_SIG_set0(signature, r, s) != 1) {
        ECDSA_SIG_free(signature);
        BN_free(r);
        BN_free(s);
        return NULL;
    }
    return signature;
}

static uint32_t ecdsa_p256_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    EC_KEY *key;
    ECDSA_SIG *signature;
    int result = 0;

    (void)user;
    init_library();
    key = decode_key(xy);
    signature = decode_signature(rs);
    /* ECDSA_do_verify() refuses r and s outside 1..n-1. */
    if (key != NULL && signature != NULL) {
        result = ECDSA_do_verify(digest, OTAV_SHA256_LEN, signature, key);
    }
    ECDSA_SIG_free(signature);
    EC_KEY_free(key);
    ERR_clear_error();
    return verdict(result);
}

/* ---- AES-128-CBC ------------------------------------------------------------------------------ */

static EVP_CIPHER_CTX *aes_of(const struct otav_aes_state *state)
{
    return (EVP_CIPHER_CTX *)(uintptr_t)state->opaque[0];
}

static void aes_cbc_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    EVP_CIPHER_CTX_free(aes_of(state)); /* wipes the key schedule */
    OPENSSL_cleanse(state, sizeof *state);
}

static uint32_t aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16])
{
    EVP_CIPHER_CTX *ctx;

    init_library();
    ctx = EVP_CIPHER_CTX_new();
    state->opaque[0] = (uintptr_t)ctx;
    if (ctx == NULL || EVP_DecryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
        aes_cbc_end(user, state); /* what did not begin is not ended by the caller */
        return OTAV_REJECT;
    }
    return OTAV_ACCEPT;
}

static uint32_t aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len)
{
    const size_t max_len = (size_t)1 << 30; /* EVP counts in int */

    (void)user;
    while (len > 0) {
        size_t part_len = len < max_len ? len : max_len;
        int done_len = 0;

        if (EVP_DecryptUpdate(aes_of(state), bytes, &done_len, bytes, (int)part_len) != 1 ||
            (size_t)done_len != part_len) {
            return OTAV_REJECT;
        }
        bytes += part_len;
        len -= part_len;
    }
    return OTAV_ACCEPT;
}

const struct otav_crypto otav_crypto_openssl = {
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
