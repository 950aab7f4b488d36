/*
 * What a key object is: type, curve, public point, and which objects make a pair.
 */
#include "p11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"

#define POINT_LEN 65 /* 04 | X | Y */

/* spec: RFC 5480, 2.1.1.1: 1.2.840.10045.3.1.7 */
const uint8_t p11_ec_p256_oid[P11_EC_P256_OID_LEN] = {0x06, 0x08, 0x2A, 0x86, 0x48,
                                                      0xCE, 0x3D, 0x03, 0x01, 0x07};

static const struct {
    const char *name;
    size_t len;
    uint8_t oid[P11_EC_P256_OID_LEN];
} other_curves[] = {
    {"EC P-384", 7, {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22}},
    {"EC P-521", 7, {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23}},
    {"EC secp256k1", 7, {0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A}},
};

static void name_type(struct p11_key_type *type, enum token_key_kind kind, const char *name)
{
    type->kind = kind;
    (void)snprintf(type->name, sizeof type->name, "%s", name);
}

static enum ox ec_type(struct p11_session *session, CK_OBJECT_HANDLE object,
                       struct p11_key_type *ret)
{
    struct p11_bytes params;
    enum ox result = p11_get_bytes(session, object, CKA_EC_PARAMS, &params);

    name_type(ret, TOKEN_KEY_OTHER, "EC other");
    if (params.len == sizeof p11_ec_p256_oid &&
        memcmp(params.data, p11_ec_p256_oid, params.len) == 0) {
        name_type(ret, TOKEN_KEY_EC_P256, "EC P-256");
    }
    for (size_t i = 0; i < sizeof other_curves / sizeof other_curves[0]; i++) {
        if (params.len == other_curves[i].len &&
            memcmp(params.data, other_curves[i].oid, params.len) == 0) {
            name_type(ret, TOKEN_KEY_OTHER, other_curves[i].name);
        }
    }
    return result;
}

static enum ox aes_type(struct p11_session *session, CK_OBJECT_HANDLE object,
                        struct p11_key_type *ret)
{
    CK_ULONG len = 0;
    enum ox result = p11_get_ulong(session, object, CKA_VALUE_LEN, &len);

    ret->kind = len == 16 ? TOKEN_KEY_AES128 : TOKEN_KEY_OTHER;
    (void)snprintf(ret->name, sizeof ret->name, "AES-%lu", len * 8);
    return result;
}

static enum ox rsa_type(struct p11_session *session, CK_OBJECT_HANDLE object,
                        struct p11_key_type *ret)
{
    struct p11_bytes modulus;
    enum ox result = p11_get_bytes(session, object, CKA_MODULUS, &modulus);

    ret->kind = TOKEN_KEY_OTHER;
    (void)snprintf(ret->name, sizeof ret->name, "RSA-%zu", modulus.len * 8);
    return result;
}

enum ox p11_key_type(struct p11_session *session, CK_OBJECT_HANDLE object, struct p11_key_type *ret)
{
    CK_ULONG type = 0;
    enum ox result = p11_get_ulong(session, object, CKA_KEY_TYPE, &type);

    if (result != OX_OK) {
        return result;
    }
    switch (type) {
    case CKK_EC:
        return ec_type(session, object, ret);
    case CKK_AES:
        return aes_type(session, object, ret);
    case CKK_RSA:
        return rsa_type(session, object, ret);
    default: /* not an enum: CK_KEY_TYPE is an open list of numbers */
        ret->kind = TOKEN_KEY_OTHER;
        (void)snprintf(ret->name, sizeof ret->name, "key type 0x%lx", type);
        return OX_OK;
    }
}

enum ox p11_key_expect(struct p11_session *session, CK_OBJECT_HANDLE object,
                       enum token_key_kind kind)
{
    struct p11_key_type type;
    enum ox result = p11_key_type(session, object, &type);

    if (result == OX_OK && type.kind != kind) {
        result = diag_fail(OX_KEY, "token '%s': the key is %s, expected %s", session->token->label,
                           type.name, kind == TOKEN_KEY_AES128 ? "AES-128" : "EC P-256");
    }
    return result;
}

static enum ox open_parsed(const struct p11_uri *uri, const struct key_options *options,
                           CK_OBJECT_CLASS class, struct p11_session *session,
                           CK_OBJECT_HANDLE *ret_key)
{
    struct p11_token *token = NULL;
    enum ox result = p11_check_class(uri, class);

    if (result == OX_OK) {
        result = p11_token_find(uri, &token);
    }
    if (result == OX_OK) {
        result = p11_session_open(token, false, session);
    }
    if (result == OX_OK) {
        result = p11_login(session, uri, options);
    }
    if (result == OX_OK) {
        result = p11_find_key(session, uri, class, ret_key);
    }
    return result;
}

enum ox p11_key_open(const char *text, const struct key_options *options, CK_OBJECT_CLASS class,
                     enum token_key_kind kind, struct p11_session *ret_session,
                     CK_OBJECT_HANDLE *ret_key)
{
    struct p11_session session = {NULL, NULL, 0};
    struct p11_uri uri;
    enum ox result = p11_uri_parse(text, &uri);

    if (result != OX_OK) {
        return result;
    }
    result = open_parsed(&uri, options, class, &session, ret_key);
    if (result == OX_OK) {
        result = p11_key_expect(&session, *ret_key, kind);
    }
    p11_uri_free(&uri);
    if (result != OX_OK) {
        p11_session_close(&session);
        return result;
    }
    *ret_session = session;
    return OX_OK;
}

bool p11_ec_point_decode(const uint8_t *bytes, size_t len, uint8_t ret_xy[64])
{
    if (len == POINT_LEN + 2 && bytes[0] == 0x04 && bytes[1] == POINT_LEN) {
        bytes += 2;
        len -= 2;
    }
    if (len != POINT_LEN || bytes[0] != 0x04) {
        return false;
    }
    memcpy(ret_xy, bytes + 1, POINT_LEN - 1);
    return true;
}

enum ox p11_ec_point(struct p11_session *session, CK_OBJECT_HANDLE object, bool *ret_known,
                     uint8_t ret_xy[64])
{
    struct p11_bytes point;
    enum ox result = p11_get_bytes(session, object, CKA_EC_POINT, &point);

    if (result == OX_OK) {
        *ret_known = p11_ec_point_decode(point.data, point.len, ret_xy);
    }
    return result;
}

static enum ox find_by(struct p11_session *session, CK_OBJECT_HANDLE object, CK_OBJECT_CLASS class,
                       CK_ATTRIBUTE_TYPE by, CK_OBJECT_HANDLE *ret_object)
{
    struct p11_bytes value;
    struct p11_objects found = {NULL, 0};
    enum ox result = p11_get_bytes(session, object, by, &value);

    if (result == OX_OK && value.len > 0) {
        CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {by, value.data, value.len}};

        result = p11_find_matching(session, template, 2, &found);
    }
    if (result == OX_OK) {
        *ret_object = found.count == 1 ? found.handles[0] : 0;
    }
    free(found.handles);
    return result;
}

enum ox p11_find_partner(struct p11_session *session, CK_OBJECT_HANDLE object,
                         CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *ret_object)
{
    enum ox result = find_by(session, object, class, CKA_ID, ret_object);

    if (result == OX_OK && *ret_object == 0) {
        result = find_by(session, object, class, CKA_LABEL, ret_object);
    }
    return result;
}

enum ox p11_public_key(struct p11_session *session, CK_OBJECT_HANDLE key, CK_OBJECT_CLASS class,
                       uint8_t ret_xy[64])
{
    CK_OBJECT_HANDLE public_key = key;
    bool known = false;
    enum ox result = OX_OK;

    if (class == CKO_PRIVATE_KEY) {
        result = p11_find_partner(session, key, CKO_PUBLIC_KEY, &public_key);
    }
    if (result == OX_OK && public_key != 0) {
        result = p11_ec_point(session, public_key, &known, ret_xy);
    }
    if (result == OX_OK && !known) {
        result = p11_ec_point(session, key, &known, ret_xy);
    }
    if (result == OX_OK && !known) {
        result = diag_fail(OX_KEY,
                           "token '%s': the public key is not known, expected one public key "
                           "object with the id or label of the private key",
                           session->token->label);
    }
    return result;
}
