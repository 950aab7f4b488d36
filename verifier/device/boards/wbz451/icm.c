/*
 * SHA-256 with the ICM behind the crypto port.
 * Layer: board, crypto back end. Invariants: the ICM gets whole blocks only; if it fails, the very
 * same blocks are hashed in software from the same chaining value, and all later ones too, so the
 * digest never depends on it and is waited for in vain once.
 * spec: device pack, ICM; FIPS 180-4.
 */
#include <otav/otav_error.h>
#include <string.h>

#include "sha256.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"

enum { BLOCK_LEN = 64 };

struct chain {
    uint32_t words[8];
};

struct icm_sha256 {
    struct chain chain;
    size_t len; /* of the message so far; block holds the last len % BLOCK_LEN bytes */
    uint8_t block[BLOCK_LEN];
};

_Static_assert(sizeof(struct icm_sha256) <= sizeof(struct otav_sha256_state), "state too large");

/* spec: FIPS 180-4, 5.3.3 */
static const struct chain first = {{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                                    0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};

static struct icm_sha256 *sha256_of(struct otav_sha256_state *state)
{
    return (struct icm_sha256 *)(void *)state->opaque;
}

static void store_be32(uint8_t bytes[4], uint32_t x)
{
    x = __builtin_bswap32(x);
    memcpy(bytes, &x, sizeof x);
}

static bool wait_done(size_t count)
{
    uint32_t polls = WBZ451_ICM_POLLS + (uint32_t)count * WBZ451_ICM_BLOCK_POLLS;

    for (uint32_t i = 0; i < polls; i++) {
        uint32_t status = ICM_STATUS;

        if ((status & ICM_STATUS_ERRORS) != 0) {
            return false;
        }
        if ((status & ICM_STATUS_DONE) != 0) {
            return true;
        }
    }
    return false;
}

/* The start value is loaded byte-swapped, the result is written as the digest's bytes. */
static void start(struct wbz451_icm *icm, const struct chain *chain)
{
    CFG_PMD3 &= ~CFG_PMD3_ICM;
    ICM_CTRL = ICM_CTRL_RESET;
    ICM_DESCRIPTORS = (uint32_t)icm->descriptor;
    ICM_CFG = ICM_CFG_NO_WRITEBACK | ICM_CFG_START_VALUE | ICM_CFG_START_SHA256;
    ICM_RESULT = (uint32_t)icm->result;
    for (uint32_t i = 0; i < 8; i++) {
        ICM_START(i) = __builtin_bswap32(chain->words[i]);
    }
    ICM_INT_ENABLE = ICM_STATUS_DONE; /* the flag shows only when enabled; the NVIC's line is off */
    __asm__ volatile("dsb" ::: "memory");
    ICM_CTRL = ICM_CTRL_ENABLE;
}

/* count whole blocks at an aligned address, 1..ICM_BLOCKS_MAX. */
static bool by_icm(struct wbz451_icm *icm, struct chain *chain, const uint8_t *blocks, size_t count)
{
    bool done;

    icm->descriptor[0] = (uint32_t)blocks;
    icm->descriptor[1] = ICM_REGION_SHA256 | ICM_REGION_LAST;
    icm->descriptor[2] = count - 1;
    icm->descriptor[3] = 0;
    start(icm, chain);
    done = wait_done(count);
    ICM_CTRL = ICM_CTRL_DISABLE;
    ICM_CTRL = ICM_CTRL_RESET;
    __asm__ volatile("" ::: "memory");
    if (done) {
        for (size_t i = 0; i < 8; i++) {
            chain->words[i] = otav_load_be32(icm->result + 4 * i);
        }
    }
    return done;
}

/* Hashes some of the count blocks; returns how many. */
static size_t hash_blocks(struct wbz451_icm *icm, struct chain *chain, const uint8_t *blocks,
                          size_t count)
{
    const uint8_t *source = blocks;

    count = count < ICM_BLOCKS_MAX ? count : ICM_BLOCKS_MAX;
    if ((uintptr_t)blocks % WBZ451_ICM_SOURCE_ALIGN != 0 ||
        (uintptr_t)blocks < WBZ451_ICM_SOURCE_START) {
        count = count < sizeof icm->copy / BLOCK_LEN ? count : sizeof icm->copy / BLOCK_LEN;
        memcpy(icm->copy, blocks, count * BLOCK_LEN);
        source = icm->copy;
    }
    if (icm->failed || !by_icm(icm, chain, source, count)) {
        icm->failed = true;
        for (size_t i = 0; i < count; i++) {
            otav_sha256_block(chain->words, source + i * BLOCK_LEN);
        }
    }
    return count;
}

static void put(struct icm_sha256 *s, uint8_t byte)
{
    size_t at = s->len++ % BLOCK_LEN;

    s->block[at] = byte;
    if (at == BLOCK_LEN - 1) {
        otav_sha256_block(s->chain.words, s->block);
    }
}

static uint32_t sha256_begin(void *user, struct otav_sha256_state *state)
{
    struct icm_sha256 *s = sha256_of(state);

    (void)user;
    s->chain = first;
    s->len = 0;
    return OTAV_ACCEPT;
}

static uint32_t sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    struct icm_sha256 *s = sha256_of(state);

    while (len > 0) {
        size_t taken = 1;

        if (len >= BLOCK_LEN && s->len % BLOCK_LEN == 0) {
            taken = hash_blocks(user, &s->chain, bytes, len / BLOCK_LEN) * BLOCK_LEN;
            s->len += taken;
        } else {
            put(s, *bytes);
        }
        bytes += taken;
        len -= taken;
    }
    return OTAV_ACCEPT;
}

static uint32_t sha256_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    struct icm_sha256 *s = sha256_of(state);
    size_t len = s->len;

    (void)user;
    put(s, 0x80);
    while (s->len % BLOCK_LEN != BLOCK_LEN - 8) {
        put(s, 0);
    }
    store_be32(s->block + BLOCK_LEN - 8, len >> 29); /* in bits */
    store_be32(s->block + BLOCK_LEN - 4, len << 3);
    otav_sha256_block(s->chain.words, s->block);
    for (size_t i = 0; i < 8; i++) {
        store_be32(ret_digest + 4 * i, s->chain.words[i]);
    }
    return OTAV_ACCEPT;
}

void wbz451_crypto_init(struct wbz451_icm *icm, struct otav_crypto *ret)
{
    *ret = otav_crypto_soft_no_aes;
    ret->user = icm;
    ret->sha256_begin = sha256_begin;
    ret->sha256_update = sha256_update;
    ret->sha256_final = sha256_final;
}
