/*
 * The arithmetic under the P-256 verification of one profile against OpenSSL's big numbers: random
 * and extreme operands, outputs in place of inputs, and sums of points that meet every special case.
 */
#include "unit.h"

#include "p256_arith.h"
#include "p256_reference.h"

enum { EXTREMES = 40, RANDOMS = 4000 };

typedef void multiply(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8]);

/* The i-th of EXTREMES operands below modulus: small, near the modulus, near 2^256 mod m, powers of
 * two, and words of all ones. */
static BIGNUM *extreme(unsigned i, const BIGNUM *modulus)
{
    BIGNUM *number = BN_new();

    if (i < 10) {
        BN_free(number);
        return small_number((long)i / 2 * (i % 2 == 0 ? 1 : -1) - (long)(i % 2), modulus);
    }
    if (i < 16) {
        ck_assert_int_eq(BN_nnmod(number, ref.montgomery, modulus, ref.ctx), 1);
        ck_assert_int_eq(BN_add_word(number, i - 10), 1);
        ck_assert_int_eq(i % 2 == 0 || BN_sub(number, modulus, number), 1);
    } else if (i < 24) {
        ck_assert_int_eq(BN_set_bit(number, 32 * (int)(i - 16)), 1);
    } else {
        for (int word = 0; word < 8; word++) {
            for (int bit = 0; bit < 32 && ((i - 24) * 17 >> word & 1) != 0; bit++) {
                ck_assert_int_eq(BN_set_bit(number, 32 * word + bit), 1);
            }
        }
    }
    ck_assert_int_eq(BN_nnmod(number, number, modulus, ref.ctx), 1);
    return number;
}

/* All pairs of extreme operands first, then random ones, some next to an extreme one. */
static BIGNUM *operand(unsigned i, bool second, const BIGNUM *modulus)
{
    if (i < EXTREMES * EXTREMES) {
        return extreme(second ? i / EXTREMES : i % EXTREMES, modulus);
    }
    if (second && i % 8 == 0) {
        return extreme(i / 8 % EXTREMES, modulus);
    }
    return random_below(modulus);
}

static void check_product(multiply *mul, const BIGNUM *a, const BIGNUM *b, const BIGNUM *modulus,
                          const BIGNUM *inverse)
{
    BIGNUM *expected = BN_new();
    uint32_t aw[8];
    uint32_t bw[8];
    uint32_t ew[8];
    uint32_t ret[8];

    ck_assert_int_eq(BN_mod_mul(expected, a, b, modulus, ref.ctx), 1);
    ck_assert_int_eq(BN_mod_mul(expected, expected, inverse, modulus, ref.ctx), 1);
    to_words(a, aw);
    to_words(b, bw);
    to_words(expected, ew);
    mul(ret, aw, bw);
    ck_assert_mem_eq(ret, ew, sizeof ew);
    memcpy(ret, aw, sizeof ret);
    mul(ret, ret, bw);
    ck_assert_mem_eq(ret, ew, sizeof ew);
    mul(bw, aw, bw);
    ck_assert_mem_eq(bw, ew, sizeof ew);
    BN_free(expected);
}

static void check_products(multiply *mul, const BIGNUM *modulus)
{
    BIGNUM *inverse = BN_mod_inverse(NULL, ref.montgomery, modulus, ref.ctx);

    for (unsigned i = 0; i < EXTREMES * EXTREMES + RANDOMS; i++) {
        BIGNUM *a = operand(i, false, modulus);
        BIGNUM *b = operand(i, true, modulus);

        check_product(mul, a, b, modulus, inverse);
        BN_free(b);
        BN_free(a);
    }
    BN_free(inverse);
}

START_TEST(test_soft_p256_mul_p_matches_openssl)
{
    check_products(otav_p256_mul_p, ref.p);
}
END_TEST

START_TEST(test_soft_p256_mul_n_matches_openssl)
{
    check_products(otav_p256_mul_n, ref.n);
}
END_TEST

START_TEST(test_soft_p256_moduli)
{
    uint32_t words[8];

    to_words(ref.p, words);
    ck_assert_mem_eq(words, otav_p256_p, sizeof words);
    to_words(ref.n, words);
    ck_assert_mem_eq(words, otav_p256_n, sizeof words);
}
END_TEST

static void check_inverse(const BIGNUM *number)
{
    BIGNUM *inverse = BN_mod_inverse(NULL, number, ref.n, ref.ctx);
    uint32_t words[8];
    uint32_t expected[8];
    uint32_t ret[8];

    ck_assert_ptr_nonnull(inverse);
    to_montgomery_words(inverse, ref.n, expected);
    to_words(number, words);
    otav_p256_inverse_n(ret, words);
    ck_assert_mem_eq(ret, expected, sizeof ret);
    otav_p256_inverse_n(words, words);
    ck_assert_mem_eq(words, expected, sizeof ret);
    BN_free(inverse);
}

START_TEST(test_soft_p256_inverse_n_matches_openssl)
{
    for (unsigned i = 0; i < EXTREMES + 200; i++) {
        BIGNUM *number = i < EXTREMES ? extreme(i, ref.n) : random_below(ref.n);

        if (!BN_is_zero(number)) {
            check_inverse(number);
        }
        BN_free(number);
    }
}
END_TEST

/* ---- points ----------------------------------------------------------------------------------- */

/* X = x * Z^2, or Z = 0 for infinity. */
static void check_point(const uint32_t x[8], const uint32_t z[8], const EC_POINT *expected)
{
    static const uint32_t zero[8] = {0};
    BIGNUM *number = BN_new();
    uint32_t words[8];
    uint32_t zz[8];

    if (EC_POINT_is_at_infinity(ref.group, expected) == 1) {
        ck_assert_mem_eq(z, zero, sizeof zero);
    } else {
        ck_assert_mem_ne(z, zero, sizeof zero);
        coordinates(expected, number, NULL);
        to_montgomery_words(number, ref.p, words);
        otav_p256_mul_p(zz, z, z);
        otav_p256_mul_p(words, words, zz);
        ck_assert_mem_eq(words, x, sizeof words);
    }
    BN_free(number);
}

static void check_mul_add(const BIGNUM *u1, const BIGNUM *u2, const EC_POINT *q)
{
    EC_POINT *expected = combine(u1, q, u2);
    BIGNUM *x = BN_new();
    BIGNUM *y = BN_new();
    uint32_t w1[8];
    uint32_t w2[8];
    uint32_t qw[16];
    uint32_t rx[8];
    uint32_t rz[8];

    coordinates(q, x, y);
    to_montgomery_words(x, ref.p, qw);
    to_montgomery_words(y, ref.p, qw + 8);
    to_words(u1, w1);
    to_words(u2, w2);
    otav_p256_mul_add(rx, rz, w1, w2, qw);
    check_point(rx, rz, expected);
    BN_free(y);
    BN_free(x);
    EC_POINT_free(expected);
}

/* q is a small multiple of G, or half of one, and so are the scalars: the accumulated point is equal
 * or opposite to the one that is added, or infinity, at the last step and at those before. */
static void check_small_scalars(const EC_POINT *q, long limit, int shift)
{
    for (long a = -limit; a <= limit; a++) {
        for (long b = -limit; b <= limit; b++) {
            BIGNUM *u1 = small_number(a, ref.n);
            BIGNUM *u2 = small_number(b, ref.n);

            ck_assert_int_eq(BN_mod_lshift(u1, u1, shift, ref.n, ref.ctx), 1);
            ck_assert_int_eq(BN_mod_lshift(u2, u2, shift, ref.n, ref.ctx), 1);
            if (is_taken()) {
                check_mul_add(u1, u2, q);
            }
            BN_free(u2);
            BN_free(u1);
        }
    }
}

static void check_multiples(long limit, int shift)
{
    BIGNUM *half = small_number(2, ref.n);

    BN_mod_inverse(half, half, ref.n, ref.ctx);
    for (long d = -5; d <= 5; d++) {
        for (int halved = 0; halved < 2 && d != 0; halved++) {
            BIGNUM *scalar = small_number(d, ref.n);
            EC_POINT *q;

            ck_assert_int_eq(!halved || BN_mod_mul(scalar, scalar, half, ref.n, ref.ctx), 1);
            q = combine(scalar, NULL, NULL);
            check_small_scalars(q, limit, shift);
            EC_POINT_free(q);
            BN_free(scalar);
        }
    }
    BN_free(half);
}

START_TEST(test_soft_p256_mul_add_equal_opposite_and_infinite_points)
{
    check_multiples(4, 0);
}
END_TEST

START_TEST(test_soft_p256_mul_add_the_same_at_inner_steps)
{
    check_multiples(2, 100);
}
END_TEST

START_TEST(test_soft_p256_mul_add_random_and_extreme_scalars)
{
    for (unsigned i = 0; i < 4 * EXTREMES; i++) {
        BIGNUM *d = random_below(ref.n);
        BIGNUM *u1 = i % 4 == 0 ? random_below(ref.n) : extreme(i / 4, ref.n);
        BIGNUM *u2 = i % 4 == 1 ? random_below(ref.n) : extreme((i / 4 + i % 4) % EXTREMES, ref.n);
        EC_POINT *q = combine(d, NULL, NULL);

        check_mul_add(u1, u2, q);
        EC_POINT_free(q);
        BN_free(u2);
        BN_free(u1);
        BN_free(d);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, reference_open, reference_close);
    tcase_add_test(tc, test_soft_p256_moduli);
    tcase_add_test(tc, test_soft_p256_mul_p_matches_openssl);
    tcase_add_test(tc, test_soft_p256_mul_n_matches_openssl);
    tcase_add_test(tc, test_soft_p256_inverse_n_matches_openssl);
    tcase_add_test(tc, test_soft_p256_mul_add_equal_opposite_and_infinite_points);
    tcase_add_test(tc, test_soft_p256_mul_add_the_same_at_inner_steps);
    tcase_add_test(tc, test_soft_p256_mul_add_random_and_extreme_scalars);
}

int main(void)
{
    return unit_main("soft_p256_arith", add_tests);
}
