/*
 * The inner loops of the stand-in crypto, which the campaign leaves alone: the hash and the
 * comparison that a device really uses replace them and are tested with it.
 */
#ifndef FAULT_STANDIN_LOOPS_H
#define FAULT_STANDIN_LOOPS_H

#include "standin.h"

struct standin_state {
    uint32_t a, b;
    uint32_t len;
};

_Static_assert(sizeof(struct standin_state) <= sizeof(struct otav_sha256_state), "digest state");

void standin_mix(struct otav_sha256_state *state, const uint8_t *bytes, size_t len);

void standin_blend(const struct standin_state *state, uint8_t ret_digest[OTAV_SHA256_LEN]);

/* OTAV_ACCEPT when rs is the signature, else OTAV_REJECT. */
uint32_t standin_compare(const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                         const uint8_t digest[OTAV_SHA256_LEN],
                         const uint8_t rs[OTAV_SIGNATURE_LEN]);

#endif
