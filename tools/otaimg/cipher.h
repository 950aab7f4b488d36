/*
 * AES-128-CBC with a key from a file (16 raw bytes or 32 hex digits) or a token (CKM_AES_CBC there;
 * the key never leaves it). No padding here: lengths are multiples of 16.
 */
#ifndef OTAIMG_CIPHER_H
#define OTAIMG_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "key_options.h"

struct cipher;

/* Failures are reported and OX_KEY (OX_USAGE for a bad URI). */
enum ox cipher_open(const char *uri, const struct key_options *options, struct cipher **ret);
void cipher_close(struct cipher *cipher);
/* Another one with the same key, for use beside the first; NULL when there can be only one, as with
 * a token. */
struct cipher *cipher_clone(const struct cipher *cipher);

/* Starts a new message; a cipher can be used for any number of them, one at a time. */
enum ox cipher_begin(struct cipher *cipher, bool encrypt, const uint8_t iv[16]);

/* Next len bytes (multiple of 16); in and out may be the same buffer, not overlap otherwise. */
enum ox cipher_update(struct cipher *cipher, const uint8_t *in, uint8_t *out, size_t len);

/* For the well-known default key check: true and the key when it came from a file. */
bool cipher_key_bytes(const struct cipher *cipher, uint8_t ret_key[16]);

#endif
