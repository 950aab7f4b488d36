/*
 * The P-256 verification of one profile where it can go wrong: r, s, the digest and the key at the
 * edges of their ranges, x of R above the order, points that meet in the joint multiplication, and
 * inputs that the tests sign by chosen scalars, so that each refusal has one cause.
 */
#include "unit.h"

#include "p256_arith.h"
#include "p256_signature.h"

/* spec: RFC 6979, A.2.5, "sample" and "test" with SHA-256 */
static const struct signature rfc6979[] = {
    {{0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74, 0xC6,
      0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6, 0x69,
      0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8, 0xBC,
      0x99, 0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2, 0x0C,
      0x2D, 0x7E, 0x9F, 0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99},
     {0xAF, 0x2B, 0xDB, 0xE1, 0xAA, 0x9B, 0x6E, 0xC1, 0xE2, 0xAD, 0xE1,
      0xD6, 0x94, 0xF4, 0x1F, 0xC7, 0x1A, 0x83, 0x1D, 0x02, 0x68, 0xE9,
      0x89, 0x15, 0x62, 0x11, 0x3D, 0x8A, 0x62, 0xAD, 0xD1, 0xBF},
     {0xEF, 0xD4, 0x8B, 0x2A, 0xAC, 0xB6, 0xA8, 0xFD, 0x11, 0x40, 0xDD, 0x9C, 0xD4,
      0x5E, 0x81, 0xD6, 0x9D, 0x2C, 0x87, 0x7B, 0x56, 0xAA, 0xF9, 0x91, 0xC3, 0x4D,
      0x0E, 0xA8, 0x4E, 0xAF, 0x37, 0x16, 0xF7, 0xCB, 0x1C, 0x94, 0x2D, 0x65, 0x7C,
      0x41, 0xD4, 0x36, 0xC7, 0xA1, 0xB6, 0xE2, 0x9F, 0x65, 0xF3, 0xE9, 0x00, 0xDB,
      0xB9, 0xAF, 0xF4, 0x06, 0x4D, 0xC4, 0xAB, 0x2F, 0x84, 0x3A, 0xCD, 0xA8}},
    {{0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31, 0xC9, 0x61, 0xEB, 0x74, 0xC6,
      0x35, 0x6D, 0x68, 0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C, 0xE6, 0x69,
      0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6, 0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8, 0xBC,
      0x99, 0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64, 0xF2, 0xF1, 0xB2, 0x0C,
      0x2D, 0x7E, 0x9F, 0x51, 0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99},
     {0x9F, 0x86, 0xD0, 0x81, 0x88, 0x4C, 0x7D, 0x65, 0x9A, 0x2F, 0xEA,
      0xA0, 0xC5, 0x5A, 0xD0, 0x15, 0xA3, 0xBF, 0x4F, 0x1B, 0x2B, 0x0B,
      0x82, 0x2C, 0xD1, 0x5D, 0x6C, 0x15, 0xB0, 0xF0, 0x0A, 0x08},
     {0xF1, 0xAB, 0xB0, 0x23, 0x51, 0x83, 0x51, 0xCD, 0x71, 0xD8, 0x81, 0x56, 0x7B,
      0x1E, 0xA6, 0x63, 0xED, 0x3E, 0xFC, 0xF6, 0xC5, 0x13, 0x2B, 0x35, 0x4F, 0x28,
      0xD3, 0xB0, 0xB7, 0xD3, 0x83, 0x67, 0x01, 0x9F, 0x41, 0x13, 0x74, 0x2A, 0x2B,
      0x14, 0xBD, 0x25, 0x92, 0x6B, 0x49, 0xC6, 0x49, 0x15, 0x5F, 0x26, 0x7E, 0x60,
      0xD3, 0x81, 0x4B, 0x4C, 0x0C, 0xC8, 0x42, 0x50, 0xE4, 0x6F, 0x00, 0x83}},
};

static void add_to(uint8_t number[32], const BIGNUM *addend)
{
    BIGNUM *sum = from_bytes(number);

    ck_assert_int_eq(BN_add(sum, sum, addend), 1);
    to_bytes(sum, number);
    BN_free(sum);
}

START_TEST(test_soft_p256_rfc6979)
{
    for (size_t i = 0; i < sizeof rfc6979 / sizeof rfc6979[0]; i++) {
        ck_assert(accepted(&rfc6979[i]));
    }
}
END_TEST

/* Every bit of key, digest and signature counts. */
START_TEST(test_soft_p256_every_flipped_bit_is_refused)
{
    struct signature sig = rfc6979[0];
    uint8_t *bytes = (uint8_t *)&sig;

    for (size_t i = 0; i < 8 * sizeof sig; i += TEST_STEP) {
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(!accepted(&sig), "bit %zu", i);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    ck_assert(accepted(&sig));
}
END_TEST

START_TEST(test_soft_p256_inputs_of_any_alignment)
{
    uint8_t bytes[sizeof(struct signature) + 3];

    for (size_t i = 0; i < 4; i++) {
        memcpy(bytes + i, &rfc6979[0], sizeof rfc6979[0]);
        ck_assert_uint_eq(otav_p256_verify(bytes + i, bytes + i + 64, bytes + i + 96), OTAV_ACCEPT);
    }
}
END_TEST

/* The values of r and s in question: 0 and what lies around n, p and 2^256. */
static unsigned edge_values(uint8_t ret[12][32])
{
    static const long offsets[] = {0, -1, 1};
    unsigned count = 0;

    memset(ret[count++], 0, 32);
    memset(ret[count++], 0xFF, 32);
    for (unsigned i = 0; i < 3; i++) {
        BIGNUM *number = BN_dup(ref.n);

        ck_assert(offsets[i] < 0 ? BN_sub_word(number, 1)
                                 : BN_add_word(number, (BN_ULONG)offsets[i]));
        to_bytes(number, ret[count++]);
        ck_assert_int_eq(BN_sub(number, ref.p, ref.n), 1);
        ck_assert(offsets[i] < 0 ? BN_sub_word(number, 1)
                                 : BN_add_word(number, (BN_ULONG)offsets[i]));
        to_bytes(number, ret[count++]);
        ck_assert_int_eq(BN_add(number, number, ref.n), 1);
        to_bytes(number, ret[count++]);
        BN_free(number);
    }
    return count;
}

START_TEST(test_soft_p256_r_and_s_at_the_edges_are_refused)
{
    uint8_t edges[12][32];
    unsigned count = edge_values(edges);

    for (unsigned i = 0; i < count; i++) {
        struct signature sig = rfc6979[0];

        memcpy(sig.rs, edges[i], 32);
        ck_assert(!accepted(&sig));
        for (unsigned k = 0; k < count; k++) {
            memcpy(sig.rs + 32, edges[k], 32);
            ck_assert(!is_taken() || !accepted(&sig));
        }
        memcpy(sig.rs, rfc6979[0].rs, 32);
        memcpy(sig.rs + 32, edges[i], 32);
        ck_assert(!accepted(&sig));
    }
}
END_TEST

/* The same residues, out of range: the scalars would be right. */
START_TEST(test_soft_p256_r_or_s_plus_n_is_refused)
{
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *s = small_number(3, ref.n);
    BIGNUM *x = small_number(5, ref.n);
    BIGNUM *u2 = BN_new();
    struct signature sig;
    EC_POINT *point;

    while ((point = lift(x)) == NULL) {
        BN_add_word(x, 1);
    }
    BN_mod_inverse(u2, s, ref.n, ref.ctx);
    BN_mod_mul(u2, u2, x, ref.n, ref.ctx);
    sign_for_point(&sig, point, u1, u2);
    ck_assert_uint_eq(sig.rs[63], 3);
    ck_assert(accepted(&sig));
    add_to(sig.rs, ref.n);
    ck_assert(!accepted(&sig));
    memset(sig.rs, 0, 32);
    to_bytes(x, sig.rs);
    ck_assert(accepted(&sig));
    add_to(sig.rs + 32, ref.n);
    ck_assert(!accepted(&sig));
    EC_POINT_free(point);
    BN_free(u2);
    BN_free(x);
    BN_free(s);
    BN_free(u1);
}
END_TEST

/* A valid signature with that s: u2 follows from it and from R. */
static void check_s(const BIGNUM *s)
{
    BIGNUM *d = random_below(ref.n);
    EC_POINT *r_point = combine(d, NULL, NULL);
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *u2 = BN_new();
    BIGNUM *inverse = BN_mod_inverse(NULL, s, ref.n, ref.ctx);
    uint8_t bytes[32];
    struct signature sig;

    coordinates(r_point, u2, NULL);
    BN_mod_mul(u2, u2, inverse, ref.n, ref.ctx);
    sign_for_point(&sig, r_point, u1, u2);
    to_bytes(s, bytes);
    ck_assert_mem_eq(sig.rs + 32, bytes, 32);
    ck_assert(accepted(&sig));
    BN_free(inverse);
    BN_free(u2);
    BN_free(u1);
    EC_POINT_free(r_point);
    BN_free(d);
}

START_TEST(test_soft_p256_least_and_greatest_s_are_accepted)
{
    for (long i = -3; i <= 3; i++) {
        BIGNUM *s = small_number(i, ref.n);

        if (i != 0) {
            check_s(s);
        }
        BN_free(s);
    }
}
END_TEST

/* x of R is in n..p-1: r is x - n, and only r + n gives x again. */
START_TEST(test_soft_p256_x_above_the_order_is_accepted)
{
    BIGNUM *x = BN_dup(ref.n);
    unsigned found = 0;

    for (; found < 5; BN_add_word(x, 1)) {
        EC_POINT *point = lift(x);
        BIGNUM *u1 = random_below(ref.n);
        BIGNUM *u2 = random_below(ref.n);
        struct signature sig;

        /* x = n itself would be r = 0. */
        if (point != NULL && BN_cmp(x, ref.n) != 0) {
            sign_for_point(&sig, point, u1, u2);
            ck_assert_mem_eq(sig.rs, (uint8_t[30]){0}, 30);
            ck_assert(accepted(&sig));
            found++;
        }
        BN_free(u2);
        BN_free(u1);
        EC_POINT_free(point);
    }
    BN_free(x);
}
END_TEST

START_TEST(test_soft_p256_greatest_x_is_accepted)
{
    BIGNUM *x = BN_dup(ref.p);
    EC_POINT *point = NULL;
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *u2 = random_below(ref.n);
    struct signature sig;

    while (point == NULL) {
        BN_sub_word(x, 1);
        point = lift(x);
    }
    sign_for_point(&sig, point, u1, u2);
    ck_assert(accepted(&sig));
    BN_free(u2);
    BN_free(u1);
    EC_POINT_free(point);
    BN_free(x);
}
END_TEST

/* r + n is p + x: a comparison modulo p would take it. */
START_TEST(test_soft_p256_r_plus_n_above_the_prime_is_refused)
{
    BIGNUM *x = small_number(0, ref.n);
    unsigned found = 0;

    for (; found < 5; BN_add_word(x, 1)) {
        EC_POINT *point = lift(x);
        BIGNUM *r = BN_new();
        BIGNUM *u1 = random_below(ref.n);
        BIGNUM *u2 = random_below(ref.n);
        struct signature sig;

        if (point != NULL) {
            sign_for_point(&sig, point, u1, u2);
            BN_sub(r, ref.p, ref.n);
            BN_add(r, r, x);
            put_scalars(&sig, r, u1, u2);
            ck_assert(!accepted(&sig));
            found++;
        }
        BN_free(u2);
        BN_free(u1);
        BN_free(r);
        EC_POINT_free(point);
    }
    BN_free(x);
}
END_TEST

/* ---- digests ---------------------------------------------------------------------------------- */

static void check_digest(const uint8_t digest[32])
{
    BIGNUM *e = from_bytes(digest);
    BIGNUM *d = random_below(ref.n);
    BIGNUM *s = random_below(ref.n);
    EC_POINT *r_point = combine(d, NULL, NULL);
    BIGNUM *inverse = BN_mod_inverse(NULL, s, ref.n, ref.ctx);
    BIGNUM *u1 = BN_new();
    BIGNUM *u2 = BN_new();
    struct signature sig;

    BN_mod_mul(u1, e, inverse, ref.n, ref.ctx);
    coordinates(r_point, u2, NULL);
    BN_mod_mul(u2, u2, inverse, ref.n, ref.ctx);
    sign_for_point(&sig, r_point, u1, u2);
    memcpy(sig.digest, digest, 32);
    ck_assert(accepted(&sig));
    sig.digest[31] ^= 1;
    ck_assert(!accepted(&sig));
    BN_free(u2);
    BN_free(u1);
    BN_free(inverse);
    EC_POINT_free(r_point);
    BN_free(s);
    BN_free(d);
    BN_free(e);
}

START_TEST(test_soft_p256_digests_at_the_edges)
{
    uint8_t edges[12][32];
    unsigned count = edge_values(edges);

    for (unsigned i = 0; i < count; i++) {
        check_digest(edges[i]);
    }
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------- */

static void check_valid_key(const EC_POINT *q, struct signature *ret)
{
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *u2 = random_below(ref.n);

    ck_assert(sign_by_scalars(ret, u1, u2, q));
    ck_assert(accepted(ret));
    BN_free(u2);
    BN_free(u1);
}

/* x + p fits into 32 bytes for a small x. */
START_TEST(test_soft_p256_key_x_above_the_prime_is_refused)
{
    BIGNUM *x = small_number(0, ref.p);

    for (unsigned found = 0; found < 3; BN_add_word(x, 1)) {
        EC_POINT *q = lift(x);
        struct signature sig;

        if (q != NULL) {
            check_valid_key(q, &sig);
            add_to(sig.xy, ref.p);
            ck_assert(!accepted(&sig));
            found++;
        }
        EC_POINT_free(q);
    }
    BN_free(x);
}
END_TEST

/* The point of the curve with y = 5. */
START_TEST(test_soft_p256_key_y_above_the_prime_is_refused)
{
    BIGNUM *x = NULL;
    BIGNUM *y = small_number(5, ref.p);
    EC_POINT *q = EC_POINT_new(ref.group);
    struct signature sig;

    BN_hex2bn(&x, "D7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7");
    ck_assert_int_eq(EC_POINT_set_affine_coordinates(ref.group, q, x, y, ref.ctx), 1);
    check_valid_key(q, &sig);
    add_to(sig.xy + 32, ref.p);
    ck_assert(!accepted(&sig));
    EC_POINT_free(q);
    BN_free(y);
    BN_free(x);
}
END_TEST

/* A signature that the arithmetic would take for a key that is no point of the curve. */
static void sign_off_curve(struct signature *ret, const BIGNUM *x, const BIGNUM *y)
{
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *u2 = random_below(ref.n);
    uint32_t w1[8];
    uint32_t w2[8];
    uint32_t q[16];
    uint32_t rx[8];
    uint32_t rz[8];
    BIGNUM *affine;
    BIGNUM *z;

    to_words(u1, w1);
    to_words(u2, w2);
    to_montgomery_words(x, ref.p, q);
    to_montgomery_words(y, ref.p, q + 8);
    otav_p256_mul_add(rx, rz, w1, w2, q);
    otav_p256_mul_p(rz, rz, rz);
    affine = from_words(rx);
    z = from_words(rz);
    ck_assert_ptr_nonnull(BN_mod_inverse(z, z, ref.p, ref.ctx));
    BN_mod_mul(affine, affine, z, ref.p, ref.ctx);
    put_scalars(ret, affine, u1, u2);
    to_bytes(x, ret->xy);
    to_bytes(y, ret->xy + 32);
    BN_free(z);
    BN_free(affine);
    BN_free(u2);
    BN_free(u1);
}

START_TEST(test_soft_p256_key_not_on_the_curve_is_refused)
{
    for (long i = 0; i < 40; i++) {
        BIGNUM *x = i < 20 ? small_number(i / 4 - 2, ref.p) : random_below(ref.p);
        BIGNUM *y = i < 20 ? small_number(i % 4 - 2, ref.p) : random_below(ref.p);
        struct signature sig;

        sign_off_curve(&sig, x, y);
        ck_assert_msg(!accepted(&sig), "%ld", i);
        BN_free(y);
        BN_free(x);
    }
}
END_TEST

START_TEST(test_soft_p256_key_zero_or_all_ones_is_refused)
{
    struct signature sig = rfc6979[0];

    memset(sig.xy, 0, 64);
    ck_assert(!accepted(&sig));
    memset(sig.xy, 0xFF, 64);
    ck_assert(!accepted(&sig));
    memset(&sig, 0, sizeof sig);
    ck_assert(!accepted(&sig));
}
END_TEST

/* ---- points that meet ------------------------------------------------------------------------- */

/* u1 * G + u2 * Q = 0: r can be anything. */
START_TEST(test_soft_p256_sum_at_infinity_is_refused)
{
    for (unsigned i = 0; i < 8; i++) {
        BIGNUM *d = i < 4 ? small_number((long)i + 1, ref.n) : random_below(ref.n);
        BIGNUM *u1 = random_below(ref.n);
        BIGNUM *u2 = BN_mod_inverse(NULL, d, ref.n, ref.ctx);
        BIGNUM *x = i % 2 == 0 ? small_number(1, ref.n) : random_below(ref.n);
        EC_POINT *q = combine(d, NULL, NULL);
        struct signature sig;

        BN_mod_mul(u2, u2, u1, ref.n, ref.ctx);
        BN_sub(u2, ref.n, u2);
        put_key(&sig, q);
        put_scalars(&sig, x, u1, u2);
        ck_assert(!accepted(&sig));
        EC_POINT_free(q);
        BN_free(x);
        BN_free(u2);
        BN_free(u1);
        BN_free(d);
    }
}
END_TEST

/* Q a small multiple of G, positive or negative, and small scalars of either sign. */
static void check_meeting(const EC_POINT *q, int shift)
{
    for (long i = 0; i < 49; i++) {
        BIGNUM *u1 = small_number(i / 7 - 3, ref.n);
        BIGNUM *u2 = small_number(i % 7 - 3, ref.n);
        struct signature sig;

        BN_mod_lshift(u1, u1, shift, ref.n, ref.ctx);
        BN_mod_lshift(u2, u2, shift, ref.n, ref.ctx);
        if (!BN_is_zero(u2) && is_taken() && sign_by_scalars(&sig, u1, u2, q)) {
            ck_assert(accepted(&sig));
            sig.rs[31] ^= 1;
            ck_assert(!accepted(&sig));
        }
        BN_free(u2);
        BN_free(u1);
    }
}

START_TEST(test_soft_p256_equal_and_opposite_points_on_the_way)
{
    for (long d = -4; d <= 4; d++) {
        BIGNUM *scalar = small_number(d, ref.n);
        EC_POINT *q = combine(scalar, NULL, NULL);

        if (d != 0) {
            check_meeting(q, 0);
            check_meeting(q, 77);
        }
        EC_POINT_free(q);
        BN_free(scalar);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, reference_open, reference_close);
    tcase_add_test(tc, test_soft_p256_rfc6979);
    tcase_add_test(tc, test_soft_p256_every_flipped_bit_is_refused);
    tcase_add_test(tc, test_soft_p256_inputs_of_any_alignment);
    tcase_add_test(tc, test_soft_p256_r_and_s_at_the_edges_are_refused);
    tcase_add_test(tc, test_soft_p256_r_or_s_plus_n_is_refused);
    tcase_add_test(tc, test_soft_p256_least_and_greatest_s_are_accepted);
    tcase_add_test(tc, test_soft_p256_x_above_the_order_is_accepted);
    tcase_add_test(tc, test_soft_p256_greatest_x_is_accepted);
    tcase_add_test(tc, test_soft_p256_r_plus_n_above_the_prime_is_refused);
    tcase_add_test(tc, test_soft_p256_digests_at_the_edges);
    tcase_add_test(tc, test_soft_p256_key_x_above_the_prime_is_refused);
    tcase_add_test(tc, test_soft_p256_key_y_above_the_prime_is_refused);
    tcase_add_test(tc, test_soft_p256_key_not_on_the_curve_is_refused);
    tcase_add_test(tc, test_soft_p256_key_zero_or_all_ones_is_refused);
    tcase_add_test(tc, test_soft_p256_sum_at_infinity_is_refused);
    tcase_add_test(tc, test_soft_p256_equal_and_opposite_points_on_the_way);
}

int main(void)
{
    return unit_main("soft_p256", add_tests);
}
