/*
 * exec: URIs: a program and what is said about it.
 *
 * Layer: text only, beside key_uri.c. Invariant: a URI that is taken has one program, one public key
 * and a timeout in range, each said at most once, and no byte that a path cannot have.
 */
#include "key_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"

enum { TIMEOUT_DEFAULT = 60 };

static const char scheme[] = "exec:";

/* Text up to end with %XX decoded; NULL for a '%' without two digits, or for %00. */
static char *decode(const char *text, const char *end)
{
    char *decoded = xstrndup(text, (size_t)(end - text));
    char *to = decoded;

    for (const char *from = text; from < end; from++) {
        char digits[3] = {0};
        uint8_t byte = (uint8_t)*from;

        if (*from == '%') {
            (void)snprintf(digits, sizeof digits, "%.*s", end - from > 2 ? 2 : 0, from + 1);
            if (!hex_decode(digits, &byte, 1) || byte == 0) {
                free(decoded);
                return NULL;
            }
            from += 2;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    return decoded;
}

/* The way back: what has a meaning in the URI, blanks and control characters as %XX. */
static char *encode(const char *path)
{
    char *encoded = xmalloc(3 * strlen(path) + 1);
    char *to = encoded;

    for (; *path != '\0'; path++) {
        uint8_t byte = (uint8_t)*path;

        if (byte <= ' ' || byte == 0x7F || strchr("%?&", *path) != NULL) {
            *to++ = '%';
            hex_encode(&byte, 1, to);
            to += 2;
        } else {
            *to++ = *path;
        }
    }
    *to = '\0';
    return encoded;
}

static enum ox read_path(const char *text, const char *end, const struct src_pos *pos,
                         const char *what, char **ret)
{
    char *path = decode(text, end);

    if (path == NULL) {
        return diag_fail_at(OX_USAGE, pos,
                            "%s of the exec: URI has a '%%' without two hex digits behind it, "
                            "expected %%25 for a percent sign",
                            what);
    }
    if (*path == '\0') {
        free(path);
        return diag_fail_at(
            OX_USAGE, pos, "%s of the exec: URI is empty, expected exec:PROGRAM?public=PATH", what);
    }
    *ret = path;
    return OX_OK;
}

static enum ox read_timeout(const char *text, const char *end, const struct src_pos *pos,
                            unsigned *ret)
{
    char *number = xstrndup(text, (size_t)(end - text));
    uint64_t seconds = 0;
    enum ox ox = OX_OK;

    if (parse_u64(number, KEY_URI_EXEC_TIMEOUT_MAX, &seconds) && seconds > 0) {
        *ret = (unsigned)seconds;
    } else {
        ox = diag_fail_at(OX_USAGE, pos,
                          "timeout of the exec: URI is '%s', expected 1 to %d seconds", number,
                          KEY_URI_EXEC_TIMEOUT_MAX);
    }
    free(number);
    return ox;
}

static bool is_named(const char *attribute, const char *name, const char **ret_value)
{
    size_t len = strlen(name);

    if (strncmp(attribute, name, len) != 0 || attribute[len] != '=') {
        return false;
    }
    *ret_value = attribute + len + 1;
    return true;
}

static enum ox read_attribute(const char *attribute, const char *end, const struct src_pos *pos,
                              struct key_uri_exec *exec)
{
    const char *value = NULL;

    if (is_named(attribute, "public", &value) && exec->public_path == NULL) {
        return read_path(value, end, pos, "public", &exec->public_path);
    }
    if (is_named(attribute, "timeout", &value) && exec->timeout == 0) {
        return read_timeout(value, end, pos, &exec->timeout);
    }
    return diag_fail_at(OX_USAGE, pos,
                        "%s attribute '%.*s' in the exec: URI, expected public=PATH and "
                        "timeout=SECONDS",
                        value != NULL ? "repeated" : "unknown", (int)strcspn(attribute, "=&"),
                        attribute);
}

static enum ox read_parts(const char *text, const struct src_pos *pos, struct key_uri_exec *exec)
{
    const char *end = text + strcspn(text, "?");
    enum ox ox = read_path(text, end, pos, "program", &exec->program);

    while (ox == OX_OK && *end != '\0') {
        const char *attribute = end + 1;

        end = attribute + strcspn(attribute, "&");
        ox = read_attribute(attribute, end, pos, exec);
    }
    if (ox == OX_OK && exec->public_path == NULL) {
        ox = diag_fail_at(OX_USAGE, pos,
                          "the exec: URI names no public key, expected exec:PROGRAM?public=PATH");
    }
    return ox;
}

enum ox key_uri_exec_read(const char *uri, const struct src_pos *pos, struct key_uri_exec *ret)
{
    struct key_uri_exec exec = {NULL, NULL, 0};
    enum ox ox = read_parts(uri + strlen(scheme), pos, &exec);

    if (ox != OX_OK) {
        key_uri_exec_free(&exec);
        return ox;
    }
    exec.timeout = exec.timeout != 0 ? exec.timeout : TIMEOUT_DEFAULT;
    *ret = exec;
    return OX_OK;
}

void key_uri_exec_free(struct key_uri_exec *exec)
{
    free(exec->program);
    free(exec->public_path);
    *exec = (struct key_uri_exec){NULL, NULL, 0};
}

char *key_uri_exec_beside(const char *base_file, const struct key_uri_exec *exec)
{
    char *program = path_beside(base_file, exec->program);
    char *public_path = path_beside(base_file, exec->public_path);
    char *program_text = encode(program);
    char *public_text = encode(public_path);
    char *uri =
        xasprintf("%s%s?public=%s&timeout=%u", scheme, program_text, public_text, exec->timeout);

    free(program);
    free(public_path);
    free(program_text);
    free(public_text);
    return uri;
}
