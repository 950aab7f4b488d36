/*
 * YAML documents: loading, memory, --set.
 *
 * All memory of a document hangs on one list of blocks, so that an error anywhere leaks nothing and
 * strings and nodes live exactly as long as the document.
 */
#include "yaml_doc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read_files.h"
#include "util.h"
#include "yaml_tree.h"

struct yaml_block {
    struct yaml_block *next;
    max_align_t bytes[];
};

void *tree_alloc(struct yaml_doc *doc, size_t len)
{
    struct yaml_block *block = xcalloc(1, sizeof *block + len);

    block->next = doc->blocks;
    doc->blocks = block;
    return block->bytes;
}

char *tree_strndup(struct yaml_doc *doc, const char *s, size_t len)
{
    char *copy = tree_alloc(doc, len + 1);

    memcpy(copy, s, len);
    return copy;
}

struct yaml_node *tree_add(struct yaml_doc *doc, struct yaml_node *parent, const char *key,
                           enum yaml_kind kind, const struct src_pos *pos)
{
    struct yaml_node *node = tree_alloc(doc, sizeof *node);
    struct yaml_node **link = parent != NULL ? &parent->first_child : &doc->root;

    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = node;
    node->doc = doc;
    node->kind = kind;
    node->key = key;
    node->key_pos = *pos;
    node->pos = *pos;
    return node;
}

struct yaml_node *ydoc_find(const struct yaml_node *map, const char *key)
{
    struct yaml_node *child = map->first_child;

    while (child != NULL && strcmp(child->key, key) != 0) {
        child = child->next;
    }
    return child;
}

enum ox ydoc_load_bytes(const char *name, const void *bytes, size_t len, struct yaml_doc **ret)
{
    struct src_pos start = {name, 1, 1};
    struct yaml_doc *doc;
    enum ox ox;

    if (len > YDOC_MAX_LEN) {
        start.line = 0;
        return diag_fail_at(OX_USAGE, &start, "larger than %u bytes, expected a manifest",
                            YDOC_MAX_LEN);
    }
    ox = text_check(&start, bytes, len);
    if (ox != OX_OK) {
        return ox;
    }
    doc = xcalloc(1, sizeof *doc);
    doc->name = tree_strndup(doc, name, strlen(name));
    ox = tree_parse(doc, bytes, len);
    if (ox != OX_OK) {
        ydoc_free(doc);
        return ox;
    }
    *ret = doc;
    return OX_OK;
}

/* Up to one byte more than a document may have, so that the limit is noticed later. */
static enum ox read_file(const char *path, char **ret_bytes, size_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    char *bytes;
    size_t len;
    int error;

    if (file == NULL) {
        return diag_fail(OX_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    read_files_note(fileno(file));
    bytes = xmalloc(YDOC_MAX_LEN + 1);
    errno = 0;
    len = fread(bytes, 1, YDOC_MAX_LEN + 1, file);
    error = ferror(file) != 0 ? errno : 0;
    (void)fclose(file);
    if (error != 0) {
        free(bytes);
        return diag_fail(OX_IO, "%s: cannot be read: %s", path, strerror(error));
    }
    *ret_bytes = bytes;
    *ret_len = len;
    return OX_OK;
}

enum ox ydoc_load(const char *path, struct yaml_doc **ret)
{
    char *bytes = NULL;
    size_t len = 0;
    enum ox ox = read_file(path, &bytes, &len);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ydoc_load_bytes(path, bytes, len, ret);
    free(bytes);
    return ox;
}

void ydoc_free(struct yaml_doc *doc)
{
    if (doc == NULL) {
        return;
    }
    while (doc->blocks != NULL) {
        struct yaml_block *next = doc->blocks->next;

        free(doc->blocks);
        doc->blocks = next;
    }
    free(doc);
}

struct yaml_node *ydoc_root(struct yaml_doc *doc)
{
    return doc->root;
}

/* ---- --set ------------------------------------------------------------------------------------ */

/* The mapping that is to hold the last key of path; *ret_key = that key. */
static enum ox set_walk(struct yaml_doc *doc, const struct src_pos *pos, const char *path,
                        struct yaml_node **ret_map, const char **ret_key)
{
    struct yaml_node *map = doc->root;

    for (unsigned depth = 1;; depth++) {
        size_t len = strcspn(path, ".");
        const char *key = tree_strndup(doc, path, len);
        struct yaml_node *child;

        if (len == 0 || depth >= YDOC_MAX_DEPTH) {
            return diag_fail_at(OX_USAGE, pos,
                                "not a key, expected up to %u names with '.' between",
                                YDOC_MAX_DEPTH - 1);
        }
        if (path[len] == '\0') {
            *ret_map = map;
            *ret_key = key;
            return OX_OK;
        }
        child = ydoc_find(map, key);
        if (child == NULL) {
            child = tree_add(doc, map, key, YAML_MAP, pos);
            child->from_set = true;
        }
        if (child->kind != YAML_MAP) {
            return diag_fail_at(OX_USAGE, pos, "'%s' is not a mapping", key);
        }
        map = child;
        path += len + 1;
    }
}

enum ox ydoc_set(struct yaml_doc *doc, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    struct src_pos pos = {"--set", 0, 0};
    struct yaml_node *map = doc->root;
    struct yaml_node *node;
    const char *key = "";
    char *place;
    enum ox ox;

    if (equals == NULL) {
        return diag_fail(OX_USAGE, "--set: '%s' has no '=', expected KEY=VALUE", assignment);
    }
    ox = text_check(&pos, assignment, strlen(assignment));
    if (ox != OX_OK) {
        return ox;
    }
    place = xasprintf("--set %.*s", (int)(equals - assignment), assignment);
    pos.path = tree_strndup(doc, place, strlen(place));
    free(place);
    ox = set_walk(doc, &pos, pos.path + strlen("--set "), &map, &key);
    if (ox != OX_OK) {
        return ox;
    }
    node = ydoc_find(map, key);
    if (node == NULL) {
        node = tree_add(doc, map, key, YAML_SCALAR, &pos);
    }
    node->kind = YAML_SCALAR;
    node->quoted = false;
    node->from_set = true;
    node->value = tree_strndup(doc, equals + 1, strlen(equals + 1));
    node->key_pos = pos;
    node->pos = pos;
    node->first_child = NULL;
    return OX_OK;
}
