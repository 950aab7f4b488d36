/*
 * The keys that the releases of one run use: each URI is opened once, whatever number of releases
 * name it, so that a token sees one session and one login.
 */
#ifndef OTAIMG_KEY_RING_H
#define OTAIMG_KEY_RING_H

#include "cipher.h"
#include "signer.h"

struct key_ring;

/* options must outlive the ring. */
struct key_ring *key_ring_new(const struct key_options *options);
/* Closes every key; NULL is fine. */
void key_ring_free(struct key_ring *ring);

/* Opens the key, or returns the one that is open; the ring keeps it. Warns once of a key that
 * everyone has. Errors as of signer_open() and cipher_open(). */
enum ox key_ring_signer(struct key_ring *ring, const char *uri, struct signer **ret);
enum ox key_ring_cipher(struct key_ring *ring, const char *uri, struct cipher **ret);

#endif
