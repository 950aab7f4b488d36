/* Deterministic ECDSA nonces for P-256 and SHA-256 (RFC 6979 section 3.2). */
#ifndef OTAIMG_RFC6979_H
#define OTAIMG_RFC6979_H

#include <stdbool.h>
#include <stdint.h>

/* State of the generator: as secret as the private key, wipe() after use. */
struct rfc6979 {
    uint8_t k[32];
    uint8_t v[32];
    bool started; /* a nonce was given: the next one takes another round first */
};

/* scalar: private key, 1..n-1, big-endian. digest: SHA-256 of the message. False when hashing
 * fails. */
bool rfc6979_init(struct rfc6979 *g, const uint8_t scalar[32], const uint8_t digest[32]);

/* The next candidate in 1..n-1, big-endian; the first is the nonce unless r or s comes out zero. */
bool rfc6979_next(struct rfc6979 *g, uint8_t ret_nonce[32]);

#endif
