/*
 * Deterministic ECDSA nonces: the HMAC generator of RFC 6979 section 3.2, for P-256 and SHA-256.
 *
 * Layer: bytes only, hashing through the verifier's port. All lengths are 32 bytes (qlen = hlen =
 * 256), so bits2int is the identity. Invariant: no branch or index depends on the scalar or on a
 * nonce, except that a candidate is out of range, which happens once in 2^32.
 */
#include "rfc6979.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>

#include <string.h>

#include "util.h"

/* Order of the P-256 base point. */
static const uint8_t order[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF,
                                  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
                                  0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};

/* a - n; returns the borrow: 1 when a < n. */
static unsigned subtract_order(const uint8_t a[32], uint8_t ret_difference[32])
{
    unsigned borrow = 0;

    for (int i = 31; i >= 0; i--) {
        unsigned difference = 0x100u + a[i] - order[i] - borrow;

        ret_difference[i] = (uint8_t)difference;
        borrow = 1u - (difference >> 8);
    }
    return borrow;
}

static bool in_range(const uint8_t a[32])
{
    uint8_t difference[32];
    uint8_t any = 0;
    unsigned below = subtract_order(a, difference);

    for (int i = 0; i < 32; i++) {
        any |= a[i];
    }
    wipe(difference, sizeof difference);
    return below == 1 && any != 0;
}

struct part {
    const uint8_t *bytes;
    size_t len;
};

/* SHA-256 of one padded key block and up to count parts. */
static bool hash_keyed(const uint8_t key[32], uint8_t pad, const struct part *parts, size_t count,
                       uint8_t ret[32])
{
    const struct otav_crypto *port = &otav_crypto_openssl;
    struct otav_sha256_state state = {0};
    uint8_t block[64];
    bool ok;

    memset(block, pad, sizeof block);
    for (size_t i = 0; i < 32; i++) {
        block[i] ^= key[i];
    }
    ok = port->sha256_begin(port->user, &state) == OTAV_ACCEPT &&
         port->sha256_update(port->user, &state, block, sizeof block) == OTAV_ACCEPT;
    for (size_t i = 0; ok && i < count; i++) {
        ok = port->sha256_update(port->user, &state, parts[i].bytes, parts[i].len) == OTAV_ACCEPT;
    }
    ok = ok && port->sha256_final(port->user, &state, ret) == OTAV_ACCEPT;
    port->sha256_end(port->user, &state);
    wipe(block, sizeof block);
    return ok;
}

/* HMAC-SHA256 (RFC 2104) with a key of 32 bytes; ret may be the key or a part. */
static bool hmac(const uint8_t key[32], const struct part *parts, size_t count, uint8_t ret[32])
{
    uint8_t inner[32];
    const struct part outer_part = {inner, sizeof inner};
    bool ok =
        hash_keyed(key, 0x36, parts, count, inner) && hash_keyed(key, 0x5C, &outer_part, 1, ret);

    wipe(inner, sizeof inner);
    return ok;
}

/* K = HMAC_K(V || tag || seed), V = HMAC_K(V). */
static bool update(struct rfc6979 *g, uint8_t tag, const uint8_t *seed, size_t seed_len)
{
    const struct part parts[] = {{g->v, sizeof g->v}, {&tag, 1}, {seed, seed_len}};

    return hmac(g->k, parts, 3, g->k) && hmac(g->k, parts, 1, g->v);
}

bool rfc6979_init(struct rfc6979 *g, const uint8_t scalar[32], const uint8_t digest[32])
{
    uint8_t seed[64]; /* int2octets(scalar) || bits2octets(digest) */
    bool ok;

    memset(g->k, 0x00, sizeof g->k);
    memset(g->v, 0x01, sizeof g->v);
    g->started = false;
    memcpy(seed, scalar, 32);
    if (subtract_order(digest, seed + 32) == 1) {
        memcpy(seed + 32, digest, 32);
    }
    ok = update(g, 0x00, seed, sizeof seed) && update(g, 0x01, seed, sizeof seed);
    wipe(seed, sizeof seed);
    return ok;
}

bool rfc6979_next(struct rfc6979 *g, uint8_t ret_nonce[32])
{
    const struct part v = {g->v, sizeof g->v};

    do {
        if ((g->started && !update(g, 0x00, NULL, 0)) || !hmac(g->k, &v, 1, g->v)) {
            return false;
        }
        g->started = true;
    } while (!in_range(g->v));
    memcpy(ret_nonce, g->v, sizeof g->v);
    return true;
}
