/*
 * Public key recovery for ECDSA P-256 (SEC 1, section 4.1.6).
 *
 * Layer: beside pubkey.c, on libcrypto's curve arithmetic; nothing here is secret. Invariant: every
 * key that is returned verifies the signature it was recovered from.
 */
#include "pubkey_recover.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <stdlib.h>
#include <string.h>

struct recovery {
    EC_GROUP *group;
    BN_CTX *ctx;
    BIGNUM *r;
    BIGNUM *s;
    BIGNUM *z; /* the digest */
    BIGNUM *x; /* of the nonce's point R */
    BIGNUM *of_base;
    BIGNUM *of_point;
    EC_POINT *point; /* R */
    EC_POINT *key;
};

static bool start(struct recovery *v, const uint8_t digest[32], const uint8_t rs[64])
{
    v->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    v->ctx = BN_CTX_new();
    v->r = BN_bin2bn(rs, 32, NULL);
    v->s = BN_bin2bn(rs + 32, 32, NULL);
    v->z = BN_bin2bn(digest, 32, NULL);
    v->x = BN_new();
    v->of_base = BN_new();
    v->of_point = BN_new();
    if (v->group == NULL) {
        return false;
    }
    v->point = EC_POINT_new(v->group);
    v->key = EC_POINT_new(v->group);
    return v->ctx != NULL && v->r != NULL && v->s != NULL && v->z != NULL && v->x != NULL &&
           v->of_base != NULL && v->of_point != NULL && v->point != NULL && v->key != NULL;
}

static void stop(struct recovery *v)
{
    EC_POINT_free(v->key);
    EC_POINT_free(v->point);
    BN_free(v->of_point);
    BN_free(v->of_base);
    BN_free(v->x);
    BN_free(v->z);
    BN_free(v->s);
    BN_free(v->r);
    BN_CTX_free(v->ctx);
    EC_GROUP_free(v->group);
}

static bool in_range(const struct recovery *v)
{
    const BIGNUM *order = EC_GROUP_get0_order(v->group);

    return !BN_is_zero(v->r) && !BN_is_zero(v->s) && BN_cmp(v->r, order) < 0 &&
           BN_cmp(v->s, order) < 0;
}

/* Factors of Q = r^-1 (s R - z G), the same for every R. */
static bool find_factors(struct recovery *v)
{
    const BIGNUM *order = EC_GROUP_get0_order(v->group);

    return BN_mod_inverse(v->x, v->r, order, v->ctx) != NULL &&
           BN_mod_mul(v->of_point, v->x, v->s, order, v->ctx) == 1 &&
           BN_mod_mul(v->of_base, v->x, v->z, order, v->ctx) == 1 &&
           BN_mod_sub(v->of_base, EC_GROUP_get0_order(v->group), v->of_base, order, v->ctx) == 1;
}

/* The key for the R with v->x and this parity; false when there is no such R, or no such key. */
static bool find_key(struct recovery *v, int odd, uint8_t ret_xy[PUBKEY_LEN])
{
    uint8_t octets[1 + PUBKEY_LEN];

    if (EC_POINT_set_compressed_coordinates(v->group, v->point, v->x, odd, v->ctx) != 1 ||
        EC_POINT_mul(v->group, v->key, v->of_base, v->point, v->of_point, v->ctx) != 1 ||
        EC_POINT_point2oct(v->group, v->key, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets,
                           v->ctx) != sizeof octets) {
        return false;
    }
    memcpy(ret_xy, octets + 1, PUBKEY_LEN);
    return true;
}

/* r is x modulo the order, which is a little below the field's prime: x may be r, or r plus the
 * order. One that is no field element has no point, which find_key() finds. */
static unsigned find_keys(struct recovery *v, const uint8_t digest[32], const uint8_t rs[64],
                          uint8_t ret_xy[PUBKEY_RECOVER_MAX][PUBKEY_LEN])
{
    unsigned count = 0;

    for (int candidate = 0; candidate < PUBKEY_RECOVER_MAX; candidate++) {
        bool ok = candidate / 2 == 0 ? BN_copy(v->x, v->r) != NULL
                                     : BN_add(v->x, v->r, EC_GROUP_get0_order(v->group)) == 1;

        if (ok && find_key(v, candidate % 2, ret_xy[count]) &&
            pubkey_verify(ret_xy[count], digest, rs)) {
            count++;
        }
    }
    return count;
}

unsigned pubkey_recover(const uint8_t digest[32], const uint8_t rs[64],
                        uint8_t ret_xy[PUBKEY_RECOVER_MAX][PUBKEY_LEN])
{
    struct recovery recovery = {0};
    unsigned count = 0;

    if (!start(&recovery, digest, rs)) {
        abort(); /* no memory: "no key" would be a wrong answer */
    }
    if (in_range(&recovery) && find_factors(&recovery)) {
        count = find_keys(&recovery, digest, rs, ret_xy);
    }
    stop(&recovery);
    ERR_clear_error();
    return count;
}
