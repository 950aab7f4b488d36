/*
 * The field of P-256 in portable C: the words that p256_fast_field.S gives, on any machine.
 * Layer: crypto back end, freestanding. A sum of words and a signed count of 2^256 beside it is
 * what every operation ends with; multiples of p bring that count to zero.
 */
#include "p256_fast_field.h"

/* Adds or subtracts p until value + top * 2^256 lies in 0..2^256-1. */
static void settle(uint32_t ret[P256_WORDS], const uint32_t value[P256_WORDS], int32_t top)
{
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = value[i];
    }
    while (top != 0) {
        int64_t carry = 0;

        for (unsigned i = 0; i < P256_WORDS; i++) {
            carry += top > 0 ? (int64_t)ret[i] - otav_p256_p[i] : (int64_t)ret[i] + otav_p256_p[i];
            ret[i] = (uint32_t)carry;
            carry >>= 32;
        }
        top += (int32_t)carry;
    }
}

void otav_p256_fast_add(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS])
{
    uint32_t sum[P256_WORDS];
    uint64_t carry = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        carry += (uint64_t)a[i] + b[i];
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
    settle(ret, sum, (int32_t)carry);
}

/* a + top * 2^256 - b, but for what is returned: the top of it. */
static int32_t subtract(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS], int32_t top,
                        const uint32_t b[P256_WORDS])
{
    int64_t carry = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        carry += (int64_t)a[i] - b[i];
        ret[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return top + (int32_t)carry;
}

void otav_p256_fast_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS])
{
    uint32_t difference[P256_WORDS];
    const int32_t top = subtract(difference, a, 0, b);

    settle(ret, difference, top);
}

void otav_p256_fast_three_halves(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS])
{
    const uint32_t odd = a[0] & 1;
    uint32_t sum[P256_WORDS + 1];
    uint64_t carry = 0;

    /* 3 * a, or 3 * a + p where that is the even one of the two. */
    for (unsigned i = 0; i < P256_WORDS; i++) {
        carry += (uint64_t)a[i] * 3 + (odd ? otav_p256_p[i] : 0);
        sum[i] = (uint32_t)carry;
        carry >>= 32;
    }
    sum[P256_WORDS] = (uint32_t)carry;
    for (unsigned i = 0; i < P256_WORDS; i++) {
        sum[i] = sum[i] >> 1 | sum[i + 1] << 31;
    }
    settle(ret, sum, (int32_t)(sum[P256_WORDS] >> 1));
}

/* (a * b + q * p) / 2^256 into ret, the q below 2^256 that makes it whole; returns word 8. */
static int32_t multiply(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS])
{
    uint32_t t[P256_WORDS] = {0};
    uint32_t top = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        const uint32_t q = a[i] * b[0] + t[0]; /* -1/p is 1 modulo 2^32 */
        uint64_t product = 0;
        uint64_t multiple = 0;

        for (unsigned j = 0; j < P256_WORDS; j++) {
            product += (uint64_t)a[i] * b[j] + t[j];
            multiple += (uint64_t)q * otav_p256_p[j] + (uint32_t)product;
            if (j > 0) {
                t[j - 1] = (uint32_t)multiple;
            }
            product >>= 32;
            multiple >>= 32;
        }
        product += multiple + top;
        t[P256_WORDS - 1] = (uint32_t)product;
        top = (uint32_t)(product >> 32);
    }
    for (unsigned i = 0; i < P256_WORDS; i++) {
        ret[i] = t[i];
    }
    return (int32_t)top;
}

void otav_p256_fast_mul(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS])
{
    uint32_t product[P256_WORDS];
    const int32_t top = multiply(product, a, b);

    settle(ret, product, top);
}

void otav_p256_fast_mul_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                            const uint32_t b[P256_WORDS], const uint32_t c[P256_WORDS])
{
    uint32_t product[P256_WORDS];
    int32_t top = multiply(product, a, b);

    top = subtract(product, product, top, c);
    settle(ret, product, top);
}

void otav_p256_fast_sqr(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS])
{
    otav_p256_fast_mul(ret, a, a);
}

void otav_p256_fast_sqr_sub_twice(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                                  const uint32_t c[P256_WORDS])
{
    uint32_t product[P256_WORDS];
    int32_t top = multiply(product, a, a);

    top = subtract(product, product, top, c);
    top = subtract(product, product, top, c);
    settle(ret, product, top);
}

uint32_t otav_p256_fast_add_product(uint32_t t[P256_WORDS], const uint32_t a[P256_WORDS],
                                    uint32_t word)
{
    uint32_t carry = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        const uint64_t sum = (uint64_t)a[i] * word + t[i] + carry;

        t[i] = (uint32_t)sum;
        carry = (uint32_t)(sum >> 32);
    }
    return carry;
}

void otav_p256_fast_combine(struct p256_limbs pair[2], const struct p256_limbs *m,
                            const struct p256_steps *steps, uint32_t negative_inverse,
                            unsigned count)
{
    const struct p256_limbs a = pair[0];
    const struct p256_limbs b = pair[1];

    for (unsigned k = 0; k < 2; k++) {
        const int64_t of_a = k == 0 ? steps->aa : steps->ba;
        const int64_t of_b = k == 0 ? steps->ab : steps->bb;
        const uint32_t low = (uint32_t)(of_a * a.v[0] + of_b * b.v[0]);
        const int64_t of_m = (int32_t)(low * negative_inverse << 2) >> 2;
        int64_t sum = 0;

        for (unsigned i = 0; i < count; i++) {
            sum += of_a * a.v[i] + of_b * b.v[i] + of_m * m->v[i];
            if (i > 0) {
                pair[k].v[i - 1] = (int32_t)((uint32_t)sum & ((1u << P256_LIMB_BITS) - 1));
            }
            sum >>= P256_LIMB_BITS;
        }
        pair[k].v[count - 1] = (int32_t)sum;
    }
}
