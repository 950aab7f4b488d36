/*
 * Stand-in crypto for the skip campaign, the same on the host (which signs) and in the guest (which
 * verifies): a cheap digest of 32 bytes, and a "signature" that is the digest masked with the key.
 * Nobody needs a secret for it; what counts is that the port rejects what was not signed.
 */
#ifndef FAULT_STANDIN_H
#define FAULT_STANDIN_H

#include <otav/otav.h>

#include "guest/guest.h"

void standin_public_key(enum guest_key key, uint8_t ret_xy[OTAV_PUBLIC_KEY_LEN]);

/* Digest of len bytes, and r || s of a signature over it. */
void standin_digest(const uint8_t *bytes, size_t len, uint8_t ret_digest[OTAV_SHA256_LEN]);
void standin_sign(enum guest_key key, const uint8_t digest[OTAV_SHA256_LEN],
                  uint8_t ret_rs[OTAV_SIGNATURE_LEN]);

/* AES is never used: its callbacks fail. */
extern const struct otav_crypto standin_crypto;

#endif
