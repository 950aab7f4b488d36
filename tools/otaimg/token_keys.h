/*
 * Keys on PKCS#11 tokens, for `otaimg keys`: listing (token_keys.c), generating
 * (token_generate.c).
 */
#ifndef OTAIMG_TOKEN_KEYS_H
#define OTAIMG_TOKEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "key_options.h"

enum token_key_kind { TOKEN_KEY_EC_P256, TOKEN_KEY_AES128, TOKEN_KEY_OTHER };

struct token_key {
    const char *token_label; /* trailing blanks removed */
    const char *token_serial;
    const char *token_model;
    const char *token_manufacturer;
    const char *label; /* CKA_LABEL, "" = none */
    const uint8_t *id; /* CKA_ID */
    size_t id_len;
    enum token_key_kind kind;
    const char *type; /* "EC P-256", "EC other", "AES-128", "RSA-2048", ... */
    bool has_private; /* private or secret object seen */
    bool has_public;
    bool logged_in;   /* private objects were visible; false: "not logged in", not "no such key" */
    bool sensitive;   /* CKA_SENSITIVE of the private or secret object */
    bool extractable; /* CKA_EXTRACTABLE of it */
    bool has_xy;
    uint8_t xy[64];
    const char *uri; /* pkcs11: URI that selects exactly this key */
};

/* A token whose keys were visited. */
struct token_seen {
    const char *label; /* texts without trailing blanks */
    const char *serial;
    const char *model;
    const char *manufacturer;
    bool logged_in;
    bool all_keys; /* uri asked for no particular ones */
    size_t key_count;
    const char *uri; /* pkcs11: URI that selects exactly this token */
};

/* Visits every key on every token that uri matches (a URI with nothing but module-path matches all
 * tokens), and each of these tokens behind its keys, one without keys too; visit_token may be NULL.
 * Logs in only when login is true. */
typedef void token_key_visit(void *user, const struct token_key *key);
typedef void token_visit(void *user, const struct token_seen *token);
enum ox token_list(const char *uri, const struct key_options *options, bool login,
                   token_key_visit *visit, token_visit *visit_token, void *user);

/* Makes a key on the one token that uri names; uri must have object= and may have id=. Refuses
 * when a key with that label or id exists. EC P-256: sensitive, not extractable, sign only; the
 * public key goes to ret_xy. AES-128: sensitive, not extractable, encrypt and decrypt only. */
enum ox token_generate(const char *uri, const struct key_options *options, enum token_key_kind kind,
                       uint8_t ret_xy[64]);

/* Public key of the one EC key that uri names, for pubkey_load(). */
enum ox token_public_key(const char *uri, const struct key_options *options, uint8_t ret_xy[64]);

/* Logs out of all tokens and unloads all modules; keys must be closed before. Without this call it
 * happens at exit: a login lasts as long as the process, so that no PIN is needed twice. */
void token_disconnect(void);

#endif
