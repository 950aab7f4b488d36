/*
 * Zeroing vector registers.
 *
 * Layer: below wipe(). memcpy() moves secrets through them and leaves them there; a signal, or the
 * loader when it resolves a symbol at its first call, then writes them to the stack, where nobody
 * wipes. Invariant: no register that the caller relies on changes.
 */
#include "vector_registers.h"

#if defined(__x86_64__)

/* What the loader found out. The compiler's own way asks the processor again at every start, which in a
 * virtual machine takes as long as checking a signature. */
#include <sys/platform/x86.h>

#define ZERO(n)   "pxor %%xmm" #n ", %%xmm" #n "\n\t"
#define ZERO_Z(n) "vpxorq %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
#define LOWER                                                                                      \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

void vector_registers_clear(void)
{
    if (CPU_FEATURE_ACTIVE(AVX)) {
        __asm__ volatile("vzeroall" : : : LOWER);
    } else {
        __asm__ volatile(ZERO(0) ZERO(1) ZERO(2) ZERO(3) ZERO(4) ZERO(5) ZERO(6) ZERO(7) ZERO(8)
                             ZERO(9) ZERO(10) ZERO(11) ZERO(12) ZERO(13) ZERO(14) ZERO(15)
                         :
                         :
                         : LOWER);
    }
    /* This program's own code does not use the upper ones, the C library's does. */
    if (CPU_FEATURE_ACTIVE(AVX512F)) {
        __asm__ volatile(ZERO_Z(16) ZERO_Z(17) ZERO_Z(18) ZERO_Z(19) ZERO_Z(20) ZERO_Z(21)
                             ZERO_Z(22) ZERO_Z(23) ZERO_Z(24) ZERO_Z(25) ZERO_Z(26) ZERO_Z(27)
                                 ZERO_Z(28) ZERO_Z(29) ZERO_Z(30) ZERO_Z(31)
                         :
                         :
                         :);
    }
}

#else

void vector_registers_clear(void)
{
}

#endif
