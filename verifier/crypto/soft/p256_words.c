/*
 * Subtraction, reduction and the test for zero of 256-bit numbers.
 * Layer: crypto back end, below the verification and below the profile `small`. Freestanding, no state.
 * Each loop runs over all eight words whatever they hold.
 */
#include "p256_words.h"

#include "p256_arith.h"

uint32_t p256_sub(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    uint32_t borrow = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        uint64_t difference = (uint64_t)a[i] - b[i] - borrow;

        ret[i] = (uint32_t)difference;
        borrow = (uint32_t)(difference >> 32) & 1u;
    }
    return borrow;
}

static void add(uint32_t t[8], const uint32_t m[8])
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        sum = (sum >> 32) + t[i] + m[i];
        t[i] = (uint32_t)sum;
    }
}

void p256_reduce(uint32_t t[8], const uint32_t m[8], uint32_t top)
{
    if (p256_sub(t, t, m) > top) {
        add(t, m);
    }
}

uint32_t p256_sub_p(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    uint32_t borrow = p256_sub(ret, a, b);

    if (borrow != 0) {
        add(ret, p256_p);
    }
    return borrow;
}

uint32_t p256_any(const uint32_t a[8])
{
    uint32_t any = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        any |= a[i];
    }
    return any;
}
