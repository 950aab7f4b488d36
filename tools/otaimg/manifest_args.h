/* The manifests that a command line names. */
#ifndef OTAIMG_MANIFEST_ARGS_H
#define OTAIMG_MANIFEST_ARGS_H

#include "command.h"
#include "manifest_set.h"

/* Reads the manifests that are the command's operands, applies --set, and keeps the variants of
 * --variant. Errors as of manifest_set_load() and manifest_set_pick(); free with
 * manifest_set_free(). */
enum ox args_manifests(const struct args *args, struct manifest_set *ret);

#endif
