/*
 * The table of libp11-kit's functions.
 *
 * Layer: below p11.c. Invariant: the prototypes are those of the library's own header.
 */
#include "p11_kit.h"

#include "lazy_library.h"

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
    static struct lazy_library library = {.file = "libp11-kit.so.0",
                                          .needed_for = "keys on tokens",
                                          .failure = OX_KEY,
                                          .names = names,
                                          .count = sizeof names / sizeof names[0],
                                          .table = &p11_kit};

    return lazy_library_load(&library);
}
