/*
 * Key files: whole-file reading, PEM, passphrases.
 *
 * Layer: below signer_file, cipher_file and pubkey_load, above key_ec, which judges the keys. Invariant:
 * every buffer that held a private key is wiped.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* EC_KEY, without deprecation warnings */

#include "key_file.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "key_ec.h"
#include "known_keys.h"
#include "passphrase.h"
#include "pubkey.h"
#include "read_files.h"
#include "secret.h"
#include "util.h"

void key_file_init_crypto(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                                  OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
                              NULL);
}

/* ---- files ------------------------------------------------------------------------------------ */

/* All bytes of fd into a buffer with one byte to spare, which shows that a file is too long. */
static ssize_t read_all(int fd, uint8_t *bytes, size_t cap)
{
    size_t len = 0;

    while (len < cap) {
        ssize_t count = read(fd, bytes + len, cap - len);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return -1;
        }
        if (count == 0) {
            break;
        }
        len += (size_t)count;
    }
    return (ssize_t)len;
}

enum ox key_file_read(const char *path, struct key_file *ret)
{
    struct key_file file = {.path = path};
    struct stat status;
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    secret_harden(); /* before the first byte that may be a private key's */
    if (fd < 0) {
        return diag_fail(OX_KEY, "cannot open key file '%s': %s", path, strerror(errno));
    }
    read_files_note(fd);
    file.bytes = xmalloc(KEY_FILE_MAX_LEN + 1);
    if (fstat(fd, &status) == 0) {
        file.exposed = S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
        len = read_all(fd, file.bytes, KEY_FILE_MAX_LEN + 1);
    }
    file.len = len < 0 ? KEY_FILE_MAX_LEN + 1 : (size_t)len; /* some bytes may have come */
    if (len < 0) {
        (void)diag_fail(OX_KEY, "cannot read key file '%s': %s", path, strerror(errno));
    } else if (len > KEY_FILE_MAX_LEN) {
        (void)diag_fail(OX_KEY, "'%s' is longer than %d bytes, expected a key file", path,
                        KEY_FILE_MAX_LEN);
    }
    (void)close(fd);
    if (len < 0 || len > KEY_FILE_MAX_LEN) {
        key_file_free(&file);
        return OX_KEY;
    }
    *ret = file;
    return OX_OK;
}

void key_file_free(struct key_file *file)
{
    wipe_free(file->bytes, file->len);
    memset(file, 0, sizeof *file);
}

void key_file_warn_if_exposed(const struct key_file *file)
{
    if (file->exposed) {
        diag_warn("key file '%s' can be read by other users, expected mode 0600", file->path);
    }
}

/* ---- PKCS#8 ----------------------------------------------------------------------------------- */

static enum ox decode_pkcs8(const struct key_file *file, const uint8_t *der, size_t der_len,
                            EC_KEY **ret)
{
    const uint8_t *end = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, (long)der_len);
    enum ox ox = info != NULL && end == der + der_len ? key_ec_from_pkcs8(file, info, ret)
                                                      : key_ec_fail_malformed(file);

    PKCS8_PRIV_KEY_INFO_free(info); /* wipes the key */
    ERR_clear_error();
    return ox;
}

/* Bad padding, or padding that is right by chance and no PKCS#8 before it. */
static bool passphrase_was_wrong(void)
{
    bool wrong = false;
    unsigned long code;

    while ((code = ERR_get_error()) != 0) {
        int reason = ERR_GET_REASON(code);

        wrong = wrong ||
                (ERR_GET_LIB(code) == ERR_LIB_PKCS12 &&
                 (reason == PKCS12_R_PKCS12_CIPHERFINAL_ERROR || reason == PKCS12_R_DECODE_ERROR));
    }
    return wrong;
}

struct decryption {
    const struct key_file *file;
    const X509_SIG *encrypted;
    PKCS8_PRIV_KEY_INFO *info; /* NULL = not decrypted */
};

static enum passphrase_verdict try_passphrase(void *user, const struct secret *passphrase)
{
    struct decryption *d = user;

    ERR_clear_error();
    d->info = PKCS8_decrypt(d->encrypted, passphrase->text, (int)passphrase->len);
    if (d->info != NULL) {
        return PASSPHRASE_FITS;
    }
    if (passphrase_was_wrong()) {
        return PASSPHRASE_WRONG;
    }
    (void)diag_fail(OX_KEY, "cannot decrypt '%s', expected PKCS#8 with PBES2", d->file->path);
    return PASSPHRASE_USELESS;
}

static enum ox decrypt_pkcs8(const struct key_file *file, const X509_SIG *encrypted,
                             const struct key_options *options, EC_KEY **ret)
{
    struct decryption d = {.file = file, .encrypted = encrypted};
    enum ox ox = passphrase_find(file->path, options, try_passphrase, &d);

    if (ox == OX_OK) {
        ox = key_ec_from_pkcs8(file, d.info, ret);
    }
    PKCS8_PRIV_KEY_INFO_free(d.info);
    ERR_clear_error();
    return ox;
}

static enum ox decode_encrypted(const struct key_file *file, const uint8_t *der, size_t der_len,
                                const struct key_options *options, EC_KEY **ret)
{
    const uint8_t *end = der;
    X509_SIG *encrypted = d2i_X509_SIG(NULL, &end, (long)der_len);
    enum ox ox = encrypted != NULL && end == der + der_len
                     ? decrypt_pkcs8(file, encrypted, options, ret)
                     : key_ec_fail_malformed(file);

    X509_SIG_free(encrypted);
    ERR_clear_error();
    return ox;
}

/* ---- PEM -------------------------------------------------------------------------------------- */

struct pem_block {
    char *label;
    char *header;
    uint8_t *der;
    long der_len;
};

static void pem_free(struct pem_block *block)
{
    OPENSSL_secure_free(block->label);
    OPENSSL_secure_free(block->header);
    OPENSSL_secure_clear_free(block->der, (size_t)block->der_len);
    memset(block, 0, sizeof *block);
}

static bool pem_next(BIO *text, struct pem_block *ret)
{
    memset(ret, 0, sizeof *ret);
    if (PEM_read_bio_ex(text, &ret->label, &ret->header, &ret->der, &ret->der_len,
                        PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) == 1) {
        return true;
    }
    ERR_clear_error();
    return false;
}

static BIO *pem_open(const struct key_file *file)
{
    key_file_init_crypto();
    return BIO_new_mem_buf(file->bytes, (int)file->len);
}

bool key_file_pem_block(const struct key_file *file, const char *label, uint8_t **ret_der,
                        size_t *ret_len)
{
    BIO *text = pem_open(file);
    struct pem_block block;
    bool found = false;

    while (!found && text != NULL && pem_next(text, &block)) {
        found = strcmp(block.label, label) == 0;
        if (found) {
            *ret_len = (size_t)block.der_len;
            *ret_der = xmalloc(*ret_len);
            memcpy(*ret_der, block.der, *ret_len);
        }
        pem_free(&block);
    }
    BIO_free(text);
    return found;
}

/* Sets *ret_known when the label is that of a private key, whatever comes of it. */
static enum ox decode_block(const struct key_file *file, const struct pem_block *block,
                            const struct key_options *options, bool *ret_known, EC_KEY **ret)
{
    size_t der_len = (size_t)block->der_len;

    *ret_known = true;
    if (strcmp(block->label, "PRIVATE KEY") == 0) {
        return decode_pkcs8(file, block->der, der_len, ret);
    }
    if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0) {
        return decode_encrypted(file, block->der, der_len, options, ret);
    }
    if (strcmp(block->label, "RSA PRIVATE KEY") == 0) {
        return key_ec_fail_type(file, NID_rsaEncryption);
    }
    if (strcmp(block->label, "EC PRIVATE KEY") != 0) {
        *ret_known = false;
        return OX_OK;
    }
    if (block->header[0] != '\0') {
        (void)diag_fail(OX_KEY, "'%s' is encrypted in the traditional way, expected PKCS#8",
                        file->path);
        diag_hint("'openssl pkcs8 -topk8 -v2 aes-256-cbc' converts it");
        return OX_KEY;
    }
    return key_ec_from_sec1(file, block->der, der_len, ret);
}

static enum ox first_private(const struct key_file *file, const struct key_options *options,
                             const char *expected, EC_KEY **ret)
{
    BIO *text = pem_open(file);
    struct pem_block block;
    bool known = false;
    enum ox ox = OX_OK;

    while (!known && text != NULL && pem_next(text, &block)) {
        ox = decode_block(file, &block, options, &known, ret);
        pem_free(&block);
    }
    BIO_free(text);
    if (!known) {
        return diag_fail(OX_KEY, "no key found in '%s', expected %s in PEM", file->path, expected);
    }
    return ox;
}

enum ox key_file_private(const struct key_file *file, const struct key_options *options,
                         const char *expected, uint8_t ret_xy[64], struct ec_key_st **ret)
{
    EC_KEY *key = NULL;
    uint8_t id[32];
    enum ox ox = first_private(file, options, expected, &key);

    if (ox != OX_OK) {
        return ox;
    }
    if (!key_ec_public(key, ret_xy)) {
        EC_KEY_free(key);
        return key_ec_fail_malformed(file);
    }
    pubkey_id(ret_xy, id);
    /* Hiding a key that everyone has would be noise. */
    if (known_key_find(id, NULL) == KNOWN_KEY_NO) {
        key_file_warn_if_exposed(file);
    }
    *ret = key;
    return OX_OK;
}
