/*
 * A cheap digest and a cheap cipher. Layer: test. Invariant: the result does not depend on how the
 * bytes were cut.
 */
#include "fast_crypto.h"

#include <string.h>

#include "standin.h"

struct state {
    uint64_t a;
    uint64_t b;
    uint64_t len;
    uint8_t tail[8];
};

_Static_assert(sizeof(struct state) <= sizeof(struct otav_sha256_state), "digest state");

static void mix(struct state *s, uint64_t word)
{
    s->a = (s->a ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    s->b = (s->b << 7 | s->b >> 57) ^ s->a;
}

static uint32_t begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
    return OTAV_ACCEPT;
}

static uint32_t update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                       size_t len)
{
    struct state *s = (struct state *)(void *)state->opaque;

    (void)user;
    while (len > 0) {
        size_t have = s->len % 8;
        size_t part = 8 - have < len ? 8 - have : len;
        uint64_t word;

        memcpy(s->tail + have, bytes, part);
        s->len += part;
        bytes += part;
        len -= part;
        if (s->len % 8 == 0) {
            memcpy(&word, s->tail, 8);
            mix(s, word);
        }
        for (; s->len % 8 == 0 && len >= 8; bytes += 8, len -= 8, s->len += 8) {
            memcpy(&word, bytes, 8);
            mix(s, word);
        }
    }
    return OTAV_ACCEPT;
}

static uint32_t final(void *user, struct otav_sha256_state *state, uint8_t ret[OTAV_SHA256_LEN])
{
    struct state *s = (struct state *)(void *)state->opaque;
    uint64_t word = 0;

    (void)user;
    memcpy(&word, s->tail, s->len % 8);
    mix(s, word);
    mix(s, s->len);
    for (unsigned i = 0; i < OTAV_SHA256_LEN; i += 8) {
        mix(s, s->b ^ s->b >> 29);
        word = s->a ^ s->b >> 31;
        memcpy(ret + i, &word, 8);
    }
    return OTAV_ACCEPT;
}

static void end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
}

static uint32_t verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                       const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    return standin_crypto.ecdsa_p256_verify(user, xy, digest, rs);
}

/* ---- cipher ----------------------------------------------------------------------------------- */

struct cipher {
    uint8_t key[OTAV_BLOCK_LEN];
    uint8_t previous[OTAV_BLOCK_LEN];
};

_Static_assert(sizeof(struct cipher) <= sizeof(struct otav_aes_state), "cipher state");

static void cipher_start(struct cipher *c, const uint8_t key[16], const uint8_t iv[16])
{
    memcpy(c->key, key, sizeof c->key);
    memcpy(c->previous, iv, sizeof c->previous);
}

/* What a block is masked with: the key and the ciphertext before. */
static uint8_t mask(const struct cipher *c, unsigned i)
{
    return (uint8_t)((c->key[i] ^ c->previous[i]) * 29u + c->previous[(i + 1) % OTAV_BLOCK_LEN]);
}

static uint32_t cipher_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                             const uint8_t iv[16])
{
    (void)user;
    cipher_start((struct cipher *)(void *)state->opaque, key, iv);
    return OTAV_ACCEPT;
}

static uint32_t cipher_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes, size_t len)
{
    struct cipher *c = (struct cipher *)(void *)state->opaque;

    (void)user;
    for (size_t off = 0; off < len; off += OTAV_BLOCK_LEN) {
        uint8_t block[OTAV_BLOCK_LEN];

        memcpy(block, bytes + off, sizeof block);
        for (unsigned i = 0; i < OTAV_BLOCK_LEN; i++) {
            bytes[off + i] = (uint8_t)(block[i] ^ mask(c, i));
        }
        memcpy(c->previous, block, sizeof block);
    }
    return OTAV_ACCEPT;
}

static void cipher_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    memset(state, 0, sizeof *state);
}

void fast_encrypt(const uint8_t key[16], const uint8_t iv[16], uint8_t *bytes, size_t len)
{
    struct cipher c;

    cipher_start(&c, key, iv);
    for (size_t off = 0; off < len; off += OTAV_BLOCK_LEN) {
        for (unsigned i = 0; i < OTAV_BLOCK_LEN; i++) {
            bytes[off + i] ^= mask(&c, i);
        }
        memcpy(c.previous, bytes + off, OTAV_BLOCK_LEN);
    }
}

const struct otav_crypto fast_crypto = {NULL,   begin,        update,         final,     end,
                                        verify, cipher_begin, cipher_decrypt, cipher_end};

void fast_digest(const uint8_t *bytes, size_t len, uint8_t ret_digest[OTAV_SHA256_LEN])
{
    struct otav_sha256_state state;

    (void)begin(NULL, &state);
    (void)update(NULL, &state, bytes, len);
    (void) final(NULL, &state, ret_digest);
}
