/* Lint rule by rule: fires, does not fire, is for production releases only or not, is turned off. */
#include "unit.h"

#include <otav/otav_format.h>

#include "lint.h"
#include "lint_facts.h"
#include "manifest_set.h"

#define EXAMPLES TEST_DATA_DIR "/../examples/"

static const char *no_off[LINT_RULE_COUNT];

/* A release that no rule finds fault with, after one that is a step older. */
static const struct lint_facts clean_facts = {
    .production = true,
    .method = OTAV_METHOD_ECDSA,
    .version = 0x01040200,
    .has_attributes = true,
    .security_counter = 4,
    .is_security_release = true,
    .has_sbom = true,
    .has_support_end = true,
    .encrypted = true,
    .fw_len = 4096,
};
static const struct lint_history step_older = {
    .has_last = true, .last_version = 0x010401FF, .last_has_counter = true, .last_counter = 3};

struct lint_case {
    enum lint_rule rule;
    void (*spoil)(struct lint_facts *f, struct lint_history *h);
    const char *text;
};

static void spoil_sample(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->sign_key = KNOWN_KEY_SAMPLE;
}

static void spoil_development(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->sign_key = KNOWN_KEY_DEVELOPMENT;
}

static void spoil_none(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->method = OTAV_METHOD_NONE;
}

static void spoil_sha256(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->method = OTAV_METHOD_SHA256;
}

static void spoil_same_version(struct lint_facts *f, struct lint_history *h)
{
    h->last_version = f->version;
}

static void spoil_older_version(struct lint_facts *f, struct lint_history *h)
{
    h->last_version = f->version + 1;
}

static void spoil_counter(struct lint_facts *f, struct lint_history *h)
{
    h->last_counter = f->security_counter + 1;
}

static void spoil_counter_unchanged(struct lint_facts *f, struct lint_history *h)
{
    h->last_counter = f->security_counter;
}

static void spoil_counter_jump(struct lint_facts *f, struct lint_history *h)
{
    h->last_counter = f->security_counter - 2;
}

static void spoil_repeat(struct lint_facts *f, struct lint_history *h)
{
    (void)f;
    h->encrypted_repeat = true;
}

static void spoil_aes(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->has_default_aes_key = true;
}

static void spoil_iv(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->has_zero_iv = true;
}

static void spoil_sbom(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->has_sbom = false;
}

static void spoil_support_end(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->has_support_end = false;
}

static void spoil_attributes(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->has_attributes = false;
    f->has_sbom = false;
    f->has_support_end = false;
}

static void spoil_fit(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->does_not_fit = true;
}

static void spoil_length(struct lint_facts *f, struct lint_history *h)
{
    (void)h;
    f->fw_len = 492;
}

static const struct lint_case cases[] = {
    {LINT_SAMPLE_KEY, spoil_sample,
     "signed with a published sample key, expected a key of your own"},
    {LINT_DEVELOPMENT_KEY, spoil_development,
     "signed with a public development key, expected a production key"},
    {LINT_METHOD, spoil_none,
     "authentication 'none' protects against nobody, expected ecdsa-p256-sha256"},
    {LINT_METHOD, spoil_sha256,
     "authentication 'sha256' protects against nobody, expected ecdsa-p256-sha256"},
    {LINT_VERSION, spoil_same_version, "version 1.4.2.0 after 1.4.2.0, expected a higher one"},
    {LINT_VERSION, spoil_older_version, "version 1.4.2.0 after 1.4.2.1, expected a higher one"},
    {LINT_COUNTER, spoil_counter, "security counter 4 after 5, expected the same or one more"},
    {LINT_COUNTER_UNCHANGED, spoil_counter_unchanged,
     "a security release with the last one's security counter 4, expected one more, so that "
     "devices never go back"},
    {LINT_COUNTER_JUMP, spoil_counter_jump,
     "security counter 4 after 2, expected at most one more"},
    {LINT_ENCRYPTED_REPEAT, spoil_repeat,
     "sequence and revision are those of another encrypted release, expected a sequence of its "
     "own"},
    {LINT_DEFAULT_AES_KEY, spoil_aes,
     "encrypted with the published default key, expected a key of your own"},
    {LINT_ZERO_IV, spoil_iv, "'iv' is all zeros, expected random bytes"},
    {LINT_NO_SBOM, spoil_sbom, "no SBOM belongs to the release, expected 'sbom' in 'attributes'"},
    {LINT_NO_SUPPORT_END, spoil_support_end,
     "no end of support is given, expected 'support-end' in 'release'"},
    {LINT_NO_ATTRIBUTES, spoil_attributes,
     "any product takes the release, nothing stops a rollback, expected 'attributes'"},
    {LINT_DOES_NOT_FIT, spoil_fit, "the firmware does not fit, expected an image for slot 0"},
    {LINT_FIRMWARE_LENGTH, spoil_length,
     "firmware has 492 bytes, a length that no verifier takes, expected any other"},
};

#define CASE_COUNT ((int)(sizeof cases / sizeof cases[0]))

static void spoil(const struct lint_case *c, struct lint_facts *f, struct lint_history *h)
{
    *f = clean_facts;
    *h = step_older;
    c->spoil(f, h);
}

static unsigned count_findings(const struct lint_facts *f, const struct lint_history *h)
{
    struct lint_findings findings;
    unsigned count;

    lint_run(f, h, no_off, &findings);
    count = findings.count;
    lint_free(&findings);
    return count;
}

START_TEST(test_lint_clean_release_has_no_findings)
{
    ck_assert_uint_eq(count_findings(&clean_facts, &step_older), 0);
}
END_TEST

START_TEST(test_lint_every_rule_is_tested)
{
    for (int rule = 0; rule < LINT_RULE_COUNT; rule++) {
        bool tested = false;

        for (int i = 0; i < CASE_COUNT; i++) {
            tested = tested || cases[i].rule == (enum lint_rule)rule;
        }
        ck_assert_msg(tested, "%s has no case", lint_rules[rule].id);
    }
}
END_TEST

START_TEST(test_lint_rule_fires_alone)
{
    struct lint_findings findings;
    struct lint_history h;
    struct lint_facts f;

    spoil(&cases[_i], &f, &h);
    lint_run(&f, &h, no_off, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_uint_eq(findings.off_count, 0);
    ck_assert_int_eq(findings.items[0].rule, cases[_i].rule);
    ck_assert_ptr_null(findings.items[0].reason);
    ck_assert_str_eq(findings.items[0].text, cases[_i].text);
    lint_free(&findings);
    ck_assert_uint_eq(findings.count, 0);
}
END_TEST

START_TEST(test_lint_severity_decides_whether_build_goes_on)
{
    const struct lint_rule_info *rule = &lint_rules[cases[_i].rule];
    struct lint_findings findings;
    struct lint_history h;
    struct lint_facts f;
    char expected[512];

    spoil(&cases[_i], &f, &h);
    lint_run(&f, &h, no_off, &findings);
    catch_diagnostics();
    if (rule->severity == LINT_ERROR) {
        ck_assert_int_eq(lint_gate(&findings, "r.yaml"), OX_POLICY);
        snprintf(expected, sizeof expected,
                 "otaimg: r.yaml: lint %s: %s\n"
                 "hint: sign: {class: development} is for development devices; a rule is turned "
                 "off with a reason: lint: {off: {%s: \"...\"}}\n",
                 rule->id, cases[_i].text, rule->id);
    } else {
        ck_assert_int_eq(lint_gate(&findings, "r.yaml"), OX_OK);
        snprintf(expected, sizeof expected, "otaimg: warning: r.yaml: lint %s: %s\n", rule->id,
                 cases[_i].text);
    }
    ck_assert_str_eq(caught(), expected);
    lint_free(&findings);
}
END_TEST

START_TEST(test_lint_turned_off_rule_keeps_finding_and_reason)
{
    const char *off[LINT_RULE_COUNT] = {NULL};
    struct lint_findings findings;
    struct lint_history h;
    struct lint_facts f;

    off[cases[_i].rule] = "for a reason";
    spoil(&cases[_i], &f, &h);
    lint_run(&f, &h, off, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_uint_eq(findings.off_count, 1);
    ck_assert_str_eq(findings.items[0].reason, "for a reason");
    ck_assert_str_eq(findings.items[0].text, cases[_i].text);
    catch_diagnostics();
    ck_assert_int_eq(lint_gate(&findings, "r.yaml"), OX_OK);
    ck_assert_str_eq(caught(), "");
    lint_free(&findings);
}
END_TEST

START_TEST(test_lint_other_rules_turned_off_change_nothing)
{
    const char *off[LINT_RULE_COUNT];
    struct lint_findings findings;
    struct lint_history h;
    struct lint_facts f;

    for (int i = 0; i < LINT_RULE_COUNT; i++) {
        off[i] = i == (int)cases[_i].rule ? NULL : "another";
    }
    spoil(&cases[_i], &f, &h);
    lint_run(&f, &h, off, &findings);
    ck_assert_uint_eq(findings.count, 1);
    ck_assert_uint_eq(findings.off_count, 0);
    lint_free(&findings);
}
END_TEST

START_TEST(test_lint_development_release_held_to_format_only)
{
    const enum lint_rule rule = cases[_i].rule;
    bool always = rule == LINT_METHOD || rule == LINT_DOES_NOT_FIT || rule == LINT_FIRMWARE_LENGTH;
    struct lint_history h;
    struct lint_facts f;

    spoil(&cases[_i], &f, &h);
    f.production = false;
    ck_assert_uint_eq(count_findings(&f, &h), always ? 1 : 0);
}
END_TEST

START_TEST(test_lint_no_log_no_findings_from_it)
{
    static const struct lint_history none;
    struct lint_facts f = clean_facts;

    f.version = 0;
    f.security_counter = 0;
    ck_assert_uint_eq(count_findings(&f, &none), 0);
    f.security_counter = 100;
    ck_assert_uint_eq(count_findings(&f, &none), 0);
}
END_TEST

START_TEST(test_lint_counter_rules_need_both_counters)
{
    struct lint_history h = step_older;
    struct lint_facts f = clean_facts;

    h.last_has_counter = false;
    for (uint32_t last = 0; last < 8; last++) {
        h.last_counter = last;
        ck_assert_uint_eq(count_findings(&f, &h), 0);
    }
    h.last_has_counter = true;
    f.has_attributes = false;
    for (uint32_t last = 0; last < 8; last++) {
        h.last_counter = last;
        ck_assert_uint_eq(count_findings(&f, &h), 1); /* no-attributes */
    }
}
END_TEST

START_TEST(test_lint_feature_release_may_keep_counter)
{
    struct lint_history h = step_older;
    struct lint_facts f = clean_facts;

    f.is_security_release = false;
    h.last_counter = f.security_counter;
    ck_assert_uint_eq(count_findings(&f, &h), 0);
}
END_TEST

START_TEST(test_lint_counter_limits_do_not_wrap)
{
    struct lint_history h = step_older;
    struct lint_facts f = clean_facts;

    f.security_counter = UINT32_MAX;
    h.last_counter = UINT32_MAX - 1;
    ck_assert_uint_eq(count_findings(&f, &h), 0);
    f.security_counter = 0;
    h.last_counter = UINT32_MAX;
    ck_assert_uint_eq(count_findings(&f, &h), 1);
    f.security_counter = UINT32_MAX;
    h.last_counter = 0;
    ck_assert_uint_eq(count_findings(&f, &h), 1);
}
END_TEST

START_TEST(test_lint_plain_release_not_held_to_encryption_rules)
{
    struct lint_history h = step_older;
    struct lint_facts f = clean_facts;

    h.encrypted_repeat = true;
    f.encrypted = false;
    f.has_default_aes_key = true;
    f.has_zero_iv = true;
    ck_assert_uint_eq(count_findings(&f, &h), 0);
}
END_TEST

START_TEST(test_lint_allowed_method_is_no_finding)
{
    struct lint_facts f = clean_facts;

    f.method = OTAV_METHOD_SHA256;
    f.method_allowed = true;
    ck_assert_uint_eq(count_findings(&f, &step_older), 0);
}
END_TEST

START_TEST(test_lint_lengths_beside_the_forbidden_one_pass)
{
    struct lint_facts f = clean_facts;

    f.fw_len = 491;
    ck_assert_uint_eq(count_findings(&f, &step_older), 0);
    f.fw_len = 493;
    ck_assert_uint_eq(count_findings(&f, &step_older), 0);
}
END_TEST

START_TEST(test_lint_gate_reports_all_and_hints_once)
{
    struct lint_findings findings;
    struct lint_facts f = clean_facts;

    f.sign_key = KNOWN_KEY_DEVELOPMENT;
    f.has_sbom = false;
    f.fw_len = 492;
    lint_run(&f, &step_older, no_off, &findings);
    ck_assert_uint_eq(findings.count, 3);
    catch_diagnostics();
    ck_assert_int_eq(lint_gate(&findings, "r.yaml"), OX_POLICY);
    ck_assert_str_eq(
        caught(),
        "otaimg: r.yaml: lint development-key: signed with a public development key, "
        "expected a production key\n"
        "otaimg: warning: r.yaml: lint no-sbom: no SBOM belongs to the release, expected 'sbom' "
        "in 'attributes'\n"
        "otaimg: r.yaml: lint firmware-length: firmware has 492 bytes, a length that no "
        "verifier takes, expected any other\n"
        "hint: sign: {class: development} is for development devices; a rule is turned "
        "off with a reason: lint: {off: {development-key: \"...\"}}\n");
    lint_free(&findings);
}
END_TEST

START_TEST(test_lint_facts_are_those_of_the_manifest)
{
    char sbom[] = "sbom.json";
    struct manifest m = {.production = true,
                         .method = OTAV_METHOD_ECDSA,
                         .version = 5,
                         .encrypt = true,
                         .has_attributes = true,
                         .security_counter = 6,
                         .has_release = true};
    struct lint_facts f = lint_facts_of(&m);

    ck_assert(f.production && f.encrypted && f.has_attributes && f.has_zero_iv);
    ck_assert(!f.has_sbom && !f.has_support_end && !f.has_default_aes_key && !f.does_not_fit);
    ck_assert_uint_eq(f.method, OTAV_METHOD_ECDSA);
    ck_assert_uint_eq(f.version, 5);
    ck_assert_uint_eq(f.security_counter, 6);
    ck_assert_int_eq(f.sign_key, KNOWN_KEY_NO);
    m.sbom_file = sbom;
    m.has_support_end = true;
    m.encrypt_iv[15] = 1;
    f = lint_facts_of(&m);
    ck_assert(f.has_sbom && f.has_support_end && !f.has_zero_iv);
    for (uint8_t kind = 1; kind <= 3; kind++) { /* feature, security, both */
        m.release_kind = kind;
        ck_assert_int_eq(lint_facts_of(&m).is_security_release, kind >= 2);
    }
    m.has_release = false;
    ck_assert(!lint_facts_of(&m).is_security_release);
}
END_TEST

/* What people start from is what lint takes, or says why not. */
START_TEST(test_lint_examples_without_findings)
{
    static const char *const paths[] = {EXAMPLES "release.yaml", EXAMPLES "release-combo.yaml",
                                        EXAMPLES "release-stock.yaml",
                                        EXAMPLES "release-variants.yaml"};
    static const struct lint_history no_history;
    struct manifest_set set;

    catch_diagnostics();
    ck_assert_msg(manifest_set_load(paths, 4, NULL, 0, &set) == OX_OK, "%s", caught());
    for (unsigned i = 0; i < set.count; i++) {
        struct lint_facts facts = lint_facts_of(&set.items[i]);
        struct lint_findings findings;

        lint_run(&facts, &no_history, (const char *const *)set.items[i].lint_off, &findings);
        ck_assert_msg(findings.count == findings.off_count, "%s: %s", set.items[i].path,
                      findings.items[0].text);
        lint_free(&findings);
    }
    manifest_set_free(&set);
}
END_TEST

/* Manifests in the field name them. */
START_TEST(test_lint_rule_ids_are_stable)
{
    static const char *const ids[LINT_RULE_COUNT] = {
        "sample-key",      "development-key",   "method",         "version",
        "counter",         "counter-unchanged", "counter-jump",   "encrypted-repeat",
        "default-aes-key", "zero-iv",           "no-sbom",        "no-support-end",
        "no-attributes",   "does-not-fit",      "firmware-length"};
    enum lint_rule rule = LINT_RULE_COUNT;

    for (int i = 0; i < LINT_RULE_COUNT; i++) {
        ck_assert_str_eq(lint_rules[i].id, ids[i]);
        ck_assert(lint_rule_find(ids[i], &rule));
        ck_assert_int_eq(rule, i);
    }
    rule = LINT_VERSION;
    ck_assert(!lint_rule_find("versio", &rule));
    ck_assert(!lint_rule_find("", &rule));
    ck_assert_int_eq(rule, LINT_VERSION);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_lint_clean_release_has_no_findings);
    tcase_add_test(tc, test_lint_every_rule_is_tested);
    tcase_add_loop_test(tc, test_lint_rule_fires_alone, 0, CASE_COUNT);
    tcase_add_loop_test(tc, test_lint_severity_decides_whether_build_goes_on, 0, CASE_COUNT);
    tcase_add_loop_test(tc, test_lint_turned_off_rule_keeps_finding_and_reason, 0, CASE_COUNT);
    tcase_add_loop_test(tc, test_lint_other_rules_turned_off_change_nothing, 0, CASE_COUNT);
    tcase_add_loop_test(tc, test_lint_development_release_held_to_format_only, 0, CASE_COUNT);
    tcase_add_test(tc, test_lint_no_log_no_findings_from_it);
    tcase_add_test(tc, test_lint_counter_rules_need_both_counters);
    tcase_add_test(tc, test_lint_feature_release_may_keep_counter);
    tcase_add_test(tc, test_lint_counter_limits_do_not_wrap);
    tcase_add_test(tc, test_lint_plain_release_not_held_to_encryption_rules);
    tcase_add_test(tc, test_lint_allowed_method_is_no_finding);
    tcase_add_test(tc, test_lint_lengths_beside_the_forbidden_one_pass);
    tcase_add_test(tc, test_lint_gate_reports_all_and_hints_once);
    tcase_add_test(tc, test_lint_facts_are_those_of_the_manifest);
    tcase_add_test(tc, test_lint_examples_without_findings);
    tcase_add_test(tc, test_lint_rule_ids_are_stable);
}

int main(void)
{
    return unit_main("lint", add_tests);
}
