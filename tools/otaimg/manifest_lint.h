/* The "lint" part of a release manifest: rules that are turned off, each with a reason. */
#ifndef OTAIMG_MANIFEST_LINT_H
#define OTAIMG_MANIFEST_LINT_H

#include "manifest.h"
#include "yaml_doc.h"

/* Fills m->lint_off; OX_USAGE for an unknown rule or an empty reason. */
enum ox manifest_read_lint(struct yaml_node *root, struct manifest *m);

#endif
