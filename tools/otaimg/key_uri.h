/*
 * Keys are named by URI wherever one is taken: "file:PATH" or "pkcs11:..." (RFC 7512).
 */
#ifndef OTAIMG_KEY_URI_H
#define OTAIMG_KEY_URI_H

#include "diag.h"
#include "exits.h"

enum key_uri_kind { KEY_URI_FILE, KEY_URI_PKCS11 };

/* Recognises the scheme. OX_USAGE with a message otherwise ("'foo' is not a key URI, expected
 * file:PATH or pkcs11:..."); pin-value is refused here, so that no later code sees one. */
enum ox key_uri_kind_of(const char *uri, enum key_uri_kind *ret);
/* The same for a URI that stands in a file; pos NULL = it does not. */
enum ox key_uri_kind_at(const char *uri, const struct src_pos *pos, enum key_uri_kind *ret);

/* Path of a file: URI. */
const char *key_uri_path(const char *uri);

/* A file: URI with its path made relative to the folder of base_file (see path_beside()); likewise
 * module-path and pin-source of a pkcs11: URI stay as they are (RFC 7512: absolute). Caller frees. */
char *key_uri_resolve(const char *base_file, const char *uri);

#endif
