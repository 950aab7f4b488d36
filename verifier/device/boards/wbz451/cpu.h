/* The few instructions of the core that C does not have. */
#ifndef WBZ451_CPU_H
#define WBZ451_CPU_H

#include <stdint.h>

static inline uint32_t cpu_interrupts_off(void)
{
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    return primask;
}

static inline void cpu_interrupts_restore(uint32_t primask)
{
    __asm__ volatile("msr primask, %0" ::"r"(primask) : "memory");
}

static inline void cpu_barrier(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* Makes the compiler forget what it knows of a value, so that a second check of it stays. */
static inline uint32_t cpu_forget(uint32_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

#endif
