/*
 * Loading of shared libraries. Layer: below the tables of functions. Invariant: a table is complete or
 * the load failed.
 */
#include "lazy_library.h"

#include <dlfcn.h>
#include <string.h>

#include "diag.h"

enum ox lazy_library_load(struct lazy_library *library)
{
    void *handle;

    if (library->loaded) {
        return OX_OK;
    }
    handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        return diag_fail(library->failure, "%s need %s: %s", library->needed_for, library->file,
                         dlerror());
    }
    for (size_t i = 0; i < library->count; i++) {
        void *function = dlsym(handle, library->names[i]);

        if (function == NULL) {
            return diag_fail(library->failure, "'%s' is missing in %s, expected a newer version",
                             library->names[i], library->file);
        }
        memcpy((char *)library->table + i * sizeof function, &function, sizeof function);
    }
    library->loaded = true;
    return OX_OK;
}
