/*
 * Crypto for runs of many boots: a digest that costs little more than reading, a cipher that chains
 * blocks as AES-CBC does and hides nothing from anybody, and the stand-in "signature" of the skip
 * campaign, keyed so that a stranger's does not pass.
 */
#ifndef BOOT_FAST_CRYPTO_H
#define BOOT_FAST_CRYPTO_H

#include <otav/otav_port.h>

extern const struct otav_crypto fast_crypto;

void fast_digest(const uint8_t *bytes, size_t len, uint8_t ret_digest[OTAV_SHA256_LEN]);

/* In place; len is a multiple of 16. */
void fast_encrypt(const uint8_t key[16], const uint8_t iv[16], uint8_t *bytes, size_t len);

#endif
