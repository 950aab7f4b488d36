/*
 * A private P-256 key that signs digests: in a file, behind PKCS#11 or behind a program.
 */
#ifndef OTAIMG_SIGNER_H
#define OTAIMG_SIGNER_H

#include <stdint.h>

#include "exits.h"
#include "key_options.h"

struct signer;

/* Opens the key, asks for PIN or passphrase where needed (once). Every failure is reported and is
 * OX_KEY (OX_USAGE for a bad URI): no such file, token or key, several matches, not P-256, wrong
 * PIN, ... For a token the session stays open until signer_close(). */
enum ox signer_open(const char *uri, const struct key_options *options, struct signer **ret);
void signer_close(struct signer *signer);

/* Public key, X || Y, big-endian. */
void signer_public_key(const struct signer *signer, uint8_t ret_xy[64]);

/* ECDSA over a SHA-256 digest; signature r || s, big-endian, checked against the public key
 * before it is returned. Keys in files use RFC 6979 nonces, so the result is reproducible. */
enum ox signer_sign(struct signer *signer, const uint8_t digest[32], uint8_t ret_rs[64]);

/* The URI, which has no secrets in it. */
const char *signer_name(const struct signer *signer);
/* Kind of back end, for records: "file", "pkcs11", "exec". */
const char *signer_kind(const struct signer *signer);

#endif
