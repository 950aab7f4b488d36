/*
 * What the parts of the profile `fast` share and its own tests look at.
 */
#ifndef OTAV_P256_FAST_INTERNAL_H
#define OTAV_P256_FAST_INTERNAL_H

#include "p256_arith.h"

/* Digits of u1 and u2 are odd and below 2^(width - 1) in magnitude; a table has that half of
 * them. */
#define P256_FAST_G_WIDTH 5
#define P256_FAST_Q_WIDTH 5

#define P256_FAST_TABLE_COUNT(width) (1u << ((width)-2))

/* G, 3G, 5G, ...: X and Y in Montgomery form. */
extern const uint32_t otav_p256_fast_g_table[P256_FAST_TABLE_COUNT(P256_FAST_G_WIDTH)]
                                            [2 * P256_WORDS];

struct p256_fast_modulus {
    const uint32_t *words;     /* odd, P256_WORDS of them */
    uint32_t negative_inverse; /* -1/words modulo 2^32 */
};

extern const struct p256_fast_modulus otav_p256_fast_p;
extern const struct p256_fast_modulus otav_p256_fast_n;

/* 2^256 / x modulo m for a plain x below m; 0 for 0. ret may be x. */
void otav_p256_fast_inverse(uint32_t ret[P256_WORDS], const uint32_t x[P256_WORDS],
                            const struct p256_fast_modulus *m);

/* A number as signed digits, from the most significant one down. Only those that are not 0 are
 * shown: they are odd and below 2^(width - 1) in magnitude. */
struct p256_fast_digits {
    uint32_t words[P256_WORDS + 2]; /* the number between a word 0 on either side */
    int width;
    int end;      /* bits below this one are still to be read */
    int position; /* of the current digit, or -1: none is left */
    int value;
};

/* Reads the first digit of a number of P256_WORDS words. */
void otav_p256_fast_digits_first(struct p256_fast_digits *ret, const uint32_t *number, int width);

void otav_p256_fast_digits_next(struct p256_fast_digits *digits);

#endif
