/*
 * ECDSA P-256 verification.
 */
#ifndef OTAV_P256_H
#define OTAV_P256_H

#include <stdint.h>

/* OTAV_ACCEPT if rs (r || s) is a signature of the digest under the key xy (X || Y), OTAV_REJECT if
 * not: r or s outside 1..n-1, xy no point of the curve or not below the prime, or no match. All
 * numbers big-endian, 32 bytes each, of any alignment. Running time depends on them: public data only. */
uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64]);

#endif
