/*
 * Loading P-256 public keys from files and tokens.
 *
 * Layer: above key_file and token_keys. libcrypto's own decoders are only asked what a file holds
 * that is not the expected encoding. Invariant: a loaded key is a point on the curve.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* EC_KEY, without deprecation warnings */

#include "pubkey.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "key_ec.h"
#include "key_file.h"
#include "key_uri.h"
#include "token_keys.h"
#include "util.h"

static bool on_curve(const uint8_t xy[PUBKEY_LEN])
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *x = BN_bin2bn(xy, 32, NULL);
    BIGNUM *y = BN_bin2bn(xy + 32, 32, NULL);
    bool ok = key != NULL && x != NULL && y != NULL &&
              EC_KEY_set_public_key_affine_coordinates(key, x, y) == 1;

    BN_free(x);
    BN_free(y);
    EC_KEY_free(key);
    ERR_clear_error();
    return ok;
}

/* Says what a SubjectPublicKeyInfo that is not the expected one holds instead. */
static enum ox fail_spki(const char *path, const uint8_t *der, size_t der_len)
{
    const uint8_t *end = der;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &end, (long)der_len);
    char group[40];
    int nid = key != NULL ? EVP_PKEY_get_base_id(key) : NID_undef;
    enum ox ox;

    if (nid == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
        nid = OBJ_sn2nid(group);
    }
    if (key == NULL || end != der + der_len) {
        ox = diag_fail(OX_KEY,
                       "'%s' holds no public key that can be read, expected a P-256 key: public "
                       "in PEM or DER, private in PEM",
                       path);
    } else if (nid == NID_X9_62_prime256v1) {
        ox = diag_fail(OX_KEY,
                       "'%s' holds a P-256 key in an unusual encoding, expected a named "
                       "curve and an uncompressed point",
                       path);
    } else {
        ox = diag_fail(OX_KEY, "'%s' holds a key of type %s, expected P-256", path,
                       key_ec_type_name(nid));
    }
    EVP_PKEY_free(key);
    ERR_clear_error();
    return ox;
}

static enum ox decode_spki(const char *path, const uint8_t *der, size_t der_len,
                           uint8_t ret_xy[PUBKEY_LEN])
{
    uint8_t xy[PUBKEY_LEN];

    if (!pubkey_from_spki(der, der_len, xy)) {
        return fail_spki(path, der, der_len);
    }
    if (!on_curve(xy)) {
        return diag_fail(OX_KEY, "'%s' holds a point that is not on the curve, expected P-256",
                         path);
    }
    memcpy(ret_xy, xy, sizeof xy);
    return OX_OK;
}

static enum ox from_file(const char *path, const struct key_options *options,
                         uint8_t ret_xy[PUBKEY_LEN])
{
    EC_KEY *private_key = NULL;
    struct key_file file;
    uint8_t *der = NULL;
    size_t der_len = 0;
    enum ox ox = key_file_read(path, &file);

    if (ox != OX_OK) {
        return ox;
    }
    key_file_init_crypto();
    if (file.len > 0 && file.bytes[0] == 0x30) {
        ox = decode_spki(path, file.bytes, file.len, ret_xy);
    } else if (key_file_pem_block(&file, "PUBLIC KEY", &der, &der_len)) {
        ox = decode_spki(path, der, der_len, ret_xy);
        wipe_free(der, der_len);
    } else {
        ox =
            key_file_private(&file, options, "a P-256 public or private key", ret_xy, &private_key);
        EC_KEY_free(private_key);
    }
    key_file_free(&file);
    return ox;
}

/* The program is not asked: what it signs with has to be known without it. */
static enum ox from_exec(const char *uri, const struct key_options *options,
                         uint8_t ret_xy[PUBKEY_LEN])
{
    struct key_uri_exec exec;
    enum ox ox = key_uri_exec_read(uri, NULL, &exec);

    if (ox == OX_OK) {
        ox = from_file(exec.public_path, options, ret_xy);
        key_uri_exec_free(&exec);
    }
    return ox;
}

enum ox pubkey_load(const char *uri, const struct key_options *options, uint8_t ret_xy[PUBKEY_LEN])
{
    enum key_uri_kind kind = KEY_URI_FILE;

    /* A plain path is taken too: public keys are no secrets and often named in other files. */
    if (!key_uri_has_scheme(uri)) {
        return from_file(uri, options, ret_xy);
    }
    if (key_uri_kind_of(uri, &kind) != OX_OK) {
        return OX_USAGE;
    }
    switch (kind) {
    case KEY_URI_PKCS11:
        return token_public_key(uri, options, ret_xy);
    case KEY_URI_EXEC:
        return from_exec(uri, options, ret_xy);
    case KEY_URI_FILE:
        break;
    }
    return from_file(key_uri_path(uri), options, ret_xy);
}

bool pubkey_from_pem(const char *text, uint8_t ret_xy[PUBKEY_LEN])
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    uint8_t xy[PUBKEY_LEN];
    uint8_t *der = NULL;
    long der_len = 0;
    bool ok = bio != NULL &&
              PEM_bytes_read_bio(&der, &der_len, NULL, PEM_STRING_PUBLIC, bio, NULL, NULL) == 1;

    ok = ok && pubkey_from_spki(der, (size_t)der_len, xy) && on_curve(xy);
    if (ok) {
        char *again = pubkey_to_pem(xy);

        ok = strcmp(again, text) == 0;
        free(again);
    }
    if (ok) {
        memcpy(ret_xy, xy, sizeof xy);
    }
    OPENSSL_free(der);
    (void)BIO_free(bio);
    ERR_clear_error();
    return ok;
}
