/*
 * Signatures that the stand-in crypto takes: the digest masked with the key.
 * Layer: test, host.
 */
#include "signing.h"

#include "standin.h"

void signing_public_key(enum guest_key key, uint8_t ret_xy[GUEST_KEY_LEN])
{
    for (unsigned i = 0; i < GUEST_KEY_LEN; i++) {
        ret_xy[i] = (uint8_t)(i * 29u + (unsigned)key * 71u + 3u);
    }
}

void signing_sign(enum guest_key key, const uint8_t *bytes, size_t len, uint8_t ret_rs[64])
{
    struct otav_sha256_state state;
    uint8_t digest[OTAV_SHA256_LEN];

    (void)standin_crypto.sha256_begin(NULL, &state);
    (void)standin_crypto.sha256_update(NULL, &state, bytes, len);
    (void)standin_crypto.sha256_final(NULL, &state, digest);
    signing_public_key(key, ret_rs);
    for (unsigned i = 0; i < OTAV_SIGNATURE_LEN; i++) {
        ret_rs[i] ^= digest[i % OTAV_SHA256_LEN];
    }
}
