/*
 * otaimg keys show: the public half of one key, or what a provisioning record holds.
 *
 * Layer: commands; keys come from pubkey.h, records from provision.h. Invariant: only public halves are
 * printed.
 */
#include "commands.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "key_text.h"
#include "key_uri.h"
#include "provision.h"
#include "pubkey.h"

/* Not a URI, and no file of that name. Text with a PIN in it is left to the URI's own check. */
static bool is_nothing(const char *uri)
{
    return !key_uri_has_scheme(uri) && access(uri, F_OK) != 0 &&
           strcasestr(uri, "pin-value=") == NULL;
}

static enum ox show_record(const struct args *args, const char *path)
{
    struct otav_config config;
    enum ox ox = provision_read(path, &config);

    if (ox != OX_OK) {
        return ox;
    }
    if (args_has(args, "json")) {
        return provision_print_json(&config);
    }
    provision_print(&config);
    return OX_OK;
}

static enum ox run_show(const struct args *args)
{
    const char *uri = args_operand(args, 0);
    struct key_options options;
    uint8_t xy[PUBKEY_LEN];
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK && provision_is_record(uri)) {
        return show_record(args, uri);
    }
    if (ox == OX_OK && is_nothing(uri)) {
        ox = diag_fail(OX_KEY,
                       "'%s' is neither a key URI nor a file, expected file:PATH, pkcs11:..., "
                       "exec:... or a path",
                       uri);
    }
    if (ox == OX_OK) {
        ox = pubkey_load(uri, &options, xy);
    }
    if (ox != OX_OK) {
        return ox;
    }
    if (args_has(args, "json")) {
        json_t *root = json_object();

        (void)json_object_set_new(root, "uri", key_text_json(uri));
        (void)json_object_set_new(root, "type", key_text_json("EC P-256"));
        key_text_add(root, xy);
        key_text_add_class(root, xy);
        return key_text_print_json(root);
    }
    (void)printf("    type    EC P-256\n");
    key_text_print(xy);
    key_text_print_class(xy);
    return OX_OK;
}

static const struct option_spec show_options[] = {
    {"json", 0, NULL, "print JSON", false}, KEY_OPTION_SPECS, {NULL, 0, NULL, NULL, false}};

const struct command command_keys_show = {
    .name = "keys show",
    .synopsis = "URI [options]",
    .summary = "show the public half of a key and whether it is a published one",
    .details =
        "Takes a public or private key file, or a key on a token. sha256 is the digest of the\n"
        "SubjectPublicKeyInfo, the identity of a key in all messages. Of a provisioning record, "
        "given\n"
        "by its path, all is shown but its AES key.",
    .options = show_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_show};
