/*
 * The ways in which a device uses the verifier, and what they share with the platform.
 */
#ifndef FAULT_CALLERS_H
#define FAULT_CALLERS_H

#include <otav/otav.h>

#include "guest.h"

#define GUEST_INPUT ((const struct guest_input *)GUEST_INPUT_ADDRESS)

extern struct otav_context guest_ctx;
extern const struct otav_flash guest_flash_port;

/* The crypto port. */
extern const struct otav_crypto GUEST_CRYPTO;

void accepted(void);
void refused(void);

/* Each calls accepted() or returns. */
void caller_install(void);
void caller_careless(void);
void caller_boot(void);
void caller_ecdsa(void);

#endif
