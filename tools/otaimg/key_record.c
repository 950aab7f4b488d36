/*
 * Ceremony records.
 *
 * Layer: commands, above token_keys. Invariant: only public halves and names come in; what is said about
 * a key on a token was read back from it.
 */
#include "key_record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diag.h"
#include "key_text.h"
#include "timestamp.h"
#include "token_keys.h"
#include "util.h"

enum ox key_record_open(const char *path, struct outfile **ret)
{
    struct stat status;

    if (strcmp(path, "-") == 0) {
        return diag_fail(OX_USAGE, "'--record' is '-', expected the name of a new file");
    }
    if (lstat(path, &status) == 0) {
        return diag_fail(OX_IO, "'%s' exists, expected the name of a new file", path);
    }
    return outfile_open(path, 0666, ret);
}

static void set(json_t *object, const char *name, const char *text)
{
    (void)json_object_set_new(object, name, key_text_json(text));
}

struct visited {
    json_t *root;
    unsigned count;
};

static void add_token_key(void *user, const struct token_key *key)
{
    struct visited *visited = user;
    char *id = xmalloc(2 * key->id_len + 1);
    json_t *token = json_object();

    hex_encode(key->id, key->id_len, id);
    set(visited->root, "label", key->label);
    set(visited->root, "id", id);
    (void)json_object_set_new(visited->root, "sensitive", json_boolean(key->sensitive));
    (void)json_object_set_new(visited->root, "extractable", json_boolean(key->extractable));
    set(token, "label", key->token_label);
    set(token, "serial", key->token_serial);
    set(token, "model", key->token_model);
    set(token, "manufacturer", key->token_manufacturer);
    (void)json_object_set_new(visited->root, "token", token);
    visited->count++;
    free(id);
}

static enum ox add_place(const struct key_record *record, json_t *root)
{
    struct visited visited = {.root = root};
    enum ox ox;

    if (record->path != NULL) {
        set(root, "file", record->path);
        (void)json_object_set_new(root, "encrypted", json_boolean(record->encrypted));
        return OX_OK;
    }
    ox = token_list(record->uri, record->options, true, add_token_key, NULL, &visited);
    if (ox == OX_OK && visited.count != 1) {
        ox = diag_fail(OX_KEY, "the new key is seen %u times on its token, expected once",
                       visited.count);
    }
    return ox;
}

static enum ox write_record(const struct key_record *record, struct outfile *out)
{
    char time[TIMESTAMP_TEXT_LEN] = "";
    json_t *root = json_object();
    char *text = NULL;
    enum ox ox;

    (void)timestamp_format(timestamp_now(), time);
    set(root, "time", time);
    set(root, "otaimg", OTAIMG_VERSION);
    set(root, "type", record->type);
    if (record->xy != NULL) {
        key_text_add(root, record->xy);
    }
    ox = add_place(record, root);
    if (ox == OX_OK) {
        text = json_dumps(root, JSON_INDENT(2));
        ox = text != NULL ? outfile_write(out, text, strlen(text))
                          : diag_fail(OX_INTERNAL, "cannot make a key record, no memory");
    }
    if (ox == OX_OK) {
        ox = outfile_write(out, "\n", 1);
    }
    free(text);
    json_decref(root);
    return ox;
}

enum ox key_record_finish(const struct key_record *record, struct outfile *out)
{
    enum ox ox = write_record(record, out);

    if (ox == OX_OK) {
        ox = outfile_finish(out);
    } else {
        outfile_abandon(out);
    }
    if (ox != OX_OK) {
        diag_hint("the key was made and stays; only its record is missing");
    }
    return ox;
}
