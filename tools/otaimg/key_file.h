/*
 * Key files: reading them whole, and P-256 private keys in PEM (PKCS#8, encrypted PKCS#8, SEC1).
 */
#ifndef OTAIMG_KEY_FILE_H
#define OTAIMG_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"
#include "key_options.h"

#define KEY_FILE_MAX_LEN 65536

struct ec_key_st; /* EC_KEY of libcrypto */

struct key_file {
    const char *path; /* not owned */
    bool exposed;     /* group or others can read it */
    size_t len;
    uint8_t *bytes; /* wiped by key_file_free() */
};

/* Starts libcrypto without its configuration file; every user of libcrypto calls it first. */
void key_file_init_crypto(void);

/* OX_KEY: no such file, not readable, longer than KEY_FILE_MAX_LEN. */
enum ox key_file_read(const char *path, struct key_file *ret);
void key_file_free(struct key_file *file);

/* Warns when the file can be read by group or others. */
void key_file_warn_if_exposed(const struct key_file *file);

/* DER content of the first PEM block with that label; false when there is none. The caller wipes
 * and frees *ret_der (len *ret_len) with wipe_free(). */
bool key_file_pem_block(const struct key_file *file, const char *label, uint8_t **ret_der,
                        size_t *ret_len);

/* The P-256 private key in the file, and its public half X || Y, recomputed and compared. An
 * encrypted one is opened by a passphrase that was read already or by the next one (passphrase.h). Warns when others can read a key that is not
 * public knowledge. expected names what would have been right: "a P-256 private key". OX_KEY. Caller frees with EC_KEY_free(), which wipes. */
enum ox key_file_private(const struct key_file *file, const struct key_options *options,
                         const char *expected, uint8_t ret_xy[64], struct ec_key_st **ret);

#endif
