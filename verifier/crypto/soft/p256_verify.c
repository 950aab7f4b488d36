/*
 * ECDSA P-256 verification over the arithmetic of either profile.
 * Layer: crypto back end. Freestanding, no state.
 * Invariant: the word ACCEPT is never loaded, it is the sum of a base and one point of evidence for
 * everything that was found right; each source of evidence is bounded, so that a missing point can
 * not be made up elsewhere, and a check that was jumped over is a missing point.
 */
#include "p256.h"

#include <otav/otav_error.h>
#include <stddef.h>

#include "p256_arith.h"
#include "p256_words.h"

/* 2^512 mod p, for conversion into Montgomery form. */
static const uint32_t to_montgomery[P256_WORDS] = {0x00000003, 0x00000000, 0xFFFFFFFF, 0xFFFFFFFB,
                                                   0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0x00000004};

/* -b of the curve's equation in Montgomery form. spec: SP 800-186, 3.2.1.3 */
static const uint32_t minus_b[P256_WORDS] = {0xD63B4220, 0x2763209D, 0x877BCF6F, 0x530FFA33,
                                             0x08DED129, 0x1A5DDF54, 0xFB78B7CC, 0x23CFF9E1};

/* Points of evidence: x, y, r, s below their modulus, r and s not zero, and eight equal words for the
 * equation of the curve. The inputs count twice; u1 and u2 are eight equal words, x twice eight; X and Z
 * below the prime, and Z not zero. */
enum { EVIDENCE_EQUAL = P256_WORDS, EVIDENCE_INPUTS = 6 + EVIDENCE_EQUAL };
enum { EVIDENCE_ALL = 2 * EVIDENCE_INPUTS + 3 * EVIDENCE_EQUAL + 3 };

/* The later numbers take the place of earlier ones: the stack is what a small device has least of. */
struct numbers {
    uint32_t key[2 * P256_WORDS]; /* X and Y, Montgomery form */
    uint32_t rs[2 * P256_WORDS];  /* r and s, then r and u2 */
    uint32_t e[P256_WORDS];       /* the digest modulo n */
    uint32_t u1_rx[P256_WORDS];   /* u1, then X of R = u1 * G + u2 * Q, Montgomery form */
    uint32_t rz[P256_WORDS];      /* R's Z, Montgomery form */
};

static void decode(uint32_t ret[P256_WORDS], const uint8_t bytes[32])
{
    for (size_t i = 0; i < P256_WORDS; i++) {
        const uint8_t *b = bytes + (28 - 4 * i);

        ret[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
}

/* Eight if a equals b, less if not. Equal words are counted and differences collected: neither alone
 * is enough. */
static uint32_t equal(const uint32_t a[P256_WORDS], const uint32_t b[P256_WORDS])
{
    uint32_t difference = 0;
    uint32_t count = 0;

    for (unsigned i = 0; i < P256_WORDS; i++) {
        difference |= a[i] ^ b[i];
        count += a[i] == b[i];
    }
    return difference != 0 ? 0 : count;
}

/* X^3 - 3 X - Y^2 = -b. */
static uint32_t on_curve(struct numbers *m)
{
    const uint32_t *x = m->key;
    const uint32_t *y = m->key + P256_WORDS;
    uint32_t *t = m->e;

    otav_p256_mul_p(t, x, x);
    otav_p256_mul_p(t, t, x);
    for (unsigned i = 0; i < 3; i++) {
        otav_p256_sub_p(t, t, x);
    }
    otav_p256_mul_p(m->rz, y, y);
    otav_p256_sub_p(t, t, m->rz);
    return equal(t, minus_b);
}

/* Reads the inputs; returns EVIDENCE_INPUTS if they are in range and the key is on the curve. */
static uint32_t load(struct numbers *ret, const uint8_t xy[64], const uint8_t digest[32],
                     const uint8_t rs[64])
{
    uint32_t evidence = 0;

    for (size_t i = 0; i < 2; i++) {
        uint32_t *coordinate = ret->key + P256_WORDS * i;
        uint32_t *scalar = ret->rs + P256_WORDS * i;

        decode(coordinate, xy + 32 * i);
        evidence += otav_p256_sub(ret->e, coordinate, otav_p256_p);
        otav_p256_mul_p(coordinate, coordinate, to_montgomery);
        decode(scalar, rs + 32 * i);
        evidence += otav_p256_sub(ret->e, scalar, otav_p256_n);
        evidence += otav_p256_any(scalar) != 0;
    }
    evidence += on_curve(ret);
    decode(ret->e, digest);
    otav_p256_reduce(ret->e, otav_p256_n, 0);
    return evidence;
}

/* u1 = e / s and u2 = r / s, so u1 * r = u2 * e: a product that was left out, or a wrong inverse of a
 * chosen value, does not keep to that. Uses up e. */
static uint32_t compute_scalars(struct numbers *m)
{
    uint32_t *u2 = m->rs + P256_WORDS;

    otav_p256_inverse_n(u2, u2);
    otav_p256_mul_n(m->u1_rx, m->e, u2);
    otav_p256_mul_n(u2, m->rs, u2);
    otav_p256_mul_n(m->rz, m->u1_rx, m->rs);
    otav_p256_mul_n(m->e, u2, m->e);
    return equal(m->rz, m->e);
}

/* Points if R's x is r modulo n, that is r or r + n: X = x * Z^2 without an inversion. Uses up all but
 * R and r, in whose place the matching one of the two stays for a second look. */
static uint32_t x_agrees(struct numbers *m)
{
    uint32_t *zz = m->e;
    uint32_t *product = m->key;
    uint32_t evidence;

    otav_p256_mul_p(zz, m->rz, m->rz);
    otav_p256_mul_p(zz, zz, to_montgomery);
    otav_p256_mul_p(product, m->rs, zz);
    evidence = equal(product, m->u1_rx);
    if (evidence != EVIDENCE_EQUAL) {
        /* r - (p - n) modulo p is r + n, and that is below p only if it took the modulus. */
        otav_p256_sub(product, otav_p256_p, otav_p256_n);
        evidence = otav_p256_sub_p(m->rs, m->rs, product) - 1;
        otav_p256_mul_p(product, m->rs, zz);
        evidence += equal(product, m->u1_rx);
    }
    return evidence;
}

uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64])
{
    struct numbers m;
    volatile uint32_t word = OTAV_REJECT; /* not what an earlier call left in its place */
    uint32_t evidence = load(&m, xy, digest, rs);

    if (evidence != EVIDENCE_INPUTS) {
        return OTAV_REJECT;
    }
    evidence += load(&m, xy, digest, rs);
    evidence += compute_scalars(&m);
    /* No R of an earlier call: infinity, which is refused. */
    otav_p256_sub(m.rz, otav_p256_p, otav_p256_p);
    otav_p256_mul_add(m.u1_rx, m.rz, m.u1_rx, m.rs + P256_WORDS, m.key);

    /* A damaged reduction could leave the prime itself for zero. */
    evidence += otav_p256_sub(m.e, m.rz, otav_p256_p) + otav_p256_sub(m.e, m.u1_rx, otav_p256_p);
    /* 0 - Z borrows unless Z is zero. Not by otav_p256_any(): the arithmetic looks for infinity with it, and
     * damage to it must not blind both. */
    otav_p256_sub(m.e, m.rz, m.rz);
    evidence += otav_p256_sub(m.e, m.e, m.rz);
    /* Twice: one pointer bit turned over can make a comparison look at one number only. */
    evidence += x_agrees(&m);
    evidence += x_agrees(&m);
    word = OTAV_ACCEPT - EVIDENCE_ALL + evidence;
    return word == OTAV_ACCEPT ? word : OTAV_REJECT;
}
