/*
 * Plain words of 256-bit numbers, for the verification in every profile; numbers as in p256_arith.h.
 * Outputs may alias inputs.
 */
#ifndef OTAV_P256_WORDS_H
#define OTAV_P256_WORDS_H

#include <stdint.h>

/* a - b modulo 2^256; returns 1 if a < b, else 0. */
uint32_t otav_p256_sub(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8]);

/* The same for a modulus m: t + top * 2^256 below 2 * m in, one subtraction of m if it takes one. */
void otav_p256_reduce(uint32_t t[8], const uint32_t m[8], uint32_t top);

/* a - b modulo p for a and b below p; returns 1 if a < b, else 0. */
uint32_t otav_p256_sub_p(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8]);

/* Zero if and only if a is zero. */
uint32_t otav_p256_any(const uint32_t a[8]);

#endif
