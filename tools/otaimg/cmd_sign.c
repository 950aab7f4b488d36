/*
 * otaimg sign and resign: new signatures on an existing file. Nothing else in it changes.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "file_check.h"
#include "pubkey.h"
#include "signed_copy.h"
#include "trust.h"
#include "util.h"

#define SIGN_OPTION_SPECS                                                                          \
    {"sign-key", 'k', "URI", "private key: file:, pkcs11: or exec: URI (required)", false},        \
    {                                                                                              \
        "output", 'o', "FILE", "write to FILE instead of replacing the input", false               \
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
};

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
    enum ox ox = ota_file_decrypt(&s->file);

    if (ox == OX_OK) {
        ox = ota_file_metadata(&s->file, s->metadata);
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
static enum ox run_with(const struct args *args,
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
        ox = make_signatures(&s);
    }
    if (ox == OX_OK) {
        ox = signed_copy_write(&s.file, s.encrypted, s.metadata, s.xy, output);
    }
    if (ox == OX_OK && strcmp(output, "-") != 0) {
        pubkey_id(s.xy, id);
        hex_encode(id, sizeof id, id_text);
        put_printable(stdout, output);
        printf(": signed with key %s\n", id_text);
    }
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
    return run_with(args, judge_unsigned);
}

const struct command command_sign = {
    "sign",
    "FILE --sign-key URI [-o OUT]",
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
    return run_with(args, judge_signed);
}

const struct command command_resign = {
    "resign",
    "FILE --verify-key OLD --sign-key NEW [-o OUT]",
    "replace the signatures of a file by those of another key",
    "Verifies the file against --verify-key or --device first, so that a file that was altered is\n"
    "never signed anew. Without --output the file is replaced, whole or not at all.",
    resign_options,
    1,
    1,
    run_resign};
