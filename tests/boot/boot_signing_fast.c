/*
 * Signatures that fast_crypto takes. Layer: test.
 */
#include "boot_images.h"
#include "fast_crypto.h"
#include "signing.h"

void image_sign_bytes(enum guest_key key, const uint8_t *bytes, size_t len,
                      uint8_t ret_rs[OTAV_SIGNATURE_LEN])
{
    uint8_t digest[OTAV_SHA256_LEN];

    fast_digest(bytes, len, digest);
    signing_public_key(key, ret_rs); /* which masks the digest: see the stand-in's own signer */
    for (unsigned i = 0; i < OTAV_SIGNATURE_LEN; i++) {
        ret_rs[i] ^= digest[i % OTAV_SHA256_LEN];
    }
}

void image_hash(const uint8_t *bytes, size_t len, uint8_t ret_digest[OTAV_SHA256_LEN])
{
    fast_digest(bytes, len, ret_digest);
}
