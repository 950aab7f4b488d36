/*
 * Typed access to a YAML document: which scalar is a number, a word, a date, and what is missing or
 * was never asked for.
 *
 * A value is taken in exactly one spelling of its type; everything else is an error that says what
 * was expected, at the value's position.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "key_uri.h"
#include "util.h"
#include "yaml_tree.h"

#define SHOWN_MAX_LEN 60u

static bool is_null(const struct yaml_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

    if (node->kind != YAML_SCALAR || node->quoted) {
        return false;
    }
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++) {
        if (strcmp(node->value, nulls[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- messages --------------------------------------------------------------------------------- */

/* The value as a message shows it: numbers bare, text in quotes and not too long. Caller frees. */
static char *describe(const struct yaml_node *node)
{
    size_t len;
    uint64_t number;

    if (node->kind != YAML_SCALAR) {
        return xasprintf("%s %s", node->first_child != NULL ? "a" : "an empty",
                         node->kind == YAML_MAP ? "mapping" : "list");
    }
    if (is_null(node)) {
        return xstrdup("empty");
    }
    len = strlen(node->value);
    if (len > SHOWN_MAX_LEN) {
        len = SHOWN_MAX_LEN;
        while (len > 0 && ((unsigned char)node->value[len] & 0xC0) == 0x80) {
            len--;
        }
        return xasprintf("'%.*s...'", (int)len, node->value);
    }
    if (!node->quoted && parse_u64(node->value, UINT64_MAX, &number)) {
        return xstrdup(node->value);
    }
    return xasprintf("'%s'", node->value);
}

static char *name_of(const struct yaml_node *node)
{
    return node->key != NULL ? xasprintf("'%s'", node->key) : xstrdup("item");
}

enum ox ydoc_fail_value(const struct yaml_node *node, const char *expected, ...)
{
    char *name = name_of(node);
    char *value = describe(node);
    char *text = NULL;
    va_list args;

    va_start(args, expected);
    if (vasprintf(&text, expected, args) < 0) {
        text = NULL;
    }
    va_end(args);
    (void)diag_fail_at(OX_USAGE, &node->pos, "%s is %s, expected %s", name, value,
                       text != NULL ? text : expected);
    free(text);
    free(value);
    free(name);
    return OX_USAGE;
}

/* Number of single-character edits between two keys; large when either is long. */
static unsigned edit_distance(const char *a, const char *b)
{
    enum { MAX = 40 };
    unsigned row[MAX + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > MAX || b_len > MAX) {
        return MAX;
    }
    for (unsigned j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1] ? 1u : 0u);

            diagonal = row[j];
            best = best < diagonal + 1 ? best : diagonal + 1;
            row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
        }
    }
    return row[b_len];
}

static bool similar(const char *a, const char *b)
{
    unsigned distance = edit_distance(a, b);

    return distance <= 2 && distance < strlen(a) && distance < strlen(b);
}

static const char *most_similar(const struct yaml_node *map, const char *key)
{
    const char *found = NULL;

    for (const struct yaml_asked *asked = map->asked; asked != NULL; asked = asked->next) {
        if (similar(asked->key, key) &&
            (found == NULL || edit_distance(asked->key, key) < edit_distance(found, key))) {
            found = asked->key;
        }
    }
    return found;
}

static enum ox fail_unknown(const struct yaml_node *map, const struct yaml_node *child,
                            const char *meant)
{
    char *known = xstrdup("");

    (void)diag_fail_at(OX_USAGE, &child->key_pos, "unknown key '%s'", child->key);
    if (meant != NULL) {
        diag_hint("did you mean '%s'?", meant);
    } else {
        for (const struct yaml_asked *asked = map->asked; asked != NULL; asked = asked->next) {
            char *longer = xasprintf("%s%s%s", known, known[0] != '\0' ? ", " : "", asked->key);

            free(known);
            known = longer;
        }
        diag_hint("known keys here: %s", known);
    }
    free(known);
    return OX_USAGE;
}

enum ox ydoc_check_unknown(const struct yaml_node *map)
{
    for (const struct yaml_node *child = map->first_child; child != NULL; child = child->next) {
        enum ox ox = OX_OK;

        if (map->kind == YAML_MAP && !child->taken) {
            return fail_unknown(map, child, most_similar(map, child->key));
        }
        if (child->kind != YAML_SCALAR) {
            ox = ydoc_check_unknown(child);
        }
        if (ox != OX_OK) {
            return ox;
        }
    }
    return OX_OK;
}

/* A missing key is often a misspelt one: then that one is the error. One edit only, because two
 * make min-revision of max-revision. */
static enum ox fail_missing(const struct yaml_node *map, const char *key)
{
    for (const struct yaml_node *child = map->first_child; child != NULL; child = child->next) {
        if (!child->taken && edit_distance(child->key, key) == 1) {
            return fail_unknown(map, child, key);
        }
    }
    if (map->key == NULL) {
        return diag_fail_at(OX_USAGE, &map->pos, "'%s' is missing", key);
    }
    return diag_fail_at(OX_USAGE, &map->pos, "'%s' is missing in '%s'", key, map->key);
}

/* ---- lookup ----------------------------------------------------------------------------------- */

/* In the order in which they were asked for, once each. */
static void note_asked(struct yaml_node *map, const char *key)
{
    struct yaml_asked **link = &map->asked;

    while (*link != NULL) {
        if (strcmp((*link)->key, key) == 0) {
            return;
        }
        link = &(*link)->next;
    }
    *link = tree_alloc(map->doc, sizeof **link);
    (*link)->key = key;
}

/* *ret = NULL when the key is absent and may be. */
static enum ox lookup(struct yaml_node *map, const char *key, bool *present, struct yaml_node **ret)
{
    struct yaml_node *node = ydoc_find(map, key);

    note_asked(map, key);
    *ret = node;
    if (present != NULL) {
        *present = node != NULL;
    }
    if (node == NULL) {
        return present != NULL ? OX_OK : fail_missing(map, key);
    }
    node->taken = true;
    return OX_OK;
}

static enum ox get_kind(struct yaml_node *map, const char *key, bool *present, enum yaml_kind kind,
                        const char *expected, struct yaml_node **ret)
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    if (ox != OX_OK || node == NULL) {
        return ox;
    }
    if (node->kind != kind || is_null(node)) {
        return ydoc_fail_value(node, "%s", expected);
    }
    *ret = node;
    return OX_OK;
}

enum ox ydoc_get_map(struct yaml_node *map, const char *key, bool *present, struct yaml_node **ret)
{
    return get_kind(map, key, present, YAML_MAP, "a mapping", ret);
}

enum ox ydoc_get_list(struct yaml_node *map, const char *key, bool *present, struct yaml_node **ret)
{
    return get_kind(map, key, present, YAML_LIST, "a list", ret);
}

/* ---- scalars ---------------------------------------------------------------------------------- */

enum ox ydoc_get_string(struct yaml_node *map, const char *key, bool *present, const char **ret,
                        struct yaml_node **ret_node)
{
    struct yaml_node *node = NULL;
    enum ox ox = get_kind(map, key, present, YAML_SCALAR, "text", &node);

    if (ox == OX_OK && node != NULL) {
        *ret = node->value;
        if (ret_node != NULL) {
            *ret_node = node;
        }
    }
    return ox;
}

enum ox ydoc_get_ascii(struct yaml_node *map, const char *key, bool *present, size_t min,
                       size_t max, void *ret)
{
    const char *text = NULL;
    struct yaml_node *node = NULL;
    enum ox ox = ydoc_get_string(map, key, present, &text, &node);
    size_t len = 0;

    if (ox != OX_OK || node == NULL) {
        return ox;
    }
    while (text[len] >= 0x20 && text[len] <= 0x7E) {
        len++;
    }
    if (text[len] != '\0' || len < min || len > max) {
        return ydoc_fail_value(node, "%zu..%zu printable ASCII characters", min, max);
    }
    memset(ret, 0, max);
    memcpy(ret, text, len);
    return OX_OK;
}

enum ox ydoc_read_u64(struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *ret)
{
    char range[48];
    uint64_t value;

    node->taken = true;
    if (node->kind == YAML_SCALAR && !node->quoted && parse_u64(node->value, max, &value) &&
        value >= min) {
        *ret = value;
        return OX_OK;
    }
    if (min == max) {
        (void)snprintf(range, sizeof range, "%ju", (uintmax_t)max);
    } else {
        (void)snprintf(range, sizeof range, "%ju..%ju", (uintmax_t)min, (uintmax_t)max);
    }
    return ydoc_fail_value(node, "%s%s", range, node->quoted ? " without quotes" : "");
}

enum ox ydoc_get_u64(struct yaml_node *map, const char *key, bool *present, uint64_t min,
                     uint64_t max, uint64_t *ret)
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    return ox != OX_OK || node == NULL ? ox : ydoc_read_u64(node, min, max, ret);
}

enum ox ydoc_get_u32(struct yaml_node *map, const char *key, bool *present, uint32_t min,
                     uint32_t max, uint32_t *ret)
{
    uint64_t value = *ret;
    enum ox ox = ydoc_get_u64(map, key, present, min, max, &value);

    *ret = (uint32_t)value;
    return ox;
}

enum ox ydoc_get_u16(struct yaml_node *map, const char *key, bool *present, uint16_t min,
                     uint16_t max, uint16_t *ret)
{
    uint64_t value = *ret;
    enum ox ox = ydoc_get_u64(map, key, present, min, max, &value);

    *ret = (uint16_t)value;
    return ox;
}

enum ox ydoc_get_u8(struct yaml_node *map, const char *key, bool *present, uint8_t min, uint8_t max,
                    uint8_t *ret)
{
    uint64_t value = *ret;
    enum ox ox = ydoc_get_u64(map, key, present, min, max, &value);

    *ret = (uint8_t)value;
    return ox;
}

enum ox ydoc_get_bool(struct yaml_node *map, const char *key, bool *present, bool *ret)
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    if (ox != OX_OK || node == NULL) {
        return ox;
    }
    if (node->kind != YAML_SCALAR || node->quoted ||
        (strcmp(node->value, "true") != 0 && strcmp(node->value, "false") != 0)) {
        return ydoc_fail_value(node, "true or false%s", node->quoted ? " without quotes" : "");
    }
    *ret = node->value[0] == 't';
    return OX_OK;
}

enum ox ydoc_get_version(struct yaml_node *map, const char *key, bool *present, uint32_t *ret)
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    if (ox == OX_OK && node != NULL &&
        (node->kind != YAML_SCALAR || !parse_version(node->value, ret))) {
        return ydoc_fail_value(node, "a version a.b.c.d, each 0..255");
    }
    return ox;
}

enum ox ydoc_get_uuid(struct yaml_node *map, const char *key, bool *present, uint8_t ret[16])
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    if (ox == OX_OK && node != NULL &&
        (node->kind != YAML_SCALAR || !parse_uuid(node->value, ret))) {
        return ydoc_fail_value(node, "a UUID of 8-4-4-4-12 hex digits");
    }
    return ox;
}

enum ox ydoc_get_date(struct yaml_node *map, const char *key, bool *present, uint32_t *ret_days)
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    if (ox == OX_OK && node != NULL &&
        (node->kind != YAML_SCALAR || !parse_date(node->value, ret_days))) {
        return ydoc_fail_value(node, "a date YYYY-MM-DD, 1970-01-01 or later");
    }
    return ox;
}

enum ox ydoc_get_hex(struct yaml_node *map, const char *key, bool *present, uint8_t *ret,
                     size_t len)
{
    const char *text = NULL;
    struct yaml_node *node = NULL;
    enum ox ox = ydoc_get_string(map, key, present, &text, &node);

    if (ox == OX_OK && node != NULL && !hex_decode(text, ret, len)) {
        return diag_fail_at(OX_USAGE, &node->pos, "'%s' is %zu characters, expected %zu hex digits",
                            key, strlen(text), 2 * len);
    }
    return ox;
}

/* "a, b or c"; caller frees. */
static char *join_words(const char *const *words)
{
    char *text = xstrdup(words[0]);

    for (unsigned i = 1; words[i] != NULL; i++) {
        char *longer = xasprintf("%s%s%s", text, words[i + 1] != NULL ? ", " : " or ", words[i]);

        free(text);
        text = longer;
    }
    return text;
}

enum ox ydoc_read_word(struct yaml_node *node, const char *const *words, unsigned *ret)
{
    char *expected;

    node->taken = true;
    for (unsigned i = 0; node->kind == YAML_SCALAR && words[i] != NULL; i++) {
        if (strcmp(node->value, words[i]) == 0) {
            *ret = i;
            return OX_OK;
        }
    }
    expected = join_words(words);
    (void)ydoc_fail_value(node, "%s", expected);
    free(expected);
    return OX_USAGE;
}

enum ox ydoc_get_word(struct yaml_node *map, const char *key, bool *present,
                      const char *const *words, unsigned *ret)
{
    struct yaml_node *node = NULL;
    enum ox ox = lookup(map, key, present, &node);

    return ox != OX_OK || node == NULL ? ox : ydoc_read_word(node, words, ret);
}

/* The file that relative paths in node are relative to; NULL = the working directory. */
static const char *base_of(const struct yaml_node *node)
{
    return node->from_set ? NULL : node->pos.path;
}

enum ox ydoc_get_path(struct yaml_node *map, const char *key, bool *present, char **ret)
{
    const char *text = NULL;
    struct yaml_node *node = NULL;
    enum ox ox = ydoc_get_string(map, key, present, &text, &node);

    if (ox != OX_OK || node == NULL) {
        return ox;
    }
    if (text[0] == '\0') {
        return ydoc_fail_value(node, "a path");
    }
    *ret = path_beside(base_of(node), text);
    return OX_OK;
}

typedef enum ox kind_at(const char *uri, const struct src_pos *pos, enum key_uri_kind *ret);

static enum ox get_uri(struct yaml_node *map, const char *key, bool *present, kind_at *check,
                       char **ret)
{
    const char *text = NULL;
    struct yaml_node *node = NULL;
    enum key_uri_kind kind;
    enum ox ox = ydoc_get_string(map, key, present, &text, &node);

    if (ox != OX_OK || node == NULL) {
        return ox;
    }
    ox = check(text, &node->pos, &kind);
    if (ox == OX_OK) {
        *ret = key_uri_resolve(base_of(node), text);
    }
    return ox;
}

enum ox ydoc_get_key_uri(struct yaml_node *map, const char *key, bool *present, char **ret)
{
    return get_uri(map, key, present, key_uri_kind_at, ret);
}

enum ox ydoc_get_cipher_uri(struct yaml_node *map, const char *key, bool *present, char **ret)
{
    return get_uri(map, key, present, key_uri_cipher_kind_at, ret);
}
