/* What a kind of AES key implements; cipher.c picks it by the URI's scheme. */
#ifndef OTAIMG_CIPHER_IMPL_H
#define OTAIMG_CIPHER_IMPL_H

#include "cipher.h"

struct cipher_impl {
    enum ox (*open)(const char *uri, const struct key_options *options, void **ret_state);
    enum ox (*begin)(void *state, bool encrypt, const uint8_t iv[16]);
    enum ox (*update)(void *state, const uint8_t *in, uint8_t *out, size_t len);
    void *(*clone)(const void *state);                         /* NULL = cannot */
    bool (*key_bytes)(const void *state, uint8_t ret_key[16]); /* NULL = never known */
    void (*close)(void *state);
};

extern const struct cipher_impl cipher_file;   /* cipher_file.c */
extern const struct cipher_impl cipher_pkcs11; /* cipher_pkcs11.c */

#endif
