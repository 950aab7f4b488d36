/*
 * Wiping that survives optimisation. Layer: below everything else.
 */
#include "secure.h"

void otav_wipe(void *p, size_t len)
{
    __builtin_memset(p, 0, len);
    /* The compiler must assume that somebody looks at the bytes. */
    __asm__ volatile("" : : "r"(p) : "memory");
}
