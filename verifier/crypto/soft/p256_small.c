/*
 * The arithmetic of P-256 in little code: profile `small`.
 * Layer: crypto back end. Freestanding, no state.
 * The formulas for points are lists of operations that one loop carries out. One addition serves G and
 * Q: the accumulated point is Jacobian, the point that is added is affine.
 */
#include <stddef.h>

#include "p256_arith.h"
#include "p256_words.h"

/* spec: SP 800-186, 3.2.1.3 */
const uint32_t otav_p256_p[P256_WORDS] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x00000000,
                                          0x00000000, 0x00000000, 0x00000001, 0xFFFFFFFF};
const uint32_t otav_p256_n[P256_WORDS] = {0xFC632551, 0xF3B9CAC2, 0xA7179E84, 0xBCE6FAAD,
                                          0xFFFFFFFF, 0xFFFFFFFF, 0x00000000, 0xFFFFFFFF};

/* X and Y of the base point in Montgomery form. */
static const uint32_t base_point[2 * P256_WORDS] = {
    0x18A9143C, 0x79E730D4, 0x5FEDB601, 0x75BA95FC, 0x77622510, 0x79FB732B, 0xA53755C6, 0x18905F76,
    0xCE95560A, 0xDDF25357, 0xBA19E45C, 0x8B4AB8E4, 0xDD21F325, 0xD2E88688, 0x25885D85, 0x8571FF18};

/* ---- multiplication --------------------------------------------------------------------------- */

#if defined(__ARM_FEATURE_DSP)

/* Montgomery's product word by word, t in registers: each round adds a * b[i], then the multiple of m
 * that makes the lowest word zero, and drops that word.
 *
 * r4..r11 and r3 are t, r12 the carry, lr the factor of a row, r0 the word that it multiplies, r1 the
 * row and r2 the next b[i]. The stack holds ret, a, the end of b, m, ..., -1 / m modulo 2^32, lr. UMAAL
 * adds both halves of its result register pair to the product; in the second row the pair is chosen so
 * that each sum lands one word lower. No other instruction of that row changes the carry flag. */
__asm__(".syntax unified\n"
        ".thumb\n"
        ".macro row_word offset, low, high\n"
        "ldr r0, [r1, #\\offset]\n"
        "umaal \\low, \\high, r0, lr\n"
        ".endm\n"
        ".section .text.p256_mul, \"ax\", %progbits\n"
        ".align 2\n"
        ".global otav_p256_mul_p, otav_p256_mul_n\n"
        ".type otav_p256_mul_p, %function\n"
        ".type otav_p256_mul_n, %function\n"
        ".thumb_func\n"
        "otav_p256_mul_n:\n"
        "ldr r3, 3f\n"
        "ldr r12, 4f\n"
        "b 1f\n"
        ".thumb_func\n"
        "otav_p256_mul_p:\n"
        "ldr r3, 5f\n"
        "mov r12, #1\n"
        "1: adds r2, #32\n"
        "push {r0-r12, lr}\n"
        "subs r2, #32\n"
        "movs r3, #0\n"
        ".irp register, r4, r5, r6, r7, r8, r9, r10, r11\n"
        "mov \\register, r3\n"
        ".endr\n"
        "2: ldr r1, [sp, #4]\n"
        "ldr lr, [r2], #4\n"
        "mov r12, #0\n"
        "row_word 0, r4, r12\n"
        "row_word 4, r5, r12\n"
        "row_word 8, r6, r12\n"
        "row_word 12, r7, r12\n"
        "row_word 16, r8, r12\n"
        "row_word 20, r9, r12\n"
        "row_word 24, r10, r12\n"
        "row_word 28, r11, r12\n"
        "adds r12, r12, r3\n"
        "mov r3, #0\n"
        "ldr r1, [sp, #12]\n"
        "ldr r0, [sp, #48]\n"
        "mul lr, r4, r0\n"
        "row_word 0, r3, r4\n"
        "row_word 4, r4, r5\n"
        "row_word 8, r5, r6\n"
        "row_word 12, r6, r7\n"
        "row_word 16, r7, r8\n"
        "row_word 20, r8, r9\n"
        "row_word 24, r9, r10\n"
        "row_word 28, r10, r11\n"
        "adcs r3, r3\n"
        "adds r11, r11, r12\n"
        "adc r3, r3, #0\n"
        "ldr r0, [sp, #8]\n"
        "cmp r2, r0\n"
        "bne 2b\n"
        "ldr r0, [sp]\n"
        "stmia r0, {r4-r11}\n"
        "mov r2, r3\n"
        "add sp, #16\n"
        "pop {r4-r12, lr}\n"
        "b.w otav_p256_reduce\n"
        ".align 2\n"
        "3: .word otav_p256_n\n"
        "4: .word 0xEE00BC4F\n"
        "5: .word otav_p256_p\n"
        ".size otav_p256_mul_n, . - otav_p256_mul_n\n"
        ".purgem row_word\n"
        ".previous\n");

#else

/* -1 / m modulo 2^32 */
#define QUOTIENT_P 1u
#define QUOTIENT_N 0xEE00BC4Fu

/* t[0..8] += a * word; returns what is left for t[9]. */
static uint32_t mul_add_row(uint32_t t[9], const uint32_t a[8], uint32_t word)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        sum = (uint64_t)a[i] * word + t[i] + (sum >> 32);
        t[i] = (uint32_t)sum;
    }
    sum = (sum >> 32) + t[8];
    t[8] = (uint32_t)sum;
    return (uint32_t)(sum >> 32);
}

/* Montgomery's product word by word: each round adds a * b[i], then the multiple of m that makes the
 * lowest word zero, and drops that word. */
static void multiply(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8], const uint32_t m[8],
                     uint32_t quotient)
{
    uint32_t t[9] = {0};

    for (unsigned i = 0; i < P256_WORDS; i++) {
        uint32_t top = mul_add_row(t, a, b[i]);

        top += mul_add_row(t, m, t[0] * quotient);
        for (unsigned k = 0; k < P256_WORDS; k++) {
            t[k] = t[k + 1];
        }
        t[8] = top;
    }
    for (unsigned k = 0; k < P256_WORDS; k++) {
        ret[k] = t[k];
    }
    otav_p256_reduce(ret, m, t[8]);
}

void otav_p256_mul_p(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    multiply(ret, a, b, otav_p256_p, QUOTIENT_P);
}

void otav_p256_mul_n(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    multiply(ret, a, b, otav_p256_n, QUOTIENT_N);
}

#endif

static uint32_t bit(uint32_t word, unsigned i)
{
    return word >> i % 32 & 1u;
}

static void clear(uint32_t ret[8])
{
    otav_p256_sub(ret, otav_p256_p, otav_p256_p);
}

/* Fermat: s^(n-2). Products that start from the plain s leave 2^512 / s, one more by 1 corrects it. */
void otav_p256_inverse_n(uint32_t ret[8], const uint32_t s[8])
{
    uint32_t one[P256_WORDS];
    uint32_t power[P256_WORDS];

    clear(one);
    otav_p256_sub(power, s, one);
    for (int i = 254; i >= 0; i--) {
        otav_p256_mul_n(power, power, power);
        if (bit(otav_p256_n[i / 32] - (i < 32 ? 2 : 0), (unsigned)i) != 0) {
            otav_p256_mul_n(power, power, s);
        }
    }
    one[0] = 1;
    otav_p256_mul_n(ret, power, one);
}

/* ---- points ----------------------------------------------------------------------------------- */

/* Where an operation finds its operands. The last two are the point that is added and can only be the
 * second operand. */
enum slot { X, Y, Z, A, B, C, SLOT_COUNT, X2 = 8, Y2 = 9 };

/* ret = a * b or ret = a - b. */
#define MUL(ret, a, b) (uint16_t)(IS_MUL | (ret) << 8 | (a) << 5 | (b))
#define SUB(ret, a, b) (uint16_t)((ret) << 8 | (a) << 5 | (b))
#define LAST(op)       (uint16_t)(IS_LAST | (op))

enum { IS_LAST = 0x1000, IS_MUL = 0x2000, IS_ADDED_POINT = 8 };

/* Lists of operations, each up to one that is marked as its last. */
enum { DIFFERENCE = 0, COPYING = 6, ADDITION = 11, DOUBLING = 23 };
static const uint16_t operations[] = {
    /* A = y2 Z^3 - Y, B = x2 Z^2 - X: both are zero if the points are equal. */
    MUL(A, Z, Z),
    MUL(B, A, X2),
    MUL(A, A, Z),
    MUL(A, A, Y2),
    SUB(B, B, X),
    LAST(SUB(A, A, Y)),
    /* Copying, for Z = 0: the added point with its y as Z. */
    SUB(A, Z, Y2),
    SUB(Z, Z, A),
    MUL(A, Z, Z),
    MUL(X, A, X2),
    LAST(MUL(Y, A, A)),
    /* Addition, after the difference. */
    MUL(Z, Z, B),
    MUL(C, B, B),
    MUL(B, B, C),
    MUL(C, X, C),
    MUL(X, A, A),
    SUB(X, X, B),
    MUL(B, Y, B),
    SUB(X, X, C),
    SUB(X, X, C),
    SUB(C, C, X),
    MUL(C, C, A),
    LAST(SUB(Y, C, B)),
    /* Doubling, for the curve's a = -3. Gives the point with Y and Z negated. */
    MUL(A, Z, Z),
    MUL(A, A, A),
    MUL(B, X, X),
    SUB(A, A, B),
    SUB(B, B, B),
    SUB(C, B, A),
    SUB(A, A, C),
    SUB(A, A, C), /* A = -3 (X^2 - Z^4) */
    SUB(B, B, Y),
    SUB(B, B, Y), /* B = -2 Y */
    MUL(Z, B, Z),
    MUL(C, B, B),
    MUL(B, B, Y),
    MUL(B, B, C), /* B = -8 Y^4 */
    MUL(C, X, C), /* C = 4 X Y^2 */
    MUL(X, A, A),
    SUB(X, X, C),
    SUB(X, X, C),
    SUB(C, C, X),
    MUL(C, C, A),
    LAST(SUB(Y, C, B)),
};

static void run(unsigned start, uint32_t slots[][P256_WORDS], const uint32_t *point)
{
    const uint16_t *next = operations + start;
    unsigned op;

    do {
        uint32_t *ret;
        const uint32_t *a;
        const uint32_t *b;

        op = *next++;
        ret = slots[op >> 8 & 7];
        a = slots[op >> 5 & 7];
        b = ((op & IS_ADDED_POINT) != 0 ? point : slots[0]) + P256_WORDS * (size_t)(op & 7);
        if ((op & IS_MUL) != 0) {
            otav_p256_mul_p(ret, a, b);
        } else {
            otav_p256_sub_p(ret, a, b);
        }
    } while ((op & IS_LAST) == 0);
}

static void add(uint32_t slots[][P256_WORDS], const uint32_t *point)
{
    unsigned rest = ADDITION;

    run(DIFFERENCE, slots, point);
    if (otav_p256_any(slots[Z]) == 0) {
        rest = COPYING;
    } else if ((otav_p256_any(slots[A]) | otav_p256_any(slots[B])) == 0) {
        rest = DOUBLING;
    }
    run(rest, slots, point);
}

void otav_p256_mul_add(uint32_t ret_x[8], uint32_t ret_z[8], const uint32_t u1[8],
                       const uint32_t u2[8], const uint32_t q[16])
{
    uint32_t slots[SLOT_COUNT][P256_WORDS];
    volatile int left = 256;

    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        clear(slots[i]);
    }
    /* The condition stands twice: a loop that one skipped instruction leaves would give a multiple
     * that does not depend on the scalars. */
    do {
        do {
            int i = --left;

            run(DOUBLING, slots, base_point);
            if (bit(u1[i / 32], (unsigned)i) != 0) {
                add(slots, base_point);
            }
            if (bit(u2[i / 32], (unsigned)i) != 0) {
                add(slots, q);
            }
        } while (left > 0);
    } while (left > 0);
    clear(slots[A]);
    otav_p256_sub(ret_x, slots[X], slots[A]);
    otav_p256_sub(ret_z, slots[Z], slots[A]);
}
