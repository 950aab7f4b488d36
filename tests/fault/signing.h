/*
 * Signs what the campaign attacks. Two sources: the stand-in crypto, and ECDSA P-256 with SHA-256.
 * Keys and signatures are the same in every run.
 */
#ifndef FAULT_SIGNING_H
#define FAULT_SIGNING_H

#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"

/* X || Y, big-endian. */
void signing_public_key(enum guest_key key, uint8_t ret_xy[GUEST_KEY_LEN]);

/* r || s, big-endian, over the digest of len bytes. */
void signing_sign(enum guest_key key, const uint8_t *bytes, size_t len, uint8_t ret_rs[64]);

#endif
