/*
 * Judging a release by the rules of lint_rules.h. Pure: everything a rule looks at is in the facts
 * and the history.
 */
#ifndef OTAIMG_LINT_H
#define OTAIMG_LINT_H

#include <stdbool.h>
#include <stdint.h>

#include "exits.h"
#include "known_keys.h"
#include "lint_rules.h"

/* What is to be released. lint_facts.h fills it. */
struct lint_facts {
    bool production; /* sign.class; a release without a key is for no production device */
    uint8_t method;
    bool method_allowed;     /* --allow-insecure was given */
    enum known_key sign_key; /* KNOWN_KEY_NO also when nothing is known of it */
    uint32_t version;
    bool has_attributes;
    uint32_t security_counter; /* with attributes */
    bool is_security_release;  /* kind security or both */
    bool has_sbom;
    bool has_support_end;
    bool revokes_all_keys; /* every number that a device's key can have */
    bool encrypted;
    bool has_zero_iv;
    bool has_default_aes_key; /* false also when the key's bytes cannot be read */
    bool does_not_fit;
    uint32_t fw_len; /* with padding; 0 = unknown */
};

/* What the release log says; all zero without one, and then no rule looks at it. */
struct lint_history {
    bool has_last; /* there is an earlier release of this line */
    uint32_t last_version;
    bool last_has_counter;
    uint32_t last_counter;
    bool encrypted_repeat; /* another encrypted release has the same sequence and revision */
};

struct lint_finding {
    enum lint_rule rule;
    const char *reason; /* why the manifest turned the rule off, NULL = it did not; not owned */
    char *text;         /* "what is wrong, expected ..." */
};

struct lint_findings {
    unsigned count;
    unsigned off_count; /* of them turned off */
    struct lint_finding items[LINT_RULE_COUNT];
};

/* Applies every rule; off[RULE] is the reason for turning it off or NULL, and must outlive *ret.
 * Free with lint_free(). */
void lint_run(const struct lint_facts *facts, const struct lint_history *history,
              const char *const off[LINT_RULE_COUNT], struct lint_findings *ret);
void lint_free(struct lint_findings *findings);

/* Reports what is not turned off; path is the manifest's. OX_POLICY when an error is among it. */
enum ox lint_gate(const struct lint_findings *findings, const char *path);

#endif
