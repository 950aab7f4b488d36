/*
 * ECDSA P-256 verification over the arithmetic of either profile.
 * Layer: crypto back end. Freestanding, no state.
 * Invariant: the word ACCEPT is never loaded, it is the sum of a base and one point of evidence for
 * everything that was found right; each source of evidence is bounded, so that a missing point can
 * not be made up elsewhere, and a check that was jumped over is a missing point.
 */
#include "p256.h"

#include <otav/otav_error.h>
#include <stdbool.h>

#include "p256_arith.h"
#include "p256_words.h"

/* 2^512 mod p, for conversion into Montgomery form. */
static const uint32_t to_montgomery[P256_WORDS] = {0x00000003, 0x00000000, 0xFFFFFFFF, 0xFFFFFFFB,
                                                   0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0x00000004};

/* -b of the curve's equation in Montgomery form. spec: SP 800-186, 3.2.1.3 */
static const uint32_t minus_b[P256_WORDS] = {0xD63B4220, 0x2763209D, 0x877BCF6F, 0x530FFA33,
                                             0x08DED129, 0x1A5DDF54, 0xFB78B7CC, 0x23CFF9E1};

/* Points of evidence: x, y, r, s below their modulus, r and s not zero, and eight equal words for the
 * equation of the curve. The inputs count twice, as do u1, u2 and x with eight equal words each; Z one. */
enum { EVIDENCE_EQUAL = P256_WORDS, EVIDENCE_INPUTS = 6 + EVIDENCE_EQUAL };
enum { EVIDENCE_ALL = 2 * EVIDENCE_INPUTS + 4 * EVIDENCE_EQUAL + 1 };

struct numbers {
    uint32_t xy[2 * P256_WORDS]; /* of the key, Montgomery form */
    uint32_t rs[2 * P256_WORDS];
    uint32_t e[P256_WORDS]; /* the digest modulo n */
    uint32_t u1[P256_WORDS];
    uint32_t u2[P256_WORDS];
    uint32_t rx[P256_WORDS]; /* X and Z of R = u1 * G + u2 * Q, Montgomery form */
    uint32_t rz[P256_WORDS];
};

static void decode(uint32_t ret[P256_WORDS], const uint8_t bytes[32])
{
    for (unsigned i = 0; i < P256_WORDS; i++) {
        const uint8_t *b = bytes + 4 * (P256_WORDS - 1 - i);

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

static uint32_t on_curve(const uint32_t xy[2 * P256_WORDS])
{
    uint32_t t[P256_WORDS];
    uint32_t yy[P256_WORDS];

    p256_mul_p(yy, xy + P256_WORDS, xy + P256_WORDS);
    p256_mul_p(t, xy, xy);
    p256_mul_p(t, t, xy);
    for (unsigned i = 0; i < 3; i++) {
        p256_sub_p(t, t, xy);
    }
    p256_sub_p(t, t, yy);
    return equal(t, minus_b);
}

/* Reads the inputs; returns EVIDENCE_INPUTS if they are in range and the key is on the curve. */
static uint32_t load(struct numbers *ret, const uint8_t xy[64], const uint8_t digest[32],
                     const uint8_t rs[64])
{
    uint32_t evidence = 0;
    uint32_t t[P256_WORDS];

    for (unsigned i = 0; i < 2; i++) {
        uint32_t *field = ret->xy + P256_WORDS * i;
        uint32_t *scalar = ret->rs + P256_WORDS * i;

        decode(field, xy + 32 * i);
        evidence += p256_sub(t, field, p256_p);
        p256_mul_p(field, field, to_montgomery);
        decode(scalar, rs + 32 * i);
        evidence += p256_sub(t, scalar, p256_n);
        evidence += p256_any(scalar) != 0;
    }
    decode(ret->e, digest);
    p256_reduce(ret->e, p256_n, 0);
    return evidence + on_curve(ret->xy);
}

/* u1 = e / s and u2 = r / s, so u1 * r = u2 * e: a product that was left out, or a wrong inverse of a
 * chosen value, does not keep to that. */
static uint32_t scalars_agree(const struct numbers *m)
{
    uint32_t a[P256_WORDS];
    uint32_t b[P256_WORDS];

    p256_mul_n(a, m->u1, m->rs);
    p256_mul_n(b, m->u2, m->e);
    return equal(a, b);
}

/* Whether R's x is r modulo n, that is r or r + n: X = x * Z^2 without an inversion. */
static uint32_t x_agrees(const struct numbers *m)
{
    uint32_t zz[P256_WORDS];
    uint32_t candidate[P256_WORDS];
    uint32_t product[P256_WORDS];
    uint32_t evidence;

    p256_mul_p(zz, m->rz, m->rz);
    p256_mul_p(zz, zz, to_montgomery);
    p256_mul_p(product, m->rs, zz);
    evidence = equal(product, m->rx);
    if (evidence != EVIDENCE_EQUAL) {
        /* r - (p - n) modulo p is r + n, and that is below p only if it took the modulus. */
        p256_sub(candidate, p256_p, p256_n);
        evidence = p256_sub_p(candidate, m->rs, candidate) - 1;
        p256_mul_p(product, candidate, zz);
        evidence += equal(product, m->rx);
    }
    return evidence;
}

uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64])
{
    struct numbers m;
    volatile uint32_t word;
    uint32_t evidence = load(&m, xy, digest, rs);

    if (evidence != EVIDENCE_INPUTS) {
        return OTAV_REJECT;
    }
    p256_inverse_n(m.u2, m.rs + P256_WORDS);
    p256_mul_n(m.u1, m.e, m.u2);
    p256_mul_n(m.u2, m.rs, m.u2);
    /* No R of an earlier call: infinity, which is refused. */
    p256_sub(m.rz, p256_p, p256_p);
    p256_mul_add(m.rx, m.rz, m.u1, m.u2, m.xy);

    evidence += load(&m, xy, digest, rs);
    /* Twice: one pointer bit turned over can make a comparison look at one number only. */
    for (unsigned i = 0; i < 2; i++) {
        evidence += scalars_agree(&m);
        evidence += x_agrees(&m);
    }
    evidence += p256_any(m.rz) != 0;
    word = OTAV_ACCEPT - EVIDENCE_ALL + evidence;
    return word == OTAV_ACCEPT ? word : OTAV_REJECT;
}
