/* New keys in files of mode 0600; an existing file is never replaced. */
#ifndef OTAIMG_KEY_GENERATE_H
#define OTAIMG_KEY_GENERATE_H

#include <stdint.h>

#include "exits.h"
#include "secret.h"

/* OX_IO when there is something at path already or its folder takes no files, as the functions below would say; to be called
 * before a passphrase is asked for. */
enum ox key_generate_check_new(const char *path);

/* A P-256 private key as PKCS#8 in PEM, encrypted (PBKDF2 with HMAC-SHA256, AES-256-CBC) unless
 * passphrase is NULL. OX_IO when the file exists or cannot be written. */
enum ox key_generate_p256(const char *path, const struct secret *passphrase, uint8_t ret_xy[64]);

/* An AES-128 key as 32 hex digits and a newline. */
enum ox key_generate_aes128(const char *path);

#endif
