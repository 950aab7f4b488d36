/*
 * Stand-in crypto: cheap, so that a campaign of millions of runs ends, and sound against a skipped
 * instruction itself, so that what it finds is in the verifier.
 * Layer: test; freestanding, linked into the guest and into the host program.
 */
#include "standin_loops.h"

#include <string.h>

static uint32_t digest_begin(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof(struct standin_state));
    return OTAV_ACCEPT;
}

static uint32_t digest_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    (void)user;
    standin_mix(state, bytes, len);
    return OTAV_ACCEPT;
}

static uint32_t digest_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)user;
    standin_blend((const struct standin_state *)(const void *)state->opaque, ret_digest);
    return OTAV_ACCEPT;
}

static void digest_end(void *user, struct otav_sha256_state *state)
{
    (void)user;
    memset(state, 0, sizeof(struct standin_state));
}

/* Compared twice: when one of them is jumped over, the other still leaves no ACCEPT. */
static uint32_t signature_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                 const uint8_t digest[OTAV_SHA256_LEN],
                                 const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    uint32_t first = standin_compare(xy, digest, rs);
    uint32_t second = standin_compare(xy, digest, rs);

    (void)user;
    return first & second;
}

static uint32_t no_cipher_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                                const uint8_t iv[16])
{
    (void)user;
    (void)state;
    (void)key;
    (void)iv;
    return OTAV_REJECT;
}

static uint32_t no_cipher_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                  size_t len)
{
    (void)user;
    (void)state;
    (void)bytes;
    (void)len;
    return OTAV_REJECT;
}

static void no_cipher_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    (void)state;
}

const struct otav_crypto standin_crypto = {
    NULL,         digest_begin,     digest_update,   digest_final,
    digest_end,   signature_verify, no_cipher_begin, no_cipher_decrypt,
    no_cipher_end};
