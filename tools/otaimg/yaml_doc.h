/*
 * A strictly read YAML file as a tree with positions: one document, block or flow mappings with
 * plain string keys, sequences, scalars. Anchors, aliases, tags, duplicate keys, several documents
 * and files over 1 MiB or nested deeper than 16 are errors with line and column.
 */
#ifndef OTAIMG_YAML_DOC_H
#define OTAIMG_YAML_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node {
    enum yaml_kind kind;
    const char *key;   /* in a map: the key; NULL in a list and at the root */
    const char *value; /* of a scalar */
    bool quoted;       /* scalar was quoted: a string, never a number or boolean */
    bool from_set;     /* comes from --set: paths are relative to the working directory */
    bool taken;        /* a reader asked for it; what is left over is an unknown key */
    struct src_pos pos;
    struct yaml_node *first_child;
    struct yaml_node *next;
};

struct yaml_doc;

enum ox yaml_load(const char *path, struct yaml_doc **ret);       /* OX_IO, OX_USAGE */
enum ox yaml_load_bytes(const char *name, const void *bytes, size_t len, struct yaml_doc **ret);
void yaml_free(struct yaml_doc *doc);
struct yaml_node *yaml_root(struct yaml_doc *doc);

/* "a.b=VALUE": replaces or adds a scalar; maps on the way are made as needed. */
enum ox yaml_set(struct yaml_doc *doc, const char *assignment);

/* Typed access. map: a YAML_MAP node. Each marks what it found as taken. When the key is absent:
 * OX_OK with *ret untouched and *present = false if present is given, else an error that names the
 * missing key. A value that does not fit is an error at its position: "'sequence' is 0, expected
 * 1..4294967294". Strings point into the document. */
enum ox yaml_get_map(struct yaml_node *map, const char *key, bool *present, struct yaml_node **ret);
enum ox yaml_get_list(struct yaml_node *map, const char *key, bool *present, struct yaml_node **ret);
enum ox yaml_get_string(struct yaml_node *map, const char *key, bool *present, const char **ret);
enum ox yaml_get_u32(struct yaml_node *map, const char *key, bool *present, uint32_t min,
                     uint32_t max, uint32_t *ret);
enum ox yaml_get_bool(struct yaml_node *map, const char *key, bool *present, bool *ret);
enum ox yaml_get_version(struct yaml_node *map, const char *key, bool *present, uint32_t *ret);
enum ox yaml_get_uuid(struct yaml_node *map, const char *key, bool *present, uint8_t ret[16]);
enum ox yaml_get_date(struct yaml_node *map, const char *key, bool *present, uint32_t *ret_days);
/* Hex string of exactly len bytes. */
enum ox yaml_get_hex(struct yaml_node *map, const char *key, bool *present, uint8_t *ret, size_t len);
/* One of the words; index into words (ended by NULL). The message lists them. */
enum ox yaml_get_word(struct yaml_node *map, const char *key, bool *present,
                      const char *const *words, unsigned *ret);
/* File path, made relative to the document's folder (working directory for --set). Caller frees. */
enum ox yaml_get_path(struct yaml_node *map, const char *key, bool *present, char **ret);
/* Key URI, checked with key_uri_kind_of() and resolved with key_uri_resolve(). Caller frees. */
enum ox yaml_get_key_uri(struct yaml_node *map, const char *key, bool *present, char **ret);

/* Error for the first key below map that nobody asked for: "unknown key 'frob'", with the known ones
 * nearby as a hint. */
enum ox yaml_check_unknown(const struct yaml_node *map);

#endif
