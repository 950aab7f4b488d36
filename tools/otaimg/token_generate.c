/*
 * Generating keys in a token.
 *
 * Invariant: a key that stays was read back and is what was asked for - sensitive, not extractable,
 * one purpose; anything else is destroyed again.
 */
#include "token_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "diag.h"
#include "p11.h"
#include "pubkey.h"
#include "util.h"

#define MADE_ID_LEN   8 /* of an id that the URI does not give */
#define TEMPLATE_MAX  20
#define FLAG_COUNT(a) (sizeof(a) / sizeof(a)[0])

struct flag {
    CK_ATTRIBUTE_TYPE type;
    CK_BBOOL value;
    const char *name;
};

#define FLAG(type, value)                                                                          \
    {                                                                                              \
        type, value, #type                                                                         \
    }

/* Tokens turn on what a template leaves out, so every use is named. */
static const struct flag private_flags[] = {
    FLAG(CKA_TOKEN, CK_TRUE),        FLAG(CKA_PRIVATE, CK_TRUE), FLAG(CKA_SENSITIVE, CK_TRUE),
    FLAG(CKA_EXTRACTABLE, CK_FALSE), FLAG(CKA_SIGN, CK_TRUE),    FLAG(CKA_SIGN_RECOVER, CK_FALSE),
    FLAG(CKA_DECRYPT, CK_FALSE),     FLAG(CKA_UNWRAP, CK_FALSE), FLAG(CKA_DERIVE, CK_FALSE),
};

static const struct flag public_flags[] = {
    FLAG(CKA_TOKEN, CK_TRUE),           FLAG(CKA_PRIVATE, CK_FALSE), FLAG(CKA_VERIFY, CK_TRUE),
    FLAG(CKA_VERIFY_RECOVER, CK_FALSE), FLAG(CKA_ENCRYPT, CK_FALSE), FLAG(CKA_WRAP, CK_FALSE),
    FLAG(CKA_DERIVE, CK_FALSE),
};

static const struct flag secret_flags[] = {
    FLAG(CKA_TOKEN, CK_TRUE),        FLAG(CKA_PRIVATE, CK_TRUE), FLAG(CKA_SENSITIVE, CK_TRUE),
    FLAG(CKA_EXTRACTABLE, CK_FALSE), FLAG(CKA_ENCRYPT, CK_TRUE), FLAG(CKA_DECRYPT, CK_TRUE),
    FLAG(CKA_SIGN, CK_FALSE),        FLAG(CKA_VERIFY, CK_FALSE), FLAG(CKA_WRAP, CK_FALSE),
    FLAG(CKA_UNWRAP, CK_FALSE),      FLAG(CKA_DERIVE, CK_FALSE),
};

/* What is being made. */
struct job {
    struct p11_session session;
    CK_ATTRIBUTE label; /* of the URI */
    CK_ATTRIBUTE id;    /* of the URI or made here; ulValueLen 0 = not known yet */
    uint8_t made_id[MADE_ID_LEN];
    CK_OBJECT_HANDLE objects[2]; /* private or secret, public; 0 = none */
};

struct template
{
    CK_ULONG count;
    CK_ATTRIBUTE list[TEMPLATE_MAX];
    CK_BBOOL values[TEMPLATE_MAX];
};

static void add(struct template *t, CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG len)
{
    t->list[t->count].type = type;
    t->list[t->count].pValue = value;
    t->list[t->count].ulValueLen = len;
    t->count++;
}

static void fill(struct template *t, struct job *job, const struct flag *flags, size_t flag_count)
{
    t->count = 0;
    for (size_t i = 0; i < flag_count; i++) {
        t->values[i] = flags[i].value;
        add(t, flags[i].type, &t->values[i], sizeof t->values[i]);
    }
    add(t, CKA_LABEL, job->label.pValue, job->label.ulValueLen);
    if (job->id.ulValueLen > 0) {
        add(t, CKA_ID, job->id.pValue, job->id.ulValueLen);
    }
}

static void use_made_id(struct job *job)
{
    job->id.pValue = job->made_id;
    job->id.ulValueLen = sizeof job->made_id;
}

static enum ox check_flags(struct job *job, CK_OBJECT_HANDLE object, const struct flag *flags,
                           size_t flag_count)
{
    for (size_t i = 0; i < flag_count; i++) {
        bool value = false;
        enum ox result = p11_get_bool(&job->session, object, flags[i].type, &value);

        if (result == OX_OK && value != (flags[i].value != CK_FALSE)) {
            result = diag_fail(OX_KEY, "token '%s': the new key has %s %s, expected %s",
                               job->session.token->label, flags[i].name, value ? "true" : "false",
                               value ? "false" : "true");
        }
        if (result != OX_OK) {
            return result;
        }
    }
    return OX_OK;
}

/* The id of a pair comes from its public key, so it is set when that is known. */
static enum ox set_id(struct job *job, const uint8_t xy[64])
{
    uint8_t digest[32];

    pubkey_id(xy, digest);
    memcpy(job->made_id, digest, sizeof job->made_id);
    use_made_id(job);
    for (size_t i = 0; i < 2; i++) {
        CK_ATTRIBUTE id = {CKA_ID, job->id.pValue, job->id.ulValueLen};
        CK_RV rv =
            job->session.f->C_SetAttributeValue(job->session.handle, job->objects[i], &id, 1);

        if (rv != CKR_OK) {
            return p11_fail(job->session.token, "C_SetAttributeValue", rv);
        }
    }
    return OX_OK;
}

static enum ox make_pair(struct job *job)
{
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    uint8_t curve[P11_EC_P256_OID_LEN];
    struct template private_key;
    struct template public_key;
    CK_RV rv;

    memcpy(curve, p11_ec_p256_oid, sizeof curve);
    fill(&private_key, job, private_flags, FLAG_COUNT(private_flags));
    fill(&public_key, job, public_flags, FLAG_COUNT(public_flags));
    add(&public_key, CKA_EC_PARAMS, curve, sizeof curve);
    rv = job->session.f->C_GenerateKeyPair(job->session.handle, &mechanism, public_key.list,
                                           public_key.count, private_key.list, private_key.count,
                                           &job->objects[1], &job->objects[0]);
    return rv == CKR_OK ? OX_OK : p11_fail(job->session.token, "C_GenerateKeyPair", rv);
}

static enum ox generate_pair(struct job *job, uint8_t ret_xy[64])
{
    bool known = false;
    uint8_t xy[64];
    enum ox result = make_pair(job);

    if (result == OX_OK) {
        result = p11_ec_point(&job->session, job->objects[1], &known, xy);
    }
    if (result == OX_OK && !known) {
        result = diag_fail(OX_KEY, "token '%s': the new public key does not show its point",
                           job->session.token->label);
    }
    if (result == OX_OK && job->id.ulValueLen == 0) {
        result = set_id(job, xy);
    }
    if (result == OX_OK) {
        result = check_flags(job, job->objects[0], private_flags, FLAG_COUNT(private_flags));
    }
    if (result == OX_OK) {
        result = check_flags(job, job->objects[1], public_flags, FLAG_COUNT(public_flags));
    }
    if (result == OX_OK) {
        memcpy(ret_xy, xy, sizeof xy);
    }
    return result;
}

static enum ox generate_secret(struct job *job)
{
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG key_len = 16;
    struct template secret;
    CK_RV rv;

    if (job->id.ulValueLen == 0) {
        if (getrandom(job->made_id, sizeof job->made_id, 0) != (ssize_t)sizeof job->made_id) {
            return diag_fail(OX_INTERNAL, "cannot get random bytes: %s", strerror(errno));
        }
        use_made_id(job);
    }
    fill(&secret, job, secret_flags, FLAG_COUNT(secret_flags));
    add(&secret, CKA_VALUE_LEN, &key_len, sizeof key_len);
    rv = job->session.f->C_GenerateKey(job->session.handle, &mechanism, secret.list, secret.count,
                                       &job->objects[0]);
    if (rv != CKR_OK) {
        return p11_fail(job->session.token, "C_GenerateKey", rv);
    }
    return check_flags(job, job->objects[0], secret_flags, FLAG_COUNT(secret_flags));
}

static void destroy(struct job *job)
{
    for (size_t i = 0; i < 2; i++) {
        if (job->objects[i] != 0) {
            (void)job->session.f->C_DestroyObject(job->session.handle, job->objects[i]);
        }
    }
}

/* Refuses when any key has this label or this id: later URIs would be ambiguous. */
static enum ox check_free(struct job *job, const CK_ATTRIBUTE *name, const char *what)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKO_PUBLIC_KEY};

    for (size_t i = 0; name->ulValueLen > 0 && i < FLAG_COUNT(classes); i++) {
        CK_OBJECT_CLASS class = classes[i];
        CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, *name};
        struct p11_objects found = {NULL, 0};
        enum ox result = p11_find_matching(&job->session, template, 2, &found);

        free(found.handles);
        if (result == OX_OK && found.count > 0) {
            result = diag_fail(OX_KEY, "token '%s': a key with this %s exists, expected a new %s",
                               job->session.token->label, what, what);
        }
        if (result != OX_OK) {
            return result;
        }
    }
    return OX_OK;
}

static enum ox generate(struct job *job, enum token_key_kind kind, uint8_t ret_xy[64])
{
    enum ox result = check_free(job, &job->label, "label");

    if (result == OX_OK) {
        result = check_free(job, &job->id, "id");
    }
    if (result != OX_OK) {
        return result;
    }
    result = kind == TOKEN_KEY_AES128 ? generate_secret(job) : generate_pair(job, ret_xy);
    if (result != OX_OK) {
        destroy(job);
    }
    return result;
}

static enum ox read_names(const struct p11_uri *uri, const char *text, struct job *job)
{
    const CK_ATTRIBUTE *label = p11_kit.uri_get_attribute(uri->parsed, CKA_LABEL);
    const CK_ATTRIBUTE *id = p11_kit.uri_get_attribute(uri->parsed, CKA_ID);

    if (label == NULL || label->ulValueLen == 0) {
        return diag_fail(OX_USAGE, "'%s' does not name the new key, expected object=", text);
    }
    job->label = *label;
    job->id.type = CKA_ID;
    if (id != NULL) {
        job->id = *id;
    }
    return OX_OK;
}

enum ox token_generate(const char *uri, const struct key_options *options, enum token_key_kind kind,
                       uint8_t ret_xy[64])
{
    struct job job = {{NULL, NULL, 0}, {CKA_LABEL, NULL, 0}, {CKA_ID, NULL, 0}, {0}, {0, 0}};
    struct p11_token *token = NULL;
    struct p11_uri parsed;
    enum ox result = p11_uri_parse(uri, &parsed);

    if (result != OX_OK) {
        return result;
    }
    result = read_names(&parsed, uri, &job);
    if (result == OX_OK) {
        result =
            p11_check_class(&parsed, kind == TOKEN_KEY_AES128 ? CKO_SECRET_KEY : CKO_PRIVATE_KEY);
    }
    if (result == OX_OK) {
        result = p11_token_find(&parsed, &token);
    }
    if (result == OX_OK) {
        result = p11_session_open(token, true, &job.session);
    }
    if (result == OX_OK) {
        result = p11_login(&job.session, &parsed, options);
    }
    if (result == OX_OK) {
        result = generate(&job, kind, ret_xy);
    }
    p11_session_close(&job.session);
    p11_uri_free(&parsed);
    return result;
}
