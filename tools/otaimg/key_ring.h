/*
 * The keys that the releases of one run use: each URI is opened once, whatever number of releases
 * name it, so that a token sees one session and one login.
 *
 * A ring is shared by threads once its keys are open: signers and ciphers are used between hold and
 * release only, one thread at a time.
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

/* Opens the key, or returns the one that is open; the ring keeps it. With warn a key that everyone
 * has gets a warning, once; without, somebody else tells of it. Errors as of signer_open() and cipher_open(); a key that failed once is not tried
 * again, so that nobody is asked for its passphrase twice. */
enum ox key_ring_signer(struct key_ring *ring, const char *uri, bool warn, struct signer **ret);
enum ox key_ring_cipher(struct key_ring *ring, const char *uri, bool warn, struct cipher **ret);

/* Waits until nobody else uses the signer, or anything else on a token if that is where it is; keep
 * it for a few signatures only. */
void key_ring_hold_signer(struct key_ring *ring, const struct signer *signer);
void key_ring_release_signer(struct key_ring *ring, const struct signer *signer);

/* A cipher for a message and its check: a token's own, which others then wait for, or one more with
 * the same key. NULL is fine for both and gives NULL. */
struct cipher *key_ring_hold_cipher(struct key_ring *ring, struct cipher *cipher);
void key_ring_release_cipher(struct key_ring *ring, struct cipher *held);

#endif
