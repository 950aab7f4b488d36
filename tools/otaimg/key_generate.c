/*
 * New keys in files.
 *
 * Layer: `keys generate` for file: URIs. Invariant: a key file is created with mode 0600 or not at
 * all, and never over another file, which may be the only copy of a key that devices trust.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* EC_KEY, without deprecation warnings */

#include "key_generate.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "key_file.h"
#include "pubkey.h"
#include "secret.h"
#include "util.h"

enum { PBKDF2_ITERATIONS = 600000, PBKDF2_SALT_LEN = 16 };

/* ---- the file --------------------------------------------------------------------------------- */

static bool write_synced(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t count = write(fd, bytes, len);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        bytes += count;
        len -= (size_t)count;
    }
    return fsync(fd) == 0;
}

static enum ox fail_exists(const char *path)
{
    return diag_fail(OX_IO, "'%s' exists, expected the name of a new file", path);
}

enum ox key_generate_check_new(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat status;
    char *folder;
    int failed;

    if (lstat(path, &status) == 0) {
        return fail_exists(path);
    }
    folder = slash != NULL ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    failed = access(folder, W_OK | X_OK);
    free(folder);
    return failed == 0 ? OX_OK : diag_fail(OX_IO, "cannot create '%s': %s", path, strerror(errno));
}

static enum ox write_new(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok;
    int write_errno;

    if (fd < 0 && errno == EEXIST) {
        return fail_exists(path);
    }
    if (fd < 0) {
        return diag_fail(OX_IO, "cannot create '%s': %s", path, strerror(errno));
    }
    ok = write_synced(fd, bytes, len);
    write_errno = errno;
    if (close(fd) != 0 && ok) {
        write_errno = errno;
        ok = false;
    }
    if (!ok) {
        (void)unlink(path);
        return diag_fail(OX_IO, "cannot write '%s': %s", path, strerror(write_errno));
    }
    return OX_OK;
}

/* ---- P-256 ------------------------------------------------------------------------------------ */

/* The key as PKCS#8; its curve is named in the algorithm, so not again inside (RFC 5915). */
static PKCS8_PRIV_KEY_INFO *to_pkcs8(EC_KEY *key)
{
    PKCS8_PRIV_KEY_INFO *info = PKCS8_PRIV_KEY_INFO_new();
    unsigned char *der = NULL;
    int der_len;

    EC_KEY_set_enc_flags(key, EC_PKEY_NO_PARAMETERS);
    der_len = i2d_ECPrivateKey(key, &der);
    if (info == NULL || der_len <= 0 ||
        PKCS8_pkey_set0(info, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), 0, V_ASN1_OBJECT,
                        OBJ_nid2obj(NID_X9_62_prime256v1), der, der_len) != 1) {
        OPENSSL_clear_free(der, der_len > 0 ? (size_t)der_len : 0);
        PKCS8_PRIV_KEY_INFO_free(info);
        return NULL;
    }
    return info; /* owns and wipes der */
}

static bool write_encrypted(BIO *text, PKCS8_PRIV_KEY_INFO *info, const struct secret *passphrase)
{
    X509_ALGOR *scheme = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), PBKDF2_ITERATIONS, NULL,
                                           PBKDF2_SALT_LEN, NULL, NID_hmacWithSHA256);
    X509_SIG *encrypted = scheme != NULL
                              ? PKCS8_set0_pbe(passphrase->text, (int)passphrase->len, info, scheme)
                              : NULL;
    bool ok = encrypted != NULL && PEM_write_bio_PKCS8(text, encrypted) == 1;

    if (encrypted == NULL) {
        X509_ALGOR_free(scheme);
    }
    X509_SIG_free(encrypted); /* owns scheme */
    return ok;
}

static bool to_pem(EC_KEY *key, const struct secret *passphrase, BIO *text)
{
    PKCS8_PRIV_KEY_INFO *info = to_pkcs8(key);
    bool ok = false;

    if (info != NULL && passphrase != NULL) {
        ok = write_encrypted(text, info, passphrase);
    } else if (info != NULL) {
        ok = PEM_write_bio_PKCS8_PRIV_KEY_INFO(text, info) == 1;
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return ok;
}

static bool public_of(EC_KEY *key, uint8_t ret_xy[64])
{
    unsigned char *spki = NULL;
    int spki_len = i2d_EC_PUBKEY(key, &spki);
    bool ok = spki_len > 0 && pubkey_from_spki(spki, (size_t)spki_len, ret_xy);

    OPENSSL_free(spki);
    return ok;
}

enum ox key_generate_p256(const char *path, const struct secret *passphrase, uint8_t ret_xy[64])
{
    EC_KEY *key;
    BIO *text;
    enum ox ox = OX_INTERNAL;

    secret_harden();
    key_file_init_crypto();
    key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    text = BIO_new(BIO_s_mem()); /* wiped when freed */
    if (key != NULL && text != NULL && EC_KEY_generate_key(key) == 1 &&
        to_pem(key, passphrase, text) && public_of(key, ret_xy)) {
        char *pem = NULL;
        long pem_len = BIO_get_mem_data(text, &pem);

        ox = write_new(path, pem, (size_t)pem_len);
    } else {
        (void)diag_fail(ox, "cannot make a key: libcrypto error %lx", ERR_get_error());
    }
    BIO_free(text);
    EC_KEY_free(key);
    ERR_clear_error();
    return ox;
}

/* ---- AES -------------------------------------------------------------------------------------- */

enum ox key_generate_aes128(const char *path)
{
    uint8_t key[16];
    char text[34];
    enum ox ox;

    secret_harden();
    key_file_init_crypto();
    if (RAND_priv_bytes(key, sizeof key) != 1) {
        return diag_fail(OX_INTERNAL, "cannot make a key: libcrypto error %lx", ERR_get_error());
    }
    hex_encode(key, sizeof key, text);
    text[32] = '\n';
    ox = write_new(path, text, 33);
    wipe(key, sizeof key);
    wipe(text, sizeof text);
    return ox;
}
