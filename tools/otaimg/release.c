/*
 * Builds a release. Guards: what is written has passed the verifier's code before it appears, and
 * keys that anyone has are not used without being asked for.
 */
#include "release.h"

#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "draft.h"
#include "file_check.h"
#include "lint_facts.h"
#include "pubkey.h"
#include "release_gate.h"
#include "trust.h"
#include "util.h"

struct release {
    const struct manifest *m;
    const struct release_options *options;
    const char *output;
    struct draft draft;
    struct signer *signer; /* NULL: method without key */
    uint8_t xy[PUBKEY_LEN];
    struct cipher *cipher; /* NULL: plain */
    struct evidence *evidence;
    struct release_log_entry entry; /* for the log, if there is one */
    struct release_log_reason reasons[LINT_RULE_COUNT];
};

static enum ox check_method(const struct release *r)
{
    if (r->m->method == OTAV_METHOD_ECDSA || r->options->allow_insecure) {
        return OX_OK;
    }
    (void)diag_fail(OX_POLICY, "%s: authentication '%s' protects against nobody", r->m->label,
                    r->m->method == OTAV_METHOD_NONE ? "none" : "sha256");
    diag_hint("use ecdsa-p256-sha256, or --allow-insecure for files that need no protection");
    return OX_POLICY;
}

/* Of a production release lint tells which keys everyone has. */
static enum ox get_keys(const struct manifest *m, struct key_ring *ring, struct signer **ret_signer,
                        struct cipher **ret_cipher)
{
    enum ox ox = OX_OK;

    if (m->method == OTAV_METHOD_ECDSA) {
        ox = key_ring_signer(ring, m->sign_key, !m->production, ret_signer);
    }
    if (ox == OX_OK && m->encrypt) {
        ox = key_ring_cipher(ring, m->encrypt_key, !m->production, ret_cipher);
    }
    return ox;
}

static bool is_logged(const struct release *r)
{
    return r->options->log != NULL && r->signer != NULL;
}

static enum ox add_input(struct release_log_entry *entry, const char *name)
{
    return release_log_input(name, &entry->inputs[entry->input_count++]);
}

static enum ox add_inputs(struct release *r)
{
    enum ox ox = add_input(&r->entry, r->m->path);

    if (ox == OX_OK) {
        ox = add_input(&r->entry, r->m->firmware_file);
    }
    return ox == OX_OK && r->m->sbom_file != NULL ? add_input(&r->entry, r->m->sbom_file) : ox;
}

/* Before anything is signed: what will be in the line, and whether the log allows it. Files without
 * signature are not logged. */
static enum ox ask_log(struct release *r)
{
    struct release_log_entry *entry = &r->entry;
    enum ox ox;

    if (!is_logged(r)) {
        return OX_OK;
    }
    entry->action = "build";
    entry->signer = signer_kind(r->signer);
    pubkey_id(r->xy, entry->key_id);
    entry->lint_off_count = lint_reasons((const char *const *)r->m->lint_off, r->reasons);
    entry->lint_off = r->reasons;
    ox = release_facts_from_metadata(r->draft.metadata, r->m->image_id, &entry->release);
    if (ox == OX_OK) {
        entry->release.encrypted = r->m->encrypt;
        ox = draft_content(&r->draft, entry->release.content);
    }
    if (ox == OX_OK) {
        ox = release_log_refuse_other_content(r->options->log, &entry->release);
    }
    return ox == OX_OK ? add_inputs(r) : ox;
}

/* Before anything is signed. */
static enum ox lint(const struct release *r)
{
    const struct release_gate gate = {.draft = &r->draft,
                                      .method_allowed = r->options->allow_insecure,
                                      .xy = r->signer != NULL ? r->xy : NULL,
                                      .cipher = r->cipher,
                                      .log = is_logged(r) ? r->options->log : NULL,
                                      .facts = &r->entry.release};

    return release_gate_pass(&gate);
}

enum ox release_open_keys(const struct manifest *m, struct key_ring *ring)
{
    struct signer *signer = NULL;
    struct cipher *cipher = NULL;

    return get_keys(m, ring, &signer, &cipher);
}

/* The device of --for decrypts with its own key. */
static enum ox check_for_device(const struct release *r, struct outfile *out)
{
    struct trust trust = {.device_path = r->options->device_path,
                          .purpose = OTAV_INSTALL,
                          .own_revocation = OWN_REVOCATION_REFUSE};
    struct ota_file file;
    enum ox ox = draft_reopen(&r->draft, r->output, out, &file);

    if (ox == OX_OK) {
        ox = trust_check(&trust, &file, &r->options->keys, NULL);
        ota_file_close(&file);
    }
    return ox;
}

static enum ox self_check(const struct release *r, struct outfile *out, uint32_t *ret_len)
{
    struct ota_file file;
    enum ox ox = draft_reopen(&r->draft, r->output, out, &file);

    if (ox != OX_OK) {
        return ox;
    }
    file.cipher = r->cipher;
    memcpy(file.iv, r->m->encrypt_iv, sizeof file.iv);
    *ret_len = file.source.len;
    ox = r->signer != NULL ? check_authentic(&file, r->xy) : check_unsigned(&file);
    file.cipher = NULL; /* stays ours */
    ota_file_close(&file);
    return ox;
}

static enum ox sign(struct release *r, struct key_ring *ring)
{
    enum ox ox;

    if (r->signer == NULL) {
        return assemble_signatures(r->draft.metadata, r->m->method, r->draft.fw_digest, NULL);
    }
    key_ring_hold_signer(ring, r->signer);
    ox = assemble_signatures(r->draft.metadata, r->m->method, r->draft.fw_digest, r->signer);
    key_ring_release_signer(ring, r->signer);
    return ox;
}

static enum ox write_and_check(struct release *r, struct key_ring *ring, struct outfile *out,
                               uint32_t *ret_len)
{
    struct cipher *opened = r->cipher;
    enum ox ox;

    r->cipher = key_ring_hold_cipher(ring, opened);
    ox = draft_write(&r->draft, r->cipher, out);
    if (ox == OX_OK) {
        ox = self_check(r, out, ret_len);
    }
    key_ring_release_cipher(ring, r->cipher);
    r->cipher = opened;
    return ox;
}

static enum ox write_release(struct release *r, struct key_ring *ring, uint32_t *ret_len)
{
    struct outfile *provenance = NULL;
    struct outfile *out = NULL;
    enum ox ox = outfile_open(r->output, 0666, &out);

    if (ox == OX_OK) {
        ox = sign(r, ring); /* not in vain: the output can be written */
    }
    if (ox == OX_OK) {
        ox = write_and_check(r, ring, out, ret_len);
    }
    if (ox == OX_OK && r->options->device_path != NULL) {
        ox = check_for_device(r, out);
    }
    if (ox == OX_OK && r->evidence != NULL) {
        ox = evidence_write(r->evidence, r->output, outfile_fd(out), &provenance);
    }
    if (ox == OX_OK) {
        ox = outfile_recheck(out);
    }
    if (ox == OX_OK && is_logged(r)) {
        ox = release_log_append_output(r->options->log, &r->entry, r->output, outfile_fd(out));
    }
    if (ox != OX_OK) {
        outfile_abandon(provenance);
        outfile_abandon(out);
        return ox;
    }
    return provenance != NULL ? outfile_finish_both(provenance, out) : outfile_finish(out);
}

enum ox release_build(const struct manifest *m, const char *output,
                      const struct release_options *options, struct key_ring *ring,
                      struct release_result *ret)
{
    struct release r = {.m = m, .options = options, .output = output};
    uint32_t file_len = 0;
    enum ox ox = OX_OK;

    if (options->provenance != NULL) {
        ox = evidence_begin(m, options->provenance, &r.evidence);
    }
    if (ox == OX_OK) {
        ox = draft_load(m, &r.draft);
    }
    if (ox == OX_OK) {
        ox = check_method(&r);
    }
    if (ox == OX_OK) {
        ox = get_keys(m, ring, &r.signer, &r.cipher);
    }
    if (ox == OX_OK && r.signer != NULL) {
        signer_public_key(r.signer, r.xy);
    }
    if (ox == OX_OK) {
        ox = ask_log(&r);
    }
    if (ox == OX_OK) {
        ox = lint(&r);
    }
    if (ox == OX_OK) {
        ox = write_release(&r, ring, &file_len);
    }
    if (ox == OX_OK) {
        ret->fw_len = r.draft.fw_len;
        ret->file_len = file_len;
        ret->has_key = r.signer != NULL;
        if (ret->has_key) {
            pubkey_id(r.xy, ret->key_id);
        }
    }
    evidence_free(r.evidence);
    draft_free(&r.draft);
    return ox;
}
