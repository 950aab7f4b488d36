/*
 * Signatures for tests of the P-256 verification: made from chosen scalars for any key, no private
 * key needed.
 */
#ifndef TEST_P256_SIGNATURE_H
#define TEST_P256_SIGNATURE_H

#include <otav/otav_error.h>

#include "p256.h"
#include "p256_reference.h"

struct signature {
    uint8_t xy[64];
    uint8_t digest[32];
    uint8_t rs[64];
};

static inline bool accepted(const struct signature *sig)
{
    uint32_t verdict = otav_p256_verify(sig->xy, sig->digest, sig->rs);

    ck_assert(verdict == OTAV_ACCEPT || verdict == OTAV_REJECT);
    return verdict == OTAV_ACCEPT;
}

static inline void put_key(struct signature *sig, const EC_POINT *q)
{
    BIGNUM *x = BN_new();
    BIGNUM *y = BN_new();

    coordinates(q, x, y);
    to_bytes(x, sig->xy);
    to_bytes(y, sig->xy + 32);
    BN_free(y);
    BN_free(x);
}

/* r, s and the digest so that the verification computes exactly u1 and u2, for an R with that x. */
static inline void put_scalars(struct signature *sig, const BIGNUM *x, const BIGNUM *u1,
                               const BIGNUM *u2)
{
    BIGNUM *r = BN_new();
    BIGNUM *s = BN_mod_inverse(NULL, u2, ref.n, ref.ctx);
    BIGNUM *e = BN_new();

    ck_assert_int_eq(BN_nnmod(r, x, ref.n, ref.ctx), 1);
    ck_assert_int_eq(BN_mod_mul(s, s, r, ref.n, ref.ctx), 1);
    ck_assert_int_eq(BN_mod_mul(e, s, u1, ref.n, ref.ctx), 1);
    to_bytes(r, sig->rs);
    to_bytes(s, sig->rs + 32);
    to_bytes(e, sig->digest);
    BN_free(e);
    BN_free(s);
    BN_free(r);
}

/* A signature under q, valid unless u1 * G + u2 * q is infinity: then false. u2 is not zero. */
static inline bool sign_by_scalars(struct signature *ret, const BIGNUM *u1, const BIGNUM *u2,
                                   const EC_POINT *q)
{
    EC_POINT *r_point = combine(u1, q, u2);
    bool finite = EC_POINT_is_at_infinity(ref.group, r_point) == 0;
    BIGNUM *x = BN_new();

    if (finite) {
        coordinates(r_point, x, NULL);
        put_key(ret, q);
        put_scalars(ret, x, u1, u2);
    }
    BN_free(x);
    EC_POINT_free(r_point);
    return finite;
}

/* A valid signature whose R is a given point, with a key made for it. */
static inline void sign_for_point(struct signature *ret, const EC_POINT *r_point, const BIGNUM *u1,
                                  const BIGNUM *u2)
{
    BIGNUM *minus_u1 = BN_dup(u1);
    BIGNUM *inverse = BN_mod_inverse(NULL, u2, ref.n, ref.ctx);
    BIGNUM *one = small_number(1, ref.n);
    BIGNUM *x = BN_new();
    EC_POINT *q;
    EC_POINT *scaled;

    BN_sub(minus_u1, ref.n, u1);
    q = combine(minus_u1, r_point, one);
    scaled = EC_POINT_new(ref.group);
    ck_assert_int_eq(EC_POINT_mul(ref.group, scaled, NULL, q, inverse, ref.ctx), 1);
    coordinates(r_point, x, NULL);
    put_key(ret, scaled);
    put_scalars(ret, x, u1, u2);
    EC_POINT_free(scaled);
    EC_POINT_free(q);
    BN_free(x);
    BN_free(one);
    BN_free(inverse);
    BN_free(minus_u1);
}

/* A valid signature from the generator's next numbers. */
static inline void sign_random(struct signature *ret)
{
    BIGNUM *d = random_below(ref.n);
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *u2 = random_below(ref.n);
    EC_POINT *q = combine(d, NULL, NULL);

    ck_assert(sign_by_scalars(ret, u1, u2, q));
    EC_POINT_free(q);
    BN_free(u2);
    BN_free(u1);
    BN_free(d);
}

#endif
