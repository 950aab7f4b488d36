/*
 * What the verifier needs from its platform: hashing, one signature check, AES-CBC, and flash.
 * Both ports are const structs of callbacks with a context pointer, so several devices can live in
 * one process. A callback never keeps a pointer it was given.
 */
#ifndef OTAV_PORT_H
#define OTAV_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "otav_format.h"

/* Room for a back end's running state, in 8-byte words; a back end checks its need at compile time,
 * and a build may override what it has to be (everywhere alike: it is part of struct otav_context). */
#ifndef OTAV_SHA256_STATE_WORDS
#define OTAV_SHA256_STATE_WORDS 16
#endif
#ifndef OTAV_AES_STATE_WORDS
#define OTAV_AES_STATE_WORDS 32
#endif

struct otav_sha256_state {
    uint64_t opaque[OTAV_SHA256_STATE_WORDS];
};

struct otav_aes_state {
    uint64_t opaque[OTAV_AES_STATE_WORDS];
};

/* Callbacks that can fail return OTAV_ACCEPT when they did their work, anything else is a failure.
 * A state that was begun is always ended by _end, whatever happens between; _end wipes it and must
 * also take a state that is all zeros. */
struct otav_crypto {
    void *user;
    uint32_t (*sha256_begin)(void *user, struct otav_sha256_state *state);
    uint32_t (*sha256_update)(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len);
    uint32_t (*sha256_final)(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN]);
    void (*sha256_end)(void *user, struct otav_sha256_state *state);

    /* ECDSA P-256 over a digest. OTAV_ACCEPT if rs (r || s, big-endian) is a signature under xy,
     * which includes: r and s in 1..n-1, xy on the curve. OTAV_REJECT if not. */
    uint32_t (*ecdsa_p256_verify)(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN]);

    /* AES-128-CBC decryption; state chains from call to call. len is a multiple of 16; in place. */
    uint32_t (*aes_cbc_begin)(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16]);
    uint32_t (*aes_cbc_decrypt)(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len);
    void (*aes_cbc_end)(void *user, struct otav_aes_state *state);
};

/* One slot. Offsets count bytes from its start; erase works on whole pages of OTAV_PAGE_LEN, program
 * on whole units of OTAV_UNIT_LEN that are erased (0xFF). OTAV_ACCEPT when done. read gives what is in the
 * cells: it may come from a cache only if that follows what erase and program did. */
struct otav_flash {
    void *user;
    uint32_t (*read)(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len);
    uint32_t (*erase)(void *user, uint32_t offset, size_t len);
    uint32_t (*program)(void *user, uint32_t offset, const uint8_t *bytes, size_t len);

    /* May be NULL. Where the len bytes at offset can be read without a copy, until the next call of the
     * port; NULL: nowhere, they are read. */
    const uint8_t *(*at)(void *user, uint32_t offset, size_t len);
};

#endif
