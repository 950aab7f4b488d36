/*
 * Points of P-256 for the profile `fast`: u1 * G + u2 * Q with one run of doublings for both,
 * digits of several bits, and multiples of G from flash.
 * Layer: crypto back end, freestanding. A point is Jacobian (X / Z^2, Y / Z^3), Z = 0 is infinity;
 * multiples to be added are affine. The sums of equal and of opposite points are told apart and
 * done right.
 */
#include "p256_fast_field.h"
#include "p256_fast_internal.h"
#include "p256_words.h"

#define Q_COUNT P256_FAST_TABLE_COUNT(P256_FAST_Q_WIDTH)

#define XY_WORDS (2 * P256_WORDS) /* X, then Y */

struct point {
    uint32_t xy[XY_WORDS];
    uint32_t z[P256_WORDS];
};

static void copy(uint32_t *ret, const uint32_t *from, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        ret[i] = from[i];
    }
}

/* 1 in Montgomery form, 2^256 - p. */
static void set_one(uint32_t ret[P256_WORDS])
{
    otav_p256_sub(ret, otav_p256_p, otav_p256_p);
    otav_p256_sub(ret, ret, otav_p256_p);
}

/* The one spelling below p. */
static void reduce(uint32_t a[P256_WORDS])
{
    if (a[P256_WORDS - 1] == otav_p256_p[P256_WORDS - 1]) {
        otav_p256_reduce(a, otav_p256_p, 0);
    }
}

/* Leaves the one spelling of zero. */
static bool is_zero(uint32_t a[P256_WORDS])
{
    if (a[0] != 0 && a[0] != otav_p256_p[0]) {
        return false;
    }
    reduce(a);
    return otav_p256_any(a) == 0;
}

void otav_p256_mul_p(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                     const uint32_t b[P256_WORDS])
{
    otav_p256_fast_mul(ret, a, b);
    reduce(ret);
}

/* r = 2 * r. Z / 2 instead of the usual Z saves additions. */
static void twice(struct point *r)
{
    uint32_t *const x = r->xy;
    uint32_t *const y = r->xy + P256_WORDS;
    uint32_t alpha[P256_WORDS], beta[P256_WORDS], gamma[P256_WORDS];

    otav_p256_fast_sqr(gamma, r->z);
    otav_p256_fast_sub(alpha, x, gamma);
    otav_p256_fast_add(beta, x, gamma);
    otav_p256_fast_mul(alpha, alpha, beta);
    otav_p256_fast_three_halves(alpha, alpha);
    otav_p256_fast_mul(r->z, r->z, y);
    otav_p256_fast_sqr(gamma, y);
    otav_p256_fast_mul(beta, x, gamma);
    otav_p256_fast_sqr_sub_twice(x, alpha, beta);
    otav_p256_fast_sqr(gamma, gamma);
    otav_p256_fast_sub(beta, beta, x);
    otav_p256_fast_mul_sub(y, alpha, beta, gamma);
}

/* r = r + t of an affine t. Where r is neither infinity nor t nor -t, Z has been multiplied with
 * what is then in ret_h. */
static void add(struct point *r, const uint32_t tx[P256_WORDS], const uint32_t ty[P256_WORDS],
                uint32_t ret_h[P256_WORDS])
{
    uint32_t *const x = r->xy;
    uint32_t *const y = r->xy + P256_WORDS;
    uint32_t u[P256_WORDS], v[P256_WORDS], w[P256_WORDS];

    if (is_zero(r->z)) {
        copy(x, tx, P256_WORDS);
        copy(y, ty, P256_WORDS);
        set_one(r->z);
        return;
    }
    otav_p256_fast_sqr(u, r->z);
    otav_p256_fast_mul_sub(ret_h, tx, u, x);
    otav_p256_fast_mul(u, u, r->z);
    otav_p256_fast_mul_sub(u, ty, u, y);
    if (is_zero(ret_h)) {
        if (is_zero(u)) {
            twice(r);
        } else {
            copy(r->z, ret_h, P256_WORDS);
        }
        return;
    }
    otav_p256_fast_mul(r->z, r->z, ret_h);
    otav_p256_fast_sqr(v, ret_h);
    otav_p256_fast_mul(w, v, ret_h);
    otav_p256_fast_mul(v, v, x);
    otav_p256_fast_sqr_sub_twice(x, u, v);
    otav_p256_fast_sub(x, x, w);
    otav_p256_fast_mul(w, w, y);
    otav_p256_fast_sub(v, v, x);
    otav_p256_fast_mul_sub(y, u, v, w);
}

/* X * z^2, Y * z^3. */
static void scale(uint32_t xy[XY_WORDS], const uint32_t z[P256_WORDS])
{
    uint32_t power[P256_WORDS];

    otav_p256_fast_sqr(power, z);
    otav_p256_fast_mul(xy, xy, power);
    otav_p256_fast_mul(power, power, z);
    otav_p256_fast_mul(xy + P256_WORDS, xy + P256_WORDS, power);
}

/*
 * Q, 3Q, 5Q, ... with one inverse. With z that of 2Q, the map of (x, y) to (x * z^2, y * z^3)
 * leads to a curve on which 2Q is affine; the sums are made there, as addition does not ask for
 * the curve. Each sum multiplies Z by its h, so from the last Z down the inverses are products. No
 * sum here is of equal or opposite points: the order of Q is a large prime.
 */
static void multiples(uint32_t ret[Q_COUNT][XY_WORDS], const uint32_t q[XY_WORDS])
{
    uint32_t h[Q_COUNT][P256_WORDS];
    uint32_t two[XY_WORDS];
    uint32_t inverse[P256_WORDS];
    struct point r;

    copy(ret[0], q, XY_WORDS);
    copy(r.xy, q, XY_WORDS);
    set_one(r.z);
    twice(&r);
    copy(two, r.xy, XY_WORDS);
    copy(h[0], r.z, P256_WORDS);
    copy(r.xy, q, XY_WORDS);
    scale(r.xy, h[0]);
    set_one(r.z);
    for (unsigned i = 1; i < Q_COUNT; i++) {
        add(&r, two, two + P256_WORDS, h[i]);
        copy(ret[i], r.xy, XY_WORDS);
    }
    otav_p256_fast_mul(r.z, r.z, h[0]);
    otav_p256_sub(inverse, q, q);
    inverse[0] = 1;
    otav_p256_mul_p(r.z, r.z, inverse); /* out of Montgomery form; the inverse comes in it */
    otav_p256_fast_inverse(inverse, r.z, &otav_p256_fast_p);
    for (unsigned i = Q_COUNT - 1; i > 0; i--) {
        scale(ret[i], inverse);
        otav_p256_fast_mul(inverse, inverse, h[i]);
    }
}

/* r = r + value * P, value a digit and table the odd multiples of P. */
static void add_digit(struct point *r, int value, const uint32_t table[][XY_WORDS])
{
    const uint32_t *t = table[(unsigned)(value < 0 ? -value : value) / 2];
    const uint32_t *y = t + P256_WORDS;
    uint32_t negative[P256_WORDS];
    uint32_t h[P256_WORDS];

    if (value < 0) {
        otav_p256_fast_sub(negative, otav_p256_p, y);
        y = negative;
    }
    add(r, t, y, h);
}

void otav_p256_mul_add(uint32_t ret_x[P256_WORDS], uint32_t ret_z[P256_WORDS],
                       const uint32_t u1[P256_WORDS], const uint32_t u2[P256_WORDS],
                       const uint32_t q[2 * P256_WORDS])
{
    uint32_t q_table[Q_COUNT][XY_WORDS];
    struct p256_fast_digits g_digits, q_digits;
    struct point r;

    multiples(q_table, q);
    otav_p256_sub(r.z, otav_p256_p, otav_p256_p); /* infinity */
    otav_p256_fast_digits_first(&g_digits, u1, P256_FAST_G_WIDTH);
    otav_p256_fast_digits_first(&q_digits, u2, P256_FAST_Q_WIDTH);
    for (int bit = g_digits.position > q_digits.position ? g_digits.position : q_digits.position;
         bit >= 0; bit--) {
        if (g_digits.position == bit) {
            add_digit(&r, g_digits.value, otav_p256_fast_g_table);
            otav_p256_fast_digits_next(&g_digits);
        }
        if (q_digits.position == bit) {
            add_digit(&r, q_digits.value, (const uint32_t(*)[XY_WORDS])q_table);
            otav_p256_fast_digits_next(&q_digits);
        }
        if (bit > 0) {
            twice(&r);
        }
    }
    reduce(r.xy);
    reduce(r.z);
    copy(ret_x, r.xy, P256_WORDS);
    copy(ret_z, r.z, P256_WORDS);
}
