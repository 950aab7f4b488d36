/*
 * libcrypto's heap.
 *
 * Layer: below every user of libcrypto; main() installs it. libcrypto wipes the keys it knows to be keys
 * but not all that it copied them through, such as the octet string of a decoded ECPrivateKey or the
 * text of a base64 decoder. Invariant: no byte of a freed or grown block stays behind.
 */
#include "crypto_memory.h"

#include <openssl/crypto.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static void *allocate(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(len);
}

static void release(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    wipe_free(p, malloc_usable_size(p));
}

/* Never in place: realloc() would leave the old block as it was. Nothing of libcrypto's depends on the
 * block staying where it is. */
static void *resize(void *p, size_t len, const char *file, int line)
{
    size_t old_len = malloc_usable_size(p);
    void *moved;

    if (len == 0) {
        release(p, file, line);
        return NULL;
    }
    moved = malloc(len);
    if (moved != NULL && p != NULL) {
        memcpy(moved, p, old_len < len ? old_len : len);
        release(p, file, line);
    }
    return moved;
}

void crypto_memory_wipe_freed(void)
{
    (void)CRYPTO_set_mem_functions(allocate, resize, release);
}
