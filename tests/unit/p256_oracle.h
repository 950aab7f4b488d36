/*
 * The field of P-256 as OpenSSL's big numbers have it, and the operands that carries come from: for
 * the tests of the arithmetic in verifier/crypto/soft.
 */
#ifndef TEST_P256_ORACLE_H
#define TEST_P256_ORACLE_H

#include <openssl/bn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "p256_fast_field.h"

#define OPERAND_LEN sizeof(uint32_t[P256_WORDS])

/* Operations of p256_fast_field.h; a row of `field_ops` each. */
enum field_op {
    OP_ADD,
    OP_SUB,
    OP_THREE_HALVES,
    OP_MUL,
    OP_SQR,
    OP_MUL_SUB,
    OP_SQR_SUB_TWICE,
    OP_COUNT
};

/* Which of a, b and c an operation takes, in order. */
static const struct {
    const char *symbol;
    const char *takes;
} field_ops[OP_COUNT] = {
    [OP_ADD] = {"otav_p256_fast_add", "ab"},
    [OP_SUB] = {"otav_p256_fast_sub", "ab"},
    [OP_THREE_HALVES] = {"otav_p256_fast_three_halves", "a"},
    [OP_MUL] = {"otav_p256_fast_mul", "ab"},
    [OP_SQR] = {"otav_p256_fast_sqr", "a"},
    [OP_MUL_SUB] = {"otav_p256_fast_mul_sub", "abc"},
    [OP_SQR_SUB_TWICE] = {"otav_p256_fast_sqr_sub_twice", "ac"},
};

/* The same operation in this program. */
static inline void field_op_here(enum field_op op, uint32_t ret[P256_WORDS],
                                 const uint32_t a[P256_WORDS], const uint32_t b[P256_WORDS],
                                 const uint32_t c[P256_WORDS])
{
    switch (op) {
    case OP_ADD:
        otav_p256_fast_add(ret, a, b);
        break;
    case OP_SUB:
        otav_p256_fast_sub(ret, a, b);
        break;
    case OP_THREE_HALVES:
        otav_p256_fast_three_halves(ret, a);
        break;
    case OP_MUL:
        otav_p256_fast_mul(ret, a, b);
        break;
    case OP_SQR:
        otav_p256_fast_sqr(ret, a);
        break;
    case OP_MUL_SUB:
        otav_p256_fast_mul_sub(ret, a, b, c);
        break;
    case OP_SQR_SUB_TWICE:
        otav_p256_fast_sqr_sub_twice(ret, a, c);
        break;
    case OP_COUNT:
        abort();
    }
}

struct oracle {
    BN_CTX *ctx;
    BIGNUM *p, *n, *r; /* r: 2^256 */
    BIGNUM *r_inverse; /* modulo p */
    BIGNUM *half;      /* modulo p */
    BIGNUM *a, *b, *c, *result;
};

static inline BIGNUM *oracle_number(const uint32_t words[P256_WORDS], BIGNUM *ret)
{
    return BN_lebin2bn((const unsigned char *)words, (int)OPERAND_LEN, ret);
}

static inline void oracle_words(const BIGNUM *number, uint32_t ret[P256_WORDS])
{
    if (BN_bn2lebinpad(number, (unsigned char *)ret, (int)OPERAND_LEN) < 0) {
        abort();
    }
}

static inline void oracle_init(struct oracle *o)
{
    o->ctx = BN_CTX_new();
    o->p = oracle_number(otav_p256_p, NULL);
    o->n = oracle_number(otav_p256_n, NULL);
    o->r = BN_new();
    BN_set_bit(o->r, 256);
    o->half = BN_new();
    BN_set_word(o->half, 2);
    BN_mod_inverse(o->half, o->half, o->p, o->ctx);
    o->r_inverse = BN_mod_inverse(NULL, o->r, o->p, o->ctx);
    o->a = BN_new();
    o->b = BN_new();
    o->c = BN_new();
    o->result = BN_new();
}

static inline void oracle_free(struct oracle *o)
{
    BIGNUM *const all[] = {o->p, o->n, o->r, o->r_inverse, o->half, o->a, o->b, o->c, o->result};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        BN_free(all[i]);
    }
    BN_CTX_free(o->ctx);
}

/* Whether `words` are the result of an operation modulo p. */
static inline int oracle_agrees(struct oracle *o, enum field_op op,
                                const uint32_t words[P256_WORDS], const uint32_t a[P256_WORDS],
                                const uint32_t b[P256_WORDS], const uint32_t c[P256_WORDS])
{
    BIGNUM *const r = o->result;

    oracle_number(a, o->a);
    oracle_number(op == OP_SQR || op == OP_SQR_SUB_TWICE ? a : b, o->b);
    oracle_number(c, o->c);
    switch (op) {
    case OP_ADD:
        BN_mod_add(r, o->a, o->b, o->p, o->ctx);
        break;
    case OP_SUB:
        BN_mod_sub(r, o->a, o->b, o->p, o->ctx);
        break;
    case OP_THREE_HALVES:
        BN_mod_mul(r, o->a, o->half, o->p, o->ctx);
        BN_mod_add(r, r, o->a, o->p, o->ctx);
        break;
    case OP_MUL:
    case OP_SQR:
    case OP_MUL_SUB:
    case OP_SQR_SUB_TWICE:
        BN_mod_mul(r, o->a, o->b, o->p, o->ctx);
        BN_mod_mul(r, r, o->r_inverse, o->p, o->ctx);
        if (op == OP_MUL_SUB || op == OP_SQR_SUB_TWICE) {
            BN_mod_sub(r, r, o->c, o->p, o->ctx);
        }
        if (op == OP_SQR_SUB_TWICE) {
            BN_mod_sub(r, r, o->c, o->p, o->ctx);
        }
        break;
    case OP_COUNT:
        abort();
    }
    BN_nnmod(o->a, oracle_number(words, o->a), o->p, o->ctx);
    return BN_cmp(r, o->a) == 0;
}

/* xorshift: the same operands in every run. */
static inline uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

enum { EDGE_COUNT = 12 };

/* Numbers where carries begin and end: 0, 1, 2, p-2, p-1, p, p+1, 2^256-1, (p+1)/2, ... */
static inline void edge_operand(unsigned index, uint32_t ret[P256_WORDS])
{
    memcpy(ret, otav_p256_p, OPERAND_LEN);
    switch (index) {
    case 0:
    case 1:
    case 2:
        memset(ret, 0, OPERAND_LEN);
        ret[0] = index;
        break;
    case 3:
        ret[0] -= 2;
        break;
    case 4:
        ret[0] -= 1;
        break;
    case 5:
        break;
    case 6:
        memset(ret, 0, OPERAND_LEN / P256_WORDS * 3);
        ret[3] = 1;
        break;
    case 7:
        memset(ret, 0xFF, OPERAND_LEN);
        break;
    case 8: /* (p + 1) / 2 */
        memset(ret, 0, OPERAND_LEN);
        ret[2] = 0x80000000u;
        ret[5] = 0x80000000u;
        ret[6] = 0x80000000u;
        ret[7] = 0x7FFFFFFFu;
        break;
    case 9: /* 2^256 - p: 1 in Montgomery form */
        for (unsigned i = 0; i < P256_WORDS; i++) {
            ret[i] = ~ret[i];
        }
        ret[0]++;
        break;
    case 10:
        memset(ret, 0, OPERAND_LEN);
        ret[7] = 0xFFFFFFFFu;
        break;
    default:
        memcpy(ret, otav_p256_n, OPERAND_LEN);
        break;
    }
}

/* Mostly words that are all zeros, all ones or near to that; else random ones. */
static inline void random_operand(uint64_t *state, uint32_t ret[P256_WORDS])
{
    const uint32_t kind = next_random(state) % 4;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        const uint32_t word = next_random(state);

        switch (kind == 0 ? 4 : word % 5) {
        case 0:
            ret[i] = 0;
            break;
        case 1:
            ret[i] = 0xFFFFFFFFu;
            break;
        case 2:
            ret[i] = next_random(state) % 3;
            break;
        case 3:
            ret[i] = 0u - next_random(state) % 3;
            break;
        default:
            ret[i] = next_random(state);
            break;
        }
    }
    if (kind == 1) { /* next to p and to 2^256 */
        ret[7] = 0xFFFFFFFFu;
    }
}

#endif
