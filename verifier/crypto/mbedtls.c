/*
 * Crypto port over mbed TLS 2.28 or 3 (the classic modules sha256, ecp, ecdsa, aes). Its big integers
 * live on the heap that the library is configured with.
 *
 * Layer: crypto back end. Invariant: OTAV_ACCEPT is returned only when the library call did what was
 * asked.
 */
#include <otav/otav_error.h>
#include <otav/otav_mbedtls.h>

#include <mbedtls/aes.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include <string.h>

/* The functions that return a status. */
#if MBEDTLS_VERSION_MAJOR < 3
#define SHA256_STARTS mbedtls_sha256_starts_ret
#define SHA256_UPDATE mbedtls_sha256_update_ret
#define SHA256_FINISH mbedtls_sha256_finish_ret
#else
#define SHA256_STARTS mbedtls_sha256_starts
#define SHA256_UPDATE mbedtls_sha256_update
#define SHA256_FINISH mbedtls_sha256_finish
#endif

struct aes_state {
    mbedtls_aes_context keys;
    uint8_t iv[16]; /* previous block of ciphertext */
};

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct otav_sha256_state),
               "OTAV_SHA256_STATE_WORDS is too small for mbed TLS");
_Static_assert(sizeof(struct aes_state) <= sizeof(struct otav_aes_state),
               "OTAV_AES_STATE_WORDS is too small for mbed TLS");

/* Zero is the library's word for success. */
static uint32_t verdict(int status)
{
    return status == 0 ? OTAV_ACCEPT : OTAV_REJECT;
}

/* ---- SHA-256 ---------------------------------------------------------------------------------- */

static mbedtls_sha256_context *sha256_of(struct otav_sha256_state *state)
{
    return (mbedtls_sha256_context *)(void *)state->opaque;
}

static uint32_t sha256_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    mbedtls_sha256_init(sha256_of(state));
    return verdict(SHA256_STARTS(sha256_of(state), 0));
}

static uint32_t sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    (void)user;
    return verdict(SHA256_UPDATE(sha256_of(state), bytes, len));
}

static uint32_t sha256_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)user;
    return verdict(SHA256_FINISH(sha256_of(state), ret_digest));
}

static void sha256_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    mbedtls_sha256_free(sha256_of(state));
    mbedtls_platform_zeroize(state, sizeof *state);
}

/* ---- ECDSA ------------------------------------------------------------------------------------ */

struct verification {
    mbedtls_ecp_group group;
    mbedtls_ecp_point key;
    mbedtls_mpi r;
    mbedtls_mpi s;
};

/* mbedtls_ecdsa_verify() checks r and s; that the key is on the curve is for its caller to check. */
static int verify(struct verification *v, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                  const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    unsigned char point[1 + OTAV_PUBLIC_KEY_LEN] = {0x04}; /* uncompressed, SEC 1 */
    int status = mbedtls_ecp_group_load(&v->group, MBEDTLS_ECP_DP_SECP256R1);

    memcpy(point + 1, xy, OTAV_PUBLIC_KEY_LEN);
    if (status == 0) {
        status = mbedtls_ecp_point_read_binary(&v->group, &v->key, point, sizeof point);
    }
    if (status == 0) {
        status = mbedtls_ecp_check_pubkey(&v->group, &v->key);
    }
    if (status == 0) {
        status = mbedtls_mpi_read_binary(&v->r, rs, OTAV_SIGNATURE_LEN / 2);
    }
    if (status == 0) {
        status =
            mbedtls_mpi_read_binary(&v->s, rs + OTAV_SIGNATURE_LEN / 2, OTAV_SIGNATURE_LEN / 2);
    }
    if (status == 0) {
        status = mbedtls_ecdsa_verify(&v->group, digest, OTAV_SHA256_LEN, &v->key, &v->r, &v->s);
    }
    return status;
}

static uint32_t ecdsa_p256_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    struct verification v;
    int status;

    (void)user;
    mbedtls_ecp_group_init(&v.group);
    mbedtls_ecp_point_init(&v.key);
    mbedtls_mpi_init(&v.r);
    mbedtls_mpi_init(&v.s);
    status = verify(&v, xy, digest, rs);
    mbedtls_mpi_free(&v.s);
    mbedtls_mpi_free(&v.r);
    mbedtls_ecp_point_free(&v.key);
    mbedtls_ecp_group_free(&v.group);
    return verdict(status);
}

/* ---- AES-128-CBC ------------------------------------------------------------------------------ */

static struct aes_state *aes_of(struct otav_aes_state *state)
{
    return (struct aes_state *)(void *)state->opaque;
}

static void aes_cbc_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    mbedtls_aes_free(&aes_of(state)->keys);
    mbedtls_platform_zeroize(state, sizeof *state);
}

static uint32_t aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16])
{
    struct aes_state *aes = aes_of(state);

    mbedtls_aes_init(&aes->keys);
    if (mbedtls_aes_setkey_dec(&aes->keys, key, 128) != 0) {
        aes_cbc_end(user, state); /* what did not begin is not ended by the caller */
        return OTAV_REJECT;
    }
    memcpy(aes->iv, iv, sizeof aes->iv);
    return OTAV_ACCEPT;
}

/* Refuses lengths that are no multiple of 16. */
static uint32_t aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len)
{
    struct aes_state *aes = aes_of(state);

    (void)user;
    return verdict(
        mbedtls_aes_crypt_cbc(&aes->keys, MBEDTLS_AES_DECRYPT, len, aes->iv, bytes, bytes));
}

const struct otav_crypto otav_crypto_mbedtls = {
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
