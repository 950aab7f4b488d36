/* Crypto port over wolfCrypt. */
#ifndef OTAV_WOLFCRYPT_H
#define OTAV_WOLFCRYPT_H

#include "otav_port.h"

extern const struct otav_crypto otav_crypto_wolfcrypt;

#endif
