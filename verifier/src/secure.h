/* Wiping and fault-aware words, inside the verifier only. */
#ifndef OTAV_SECURE_H
#define OTAV_SECURE_H

#include <stddef.h>
#include <stdint.h>

/* Overwrites len bytes; the compiler cannot drop it. */
void otav_wipe(void *p, size_t len);

/* A copy of value that the compiler must read again: two uses of it are two independent checks. */
static inline uint32_t otav_reread(const uint32_t *value)
{
    return *(const volatile uint32_t *)value;
}

/* token, made worthless unless p is the same pointer when it is applied a second time: first with the
 * one that was used, then with the one that should have been. */
static inline uint32_t otav_bind(uint32_t token, const void *p)
{
    uintptr_t word = (uintptr_t)p;

    __asm__ volatile("" : "+r"(word)); /* as it is now, not as the compiler knows it was */
    return token ^ (uint32_t)word;
}

/* Results of the crypto port become tokens, and the final verdict is computed from those: a check
 * that was jumped over leaves a token that does not add up. */
#define OTAV_TOKEN_METADATA UINT32_C(0x2F81D46B)
#define OTAV_TOKEN_FIRMWARE UINT32_C(0xC37A195E)

#endif
