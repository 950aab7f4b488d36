/*
 * otaimg prepare: a release that is to be signed elsewhere: its draft, and a request to sign it.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "digest.h"
#include "draft.h"
#include "key_ring.h"
#include "known_keys.h"
#include "manifest_args.h"
#include "release_log.h"
#include "request.h"
#include "source.h"
#include "util.h"

static const struct option_spec options[] = {
    {"verify-key", 0, "URI", "public key of the signer: PATH, file:PATH or pkcs11:... (required)",
     false},
    {"output", 'o', "REQUEST",
     "write the request to REQUEST, the draft to REQUEST.draft (required)", false},
    {"set", 0, "KEY=VALUE", "override a manifest key, as in firmware.version=1.4.2.0", true},
    {"variant", 0, "NAME", "the variant of the manifest to prepare", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

static enum ox check_manifest(const struct manifest *m)
{
    if (m->method != OTAV_METHOD_ECDSA) {
        return diag_fail(OX_USAGE,
                         "%s: there is nothing to sign, expected authentication "
                         "'ecdsa-p256-sha256'",
                         m->label);
    }
    return OX_OK;
}

static enum ox load_key(const char *uri, const struct key_options *keys, uint8_t ret_xy[PUBKEY_LEN])
{
    uint8_t id[32];
    enum ox ox = pubkey_load(uri, keys, ret_xy);

    if (ox == OX_OK) {
        pubkey_id(ret_xy, id);
        ox = known_key_refuse_sample(id, uri, keys);
    }
    return ox;
}

static enum ox hash_piece(void *user, const uint8_t *bytes, size_t len)
{
    return digest_update(user, bytes, len);
}

/* Of what was written, before it appears. */
static enum ox hash_outfile(const char *name, struct outfile *out, uint8_t ret[OTAV_SHA256_LEN])
{
    struct digest digest;
    struct source source;
    enum ox ox = source_from_fd(name, outfile_fd(out), &source);

    if (ox != OX_OK) {
        return ox;
    }
    ox = digest_begin(&digest);
    if (ox == OX_OK) {
        ox = source_for_each(&source, hash_piece, &digest);
    }
    source_close(&source);
    return digest_end(&digest, ox, ret);
}

static enum ox write_draft(const struct draft *draft, struct key_ring *ring, struct request *r,
                           struct outfile *out)
{
    struct cipher *cipher = NULL;
    enum ox ox = OX_OK;

    if (draft->m->encrypt) {
        ox = key_ring_cipher(ring, draft->m->encrypt_key, true, &cipher);
    }
    if (ox == OX_OK) {
        ox = draft_write(draft, cipher, out);
    }
    return ox == OX_OK ? hash_outfile(r->draft, out, r->draft_digest) : ox;
}

/* Both files or none: a request without its draft could not be used. */
static enum ox finish(struct request *r, struct outfile *out)
{
    char *text = NULL;
    enum ox ox = request_text(r, r->path, &text);

    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    ox = outfile_finish(out);
    if (ox == OX_OK) {
        ox = outfile_write_all(r->path, 0666, text, strlen(text));
        if (ox != OX_OK) {
            (void)unlink(r->draft);
        }
    }
    free(text);
    return ox;
}

static enum ox write_files(const struct draft *draft, struct key_ring *ring, struct request *r)
{
    struct outfile *out = NULL;
    enum ox ox = outfile_open(r->draft, 0600, &out);

    if (ox == OX_OK) {
        ox = write_draft(draft, ring, r, out);
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return finish(r, out);
}

/* Before anyone is asked for a signature that the log will not have. */
static enum ox ask_log(const struct request *r)
{
    struct release_log *log = NULL;
    struct release_facts facts;
    enum ox ox;

    if (r->log == NULL) {
        return OX_OK;
    }
    ox = release_log_open(r->log, true, &log);
    if (ox == OX_OK) {
        ox = request_facts(r, &facts);
    }
    if (ox == OX_OK) {
        ox = release_log_refuse_other_content(log, &facts);
    }
    release_log_close(log);
    return ox;
}

static enum ox prepare_request(const struct manifest *m, const struct key_options *keys,
                               struct request *r)
{
    struct key_ring *ring = key_ring_new(keys);
    struct draft draft;
    enum ox ox = draft_load(m, &draft);

    if (ox == OX_OK) {
        memcpy(r->fw_digest, draft.fw_digest, sizeof r->fw_digest);
        memcpy(r->metadata, draft.metadata, sizeof r->metadata);
        memcpy(r->encrypt_iv, m->encrypt_iv, sizeof r->encrypt_iv);
        ox = draft_content(&draft, r->content);
    }
    if (ox == OX_OK) {
        ox = ask_log(r);
    }
    if (ox == OX_OK) {
        ox = write_files(&draft, ring, r);
    }
    draft_free(&draft);
    key_ring_free(ring);
    return ox;
}

static void print_result(const struct request *r)
{
    char text[65];
    uint8_t id[32];

    pubkey_id(r->xy, id);
    hex_encode(id, sizeof id, text);
    put_printable(stdout, r->path);
    printf(": request to sign the firmware, round 1 of 2, key %s\n", text);
    put_printable(stdout, r->draft);
    printf(": draft, which 'otaimg attach' needs\n");
}

static enum ox prepare(const struct manifest *m, const struct args *args,
                       const struct key_options *keys)
{
    const char *path = args_value(args, "output");
    struct request r = {.path = xstrdup(path),
                        .round = 1,
                        .image_id = m->image_id,
                        .draft = xasprintf("%s.draft", path)};
    enum ox ox = check_manifest(m);

    r.output = m->output != NULL ? xstrdup(m->output) : NULL;
    r.log = m->log_file != NULL ? xstrdup(m->log_file) : NULL;
    r.encrypt_key = m->encrypt ? xstrdup(m->encrypt_key) : NULL;
    if (ox == OX_OK) {
        ox = load_key(args_value(args, "verify-key"), keys, r.xy);
    }
    if (ox == OX_OK) {
        ox = prepare_request(m, keys, &r);
    }
    if (ox == OX_OK) {
        print_result(&r);
    }
    request_free(&r);
    return ox;
}

/* A request stands for one file. */
static enum ox check_single(const struct manifest_set *set)
{
    return set->count == 1
               ? OX_OK
               : diag_fail(OX_USAGE, "%s: %u variants, expected --variant NAME for one of them",
                           set->items[0].path, set->count);
}

static enum ox run(const struct args *args)
{
    const char *output = args_value(args, "output");
    struct key_options keys;
    struct manifest_set set;
    enum ox ox = args_key_options(args, &keys);

    if (ox != OX_OK) {
        return ox;
    }
    if (output == NULL || strcmp(output, "-") == 0) {
        return diag_fail(OX_USAGE, "no file for the request, expected --output REQUEST");
    }
    if (args_value(args, "verify-key") == NULL) {
        return diag_fail(OX_USAGE, "no key given, expected --verify-key URI");
    }
    ox = args_manifests(args, &set);
    if (ox == OX_OK) {
        ox = check_single(&set);
        if (ox == OX_OK) {
            ox = prepare(&set.items[0], args, &keys);
        }
        manifest_set_free(&set);
    }
    return ox;
}

const struct command command_prepare = {
    "prepare",
    "RELEASE.yaml --verify-key URI -o REQUEST [--set KEY=VALUE]...",
    "make a request to sign a release elsewhere",
    "Writes the release without signatures to REQUEST.draft, and the request, a small JSON file "
    "with\n"
    "the digest to be signed and a summary of what it stands for. The manifest's sign.key is not\n"
    "used. 'otaimg attach' goes on with a signature, or with what 'otaimg answer' wrote.",
    options,
    1,
    1,
    run};
