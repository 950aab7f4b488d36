/*
 * otaimg keys list: what is on the tokens of a module.
 *
 * Layer: commands; keys come from token_keys.h. Invariant: text from a token reaches a terminal only
 * percent-encoded in a URI or escaped in JSON.
 */
#include "commands.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "diag.h"
#include "key_text.h"
#include "key_uri.h"
#include "token_keys.h"
#include "util.h"

struct listing {
    json_t *keys; /* both NULL: plain text */
    json_t *tokens;
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
        key_text_print(key->xy);
    }
}

static json_t *token_key_json(const struct token_key *key)
{
    json_t *object = json_object();
    char *id = xmalloc(2 * key->id_len + 1);

    hex_encode(key->id, key->id_len, id);
    (void)json_object_set_new(object, "uri", key_text_json(key->uri));
    (void)json_object_set_new(object, "type", key_text_json(key->type));
    (void)json_object_set_new(object, "label", key_text_json(key->label));
    (void)json_object_set_new(object, "id", key_text_json(id));
    (void)json_object_set_new(object, "token_label", key_text_json(key->token_label));
    (void)json_object_set_new(object, "token_serial", key_text_json(key->token_serial));
    (void)json_object_set_new(object, "token_model", key_text_json(key->token_model));
    (void)json_object_set_new(object, "token_manufacturer", key_text_json(key->token_manufacturer));
    (void)json_object_set_new(object, "logged_in", json_boolean(key->logged_in));
    (void)json_object_set_new(object, "has_private", json_boolean(key->has_private));
    (void)json_object_set_new(object, "has_public", json_boolean(key->has_public));
    if (key->has_private) {
        (void)json_object_set_new(object, "sensitive", json_boolean(key->sensitive));
        (void)json_object_set_new(object, "extractable", json_boolean(key->extractable));
    }
    if (key->has_xy) {
        key_text_add(object, key->xy);
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

static json_t *token_json(const struct token_seen *token)
{
    json_t *object = json_object();

    (void)json_object_set_new(object, "uri", key_text_json(token->uri));
    (void)json_object_set_new(object, "label", key_text_json(token->label));
    (void)json_object_set_new(object, "serial", key_text_json(token->serial));
    (void)json_object_set_new(object, "model", key_text_json(token->model));
    (void)json_object_set_new(object, "manufacturer", key_text_json(token->manufacturer));
    (void)json_object_set_new(object, "logged_in", json_boolean(token->logged_in));
    return object;
}

/* In text a token with keys is told by their URIs, and one that was asked for some keys only is no
 * news when it has none of them. */
static void visit_seen_token(void *user, const struct token_seen *token)
{
    struct listing *listing = user;

    if (listing->tokens != NULL) {
        (void)json_array_append_new(listing->tokens, token_json(token));
    } else if (token->key_count == 0 && token->all_keys) {
        (void)printf("%s\n    holds   no key%s\n", token->uri,
                     token->logged_in ? "" : " that shows without login");
    }
}

static enum ox print_json(struct listing *listing)
{
    json_t *root = json_object();

    (void)json_object_set_new(root, "tokens", listing->tokens);
    (void)json_object_set_new(root, "keys", listing->keys);
    return key_text_print_json(root);
}

static enum ox run_list(const struct args *args)
{
    const char *uri = args_operand_count(args) > 0 ? args_operand(args, 0) : "pkcs11:";
    bool json = args_has(args, "json");
    struct listing listing = {.keys = json ? json_array() : NULL,
                              .tokens = json ? json_array() : NULL};
    bool login = args_has(args, "login");
    enum key_uri_kind kind = KEY_URI_FILE;
    struct key_options options;
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = key_uri_kind_of(uri, &kind);
    }
    if (ox == OX_OK && kind != KEY_URI_PKCS11) {
        ox = diag_fail(OX_USAGE, "'%s' is a %s, expected a pkcs11: URI", uri,
                       kind == KEY_URI_FILE ? "file" : "program");
        diag_hint("'otaimg keys show' shows the key %s",
                  kind == KEY_URI_FILE ? "in a file" : "of a program");
    }
    if (ox == OX_OK) {
        ox = token_list(uri, &options, login, visit_token_key, visit_seen_token, &listing);
    }
    if (ox != OX_OK) {
        json_decref(listing.keys);
        json_decref(listing.tokens);
        return ox;
    }
    if (!login && (listing.count == 0 || listing.private_hidden)) {
        diag_hint("private and secret keys show with --login only");
    }
    return json ? print_json(&listing) : OX_OK;
}

static const struct option_spec list_options[] = {
    {"login", 0, NULL, "log in, so that private and secret keys are seen", false},
    {"json", 0, NULL, "print JSON", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

const struct command command_keys_list = {.name = "keys list",
                                          .synopsis = "[pkcs11:URI] [options]",
                                          .summary = "list the keys on tokens, each with its URI",
                                          .details =
                                              "Lists every key that the URI matches. Without a "
                                              "URI, or with module-path only: all tokens\n"
                                              "of the module, those without keys too.",
                                          .options = list_options,
                                          .min_operands = 0,
                                          .max_operands = 1,
                                          .run = run_list};
