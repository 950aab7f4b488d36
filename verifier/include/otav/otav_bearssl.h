/* Crypto port over BearSSL. */
#ifndef OTAV_BEARSSL_H
#define OTAV_BEARSSL_H

#include "otav_port.h"

extern const struct otav_crypto otav_crypto_bearssl;

#endif
