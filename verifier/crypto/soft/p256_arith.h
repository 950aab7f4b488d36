/*
 * 256-bit arithmetic for P-256, one implementation per profile.
 *
 * Numbers are eight 32-bit words, least significant first, always fully reduced (below their
 * modulus). "Montgomery form" of x modulo m is x * 2^256 mod m. Everything here is public data:
 * running time may depend on it. Outputs may alias inputs.
 */
#ifndef OTAV_P256_ARITH_H
#define OTAV_P256_ARITH_H

#include <stdbool.h>
#include <stdint.h>

#define P256_WORDS 8

extern const uint32_t otav_p256_p[P256_WORDS]; /* the field's prime */
extern const uint32_t otav_p256_n[P256_WORDS]; /* the order of the base point */

/* a * b / 2^256 modulo p, modulo n. */
void otav_p256_mul_p(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                     const uint32_t b[P256_WORDS]);
void otav_p256_mul_n(uint32_t ret[P256_WORDS], const uint32_t a[P256_WORDS],
                     const uint32_t b[P256_WORDS]);

/* 2^256 / s modulo n, that is: Montgomery form of 1/s for a plain s in 1..n-1. */
void otav_p256_inverse_n(uint32_t ret[P256_WORDS], const uint32_t s[P256_WORDS]);

/* R = u1 * G + u2 * Q. u1 and u2 plain, 0..n-1, not both zero in a call that matters; q = X, Y of Q in
 * Montgomery form, a point of the curve. Gives R's Jacobian X and Z in Montgomery form (Z is zero for
 * the point at infinity). Right for every operand: P + P, P - P and infinity on the way included. */
void otav_p256_mul_add(uint32_t ret_x[P256_WORDS], uint32_t ret_z[P256_WORDS],
                       const uint32_t u1[P256_WORDS], const uint32_t u2[P256_WORDS],
                       const uint32_t q[2 * P256_WORDS]);

#endif
