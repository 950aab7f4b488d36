/*
 * ECDSA P-256 signatures with libcrypto's numbers and curve: private keys and nonces are digests of
 * what they are for, so that every run attacks the same bytes.
 * Layer: test, host.
 */
#include "signing.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <stdlib.h>

static const EC_GROUP *curve(void)
{
    static EC_GROUP *group;

    if (group == NULL) {
        group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    }
    return group;
}

static BIGNUM *number_of(const uint8_t *bytes, size_t len)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    return BN_bin2bn(SHA256(bytes, len, digest), sizeof digest, NULL);
}

static BIGNUM *private_key(enum guest_key key)
{
    uint8_t name = (uint8_t)key;

    return number_of(&name, sizeof name);
}

static void check(int ok)
{
    if (ok != 1) {
        abort();
    }
}

/* X and Y of scalar * G. */
static void times_base(const BIGNUM *scalar, BIGNUM *ret_x, BIGNUM *ret_y, BN_CTX *ctx)
{
    EC_POINT *point = EC_POINT_new(curve());

    check(EC_POINT_mul(curve(), point, scalar, NULL, NULL, ctx));
    check(EC_POINT_get_affine_coordinates(curve(), point, ret_x, ret_y, ctx));
    EC_POINT_free(point);
}

static void put(const BIGNUM *number, uint8_t ret[32])
{
    check(BN_bn2binpad(number, ret, 32) == 32);
}

void signing_public_key(enum guest_key key, uint8_t ret_xy[GUEST_KEY_LEN])
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *d = private_key(key);
    BIGNUM *x = BN_new();
    BIGNUM *y = BN_new();

    times_base(d, x, y, ctx);
    put(x, ret_xy);
    put(y, ret_xy + 32);
    BN_free(y);
    BN_free(x);
    BN_free(d);
    BN_CTX_free(ctx);
}

void signing_sign(enum guest_key key, const uint8_t *bytes, size_t len, uint8_t ret_rs[64])
{
    const BIGNUM *n = EC_GROUP_get0_order(curve());
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *d = private_key(key);
    BIGNUM *e = number_of(bytes, len);
    BIGNUM *r = BN_new();
    BIGNUM *s = BN_new();
    uint8_t nonce[32];
    BIGNUM *k;

    put(e, nonce);
    k = number_of(nonce, sizeof nonce); /* known to all, as is the private key */
    times_base(k, r, s, ctx);
    check(BN_nnmod(r, r, n, ctx));
    check(BN_mod_mul(s, r, d, n, ctx) && BN_mod_add(s, s, e, n, ctx));
    check(BN_mod_inverse(k, k, n, ctx) != NULL && BN_mod_mul(s, s, k, n, ctx));
    put(r, ret_rs);
    put(s, ret_rs + 32);
    BN_free(k);
    BN_free(s);
    BN_free(r);
    BN_free(e);
    BN_free(d);
    BN_CTX_free(ctx);
}
