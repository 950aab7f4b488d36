/*
 * otaimg which-key: who signed this file?
 *
 * Layer: commands. Invariant: a key is named as the signer only where a signature verifies under it;
 * one that nobody gave, only where both signatures do.
 */
#include "commands.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "file_check.h"
#include "key_text.h"
#include "pubkey_recover.h"
#include "util.h"

static const struct option_spec options[] = {
    {"keys", 0, "URI", "a public key that may have signed: PATH or key URI", true},
    {"json", 0, NULL, "print JSON", false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

struct given_key {
    const char *uri; /* of args */
    uint8_t xy[PUBKEY_LEN];
};

struct signature {
    const char *name;
    uint8_t digest[OTAV_SHA256_LEN];
    uint8_t rs[OTAV_SIGNATURE_LEN];
    const struct given_key *made_by; /* NULL = none of those given */
};

enum { FIRMWARE, METADATA, SIGNATURES };

struct search {
    const char *path;
    unsigned key_count;
    struct given_key *keys;
    struct signature signatures[SIGNATURES];
    unsigned recovered_count; /* keys that made both, where none was given */
    uint8_t recovered[PUBKEY_RECOVER_MAX][PUBKEY_LEN];
};

/* ---- reading ---------------------------------------------------------------------------------- */

static enum ox add_key(struct search *search, const char *uri,
                       const struct key_options *key_options)
{
    struct given_key *key = &search->keys[search->key_count];
    enum ox ox = pubkey_load(uri, key_options, key->xy);

    if (ox == OX_OK) {
        key->uri = uri;
        search->key_count++;
    }
    return ox;
}

/* --keys, and the operands behind the file. */
static enum ox load_keys(struct search *search, const struct args *args)
{
    const char *const *uris = NULL;
    unsigned named = args_values(args, "keys", &uris);
    struct key_options key_options;
    enum ox ox = args_key_options(args, &key_options);

    search->keys = xcalloc(named + args_operand_count(args), sizeof *search->keys);
    for (unsigned i = 0; ox == OX_OK && i < named; i++) {
        ox = add_key(search, uris[i], &key_options);
    }
    for (unsigned i = 1; ox == OX_OK && i < args_operand_count(args); i++) {
        ox = add_key(search, args_operand(args, i), &key_options);
    }
    return ox;
}

static enum ox read_signature(const char *path, uint8_t method, const uint8_t *value, uint8_t len,
                              struct signature *ret)
{
    if (method != OTAV_METHOD_ECDSA) {
        return diag_fail(OX_AUTH, "%s: the %s is not signed, expected ECDSA P-256", path,
                         ret->name);
    }
    if (!otav_der_decode(value, OTAV_META_SIG_LEN, len, ret->rs)) {
        return diag_fail(OX_AUTH, "%s: the %s signature is damaged, expected DER", path, ret->name);
    }
    return OX_OK;
}

static enum ox read_signatures(const struct ota_file *file, struct search *search)
{
    struct signature *firmware = &search->signatures[FIRMWARE];
    struct signature *metadata = &search->signatures[METADATA];
    uint8_t meta[OTAV_META_LEN];
    enum ox ox = ota_file_metadata(file, meta);

    if (ox == OX_OK) {
        ox = read_signature(search->path, meta[OTAV_META_FW_AUTH_METHOD_OFF],
                            meta + OTAV_META_FW_SIG_OFF, meta[OTAV_META_FW_SIG_LEN_OFF], firmware);
    }
    if (ox == OX_OK) {
        ox = read_signature(search->path, meta[OTAV_META_AUTH_METHOD_OFF], meta + OTAV_META_SIG_OFF,
                            meta[OTAV_META_SIG_LEN_OFF], metadata);
    }
    if (ox == OX_OK) {
        ox = check_metadata_digest(meta, metadata->digest);
    }
    if (ox == OX_OK) {
        ox = ota_file_firmware_digest(file, otav_load_u32(meta + OTAV_META_FW_LEN_OFF),
                                      firmware->digest);
    }
    wipe(meta, sizeof meta);
    return ox;
}

static enum ox read_file(struct search *search, const struct args *args)
{
    struct ota_file file;
    enum ox ox = ota_file_open_whole(search->path, &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_set_key(&file, args);
    if (ox == OX_OK) {
        ox = ota_file_require_readable(&file);
    }
    if (ox == OX_OK) {
        ox = read_signatures(&file, search);
    }
    ota_file_close(&file);
    return ox;
}

/* ---- searching -------------------------------------------------------------------------------- */

static void find_given(struct search *search)
{
    for (unsigned s = 0; s < SIGNATURES; s++) {
        struct signature *signature = &search->signatures[s];

        for (unsigned k = 0; k < search->key_count && signature->made_by == NULL; k++) {
            if (pubkey_verify(search->keys[k].xy, signature->digest, signature->rs)) {
                signature->made_by = &search->keys[k];
            }
        }
    }
}

/* Of the keys that can have made the metadata signature, those that verify the other one too. */
static void recover(struct search *search)
{
    const struct signature *firmware = &search->signatures[FIRMWARE];
    const struct signature *metadata = &search->signatures[METADATA];
    uint8_t candidates[PUBKEY_RECOVER_MAX][PUBKEY_LEN];
    unsigned count = pubkey_recover(metadata->digest, metadata->rs, candidates);

    for (unsigned i = 0; i < count; i++) {
        if (pubkey_verify(candidates[i], firmware->digest, firmware->rs)) {
            memcpy(search->recovered[search->recovered_count++], candidates[i], PUBKEY_LEN);
        }
    }
}

/* The same key may be given twice, so this asks for the key, not for its place. */
static bool one_given_key_made_both(const struct search *search)
{
    const struct given_key *a = search->signatures[FIRMWARE].made_by;
    const struct given_key *b = search->signatures[METADATA].made_by;

    return a != NULL && b != NULL && memcmp(a->xy, b->xy, PUBKEY_LEN) == 0;
}

static bool made_by_one_key(const struct search *search)
{
    return one_given_key_made_both(search) || search->recovered_count > 0;
}

/* ---- printing --------------------------------------------------------------------------------- */

static void print_signature(const struct search *search, const struct signature *signature)
{
    uint8_t id[32];
    char id_text[65];

    put_printable(stdout, search->path);
    printf(": %s signature: ", signature->name);
    if (signature->made_by == NULL) {
        printf("%s\n", search->key_count > 0 ? "none of the given keys" : "no keys given");
        return;
    }
    pubkey_id(signature->made_by->xy, id);
    hex_encode(id, sizeof id, id_text);
    printf("key %s, ", id_text);
    put_printable(stdout, signature->made_by->uri);
    putchar('\n');
}

static enum ox print_text(const struct search *search)
{
    for (unsigned s = 0; s < SIGNATURES; s++) {
        print_signature(search, &search->signatures[s]);
    }
    for (unsigned i = 0; i < search->recovered_count; i++) {
        char *pem = pubkey_to_pem(search->recovered[i]);

        printf("both signatures were made by this key, recovered from them:\n");
        key_text_print(search->recovered[i]);
        printf("%s", pem);
        free(pem);
    }
    if (!made_by_one_key(search)) {
        bool both_known = search->signatures[FIRMWARE].made_by != NULL &&
                          search->signatures[METADATA].made_by != NULL;

        printf("the two signatures were made by different keys%s\n",
               both_known ? "" : ", or the file was changed since");
    }
    return OX_OK;
}

static json_t *signature_json(const struct signature *signature)
{
    json_t *object;

    if (signature->made_by == NULL) {
        return json_null();
    }
    object = json_object();
    (void)json_object_set_new(object, "uri", key_text_json(signature->made_by->uri));
    key_text_add(object, signature->made_by->xy);
    return object;
}

static enum ox print_json(const struct search *search)
{
    json_t *root = json_object();
    json_t *recovered = json_array();

    for (unsigned i = 0; i < search->recovered_count; i++) {
        char *pem = pubkey_to_pem(search->recovered[i]);
        json_t *key = json_object();

        key_text_add(key, search->recovered[i]);
        (void)json_object_set_new(key, "pem", key_text_json(pem));
        (void)json_array_append_new(recovered, key);
        free(pem);
    }
    (void)json_object_set_new(root, "file", key_text_json(search->path));
    for (unsigned s = 0; s < SIGNATURES; s++) {
        (void)json_object_set_new(root, search->signatures[s].name,
                                  signature_json(&search->signatures[s]));
    }
    (void)json_object_set_new(root, "one_key", json_boolean(made_by_one_key(search)));
    (void)json_object_set_new(root, "recovered", recovered);
    return key_text_print_json(root);
}

/* ---- command ---------------------------------------------------------------------------------- */

static enum ox run(const struct args *args)
{
    struct search search = {.path = args_operand(args, 0),
                            .signatures = {{.name = "firmware"}, {.name = "metadata"}}};
    enum ox ox = load_keys(&search, args);

    if (ox == OX_OK) {
        ox = read_file(&search, args);
    }
    if (ox == OX_OK) {
        find_given(&search);
        if (!one_given_key_made_both(&search)) {
            recover(&search);
        }
        ox = args_has(args, "json") ? print_json(&search) : print_text(&search);
    }
    if (ox == OX_OK && !one_given_key_made_both(&search)) {
        ox = OX_DIFFERENT;
    }
    free(search.keys);
    return ox;
}

const struct command command_which_key = {
    "which-key",
    "FILE [--keys URI]... [URI]...",
    "which of these public keys signed a file, or what key did",
    "Names the key that made each of the two signatures. When none of the given keys made both, "
    "the\n"
    "public key is computed from the signatures; that works if one key made both and the file is\n"
    "unchanged. Exit code 0 when a given key made both, 1 otherwise. This is no verification: "
    "anyone\n"
    "can sign with a key of their own.",
    options,
    1,
    UINT_MAX,
    run};
