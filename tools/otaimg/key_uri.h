/*
 * Keys are named by URI wherever one is taken: "file:PATH", "pkcs11:..." (RFC 7512), or
 * "exec:PROGRAM?public=PATH[&timeout=SECONDS]" for a program that signs.
 */
#ifndef OTAIMG_KEY_URI_H
#define OTAIMG_KEY_URI_H

#include <stdbool.h>

#include "diag.h"
#include "exits.h"

enum key_uri_kind { KEY_URI_FILE, KEY_URI_PKCS11, KEY_URI_EXEC };

/* Recognises the scheme. OX_USAGE with a message otherwise ("'foo' is not a key URI, expected
 * file:PATH, pkcs11:... or exec:..."); pin-value is refused here, so that no later code sees one. An
 * exec: URI is one that key_uri_exec_read() takes. */
enum ox key_uri_kind_of(const char *uri, enum key_uri_kind *ret);
/* The same for a URI that stands in a file; pos NULL = it does not. */
enum ox key_uri_kind_at(const char *uri, const struct src_pos *pos, enum key_uri_kind *ret);

/* The same for an AES key, which no program stands for: OX_USAGE for an exec: URI. */
enum ox key_uri_cipher_kind_at(const char *uri, const struct src_pos *pos, enum key_uri_kind *ret);
/* Whether text has one of the schemes; where paths are taken as well, any other is one. */
bool key_uri_has_scheme(const char *text);

/* Path of a file: URI. */
const char *key_uri_path(const char *uri);

/* A file: URI with its path made relative to the folder of base_file (see path_beside()), an exec:
 * URI with both of its paths so; module-path and pin-source of a pkcs11: URI stay as they are
 * (RFC 7512: absolute). The URI is one that key_uri_kind_at() took. Caller frees. */
char *key_uri_resolve(const char *base_file, const char *uri);

#define KEY_URI_EXEC_TIMEOUT_MAX 3600

/* What an exec: URI says, %XX decoded. The texts are owned: key_uri_exec_free(). */
struct key_uri_exec {
    char *program;
    char *public_path;
    unsigned timeout; /* seconds, 1..KEY_URI_EXEC_TIMEOUT_MAX; 60 when not given */
};

/* Reads a URI that starts with "exec:". OX_USAGE with a message, *ret untouched then. */
enum ox key_uri_exec_read(const char *uri, const struct src_pos *pos, struct key_uri_exec *ret);
void key_uri_exec_free(struct key_uri_exec *exec);

/* The URI again, with paths relative to the folder of base_file. Caller frees. */
char *key_uri_exec_beside(const char *base_file, const struct key_uri_exec *exec);

#endif
