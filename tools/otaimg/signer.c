/*
 * Signing keys of any kind behind one handle.
 *
 * Layer: picks the back end by the URI's scheme and keeps what all of them share. Invariant: a
 * published sample key is not handed out unless the caller allowed it.
 */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

#include "key_uri.h"
#include "known_keys.h"
#include "pubkey.h"
#include "signer_impl.h"
#include "util.h"

struct signer {
    const struct signer_impl *impl;
    void *state;
    char *name;
    uint8_t xy[64];
};

static const struct signer_impl *impl_of(enum key_uri_kind kind)
{
    switch (kind) {
    case KEY_URI_PKCS11:
        return &signer_pkcs11;
    case KEY_URI_EXEC:
        return &signer_exec;
    case KEY_URI_FILE:
        break;
    }
    return &signer_file;
}

enum ox signer_open(const char *uri, const struct key_options *options, struct signer **ret)
{
    enum key_uri_kind kind = KEY_URI_FILE;
    struct signer *signer;
    uint8_t id[32];
    enum ox ox = key_uri_kind_of(uri, &kind);

    if (ox != OX_OK) {
        return ox;
    }
    signer = xcalloc(1, sizeof *signer);
    signer->impl = impl_of(kind);
    signer->name = xstrdup(uri);
    ox = signer->impl->open(uri, options, signer->xy, &signer->state);
    if (ox == OX_OK) {
        pubkey_id(signer->xy, id);
        ox = known_key_refuse_sample(id, uri, options);
    }
    if (ox != OX_OK) {
        signer_close(signer);
        return ox;
    }
    *ret = signer;
    return OX_OK;
}

void signer_close(struct signer *signer)
{
    if (signer == NULL) {
        return;
    }
    if (signer->state != NULL) {
        signer->impl->close(signer->state);
    }
    free(signer->name);
    free(signer);
}

void signer_public_key(const struct signer *signer, uint8_t ret_xy[64])
{
    memcpy(ret_xy, signer->xy, sizeof signer->xy);
}

enum ox signer_sign(struct signer *signer, const uint8_t digest[32], uint8_t ret_rs[64])
{
    return signer->impl->sign(signer->state, digest, ret_rs);
}

const char *signer_name(const struct signer *signer)
{
    return signer->name;
}

const char *signer_kind(const struct signer *signer)
{
    return signer->impl->kind;
}
