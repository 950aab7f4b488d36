/*
 * Numbers modulo n for the profile `fast`: the product, the inverse (modulo p as well) and the
 * digits that the multiplication of points reads.
 * Layer: crypto back end, freestanding. Everything here is public, so every loop ends as early as
 * it can.
 */
#include "p256_fast_field.h"
#include "p256_fast_internal.h"
#include "p256_words.h"

#define LIMB_MASK ((1u << P256_LIMB_BITS) - 1)

const uint32_t otav_p256_p[P256_WORDS] = {0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0u,
                                          0u,          0u,          1u,          0xFFFFFFFFu};
const uint32_t otav_p256_n[P256_WORDS] = {0xFC632551u, 0xF3B9CAC2u, 0xA7179E84u, 0xBCE6FAADu,
                                          0xFFFFFFFFu, 0xFFFFFFFFu, 0u,          0xFFFFFFFFu};

const struct p256_fast_modulus otav_p256_fast_p = {otav_p256_p, 1u};
const struct p256_fast_modulus otav_p256_fast_n = {otav_p256_n, 0xEE00BC4Fu};

void otav_p256_mul_n(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                     const uint32_t b[P256_WORDS])
{
    uint32_t sum[2 * P256_WORDS];
    uint32_t *t = sum;
    uint64_t top = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        sum[i] = 0;
    }
    for (unsigned i = 0; i < P256_WORDS; i++, t++) {
        top += otav_p256_fast_add_product(t, a, b[i]);
        top += otav_p256_fast_add_product(t, otav_p256_n, t[0] * otav_p256_fast_n.negative_inverse);
        t[P256_WORDS] = (uint32_t)top;
        top >>= 32;
    }
    otav_p256_reduce(t, otav_p256_n, (uint32_t)top);
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = t[i];
    }
}

/* ---- inverse: the division steps of Bernstein and Yang (CHES 2019), 30 between two updates
 * ---- */

/* Limb i begins 2 * i bits below word i. */
static void to_limbs(struct p256_limbs *ret, const uint32_t words[P256_WORDS])
{
    uint32_t below = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret->v[i] = (int32_t)((words[i] << 2 * i | below) & LIMB_MASK);
        below = words[i] >> (P256_LIMB_BITS - 2 * i);
    }
    ret->v[P256_WORDS] = (int32_t)below;
}

static void from_limbs(uint32_t ret[P256_WORDS], const struct p256_limbs *limbs)
{
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = (uint32_t)limbs->v[i] >> 2 * i | (uint32_t)limbs->v[i + 1]
                                                      << (P256_LIMB_BITS - 2 * i);
    }
}

/* Returns the new delta (less the half that it is always off an integer); needs only 30 bits. */
static int32_t divide_steps(struct p256_steps *ret, int32_t delta, uint32_t f, uint32_t g)
{
    uint32_t aa = 1;
    uint32_t ab = 0;
    uint32_t ba = 0;
    uint32_t bb = 1;
    int left = P256_LIMB_BITS;

    for (;;) {
        const int zeros = __builtin_ctz(g | 1u << left);

        g >>= zeros;
        aa <<= zeros;
        ab <<= zeros;
        delta += zeros;
        left -= zeros;
        if (left == 0) {
            break;
        }
        if (delta >= 0) { /* f, g = g, -f */
            const uint32_t old_f = f;
            const uint32_t old_aa = aa;
            const uint32_t old_ab = ab;

            delta = -delta - 1;
            f = g;
            g = 0u - old_f;
            aa = ba;
            ba = 0u - old_aa;
            ab = bb;
            bb = 0u - old_ab;
        }
        g += f;
        ba += aa;
        bb += ab;
    }
    ret->aa = (int32_t)aa;
    ret->ab = (int32_t)ab;
    ret->ba = (int32_t)ba;
    ret->bb = (int32_t)bb;
    return delta;
}

/* 2^256 modulo m: that is 2^256 - m. */
static const uint32_t *montgomery_one(uint32_t ret[P256_WORDS], const uint32_t m[P256_WORDS])
{
    otav_p256_sub(ret, m, m);
    otav_p256_sub(ret, ret, m);
    return ret;
}

static bool is_zero(const struct p256_limbs *a, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (a->v[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Drops the last limbs of two numbers, one at least being left, while in both they only hold the
 * sign; returns how many are left. */
static unsigned shorten(struct p256_limbs pair[2], unsigned count)
{
    while (count > 1) {
        const int32_t a = pair[0].v[count - 1];
        const int32_t b = pair[1].v[count - 1];

        if (a != a >> 31 || b != b >> 31) {
            break;
        }
        count--;
        pair[0].v[count - 1] |= (int32_t)((uint32_t)a << P256_LIMB_BITS);
        pair[1].v[count - 1] |= (int32_t)((uint32_t)b << P256_LIMB_BITS);
    }
    return count;
}

/* a = sign * a + times * m. */
static void add_multiple(struct p256_limbs *a, int32_t sign, int32_t times,
                         const struct p256_limbs *m)
{
    int32_t carry = 0;

    for (unsigned i = 0; i < P256_LIMB_COUNT - 1; i++) {
        carry += sign * a->v[i] + times * m->v[i];
        a->v[i] = (int32_t)((uint32_t)carry & LIMB_MASK);
        carry >>= P256_LIMB_BITS;
    }
    a->v[P256_LIMB_COUNT - 1] =
        carry + sign * a->v[P256_LIMB_COUNT - 1] + times * m->v[P256_LIMB_COUNT - 1];
}

void otav_p256_fast_inverse(uint32_t ret[P256_WORDS], const uint32_t x[P256_WORDS],
                            const struct p256_fast_modulus *m)
{
    enum { F, G, D, E, COUNT };
    struct p256_limbs n[COUNT];
    struct p256_limbs modulus;
    unsigned count = P256_LIMB_COUNT; /* limbs of f and g */
    int32_t delta = 0;

    to_limbs(&modulus, m->words);
    n[F] = modulus;
    to_limbs(&n[G], x);
    to_limbs(&n[E], montgomery_one(ret, m->words));
    for (unsigned i = 0; i < P256_LIMB_COUNT; i++) {
        n[D].v[i] = 0;
    }

    /* f = d * x and g = e * x modulo m (and over 2^256), until g is 0 and f is 1 or -1. The
     * multiples of m that come with a round are 0 for f and g, and at most m / 2 for d and e;
     * there are at most 25 rounds. */
    while (!is_zero(&n[G], count)) {
        struct p256_steps s;

        delta = divide_steps(&s, delta, (uint32_t)n[F].v[0], (uint32_t)n[G].v[0]);
        otav_p256_fast_combine(&n[F], &modulus, &s, m->negative_inverse, count);
        otav_p256_fast_combine(&n[D], &modulus, &s, m->negative_inverse, P256_LIMB_COUNT);
        count = shorten(&n[F], count);
    }
    add_multiple(&n[D], n[F].v[count - 1] < 0 ? -1 : 1, 0, &modulus);
    while (n[D].v[P256_LIMB_COUNT - 1] >= 0) {
        add_multiple(&n[D], 1, -1, &modulus);
    }
    while (n[D].v[P256_LIMB_COUNT - 1] < 0) {
        add_multiple(&n[D], 1, 1, &modulus);
    }
    from_limbs(ret, &n[D]);
}

void otav_p256_inverse_n(uint32_t ret[P256_WORDS], const uint32_t s[P256_WORDS])
{
    otav_p256_fast_inverse(ret, s, &otav_p256_fast_n);
}

/* ---- digits ---------------------------------------------------------------------------------- */

/* `count` bits of the number from bit `low`, -32..255, up. */
static int bits(const struct p256_fast_digits *digits, int low, int count)
{
    const unsigned bit = (unsigned)(low + 32);
    const uint32_t *words = &digits->words[bit / 32];
    const unsigned shift = bit % 32;
    const uint32_t low_bits = words[0] >> shift | words[1] << 1 << (31 - shift);

    return (int)(low_bits & ((1u << count) - 1));
}

void otav_p256_fast_digits_next(struct p256_fast_digits *digits)
{
    int top = digits->end - 1;
    int value, zeros;

    /* number = 2 * number - number: as a difference of bits, digit i is bit i-1 less bit i. */
    while (top >= 0 && (bits(digits, top - 1, 2) + 1) / 2 != 1) {
        top--;
    }
    digits->position = -1;
    if (top < 0) {
        return;
    }
    digits->end = top - digits->width + 1;
    value = bits(digits, digits->end - 1, digits->width + 1);
    value = (value & ((1 << digits->width) - 1)) - (value >> 1);
    zeros = __builtin_ctz((unsigned)value);
    digits->value = value / (1 << zeros);
    digits->position = digits->end + zeros;
}

void otav_p256_fast_digits_first(struct p256_fast_digits *ret, const uint32_t *number, int width)
{
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret->words[i + 1] = number[i];
    }
    ret->words[0] = 0;
    ret->words[P256_WORDS + 1] = 0;
    ret->width = width;
    ret->end = 32 * P256_WORDS + 1;
    otav_p256_fast_digits_next(ret);
}
