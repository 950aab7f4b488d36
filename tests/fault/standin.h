/*
 * Stand-in crypto for the skip campaign, the same on the host (which signs) and in the guest (which
 * verifies): a cheap digest of 32 bytes, and a "signature" that is the digest masked with the key.
 * Nobody needs a secret for it; what counts is that the port rejects what was not signed.
 */
#ifndef FAULT_STANDIN_H
#define FAULT_STANDIN_H

#include <otav/otav.h>

#include "guest/guest.h"

/* AES is never used: its callbacks fail. */
extern const struct otav_crypto standin_crypto;

#endif
