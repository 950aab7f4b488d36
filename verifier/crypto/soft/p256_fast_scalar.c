/*
 * Numbers modulo n for the profile `fast`: the product, the inverse (modulo p as well) and the
 * digits that the multiplication of points reads.
 * Layer: crypto back end, freestanding. Everything here is public, so every loop ends as early as it
 * can.
 */
#include "p256_fast_internal.h"

#define LIMB_COUNT 9
#define LIMB_BITS  30
#define LIMB_MASK  ((1u << LIMB_BITS) - 1)

const uint32_t p256_p[P256_WORDS] = {0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0u,
                                     0u,          0u,          1u,          0xFFFFFFFFu};
const uint32_t p256_n[P256_WORDS] = {0xFC632551u, 0xF3B9CAC2u, 0xA7179E84u, 0xBCE6FAADu,
                                     0xFFFFFFFFu, 0xFFFFFFFFu, 0u,          0xFFFFFFFFu};

const struct p256_fast_modulus p256_fast_p = {p256_p, 1u};
const struct p256_fast_modulus p256_fast_n = {p256_n, 0xEE00BC4Fu};

/* value + top * 2^256, below 2 * n, modulo n. */
static void subtract_n_once(uint32_t ret[P256_WORDS], const uint32_t *value, uint32_t top)
{
    uint32_t less[P256_WORDS];
    int64_t borrow = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        borrow += (int64_t)value[i] - p256_n[i];
        less[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = borrow + (int32_t)top < 0 ? value[i] : less[i];
    }
}

void p256_mul_n(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                const uint32_t b[P256_WORDS])
{
    uint32_t t[P256_WORDS + 1] = {0};

    for (unsigned i = 0; i < P256_WORDS; i++) {
        const uint32_t q = (a[i] * b[0] + t[0]) * p256_fast_n.negative_inverse;
        uint64_t product = 0;
        uint64_t multiple = 0;

        for (unsigned j = 0; j < P256_WORDS; j++) {
            product += (uint64_t)a[i] * b[j] + t[j];
            multiple += (uint64_t)q * p256_n[j] + (uint32_t)product;
            if (j > 0) {
                t[j - 1] = (uint32_t)multiple;
            }
            product >>= 32;
            multiple >>= 32;
        }
        product += multiple + t[P256_WORDS];
        t[P256_WORDS - 1] = (uint32_t)product;
        t[P256_WORDS] = (uint32_t)(product >> 32);
    }
    subtract_n_once(ret, t, t[P256_WORDS]);
}

/* ---- inverse: the division steps of Bernstein and Yang (CHES 2019), 30 between two updates ---- */

/* A signed number: limbs 0..2^30-1, the last one with the sign. */
struct limbs {
    int32_t v[LIMB_COUNT];
};

static void to_limbs(struct limbs *ret, const uint32_t words[P256_WORDS])
{
    for (unsigned i = 0; i < LIMB_COUNT; i++) {
        const unsigned bit = i * LIMB_BITS;
        const unsigned word = bit / 32;
        uint64_t pair = words[word];

        if (word + 1 < P256_WORDS) {
            pair |= (uint64_t)words[word + 1] << 32;
        }
        ret->v[i] = (int32_t)(pair >> bit % 32 & LIMB_MASK);
    }
}

static void from_limbs(uint32_t ret[P256_WORDS], const struct limbs *limbs)
{
    uint64_t bits = 0;
    unsigned count = 0;
    unsigned word = 0;

    for (unsigned i = 0; i < LIMB_COUNT; i++) {
        bits |= (uint64_t)(uint32_t)limbs->v[i] << count;
        count += LIMB_BITS;
        if (count >= 32) {
            ret[word++] = (uint32_t)bits;
            bits >>= 32;
            count -= 32;
        }
    }
}

/* What 30 division steps make of f and g, times 2^30: f' = uu * f + uv * g, g' = vu * f + vv * g. */
struct steps {
    int32_t uu, uv, vu, vv;
};

/* Returns the new delta (less the half that it is always off an integer); needs only the low words. */
static int32_t divide_steps(struct steps *ret, int32_t delta, uint32_t f, uint32_t g)
{
    uint32_t uu = 1;
    uint32_t uv = 0;
    uint32_t vu = 0;
    uint32_t vv = 1;
    int left = LIMB_BITS;

    for (;;) {
        const int zeros = __builtin_ctz(g | 1u << left);

        g >>= zeros;
        uu <<= zeros;
        uv <<= zeros;
        delta += zeros;
        left -= zeros;
        if (left == 0) {
            break;
        }
        if (delta >= 0) { /* f, g = g, -f */
            const uint32_t old_f = f;
            const uint32_t old_uu = uu;
            const uint32_t old_uv = uv;

            delta = -delta - 1;
            f = g;
            g = 0u - old_f;
            uu = vu;
            vu = 0u - old_uu;
            uv = vv;
            vv = 0u - old_uv;
        }
        g += f;
        vu += uu;
        vv += uv;
    }
    ret->uu = (int32_t)uu;
    ret->uv = (int32_t)uv;
    ret->vu = (int32_t)vu;
    ret->vv = (int32_t)vv;
    return delta;
}

/* The number in 2^29-1..-2^29 that, times m, clears the low 30 bits of value. */
static int32_t clearing(uint32_t value, const struct p256_fast_modulus *m)
{
    return (int32_t)(value * m->negative_inverse << 2) >> 2;
}

/* a, b = (uu * a + uv * b + x * m) / 2^30, (vu * a + vv * b + y * m) / 2^30: whole numbers. */
static void apply(struct limbs *a, struct limbs *b, const struct steps *s, const struct limbs *m,
                  int32_t x, int32_t y)
{
    int64_t sum_a = 0;
    int64_t sum_b = 0;

    for (unsigned i = 0; i < LIMB_COUNT; i++) {
        const int64_t ai = a->v[i];
        const int64_t bi = b->v[i];
        const int64_t mi = m->v[i];

        sum_a += s->uu * ai + s->uv * bi + x * mi;
        sum_b += s->vu * ai + s->vv * bi + y * mi;
        if (i > 0) {
            a->v[i - 1] = (int32_t)((uint32_t)sum_a & LIMB_MASK);
            b->v[i - 1] = (int32_t)((uint32_t)sum_b & LIMB_MASK);
        }
        sum_a >>= LIMB_BITS;
        sum_b >>= LIMB_BITS;
    }
    a->v[LIMB_COUNT - 1] = (int32_t)sum_a;
    b->v[LIMB_COUNT - 1] = (int32_t)sum_b;
}

static bool is_zero(const struct limbs *a)
{
    int32_t any = 0;

    for (unsigned i = 0; i < LIMB_COUNT; i++) {
        any |= a->v[i];
    }
    return any == 0;
}

/* a = sign * a + times * m. */
static void add_multiple(struct limbs *a, int32_t sign, int32_t times, const struct limbs *m)
{
    int32_t carry = 0;

    for (unsigned i = 0; i < LIMB_COUNT - 1; i++) {
        carry += sign * a->v[i] + times * m->v[i];
        a->v[i] = (int32_t)((uint32_t)carry & LIMB_MASK);
        carry >>= LIMB_BITS;
    }
    a->v[LIMB_COUNT - 1] = carry + sign * a->v[LIMB_COUNT - 1] + times * m->v[LIMB_COUNT - 1];
}

void p256_fast_inverse(uint32_t ret[P256_WORDS], const uint32_t x[P256_WORDS],
                       const struct p256_fast_modulus *m)
{
    uint32_t one[P256_WORDS]; /* 2^256 - m, that is 1 in Montgomery form */
    struct limbs modulus, f, g, d = {{0}}, e;
    int32_t delta = 0;
    struct steps s;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        one[i] = ~m->words[i];
    }
    one[0]++; /* m is odd: nothing to carry */
    to_limbs(&modulus, m->words);
    f = modulus;
    to_limbs(&g, x);
    to_limbs(&e, one);

    /* f = d * x and g = e * x modulo m (and over 2^256), until g is 0 and f is 1 or -1. */
    while (!is_zero(&g)) {
        uint32_t low_d, low_e;

        delta = divide_steps(&s, delta, (uint32_t)f.v[0] | (uint32_t)f.v[1] << LIMB_BITS,
                             (uint32_t)g.v[0] | (uint32_t)g.v[1] << LIMB_BITS);
        apply(&f, &g, &s, &modulus, 0, 0);
        low_d = (uint32_t)s.uu * (uint32_t)d.v[0] + (uint32_t)s.uv * (uint32_t)e.v[0];
        low_e = (uint32_t)s.vu * (uint32_t)d.v[0] + (uint32_t)s.vv * (uint32_t)e.v[0];
        /* Each round adds at most m / 2 to the magnitudes, and there are at most 25 rounds. */
        apply(&d, &e, &s, &modulus, clearing(low_d, m), clearing(low_e, m));
    }
    add_multiple(&d, f.v[LIMB_COUNT - 1] < 0 ? -1 : 1, 0, &modulus);
    while (d.v[LIMB_COUNT - 1] >= 0) {
        add_multiple(&d, 1, -1, &modulus);
    }
    while (d.v[LIMB_COUNT - 1] < 0) {
        add_multiple(&d, 1, 1, &modulus);
    }
    from_limbs(ret, &d);
}

void p256_inverse_n(uint32_t ret[P256_WORDS], const uint32_t s[P256_WORDS])
{
    p256_fast_inverse(ret, s, &p256_fast_n);
}

/* ---- digits ---------------------------------------------------------------------------------- */

/* `count` bits of the number from bit `low`, -32..255, up. */
static int bits(const struct p256_fast_digits *digits, int low, int count)
{
    const unsigned bit = (unsigned)(low + 32);
    const uint32_t *words = &digits->words[bit / 32];
    const uint64_t pair = words[0] | (uint64_t)words[1] << 32;

    return (int)(pair >> bit % 32 & ((1u << count) - 1));
}

void p256_fast_digits_next(struct p256_fast_digits *digits)
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
    value = bits(digits, digits->end - 1, digits->width) - bits(digits, digits->end, digits->width);
    zeros = __builtin_ctz((unsigned)value);
    digits->value = value / (1 << zeros);
    digits->position = digits->end + zeros;
}

void p256_fast_digits_first(struct p256_fast_digits *ret, const uint32_t *number, int width)
{
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret->words[i + 1] = number[i];
    }
    ret->words[0] = 0;
    ret->words[P256_WORDS + 1] = 0;
    ret->width = width;
    ret->end = 32 * P256_WORDS + 1;
    p256_fast_digits_next(ret);
}
