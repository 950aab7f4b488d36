/*
 * Objects of a token: search and attributes. A key is taken only when exactly one fits; private
 * objects are invisible before login, so "not there" is said only of what would be seen.
 */
#include "p11.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"

#define CHUNK       32
#define MAX_OBJECTS 4096
#define MAX_LISTED  8

static enum ox collect(struct p11_session *session, struct p11_objects *found)
{
    CK_ULONG got = 0;

    do {
        CK_RV rv;

        found->handles = xrealloc(found->handles, (found->count + CHUNK) * sizeof *found->handles);
        rv = session->f->C_FindObjects(session->handle, found->handles + found->count, CHUNK, &got);
        if (rv != CKR_OK) {
            return p11_fail(session->token, "C_FindObjects", rv);
        }
        if (got > CHUNK || found->count + got > MAX_OBJECTS) {
            return diag_fail(OX_KEY, "token '%s': more than %d objects of one kind",
                             session->token->label, MAX_OBJECTS);
        }
        found->count += got;
    } while (got > 0);
    return OX_OK;
}

enum ox p11_find_matching(struct p11_session *session, const CK_ATTRIBUTE *attributes,
                          CK_ULONG count, struct p11_objects *ret)
{
    CK_ATTRIBUTE template[4];
    struct p11_objects found = {NULL, 0};
    enum ox result = OX_OK;
    CK_RV rv;

    memcpy(template, attributes, count * sizeof template[0]);
    rv = session->f->C_FindObjectsInit(session->handle, template, count);
    if (rv != CKR_OK) {
        return p11_fail(session->token, "C_FindObjectsInit", rv);
    }
    result = collect(session, &found);
    rv = session->f->C_FindObjectsFinal(session->handle);
    if (result == OX_OK && rv != CKR_OK) {
        result = p11_fail(session->token, "C_FindObjectsFinal", rv);
    }
    if (result != OX_OK) {
        free(found.handles);
        return result;
    }
    *ret = found;
    return OX_OK;
}

enum ox p11_find(struct p11_session *session, const struct p11_uri *uri, CK_OBJECT_CLASS class,
                 struct p11_objects *ret)
{
    static const CK_ATTRIBUTE_TYPE selecting[] = {CKA_LABEL, CKA_ID};
    CK_ATTRIBUTE template[3] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG count = 1;

    for (size_t i = 0; uri != NULL && i < sizeof selecting / sizeof selecting[0]; i++) {
        const CK_ATTRIBUTE *wanted = p11_kit.uri_get_attribute(uri->parsed, selecting[i]);

        if (wanted != NULL) {
            template[count++] = *wanted;
        }
    }
    return p11_find_matching(session, template, count, ret);
}

static const char *class_name(CK_OBJECT_CLASS class)
{
    return class == CKO_PRIVATE_KEY  ? "private key"
           : class == CKO_PUBLIC_KEY ? "public key"
           : class == CKO_SECRET_KEY ? "secret key"
                                     : "key";
}

bool p11_class_fits(const struct p11_uri *uri, CK_OBJECT_CLASS class)
{
    const CK_ATTRIBUTE *type = p11_kit.uri_get_attribute(uri->parsed, CKA_CLASS);

    return type == NULL ||
           (type->ulValueLen == sizeof class && memcmp(type->pValue, &class, sizeof class) == 0);
}

enum ox p11_check_class(const struct p11_uri *uri, CK_OBJECT_CLASS class)
{
    if (!p11_class_fits(uri, class)) {
        return diag_fail(OX_USAGE, "type= of the URI does not fit, expected a %s",
                         class_name(class));
    }
    return OX_OK;
}

/* "'app' (id 01)"; caller frees. */
static enum ox describe_object(struct p11_session *session, CK_OBJECT_HANDLE object, char **ret)
{
    struct p11_bytes label;
    struct p11_bytes id;
    enum ox result = p11_get_bytes(session, object, CKA_LABEL, &label);
    char *name = NULL;
    char *hex = NULL;

    if (result == OX_OK) {
        result = p11_get_bytes(session, object, CKA_ID, &id);
    }
    if (result != OX_OK) {
        return result;
    }
    name = p11_text(label.data, label.len);
    hex = xmalloc(2 * id.len + 1);
    hex_encode(id.data, id.len, hex);
    *ret = xasprintf("'%s' (id %s)", name, id.len > 0 ? hex : "none");
    free(hex);
    free(name);
    return OX_OK;
}

static enum ox describe_objects(struct p11_session *session, const struct p11_objects *objects,
                                char **ret)
{
    char *text = xstrdup("");

    for (size_t i = 0; i < objects->count && i < MAX_LISTED; i++) {
        char *one = NULL;
        char *longer = NULL;
        enum ox result = describe_object(session, objects->handles[i], &one);

        if (result != OX_OK) {
            free(text);
            return result;
        }
        longer = xasprintf("%s%s%s", text, i > 0 ? ", " : "", one);
        free(one);
        free(text);
        text = longer;
    }
    *ret = xasprintf("%s%s", text, objects->count > MAX_LISTED ? ", ..." : "");
    free(text);
    return OX_OK;
}

static enum ox fail_none(struct p11_session *session, const char *wanted, CK_OBJECT_CLASS class)
{
    const struct p11_token *token = session->token;
    struct p11_objects others = {NULL, 0};
    char *there = NULL;
    enum ox result = OX_OK;

    if (!token->logged_in && class != CKO_PUBLIC_KEY) {
        return diag_fail(OX_KEY,
                         "token '%s': not logged in, and of the %ss that show without none "
                         "matches '%s'",
                         token->label, class_name(class), wanted);
    }
    result = p11_find(session, NULL, class, &others);
    if (result == OX_OK) {
        result = describe_objects(session, &others, &there);
    }
    if (result == OX_OK) {
        result = diag_fail(OX_KEY, "token '%s': no %s matches '%s', found %s", token->label,
                           class_name(class), wanted, others.count > 0 ? there : "none");
    }
    free(there);
    free(others.handles);
    return result;
}

static enum ox fail_several(struct p11_session *session, const char *wanted, CK_OBJECT_CLASS class,
                            const struct p11_objects *found)
{
    char *there = NULL;
    enum ox result = describe_objects(session, found, &there);

    if (result == OX_OK) {
        result = diag_fail(OX_KEY, "token '%s': %zu %ss match '%s', expected one: %s",
                           session->token->label, found->count, class_name(class), wanted, there);
        diag_hint("give both object= and id= in the URI");
    }
    free(there);
    return result;
}

enum ox p11_find_key(struct p11_session *session, const struct p11_uri *uri, CK_OBJECT_CLASS class,
                     CK_OBJECT_HANDLE *ret)
{
    struct p11_objects found = {NULL, 0};
    enum ox result = p11_find(session, uri, class, &found);
    char *wanted = NULL;

    if (result != OX_OK) {
        return result;
    }
    wanted = p11_uri_format(uri->parsed, P11_KIT_URI_FOR_OBJECT);
    if (found.count == 0) {
        result = fail_none(session, wanted, class);
    } else if (found.count > 1) {
        result = fail_several(session, wanted, class, &found);
    } else {
        *ret = found.handles[0];
    }
    free(wanted);
    free(found.handles);
    return result;
}

/* At most size bytes; *ret_len = 0 when the object has no such attribute or does not show it. */
static enum ox get_value(struct p11_session *session, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE_TYPE type, void *value, size_t size, size_t *ret_len)
{
    CK_ATTRIBUTE attribute = {type, value, (CK_ULONG)size};
    CK_RV rv = session->f->C_GetAttributeValue(session->handle, object, &attribute, 1);

    *ret_len = 0;
    if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE) {
        return OX_OK;
    }
    if (rv != CKR_OK) {
        return p11_fail(session->token, "C_GetAttributeValue", rv);
    }
    /* Also catches CK_UNAVAILABLE_INFORMATION, which is the largest number there is. */
    if (attribute.ulValueLen <= size) {
        *ret_len = attribute.ulValueLen;
    }
    return OX_OK;
}

enum ox p11_get_bytes(struct p11_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                      struct p11_bytes *ret)
{
    return get_value(session, object, type, ret->data, sizeof ret->data, &ret->len);
}

/* The buffer is as long as the number: NSS refuses a longer one. */
enum ox p11_get_ulong(struct p11_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                      CK_ULONG *ret)
{
    CK_ULONG value = 0;
    size_t len = 0;
    enum ox result = get_value(session, object, type, &value, sizeof value, &len);

    if (result == OX_OK) {
        *ret = len == sizeof value ? value : 0;
    }
    return result;
}

enum ox p11_get_bool(struct p11_session *session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                     bool *ret)
{
    CK_BBOOL value = CK_FALSE;
    size_t len = 0;
    enum ox result = get_value(session, object, type, &value, sizeof value, &len);

    if (result == OX_OK) {
        *ret = len == sizeof value && value != CK_FALSE;
    }
    return result;
}
