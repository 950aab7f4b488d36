/*
 * One YAML document laid over another.
 *
 * Invariant: the result has nodes of its own, so what a reader or --set does to it leaves the
 * originals alone; keys, texts and positions are shared, so it must not outlive them.
 */
#include <string.h>

#include "util.h"
#include "yaml_tree.h"

static void copy_children(struct yaml_node *to, const struct yaml_node *from, const char *without);

/* A copy of from as the last child of parent (NULL: the root); nobody has asked for it yet. */
static struct yaml_node *copy_node(struct yaml_doc *doc, struct yaml_node *parent,
                                   const struct yaml_node *from, const char *without)
{
    struct yaml_node *node = tree_add(doc, parent, from->key, from->kind, &from->pos);

    node->key_pos = from->key_pos;
    node->quoted = from->quoted;
    node->from_set = from->from_set;
    node->value = from->value;
    copy_children(node, from, without);
    return node;
}

static void copy_children(struct yaml_node *to, const struct yaml_node *from, const char *without)
{
    for (const struct yaml_node *c = from->first_child; c != NULL; c = c->next) {
        if (without == NULL || strcmp(c->key, without) != 0) {
            (void)copy_node(to->doc, to, c, NULL);
        }
    }
}

/* Everything of node becomes that of from: kind, value, place. */
static void replace(struct yaml_node *node, const struct yaml_node *from)
{
    node->kind = from->kind;
    node->quoted = from->quoted;
    node->from_set = from->from_set;
    node->value = from->value;
    node->key_pos = from->key_pos;
    node->pos = from->pos;
    node->first_child = NULL;
    copy_children(node, from, NULL);
}

/* Depth is bounded by that of the documents. */
static void merge(struct yaml_node *map, const struct yaml_node *over, const char *without)
{
    for (const struct yaml_node *c = over->first_child; c != NULL; c = c->next) {
        struct yaml_node *there = ydoc_find(map, c->key);

        if (without != NULL && strcmp(c->key, without) == 0) {
            continue;
        }
        if (there == NULL) {
            (void)copy_node(map->doc, map, c, NULL);
        } else if (there->kind == YAML_MAP && c->kind == YAML_MAP) {
            merge(there, c, NULL);
        } else {
            replace(there, c);
        }
    }
}

struct yaml_doc *ydoc_merge(const struct yaml_doc *base, const char *base_without,
                            const struct yaml_node *over, const char *over_without)
{
    struct yaml_doc *doc = xcalloc(1, sizeof *doc);

    doc->name = base->name;
    (void)copy_node(doc, NULL, base->root, base_without);
    merge(doc->root, over, over_without);
    return doc;
}
