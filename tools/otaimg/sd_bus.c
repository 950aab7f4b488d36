/*
 * The table of libsystemd's D-Bus functions.
 *
 * Layer: below bluez_objects.c. Invariant: the table is complete or the load failed; the prototypes
 * are those of the library's own header.
 */
#include "sd_bus.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "diag.h"

#define LIBRARY "libsystemd.so.0"

struct sd_bus_functions sd;

static const char *const names[] = {
#define NAME(name) "sd_bus_" #name,
    SD_BUS_FUNCTIONS(NAME)
#undef NAME
};

_Static_assert(sizeof(sd) == sizeof(names) / sizeof(names[0]) * sizeof(void *),
               "a function pointer is not as long as a pointer");

enum ox sd_bus_load(void)
{
    static bool loaded;
    void *library;

    if (loaded) {
        return OX_OK;
    }
    library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return diag_fail(OX_IO, "devices by BLE address need " LIBRARY ": %s", dlerror());
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *function = dlsym(library, names[i]);

        if (function == NULL) {
            return diag_fail(OX_IO, "'%s' is missing in " LIBRARY, names[i]);
        }
        memcpy((char *)&sd + i * sizeof function, &function, sizeof function);
    }
    loaded = true;
    return OX_OK;
}
