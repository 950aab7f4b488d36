/* P-256 private keys from their ASN.1, for key_file.c; messages name the file. */
#ifndef OTAIMG_KEY_EC_H
#define OTAIMG_KEY_EC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "key_file.h"

struct pkcs8_priv_key_info_st; /* PKCS8_PRIV_KEY_INFO of libcrypto */

/* An ECPrivateKey (RFC 5915) that names its curve. OX_KEY. Free with EC_KEY_free(), which wipes. */
enum ox key_ec_from_sec1(const struct key_file *file, const uint8_t *der, size_t der_len,
                         struct ec_key_st **ret);
/* The same from PKCS#8, where the curve is named outside the ECPrivateKey. */
enum ox key_ec_from_pkcs8(const struct key_file *file, const struct pkcs8_priv_key_info_st *info,
                          struct ec_key_st **ret);
/* X || Y. */
bool key_ec_public(const struct ec_key_st *key, uint8_t ret_xy[64]);

/* "P-384", "RSA", "Ed25519": a key type, or the curve of an EC key, as people call it. */
const char *key_ec_type_name(int nid);

/* OX_KEY: the file holds a key of another type; the file is damaged. */
enum ox key_ec_fail_type(const struct key_file *file, int nid);
enum ox key_ec_fail_malformed(const struct key_file *file);

#endif
