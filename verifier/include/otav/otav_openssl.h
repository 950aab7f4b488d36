/* Crypto port over OpenSSL's libcrypto, for hosts. */
#ifndef OTAV_OPENSSL_H
#define OTAV_OPENSSL_H

#include "otav_port.h"

extern const struct otav_crypto otav_crypto_openssl;

#endif
