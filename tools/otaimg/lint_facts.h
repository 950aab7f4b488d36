/*
 * Gathering what lint judges: from the manifest, the keys and the firmware.
 */
#ifndef OTAIMG_LINT_FACTS_H
#define OTAIMG_LINT_FACTS_H

#include "cipher.h"
#include "lint.h"
#include "manifest.h"
#include "release_log.h"

/* What the manifest alone says. */
struct lint_facts lint_facts_of(const struct manifest *m);

/* What is known of the signing key, X || Y, and of an AES key, of which nothing is kept. */
void lint_facts_add_signer(struct lint_facts *facts, const uint8_t xy[64]);
void lint_facts_add_cipher(struct lint_facts *facts, const struct cipher *cipher);

/* What log says about releases before this one. */
void lint_history_read(struct release_log *log, const struct release_facts *release,
                       struct lint_history *ret);

/* The rules that off[RULE] turns off, for a line of the log; returns their number. The reasons are
 * not copied. */
unsigned lint_reasons(const char *const off[LINT_RULE_COUNT],
                      struct release_log_reason ret[LINT_RULE_COUNT]);

#endif
