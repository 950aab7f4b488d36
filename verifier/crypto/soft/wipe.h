/* Wiping of what is secret. */
#ifndef OTAV_SOFT_WIPE_H
#define OTAV_SOFT_WIPE_H

#include <stddef.h>
#include <stdint.h>

/* Zeros to len bytes of a whole number of words; the compiler cannot leave them out. */
static inline void otav_soft_wipe(void *p, size_t len)
{
    uint32_t *words = p;

    for (size_t i = 0; i < len / sizeof *words; i++) {
        words[i] = 0;
    }
    __asm__ volatile("" : : "r"(words) : "memory");
}

#endif
