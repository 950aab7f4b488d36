/*
 * The profile `fast` of the P-256 arithmetic against OpenSSL: what only this profile has, that is
 * its field operations in C, its table of multiples of G, its digits and its inverse, and points on
 * which its two tables meet.
 */
#include "unit.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "p256_fast_internal.h"
#include "p256_oracle.h"

enum { FIELD_ROUNDS = 20000, SCALAR_ROUNDS = 2000, POINT_ROUNDS = 100 };

static void check_field(struct oracle *o, const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS], const uint32_t c[P256_WORDS])
{
    uint32_t square[P256_WORDS];
    uint32_t product[P256_WORDS];

    for (enum field_op op = 0; op < OP_COUNT; op++) {
        uint32_t result[P256_WORDS];
        uint32_t in_place[3][P256_WORDS];

        field_op_here(op, result, a, b, c);
        ck_assert_msg(oracle_agrees(o, op, result, a, b, c), "%s", field_ops[op].symbol);
        memcpy(in_place[0], a, sizeof in_place[0]);
        memcpy(in_place[1], b, sizeof in_place[1]);
        memcpy(in_place[2], c, sizeof in_place[2]);
        field_op_here(op, in_place[0], in_place[0], b, c);
        ck_assert_mem_eq(in_place[0], result, sizeof result);
        if (strchr(field_ops[op].takes, 'b') != NULL) {
            field_op_here(op, in_place[1], a, in_place[1], c);
            ck_assert_mem_eq(in_place[1], result, sizeof result);
        }
        if (strchr(field_ops[op].takes, 'c') != NULL) {
            field_op_here(op, in_place[2], a, b, in_place[2]);
            ck_assert_mem_eq(in_place[2], result, sizeof result);
        }
    }
    otav_p256_fast_sqr(square, a);
    otav_p256_fast_mul(product, a, a);
    ck_assert_mem_eq(square, product, sizeof square);
}

START_TEST(test_field_edges_agree_with_big_numbers)
{
    struct oracle o;

    oracle_init(&o);
    for (unsigned i = 0; i < EDGE_COUNT; i++) {
        for (unsigned k = 0; k < EDGE_COUNT; k++) {
            for (unsigned l = 0; l < EDGE_COUNT; l++) {
                uint32_t a[P256_WORDS], b[P256_WORDS], c[P256_WORDS];

                edge_operand(i, a);
                edge_operand(k, b);
                edge_operand(l, c);
                check_field(&o, a, b, c);
            }
        }
    }
    oracle_free(&o);
}
END_TEST

START_TEST(test_field_random_agrees_with_big_numbers)
{
    struct oracle o;
    uint64_t state = 256;

    oracle_init(&o);
    for (unsigned i = 0; i < FIELD_ROUNDS; i++) {
        uint32_t a[P256_WORDS], b[P256_WORDS], c[P256_WORDS];

        random_operand(&state, a);
        random_operand(&state, b);
        random_operand(&state, c);
        check_field(&o, a, b, c);
    }
    oracle_free(&o);
}
END_TEST

/* Makes a number one of 0..modulus-1. */
static void below(struct oracle *o, uint32_t number[P256_WORDS], const BIGNUM *modulus)
{
    BN_nnmod(o->a, oracle_number(number, o->a), modulus, o->ctx);
    oracle_words(o->a, number);
}

START_TEST(test_product_modulo_p_is_fully_reduced)
{
    struct oracle o;
    uint64_t state = 1;

    oracle_init(&o);
    for (unsigned i = 0; i < SCALAR_ROUNDS; i++) {
        uint32_t a[P256_WORDS], b[P256_WORDS], result[P256_WORDS];

        random_operand(&state, a);
        random_operand(&state, b);
        /* with 1 in Montgomery form, a comes back; so does p itself where a is p */
        edge_operand(i % 2 == 0 ? 9 : i % EDGE_COUNT, b);
        if (i < 2 * EDGE_COUNT) {
            edge_operand(i / 2, a);
        }
        otav_p256_mul_p(result, a, b);
        ck_assert(oracle_agrees(&o, OP_MUL, result, a, b, a));
        ck_assert_int_lt(BN_cmp(oracle_number(result, o.a), o.p), 0);
    }
    oracle_free(&o);
}
END_TEST

START_TEST(test_product_modulo_n_agrees_with_big_numbers)
{
    struct oracle o;
    uint64_t state = 2;
    BIGNUM *inverse;

    oracle_init(&o);
    inverse = BN_mod_inverse(NULL, o.r, o.n, o.ctx);
    for (unsigned i = 0; i < SCALAR_ROUNDS; i++) {
        uint32_t a[P256_WORDS], b[P256_WORDS], expected[P256_WORDS];

        random_operand(&state, a);
        random_operand(&state, b);
        if (i < EDGE_COUNT * EDGE_COUNT) {
            edge_operand(i % EDGE_COUNT, a);
            edge_operand(i / EDGE_COUNT, b);
        }
        below(&o, a, o.n);
        below(&o, b, o.n);
        BN_mod_mul(o.c, oracle_number(a, o.a), oracle_number(b, o.b), o.n, o.ctx);
        BN_mod_mul(o.c, o.c, inverse, o.n, o.ctx);
        oracle_words(o.c, expected);
        otav_p256_mul_n(a, a, b);
        ck_assert_mem_eq(a, expected, sizeof expected);
    }
    BN_free(inverse);
    oracle_free(&o);
}
END_TEST

static void check_inverse(struct oracle *o, const uint32_t x[P256_WORDS], const BIGNUM *modulus,
                          const struct p256_fast_modulus *m)
{
    uint32_t expected[P256_WORDS], result[P256_WORDS];

    memcpy(result, x, sizeof result);
    below(o, result, modulus);
    if (BN_is_zero(o->a)) {
        memset(expected, 0, sizeof expected);
    } else {
        BN_mod_inverse(o->b, o->a, modulus, o->ctx);
        BN_mod_mul(o->b, o->b, o->r, modulus, o->ctx);
        oracle_words(o->b, expected);
    }
    otav_p256_fast_inverse(result, result, m);
    ck_assert_mem_eq(result, expected, sizeof expected);
}

START_TEST(test_inverse_agrees_with_big_numbers)
{
    struct oracle o;
    uint64_t state = 3;

    oracle_init(&o);
    for (unsigned i = 0; i < SCALAR_ROUNDS; i++) {
        uint32_t x[P256_WORDS];

        random_operand(&state, x);
        if (i < EDGE_COUNT) {
            edge_operand(i, x);
        } else if (i < EDGE_COUNT + 256) {
            memset(x, 0, sizeof x);
            x[(i - EDGE_COUNT) / 32] = 1u << (i - EDGE_COUNT) % 32;
        }
        check_inverse(&o, x, o.p, &otav_p256_fast_p);
        check_inverse(&o, x, o.n, &otav_p256_fast_n);
    }
    oracle_free(&o);
}
END_TEST

START_TEST(test_inverse_n_is_that_modulo_n)
{
    uint32_t x[P256_WORDS] = {0xC0FFEEu}, expected[P256_WORDS];

    otav_p256_fast_inverse(expected, x, &otav_p256_fast_n);
    otav_p256_inverse_n(x, x);
    ck_assert_mem_eq(x, expected, sizeof x);
}
END_TEST

static void check_digits(struct oracle *o, const uint32_t number[P256_WORDS], int width)
{
    struct p256_fast_digits digits;
    int last = 32 * P256_WORDS + 1;

    BN_zero(o->result);
    for (otav_p256_fast_digits_first(&digits, number, width); digits.position >= 0;
         otav_p256_fast_digits_next(&digits)) {
        const int magnitude = abs(digits.value);

        ck_assert_int_lt(digits.position, last);
        last = digits.position;
        ck_assert_int_eq(magnitude % 2, 1);
        ck_assert_int_lt(magnitude, 1 << (width - 1));
        BN_set_word(o->a, (BN_ULONG)magnitude);
        BN_lshift(o->a, o->a, digits.position);
        if (digits.value < 0) {
            BN_sub(o->result, o->result, o->a);
        } else {
            BN_add(o->result, o->result, o->a);
        }
    }
    ck_assert_int_eq(BN_cmp(o->result, oracle_number(number, o->a)), 0);
}

START_TEST(test_digits_add_up_to_the_number)
{
    struct oracle o;
    uint64_t state = 4;

    oracle_init(&o);
    for (int width = 3; width <= 6; width++) {
        for (unsigned i = 0; i < SCALAR_ROUNDS; i++) {
            uint32_t x[P256_WORDS] = {i};

            if (i >= 512) {
                random_operand(&state, x);
            }
            if (i >= SCALAR_ROUNDS - EDGE_COUNT) {
                edge_operand(i - (SCALAR_ROUNDS - EDGE_COUNT), x);
            }
            check_digits(&o, x, width);
        }
    }
    oracle_free(&o);
}
END_TEST

/* ---- points ----------------------------------------------------------------------------------- */

/* X and Y of an affine point, in Montgomery form. */
static void point_words(struct oracle *o, const EC_GROUP *group, const EC_POINT *point,
                        uint32_t ret[2 * P256_WORDS])
{
    ck_assert_int_eq(EC_POINT_get_affine_coordinates(group, point, o->a, o->b, o->ctx), 1);
    BN_mod_mul(o->a, o->a, o->r, o->p, o->ctx);
    BN_mod_mul(o->b, o->b, o->r, o->p, o->ctx);
    oracle_words(o->a, ret);
    oracle_words(o->b, ret + P256_WORDS);
}

START_TEST(test_table_holds_the_odd_multiples_of_g)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *factor = BN_new();
    struct oracle o;

    oracle_init(&o);
    for (unsigned i = 0; i < P256_FAST_TABLE_COUNT(P256_FAST_G_WIDTH); i++) {
        uint32_t expected[2 * P256_WORDS];

        BN_set_word(factor, 2 * i + 1);
        EC_POINT_mul(group, point, factor, NULL, NULL, o.ctx);
        point_words(&o, group, point, expected);
        ck_assert_mem_eq(otav_p256_fast_g_table[i], expected, sizeof expected);
    }
    oracle_free(&o);
    BN_free(factor);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}
END_TEST

struct points {
    struct oracle o;
    EC_GROUP *group;
    EC_POINT *q, *sum;
    BIGNUM *factor, *u1, *u2;
};

static void points_init(struct points *s)
{
    oracle_init(&s->o);
    s->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    s->q = EC_POINT_new(s->group);
    s->sum = EC_POINT_new(s->group);
    s->factor = BN_new();
    s->u1 = BN_new();
    s->u2 = BN_new();
}

static void points_free(struct points *s)
{
    oracle_free(&s->o);
    EC_POINT_free(s->q);
    EC_POINT_free(s->sum);
    EC_GROUP_free(s->group);
    BN_free(s->factor);
    BN_free(s->u1);
    BN_free(s->u2);
}

/* u1 * G + u2 * Q with Q = factor * G, against OpenSSL; the numbers of s are taken modulo n. */
static void check_sum(struct points *s)
{
    struct oracle *o = &s->o;
    uint32_t q[2 * P256_WORDS], u1[P256_WORDS], u2[P256_WORDS];
    uint32_t x[P256_WORDS], z[P256_WORDS], expected[2 * P256_WORDS];

    BN_nnmod(s->factor, s->factor, o->n, o->ctx);
    BN_nnmod(s->u1, s->u1, o->n, o->ctx);
    BN_nnmod(s->u2, s->u2, o->n, o->ctx);
    EC_POINT_mul(s->group, s->q, s->factor, NULL, NULL, o->ctx);
    EC_POINT_mul(s->group, s->sum, s->u1, s->q, s->u2, o->ctx);
    point_words(o, s->group, s->q, q);
    oracle_words(s->u1, u1);
    oracle_words(s->u2, u2);
    otav_p256_mul_add(x, z, u1, u2, q);
    ck_assert_int_lt(BN_cmp(oracle_number(x, o->a), o->p), 0);
    ck_assert_int_lt(BN_cmp(oracle_number(z, o->a), o->p), 0);
    if (EC_POINT_is_at_infinity(s->group, s->sum)) {
        ck_assert(BN_is_zero(o->a));
        return;
    }
    ck_assert(!BN_is_zero(o->a));
    point_words(o, s->group, s->sum, expected);
    otav_p256_mul_p(expected, expected, z);
    otav_p256_mul_p(expected, expected, z);
    ck_assert_mem_eq(x, expected, sizeof x);
}

START_TEST(test_sum_of_random_points)
{
    struct points s;
    uint64_t state = 5;

    points_init(&s);
    for (unsigned i = 0; i < POINT_ROUNDS; i++) {
        uint32_t words[3][P256_WORDS];

        for (unsigned k = 0; k < 3; k++) {
            random_operand(&state, words[k]);
        }
        words[0][0] |= 1; /* Q is not infinity */
        oracle_number(words[0], s.factor);
        oracle_number(words[1], s.u1);
        oracle_number(words[2], s.u2);
        check_sum(&s);
    }
    points_free(&s);
}
END_TEST

static void set_signed(BIGNUM *number, int value)
{
    BN_set_word(number, (BN_ULONG)abs(value));
    BN_set_negative(number, value < 0);
}

/* Q a small multiple of G, plus or minus: sums of equal points, opposite ones and infinity all over. */
START_TEST(test_sum_where_the_tables_meet)
{
    static const int factors[] = {1, -1, 2, -2, 3, -3, 5, -7, 15, -15, 16, 17, -31};
    struct points s;

    points_init(&s);
    for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++) {
        for (int u1 = -9; u1 <= 9; u1++) {
            for (int u2 = -9; u2 <= 9; u2++) {
                if (!is_taken()) {
                    continue;
                }
                set_signed(s.factor, factors[f]);
                set_signed(s.u1, u1);
                set_signed(s.u2, u2);
                check_sum(&s);
            }
        }
    }
    points_free(&s);
}
END_TEST

/* u1 = +-u2 * factor + small, for large u2: the two partial sums meet late. */
START_TEST(test_sum_that_meets_infinity_late)
{
    struct points s;
    uint64_t state = 6;

    points_init(&s);
    for (unsigned i = 0; i < POINT_ROUNDS; i++) {
        uint32_t words[P256_WORDS];

        set_signed(s.factor, (int)(i % 17) + 1);
        random_operand(&state, words);
        oracle_number(words, s.u2);
        BN_mul(s.u1, s.u2, s.factor, s.o.ctx);
        BN_set_negative(s.u1, i % 3 != 0);
        if (i % 2 == 0) {
            BN_add_word(s.u1, i % 5);
        } else {
            BN_sub_word(s.u1, i % 5);
        }
        check_sum(&s);
    }
    points_free(&s);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, test_field_edges_agree_with_big_numbers);
    tcase_add_test(tcase, test_field_random_agrees_with_big_numbers);
    tcase_add_test(tcase, test_product_modulo_p_is_fully_reduced);
    tcase_add_test(tcase, test_product_modulo_n_agrees_with_big_numbers);
    tcase_add_test(tcase, test_inverse_agrees_with_big_numbers);
    tcase_add_test(tcase, test_inverse_n_is_that_modulo_n);
    tcase_add_test(tcase, test_digits_add_up_to_the_number);
    tcase_add_test(tcase, test_table_holds_the_odd_multiples_of_g);
    tcase_add_test(tcase, test_sum_of_random_points);
    tcase_add_test(tcase, test_sum_where_the_tables_meet);
    tcase_add_test(tcase, test_sum_that_meets_infinity_late);
}

int main(void)
{
    return unit_main("soft_p256_parts", add_tests);
}
