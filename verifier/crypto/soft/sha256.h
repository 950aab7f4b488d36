/*
 * SHA-256 (FIPS 180-4) in the shape of the crypto port, for devices. user is not used; begin, update
 * and final always return OTAV_ACCEPT. At most SIZE_MAX bytes a message.
 */
#ifndef OTAV_SOFT_SHA256_H
#define OTAV_SOFT_SHA256_H

#include <otav/otav_port.h>

uint32_t otav_soft_sha256_begin(void *user, struct otav_sha256_state *state);
uint32_t otav_soft_sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                                 size_t len);
/* The state is used up: only otav_soft_sha256_end() may follow. */
uint32_t otav_soft_sha256_final(void *user, struct otav_sha256_state *state,
                                uint8_t ret_digest[OTAV_SHA256_LEN]);
void otav_soft_sha256_end(void *user, struct otav_sha256_state *state);

/* Takes one block into the chaining value; block at any alignment. One implementation is linked:
 * sha256_small or sha256_fast, in assembly for the Cortex-M4 or else in C. */
void otav_sha256_block(uint32_t chain[8], const uint8_t block[64]);

/* The round constants. spec: FIPS 180-4, 4.2.2 */
extern const uint32_t otav_sha256_k[64];

static inline uint32_t otav_ror32(uint32_t x, unsigned count)
{
    return x >> count | x << (32 - count);
}

static inline uint32_t otav_load_be32(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

#endif
