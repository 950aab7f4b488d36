/*
 * The file of `send --state`.
 *
 * Layer: above outfile.c. Invariant: a file that does not read as a state is neither replaced nor
 * removed.
 */
#include "send_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "outfile.h"
#include "util.h"

#define HEAD "otaimg-send-state 1 "

enum {
    HEAD_LEN = sizeof HEAD - 1,
    HEX_LEN = 2 * OTAM_STATE_LEN,
    FILE_LEN = HEAD_LEN + HEX_LEN + 1
};

static bool decode(char *text, size_t len, uint8_t ret[OTAM_STATE_LEN])
{
    if (len != FILE_LEN || memcmp(text, HEAD, HEAD_LEN) != 0 || text[len - 1] != '\n') {
        return false;
    }
    text[len - 1] = '\0';
    return hex_decode(text + HEAD_LEN, ret, OTAM_STATE_LEN);
}

enum ox send_state_read(const char *path, uint8_t ret[OTAM_STATE_LEN], bool *ret_found)
{
    char text[FILE_LEN + 1]; /* one more, to see what is too long */
    FILE *file = fopen(path, "rb");
    size_t len = 0;
    bool is_read;

    if (file == NULL && errno == ENOENT) {
        *ret_found = false;
        return OX_OK;
    }
    if (file != NULL) {
        len = fread(text, 1, sizeof text, file);
    }
    is_read = file != NULL && ferror(file) == 0;
    if (!is_read) {
        (void)diag_fail(OX_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    if (!is_read) {
        return OX_IO;
    }
    if (!decode(text, len, ret)) {
        return diag_fail(OX_USAGE,
                         "%s: not a state of 'otaimg send', expected one or no file of this name",
                         path);
    }
    *ret_found = true;
    return OX_OK;
}

enum ox send_state_write(const char *path, const uint8_t state[OTAM_STATE_LEN])
{
    char text[FILE_LEN + 1] = HEAD;

    hex_encode(state, OTAM_STATE_LEN, text + HEAD_LEN);
    text[FILE_LEN - 1] = '\n';
    return outfile_write_all(path, 0600, text, FILE_LEN);
}

enum ox send_state_remove(const char *path)
{
    return unlink(path) == 0 || errno == ENOENT
               ? OX_OK
               : diag_fail(OX_IO, "%s: cannot be removed: %s", path, strerror(errno));
}
