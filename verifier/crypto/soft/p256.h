/* ECDSA over P-256, for devices. All inputs are public: time may depend on them. */
#ifndef OTAV_SOFT_P256_H
#define OTAV_SOFT_P256_H

#include <stdint.h>

/* OTAV_ACCEPT if rs (r || s) is a signature of digest under the public key xy (x || y), all
 * big-endian; that includes r and s in 1..n-1, and xy on the curve. OTAV_REJECT if not. */
uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64]);

#endif
