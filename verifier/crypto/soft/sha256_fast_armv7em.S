/*
 * SHA-256 block function in few instructions, for Cortex-M4 and M7; sha256_fast.c does the same in C.
 * Layer: crypto back end, device. Eight rounds are unrolled, so that no variable ever moves; two words
 * of schedule and constants come with one load each.
 */
#include "sha256_armv7em.inc"

/* Words i + 16 and i + 17 of the schedule, for an lr that points to word .Lfirst_next before word i + 16.
 * \x: w[i], \even and \odd: w[i + 14] and w[i + 15]. What the next two words need in their places:
 * \next_x, \next_even, \next_odd. r3 and r4 are used up. */
    .set .Lfirst_next, 2
    .macro expand i, x, even, odd, next_x, next_even, next_odd
    ldrd    r4, \next_x, [lr, #4 * (\i + 1 - 16 + .Lfirst_next)]
    ldrd    \next_even, \next_odd, [lr, #4 * (\i + 9 - 16 + .Lfirst_next)]
    add     \next_even, \x
    add     \next_odd, r4
    add_sigma \next_even, \even, 17, 19, 10
    add_sigma \next_even, r4, 7, 18, 3
    add_sigma \next_odd, \odd, 17, 19, 10
    add_sigma \next_odd, \next_x, 7, 18, 3
    .endm

/* One round, of whose sum \h holds the first three parts: h + w + k. \old: a ^ b of the round before,
 * which is b ^ c of this one; \new: receives a ^ b. maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b. */
    .macro round a, b, c, d, e, f, g, h, old, new
    eor     r0, \f, \g
    eor     \new, \e, \e, ror #5
    ands    r0, r0, \e
    eor     \new, \new, \e, ror #19
    eors    r0, r0, \g
    add     \h, \h, \new, ror #6
    add     \h, r0
    add     \d, \h
    eor     r0, \a, \a, ror #11
    eor     \new, \a, \b
    eor     r0, r0, \a, ror #20
    ands    \old, \old, \new
    add     \h, \h, r0, ror #2
    eors    \old, \old, \b
    add     \h, \old
    .endm

    .macro two_rounds a, b, c, d, e, f, g, h
    ldrd    r0, r1, [r12], #8
    add     \h, r0
    ldrd    r0, r2, [lr], #8
    add     \h, r0
    add     r2, r1
    round   \a, \b, \c, \d, \e, \f, \g, \h, r3, r1
    add     \g, r2
    round   \h, \a, \b, \c, \d, \e, \f, \g, r1, r3
    .endm

    enter
    mov     lr, sp
    add     r12, sp, #64
1:  load_word r2
    load_word r3
    load_word r4
    load_word r5
    strd    r2, r3, [lr], #8
    strd    r4, r5, [lr], #8
    cmp     lr, r12
    bne     1b

    ldr     r0, [sp]
    mov     r1, r4
    mov     r2, r5
    sub     lr, #4 * .Lfirst_next
    add     r12, sp, #.Lschedule_len - 4 * .Lfirst_next
2:  expand  0, r0, r1, r2, r5, r6, r7
    strd    r6, r7, [lr, #4 * .Lfirst_next]
    expand  2, r5, r6, r7, r0, r1, r2
    strd    r1, r2, [lr, #4 * (.Lfirst_next + 2)]!
    cmp     lr, r12
    bne     2b

    start_rounds
    eor     r3, r5, r6
3:  two_rounds r4, r5, r6, r7, r8, r9, r10, r11
    two_rounds r10, r11, r4, r5, r6, r7, r8, r9
    two_rounds r8, r9, r10, r11, r4, r5, r6, r7
    two_rounds r6, r7, r8, r9, r10, r11, r4, r5
    add     r0, sp, #.Lschedule_len
    cmp     lr, r0
    bne     3b

    leave
