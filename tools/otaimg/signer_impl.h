/* What a kind of signer implements; signer.c picks it by the URI's scheme. */
#ifndef OTAIMG_SIGNER_IMPL_H
#define OTAIMG_SIGNER_IMPL_H

#include "signer.h"

struct signer_impl {
    const char *kind; /* "file", "pkcs11", "exec" */
    /* Fills public_xy and *ret_state. */
    enum ox (*open)(const char *uri, const struct key_options *options, uint8_t public_xy[64],
                    void **ret_state);
    enum ox (*sign)(void *state, const uint8_t digest[32], uint8_t ret_rs[64]);
    void (*close)(void *state);
};

extern const struct signer_impl signer_file;   /* signer_file.c */
extern const struct signer_impl signer_pkcs11; /* signer_pkcs11.c */
extern const struct signer_impl signer_exec;   /* signer_exec.c */

#endif
