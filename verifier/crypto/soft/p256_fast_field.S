/*
 * The field of P-256 for the Cortex-M4 (Thumb-2 with the DSP extension); no FPU.
 * Layer: crypto back end, freestanding. The words that p256_fast_field.c gives; that file is the
 * place to read what is computed, this one how few instructions it takes. Flags matter where it is
 * not obvious: moves, loads, UMAAL and the stack leave them alone.
 *
 * Product: (a * b + q * p) / 2^256, p = 2^256 - 2^224 + 2^192 + 2^96 - 1. Word i of the sum, when
 * all below it is done, is q[i], as p ends in -1 and the word is to be cleared; beside that,
 *     q[i] is to be added to word i + 3, to word i + 6 and, times 2^32 - 1, to word i + 7.
 * UMAAL adds two words to a product; where one of them would be zero it is a word of q.
 */
    .syntax unified
    .cpu cortex-m4
    .thumb
    .section .text.p256_fast_field, "ax", %progbits

    .balign 4

    .macro function name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    .macro end name
    .size \name, . - \name
    .endm

    /* A word of a times the four of b in r2..r5, added to w0..w3; \carry is added to w0, too, and
     * ends as the word above w3. */
    .macro row w0, w1, w2, w3, carry, factor
    umaal \w0, \carry, \factor, r2
    umaal \w1, \carry, \factor, r3
    umaal \w2, \carry, \factor, r4
    umaal \w3, \carry, \factor, r5
    .endm

    /* Subtracts the words at r3 from r4..r12; moves r3 by 24. */
    .macro less_words
    ldm r3!, {r1, r2, lr}
    subs r4, r4, r1
    sbcs r5, r5, r2
    sbcs r6, r6, lr
    ldm r3!, {r1, r2, lr}
    sbcs r7, r7, r1
    sbcs r8, r8, r2
    sbcs r9, r9, lr
    ldm r3, {r1, r2}
    sbcs r10, r10, r1
    sbcs r11, r11, r2
    sbcs r12, r12, #0
    .endm

    /* otav_p256_fast_add(ret, a, b) */
    function otav_p256_fast_add
    push {r4-r11, lr}
    ldm r1, {r4-r11}
add_words:
    ldm r2!, {r1, r3, r12, lr}
    adds r4, r4, r1
    adcs r5, r5, r3
    adcs r6, r6, r12
    adcs r7, r7, lr
    ldm r2, {r1, r3, r12, lr}
    adcs r8, r8, r1
    adcs r9, r9, r3
    adcs r10, r10, r12
    adcs r11, r11, lr
    mov r12, #0
    adcs r12, r12, #0
    b settle
    end otav_p256_fast_add

    /* otav_p256_fast_three_halves(ret, a) */
    function otav_p256_fast_three_halves
    push {r4-r11, lr}
    mov r2, r1
    ldm r1, {r4-r11}
    lsrs r11, r11, #1
    rrxs r10, r10
    rrxs r9, r9
    rrxs r8, r8
    rrxs r7, r7
    rrxs r6, r6
    rrxs r5, r5
    rrxs r4, r4
    bcc add_words
    /* (a + p) / 2 = (a - 1) / 2 + (p + 1) / 2, without a carry; a is added to it as above. */
    adds r6, r6, #0x80000000
    adcs r7, r7, #0
    adcs r8, r8, #0
    adcs r9, r9, #0x80000000
    adcs r10, r10, #0x80000000
    sbcs r11, r11, #0x80000000
    b add_words
    end otav_p256_fast_three_halves

    /* otav_p256_fast_mul(ret, a, b) */
    function otav_p256_fast_mul
    movs r3, #0
    /* otav_p256_fast_mul_sub(ret, a, b, c). Squares join with a c of 0, too, and with c + 1: subtract
     * c twice. */
    function otav_p256_fast_mul_sub
    push {r0-r11, lr}
    ldm r2, {r2-r5}
    ldm r1!, {r6, r7, r8, lr}
    umull r9, r10, r6, r2
    mov r11, #0
    umlal r10, r11, r6, r3
    mov r12, #0
    umlal r11, r12, r6, r4
    mov r0, #0
    umlal r12, r0, r6, r5
    mov r6, #0
    row r10, r11, r12, r0, r6, r7
    mov r7, #0
    row r11, r12, r0, r6, r7, r8
    mov r8, r9 /* q0 to word 3 */
    row r12, r0, r6, r7, r8, lr
    push {r9-r12} /* q0..q3 */
    ldm r1!, {r9, lr}
    row r0, r6, r7, r8, r10, r9 /* q1 to word 4 */
    row r6, r7, r8, r10, r11, lr /* q2 to word 5 */
    ldrd lr, r9, [r1]
    row r7, r8, r10, r11, r12, lr /* q3 to word 6 */
    ldr lr, [sp, #4] /* q1 to word 7 */
    row r8, r10, r11, r12, lr, r9
    push {r10, r11, r12, lr} /* words 8..11; 4..7 are in r0, r6, r7, r8 */

    ldrd r1, r2, [sp, #36]
    ldrd r4, r5, [r2, #24]
    ldrd r2, r3, [r2, #16]
    ldm r1!, {r10, r11, r12, lr}
    mov r9, #0
    row r0, r6, r7, r8, r9, r10
    mov r10, #0
    row r6, r7, r8, r9, r10, r11
    ldr r11, [sp, #16] /* q0 to word 6 */
    row r7, r8, r9, r10, r11, r12
    adds r12, r0, #0 /* q4 to word 7; no carry */
    row r8, r9, r10, r11, r12, lr
    push {r0, r6, r7, r8} /* q4..q6, and q7 but for q0 * (2^32 - 1) */
    ldm r1, {r0, r1, r6, r7}
    ldrd r8, lr, [sp, #16]
    row r9, r10, r11, r12, r8, r0
    row r10, r11, r12, r8, lr, r1
    ldrd r0, r1, [sp, #24]
    row r11, r12, r8, lr, r0, r6
    row r12, r8, lr, r0, r1, r7
    ldr r6, [sp, #12]
    ldrd r4, r5, [sp, #32]

    /* Here squares join: words 8..15 are in r9, r10, r11, r12, r8, lr, r0, r1 with a carry into
     * word 8 in the flags, q7 as above in r6, q0 and q1 in r4 and r5, q4..q6 and q0..q3 at sp and
     * sp + 32. The products with 2^32 - 1, and q2..q7 to words 8..13. */
finish:
    mov r7, #-1
    mov r3, #0
    umaal r6, r3, r4, r7 /* q7 */
    umaal r9, r3, r5, r7
    ldrd r4, r5, [sp, #40]
    umaal r10, r3, r4, r7
    umaal r11, r3, r5, r7
    adcs r9, r9, r4
    adcs r10, r10, r5
    ldrd r2, r4, [sp]
    umaal r12, r3, r2, r7
    umaal r8, r3, r4, r7
    adcs r11, r11, r2
    adcs r12, r12, r4
    ldr r5, [sp, #8]
    umaal lr, r3, r5, r7
    umaal r0, r3, r6, r7
    adcs r8, r8, r5
    adcs lr, lr, r6
    adcs r0, r0, #0
    adcs r1, r1, r3
    adc r2, r7, #1
    /* q5..q7 to words 8..10, and all to where it is stored from. */
    adds r4, r9, r4
    adcs r5, r10, r5
    adcs r6, r11, r6
    adcs r7, r12, #0
    adcs r8, r8, #0
    adcs r9, lr, #0
    adcs r10, r0, #0
    adcs r11, r1, #0
    adcs r12, r2, #0
    add sp, sp, #48
    pop {r0-r3}
    cbz r3, settle
    tst r3, #1
    beq subtract
    sub r3, r3, #1
    less_words
    sub r3, r3, #24
subtract: /* the words at r3 */
    less_words
    /* The end of all: r4..r11 and, signed and with its Z and N, r12 above them; ret is in r0, and
     * r4..r11 and lr of the caller are on the stack. Adds or subtracts p until r12 is 0. */
settle:
    bne 1f
    stm r0, {r4-r11}
    pop {r4-r11, pc}
1:  bmi 2f
    subs r4, r4, #-1
    sbcs r5, r5, #-1
    sbcs r6, r6, #-1
    sbcs r7, r7, #0
    sbcs r8, r8, #0
    sbcs r9, r9, #0
    sbcs r10, r10, #1
    sbcs r11, r11, #-1
    sbcs r12, r12, #0
    bne settle
    stm r0, {r4-r11}
    pop {r4-r11, pc}
2:  adds r4, r4, #-1
    adcs r5, r5, #-1
    adcs r6, r6, #-1
    adcs r7, r7, #0
    adcs r8, r8, #0
    adcs r9, r9, #0
    adcs r10, r10, #1
    adcs r11, r11, #-1
    adcs r12, r12, #0
    bne settle
    stm r0, {r4-r11}
    pop {r4-r11, pc}
    end otav_p256_fast_mul_sub
    end otav_p256_fast_mul

    /* otav_p256_fast_sqr(ret, a) */
    function otav_p256_fast_sqr
    mov r2, #-1
    /* otav_p256_fast_sqr_sub_twice(ret, a, c). a[j] goes with the words of 2 * a below it, which are
     * d0, d1, ..., and in that with the bit that leaves the last of them upwards; this bit times
     * a[j] is a[j] or 0, and is added to the word that a[j] * a[j] begins. */
    function otav_p256_fast_sqr_sub_twice
    adds r3, r2, #1
    push {r0-r11, lr}
    ldm r1!, {r6, r7, r12, lr}
    adds r2, r6, r6
    adcs r3, r7, r7
    adcs r4, r12, r12
    adcs r5, lr, lr /* the carry is for d4 */
    umull r8, r9, r6, r6
    mov r11, #0
    umaal r9, r11, r7, r2
    and r10, r7, r6, asr #31
    umaal r10, r11, r7, r7
    mov r6, #0
    umaal r10, r6, r12, r2
    umaal r11, r6, r12, r3
    and r0, r12, r7, asr #31
    umaal r0, r6, r12, r12
    and r7, lr, r12, asr #31
    mov r12, r8 /* q0 to word 3 */
    umaal r11, r12, lr, r2
    umaal r0, r12, lr, r3
    umaal r6, r12, lr, r4
    umaal r7, r12, lr, lr
    push {r8-r11} /* q0..q3 */
    mov r8, r12
    ldm r1!, {r12, lr}
    row r0, r6, r7, r8, r9, r12 /* q1 to word 4 */
    row r6, r7, r8, r9, r10, lr /* q2 to word 5 */
    ldrd r12, lr, [r1]
    row r7, r8, r9, r10, r11, r12 /* q3 to word 6 */
    mov r12, r0 /* q4 to word 7 */
    row r8, r9, r10, r11, r12, lr
    sub sp, sp, #16
    push {r0, r6, r7, r8} /* q4, q5; words 6 and 7 lack q0 and q1 */
    ldrd r2, r3, [r1, #-8]
    ldrd r4, r5, [r1]
    sbc r1, r1, r1
    bic r1, r2, r1 /* a4 if there is a carry */
    adcs r6, r2, r2
    adcs r7, r3, r3
    adcs r0, r4, r4
    umaal r9, r1, r2, r2
    umaal r10, r1, r3, r6
    umaal r11, r1, r3, r3
    and lr, r3, r2, asr #31
    umaal r11, lr, r4, r6
    umaal r12, lr, r4, r7
    and r8, r4, r3, asr #31
    umaal r8, lr, r4, r4
    umaal r12, r1, r5, r6
    umaal r8, r1, r5, r7
    umaal lr, r1, r5, r0
    and r0, r5, r4, asr #31
    umaal r0, r1, r5, r5
    ldrd r2, r3, [sp, #8]
    ldrd r4, r5, [sp, #32]
    adds r2, r2, r4
    adcs r6, r3, r5
    str r2, [sp, #8]
    b finish
    end otav_p256_fast_sqr_sub_twice
    end otav_p256_fast_sqr

    /* otav_p256_fast_sub(ret, a, b) */
    function otav_p256_fast_sub
    push {r4-r11, lr}
    ldm r1, {r4-r11}
    mov r3, r2
    mov r12, #0
    b subtract
    end otav_p256_fast_sub

    /* otav_p256_fast_add_product(t, a, word) */
    function otav_p256_fast_add_product
    push {r4-r11, lr}
    mov r3, #0
    .rept 2
    ldm r1!, {r4-r7}
    ldm r0, {r8-r11}
    umaal r8, r3, r4, r2
    umaal r9, r3, r5, r2
    umaal r10, r3, r6, r2
    umaal r11, r3, r7, r2
    stm r0!, {r8-r11}
    .endr
    mov r0, r3
    pop {r4-r11, pc}
    end otav_p256_fast_add_product

    /* otav_p256_fast_combine(pair, m, steps, negative_inverse, count): aa, ab, ba, bb in r4..r7, the
     * multiples of m in r2 and r3, sums in r8, r9 and r10, r11. */
    function otav_p256_fast_combine
    push {r4-r11, lr}
    ldm r2, {r4-r7}
    ldr r8, [r0, #4]
    ldr r9, [r0, #44]
    mul r2, r8, r4
    mla r2, r9, r5, r2
    mul r2, r2, r3
    sbfx r2, r2, #0, #30
    mul r8, r8, r6
    mla r8, r9, r7, r8
    mul r3, r8, r3
    sbfx r3, r3, #0, #30
    mov r8, #0
    mov r9, #0
    mov r10, #0
    mov r11, #0
    ldr lr, [sp, #36]
1:  ldr r12, [r0, #4]!
    smlal r8, r9, r12, r4
    smlal r10, r11, r12, r6
    ldr r12, [r0, #40]
    smlal r8, r9, r12, r5
    smlal r10, r11, r12, r7
    ldr r12, [r1, #4]!
    smlal r8, r9, r12, r2
    smlal r10, r11, r12, r3
    bic r12, r8, #0xC0000000
    str r12, [r0, #-4]
    bic r12, r10, #0xC0000000
    str r12, [r0, #36]
    lsr r8, r8, #30
    orr r8, r8, r9, lsl #2
    asr r9, r9, #30
    lsr r10, r10, #30
    orr r10, r10, r11, lsl #2
    asr r11, r11, #30
    subs lr, lr, #1
    bne 1b
    str r8, [r0]
    str r10, [r0, #40]
    pop {r4-r11, pc}
    end otav_p256_fast_combine
