/*
 * The arithmetic of P-256 in little code: profile `small`.
 * Layer: crypto back end. Freestanding, no state.
 * The formulas for points are lists of operations that one loop carries out. One addition serves G and
 * Q: the accumulated point is Jacobian, the point that is added is affine.
 */
#include "p256_arith.h"
#include "p256_words.h"

/* spec: SP 800-186, 3.2.1.3 */
const uint32_t p256_p[P256_WORDS] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0x00000000,
                                     0x00000000, 0x00000000, 0x00000001, 0xFFFFFFFF};
const uint32_t p256_n[P256_WORDS] = {0xFC632551, 0xF3B9CAC2, 0xA7179E84, 0xBCE6FAAD,
                                     0xFFFFFFFF, 0xFFFFFFFF, 0x00000000, 0xFFFFFFFF};

/* X and Y of the base point in Montgomery form. */
static const uint32_t base_point[2 * P256_WORDS] = {
    0x18A9143C, 0x79E730D4, 0x5FEDB601, 0x75BA95FC, 0x77622510, 0x79FB732B, 0xA53755C6, 0x18905F76,
    0xCE95560A, 0xDDF25357, 0xBA19E45C, 0x8B4AB8E4, 0xDD21F325, 0xD2E88688, 0x25885D85, 0x8571FF18};

/* ---- multiplication --------------------------------------------------------------------------- */

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
    p256_reduce(ret, m, t[8]);
}

void p256_mul_p(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    multiply(ret, a, b, p256_p, QUOTIENT_P);
}

void p256_mul_n(uint32_t ret[8], const uint32_t a[8], const uint32_t b[8])
{
    multiply(ret, a, b, p256_n, QUOTIENT_N);
}

static uint32_t bit(const uint32_t a[8], int i)
{
    return a[(unsigned)i / 32] >> (unsigned)i % 32 & 1u;
}

/* Fermat: s^(n-2). Products start from the plain s, which leaves 2^512 / s. */
void p256_inverse_n(uint32_t ret[8], const uint32_t s[8])
{
    uint32_t one[P256_WORDS] = {1};
    uint32_t two[P256_WORDS] = {2};
    uint32_t power[P256_WORDS];

    p256_sub(two, p256_n, two);
    for (unsigned k = 0; k < P256_WORDS; k++) {
        power[k] = s[k];
    }
    for (int i = 254; i >= 0; i--) {
        p256_mul_n(power, power, power);
        if (bit(two, i) != 0) {
            p256_mul_n(power, power, s);
        }
    }
    p256_mul_n(ret, power, one);
}

/* ---- points ----------------------------------------------------------------------------------- */

/* Where an operation finds its operands. The last two are the point that is added and can only be the
 * second operand. */
enum slot { X, Y, Z, A, B, C, ZERO, SLOT_COUNT, X2 = 8, Y2 = 9 };

/* ret = a * b or ret = a - b; the list ends with 0. */
#define MUL(ret, a, b) (uint16_t)(0x1000 | (ret) << 8 | (a) << 4 | (b))
#define SUB(ret, a, b) (uint16_t)(0x2000 | (ret) << 8 | (a) << 4 | (b))
#define END            0

/* For a = -3, with X^2 - Z^4 for (X - Z^2)(X + Z^2), and Y and Z negated. */
static const uint16_t doubling[] = {
    MUL(A, Z, Z),    MUL(A, A, A), MUL(B, X, X), SUB(A, B, A),
    SUB(B, ZERO, A), SUB(A, A, B), SUB(A, A, B),               /* A = 3 (X^2 - Z^4) */
    SUB(B, ZERO, Y), SUB(B, B, Y), MUL(Z, B, Z),               /* B = -2 Y */
    MUL(C, B, B),    MUL(B, B, Y), MUL(B, B, C),               /* B = -8 Y^4 */
    MUL(C, X, C),    MUL(X, A, A), SUB(X, X, C), SUB(X, X, C), /* C = 4 X Y^2 */
    SUB(C, X, C),    MUL(C, C, A), SUB(Y, C, B), END};

/* A = y2 Z^3 - Y, B = x2 Z^2 - X: both are zero if the points are equal. */
static const uint16_t difference[] = {MUL(A, Z, Z), MUL(B, A, X2), MUL(A, A, Z), MUL(A, A, Y2),
                                      SUB(B, B, X), SUB(A, A, Y),  END};

static const uint16_t addition[] = {MUL(Z, Z, B), MUL(C, B, B), MUL(B, B, C), MUL(C, X, C),
                                    MUL(X, A, A), SUB(X, X, B), MUL(B, Y, B), SUB(X, X, C),
                                    SUB(X, X, C), SUB(C, C, X), MUL(C, C, A), SUB(Y, C, B),
                                    END};

/* The added point itself, with its y as Z; for Z = 0. */
static const uint16_t copying[] = {SUB(A, Z, Y2), SUB(Z, Z, A), MUL(A, Z, Z),
                                   MUL(X, A, X2), MUL(Y, A, A), END};

static void run(const uint16_t *op, uint32_t slots[][P256_WORDS], const uint32_t *point)
{
    for (; *op != END; op++) {
        uint32_t *ret = slots[*op >> 8 & 7];
        const uint32_t *a = slots[*op >> 4 & 7];
        const uint32_t *b = (*op & 8) != 0 ? point + (*op & 7) * P256_WORDS : slots[*op & 7];

        if ((*op & 0x1000) != 0) {
            p256_mul_p(ret, a, b);
        } else {
            p256_sub_p(ret, a, b);
        }
    }
}

static void add(uint32_t slots[][P256_WORDS], const uint32_t *point)
{
    const uint16_t *rest = addition;

    run(difference, slots, point);
    if (p256_any(slots[Z]) == 0) {
        rest = copying;
    } else if ((p256_any(slots[A]) | p256_any(slots[B])) == 0) {
        rest = doubling;
    }
    run(rest, slots, point);
}

void p256_mul_add(uint32_t ret_x[8], uint32_t ret_z[8], const uint32_t u1[8], const uint32_t u2[8],
                  const uint32_t q[16])
{
    uint32_t slots[SLOT_COUNT][P256_WORDS] = {{0}};

    for (int i = 255; i >= 0; i--) {
        run(doubling, slots, base_point);
        if (bit(u1, i) != 0) {
            add(slots, base_point);
        }
        if (bit(u2, i) != 0) {
            add(slots, q);
        }
    }
    p256_sub(ret_x, slots[X], slots[ZERO]);
    p256_sub(ret_z, slots[Z], slots[ZERO]);
}
