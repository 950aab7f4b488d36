/*
 * Key files: whole-file reading and P-256 private keys in PEM.
 *
 * Layer: below signer_file, cipher_file and pubkey_load. PKCS#8 and SEC1 are taken apart with libcrypto's
 * ASN.1 functions instead of its decoders, which cost more time than signing. Invariant: a key that
 * is handed out is on P-256, in range, and its public half is that of its private half; every
 * buffer that held a private key or passphrase is wiped.
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
#include "known_keys.h"
#include "pubkey.h"
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

    if (fd < 0) {
        return diag_fail(OX_KEY, "cannot open key file '%s': %s", path, strerror(errno));
    }
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

/* ---- names ------------------------------------------------------------------------------------ */

const char *key_file_type_name(int nid)
{
    const char *nist_name = EC_curve_nid2nist(nid);
    const char *short_name = OBJ_nid2sn(nid);

    if (nist_name != NULL) {
        return nist_name;
    }
    if (nid == NID_rsaEncryption) {
        return "RSA";
    }
    if (nid == NID_ED25519) {
        return "Ed25519";
    }
    return nid == NID_undef || short_name == NULL ? "unknown" : short_name;
}

static enum ox fail_type(const struct key_file *file, int nid)
{
    return diag_fail(OX_KEY, "'%s' holds a key of type %s, expected P-256", file->path,
                     key_file_type_name(nid));
}

static enum ox fail_malformed(const struct key_file *file)
{
    return diag_fail(OX_KEY, "'%s' is damaged, expected a P-256 private key", file->path);
}

/* ---- EC keys ---------------------------------------------------------------------------------- */

static bool get_public(const EC_KEY *key, uint8_t ret_xy[64])
{
    const EC_GROUP *group = EC_KEY_get0_group(key);
    const EC_POINT *point = EC_KEY_get0_public_key(key);
    uint8_t bytes[65];

    if (EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes,
                           NULL) != sizeof bytes) {
        return false;
    }
    memcpy(ret_xy, bytes + 1, 64);
    return true;
}

/* The file's public half may be anything: it is compared with scalar * G. */
static bool halves_match(const EC_KEY *key)
{
    const EC_GROUP *group = EC_KEY_get0_group(key);
    const BIGNUM *scalar = EC_KEY_get0_private_key(key);
    const EC_POINT *public_point = EC_KEY_get0_public_key(key);
    EC_POINT *point;
    bool ok = false;

    if (scalar == NULL || public_point == NULL || BN_is_zero(scalar) || BN_is_negative(scalar) ||
        BN_cmp(scalar, EC_GROUP_get0_order(group)) >= 0) {
        return false;
    }
    point = EC_POINT_new(group);
    if (point != NULL && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1) {
        ok = EC_POINT_cmp(group, point, public_point, NULL) == 0;
    }
    EC_POINT_free(point);
    return ok;
}

static enum ox check_ec(const struct key_file *file, const EC_KEY *key)
{
    int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(key));

    if (curve != NID_X9_62_prime256v1) {
        return fail_type(file, curve);
    }
    if (EC_KEY_decoded_from_explicit_params(key) != 0) {
        return diag_fail(OX_KEY, "'%s' spells out its curve's parameters, expected the name P-256",
                         file->path);
    }
    return halves_match(key) ? OX_OK : fail_malformed(file);
}

/* An ECPrivateKey (RFC 5915); preset_curve when its curve is named outside it. */
static enum ox decode_ec(const struct key_file *file, const uint8_t *der, size_t der_len,
                         bool preset_curve, EC_KEY **ret)
{
    EC_KEY *key = preset_curve ? EC_KEY_new_by_curve_name(NID_X9_62_prime256v1) : EC_KEY_new();
    const uint8_t *end = der;
    bool whole =
        key != NULL && d2i_ECPrivateKey(&key, &end, (long)der_len) != NULL && end == der + der_len;
    enum ox ox = whole ? check_ec(file, key) : fail_malformed(file);

    ERR_clear_error();
    if (ox != OX_OK) {
        EC_KEY_free(key);
        return ox;
    }
    *ret = key;
    return OX_OK;
}

static enum ox decode_pkcs8_info(const struct key_file *file, const PKCS8_PRIV_KEY_INFO *info,
                                 EC_KEY **ret)
{
    const ASN1_OBJECT *type = NULL;
    const X509_ALGOR *algorithm = NULL;
    const uint8_t *der = NULL;
    const void *parameter = NULL;
    int parameter_type = V_ASN1_UNDEF;
    int der_len = 0;
    int curve;

    if (PKCS8_pkey_get0(&type, &der, &der_len, &algorithm, info) != 1) {
        return fail_malformed(file);
    }
    if (OBJ_obj2nid(type) != NID_X9_62_id_ecPublicKey) {
        return fail_type(file, OBJ_obj2nid(type));
    }
    X509_ALGOR_get0(NULL, &parameter_type, &parameter, algorithm);
    curve = parameter_type == V_ASN1_OBJECT ? OBJ_obj2nid(parameter) : NID_undef;
    if (curve != NID_X9_62_prime256v1) {
        return fail_type(file, curve);
    }
    return decode_ec(file, der, (size_t)der_len, true, ret);
}

static enum ox decode_pkcs8(const struct key_file *file, const uint8_t *der, size_t der_len,
                            EC_KEY **ret)
{
    const uint8_t *end = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &end, (long)der_len);
    enum ox ox = info != NULL && end == der + der_len ? decode_pkcs8_info(file, info, ret)
                                                      : fail_malformed(file);

    PKCS8_PRIV_KEY_INFO_free(info); /* wipes the key */
    ERR_clear_error();
    return ox;
}

/* ---- encrypted PKCS#8 ------------------------------------------------------------------------- */

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

static enum ox decrypt_pkcs8(const struct key_file *file, const X509_SIG *encrypted,
                             const struct key_options *options, EC_KEY **ret)
{
    char *what = xasprintf("passphrase for '%s'", file->path);
    const struct secret_source source = {.fd = options->passphrase_fd,
                                         .file = options->passphrase_file,
                                         .env = "OTAIMG_PASSPHRASE",
                                         .what = what};
    struct secret passphrase = {.len = 0};
    PKCS8_PRIV_KEY_INFO *info = NULL;
    enum ox ox = secret_get(&source, &passphrase);

    if (ox == OX_OK) {
        ERR_clear_error();
        info = PKCS8_decrypt(encrypted, passphrase.text, (int)passphrase.len);
        secret_wipe(&passphrase);
        if (info != NULL) {
            ox = decode_pkcs8_info(file, info, ret);
        } else if (passphrase_was_wrong()) {
            ox = diag_fail(OX_KEY, "cannot decrypt '%s', wrong passphrase", file->path);
        } else {
            ox = diag_fail(OX_KEY, "cannot decrypt '%s', expected PKCS#8 with PBES2", file->path);
        }
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    free(what);
    return ox;
}

static enum ox decode_encrypted(const struct key_file *file, const uint8_t *der, size_t der_len,
                                const struct key_options *options, EC_KEY **ret)
{
    const uint8_t *end = der;
    X509_SIG *encrypted = d2i_X509_SIG(NULL, &end, (long)der_len);
    enum ox ox = encrypted != NULL && end == der + der_len
                     ? decrypt_pkcs8(file, encrypted, options, ret)
                     : fail_malformed(file);

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
        return fail_type(file, NID_rsaEncryption);
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
    return decode_ec(file, block->der, der_len, false, ret);
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
    if (!get_public(key, ret_xy)) {
        EC_KEY_free(key);
        return fail_malformed(file);
    }
    pubkey_id(ret_xy, id);
    /* Hiding a key that everyone has would be noise. */
    if (known_key_find(id, NULL) == KNOWN_KEY_NO) {
        key_file_warn_if_exposed(file);
    }
    *ret = key;
    return OX_OK;
}
