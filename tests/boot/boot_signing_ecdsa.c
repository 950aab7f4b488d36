/*
 * Signatures and digests as devices know them; linked with signing_openssl.c. Layer: test.
 */
#include <openssl/sha.h>

#include "boot_images.h"
#include "signing.h"

void image_sign_bytes(enum guest_key key, const uint8_t *bytes, size_t len,
                      uint8_t ret_rs[OTAV_SIGNATURE_LEN])
{
    signing_sign(key, bytes, len, ret_rs);
}

void image_hash(const uint8_t *bytes, size_t len, uint8_t ret_digest[OTAV_SHA256_LEN])
{
    (void)SHA256(bytes, len, ret_digest);
}
