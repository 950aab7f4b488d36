/*
 * Points of P-256 for the profile `fast`: u1 * G + u2 * Q with one run of doublings for both, digits
 * of several bits, and multiples of G from flash.
 * Layer: crypto back end, freestanding. A point is Jacobian (X / Z^2, Y / Z^3), Z = 0 is infinity;
 * multiples to be added are affine. The sums of equal and of opposite points are told apart and done
 * right.
 */
#include "p256_fast_field.h"
#include "p256_fast_internal.h"

#define Q_COUNT P256_FAST_TABLE_COUNT(P256_FAST_Q_WIDTH)

#define XY_WORDS (2 * P256_WORDS) /* X, then Y */

struct point {
    uint32_t xy[XY_WORDS];
    uint32_t z[P256_WORDS];
};

static const uint32_t one[P256_WORDS] = {1u,          0u,          0u,          0xFFFFFFFFu,
                                         0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFEu, 0u};

static void copy(uint32_t *ret, const uint32_t *from, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        ret[i] = from[i];
    }
}

/* The one spelling below p. */
static void reduce(uint32_t a[P256_WORDS])
{
    uint32_t less[P256_WORDS];
    int64_t borrow = 0;

    if (a[P256_WORDS - 1] != 0xFFFFFFFFu) {
        return;
    }
    for (unsigned i = 0; i < P256_WORDS; i++) {
        borrow += (int64_t)a[i] - p256_p[i];
        less[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    if (borrow == 0) {
        copy(a, less, P256_WORDS);
    }
}

static bool is_zero(uint32_t a[P256_WORDS])
{
    uint32_t any = 0;

    reduce(a);
    for (unsigned i = 0; i < P256_WORDS; i++) {
        any |= a[i];
    }
    return any == 0;
}

void p256_mul_p(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                const uint32_t b[P256_WORDS])
{
    p256_fast_mul(ret, a, b);
    reduce(ret);
}

/* r = 2 * r. Z / 2 instead of the usual Z saves additions. */
static void twice(struct point *r)
{
    uint32_t *const x = r->xy;
    uint32_t *const y = r->xy + P256_WORDS;
    uint32_t alpha[P256_WORDS], beta[P256_WORDS], gamma[P256_WORDS];

    p256_fast_sqr(gamma, r->z);
    p256_fast_sub(alpha, x, gamma);
    p256_fast_add(beta, x, gamma);
    p256_fast_mul(alpha, alpha, beta);
    p256_fast_three_halves(alpha, alpha);
    p256_fast_mul(r->z, r->z, y);
    p256_fast_sqr(gamma, y);
    p256_fast_mul(beta, x, gamma);
    p256_fast_sqr_sub(x, alpha, beta);
    p256_fast_sub(x, x, beta);
    p256_fast_sqr(gamma, gamma);
    p256_fast_sub(beta, beta, x);
    p256_fast_mul_sub(y, alpha, beta, gamma);
}

/* r = r + t of an affine t. Where r is neither infinity nor t nor -t, Z has been multiplied with what
 * is then in ret_h. */
static void add(struct point *r, const uint32_t t[XY_WORDS], uint32_t ret_h[P256_WORDS])
{
    uint32_t *const x = r->xy;
    uint32_t *const y = r->xy + P256_WORDS;
    uint32_t u[P256_WORDS], v[P256_WORDS], w[P256_WORDS];

    if (is_zero(r->z)) {
        copy(r->xy, t, XY_WORDS);
        copy(r->z, one, P256_WORDS);
        return;
    }
    p256_fast_sqr(u, r->z);
    p256_fast_mul_sub(ret_h, t, u, x);
    p256_fast_mul(u, u, r->z);
    p256_fast_mul_sub(u, t + P256_WORDS, u, y);
    if (is_zero(ret_h)) {
        if (is_zero(u)) {
            twice(r);
        } else {
            copy(r->z, ret_h, P256_WORDS);
        }
        return;
    }
    p256_fast_mul(r->z, r->z, ret_h);
    p256_fast_sqr(v, ret_h);
    p256_fast_mul(w, v, ret_h);
    p256_fast_mul(v, v, x);
    p256_fast_sqr_sub(x, u, w);
    p256_fast_sub(x, x, v);
    p256_fast_sub(x, x, v);
    p256_fast_mul(w, w, y);
    p256_fast_sub(v, v, x);
    p256_fast_mul_sub(y, u, v, w);
}

/* X * z^2, Y * z^3. */
static void scale(uint32_t xy[XY_WORDS], const uint32_t z[P256_WORDS])
{
    uint32_t power[P256_WORDS];

    p256_fast_sqr(power, z);
    p256_fast_mul(xy, xy, power);
    p256_fast_mul(power, power, z);
    p256_fast_mul(xy + P256_WORDS, xy + P256_WORDS, power);
}

/*
 * Q, 3Q, 5Q, ... with one inverse. With z that of 2Q, the map of (x, y) to (x * z^2, y * z^3) leads to
 * a curve on which 2Q is affine; the sums are made there, as addition does not ask for the curve.
 * Each sum multiplies Z by its h, so from the last Z down the inverses are products. No sum here is
 * of equal or opposite points: the order of Q is a large prime.
 */
static void multiples(uint32_t ret[Q_COUNT][XY_WORDS], const uint32_t q[XY_WORDS])
{
    static const uint32_t plain_one[P256_WORDS] = {1u};
    uint32_t h[Q_COUNT][P256_WORDS];
    uint32_t two[XY_WORDS];
    uint32_t inverse[P256_WORDS];
    struct point r;

    copy(ret[0], q, XY_WORDS);
    copy(r.xy, q, XY_WORDS);
    copy(r.z, one, P256_WORDS);
    twice(&r);
    copy(two, r.xy, XY_WORDS);
    copy(h[0], r.z, P256_WORDS);
    copy(r.xy, q, XY_WORDS);
    scale(r.xy, h[0]);
    copy(r.z, one, P256_WORDS);
    for (unsigned i = 1; i < Q_COUNT; i++) {
        add(&r, two, h[i]);
        copy(ret[i], r.xy, XY_WORDS);
    }
    p256_fast_mul(r.z, r.z, h[0]);
    p256_mul_p(r.z, r.z, plain_one); /* out of Montgomery form; its inverse comes in it */
    p256_fast_inverse(inverse, r.z, &p256_fast_p);
    for (unsigned i = Q_COUNT - 1; i > 0; i--) {
        scale(ret[i], inverse);
        p256_fast_mul(inverse, inverse, h[i]);
    }
}

/* r = r + value * P, value a digit and table the odd multiples of P. */
static void add_digit(struct point *r, int value, const uint32_t table[][XY_WORDS])
{
    uint32_t t[XY_WORDS];
    uint32_t h[P256_WORDS];

    copy(t, table[(value < 0 ? -value : value) / 2], XY_WORDS);
    if (value < 0) {
        p256_fast_sub(t + P256_WORDS, p256_p, t + P256_WORDS);
    }
    add(r, t, h);
}

void p256_mul_add(uint32_t ret_x[P256_WORDS], uint32_t ret_z[P256_WORDS],
                  const uint32_t u1[P256_WORDS], const uint32_t u2[P256_WORDS],
                  const uint32_t q[2 * P256_WORDS])
{
    uint32_t q_table[Q_COUNT][XY_WORDS];
    struct p256_fast_digits g_digits, q_digits;
    struct point r = {{0}, {0}};

    multiples(q_table, q);
    p256_fast_digits_first(&g_digits, u1, P256_FAST_G_WIDTH);
    p256_fast_digits_first(&q_digits, u2, P256_FAST_Q_WIDTH);
    for (int bit = g_digits.position > q_digits.position ? g_digits.position : q_digits.position;
         bit >= 0; bit--) {
        if (g_digits.position == bit) {
            add_digit(&r, g_digits.value, p256_fast_g_table);
            p256_fast_digits_next(&g_digits);
        }
        if (q_digits.position == bit) {
            add_digit(&r, q_digits.value, (const uint32_t(*)[XY_WORDS])q_table);
            p256_fast_digits_next(&q_digits);
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
