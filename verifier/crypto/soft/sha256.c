/*
 * SHA-256: cuts a stream into blocks and pads it. Layer: crypto back end, device and host.
 * Whole blocks are hashed where they lie, only pieces of blocks are copied.
 * Invariant: len counts every byte of the stream, so block holds the last len % 64 of them.
 */
#include "sha256.h"

#include <otav/otav_error.h>

#include "wipe.h"

struct chain {
    uint32_t words[8];
};

struct sha256 {
    struct chain chain;
    size_t len;
    uint8_t block[64];
};

_Static_assert(sizeof(struct sha256) <= sizeof(struct otav_sha256_state), "state too large");

const uint32_t otav_sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* spec: FIPS 180-4, 5.3.3 */
static const struct chain start = {{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                    0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

static struct sha256 *sha256_of(struct otav_sha256_state *state)
{
    return (struct sha256 *)(void *)state->opaque;
}

static void store_be32(uint8_t bytes[4], uint32_t x)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    x = __builtin_bswap32(x);
#endif
    __builtin_memcpy(bytes, &x, sizeof x); /* one store: at -Os four bytes would stay four */
}

static void put(struct sha256 *s, uint8_t byte)
{
    size_t at = s->len++ % 64;

    s->block[at] = byte;
    if (at == 63) {
        otav_sha256_block(s->chain.words, s->block);
    }
}

uint32_t otav_soft_sha256_begin(void *user, struct otav_sha256_state *state)
{
    struct sha256 *s = sha256_of(state);

    (void)user;
    s->chain = start;
    s->len = 0;
    return OTAV_ACCEPT;
}

uint32_t otav_soft_sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                                 size_t len)
{
    struct sha256 *s = sha256_of(state);

    (void)user;
    while (len > 0) {
        if (len >= 64 && s->len % 64 == 0) {
            otav_sha256_block(s->chain.words, bytes);
            s->len += 64;
            bytes += 64;
            len -= 64;
        } else {
            put(s, *bytes++);
            len--;
        }
    }
    return OTAV_ACCEPT;
}

uint32_t otav_soft_sha256_final(void *user, struct otav_sha256_state *state,
                                uint8_t ret_digest[OTAV_SHA256_LEN])
{
    struct sha256 *s = sha256_of(state);
    size_t len = s->len;

    (void)user;
    put(s, 0x80);
    while (s->len % 64 != 56) {
        put(s, 0);
    }
    store_be32(s->block + 56, (uint32_t)(len >> 29)); /* in bits */
    store_be32(s->block + 60, (uint32_t)(len << 3));
    otav_sha256_block(s->chain.words, s->block);
    for (size_t i = 0; i < 8; i++) {
        store_be32(ret_digest + 4 * i, s->chain.words[i]);
    }
    return OTAV_ACCEPT;
}

void otav_soft_sha256_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    otav_soft_wipe(state, sizeof *state);
}
