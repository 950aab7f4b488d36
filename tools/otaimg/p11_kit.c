/*
 * The table of libp11-kit's functions.
 *
 * Layer: below p11.c. Invariant: the table is complete or the load failed; the prototypes are those
 * of the library's own header.
 */
#include "p11_kit.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "diag.h"

#define LIBRARY "libp11-kit.so.0"

struct p11_kit p11_kit;

static const char *const names[] = {
#define NAME(name) "p11_kit_" #name,
    P11_KIT_FUNCTIONS(NAME)
#undef NAME
};

_Static_assert(sizeof(p11_kit) == sizeof(names) / sizeof(names[0]) * sizeof(void *),
               "a function pointer is not as long as a pointer");

enum ox p11_kit_load(void)
{
    static bool loaded;
    void *library;

    if (loaded) {
        return OX_OK;
    }
    library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return diag_fail(OX_KEY, "keys on tokens need " LIBRARY ": %s", dlerror());
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *function = dlsym(library, names[i]);

        if (function == NULL) {
            return diag_fail(
                OX_KEY, "'%s' is missing in " LIBRARY ", expected version 0.24 or newer", names[i]);
        }
        memcpy((char *)&p11_kit + i * sizeof function, &function, sizeof function);
    }
    loaded = true;
    return OX_OK;
}
