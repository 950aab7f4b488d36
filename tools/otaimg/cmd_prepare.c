/*
 * otaimg prepare: a release that is to be signed elsewhere: its draft, and a request to sign it.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "digest.h"
#include "draft.h"
#include "key_ring.h"
#include "known_keys.h"
#include "manifest_args.h"
#include "outfile.h"
#include "release_gate.h"
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

struct preparing {
    struct request request;
    struct draft draft;
    struct cipher *cipher;   /* NULL: plain */
    struct release_log *log; /* NULL: none */
};

static enum ox write_request(const struct request *r, struct outfile **ret)
{
    struct outfile *out = NULL;
    char *text = NULL;
    enum ox ox = request_text(r, r->path, &text);

    if (ox != OX_OK) {
        return ox;
    }
    ox = outfile_open(r->path, 0666, &out);
    if (ox == OX_OK) {
        ox = outfile_write(out, text, strlen(text));
    }
    free(text);
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    *ret = out;
    return OX_OK;
}

/* Both files or none: a request without its draft could not be used. */
static enum ox write_files(struct preparing *p)
{
    struct request *r = &p->request;
    struct outfile *draft = NULL;
    struct outfile *request = NULL;
    enum ox ox = outfile_open(r->draft, 0600, &draft);

    if (ox == OX_OK) {
        ox = draft_write(&p->draft, p->cipher, draft);
    }
    if (ox == OX_OK) {
        ox = hash_outfile(r->draft, draft, r->draft_digest);
    }
    if (ox == OX_OK) {
        ox = write_request(r, &request);
    }
    if (ox != OX_OK) {
        outfile_abandon(draft);
        return ox;
    }
    return outfile_finish_both(draft, request);
}

/* Before anyone is asked for a signature that the log will not have, or for a release that `build`
 * would not sign. */
static enum ox check_release(struct preparing *p)
{
    struct request *r = &p->request;
    struct release_facts facts;
    enum ox ox = request_facts(r, &facts);

    if (ox == OX_OK && r->log != NULL) {
        ox = release_log_open(r->log, true, &p->log);
        if (ox == OX_OK) {
            ox = release_log_refuse_other_content(p->log, &facts);
        }
    }
    if (ox == OX_OK) {
        const struct release_gate gate = {
            .draft = &p->draft, .xy = r->xy, .cipher = p->cipher, .log = p->log, .facts = &facts};

        ox = release_gate_pass(&gate);
    }
    return ox;
}

static enum ox fill_request(struct preparing *p, const struct manifest *m)
{
    struct request *r = &p->request;
    enum ox ox = draft_load(m, &p->draft);

    if (ox == OX_OK) {
        memcpy(r->fw_digest, p->draft.fw_digest, sizeof r->fw_digest);
        memcpy(r->metadata, p->draft.metadata, sizeof r->metadata);
        memcpy(r->encrypt_iv, m->encrypt_iv, sizeof r->encrypt_iv);
        ox = draft_content(&p->draft, r->content);
    }
    return ox;
}

static enum ox prepare_request(struct preparing *p, const struct manifest *m,
                               const struct key_options *keys)
{
    struct key_ring *ring = key_ring_new(keys);
    enum ox ox = fill_request(p, m);

    if (ox == OX_OK && m->encrypt) {
        ox = key_ring_cipher(ring, m->encrypt_key, !m->production, &p->cipher);
    }
    if (ox == OX_OK) {
        ox = check_release(p);
    }
    if (ox == OX_OK) {
        ox = write_files(p);
    }
    release_log_close(p->log);
    draft_free(&p->draft);
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

static char *copy_of(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static struct request request_of(const struct manifest *m, const char *path)
{
    struct request r = {.path = xstrdup(path),
                        .round = 1,
                        .image_id = m->image_id,
                        .draft = xasprintf("%s.draft", path),
                        .output = copy_of(m->output),
                        .log = copy_of(m->log_file),
                        .encrypt_key = m->encrypt ? xstrdup(m->encrypt_key) : NULL};

    for (unsigned i = 0; i < LINT_RULE_COUNT; i++) {
        r.lint_off[i] = copy_of(m->lint_off[i]);
    }
    return r;
}

static enum ox prepare(const struct manifest *m, const struct args *args,
                       const struct key_options *keys)
{
    struct preparing p = {.request = request_of(m, args_value(args, "output"))};
    enum ox ox = check_manifest(m);

    if (ox == OX_OK) {
        ox = load_key(args_value(args, "verify-key"), keys, p.request.xy);
    }
    if (ox == OX_OK) {
        ox = prepare_request(&p, m, keys);
    }
    if (ox == OX_OK) {
        print_result(&p.request);
    }
    request_free(&p.request);
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
    "used. What the lint refuses is not prepared, as in 'build'. 'otaimg attach' goes on with a\n"
    "signature, or with what 'otaimg answer' wrote.",
    options,
    1,
    1,
    run};
