/*
 * From a command line to the manifests it stands for.
 *
 * Layer: commands. Invariant: every command that takes manifests reads them, --set and --variant the
 * same way.
 */
#include "manifest_args.h"

#include <stdlib.h>

#include "util.h"

enum ox args_manifests(const struct args *args, struct manifest_set *ret)
{
    unsigned count = args_operand_count(args);
    const char **paths = xcalloc(count, sizeof *paths);
    const char *const *values = NULL;
    unsigned value_count = args_values(args, "set", &values);
    struct manifest_set set;
    enum ox ox;

    for (unsigned i = 0; i < count; i++) {
        paths[i] = args_operand(args, i);
    }
    ox = manifest_set_load(paths, count, values, value_count, &set);
    free((void *)paths);
    if (ox != OX_OK) {
        return ox;
    }
    value_count = args_values(args, "variant", &values);
    ox = manifest_set_pick(&set, values, value_count);
    if (ox != OX_OK) {
        manifest_set_free(&set);
        return ox;
    }
    *ret = set;
    return OX_OK;
}
