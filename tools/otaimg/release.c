/*
 * Builds a release. Guards: what is written has passed the verifier's code before it appears, and
 * keys that anyone has are not used without being asked for.
 */
#include "release.h"

#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "digest.h"
#include "draft.h"
#include "file_check.h"
#include "pubkey.h"
#include "trust.h"
#include "util.h"

struct release {
    const struct manifest *m;
    const struct release_options *options;
    const char *output;
    struct draft draft;
    struct signer *signer; /* NULL: method without key */
    uint8_t xy[PUBKEY_LEN];
    struct cipher *cipher;          /* NULL: plain */
    struct release_log_entry entry; /* for the log, if there is one */
};

static enum ox check_method(const struct release *r)
{
    if (r->m->method == OTAV_METHOD_ECDSA || r->options->allow_insecure) {
        return OX_OK;
    }
    (void)diag_fail(OX_POLICY, "%s: authentication '%s' protects against nobody", r->m->path,
                    r->m->method == OTAV_METHOD_NONE ? "none" : "sha256");
    diag_hint("use ecdsa-p256-sha256, or --allow-insecure for files that need no protection");
    return OX_POLICY;
}

static enum ox open_keys(struct release *r, struct key_ring *ring)
{
    enum ox ox = OX_OK;

    if (r->m->method == OTAV_METHOD_ECDSA) {
        ox = key_ring_signer(ring, r->m->sign_key, &r->signer);
        if (ox == OX_OK) {
            signer_public_key(r->signer, r->xy);
        }
    }
    if (ox == OX_OK && r->m->encrypt) {
        ox = key_ring_cipher(ring, r->m->encrypt_key, &r->cipher);
    }
    return ox;
}

static enum ox add_input(struct release_log_entry *entry, const char *name)
{
    return release_log_input(name, &entry->inputs[entry->input_count++]);
}

/* Before anything is signed: what will be in the line, and whether the log allows it. Files without
 * signature are not logged. */
static enum ox ask_log(struct release *r)
{
    struct release_log_entry *entry = &r->entry;
    enum ox ox;

    if (r->options->log == NULL || r->signer == NULL) {
        return OX_OK;
    }
    entry->action = "build";
    entry->signer = signer_kind(r->signer);
    pubkey_id(r->xy, entry->key_id);
    ox = release_facts_from_metadata(r->draft.metadata, r->m->image_id, &entry->release);
    if (ox == OX_OK) {
        entry->release.encrypted = r->m->encrypt;
        ox = draft_content(&r->draft, entry->release.content);
    }
    if (ox == OX_OK) {
        ox = release_log_refuse_other_content(r->options->log, &entry->release);
    }
    if (ox == OX_OK) {
        ox = add_input(entry, r->m->path);
    }
    if (ox == OX_OK) {
        ox = add_input(entry, r->m->firmware_file);
    }
    if (ox == OX_OK && r->m->sbom_file != NULL) {
        ox = add_input(entry, r->m->sbom_file);
    }
    return ox;
}

static enum ox write_log(struct release *r, const struct outfile *out)
{
    struct release_log_file *file = &r->entry.output;
    enum ox ox;

    if (r->options->log == NULL || r->signer == NULL) {
        return OX_OK;
    }
    file->name = r->output;
    file->has_digest = true;
    ox = digest_fd(r->output, outfile_fd(out), file->sha256);
    return ox == OX_OK ? release_log_append(r->options->log, &r->entry) : ox;
}

/* The device of --for decrypts with its own key. */
static enum ox check_for_device(const struct release *r, struct outfile *out)
{
    struct trust trust = {.device_path = r->options->device_path, .purpose = OTAV_INSTALL};
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

static enum ox write_release(struct release *r, uint32_t *ret_len)
{
    struct outfile *out = NULL;
    enum ox ox = outfile_open(r->output, 0666, &out);

    if (ox == OX_OK) {
        ox = draft_write(&r->draft, r->cipher, out);
    }
    if (ox == OX_OK) {
        ox = self_check(r, out, ret_len);
    }
    if (ox == OX_OK && r->options->device_path != NULL) {
        ox = check_for_device(r, out);
    }
    if (ox == OX_OK) {
        ox = write_log(r, out);
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return outfile_finish(out);
}

enum ox release_build(const struct manifest *m, const char *output,
                      const struct release_options *options, struct key_ring *ring,
                      struct release_result *ret)
{
    struct release r = {.m = m, .options = options, .output = output};
    uint32_t file_len = 0;
    enum ox ox = draft_load(m, &r.draft);

    if (ox == OX_OK) {
        ox = check_method(&r);
    }
    if (ox == OX_OK) {
        ox = open_keys(&r, ring);
    }
    if (ox == OX_OK) {
        ox = ask_log(&r);
    }
    if (ox == OX_OK) {
        ox = assemble_signatures(r.draft.metadata, m->method, r.draft.fw_digest, r.signer);
    }
    if (ox == OX_OK) {
        ox = write_release(&r, &file_len);
    }
    if (ox == OX_OK) {
        ret->fw_len = r.draft.fw_len;
        ret->file_len = file_len;
        ret->has_key = r.signer != NULL;
        if (ret->has_key) {
            pubkey_id(r.xy, ret->key_id);
        }
    }
    draft_free(&r.draft);
    return ox;
}
