/*
 * The rules themselves: each is a function that says what is wrong, or NULL.
 *
 * Layer: above data, below release and commands. Invariant: no rule reads a file or a key, so that
 * `lint` and `build` come to the same findings from the same facts.
 */
#include "lint.h"

#include <stdlib.h>

#include <otav/otav_format.h>

#include "diag.h"
#include "util.h"

typedef char *lint_check(const struct lint_facts *f, const struct lint_history *h);

/* ---- keys and method -------------------------------------------------------------------------- */

static char *check_sample_key(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->sign_key == KNOWN_KEY_SAMPLE ? xstrdup("signed with a published sample key") : NULL;
}

static char *check_development_key(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->sign_key == KNOWN_KEY_DEVELOPMENT ? xstrdup("signed with a public development key")
                                                : NULL;
}

static char *check_method(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    if (f->method == OTAV_METHOD_ECDSA || f->method_allowed) {
        return NULL;
    }
    return xasprintf("authentication '%s' protects against nobody",
                     f->method == OTAV_METHOD_NONE ? "none" : "sha256");
}

/* ---- against the log -------------------------------------------------------------------------- */

static char *check_version(const struct lint_facts *f, const struct lint_history *h)
{
    char version[VERSION_TEXT_LEN];
    char last[VERSION_TEXT_LEN];

    if (!h->has_last || f->version > h->last_version) {
        return NULL;
    }
    format_version(f->version, version);
    format_version(h->last_version, last);
    return xasprintf("version %s after %s", version, last);
}

static bool has_both_counters(const struct lint_facts *f, const struct lint_history *h)
{
    return f->has_attributes && h->has_last && h->last_has_counter;
}

static char *counters(const struct lint_facts *f, const struct lint_history *h)
{
    return xasprintf("security counter %u after %u", f->security_counter, h->last_counter);
}

static char *check_counter(const struct lint_facts *f, const struct lint_history *h)
{
    return has_both_counters(f, h) && f->security_counter < h->last_counter ? counters(f, h) : NULL;
}

static char *check_counter_unchanged(const struct lint_facts *f, const struct lint_history *h)
{
    if (!has_both_counters(f, h) || !f->is_security_release ||
        f->security_counter != h->last_counter) {
        return NULL;
    }
    return xasprintf("a security release with the last one's security counter %u", h->last_counter);
}

static char *check_counter_jump(const struct lint_facts *f, const struct lint_history *h)
{
    if (!has_both_counters(f, h) || f->security_counter <= h->last_counter ||
        f->security_counter - h->last_counter == 1) {
        return NULL;
    }
    return counters(f, h);
}

/* ---- encryption ------------------------------------------------------------------------------- */

/* The same key and IV over two images shows where they begin to differ. */
static char *check_encrypted_repeat(const struct lint_facts *f, const struct lint_history *h)
{
    return f->encrypted && h->encrypted_repeat
               ? xstrdup("sequence and revision are those of another encrypted release")
               : NULL;
}

static char *check_default_aes_key(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->encrypted && f->has_default_aes_key
               ? xstrdup("encrypted with the published default key")
               : NULL;
}

static char *check_zero_iv(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->encrypted && f->has_zero_iv ? xstrdup("'iv' is all zeros") : NULL;
}

/* ---- attributes ------------------------------------------------------------------------------- */

static char *check_no_sbom(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->has_attributes && !f->has_sbom ? xstrdup("no SBOM belongs to the release") : NULL;
}

static char *check_no_support_end(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->has_attributes && !f->has_support_end ? xstrdup("no end of support is given") : NULL;
}

static char *check_no_attributes(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->has_attributes ? NULL
                             : xstrdup("any product takes the release, nothing stops a rollback");
}

/* The key that signs is among them, whatever its number in a device is. */
static char *check_revoke_all_keys(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->revokes_all_keys
               ? xstrdup("'revoke-keys' names every key, and no device revokes the one that signed")
               : NULL;
}

/* ---- firmware --------------------------------------------------------------------------------- */

static char *check_does_not_fit(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->does_not_fit ? xstrdup("the firmware does not fit") : NULL;
}

static char *check_firmware_length(const struct lint_facts *f, const struct lint_history *h)
{
    (void)h;
    return f->fw_len == OTAV_FW_LEN_FORBIDDEN
               ? xasprintf("firmware has %u bytes, a length that no verifier takes", f->fw_len)
               : NULL;
}

/* ----------------------------------------------------------------------------------------------- */

static lint_check *const checks[LINT_RULE_COUNT] = {
    [LINT_SAMPLE_KEY] = check_sample_key,
    [LINT_DEVELOPMENT_KEY] = check_development_key,
    [LINT_METHOD] = check_method,
    [LINT_VERSION] = check_version,
    [LINT_COUNTER] = check_counter,
    [LINT_COUNTER_UNCHANGED] = check_counter_unchanged,
    [LINT_COUNTER_JUMP] = check_counter_jump,
    [LINT_ENCRYPTED_REPEAT] = check_encrypted_repeat,
    [LINT_DEFAULT_AES_KEY] = check_default_aes_key,
    [LINT_ZERO_IV] = check_zero_iv,
    [LINT_NO_SBOM] = check_no_sbom,
    [LINT_NO_SUPPORT_END] = check_no_support_end,
    [LINT_NO_ATTRIBUTES] = check_no_attributes,
    [LINT_REVOKE_ALL_KEYS] = check_revoke_all_keys,
    [LINT_DOES_NOT_FIT] = check_does_not_fit,
    [LINT_FIRMWARE_LENGTH] = check_firmware_length,
};

static void add(struct lint_findings *findings, enum lint_rule rule, const char *reason,
                const char *wrong)
{
    struct lint_finding *finding = &findings->items[findings->count++];

    finding->rule = rule;
    finding->reason = reason;
    finding->text = xasprintf("%s, expected %s", wrong, lint_rules[rule].expected);
    findings->off_count += reason != NULL ? 1 : 0;
}

void lint_run(const struct lint_facts *facts, const struct lint_history *history,
              const char *const off[LINT_RULE_COUNT], struct lint_findings *ret)
{
    *ret = (struct lint_findings){.count = 0};
    for (int i = 0; i < LINT_RULE_COUNT; i++) {
        char *wrong = NULL;

        if (facts->production || !lint_rules[i].production_only) {
            wrong = checks[i](facts, history);
        }
        if (wrong != NULL) {
            add(ret, (enum lint_rule)i, off[i], wrong);
            free(wrong);
        }
    }
}

void lint_free(struct lint_findings *findings)
{
    for (unsigned i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
    }
    *findings = (struct lint_findings){.count = 0};
}

enum ox lint_gate(const struct lint_findings *findings, const char *path)
{
    const char *refused = NULL;

    for (unsigned i = 0; i < findings->count; i++) {
        const struct lint_finding *finding = &findings->items[i];
        const struct lint_rule_info *rule = &lint_rules[finding->rule];

        if (finding->reason != NULL) {
            continue;
        }
        if (rule->severity == LINT_WARNING) {
            diag_warn("%s: lint %s: %s", path, rule->id, finding->text);
            continue;
        }
        (void)diag_fail(OX_POLICY, "%s: lint %s: %s", path, rule->id, finding->text);
        refused = refused == NULL ? rule->id : refused;
    }
    if (refused == NULL) {
        return OX_OK;
    }
    diag_hint("sign: {class: development} is for development devices; a rule is turned off with a "
              "reason: lint: {off: {%s: \"...\"}}",
              refused);
    return OX_POLICY;
}
