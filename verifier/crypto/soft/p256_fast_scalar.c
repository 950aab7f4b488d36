/*
 * Numbers modulo n for the profile `fast`: the product, the inverse (modulo p as well) and the
 * digits that the multiplication of points reads.
 * Layer: crypto back end, freestanding. Everything here is public, so every loop ends as early as it
 * can.
 */
#include "p256_fast_internal.h"
#include "p256_words.h"

#define LIMB_COUNT 9
#define LIMB_BITS  30
#define LIMB_MASK  ((1u << LIMB_BITS) - 1)

const uint32_t p256_p[P256_WORDS] = {0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu, 0u,
                                     0u,          0u,          1u,          0xFFFFFFFFu};
const uint32_t p256_n[P256_WORDS] = {0xFC632551u, 0xF3B9CAC2u, 0xA7179E84u, 0xBCE6FAADu,
                                     0xFFFFFFFFu, 0xFFFFFFFFu, 0u,          0xFFFFFFFFu};

const struct p256_fast_modulus p256_fast_p = {p256_p, 1u};
const struct p256_fast_modulus p256_fast_n = {p256_n, 0xEE00BC4Fu};

/* t[0..7] += a * word; returns what is left for t[8]. */
static uint32_t add_product(uint32_t t[P256_WORDS], const uint32_t a[P256_WORDS], uint32_t word)
{
    uint32_t carry = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        const uint64_t sum = (uint64_t)a[i] * word + t[i] + carry;

        t[i] = (uint32_t)sum;
        carry = (uint32_t)(sum >> 32);
    }
    return carry;
}

void p256_mul_n(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                const uint32_t b[P256_WORDS])
{
    uint32_t sum[2 * P256_WORDS];
    uint32_t *t = sum;
    uint64_t top = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        sum[i] = 0;
    }
    for (unsigned i = 0; i < P256_WORDS; i++, t++) {
        top += add_product(t, a, b[i]);
        top += add_product(t, p256_n, t[0] * p256_fast_n.negative_inverse);
        t[P256_WORDS] = (uint32_t)top;
        top >>= 32;
    }
    p256_reduce(t, p256_n, (uint32_t)top);
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = t[i];
    }
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

/* (s * pair[0] + t * pair[1] + x * m) / 2^30 with the x in -2^29..2^29-1 that makes it whole; negative:
 * -1/m modulo 2^32. */
static void combine(struct limbs *ret, const struct limbs pair[2], int32_t s, int32_t t,
                    const struct limbs *m, uint32_t negative)
{
    int64_t sum = s * (int64_t)pair[0].v[0] + t * (int64_t)pair[1].v[0];
    const int32_t x = (int32_t)((uint32_t)sum * negative << 2) >> 2;

    sum += x * (int64_t)m->v[0];
    for (unsigned i = 1; i < LIMB_COUNT; i++) {
        sum >>= LIMB_BITS;
        sum += s * (int64_t)pair[0].v[i];
        sum += t * (int64_t)pair[1].v[i];
        sum += x * (int64_t)m->v[i];
        ret->v[i - 1] = (int32_t)((uint32_t)sum & LIMB_MASK);
    }
    ret->v[LIMB_COUNT - 1] = (int32_t)(sum >> LIMB_BITS);
}

static uint32_t low_word(const struct limbs *a)
{
    return (uint32_t)a->v[0] | (uint32_t)a->v[1] << LIMB_BITS;
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
    enum { F, G, D, E };
    uint32_t one[P256_WORDS]; /* 2^256 - m, that is 1 in Montgomery form */
    struct limbs modulus;
    struct limbs buffers[2][4];
    struct limbs *now = buffers[0];
    struct limbs *next = buffers[1];
    struct limbs *result;
    int32_t delta = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        one[i] = ~m->words[i];
    }
    one[0]++; /* m is odd: nothing to carry */
    to_limbs(&modulus, m->words);
    now[F] = modulus;
    to_limbs(&now[G], x);
    to_limbs(&now[E], one);
    for (unsigned i = 0; i < LIMB_COUNT; i++) {
        now[D].v[i] = 0;
    }

    /* f = d * x and g = e * x modulo m (and over 2^256), until g is 0 and f is 1 or -1. Each round adds
     * at most m / 2 to the magnitudes of d and e, and there are at most 25 rounds. */
    while (!is_zero(&now[G])) {
        struct limbs *const used = now;
        struct steps s;

        delta = divide_steps(&s, delta, low_word(&now[F]), low_word(&now[G]));
        for (unsigned i = F; i <= D; i += D) {
            combine(&next[i], &now[i], s.uu, s.uv, &modulus, m->negative_inverse);
            combine(&next[i + 1], &now[i], s.vu, s.vv, &modulus, m->negative_inverse);
        }
        now = next;
        next = used;
    }
    result = &now[D];
    add_multiple(result, now[F].v[LIMB_COUNT - 1] < 0 ? -1 : 1, 0, &modulus);
    while (result->v[LIMB_COUNT - 1] >= 0) {
        add_multiple(result, 1, -1, &modulus);
    }
    while (result->v[LIMB_COUNT - 1] < 0) {
        add_multiple(result, 1, 1, &modulus);
    }
    from_limbs(ret, result);
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
    value = bits(digits, digits->end - 1, digits->width + 1);
    value = (value & ((1 << digits->width) - 1)) - (value >> 1);
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
