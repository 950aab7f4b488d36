/* The `attributes` mapping of a manifest; part of manifest.c that fills a file of its own. */
#ifndef OTAIMG_MANIFEST_ATTRIBUTES_H
#define OTAIMG_MANIFEST_ATTRIBUTES_H

#include "manifest.h"

struct yaml_node;

/* Fills the attributes of m, whose method and version are known. What was allocated before a
 * failure is in m. */
enum ox manifest_read_attributes(struct yaml_node *root, struct manifest *m);

#endif
