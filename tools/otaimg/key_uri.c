/*
 * Key URIs: which scheme, and paths relative to the file a URI stands in.
 *
 * Layer: text only; the attributes of a pkcs11: URI are read where tokens are opened.
 * Invariant: no URI with a PIN in it gets past key_uri_kind_at(), and none is ever printed.
 */
#include "key_uri.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"

static const char file_scheme[] = "file:";
static const char pkcs11_scheme[] = "pkcs11:";
static const char exec_scheme[] = "exec:";

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* RFC 7512 writes attribute names without percent-encoding; an encoded name could hide a PIN. */
static bool has_encoded_name(const char *uri)
{
    const char *p = uri + strlen(pkcs11_scheme);

    while (*p != '\0') {
        if (p[strcspn(p, "%=;?&")] == '%') {
            return true;
        }
        p += strcspn(p, ";?&");
        p += *p != '\0' ? 1 : 0;
    }
    return false;
}

static enum ox check_pkcs11(const char *uri, const struct src_pos *pos)
{
    if (has_encoded_name(uri)) {
        return diag_fail_at(OX_USAGE, pos,
                            "percent-encoded attribute name in the key URI, expected a "
                            "plain name as in 'object=NAME'");
    }
    /* A parser that skips blanks would see attributes that are not seen here. */
    if (strpbrk(uri, " \t\n\v\f\r") != NULL) {
        return diag_fail_at(OX_USAGE, pos,
                            "blank in the key URI, expected %%20 for a space in a name");
    }
    return OX_OK;
}

/* The PIN must not show up in a message either, so this comes before all other checks. */
static enum ox refuse_pin_value(const char *uri, const struct src_pos *pos)
{
    if (strcasestr(uri, "pin-value=") == NULL) {
        return OX_OK;
    }
    (void)diag_fail_at(OX_USAGE, pos, "the key URI contains 'pin-value', expected no PIN in it");
    diag_hint("use pin-source=file:/PATH in the URI, or the environment variable OTAIMG_PIN");
    return OX_USAGE;
}

static enum ox check_exec(const char *uri, const struct src_pos *pos)
{
    struct key_uri_exec exec;
    enum ox ox = key_uri_exec_read(uri, pos, &exec);

    if (ox == OX_OK) {
        key_uri_exec_free(&exec);
    }
    return ox;
}

enum ox key_uri_kind_at(const char *uri, const struct src_pos *pos, enum key_uri_kind *ret)
{
    if (starts_with(uri, file_scheme)) {
        if (*key_uri_path(uri) == '\0') {
            return diag_fail_at(OX_USAGE, pos, "'%s' names no file, expected file:PATH", uri);
        }
        *ret = KEY_URI_FILE;
        return OX_OK;
    }
    if (refuse_pin_value(uri, pos) != OX_OK) {
        return OX_USAGE;
    }
    if (starts_with(uri, exec_scheme)) {
        if (check_exec(uri, pos) != OX_OK) {
            return OX_USAGE;
        }
        *ret = KEY_URI_EXEC;
        return OX_OK;
    }
    if (!starts_with(uri, pkcs11_scheme)) {
        return diag_fail_at(OX_USAGE, pos,
                            "'%s' is not a key URI, expected file:PATH, pkcs11:... or exec:...",
                            uri);
    }
    if (check_pkcs11(uri, pos) != OX_OK) {
        return OX_USAGE;
    }
    *ret = KEY_URI_PKCS11;
    return OX_OK;
}

enum ox key_uri_kind_of(const char *uri, enum key_uri_kind *ret)
{
    return key_uri_kind_at(uri, NULL, ret);
}

enum ox key_uri_cipher_kind_at(const char *uri, const struct src_pos *pos, enum key_uri_kind *ret)
{
    enum key_uri_kind kind = KEY_URI_FILE;
    enum ox ox = key_uri_kind_at(uri, pos, &kind);

    if (ox == OX_OK && kind == KEY_URI_EXEC) {
        ox = diag_fail_at(OX_USAGE, pos,
                          "'%s' signs and does not encrypt, expected file:PATH or pkcs11:...", uri);
    }
    if (ox == OX_OK) {
        *ret = kind;
    }
    return ox;
}

bool key_uri_has_scheme(const char *text)
{
    return starts_with(text, file_scheme) || starts_with(text, pkcs11_scheme) ||
           starts_with(text, exec_scheme);
}

const char *key_uri_path(const char *uri)
{
    return uri + strlen(file_scheme);
}

char *key_uri_resolve(const char *base_file, const char *uri)
{
    struct key_uri_exec exec;
    char *path;
    char *resolved;

    if (starts_with(uri, exec_scheme) && key_uri_exec_read(uri, NULL, &exec) == OX_OK) {
        resolved = key_uri_exec_beside(base_file, &exec);
        key_uri_exec_free(&exec);
        return resolved;
    }
    if (!starts_with(uri, file_scheme)) {
        return xstrdup(uri);
    }
    path = path_beside(base_file, key_uri_path(uri));
    resolved = xasprintf("%s%s", file_scheme, path);
    free(path);
    return resolved;
}
