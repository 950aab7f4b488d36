/* Crypto port over mbed TLS. */
#ifndef OTAV_MBEDTLS_H
#define OTAV_MBEDTLS_H

#include "otav_port.h"

extern const struct otav_crypto otav_crypto_mbedtls;

#endif
