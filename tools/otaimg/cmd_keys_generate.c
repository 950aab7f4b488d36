/*
 * otaimg keys generate: a new key on a token or in a file.
 *
 * Layer: commands; keys are made by key_generate.h and token_keys.h. Invariant: what can be refused is
 * refused before a PIN or passphrase is asked for; only the public half is printed.
 */
#include "commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "key_generate.h"
#include "key_record.h"
#include "key_text.h"
#include "key_uri.h"
#include "pubkey.h"
#include "secret.h"
#include "token_keys.h"
#include "util.h"

static enum ox new_passphrase(const char *path, const struct key_options *options,
                              struct secret *ret)
{
    char *what = xasprintf("new passphrase for '%s'", path);
    const struct secret_source source = {.fd = options->passphrase_fd,
                                         .file = options->passphrase_file,
                                         .env = SECRET_PASSPHRASE_ENV,
                                         .what = what,
                                         .confirm = true};
    enum ox ox = secret_get(&source, ret);

    free(what);
    return ox;
}

static enum ox generate_p256_file(const char *path, const struct key_options *options, bool encrypt,
                                  uint8_t ret_xy[64])
{
    struct secret passphrase = {.len = 0};
    enum ox ox = key_generate_check_new(path);

    if (ox == OX_OK && encrypt) {
        ox = new_passphrase(path, options, &passphrase);
    }
    if (ox == OX_OK) {
        ox = key_generate_p256(path, encrypt ? &passphrase : NULL, ret_xy);
    }
    secret_wipe(&passphrase);
    return ox;
}

static enum ox type_of(const struct args *args, enum token_key_kind *ret)
{
    const char *type = args_value(args, "type");

    if (type == NULL || strcmp(type, "p256") == 0) {
        *ret = TOKEN_KEY_EC_P256;
        return OX_OK;
    }
    if (strcmp(type, "aes128") == 0) {
        *ret = TOKEN_KEY_AES128;
        return OX_OK;
    }
    return diag_fail(OX_USAGE, "'--type' is '%s', expected p256 or aes128", type);
}

static enum ox generate_file(const struct args *args, const struct key_options *options,
                             enum token_key_kind type, uint8_t ret_xy[64])
{
    const char *path = key_uri_path(args_operand(args, 0));
    enum ox ox = outfile_check(path);

    if (ox != OX_OK) {
        return ox;
    }
    if (type == TOKEN_KEY_AES128) {
        return key_generate_aes128(path);
    }
    return generate_p256_file(path, options, !args_has(args, "no-encrypt"), ret_xy);
}

static enum ox generate_on_token(const struct args *args, const struct key_options *options,
                                 enum token_key_kind type, uint8_t ret_xy[64])
{
    if (args_has(args, "no-encrypt")) {
        return diag_fail(OX_USAGE, "'--no-encrypt' is for key files, expected a file: URI with it");
    }
    return token_generate(args_operand(args, 0), options, type, ret_xy);
}

static enum ox check_options(const struct args *args, const struct key_options *options)
{
    if (args_has(args, "no-encrypt") &&
        (options->passphrase_fd >= 0 || options->passphrase_file != NULL)) {
        return diag_fail(OX_USAGE, "'--no-encrypt' and a passphrase exclude each other");
    }
    return OX_OK;
}

/* The record is opened before, and finished after, so that no key is made in vain. */
static enum ox generate_recorded(const struct args *args, const struct key_options *options,
                                 struct key_record *record, enum token_key_kind type,
                                 uint8_t ret_xy[64])
{
    const char *path = args_value(args, "record");
    struct outfile *out = NULL;
    enum ox ox = path != NULL ? key_record_open(path, &out) : OX_OK;

    if (ox == OX_OK) {
        ox = record->path != NULL ? generate_file(args, options, type, ret_xy)
                                  : generate_on_token(args, options, type, ret_xy);
    }
    if (ox == OX_OK && out != NULL) {
        return key_record_finish(record, out);
    }
    outfile_abandon(out);
    return ox;
}

static enum ox run_generate(const struct args *args)
{
    enum token_key_kind type = TOKEN_KEY_EC_P256;
    enum key_uri_kind kind = KEY_URI_FILE;
    struct key_options options;
    uint8_t xy[PUBKEY_LEN];
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = check_options(args, &options);
    }
    if (ox == OX_OK) {
        ox = key_uri_kind_of(args_operand(args, 0), &kind);
    }
    if (ox == OX_OK && kind == KEY_URI_EXEC) {
        ox = diag_fail(OX_USAGE, "'%s' is a program, expected file:PATH or pkcs11:...",
                       args_operand(args, 0));
    }
    if (ox == OX_OK) {
        ox = type_of(args, &type);
    }
    if (ox == OX_OK) {
        struct key_record record = {
            .uri = args_operand(args, 0),
            .path = kind == KEY_URI_FILE ? key_uri_path(args_operand(args, 0)) : NULL,
            .type = type == TOKEN_KEY_EC_P256 ? "EC P-256" : "AES-128",
            .xy = type == TOKEN_KEY_EC_P256 ? xy : NULL,
            .encrypted = type == TOKEN_KEY_EC_P256 && !args_has(args, "no-encrypt"),
            .options = &options};

        ox = generate_recorded(args, &options, &record, type, xy);
    }
    if (ox != OX_OK || type != TOKEN_KEY_EC_P256) {
        return ox;
    }
    (void)printf("    type    EC P-256\n");
    key_text_print(xy);
    key_text_print_class(xy);
    return OX_OK;
}

static const struct option_spec generate_options[] = {
    {"type", 0, "TYPE", "p256 (default) or aes128", false},
    {"no-encrypt", 0, NULL, "leave the key file without a passphrase", false},
    {"record", 0, "FILE", "also write a ceremony record, JSON without secrets, to a new FILE",
     false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

const struct command command_keys_generate = {
    .name = "keys generate",
    .synopsis = "URI [options]",
    .summary = "make a new key on a token or in a file",
    .details =
        "On a token the URI names the new key with object= and, if wanted, id=; the key cannot\n"
        "leave the token. A key file gets mode 0600 and, for p256, a passphrase; an existing\n"
        "file is never replaced. An aes128 key file holds 32 hex digits.",
    .options = generate_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_generate};
