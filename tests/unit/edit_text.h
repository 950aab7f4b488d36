/* Texts for table-driven tests: a file as a string, and the same with one place changed. */
#ifndef TEST_EDIT_TEXT_H
#define TEST_EDIT_TEXT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* The whole of a file; caller frees. */
static inline char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = xcalloc(1, 65536);

    ck_assert_msg(file != NULL, "%s: cannot be opened", path);
    ck_assert(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* text with its only occurrence of from replaced; caller frees. */
static inline char *replace_once(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    ck_assert_msg(at != NULL && strstr(at + 1, from) == NULL, "'%s' is not there once", from);
    return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

#endif
