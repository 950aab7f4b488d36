/*
 * otaimg answer: both signatures for a request, made where the key is. Nothing is signed that was not
 * shown, or that the log refuses.
 */
#include "commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "key_ring.h"
#include "lint_facts.h"
#include "outfile.h"
#include "request.h"
#include "request_summary.h"
#include "response.h"
#include "util.h"

static const struct option_spec options[] = {
    {"sign-key", 'k', "URI", "private key: file:PATH or pkcs11:... (required)", false},
    {"output", 'o', "RESPONSE", "write the response to RESPONSE (required)", false},
    {"log", 0, "FILE", "audit log of what this key signed", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

struct answering {
    struct request request;
    struct response response;
    struct release_log *log; /* NULL: none */
    struct release_log_entry entry;
    struct release_log_reason reasons[LINT_RULE_COUNT];
};

static void show_reasons(const struct request *r)
{
    for (unsigned i = 0; i < LINT_RULE_COUNT; i++) {
        if (r->lint_off[i] != NULL) {
            char *rule = xasprintf("lint.off.%s", lint_rules[i].id);

            printf("    %-32s ", rule);
            put_printable(stdout, r->lint_off[i]);
            printf("\n");
            free(rule);
        }
    }
}

static enum ox show(const struct request *r, const struct response *response)
{
    json_t *summary = NULL;
    char text[65];
    enum ox ox = request_summary_make(r->path, r->metadata, &summary);

    if (ox == OX_OK) {
        hex_encode(response->request, sizeof response->request, text);
        put_printable(stdout, r->path);
        printf(": request %s\n", text);
        request_summary_print(summary);
        hex_encode(r->fw_digest, sizeof r->fw_digest, text);
        printf("    %-32s %s\n", "firmware sha256", text);
        show_reasons(r);
        if (fflush(stdout) != 0) {
            ox = diag_fail(OX_IO, "cannot write to standard output");
        }
    }
    json_decref(summary);
    return ox;
}

static enum ox open_signer(const struct request *r, struct key_ring *ring, const char *uri,
                           struct response *response, struct signer **ret)
{
    uint8_t xy[PUBKEY_LEN];
    char wanted[65];
    char given[65];
    enum ox ox = key_ring_signer(ring, uri, true, ret);

    if (ox != OX_OK) {
        return ox;
    }
    pubkey_id(r->xy, response->key_id);
    hex_encode(response->key_id, sizeof response->key_id, wanted);
    signer_public_key(*ret, xy);
    if (memcmp(xy, r->xy, sizeof xy) != 0) {
        pubkey_id(xy, response->key_id);
        hex_encode(response->key_id, sizeof response->key_id, given);
        return diag_fail(OX_KEY, "%s: is key %s, the request expects %s", uri, given, wanted);
    }
    return OX_OK;
}

static enum ox sign(const struct request *r, struct signer *signer, struct response *response)
{
    uint8_t metadata[OTAV_META_LEN];
    enum ox ox;

    memcpy(metadata, r->metadata, sizeof metadata);
    ox = assemble_signatures(metadata, OTAV_METHOD_ECDSA, r->fw_digest, signer);
    if (ox == OX_OK && (!otav_der_decode(metadata + OTAV_META_FW_SIG_OFF, OTAV_META_SIG_LEN,
                                         metadata[OTAV_META_FW_SIG_LEN_OFF], response->firmware) ||
                        !otav_der_decode(metadata + OTAV_META_SIG_OFF, OTAV_META_SIG_LEN,
                                         metadata[OTAV_META_SIG_LEN_OFF], response->metadata))) {
        ox = diag_fail(OX_INTERNAL, "%s: a signature that cannot be read back", r->path);
    }
    return ox;
}

/* Before anything is signed. */
static enum ox ask_log(struct answering *a, const struct signer *signer, const char *path)
{
    struct release_log_entry *entry = &a->entry;
    enum ox ox;

    if (path == NULL) {
        return OX_OK;
    }
    entry->action = "answer";
    entry->signer = signer_kind(signer);
    memcpy(entry->key_id, a->response.key_id, sizeof entry->key_id);
    entry->lint_off_count = lint_reasons((const char *const *)a->request.lint_off, a->reasons);
    entry->lint_off = a->reasons;
    entry->input_count = 1;
    entry->inputs[0] = (struct release_log_file){.name = a->request.path, .has_digest = true};
    memcpy(entry->inputs[0].sha256, a->request.sha256, sizeof a->request.sha256);
    ox = release_log_open(path, true, &a->log);
    if (ox == OX_OK) {
        ox = request_facts(&a->request, &entry->release);
    }
    return ox == OX_OK ? release_log_refuse_other_content(a->log, &entry->release) : ox;
}

static enum ox write_response(struct answering *a, const char *output, struct outfile *out)
{
    char *text = response_text(&a->response);
    enum ox ox = outfile_write(out, text, strlen(text));

    if (ox == OX_OK && a->log != NULL) {
        ox = release_log_append_output(a->log, &a->entry, output, outfile_fd(out));
    }
    free(text);
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return outfile_finish(out);
}

/* The output is opened first, so that nothing is signed in vain. */
static enum ox sign_to(struct answering *a, struct signer *signer, const char *output)
{
    struct outfile *out = NULL;
    enum ox ox = outfile_open(output, 0666, &out);

    if (ox != OX_OK) {
        return ox;
    }
    ox = sign(&a->request, signer, &a->response);
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return write_response(a, output, out);
}

static enum ox answer(struct answering *a, const struct args *args, struct key_ring *ring)
{
    const char *output = args_value(args, "output");
    struct signer *signer = NULL;
    enum ox ox = request_id(&a->request, a->response.request);

    if (ox == OX_OK) {
        ox = show(&a->request, &a->response);
    }
    if (ox == OX_OK) {
        ox = open_signer(&a->request, ring, args_value(args, "sign-key"), &a->response, &signer);
    }
    if (ox == OX_OK) {
        ox = ask_log(a, signer, args_value(args, "log"));
    }
    if (ox == OX_OK) {
        ox = sign_to(a, signer, output);
    }
    if (ox == OX_OK) {
        put_printable(stdout, output);
        printf(": both signatures\n");
    }
    return ox;
}

static enum ox run(const struct args *args)
{
    const char *output = args_value(args, "output");
    struct answering a = {.log = NULL};
    struct key_options keys;
    struct key_ring *ring;
    enum ox ox = args_key_options(args, &keys);

    if (ox != OX_OK) {
        return ox;
    }
    if (args_value(args, "sign-key") == NULL) {
        return diag_fail(OX_USAGE, "no key given, expected --sign-key URI");
    }
    if (output == NULL || strcmp(output, "-") == 0) {
        return diag_fail(OX_USAGE, "no file for the response, expected --output RESPONSE");
    }
    ox = request_load(args_operand(args, 0), &a.request);
    if (ox == OX_OK) {
        ring = key_ring_new(&keys);
        ox = answer(&a, args, ring);
        key_ring_free(ring);
        release_log_close(a.log);
        request_free(&a.request);
    }
    return ox;
}

const struct command command_answer = {
    "answer",
    "REQUEST --sign-key URI -o RESPONSE [--log FILE]",
    "sign what a request asks for, both rounds at once",
    "Prints what the metadata in the request say and which lint rules are off, and refuses a "
    "request\n"
    "whose id or summary says something else or that is for another key. Needs the request only, "
    "not the\n"
    "draft. With a log, another content under a version and sequence that it has is refused; the "
    "content\n"
    "is the request's word.",
    options,
    1,
    1,
    run};
