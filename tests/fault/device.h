/* The device of the guest: what the bad images are bad for. */
#ifndef FAULT_DEVICE_H
#define FAULT_DEVICE_H

#include <otav/otav_config.h>

/* A production device of the release line that trusts the keys of enum guest_key. */
void device_config(struct otav_config *ret);

#endif
