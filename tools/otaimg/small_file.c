/* Short files, read whole: a byte that is read as anything but itself has no place here. */
#include "small_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "read_files.h"
#include "util.h"

enum ox small_file_read(const char *path, size_t max, char **ret, size_t *ret_len)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    enum ox ox = OX_OK;
    char *bytes;
    size_t len;

    if (file == NULL) {
        return diag_fail(OX_IO, "%s: cannot read: %s", path, strerror(errno));
    }
    read_files_note(fileno(file));
    bytes = xmalloc(max + 2);
    len = fread(bytes, 1, max + 1, file);
    if (ferror(file) != 0) {
        ox = diag_fail(OX_IO, "%s: cannot read: %s", path, strerror(errno));
    } else if (len > max) {
        ox = diag_fail(OX_MALFORMED, "%s: too long, expected at most %zu bytes", path, max);
    }
    if (file != stdin) {
        (void)fclose(file);
    }
    if (ox != OX_OK) {
        free(bytes);
        return ox;
    }
    bytes[len] = '\0';
    *ret = bytes;
    *ret_len = len;
    return OX_OK;
}
