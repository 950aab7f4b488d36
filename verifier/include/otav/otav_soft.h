/* Crypto port in portable C without any library, for devices. */
#ifndef OTAV_SOFT_H
#define OTAV_SOFT_H

#include "otav_port.h"

extern const struct otav_crypto otav_crypto_soft;

#endif
