/*
 * P-256 private keys from their ASN.1.
 *
 * Layer: below key_file. PKCS#8 and SEC1 are taken apart with libcrypto's ASN.1 functions instead of its
 * decoders, which cost more time than signing. Invariant: a key that is handed out is on P-256, in
 * range, and its public half is that of its private half.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* EC_KEY, without deprecation warnings */

#include "key_ec.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <string.h>

#include "diag.h"

const char *key_ec_type_name(int nid)
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

enum ox key_ec_fail_type(const struct key_file *file, int nid)
{
    return diag_fail(OX_KEY, "'%s' holds a key of type %s, expected P-256", file->path,
                     key_ec_type_name(nid));
}

enum ox key_ec_fail_malformed(const struct key_file *file)
{
    return diag_fail(OX_KEY, "'%s' is damaged, expected a P-256 private key", file->path);
}

bool key_ec_public(const EC_KEY *key, uint8_t ret_xy[64])
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
        return key_ec_fail_type(file, curve);
    }
    if (EC_KEY_decoded_from_explicit_params(key) != 0) {
        return diag_fail(OX_KEY, "'%s' spells out its curve's parameters, expected the name P-256",
                         file->path);
    }
    return halves_match(key) ? OX_OK : key_ec_fail_malformed(file);
}

/* An ECPrivateKey (RFC 5915); preset_curve when its curve is named outside it. */
static enum ox decode_ec(const struct key_file *file, const uint8_t *der, size_t der_len,
                         bool preset_curve, EC_KEY **ret)
{
    EC_KEY *key = preset_curve ? EC_KEY_new_by_curve_name(NID_X9_62_prime256v1) : EC_KEY_new();
    const uint8_t *end = der;
    bool whole =
        key != NULL && d2i_ECPrivateKey(&key, &end, (long)der_len) != NULL && end == der + der_len;
    enum ox ox = whole ? check_ec(file, key) : key_ec_fail_malformed(file);

    ERR_clear_error();
    if (ox != OX_OK) {
        EC_KEY_free(key);
        return ox;
    }
    *ret = key;
    return OX_OK;
}

enum ox key_ec_from_pkcs8(const struct key_file *file, const PKCS8_PRIV_KEY_INFO *info,
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
        return key_ec_fail_malformed(file);
    }
    if (OBJ_obj2nid(type) != NID_X9_62_id_ecPublicKey) {
        return key_ec_fail_type(file, OBJ_obj2nid(type));
    }
    X509_ALGOR_get0(NULL, &parameter_type, &parameter, algorithm);
    curve = parameter_type == V_ASN1_OBJECT ? OBJ_obj2nid(parameter) : NID_undef;
    if (curve != NID_X9_62_prime256v1) {
        return key_ec_fail_type(file, curve);
    }
    return decode_ec(file, der, (size_t)der_len, true, ret);
}

enum ox key_ec_from_sec1(const struct key_file *file, const uint8_t *der, size_t der_len,
                         EC_KEY **ret)
{
    return decode_ec(file, der, der_len, false, ret);
}
