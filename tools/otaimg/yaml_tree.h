/* Inside of a YAML document: shared by the files that build it (yaml_doc.c, yaml_parse.c,
 * yaml_get.c) and no others. Everything a document holds is freed with it. */
#ifndef OTAIMG_YAML_TREE_H
#define OTAIMG_YAML_TREE_H

#include "yaml_doc.h"

struct yaml_block;

struct yaml_doc {
    struct yaml_block *blocks;
    const char *name;
    struct yaml_node *root;
};

/* Zeroed memory that lives as long as the document. */
void *tree_alloc(struct yaml_doc *doc, size_t len);
char *tree_strndup(struct yaml_doc *doc, const char *s, size_t len);

/* A new last child of parent; the root of the document when parent is NULL. */
struct yaml_node *tree_add(struct yaml_doc *doc, struct yaml_node *parent, const char *key,
                           enum yaml_kind kind, const struct src_pos *pos);

/* Checks that len bytes are UTF-8 without control characters (tab, CR and LF are fine). *start is
 * the place of the first byte; without a line number, the message has none either. */
enum ox text_check(const struct src_pos *start, const char *bytes, size_t len);

/* Builds the tree from text that text_check() took. */
enum ox tree_parse(struct yaml_doc *doc, const char *bytes, size_t len);

#endif
