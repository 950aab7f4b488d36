/*
 * Takes the place of what wipes, in a copy of otaimg for tests alone (-Wl,--wrap): what is left in its
 * memory shows that the tracer would find what otaimg wipes.
 */
#include <stdlib.h>

#include "secret.h"
#include "util.h"

/* The linker's names for the wrapped functions. */
/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming) */
void __wrap_wipe(void *p, size_t len);
void __wrap_wipe_free(void *p, size_t len);
void __wrap_secret_wipe(struct secret *s);
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

void __wrap_wipe(void *p, size_t len)
{
    (void)p;
    (void)len;
}

void __wrap_wipe_free(void *p, size_t len)
{
    (void)len;
    free(p);
}

void __wrap_secret_wipe(struct secret *s)
{
    (void)s;
}
