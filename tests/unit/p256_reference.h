/*
 * P-256 by OpenSSL's big numbers and points, for tests of our own arithmetic: numbers from and to
 * words, points, and signatures made from chosen scalars for any key.
 */
#ifndef TEST_P256_REFERENCE_H
#define TEST_P256_REFERENCE_H

#include <check.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* A generator of one's own: the same numbers on every machine. */
static uint64_t reference_random = 1;

static inline uint32_t random_word(void)
{
    reference_random ^= reference_random << 13;
    reference_random ^= reference_random >> 7;
    reference_random ^= reference_random << 17;
    return (uint32_t)(reference_random >> 32);
}

static inline void random_bytes(uint8_t *ret, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ret[i] = (uint8_t)random_word();
    }
}

/* What every test here uses; p and n belong to it. */
struct reference {
    BN_CTX *ctx;
    EC_GROUP *group;
    BIGNUM *p;
    BIGNUM *n;
    BIGNUM *montgomery; /* 2^256 */
};

static struct reference ref;

static inline void reference_open(void)
{
    ref.ctx = BN_CTX_new();
    ref.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    ref.p = BN_new();
    ref.n = BN_dup(EC_GROUP_get0_order(ref.group));
    ref.montgomery = BN_new();
    ck_assert_int_eq(EC_GROUP_get_curve(ref.group, ref.p, NULL, NULL, ref.ctx), 1);
    ck_assert_int_eq(BN_set_bit(ref.montgomery, 256), 1);
}

static inline void reference_close(void)
{
    BN_free(ref.montgomery);
    BN_free(ref.n);
    BN_free(ref.p);
    EC_GROUP_free(ref.group);
    BN_CTX_free(ref.ctx);
}

static inline BIGNUM *from_bytes(const uint8_t bytes[32])
{
    return BN_bin2bn(bytes, 32, NULL);
}

static inline void to_bytes(const BIGNUM *number, uint8_t ret[32])
{
    ck_assert_int_eq(BN_bn2binpad(number, ret, 32), 32);
}

static inline BIGNUM *from_words(const uint32_t words[8])
{
    uint8_t bytes[32];

    for (unsigned i = 0; i < 32; i++) {
        bytes[i] = (uint8_t)(words[7 - i / 4] >> (24 - 8 * (i % 4)));
    }
    return from_bytes(bytes);
}

static inline void to_words(const BIGNUM *number, uint32_t ret[8])
{
    uint8_t bytes[32];

    to_bytes(number, bytes);
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t *b = bytes + (28 - 4 * (size_t)i);

        ret[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
}

/* value, or modulus + value for a negative one; the caller frees it. */
static inline BIGNUM *small_number(long value, const BIGNUM *modulus)
{
    BIGNUM *number = BN_new();

    ck_assert_int_eq(BN_set_word(number, (BN_ULONG)labs(value)), 1);
    if (value < 0) {
        ck_assert_int_eq(BN_sub(number, modulus, number), 1);
    }
    return number;
}

static inline BIGNUM *random_below(const BIGNUM *modulus)
{
    uint8_t bytes[32];
    BIGNUM *number;

    random_bytes(bytes, sizeof bytes);
    number = from_bytes(bytes);
    ck_assert_int_eq(BN_nnmod(number, number, modulus, ref.ctx), 1);
    return number;
}

/* number * 2^256 modulo modulus, as words. */
static inline void to_montgomery_words(const BIGNUM *number, const BIGNUM *modulus, uint32_t ret[8])
{
    BIGNUM *product = BN_new();

    ck_assert_int_eq(BN_mod_mul(product, number, ref.montgomery, modulus, ref.ctx), 1);
    to_words(product, ret);
    BN_free(product);
}

/* a * G + b * point; point may be NULL. The caller frees it. */
static inline EC_POINT *combine(const BIGNUM *a, const EC_POINT *point, const BIGNUM *b)
{
    EC_POINT *sum = EC_POINT_new(ref.group);

    ck_assert_int_eq(EC_POINT_mul(ref.group, sum, a, point, point == NULL ? NULL : b, ref.ctx), 1);
    return sum;
}

/* The point's affine coordinates; either may be NULL. */
static inline void coordinates(const EC_POINT *point, BIGNUM *ret_x, BIGNUM *ret_y)
{
    ck_assert_int_eq(EC_POINT_get_affine_coordinates(ref.group, point, ret_x, ret_y, ref.ctx), 1);
}

/* A point with that x, or NULL if there is none. */
static inline EC_POINT *lift(const BIGNUM *x)
{
    EC_POINT *point = EC_POINT_new(ref.group);

    if (EC_POINT_set_compressed_coordinates(ref.group, point, x, 0, ref.ctx) != 1) {
        EC_POINT_free(point);
        return NULL;
    }
    return point;
}

#endif
