/*
 * The table of libsystemd's D-Bus functions.
 *
 * Layer: below bluez_objects.c. Invariant: the prototypes are those of the library's own header.
 */
#include "sd_bus.h"

#include "lazy_library.h"

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
    static struct lazy_library library = {.file = "libsystemd.so.0",
                                          .needed_for = "devices by BLE address",
                                          .failure = OX_IO,
                                          .names = names,
                                          .count = sizeof names / sizeof names[0],
                                          .table = &sd};

    return lazy_library_load(&library);
}
