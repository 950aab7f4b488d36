/* P-256 public keys out of signatures: which keys can have made one? */
#ifndef OTAIMG_PUBKEY_RECOVER_H
#define OTAIMG_PUBKEY_RECOVER_H

#include <stdint.h>

#include "pubkey.h"

/* Two parities, and for a small r two x coordinates. */
#define PUBKEY_RECOVER_MAX 4

/* Finds all keys under which r || s verifies over the digest: two, rarely four or none. Returns how
 * many. There are some for nearly any r, s and digest, so that a key found from one signature alone
 * proves nothing; one that is found from two of them made both. */
unsigned pubkey_recover(const uint8_t digest[32], const uint8_t rs[64],
                        uint8_t ret_xy[PUBKEY_RECOVER_MAX][PUBKEY_LEN]);

#endif
