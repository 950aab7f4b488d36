/*
 * A list of open keys by URI. Lists are short: a run names few keys.
 */
#include "key_ring.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "known_keys.h"
#include "pubkey.h"
#include "util.h"

struct ring_key {
    struct ring_key *next;
    char *uri;
    struct signer *signer; /* one of the two */
    struct cipher *cipher;
};

struct key_ring {
    const struct key_options *options;
    struct ring_key *keys;
};

struct key_ring *key_ring_new(const struct key_options *options)
{
    struct key_ring *ring = xcalloc(1, sizeof *ring);

    ring->options = options;
    return ring;
}

void key_ring_free(struct key_ring *ring)
{
    if (ring == NULL) {
        return;
    }
    while (ring->keys != NULL) {
        struct ring_key *key = ring->keys;

        ring->keys = key->next;
        signer_close(key->signer);
        cipher_close(key->cipher);
        free(key->uri);
        free(key);
    }
    free(ring);
}

static struct ring_key *find(const struct key_ring *ring, const char *uri, bool signs)
{
    for (struct ring_key *key = ring->keys; key != NULL; key = key->next) {
        if ((key->signer != NULL) == signs && strcmp(key->uri, uri) == 0) {
            return key;
        }
    }
    return NULL;
}

static void add(struct key_ring *ring, const char *uri, struct signer *signer,
                struct cipher *cipher)
{
    struct ring_key *key = xcalloc(1, sizeof *key);

    key->uri = xstrdup(uri);
    key->signer = signer;
    key->cipher = cipher;
    key->next = ring->keys;
    ring->keys = key;
}

static void warn_of_development_key(const struct signer *signer, const char *uri)
{
    uint8_t xy[PUBKEY_LEN];
    uint8_t id[32];

    signer_public_key(signer, xy);
    pubkey_id(xy, id);
    if (known_key_find(id, NULL) == KNOWN_KEY_DEVELOPMENT) {
        diag_warn("%s is a public development key: production devices refuse it", uri);
    }
}

static void warn_of_default_key(const struct cipher *cipher, const char *uri)
{
    uint8_t aes[16];

    if (cipher_key_bytes(cipher, aes)) {
        if (known_aes_key(aes)) {
            diag_warn("%s is the published default key: the firmware is not confidential", uri);
        }
        wipe(aes, sizeof aes);
    }
}

enum ox key_ring_signer(struct key_ring *ring, const char *uri, struct signer **ret)
{
    const struct ring_key *key = find(ring, uri, true);
    struct signer *signer;
    enum ox ox;

    if (key != NULL) {
        *ret = key->signer;
        return OX_OK;
    }
    ox = signer_open(uri, ring->options, &signer);
    if (ox == OX_OK) {
        warn_of_development_key(signer, uri);
        add(ring, uri, signer, NULL);
        *ret = signer;
    }
    return ox;
}

enum ox key_ring_cipher(struct key_ring *ring, const char *uri, struct cipher **ret)
{
    const struct ring_key *key = find(ring, uri, false);
    struct cipher *cipher;
    enum ox ox;

    if (key != NULL) {
        *ret = key->cipher;
        return OX_OK;
    }
    ox = cipher_open(uri, ring->options, &cipher);
    if (ox == OX_OK) {
        warn_of_default_key(cipher, uri);
        add(ring, uri, NULL, cipher);
        *ret = cipher;
    }
    return ox;
}
