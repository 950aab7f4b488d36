/*
 * What a release must pass before it is signed, here or elsewhere: the rules of the lint.
 */
#ifndef OTAIMG_RELEASE_GATE_H
#define OTAIMG_RELEASE_GATE_H

#include <stdbool.h>

#include "cipher.h"
#include "draft.h"
#include "release_log.h"

/* A release with what is known of it. Nothing in it is owned. */
struct release_gate {
    const struct draft *draft;         /* loaded, with its manifest */
    bool method_allowed;               /* --allow-insecure was given */
    const uint8_t *xy;                 /* public key of the signer, X || Y, 64 bytes; NULL = none */
    const struct cipher *cipher;       /* NULL = plain */
    struct release_log *log;           /* NULL = none */
    const struct release_facts *facts; /* complete; for log only */
};

/* OX_POLICY, told with the manifest's name, when a rule that the manifest did not turn off forbids the
 * release. Options that open a key or allow a method stay in force. */
enum ox release_gate_pass(const struct release_gate *gate);

#endif
