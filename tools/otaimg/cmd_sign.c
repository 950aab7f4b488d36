/*
 * otaimg sign and resign: new signatures on an existing file. Nothing else in it changes.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "digest.h"
#include "file_check.h"
#include "manifest.h"
#include "pubkey.h"
#include "release_log.h"
#include "signed_copy.h"
#include "trust.h"
#include "util.h"

#define SIGN_OPTION_SPECS                                                                          \
    {"sign-key", 'k', "URI", "private key: file:, pkcs11: or exec: URI (required)", false},        \
        {"output", 'o', "FILE", "write to FILE instead of replacing the input", false},            \
    {                                                                                              \
        "log", 0, "FILE", "audit log that gets a line for the new file", false                     \
    }

static const struct option_spec sign_options[] = {
    SIGN_OPTION_SPECS, DECRYPT_OPTION_SPECS, KEY_OPTION_SPECS, {NULL, 0, NULL, NULL, false}};

static const struct option_spec resign_options[] = {SIGN_OPTION_SPECS,
                                                    TRUST_OPTION_SPECS,
                                                    DECRYPT_OPTION_SPECS,
                                                    KEY_OPTION_SPECS,
                                                    {NULL, 0, NULL, NULL, false}};

struct signing {
    struct ota_file file;
    bool encrypted; /* in the file, and again in the result */
    struct signer *signer;
    uint8_t xy[PUBKEY_LEN];
    uint8_t metadata[OTAV_META_LEN];
    struct release_log *log; /* NULL = none */
    struct release_log_entry entry;
    struct outfile *out; /* NULL = not open */
};

/* ---- the log ---------------------------------------------------------------------------------- */

/* A file without OTAU header does not tell its image id: the usual one then. */
static uint32_t image_id_of(const struct ota_file *file)
{
    return file->file.has_otau ? otav_load_u32(file->prefix + OTAV_OTAU_IMAGE_ID_OFF)
                               : MANIFEST_DEFAULT_IMAGE_ID;
}

/* Of the bytes that were checked, not of what the name leads to now. */
static enum ox hash_input(const struct signing *s, struct release_log_entry *entry)
{
    struct release_log_file *input = &entry->inputs[0];

    entry->input_count = 1;
    input->name = s->file.source.path;
    input->has_digest = true;
    return digest_bytes(s->file.source.bytes, s->file.source.len, input->sha256);
}

/* Before anything is signed; metadata and firmware are plain. */
static enum ox ask_log(struct signing *s)
{
    struct release_log_entry *entry = &s->entry;
    enum ox ox;

    if (s->log == NULL) {
        return OX_OK;
    }
    entry->signer = signer_kind(s->signer);
    pubkey_id(s->xy, entry->key_id);
    ox = release_facts_from_metadata(s->metadata, image_id_of(&s->file), &entry->release);
    if (ox == OX_OK) {
        entry->release.encrypted = s->encrypted;
        ox = signed_copy_content(&s->file, s->metadata, entry->release.content);
    }
    return ox == OX_OK ? release_log_refuse_other_content(s->log, &entry->release) : ox;
}

static enum ox open_log(struct signing *s, const char *path, const char *action)
{
    s->entry.action = action;
    return path != NULL ? release_log_open(path, true, &s->log) : OX_OK;
}

/* Before anything is signed; without --output it takes the input's place. */
static enum ox open_output(struct signing *s, const char *given, const char *input)
{
    return given != NULL ? outfile_open(given, 0666, &s->out)
                         : outfile_open_replacing(input, 0666, &s->out);
}

/* ---- from the input to the output ------------------------------------------------------------- */

static enum ox open_signer(struct signing *s, const char *uri, const struct key_options *keys)
{
    enum ox ox = uri != NULL ? signer_open(uri, keys, &s->signer)
                             : diag_fail(OX_USAGE, "no key given, expected --sign-key URI");

    if (ox == OX_OK) {
        signer_public_key(s->signer, s->xy);
    }
    return ox;
}

static enum ox make_signatures(struct signing *s)
{
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox = s->log != NULL ? hash_input(s, &s->entry) : OX_OK;

    if (ox == OX_OK) {
        ox = ota_file_decrypt(&s->file);
    }
    if (ox == OX_OK) {
        ox = ota_file_metadata(&s->file, s->metadata);
    }
    if (ox == OX_OK) {
        ox = ask_log(s);
    }
    if (ox == OX_OK) {
        ox = ota_file_firmware_digest(&s->file, otav_load_u32(s->metadata + OTAV_META_FW_LEN_OFF),
                                      digest);
    }
    return ox == OX_OK ? assemble_signatures(s->metadata, OTAV_METHOD_ECDSA, digest, s->signer)
                       : ox;
}

static enum ox open_input(struct signing *s, const struct args *args)
{
    enum ox ox = ota_file_open_whole(args_operand(args, 0), &s->file);

    if (ox != OX_OK) {
        return ox;
    }
    if (s->file.source.is_slot) {
        return diag_fail(OX_USAGE, "%s: a HEX file is signed by 'otaimg build', not afterwards",
                         s->file.source.path);
    }
    ox = ota_file_set_key(&s->file, args);
    if (ox == OX_OK) {
        ox = ota_file_require(&s->file);
    }
    s->encrypted = ox == OX_OK && s->file.file.encrypted;
    return ox;
}

/* Signs what `judge` lets through. */
static enum ox run_with(const struct args *args, const char *action,
                        enum ox (*judge)(struct signing *s, const struct args *args,
                                         const struct key_options *keys))
{
    const char *given = args_value(args, "output");
    const char *output = given != NULL ? given : args_operand(args, 0);
    struct signing s = {.signer = NULL};
    struct key_options keys;
    char id_text[65];
    uint8_t id[32];
    enum ox ox = args_key_options(args, &keys);

    s.file.source.fd = -1;
    if (ox == OX_OK) {
        ox = open_input(&s, args);
    }
    if (ox == OX_OK) {
        ox = judge(&s, args, &keys);
    }
    if (ox == OX_OK) {
        ox = open_signer(&s, args_value(args, "sign-key"), &keys);
    }
    if (ox == OX_OK) {
        ox = open_log(&s, args_value(args, "log"), action);
    }
    if (ox == OX_OK) {
        ox = open_output(&s, given, args_operand(args, 0));
    }
    if (ox == OX_OK) {
        ox = make_signatures(&s);
    }
    if (ox == OX_OK) {
        struct outfile *out = s.out;
        const struct signed_copy copy = {&s.file, NULL, s.encrypted, s.metadata, s.xy};

        s.out = NULL;
        ox = signed_copy_write(&copy, s.log, &s.entry, output, out);
    }
    if (ox == OX_OK && strcmp(output, "-") != 0) {
        pubkey_id(s.xy, id);
        hex_encode(id, sizeof id, id_text);
        put_printable(stdout, output);
        printf(": signed with key %s\n", id_text);
    }
    outfile_abandon(s.out);
    release_log_close(s.log);
    signer_close(s.signer);
    ota_file_close(&s.file);
    wipe(&s, sizeof s);
    return ox;
}

/* ---- sign: files that have no signature yet --------------------------------------------------- */

static enum ox judge_unsigned(struct signing *s, const struct args *args,
                              const struct key_options *keys)
{
    uint8_t metadata[OTAV_META_LEN];
    enum ox ox = ota_file_require_readable(&s->file);

    (void)args;
    (void)keys;
    if (ox == OX_OK) {
        ox = ota_file_metadata(&s->file, metadata);
    }
    if (ox == OX_OK && (metadata[OTAV_META_AUTH_METHOD_OFF] == OTAV_METHOD_ECDSA ||
                        metadata[OTAV_META_FW_AUTH_METHOD_OFF] == OTAV_METHOD_ECDSA)) {
        ox = diag_fail(OX_USAGE, "%s: signed already, expected a file without signature",
                       s->file.source.path);
        diag_hint("'otaimg resign' verifies the old signature and makes a new one");
        return ox;
    }
    return ox == OX_OK ? check_unsigned(&s->file) : ox;
}

static enum ox run_sign(const struct args *args)
{
    return run_with(args, "sign", judge_unsigned);
}

const struct command command_sign = {
    "sign",
    "FILE --sign-key URI [-o OUT] [--log FILE]",
    "sign a file that has no signature yet",
    "For files with authentication none or sha256. Format and digests are checked before, the\n"
    "signatures after. Without --output the file is replaced, whole or not at all.",
    sign_options,
    1,
    1,
    run_sign};

/* ---- resign: from one key to another ---------------------------------------------------------- */

static enum ox judge_signed(struct signing *s, const struct args *args,
                            const struct key_options *keys)
{
    struct trust trust;
    enum ox ox = trust_from_args(args, &trust);

    return ox == OX_OK ? trust_check(&trust, &s->file, keys, NULL) : ox;
}

static enum ox run_resign(const struct args *args)
{
    return run_with(args, "resign", judge_signed);
}

const struct command command_resign = {
    "resign",
    "FILE --verify-key OLD --sign-key NEW [-o OUT] [--log FILE]",
    "replace the signatures of a file by those of another key",
    "Verifies the file against --verify-key or --device first, so that a file that was altered is\n"
    "never signed anew. Without --output the file is replaced, whole or not at all.",
    resign_options,
    1,
    1,
    run_resign};
