/*
 * What Eva runs the device's own crypto on, see run.sh: every key, digest, signature, chaining value
 * and byte. The arithmetic is analysed from the entry, so with what its callers really hand on.
 * Layer: proof; never linked.
 */
#include "aes_cbc.h"
#include "p256.h"
#include "sha256.h"

#include "__fc_builtin.h"

static void fill(void *bytes, size_t len)
{
    Frama_C_make_unknown((char *)bytes, len);
}

void prove_sha256_block(void)
{
    uint32_t chain[8];
    uint8_t block[64];

    fill(chain, sizeof chain);
    fill(block, sizeof block);
    otav_sha256_block(chain, block);
}

void prove_p256(void)
{
    uint8_t xy[64];
    uint8_t digest[32];
    uint8_t rs[64];

    fill(xy, sizeof xy);
    fill(digest, sizeof digest);
    fill(rs, sizeof rs);
    (void)otav_p256_verify(xy, digest, rs);
}

/* A stream of two pieces, each of up to STREAM_PIECES blocks. */
enum { STREAM_PIECES = 3 };

void prove_aes_cbc(void)
{
    for (size_t first = 0; first <= STREAM_PIECES; first++) {
        for (size_t second = 0; second <= STREAM_PIECES; second++) {
            struct otav_aes_state state;
            uint8_t key[16];
            uint8_t iv[16];
            uint8_t bytes[2 * 16 * STREAM_PIECES];
            uint8_t *end = bytes + sizeof bytes;

            fill(key, sizeof key);
            fill(iv, sizeof iv);
            fill(bytes, sizeof bytes);
            (void)otav_soft_aes_cbc_begin(0, &state, key, iv);
            (void)otav_soft_aes_cbc_decrypt(0, &state, end - 16 * first, 16 * first);
            (void)otav_soft_aes_cbc_decrypt(0, &state, end - 16 * second, 16 * second);
            otav_soft_aes_cbc_end(0, &state);
        }
    }
}
