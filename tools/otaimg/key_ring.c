/*
 * A list of open keys by URI. Lists are short: a run names few keys.
 *
 * Layer: above signer and cipher. Invariant: the list only changes before threads share it. All keys
 * on tokens have one lock, because keys of one token may share its session and modules need not be
 * safe for threads.
 */
#include "key_ring.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "known_keys.h"
#include "pubkey.h"
#include "util.h"

struct ring_key {
    struct ring_key *next;
    char *uri;
    bool signs;
    bool warned;
    enum ox failed;        /* what opening it gave; OX_OK = it is open */
    struct signer *signer; /* one of the two */
    struct cipher *cipher;
};

struct key_ring {
    const struct key_options *options;
    struct ring_key *keys;
    pthread_mutex_t token;
    pthread_mutex_t file; /* signers; ciphers are cloned */
};

struct key_ring *key_ring_new(const struct key_options *options)
{
    struct key_ring *ring = xcalloc(1, sizeof *ring);

    ring->options = options;
    (void)pthread_mutex_init(&ring->token, NULL);
    (void)pthread_mutex_init(&ring->file, NULL);
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
    (void)pthread_mutex_destroy(&ring->token);
    (void)pthread_mutex_destroy(&ring->file);
    free(ring);
}

static struct ring_key *find(const struct key_ring *ring, const char *uri, bool signs)
{
    for (struct ring_key *key = ring->keys; key != NULL; key = key->next) {
        if (key->signs == signs && strcmp(key->uri, uri) == 0) {
            return key;
        }
    }
    return NULL;
}

static struct ring_key *add(struct key_ring *ring, const char *uri, bool signs)
{
    struct ring_key *key = xcalloc(1, sizeof *key);

    key->uri = xstrdup(uri);
    key->signs = signs;
    key->next = ring->keys;
    ring->keys = key;
    return key;
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

static enum ox open_key(struct key_ring *ring, struct ring_key *key)
{
    if (key->signs) {
        key->failed = signer_open(key->uri, ring->options, &key->signer);
    } else {
        key->failed = cipher_open(key->uri, ring->options, &key->cipher);
    }
    return key->failed;
}

static void warn_of(struct ring_key *key)
{
    key->warned = true;
    if (key->signs) {
        warn_of_development_key(key->signer, key->uri);
    } else {
        warn_of_default_key(key->cipher, key->uri);
    }
}

/* Threads ask for what was asked for before, so they change nothing. */
static enum ox get(struct key_ring *ring, const char *uri, bool signs, bool warn,
                   const struct ring_key **ret)
{
    struct ring_key *key = find(ring, uri, signs);
    enum ox ox = OX_OK;

    if (key == NULL) {
        key = add(ring, uri, signs);
        ox = open_key(ring, key);
    } else if (key->failed != OX_OK) {
        ox = diag_fail(key->failed, "%s could not be opened before and is not tried again", uri);
    }
    if (ox == OX_OK && warn && !key->warned) {
        warn_of(key);
    }
    *ret = key;
    return ox;
}

enum ox key_ring_signer(struct key_ring *ring, const char *uri, bool warn, struct signer **ret)
{
    const struct ring_key *key = NULL;
    enum ox ox = get(ring, uri, true, warn, &key);

    if (ox == OX_OK) {
        *ret = key->signer;
    }
    return ox;
}

enum ox key_ring_cipher(struct key_ring *ring, const char *uri, bool warn, struct cipher **ret)
{
    const struct ring_key *key = NULL;
    enum ox ox = get(ring, uri, false, warn, &key);

    if (ox == OX_OK) {
        *ret = key->cipher;
    }
    return ox;
}

static pthread_mutex_t *lock_of(struct key_ring *ring, const struct signer *signer)
{
    return strcmp(signer_kind(signer), "file") == 0 ? &ring->file : &ring->token;
}

void key_ring_hold_signer(struct key_ring *ring, const struct signer *signer)
{
    (void)pthread_mutex_lock(lock_of(ring, signer));
}

void key_ring_release_signer(struct key_ring *ring, const struct signer *signer)
{
    (void)pthread_mutex_unlock(lock_of(ring, signer));
}

struct cipher *key_ring_hold_cipher(struct key_ring *ring, struct cipher *cipher)
{
    struct cipher *clone = cipher != NULL ? cipher_clone(cipher) : NULL;

    if (cipher != NULL && clone == NULL) {
        (void)pthread_mutex_lock(&ring->token);
    }
    return clone != NULL ? clone : cipher;
}

void key_ring_release_cipher(struct key_ring *ring, struct cipher *held)
{
    for (const struct ring_key *key = ring->keys; key != NULL; key = key->next) {
        if (held != NULL && key->cipher == held) {
            (void)pthread_mutex_unlock(&ring->token);
            return;
        }
    }
    cipher_close(held);
}
