/*
 * otaimg lint: what a release should not have, before it is built.
 *
 * Layer: commands; the rules are in lint.h. Invariant: nothing is written, and no private half of a
 * signing key is needed.
 */
#include "commands.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "assemble.h"
#include "diag.h"
#include "draft.h"
#include "key_text.h"
#include "key_uri.h"
#include "lint_facts.h"
#include "manifest_args.h"
#include "pubkey.h"
#include "release_log.h"
#include "util.h"

static const struct option_spec options[] = {
    {"set", 0, "KEY=VALUE", "override a manifest key, as in firmware.version=1.4.2.0", true},
    {"variant", 0, "NAME", "look at this variant of the manifest and no others", true},
    {"log", 0, "FILE", "audit log to compare with, instead of the manifest's log", false},
    {"json", 0, NULL, "print JSON", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

struct lint_input {
    struct lint_facts facts;
    struct lint_history history;
    enum lint_rule skipped[LINT_RULE_COUNT]; /* those about keys that cannot be read */
    unsigned skipped_count;
};

/* ---- gathering -------------------------------------------------------------------------------- */

static void add_skipped(struct lint_input *in, enum lint_rule rule)
{
    in->skipped[in->skipped_count++] = rule;
}

/* A key that this machine cannot read is no reason to say nothing about the rest. */
static void read_sign_key(const struct manifest *m, const struct key_options *keys,
                          struct lint_input *in)
{
    uint8_t xy[PUBKEY_LEN];

    if (m->sign_key == NULL) {
        return;
    }
    if (pubkey_load(m->sign_key, keys, xy) == OX_OK) {
        lint_facts_add_signer(&in->facts, xy);
        return;
    }
    add_skipped(in, LINT_SAMPLE_KEY);
    add_skipped(in, LINT_DEVELOPMENT_KEY);
}

/* A token never gives an AES key away, so only one in a file can be a known one. */
static void read_aes_key(const struct manifest *m, const struct key_options *keys,
                         struct lint_input *in)
{
    enum key_uri_kind kind = KEY_URI_PKCS11;
    struct cipher *cipher = NULL;

    if (!m->encrypt || key_uri_kind_of(m->encrypt_key, &kind) != OX_OK || kind != KEY_URI_FILE) {
        return;
    }
    if (cipher_open(m->encrypt_key, keys, &cipher) == OX_OK) {
        lint_facts_add_cipher(&in->facts, cipher);
        cipher_close(cipher);
        return;
    }
    add_skipped(in, LINT_DEFAULT_AES_KEY);
}

/* What fw_check_layout() says names the address and goes to standard error. */
static enum ox read_firmware(const struct manifest *m, struct lint_facts *facts)
{
    const struct fw_layout layout = draft_layout(m);
    struct fw_image *image = NULL;
    uint32_t data_len = 0;
    enum ox ox = fw_load(m->firmware_file, m->firmware_format, m->firmware_address, &image);

    if (ox != OX_OK) {
        return ox;
    }
    ox = fw_check_layout(image, &layout, &data_len);
    fw_free(image);
    if (ox == OX_MALFORMED) {
        facts->does_not_fit = true;
        return OX_OK;
    }
    if (ox == OX_OK) {
        facts->fw_len = assemble_fw_len(m, data_len);
    }
    return ox;
}

static enum ox look_up(const struct manifest *m, struct release_log *log, struct lint_history *ret)
{
    struct release_facts release;
    struct draft draft;
    enum ox ox = draft_load(m, &draft);

    if (ox == OX_OK) {
        ox = release_facts_from_metadata(draft.metadata, m->image_id, &release);
    }
    if (ox == OX_OK) {
        release.encrypted = m->encrypt;
        ox = draft_content(&draft, release.content);
    }
    if (ox == OX_OK) {
        lint_history_read(log, &release, ret);
    }
    draft_free(&draft);
    return ox;
}

/* A log that does not exist yet has no earlier release. */
static enum ox read_history(const struct manifest *m, const char *path, struct lint_input *in)
{
    struct release_log *log = NULL;
    enum ox ox;

    if (path == NULL || in->facts.does_not_fit || !m->production || access(path, F_OK) != 0) {
        return OX_OK;
    }
    ox = release_log_open(path, false, &log);
    if (ox == OX_OK) {
        ox = look_up(m, log, &in->history);
    }
    release_log_close(log);
    /* A broken log says nothing about the release: as for 'build', not as a finding. */
    return ox == OX_DIFFERENT ? OX_POLICY : ox;
}

/* ---- printing --------------------------------------------------------------------------------- */

static const char *severity_word(enum lint_rule rule)
{
    return lint_rules[rule].severity == LINT_ERROR ? "error" : "warning";
}

static const char *class_word(const struct manifest *m)
{
    if (m->sign_key == NULL) {
        return "unsigned";
    }
    return m->production ? "production" : "development";
}

static void print_text(const struct manifest *m, const struct lint_input *in,
                       const struct lint_findings *findings)
{
    for (unsigned i = 0; i < in->skipped_count; i++) {
        (void)printf("skipped %s: the key cannot be read\n", lint_rules[in->skipped[i]].id);
    }
    for (unsigned i = 0; i < findings->count; i++) {
        const struct lint_finding *finding = &findings->items[i];

        (void)printf("%s %s: %s", finding->reason != NULL ? "off" : severity_word(finding->rule),
                     lint_rules[finding->rule].id, finding->text);
        if (finding->reason != NULL) {
            (void)printf("; turned off: ");
            put_printable(stdout, finding->reason);
        }
        (void)putchar('\n');
    }
    put_printable(stdout, m->label);
    (void)printf(": %s release, findings: %u, turned off: %u\n", class_word(m),
                 findings->count - findings->off_count, findings->off_count);
}

static json_t *finding_json(const struct lint_finding *finding)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "rule", key_text_json(lint_rules[finding->rule].id));
    (void)json_object_set_new(object, "severity", key_text_json(severity_word(finding->rule)));
    (void)json_object_set_new(object, "text", key_text_json(finding->text));
    if (finding->reason != NULL) {
        (void)json_object_set_new(object, "reason", key_text_json(finding->reason));
    }
    return object;
}

static json_t *skipped_json(const struct lint_input *in)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < in->skipped_count; i++) {
        (void)json_array_append_new(list, key_text_json(lint_rules[in->skipped[i]].id));
    }
    return list;
}

static json_t *release_json(const struct manifest *m, const struct lint_input *in,
                            const struct lint_findings *findings)
{
    json_t *root = json_object();
    json_t *open = json_array();
    json_t *off = json_array();

    for (unsigned i = 0; i < findings->count; i++) {
        const struct lint_finding *finding = &findings->items[i];

        (void)json_array_append_new(finding->reason != NULL ? off : open, finding_json(finding));
    }
    (void)json_object_set_new(root, "release", key_text_json(m->path));
    if (m->variant != NULL) {
        (void)json_object_set_new(root, "variant", key_text_json(m->variant));
    }
    (void)json_object_set_new(root, "class", key_text_json(class_word(m)));
    (void)json_object_set_new(root, "findings", open);
    (void)json_object_set_new(root, "off", off);
    (void)json_object_set_new(root, "skipped", skipped_json(in));
    return root;
}

/* Takes list over. Its shape tells whether the manifest has variants, not how many were picked. */
static enum ox print_json(const struct manifest_set *set, json_t *list)
{
    json_t *single;

    if (set->items[0].variant != NULL) {
        return key_text_print_json(list);
    }
    single = json_incref(json_array_get(list, 0));
    json_decref(list);
    return key_text_print_json(single);
}

/* ----------------------------------------------------------------------------------------------- */

/* What the rules look at. */
static enum ox gather(const struct manifest *m, const char *log, const struct key_options *keys,
                      struct lint_input *in)
{
    enum ox ox = read_firmware(m, &in->facts);

    if (ox == OX_OK) {
        ox = read_history(m, log, in);
    }
    if (ox == OX_OK && m->production) {
        read_sign_key(m, keys, in);
        read_aes_key(m, keys, in);
    }
    return ox;
}

/* A rule that was neither applied nor turned off: a gate must not take that for a pass. */
static bool has_gap(const struct manifest *m, const struct lint_input *in)
{
    for (unsigned i = 0; i < in->skipped_count; i++) {
        if (m->lint_off[in->skipped[i]] == NULL) {
            return true;
        }
    }
    return false;
}

/* OX_DIFFERENT when there are findings, or rules that could not be applied. list: gets the release;
 * NULL = it is printed as text. */
static enum ox lint_one(const struct manifest *m, const char *log, const struct key_options *keys,
                        json_t *list)
{
    struct lint_input in = {.facts = lint_facts_of(m)};
    struct lint_findings findings;
    enum ox ox = gather(m, log, keys, &in);

    if (ox == OX_OK) {
        lint_run(&in.facts, &in.history, (const char *const *)m->lint_off, &findings);
        if (list != NULL) {
            (void)json_array_append_new(list, release_json(m, &in, &findings));
        } else {
            print_text(m, &in, &findings);
        }
        ox = findings.count > findings.off_count || has_gap(m, &in) ? OX_DIFFERENT : OX_OK;
        lint_free(&findings);
    }
    return ox;
}

/* Ends at the first release that cannot be judged. */
static enum ox lint_all(const struct manifest_set *set, const char *log,
                        const struct key_options *keys, json_t *list)
{
    enum ox worst = OX_OK;

    for (unsigned i = 0; i < set->count; i++) {
        const struct manifest *m = &set->items[i];
        enum ox ox = lint_one(m, log != NULL ? log : m->log_file, keys, list);

        if (ox != OX_OK && ox != OX_DIFFERENT) {
            return ox;
        }
        worst = ox != OX_OK ? ox : worst;
    }
    return worst;
}

static enum ox lint_as_json(const struct manifest_set *set, const char *log,
                            const struct key_options *keys)
{
    json_t *list = json_array();
    enum ox found = lint_all(set, log, keys, list);
    enum ox ox;

    if (found != OX_OK && found != OX_DIFFERENT) {
        json_decref(list);
        return found;
    }
    ox = print_json(set, list);
    return ox == OX_OK ? found : ox;
}

static enum ox run(const struct args *args)
{
    const char *log = args_value(args, "log");
    struct key_options keys;
    struct manifest_set set;
    enum ox ox = args_key_options(args, &keys);

    if (ox == OX_OK) {
        ox = args_manifests(args, &set);
    }
    if (ox != OX_OK) {
        return ox;
    }
    ox = args_has(args, "json") ? lint_as_json(&set, log, &keys) : lint_all(&set, log, &keys, NULL);
    manifest_set_free(&set);
    return ox;
}

const struct command command_lint = {
    .name = "lint",
    .synopsis = "RELEASE.yaml [--log FILE] [--set KEY=VALUE]... [--json]",
    .summary = "what a production release should not have",
    .details =
        "Checks keys, method, attributes and firmware by rules that the manifest may turn off, "
        "each\n"
        "with a reason: lint: {off: {RULE: \"reason\"}}. 'build' and 'prepare' apply the same "
        "rules.\n"
        "Of the signing key only the public half is needed. Of a manifest with 'variants' each is "
        "a\n"
        "release of its own. Exit code 1 when there are findings, or rules that cannot be checked.",
    .options = options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run};
