/*
 * Subtraction, reduction and the test for zero of 256-bit numbers.
 * Layer: crypto back end, below the verification and below the profile `small`. Freestanding, no state.
 * Each loop runs over all eight words whatever they hold.
 */
#include "p256_words.h"

#include "p256_arith.h"

#if defined(__ARM_FEATURE_DSP)

/* The carry flag holds the borrow or the carry throughout: TEQ leaves it alone. */
#define WORD_LOOP(first, step)                                                                     \
    first "\n"                                                                                     \
          "1: ldmia %[a]!, {r3, r4}\n"                                                             \
          "ldmia %[b]!, {r5, r6}\n" step " r3, r5\n" step " r4, r6\n"                              \
          "stmia %[ret]!, {r3, r4}\n"                                                              \
          "teq %[ret], %[end]\n"                                                                   \
          "bne 1b\n"

uint32_t otav_p256_sub(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    const uint32_t *end = ret + P256_WORDS;

    __asm__ volatile(WORD_LOOP("cmp %[ret], %[ret]", "sbcs") "sbcs %[ret], %[ret]\n"
                     : [ret] "+r"(ret), [a] "+r"(a), [b] "+r"(b)
                     : [end] "h"(end)
                     : "r3", "r4", "r5", "r6", "cc", "memory");
    return 0u - (uint32_t)ret;
}

static void add(uint32_t t[8], const uint32_t m[8])
{
    const uint32_t *end = t + P256_WORDS;
    const uint32_t *a = t;

    __asm__ volatile(WORD_LOOP("cmn %[ret], %[ret]", "adcs")
                     : [ret] "+r"(t), [a] "+r"(a), [b] "+r"(m)
                     : [end] "h"(end)
                     : "r3", "r4", "r5", "r6", "cc", "memory");
}

#else

uint32_t otav_p256_sub(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
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

#endif

void otav_p256_reduce(uint32_t t[8], const uint32_t m[8], uint32_t top)
{
    if ((top != 0 || t[P256_WORDS - 1] == UINT32_MAX) && otav_p256_sub(t, t, m) > top) {
        add(t, m);
    }
}

uint32_t otav_p256_sub_p(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    uint32_t borrow = otav_p256_sub(ret, a, b);

    if (borrow != 0) {
        add(ret, otav_p256_p);
    }
    return borrow;
}

uint32_t otav_p256_any(const uint32_t a[8])
{
    uint32_t any = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        any |= a[i];
    }
    return any;
}
