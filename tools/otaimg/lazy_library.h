/*
 * Shared libraries that are loaded when they are first needed: runs that do without them start faster,
 * and the tool works where they are not installed.
 */
#ifndef OTAIMG_LAZY_LIBRARY_H
#define OTAIMG_LAZY_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "exits.h"

struct lazy_library {
    const char *file;         /* "libname.so.N" */
    const char *needed_for;   /* begins the error when it is not there: "keys on tokens" */
    enum ox failure;          /* code of that error */
    const char *const *names; /* of the functions */
    size_t count;
    void *table; /* as many function pointers, in the same order */
    bool loaded;
};

/* Fills the table; nothing the second time. Failure: reported, and the table is of no use. */
enum ox lazy_library_load(struct lazy_library *library);

#endif
