/* One manifest without variants, read from a file as the commands do. */
#ifndef TEST_LOAD_MANIFEST_H
#define TEST_LOAD_MANIFEST_H

#include <check.h>
#include <stdlib.h>

#include "manifest_set.h"

/* sets: assignments of --set. Free *ret with manifest_free(). */
static inline enum ox load_manifest(const char *path, const char *const *sets, unsigned set_count,
                                    struct manifest *ret)
{
    struct manifest_set set;
    enum ox ox = manifest_set_load(&path, 1, sets, set_count, &set);

    if (ox == OX_OK) {
        ck_assert_uint_eq(set.count, 1);
        *ret = set.items[0];
        free(set.items);
    }
    return ox;
}

#endif
