/*
 * Signing with a key in a file: ECDSA P-256 with RFC 6979 nonces.
 *
 * Layer: signer.h's back end for file: URIs. libcrypto 3.0 has no deterministic nonces, so nonce,
 * r and 1/k are made here and handed to ECDSA_do_sign_ex(), which blinds the rest. Invariant: the
 * scalar lives in libcrypto's key only; every copy of it and of a nonce is wiped; no signature
 * leaves that does not verify.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* EC_KEY, without deprecation warnings */

#include "signer_impl.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "key_file.h"
#include "key_uri.h"
#include "pubkey.h"
#include "rfc6979.h"
#include "util.h"

struct file_signer {
    EC_KEY *key;
    uint8_t xy[64];
};

/* What one signature needs besides the key; all of it is wiped together. */
struct nonce {
    BN_CTX *ctx;
    BIGNUM *k;
    BIGNUM *inverse;
    BIGNUM *r;
};

static bool nonce_init(struct nonce *nonce)
{
    nonce->ctx = BN_CTX_secure_new();
    nonce->k = BN_new();
    nonce->inverse = BN_new();
    nonce->r = BN_new();
    return nonce->ctx != NULL && nonce->k != NULL && nonce->inverse != NULL && nonce->r != NULL;
}

static void nonce_wipe(struct nonce *nonce)
{
    BN_clear_free(nonce->k);
    BN_clear_free(nonce->inverse);
    BN_free(nonce->r);
    BN_CTX_free(nonce->ctx);
}

/* r = x(k * G) mod n. The generator's multiplication is constant-time for k below n. */
static bool nonce_point(struct nonce *nonce, const EC_GROUP *group)
{
    EC_POINT *point = EC_POINT_new(group);
    bool ok = point != NULL && EC_POINT_mul(group, point, nonce->k, NULL, NULL, nonce->ctx) == 1 &&
              EC_POINT_get_affine_coordinates(group, point, nonce->r, NULL, nonce->ctx) == 1 &&
              BN_nnmod(nonce->r, nonce->r, EC_GROUP_get0_order(group), nonce->ctx) == 1;

    EC_POINT_clear_free(point);
    return ok;
}

/* 1/k = k^(n-2) mod n: unlike Euclid's algorithm, its steps do not depend on k. */
static bool nonce_inverse(struct nonce *nonce, const EC_GROUP *group)
{
    const BIGNUM *order = EC_GROUP_get0_order(group);
    BIGNUM *exponent = BN_dup(order);
    bool ok =
        exponent != NULL && BN_sub_word(exponent, 2) == 1 &&
        BN_mod_exp_mont_consttime(nonce->inverse, nonce->k, exponent, order, nonce->ctx, NULL) == 1;

    BN_free(exponent);
    return ok;
}

static bool nonce_next(struct nonce *nonce, struct rfc6979 *generator, const EC_GROUP *group)
{
    uint8_t bytes[32];
    bool ok = rfc6979_next(generator, bytes) && BN_bin2bn(bytes, 32, nonce->k) != NULL;

    wipe(bytes, sizeof bytes);
    if (!ok) {
        return false;
    }
    BN_set_flags(nonce->k, BN_FLG_CONSTTIME);
    BN_set_flags(nonce->inverse, BN_FLG_CONSTTIME);
    return nonce_point(nonce, group) && nonce_inverse(nonce, group);
}

static bool start_generator(const EC_KEY *key, const uint8_t digest[32], struct rfc6979 *ret)
{
    uint8_t scalar[32];
    bool ok = BN_bn2binpad(EC_KEY_get0_private_key(key), scalar, 32) == 32 &&
              rfc6979_init(ret, scalar, digest);

    wipe(scalar, sizeof scalar);
    return ok;
}

static bool encode(const ECDSA_SIG *signature, uint8_t ret_rs[64])
{
    return BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_rs, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_rs + 32, 32) == 32;
}

/* r or s is zero with probability 2^-255; then RFC 6979 takes the generator's next nonce. */
static bool make_signature(EC_KEY *key, const uint8_t digest[32], struct nonce *nonce,
                           struct rfc6979 *generator, uint8_t ret_rs[64])
{
    ECDSA_SIG *signature;
    bool ok;

    do {
        if (!nonce_next(nonce, generator, EC_KEY_get0_group(key))) {
            return false;
        }
    } while (BN_is_zero(nonce->r));
    signature = ECDSA_do_sign_ex(digest, 32, nonce->inverse, nonce->r, key);
    ok = signature != NULL && encode(signature, ret_rs);
    ECDSA_SIG_free(signature);
    return ok;
}

static enum ox sign(void *state, const uint8_t digest[32], uint8_t ret_rs[64])
{
    struct file_signer *signer = state;
    struct rfc6979 generator;
    struct nonce nonce;
    uint8_t rs[64];
    bool ok = nonce_init(&nonce) && start_generator(signer->key, digest, &generator) &&
              make_signature(signer->key, digest, &nonce, &generator, rs);

    nonce_wipe(&nonce);
    wipe(&generator, sizeof generator);
    ERR_clear_error();
    /* A signature that a fault made wrong can give the key away. */
    if (!ok || !pubkey_verify(signer->xy, digest, rs)) {
        wipe(rs, sizeof rs);
        return diag_fail(OX_INTERNAL, "signing failed, nothing was signed");
    }
    memcpy(ret_rs, rs, sizeof rs);
    return OX_OK;
}

static void signer_file_close(void *state)
{
    struct file_signer *signer = state;

    EC_KEY_free(signer->key);
    free(signer);
}

static enum ox signer_file_open(const char *uri, const struct key_options *options,
                                uint8_t public_xy[64], void **ret_state)
{
    struct file_signer *signer = NULL;
    struct key_file file;
    EC_KEY *key = NULL;
    enum ox ox = key_file_read(key_uri_path(uri), &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = key_file_private(&file, options, "a P-256 private key", public_xy, &key);
    if (ox == OX_OK) {
        signer = xcalloc(1, sizeof *signer);
        signer->key = key;
        memcpy(signer->xy, public_xy, sizeof signer->xy);
        *ret_state = signer;
    }
    key_file_free(&file);
    return ox;
}

const struct signer_impl signer_file = {
    .kind = "file", .open = signer_file_open, .sign = sign, .close = signer_file_close};
