/*
 * The field of P-256 for the profile `fast`: p256_fast_field.S on a Cortex-M4, p256_fast_field.c
 * elsewhere; both give the same words.
 *
 * An element is eight 32-bit words, least significant first, that stand for x * 2^256 modulo p.
 * Any value below 2^256 is allowed: an element may have two spellings, x and x + p. Outputs may
 * alias inputs. Running time depends on the operands.
 */
#ifndef OTAV_P256_FAST_FIELD_H
#define OTAV_P256_FAST_FIELD_H

#include "p256_arith.h"

void p256_fast_add(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                   const uint32_t b[P256_WORDS]);

void p256_fast_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                   const uint32_t b[P256_WORDS]);

/* 3 * a / 2. */
void p256_fast_three_halves(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS]);

void p256_fast_mul(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                   const uint32_t b[P256_WORDS]);

void p256_fast_sqr(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS]);

/* a * b - c. */
void p256_fast_mul_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                       const uint32_t b[P256_WORDS], const uint32_t c[P256_WORDS]);

/* a * a - c. */
void p256_fast_sqr_sub(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                       const uint32_t c[P256_WORDS]);

#endif
