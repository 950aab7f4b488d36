/*
 * P-256 public keys: load, identify, write. A key is X || Y, 64 bytes, big-endian, on the curve.
 */
#ifndef OTAIMG_PUBKEY_H
#define OTAIMG_PUBKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "key_options.h"

#define PUBKEY_LEN      64
#define PUBKEY_SPKI_LEN 91 /* DER SubjectPublicKeyInfo of an uncompressed P-256 point */

/* Loads the public half from uri: a path or file: URI of a PEM or DER SubjectPublicKeyInfo or of a
 * PEM private key (only its public half is used), or a pkcs11: URI (public object; the private
 * key's EC point when the token has no public object; no login unless that needs one), or an exec:
 * URI (the file that its public= names; the program is not run).
 * OX_KEY, message names file and what was expected (P-256). */
enum ox pubkey_load(const char *uri, const struct key_options *options, uint8_t ret_xy[PUBKEY_LEN]);

/* DER SubjectPublicKeyInfo (RFC 5480), and its SHA-256: the key's identity in lists and messages. */
void pubkey_spki(const uint8_t xy[PUBKEY_LEN], uint8_t ret_spki[PUBKEY_SPKI_LEN]);
void pubkey_id(const uint8_t xy[PUBKEY_LEN], uint8_t ret_sha256[32]);

/* The way back: true if spki is exactly that encoding; does not check the curve equation. */
bool pubkey_from_spki(const uint8_t *spki, size_t spki_len, uint8_t ret_xy[PUBKEY_LEN]);

/* Formats for `keys export`. Text is malloced, caller frees. */
char *pubkey_to_pem(const uint8_t xy[PUBKEY_LEN]);
/* The way back: true for exactly the text that pubkey_to_pem() writes for a point on the curve. */
bool pubkey_from_pem(const char *text, uint8_t ret_xy[PUBKEY_LEN]);
char *pubkey_to_c_source(const uint8_t xy[PUBKEY_LEN], const char *name);

/* Checks a signature r || s over a digest. */
bool pubkey_verify(const uint8_t xy[PUBKEY_LEN], const uint8_t digest[32], const uint8_t rs[64]);

#endif
