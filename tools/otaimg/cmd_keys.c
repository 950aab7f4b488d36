/*
 * otaimg keys: list, show, generate and export.
 *
 * Layer: commands; keys come from pubkey.h, token_keys.h and key_generate.h. Invariant: only public
 * halves are printed or exported, and text from a token reaches a terminal only percent-encoded in
 * a URI or escaped in JSON.
 */
#include "cmd_keys.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "key_generate.h"
#include "key_uri.h"
#include "known_keys.h"
#include "outfile.h"
#include "pubkey.h"
#include "secret.h"
#include "token_keys.h"
#include "util.h"

/* ---- output shared by list, show and generate ------------------------------------------------- */

/* Everything that is said about a public key. */
struct key_text {
    char id[65];
    char x[65];
    char y[65];
    const char *known; /* "none", "sample", "development" */
    const char *known_name;
};

static const char *known_word(enum known_key known)
{
    switch (known) {
    case KNOWN_KEY_SAMPLE:
        return "sample";
    case KNOWN_KEY_DEVELOPMENT:
        return "development";
    case KNOWN_KEY_NO:
        break;
    }
    return "none";
}

static struct key_text describe(const uint8_t xy[64])
{
    struct key_text text = {.known_name = ""};
    uint8_t id[32];

    pubkey_id(xy, id);
    hex_encode(id, 32, text.id);
    hex_encode(xy, 32, text.x);
    hex_encode(xy + 32, 32, text.y);
    text.known = known_word(known_key_find(id, &text.known_name));
    return text;
}

static void print_public(const uint8_t xy[64])
{
    struct key_text text = describe(xy);
    const char *gap = text.known_name[0] != '\0' ? ": " : "";

    (void)printf("    sha256  %s\n", text.id);
    (void)printf("    x       %s\n", text.x);
    (void)printf("    y       %s\n", text.y);
    (void)printf("    known   %s%s%s\n", text.known, gap, text.known_name);
}

/* Labels are bytes; what is not UTF-8 has no place in JSON. */
static json_t *json_text(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_null();
}

static void add_public(json_t *object, const uint8_t xy[64])
{
    struct key_text text = describe(xy);

    (void)json_object_set_new(object, "sha256", json_text(text.id));
    (void)json_object_set_new(object, "x", json_text(text.x));
    (void)json_object_set_new(object, "y", json_text(text.y));
    (void)json_object_set_new(object, "known", json_text(text.known));
    if (text.known_name[0] != '\0') {
        (void)json_object_set_new(object, "known_name", json_text(text.known_name));
    }
}

static enum ox finish_output(bool written)
{
    if (!written || fflush(stdout) != 0 || ferror(stdout) != 0) {
        return diag_fail(OX_IO, "cannot write to standard output: %s", strerror(errno));
    }
    return OX_OK;
}

/* Prints and frees. */
static enum ox finish_json(json_t *root)
{
    bool written = json_dumpf(root, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;

    json_decref(root);
    return finish_output(written);
}

/* ---- keys list -------------------------------------------------------------------------------- */

struct listing {
    json_t *keys; /* NULL: plain text */
    unsigned count;
    bool private_hidden;
};

static void print_token_key(const struct token_key *key)
{
    static const char *const halves[] = {"nothing usable", "public key", "private key",
                                         "private and public key"};
    const char *holds = halves[(key->has_private ? 2 : 0) + (key->has_public ? 1 : 0)];

    if (key->kind == TOKEN_KEY_AES128) {
        holds = "secret key";
    }
    (void)printf("%s\n    type    %s\n    holds   %s", key->uri, key->type, holds);
    if (key->has_private) {
        (void)printf(", %s, %s", key->sensitive ? "sensitive" : "not sensitive",
                     key->extractable ? "extractable" : "not extractable");
    }
    (void)putchar('\n');
    if (key->has_xy) {
        print_public(key->xy);
    }
}

static json_t *token_key_json(const struct token_key *key)
{
    json_t *object = json_object();
    char *id = xmalloc(2 * key->id_len + 1);

    hex_encode(key->id, key->id_len, id);
    (void)json_object_set_new(object, "uri", json_text(key->uri));
    (void)json_object_set_new(object, "type", json_text(key->type));
    (void)json_object_set_new(object, "label", json_text(key->label));
    (void)json_object_set_new(object, "id", json_text(id));
    (void)json_object_set_new(object, "token_label", json_text(key->token_label));
    (void)json_object_set_new(object, "token_serial", json_text(key->token_serial));
    (void)json_object_set_new(object, "token_model", json_text(key->token_model));
    (void)json_object_set_new(object, "token_manufacturer", json_text(key->token_manufacturer));
    (void)json_object_set_new(object, "logged_in", json_boolean(key->logged_in));
    (void)json_object_set_new(object, "has_private", json_boolean(key->has_private));
    (void)json_object_set_new(object, "has_public", json_boolean(key->has_public));
    if (key->has_private) {
        (void)json_object_set_new(object, "sensitive", json_boolean(key->sensitive));
        (void)json_object_set_new(object, "extractable", json_boolean(key->extractable));
    }
    if (key->has_xy) {
        add_public(object, key->xy);
    }
    free(id);
    return object;
}

static void visit_token_key(void *user, const struct token_key *key)
{
    struct listing *listing = user;

    listing->count++;
    listing->private_hidden = listing->private_hidden || !key->logged_in;
    if (listing->keys != NULL) {
        (void)json_array_append_new(listing->keys, token_key_json(key));
    } else {
        print_token_key(key);
    }
}

static enum ox run_list(const struct args *args)
{
    const char *uri = args_operand_count(args) > 0 ? args_operand(args, 0) : "pkcs11:";
    struct listing listing = {.keys = args_has(args, "json") ? json_array() : NULL};
    bool login = args_has(args, "login");
    enum key_uri_kind kind = KEY_URI_FILE;
    struct key_options options;
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = key_uri_kind_of(uri, &kind);
    }
    if (ox == OX_OK && kind != KEY_URI_PKCS11) {
        ox = diag_fail(OX_USAGE, "'%s' is a file, expected a pkcs11: URI", uri);
        diag_hint("'otaimg keys show' shows the key in a file");
    }
    if (ox == OX_OK) {
        ox = token_list(uri, &options, login, visit_token_key, &listing);
    }
    if (ox != OX_OK) {
        json_decref(listing.keys);
        return ox;
    }
    if (!login && (listing.count == 0 || listing.private_hidden)) {
        diag_hint("private and secret keys show with --login only");
    }
    if (listing.keys != NULL) {
        json_t *root = json_object();

        (void)json_object_set_new(root, "keys", listing.keys);
        return finish_json(root);
    }
    return finish_output(true);
}

static const struct option_spec list_options[] = {
    {"login", 0, NULL, "log in, so that private and secret keys are seen", false},
    {"json", 0, NULL, "print JSON", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

const struct command command_keys_list = {
    .name = "keys list",
    .synopsis = "[pkcs11:URI] [options]",
    .summary = "list the keys on a token, each with its URI",
    .details =
        "Lists every key that the URI matches. Without a URI, or with module-path only, the\n"
        "keys of all tokens are listed.",
    .options = list_options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_list};

/* ---- keys show -------------------------------------------------------------------------------- */

static enum ox run_show(const struct args *args)
{
    const char *uri = args_operand(args, 0);
    struct key_options options;
    uint8_t xy[PUBKEY_LEN];
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = pubkey_load(uri, &options, xy);
    }
    if (ox != OX_OK) {
        return ox;
    }
    if (args_has(args, "json")) {
        json_t *root = json_object();

        (void)json_object_set_new(root, "uri", json_text(uri));
        (void)json_object_set_new(root, "type", json_text("EC P-256"));
        add_public(root, xy);
        return finish_json(root);
    }
    (void)printf("    type    EC P-256\n");
    print_public(xy);
    return finish_output(true);
}

static const struct option_spec show_options[] = {
    {"json", 0, NULL, "print JSON", false}, KEY_OPTION_SPECS, {NULL, 0, NULL, NULL, false}};

const struct command command_keys_show = {
    .name = "keys show",
    .synopsis = "URI [options]",
    .summary = "show the public half of a key and whether it is a published one",
    .details =
        "Takes a public or private key file, or a key on a token. sha256 is the digest of the\n"
        "SubjectPublicKeyInfo, the identity of a key in all messages.",
    .options = show_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_show};

/* ---- keys generate ---------------------------------------------------------------------------- */

static enum ox new_passphrase(const char *path, const struct key_options *options,
                              struct secret *ret)
{
    char *what = xasprintf("new passphrase for '%s'", path);
    const struct secret_source source = {.fd = options->passphrase_fd,
                                         .file = options->passphrase_file,
                                         .env = "OTAIMG_PASSPHRASE",
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
    enum ox ox = encrypt ? new_passphrase(path, options, &passphrase) : OX_OK;

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

static enum ox run_generate(const struct args *args)
{
    enum token_key_kind type = TOKEN_KEY_EC_P256;
    enum key_uri_kind kind = KEY_URI_FILE;
    struct key_options options;
    uint8_t xy[PUBKEY_LEN];
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = key_uri_kind_of(args_operand(args, 0), &kind);
    }
    if (ox == OX_OK) {
        ox = type_of(args, &type);
    }
    if (ox == OX_OK) {
        ox = kind == KEY_URI_FILE ? generate_file(args, &options, type, xy)
                                  : generate_on_token(args, &options, type, xy);
    }
    if (ox != OX_OK || type != TOKEN_KEY_EC_P256) {
        return ox;
    }
    (void)printf("    type    EC P-256\n");
    print_public(xy);
    return finish_output(true);
}

static const struct option_spec generate_options[] = {
    {"type", 0, "TYPE", "p256 (default) or aes128", false},
    {"no-encrypt", 0, NULL, "leave the key file without a passphrase", false},
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

/* ---- keys export ------------------------------------------------------------------------------ */

static bool is_identifier(const char *name)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    return name[0] != '\0' && strchr(first, name[0]) != NULL && name[strspn(name, more)] == '\0';
}

static enum ox write_text(const char *path, char *text)
{
    enum ox ox = outfile_write_all(path, 0644, text, strlen(text));

    free(text);
    return ox;
}

static enum ox write_der(const char *path, const uint8_t xy[PUBKEY_LEN])
{
    uint8_t spki[PUBKEY_SPKI_LEN];

    pubkey_spki(xy, spki);
    return outfile_write_all(path, 0644, spki, sizeof spki);
}

static enum ox export_as(const struct args *args, const char *format, const uint8_t xy[PUBKEY_LEN])
{
    const char *path = args_has(args, "output") ? args_value(args, "output") : "-";
    const char *name = args_has(args, "name") ? args_value(args, "name") : "public_key";

    if (strcmp(format, "pem") == 0) {
        return write_text(path, pubkey_to_pem(xy));
    }
    if (strcmp(format, "der") == 0) {
        return write_der(path, xy);
    }
    if (strcmp(format, "raw") == 0) {
        return outfile_write_all(path, 0644, xy, PUBKEY_LEN);
    }
    return write_text(path, pubkey_to_c_source(xy, name));
}

/* Before a PIN or passphrase is asked for. */
static enum ox check_export(const struct args *args, const char *format)
{
    static const char *const formats[] = {"pem", "der", "c", "raw"};
    const char *name = args_value(args, "name");
    bool known = false;

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        known = known || strcmp(format, formats[i]) == 0;
    }
    if (!known) {
        return diag_fail(OX_USAGE, "'--format' is '%s', expected pem, der, c or raw", format);
    }
    if (name != NULL && strcmp(format, "c") != 0) {
        return diag_fail(OX_USAGE, "'--name' is for C source, expected '--format c' with it");
    }
    if (name != NULL && !is_identifier(name)) {
        return diag_fail(OX_USAGE, "'--name' is '%s', expected a C identifier", name);
    }
    return OX_OK;
}

static enum ox run_export(const struct args *args)
{
    const char *uri = args_operand(args, 0);
    const char *format = args_has(args, "format") ? args_value(args, "format") : "pem";
    struct key_options options;
    uint8_t xy[PUBKEY_LEN];
    uint8_t id[32];
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = check_export(args, format);
    }
    if (ox == OX_OK) {
        ox = pubkey_load(uri, &options, xy);
    }
    if (ox == OX_OK) {
        pubkey_id(xy, id);
        ox = known_key_refuse_sample(id, uri, &options);
    }
    return ox == OX_OK ? export_as(args, format, xy) : ox;
}

static const struct option_spec export_options[] = {
    {"format", 0, "FORMAT", "pem (default), der, c or raw (X and Y, 64 bytes)", false},
    {"name", 0, "NAME", "name of the array in C source, default public_key", false},
    {"output", 'o', "FILE", "write to FILE, default standard output", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

const struct command command_keys_export = {
    .name = "keys export",
    .synopsis = "URI [options]",
    .summary = "write the public half of a key",
    .details =
        "Only the public half is ever written. Published sample keys are refused, so that none\n"
        "gets into a device by accident.",
    .options = export_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_export};
