/*
 * The P-256 verification under its own name, carried out and recorded by the recorder: what the tests of
 * the library link here instead of it.
 * Layer: test.
 */
#include <p256.h>

#include "otav_recorder.h"

uint32_t otav_p256_verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64])
{
    return otav_crypto_recorder.ecdsa_p256_verify(otav_crypto_recorder.user, xy, digest, rs);
}
