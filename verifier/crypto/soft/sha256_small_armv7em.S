/*
 * SHA-256 block function in few bytes, for Cortex-M4 and M7; sha256_small.c does the same in C.
 * Layer: crypto back end, device. One word of schedule and one round, in loops.
 */
#include "sha256_armv7em.inc"

    enter
    mov     r2, sp
    add     r12, sp, #64
1:  load_word r3
    str     r3, [r2], #4
    cmp     r2, r12
    bne     1b

    mov     r2, sp
    add     r12, sp, #.Lschedule_len - 64
2:  ldr     r4, [r2, #4 * 1]
    ldr     r5, [r2, #4 * 14]
    ldr     r0, [r2, #4 * 9]
    ldr     r1, [r2], #4
    add     r0, r1
    add_sigma r0, r4, 7, 18, 3
    add_sigma r0, r5, 17, 19, 10
    str     r0, [r2, #4 * 15] /* word 16 for the r2 of before */
    cmp     r2, r12
    bne     2b

    start_rounds
    add     r3, sp, #.Lschedule_len
    /* a to h: r4 to r11. r2 collects the new a, on the way the new e */
3:  ldr     r0, [lr], #4
    ldr     r1, [r12], #4
    add     r2, r11, r0
    add     r2, r1
    eor     r0, r9, r10
    eor     r1, r8, r8, ror #5
    and     r0, r0, r8
    eor     r1, r1, r8, ror #19
    eor     r0, r0, r10
    add     r2, r2, r1, ror #6 /* the last rotation of each sum is free here */
    add     r2, r0
    mov     r11, r10
    mov     r10, r9
    mov     r9, r8
    add     r8, r7, r2
    eor     r0, r4, r4, ror #11
    mov     r7, r6
    eor     r0, r0, r4, ror #20
    eor     r1, r4, r5
    add     r2, r2, r0, ror #2
    ands    r1, r1, r6
    and     r0, r4, r5 /* maj(a, b, c) = (a & b) + ((a ^ b) & c) */
    add     r2, r1
    mov     r6, r5
    mov     r5, r4
    adds    r4, r2, r0
    cmp     lr, r3
    bne     3b

    leave
