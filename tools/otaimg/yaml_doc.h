/*
 * A strictly read YAML file as a tree with positions: one document, block or flow mappings with
 * plain string keys, sequences, scalars. Anchors, aliases, tags, directives, repeated keys, several
 * documents, control characters and anything but UTF-8 are errors with line and column.
 *
 * Limits: files up to 1 MiB, 16 levels, 1024 entries in a mapping or list.
 *
 * The prefix is ydoc_, because libyaml exports yaml_free, yaml_get_version and more.
 */
#ifndef OTAIMG_YAML_DOC_H
#define OTAIMG_YAML_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

#define YDOC_MAX_LEN     1048576u
#define YDOC_MAX_DEPTH   16u
#define YDOC_MAX_ENTRIES 1024u

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_doc;

/* Keys that a reader asked a mapping for, found or not: the known ones. */
struct yaml_asked {
    const char *key;
    struct yaml_asked *next;
};

struct yaml_node {
    enum yaml_kind kind;
    bool quoted;            /* scalar was quoted: a string, never a number or boolean */
    bool from_set;          /* comes from --set: paths are relative to the working directory */
    bool taken;             /* a reader asked for it; what is left over is an unknown key */
    const char *key;        /* in a map: the key; NULL in a list and at the root */
    const char *value;      /* of a scalar */
    struct src_pos key_pos; /* of the key; as pos where there is none */
    struct src_pos pos;     /* of the value */
    struct yaml_doc *doc;
    struct yaml_node *first_child;
    struct yaml_node *next;
    struct yaml_asked *asked; /* of a map */
};

/* OX_IO, OX_USAGE; the root is a mapping. */
enum ox ydoc_load(const char *path, struct yaml_doc **ret);
enum ox ydoc_load_bytes(const char *name, const void *bytes, size_t len, struct yaml_doc **ret);
void ydoc_free(struct yaml_doc *doc);
struct yaml_node *ydoc_root(struct yaml_doc *doc);

/* The child with that key, NULL if there is none; does not mark it as taken. */
struct yaml_node *ydoc_find(const struct yaml_node *map, const char *key);

/* "a.b=VALUE": replaces or adds a scalar; maps on the way are made as needed. VALUE is taken as it
 * would be without quotes. Messages about such a node start with "--set a.b". */
enum ox ydoc_set(struct yaml_doc *doc, const char *assignment);

/* A new document: base without the top-level key base_without, and over, a mapping, without its key
 * over_without, laid over it: mappings are merged, everything else is replaced. Each value keeps the
 * position of where it was written. base and the document of over must outlive it; ydoc_free(). */
struct yaml_doc *ydoc_merge(const struct yaml_doc *base, const char *base_without,
                            const struct yaml_node *over, const char *over_without);

/* Typed access. map: a YAML_MAP node. Each marks what it found as taken. When the key is absent:
 * OX_OK with *ret untouched and *present = false if present is given, else an error that names the
 * missing key. A value that does not fit is an error at its position: "'sequence' is 0, expected
 * 1..4294967294". Strings point into the document. key must live as long as the document. */
enum ox ydoc_get_map(struct yaml_node *map, const char *key, bool *present, struct yaml_node **ret);
enum ox ydoc_get_list(struct yaml_node *map, const char *key, bool *present,
                      struct yaml_node **ret);
/* Text; "" only when quoted. *ret_node (may be NULL) = the scalar, for further checks. */
enum ox ydoc_get_string(struct yaml_node *map, const char *key, bool *present, const char **ret,
                        struct yaml_node **ret_node);
/* min..max printable ASCII characters, zero padded to max bytes. */
enum ox ydoc_get_ascii(struct yaml_node *map, const char *key, bool *present, size_t min,
                       size_t max, void *ret);
enum ox ydoc_get_u8(struct yaml_node *map, const char *key, bool *present, uint8_t min, uint8_t max,
                    uint8_t *ret);
enum ox ydoc_get_u16(struct yaml_node *map, const char *key, bool *present, uint16_t min,
                     uint16_t max, uint16_t *ret);
enum ox ydoc_get_u32(struct yaml_node *map, const char *key, bool *present, uint32_t min,
                     uint32_t max, uint32_t *ret);
enum ox ydoc_get_u64(struct yaml_node *map, const char *key, bool *present, uint64_t min,
                     uint64_t max, uint64_t *ret);
enum ox ydoc_get_bool(struct yaml_node *map, const char *key, bool *present, bool *ret);
enum ox ydoc_get_version(struct yaml_node *map, const char *key, bool *present, uint32_t *ret);
enum ox ydoc_get_uuid(struct yaml_node *map, const char *key, bool *present, uint8_t ret[16]);
enum ox ydoc_get_date(struct yaml_node *map, const char *key, bool *present, uint32_t *ret_days);
/* Hex string of exactly len bytes. Messages never quote it: it may be a secret in a wrong place. */
enum ox ydoc_get_hex(struct yaml_node *map, const char *key, bool *present, uint8_t *ret,
                     size_t len);
/* One of the words; index into words (ended by NULL). The message lists them. */
enum ox ydoc_get_word(struct yaml_node *map, const char *key, bool *present,
                      const char *const *words, unsigned *ret);
/* File path, made relative to the document's folder (working directory for --set). Caller frees. */
enum ox ydoc_get_path(struct yaml_node *map, const char *key, bool *present, char **ret);
/* Key URI, checked with key_uri_kind_of() and resolved with key_uri_resolve(). Caller frees. */
enum ox ydoc_get_key_uri(struct yaml_node *map, const char *key, bool *present, char **ret);
/* The same for an AES key, checked with key_uri_cipher_kind_at(). */
enum ox ydoc_get_cipher_uri(struct yaml_node *map, const char *key, bool *present, char **ret);

/* The same for one node, such as an item of a list. */
enum ox ydoc_read_u64(struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *ret);
enum ox ydoc_read_word(struct yaml_node *node, const char *const *words, unsigned *ret);

/* Fails with "'KEY' is VALUE, expected ..." at the node's position. */
enum ox ydoc_fail_value(const struct yaml_node *node, const char *expected, ...)
    __attribute__((format(printf, 2, 3)));

/* Error for the first key in or below map that nobody asked for: "unknown key 'frob'", with the
 * known key that was probably meant, or all known ones, as a hint. */
enum ox ydoc_check_unknown(const struct yaml_node *map);

#endif
