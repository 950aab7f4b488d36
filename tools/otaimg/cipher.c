/*
 * AES keys of any kind behind one handle.
 *
 * Layer: picks the back end by the URI's scheme. Invariant: a key whose back end cannot give its
 * bytes is never reported as known.
 */
#include "cipher.h"

#include <stdlib.h>

#include "cipher_impl.h"
#include "diag.h"
#include "key_uri.h"
#include "util.h"

struct cipher {
    const struct cipher_impl *impl;
    void *state;
};

static const struct cipher_impl *impl_of(enum key_uri_kind kind)
{
    switch (kind) {
    case KEY_URI_PKCS11:
        return &cipher_pkcs11;
    case KEY_URI_EXEC: /* refused before */
    case KEY_URI_FILE:
        break;
    }
    return &cipher_file;
}

enum ox cipher_open(const char *uri, const struct key_options *options, struct cipher **ret)
{
    enum key_uri_kind kind = KEY_URI_FILE;
    struct cipher *cipher;
    enum ox ox = key_uri_cipher_kind_at(uri, NULL, &kind);

    if (ox != OX_OK) {
        return ox;
    }
    cipher = xcalloc(1, sizeof *cipher);
    cipher->impl = impl_of(kind);
    ox = cipher->impl->open(uri, options, &cipher->state);
    if (ox != OX_OK) {
        cipher_close(cipher);
        return ox;
    }
    *ret = cipher;
    return OX_OK;
}

void cipher_close(struct cipher *cipher)
{
    if (cipher == NULL) {
        return;
    }
    if (cipher->state != NULL) {
        cipher->impl->close(cipher->state);
    }
    free(cipher);
}

struct cipher *cipher_clone(const struct cipher *cipher)
{
    struct cipher *clone;

    if (cipher->impl->clone == NULL) {
        return NULL;
    }
    clone = xcalloc(1, sizeof *clone);
    clone->impl = cipher->impl;
    clone->state = cipher->impl->clone(cipher->state);
    return clone;
}

enum ox cipher_begin(struct cipher *cipher, bool encrypt, const uint8_t iv[16])
{
    return cipher->impl->begin(cipher->state, encrypt, iv);
}

enum ox cipher_update(struct cipher *cipher, const uint8_t *in, uint8_t *out, size_t len)
{
    return cipher->impl->update(cipher->state, in, out, len);
}

bool cipher_key_bytes(const struct cipher *cipher, uint8_t ret_key[16])
{
    return cipher->impl->key_bytes != NULL && cipher->impl->key_bytes(cipher->state, ret_key);
}
