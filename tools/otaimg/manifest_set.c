/*
 * Manifests of one run, variants expanded.
 *
 * Layer: above manifest. Invariant: an image is read from a document of its own, so that no variant
 * sees another's keys. On failure nothing is handed out.
 */
#include "manifest_set.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"
#include "yaml_doc.h"

#define VARIANTS "variants"
#define NAME     "name"

static void add(struct manifest_set *set, const struct manifest *m)
{
    set->items = xrealloc(set->items, (set->count + 1) * sizeof *set->items);
    set->items[set->count++] = *m;
}

static void name_variant(struct manifest *m, const char *variant)
{
    m->variant = xstrdup(variant);
    free(m->label);
    m->label = xasprintf("%s (%s)", m->path, variant);
}

/* One image; variant NULL = none. */
static enum ox read_image(struct yaml_doc *doc, const char *variant, const char *const *sets,
                          unsigned set_count, struct manifest_set *set)
{
    enum ox ox = OX_OK;
    struct manifest m;

    for (unsigned i = 0; i < set_count && ox == OX_OK; i++) {
        ox = ydoc_set(doc, sets[i]);
    }
    if (ox == OX_OK) {
        ox = manifest_from_doc(doc, &m);
    }
    if (ox == OX_OK) {
        if (variant != NULL) {
            name_variant(&m, variant);
        }
        add(set, &m);
    }
    return ox;
}

static bool is_name(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strspn(text, allowed);

    return len > 0 && len <= VARIANT_NAME_MAX_LEN && text[len] == '\0';
}

/* first: index in set of this document's first variant. */
static enum ox read_name(struct yaml_node *item, const struct manifest_set *set, unsigned first,
                         const char **ret)
{
    struct yaml_node *node = NULL;
    const char *name = "";
    enum ox ox;

    if (item->kind != YAML_MAP) {
        return ydoc_fail_value(item, "a mapping with 'name' and the keys that differ");
    }
    ox = ydoc_get_string(item, NAME, NULL, &name, &node);
    if (ox != OX_OK) {
        return ox;
    }
    if (!is_name(name)) {
        return ydoc_fail_value(node, "1..%u letters, digits, '.', '_' and '-'",
                               VARIANT_NAME_MAX_LEN);
    }
    for (unsigned i = first; i < set->count; i++) {
        if (strcmp(set->items[i].variant, name) == 0) {
            return diag_fail_at(OX_USAGE, &node->pos,
                                "repeated variant '%s', expected another name", name);
        }
    }
    *ret = name;
    return OX_OK;
}

static enum ox read_variants(struct yaml_doc *doc, struct yaml_node *list, const char *const *sets,
                             unsigned set_count, struct manifest_set *set)
{
    unsigned first = set->count;
    enum ox ox = OX_OK;

    if (list->first_child == NULL) {
        return ydoc_fail_value(list, "at least one variant");
    }
    for (struct yaml_node *item = list->first_child; item != NULL && ox == OX_OK;
         item = item->next) {
        const char *name = NULL;

        ox = read_name(item, set, first, &name);
        if (ox == OX_OK) {
            struct yaml_doc *merged = ydoc_merge(doc, VARIANTS, item, NAME);

            ox = read_image(merged, name, sets, set_count, set);
            ydoc_free(merged);
        }
    }
    return ox;
}

static enum ox read_doc(struct yaml_doc *doc, const char *const *sets, unsigned set_count,
                        struct manifest_set *set)
{
    struct yaml_node *list = NULL;
    bool present = false;
    enum ox ox;

    if (ydoc_find(ydoc_root(doc), VARIANTS) == NULL) {
        return read_image(doc, NULL, sets, set_count, set);
    }
    ox = ydoc_get_list(ydoc_root(doc), VARIANTS, &present, &list);
    return ox == OX_OK ? read_variants(doc, list, sets, set_count, set) : ox;
}

enum ox manifest_set_from_doc(struct yaml_doc *doc, const char *const *sets, unsigned set_count,
                              struct manifest_set *ret)
{
    struct manifest_set set = {NULL, 0};
    enum ox ox = read_doc(doc, sets, set_count, &set);

    if (ox != OX_OK) {
        manifest_set_free(&set);
        return ox;
    }
    *ret = set;
    return OX_OK;
}

enum ox manifest_set_load(const char *const *paths, unsigned path_count, const char *const *sets,
                          unsigned set_count, struct manifest_set *ret)
{
    struct manifest_set set = {NULL, 0};
    enum ox ox = OX_OK;

    for (unsigned i = 0; i < path_count && ox == OX_OK; i++) {
        struct yaml_doc *doc = NULL;

        ox = ydoc_load(paths[i], &doc);
        if (ox == OX_OK) {
            ox = read_doc(doc, sets, set_count, &set);
        }
        ydoc_free(doc);
    }
    if (ox != OX_OK) {
        manifest_set_free(&set);
        return ox;
    }
    *ret = set;
    return OX_OK;
}

static bool is_one_of(const char *name, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (name != NULL && strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_variant(const struct manifest_set *set, const char *name)
{
    for (unsigned i = 0; i < set->count; i++) {
        if (set->items[i].variant != NULL && strcmp(set->items[i].variant, name) == 0) {
            return true;
        }
    }
    return false;
}

enum ox manifest_set_pick(struct manifest_set *set, const char *const *names, unsigned count)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < count; i++) {
        if (!has_variant(set, names[i])) {
            return diag_fail(OX_USAGE, "--variant is '%s', expected a name from 'variants'",
                             names[i]);
        }
    }
    for (unsigned i = 0; i < set->count && count > 0; i++) {
        if (is_one_of(set->items[i].variant, names, count)) {
            struct manifest picked = set->items[i];

            set->items[i] = set->items[kept];
            set->items[kept++] = picked;
        }
    }
    while (count > 0 && set->count > kept) {
        manifest_free(&set->items[--set->count]);
    }
    return OX_OK;
}

void manifest_set_free(struct manifest_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        manifest_free(&set->items[i]);
    }
    free(set->items);
    *set = (struct manifest_set){NULL, 0};
}
