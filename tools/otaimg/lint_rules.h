/*
 * The rules of `otaimg lint` as data. Their ids are stable: manifests name them to turn them off.
 */
#ifndef OTAIMG_LINT_RULES_H
#define OTAIMG_LINT_RULES_H

#include <stdbool.h>

enum lint_severity { LINT_ERROR, LINT_WARNING };

/* X(name, id, severity, production only, what is expected); findings come in this order. */
#define LINT_RULES(X)                                                                              \
    X(SAMPLE_KEY, "sample-key", LINT_ERROR, true, "a key of your own")                             \
    X(DEVELOPMENT_KEY, "development-key", LINT_ERROR, true, "a production key")                    \
    X(METHOD, "method", LINT_ERROR, false, "ecdsa-p256-sha256")                                    \
    X(VERSION, "version", LINT_ERROR, true, "a higher one")                                        \
    X(COUNTER, "counter", LINT_ERROR, true, "the same or one more")                                \
    X(COUNTER_UNCHANGED, "counter-unchanged", LINT_WARNING, true,                                  \
      "one more, so that devices never go back")                                                   \
    X(COUNTER_JUMP, "counter-jump", LINT_WARNING, true, "at most one more")                        \
    X(ENCRYPTED_REPEAT, "encrypted-repeat", LINT_ERROR, true, "a sequence of its own")             \
    X(DEFAULT_AES_KEY, "default-aes-key", LINT_ERROR, true, "a key of your own")                   \
    X(ZERO_IV, "zero-iv", LINT_WARNING, true, "random bytes")                                      \
    X(NO_SBOM, "no-sbom", LINT_WARNING, true, "'sbom' in 'attributes'")                            \
    X(NO_SUPPORT_END, "no-support-end", LINT_WARNING, true, "'support-end' in 'release'")          \
    X(NO_ATTRIBUTES, "no-attributes", LINT_WARNING, true, "'attributes'")                          \
    X(REVOKE_ALL_KEYS, "revoke-all-keys", LINT_ERROR, false, "the key that stays to be left out")  \
    X(DOES_NOT_FIT, "does-not-fit", LINT_ERROR, false, "an image for slot 0")                      \
    X(FIRMWARE_LENGTH, "firmware-length", LINT_ERROR, false, "any other")

#define LINT_RULE_ENUM(name, id, severity, production_only, expected) LINT_##name,
enum lint_rule { LINT_RULES(LINT_RULE_ENUM) LINT_RULE_COUNT };
#undef LINT_RULE_ENUM

struct lint_rule_info {
    const char *id;
    enum lint_severity severity;
    bool production_only; /* says nothing about a release for development devices */
    const char *expected;
};

extern const struct lint_rule_info lint_rules[LINT_RULE_COUNT];

/* False, *ret untouched, when no rule has that id. */
bool lint_rule_find(const char *id, enum lint_rule *ret);

#endif
