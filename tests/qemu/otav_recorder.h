/* The OpenSSL port, with every call appended to the file that $RECORDING names. */
#ifndef QEMU_OTAV_RECORDER_H
#define QEMU_OTAV_RECORDER_H

#include <otav/otav_port.h>

extern const struct otav_crypto otav_crypto_recorder;

#endif
