/*
 * otaimg attach: signatures that were made elsewhere go into a draft. Nothing is written before they
 * are verified under the key of the request, and the log allows the release.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "digest.h"
#include "file_check.h"
#include "hex_release.h"
#include "lint_facts.h"
#include "outfile.h"
#include "request.h"
#include "response.h"
#include "signature_text.h"
#include "signed_copy.h"
#include "small_file.h"
#include "util.h"

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "write the next request, or the OTA file, to FILE", false},
    {"log", 0, "FILE", "audit log: instead of the one of the request", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

struct attaching {
    struct request request;
    struct ota_file draft;  /* in memory, decrypted */
    struct fw_image *image; /* records of a HEX draft, else NULL */
    bool encrypted;
    const char *signature; /* the file's name, for messages */
    uint8_t signature_digest[OTAV_SHA256_LEN];
    bool has_both; /* response is there, else rs */
    struct response response;
    uint8_t rs[OTAV_SIGNATURE_LEN];
    struct release_log *log; /* NULL: none */
    struct release_log_entry entry;
    struct release_log_reason reasons[LINT_RULE_COUNT];
};

/* ---- the draft -------------------------------------------------------------------------------- */

static enum ox fail_draft(const struct attaching *a, const char *what)
{
    return diag_fail(OX_AUTH, "%s: not the draft of %s: %s", a->request.draft, a->request.path,
                     what);
}

/* What no digest of the request covers but the log counts by. */
static enum ox compare_content(const struct attaching *a, const uint8_t *metadata)
{
    const struct request *r = &a->request;
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox;

    if (a->draft.file.has_otau &&
        otav_load_u32(a->draft.prefix + OTAV_OTAU_IMAGE_ID_OFF) != r->image_id) {
        return fail_draft(a, "other image id");
    }
    ox = signed_copy_content(&a->draft, metadata, digest);
    if (ox == OX_OK && memcmp(digest, r->content, sizeof digest) != 0) {
        ox = fail_draft(a, "other content");
    }
    return ox;
}

static enum ox compare_draft(struct attaching *a)
{
    uint8_t bare[OTAV_META_LEN];
    uint8_t metadata[OTAV_META_LEN];
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox = ota_file_metadata(&a->draft, metadata);

    memcpy(bare, a->request.metadata, sizeof bare);
    assemble_clear_signatures(bare);
    if (ox == OX_OK && memcmp(bare, metadata, sizeof bare) != 0) {
        ox = fail_draft(a, "other metadata");
    }
    if (ox == OX_OK) {
        ox =
            ota_file_firmware_digest(&a->draft, otav_load_u32(bare + OTAV_META_FW_LEN_OFF), digest);
    }
    if (ox == OX_OK && memcmp(digest, a->request.fw_digest, sizeof digest) != 0) {
        ox = fail_draft(a, "other firmware");
    }
    return ox == OX_OK ? compare_content(a, bare) : ox;
}

/* Of a HEX file the digest is that of the text which the records in memory give, so what was checked
 * is what is written. */
static enum ox hash_draft(struct attaching *a, uint8_t ret[OTAV_SHA256_LEN])
{
    uint32_t fw_len = otav_load_u32(a->request.metadata + OTAV_META_FW_LEN_OFF);
    uint8_t bare[OTAV_META_LEN];
    enum ox ox;

    if (!a->draft.source.is_slot) {
        return digest_bytes(a->draft.source.bytes, a->draft.source.len, ret);
    }
    memcpy(bare, a->request.metadata, sizeof bare);
    assemble_clear_signatures(bare);
    ox = fw_load(a->request.draft, FW_IHEX, 0, &a->image);
    return ox == OX_OK ? hex_release_digest(a->image, bare, fw_len, fw_len, ret) : ox;
}

static enum ox open_draft(struct attaching *a, const struct key_options *keys)
{
    const struct request *r = &a->request;
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox = ota_file_open_whole(r->draft, &a->draft);

    if (ox == OX_OK) {
        ox = hash_draft(a, digest);
    }
    if (ox == OX_OK && memcmp(digest, r->draft_digest, sizeof digest) != 0) {
        ox = fail_draft(a, "altered since 'otaimg prepare'");
    }
    if (ox == OX_OK) {
        ox = ota_file_require(&a->draft);
    }
    a->encrypted = ox == OX_OK && a->draft.file.encrypted;
    if (ox == OX_OK && a->encrypted != (r->encrypt_key != NULL)) {
        ox = fail_draft(a, a->encrypted ? "encrypted" : "not encrypted");
    }
    if (ox == OX_OK && a->encrypted) {
        memcpy(a->draft.iv, r->encrypt_iv, sizeof a->draft.iv);
        ox = cipher_open(r->encrypt_key, keys, &a->draft.cipher);
    }
    if (ox == OX_OK) {
        ox = ota_file_decrypt(&a->draft);
    }
    return ox == OX_OK ? compare_draft(a) : ox;
}

/* ---- signatures ------------------------------------------------------------------------------- */

static enum ox read_signature(struct attaching *a)
{
    char *bytes = NULL;
    size_t len = 0;
    enum ox ox = small_file_read(a->signature, SIGNATURE_TEXT_MAX_LEN, &bytes, &len);

    if (ox != OX_OK) {
        return ox;
    }
    ox = digest_bytes((const uint8_t *)bytes, len, a->signature_digest);
    if (ox == OX_OK && !signature_text_read((const uint8_t *)bytes, len, a->rs)) {
        if (bytes[strspn(bytes, " \t\r\n")] == '{') {
            a->has_both = true;
            ox = response_parse(a->signature, bytes, len, &a->response);
        } else {
            ox = diag_fail(OX_MALFORMED, "%s: not a signature, expected %s", a->signature,
                           SIGNATURE_TEXT_EXPECTED);
        }
    }
    free(bytes);
    return ox;
}

/* Says which mistake it is, where that can be found out. */
static enum ox fail_signature(const struct attaching *a, const uint8_t *digest, const uint8_t *rs)
{
    const struct request *r = &a->request;
    uint8_t twice[OTAV_SHA256_LEN];
    enum ox ox = digest_bytes(digest, OTAV_SHA256_LEN, twice);

    if (ox != OX_OK) {
        return ox;
    }
    if (r->round == 2 && pubkey_verify(r->xy, r->fw_digest, rs)) {
        return diag_fail(OX_AUTH,
                         "%s: the signature is that of round 1, over the firmware, expected one "
                         "over the metadata",
                         a->signature);
    }
    if (pubkey_verify(r->xy, twice, rs)) {
        (void)diag_fail(OX_AUTH,
                        "%s: the digest was hashed before it was signed, expected a signature over "
                        "the digest itself",
                        a->signature);
        diag_hint("'openssl pkeyutl -sign' takes a digest as it is, 'openssl dgst -sign' does not");
        return OX_AUTH;
    }
    return diag_fail(OX_AUTH,
                     "%s: the signature fits no digest of %s, expected one over its %s by its key",
                     a->signature, r->path, request_subject(r));
}

/* Puts the signature of the request's round where it belongs, if it is one. */
static enum ox put_signature(struct attaching *a, const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    struct request *r = &a->request;
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox = request_digest(r, digest);

    if (ox != OX_OK) {
        return ox;
    }
    if (!pubkey_verify(r->xy, digest, rs)) {
        return fail_signature(a, digest, rs);
    }
    if (r->round == 1) {
        assemble_put_firmware_signature(r->metadata, rs);
    } else {
        assemble_put_metadata_signature(r->metadata, rs);
    }
    return OX_OK;
}

static enum ox check_response(const struct attaching *a)
{
    uint8_t id[OTAV_SHA256_LEN];
    char wanted[65];
    char given[65];
    enum ox ox = request_id(&a->request, id);

    if (ox == OX_OK && memcmp(id, a->response.request, sizeof id) != 0) {
        hex_encode(id, sizeof id, wanted);
        hex_encode(a->response.request, sizeof a->response.request, given);
        return diag_fail(OX_AUTH, "%s: answers request %s, expected %s", a->signature, given,
                         wanted);
    }
    pubkey_id(a->request.xy, id);
    if (ox == OX_OK && memcmp(id, a->response.key_id, sizeof id) != 0) {
        hex_encode(id, sizeof id, wanted);
        hex_encode(a->response.key_id, sizeof a->response.key_id, given);
        return diag_fail(OX_AUTH, "%s: is by key %s, expected %s", a->signature, given, wanted);
    }
    return ox;
}

/* Both signatures, whatever round the request is of. */
static enum ox put_response(struct attaching *a)
{
    enum ox ox = check_response(a);

    if (ox == OX_OK) {
        assemble_clear_signatures(a->request.metadata);
        a->request.round = 1;
        ox = put_signature(a, a->response.firmware);
    }
    if (ox == OX_OK) {
        a->request.round = 2;
        ox = put_signature(a, a->response.metadata);
    }
    return ox;
}

/* ---- the log ---------------------------------------------------------------------------------- */

static void add_input(struct release_log_entry *entry, const char *name, const uint8_t *digest)
{
    struct release_log_file *input = &entry->inputs[entry->input_count++];

    input->name = name;
    input->has_digest = true;
    memcpy(input->sha256, digest, sizeof input->sha256);
}

/* In both rounds: there is no use in the metadata's signature when the log will not have it. */
static enum ox ask_log(struct attaching *a)
{
    struct request *r = &a->request;
    struct release_log_entry *entry = &a->entry;
    enum ox ox;

    if (r->log == NULL) {
        return OX_OK;
    }
    entry->action = "attach";
    entry->signer = "detached";
    pubkey_id(r->xy, entry->key_id);
    entry->lint_off_count = lint_reasons((const char *const *)r->lint_off, a->reasons);
    entry->lint_off = a->reasons;
    add_input(entry, r->path, r->sha256);
    add_input(entry, a->signature, a->signature_digest);
    ox = release_log_open(r->log, true, &a->log);
    if (ox == OX_OK) {
        ox = request_facts(r, &entry->release);
    }
    return ox == OX_OK ? release_log_refuse_other_content(a->log, &entry->release) : ox;
}

/* ---- output ----------------------------------------------------------------------------------- */

static enum ox write_next_request(struct attaching *a, const char *output)
{
    char *text = NULL;
    enum ox ox;

    if (output == NULL || strcmp(output, "-") == 0) {
        return diag_fail(OX_USAGE, "no file for the request of round 2, expected --output REQUEST");
    }
    a->request.round = 2;
    ox = request_text(&a->request, output, &text);
    if (ox == OX_OK) {
        ox = outfile_write_all(output, 0666, text, strlen(text));
        free(text);
    }
    if (ox == OX_OK) {
        put_printable(stdout, output);
        printf(": request to sign the metadata, round 2 of 2\n");
    }
    return ox;
}

static enum ox write_file(struct attaching *a, const char *output)
{
    const struct signed_copy copy = {&a->draft, a->image, a->encrypted, a->request.metadata,
                                     a->request.xy};
    struct outfile *out = NULL;
    char text[65];
    uint8_t id[32];
    enum ox ox;

    if (output == NULL) {
        output = a->request.output;
    }
    if (output == NULL) {
        return diag_fail(OX_USAGE, "%s: names no output, and no --output given", a->request.path);
    }
    ox = outfile_open(output, 0666, &out);
    if (ox == OX_OK) {
        ox = signed_copy_write(&copy, a->log, &a->entry, output, out);
    }
    if (ox == OX_OK && strcmp(output, "-") != 0) {
        pubkey_id(a->request.xy, id);
        hex_encode(id, sizeof id, text);
        put_printable(stdout, output);
        printf(": signed with key %s\n", text);
    }
    return ox;
}

static enum ox attach(struct attaching *a, const char *output)
{
    bool is_last = a->has_both || a->request.round == 2;
    enum ox ox = a->has_both ? put_response(a) : put_signature(a, a->rs);

    if (ox == OX_OK) {
        ox = ask_log(a);
    }
    if (ox != OX_OK) {
        return ox;
    }
    return is_last ? write_file(a, output) : write_next_request(a, output);
}

/* --log is kept for the next round. */
static void choose_log(struct request *r, const char *given)
{
    if (given != NULL) {
        free(r->log);
        r->log = xstrdup(given);
    }
}

static enum ox run(const struct args *args)
{
    struct attaching a = {.signature = args_operand(args, 1)};
    struct key_options keys;
    enum ox ox = args_key_options(args, &keys);

    a.draft.source.fd = -1;
    if (ox == OX_OK) {
        ox = request_load(args_operand(args, 0), &a.request);
    }
    if (ox == OX_OK) {
        choose_log(&a.request, args_value(args, "log"));
    }
    if (ox == OX_OK) {
        ox = read_signature(&a);
    }
    if (ox == OX_OK) {
        ox = open_draft(&a, &keys);
    }
    if (ox == OX_OK) {
        ox = attach(&a, args_value(args, "output"));
    }
    release_log_close(a.log);
    fw_free(a.image);
    ota_file_close(&a.draft);
    request_free(&a.request);
    return ox;
}

const struct command command_attach = {
    "attach",
    "REQUEST SIGNATURE [-o FILE] [--log FILE]",
    "put signatures that were made elsewhere into a release",
    "SIGNATURE ('-' = standard input) holds a signature as DER or 64 raw bytes, in binary, hex, "
    "base64\nor base64url, or what 'otaimg answer' wrote. Round 1 ends with the request of round "
    "2, "
    "for which\n--output is required, round 2 or a response with the OTA file, which gets a line "
    "in the\n"
    "log that the manifest named. What the log has with other content is refused in every round.",
    options,
    2,
    2,
    run};
