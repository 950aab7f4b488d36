/*
 * The field of P-256 for the profile `fast`, and the loops of the numbers modulo n:
 * p256_fast_field.S on a Cortex-M4, p256_fast_field.c elsewhere; both give the same words.
 *
 * An element is eight 32-bit words, least significant first, that stand for x * 2^256 modulo p.
 * Any value below 2^256 is allowed: an element may have two spellings, x and x + p. Outputs may
 * alias inputs. Running time depends on the operands.
 */
#ifndef OTAV_P256_FAST_FIELD_H
#define OTAV_P256_FAST_FIELD_H

#include "p256_arith.h"

void otav_p256_fast_add(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS]);

void otav_p256_fast_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS]);

/* 3 * a / 2. */
void otav_p256_fast_three_halves(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS]);

void otav_p256_fast_mul(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                        const uint32_t b[P256_WORDS]);

void otav_p256_fast_sqr(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS]);

/* a * b - c. */
void otav_p256_fast_mul_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                            const uint32_t b[P256_WORDS], const uint32_t c[P256_WORDS]);

/* a * a - 2 * c. */
void otav_p256_fast_sqr_sub_twice(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                                  const uint32_t c[P256_WORDS]);

/* t += a * word; returns the carry, the word above. */
uint32_t otav_p256_fast_add_product(uint32_t t[P256_WORDS], const uint32_t a[P256_WORDS],
                                    uint32_t word);

#define P256_LIMB_COUNT 9
#define P256_LIMB_BITS  30

/* A signed number: limbs 0..2^30-1, least significant first, the last one with the sign. */
struct p256_limbs {
    int32_t below; /* where bits go that are shifted out */
    int32_t v[P256_LIMB_COUNT];
};

/* What 30 division steps make of two numbers, times 2^30: a' = aa * a + ab * b, b' = ba * a + bb *
 * b; |aa| + |ab| and |ba| + |bb| are at most 2^30. */
struct p256_steps {
    int32_t aa, ab, ba, bb;
};

/* Takes the steps: each of the pair becomes (as above + x * m) / 2^30, x the number in
 * -2^29..2^29-1 that makes it whole. Numbers have `count` limbs, one at least; negative_inverse:
 * -1/m modulo 2^32. */
void otav_p256_fast_combine(struct p256_limbs pair[2], const struct p256_limbs *m,
                            const struct p256_steps *steps, uint32_t negative_inverse,
                            unsigned count);

#endif
