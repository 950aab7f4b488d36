/*
 * Keys on tokens as a list: one entry a key, made of the private and the public object of a pair.
 * Every entry has a URI that can be pasted where a key is taken. A token is an entry of its own.
 */
#include "token_keys.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "p11.h"
#include "util.h"

/* Key classes in the order of the list; a public object is listed on its own only when its private
 * half does not show. */
static const CK_OBJECT_CLASS listed_classes[] = {CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKO_PUBLIC_KEY};

struct listing {
    struct p11_session session;
    const struct p11_uri *uri;
    token_key_visit *visit;
    token_visit *visit_token;
    void *user;
    struct token_seen token; /* the one whose keys are being visited */
};

/* URI of an object on its token, module included; caller frees. */
static char *object_uri(const struct listing *list, const struct p11_bytes *label,
                        const struct p11_bytes *id)
{
    P11KitUri *uri = p11_kit.uri_new();
    /* p11-kit copies the values; its pointers are not const. */
    struct p11_bytes value = *label;
    CK_ATTRIBUTE attribute = {CKA_LABEL, value.data, (CK_ULONG)value.len};
    char *text = NULL;

    *p11_kit.uri_get_token_info(uri) = list->session.token->info;
    p11_kit.uri_set_module_path(uri, list->uri->module_path);
    if (list->uri->init_args != NULL) {
        (void)p11_kit.uri_set_vendor_query(uri, P11_INIT_ARGS, list->uri->init_args);
    }
    if (value.len > 0) {
        (void)p11_kit.uri_set_attribute(uri, &attribute);
    }
    value = *id;
    attribute.type = CKA_ID;
    attribute.ulValueLen = (CK_ULONG)value.len;
    if (value.len > 0) {
        (void)p11_kit.uri_set_attribute(uri, &attribute);
    }
    if (p11_kit.uri_format(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) != P11_KIT_URI_OK) {
        text = xstrdup("pkcs11:");
    }
    p11_kit.uri_free(uri);
    return text;
}

static enum ox read_secrecy(struct listing *list, CK_OBJECT_HANDLE object, struct token_key *key)
{
    enum ox result = p11_get_bool(&list->session, object, CKA_SENSITIVE, &key->sensitive);

    if (result == OX_OK) {
        result = p11_get_bool(&list->session, object, CKA_EXTRACTABLE, &key->extractable);
    }
    return result;
}

/* The public half: of the object itself or of its partner. */
static enum ox read_public(struct listing *list, CK_OBJECT_HANDLE object, CK_OBJECT_CLASS class,
                           struct token_key *key)
{
    CK_OBJECT_HANDLE public_key = object;
    enum ox result = OX_OK;

    if (class == CKO_PRIVATE_KEY) {
        result = p11_find_partner(&list->session, object, CKO_PUBLIC_KEY, &public_key);
    }
    key->has_public = public_key != 0;
    if (result == OX_OK && key->kind == TOKEN_KEY_EC_P256) {
        result = p11_ec_point(&list->session, key->has_public ? public_key : object, &key->has_xy,
                              key->xy);
    }
    return result;
}

static enum ox read_key(struct listing *list, CK_OBJECT_HANDLE object, CK_OBJECT_CLASS class,
                        struct p11_key_type *type, struct token_key *key)
{
    enum ox result = p11_key_type(&list->session, object, type);

    key->kind = type->kind;
    key->type = type->name;
    key->logged_in = list->session.token->logged_in;
    key->has_private = class != CKO_PUBLIC_KEY;
    if (result == OX_OK && key->has_private) {
        result = read_secrecy(list, object, key);
    }
    if (result == OX_OK && class != CKO_SECRET_KEY) {
        result = read_public(list, object, class, key);
    }
    return result;
}

static void visit_named(struct listing *list, struct token_key *key, const struct p11_bytes *label,
                        const struct p11_bytes *id)
{
    char *name = p11_text(label->data, label->len);
    char *uri = object_uri(list, label, id);

    key->token_label = list->token.label;
    key->token_serial = list->token.serial;
    key->token_model = list->token.model;
    key->token_manufacturer = list->token.manufacturer;
    key->label = name;
    key->id = id->data;
    key->id_len = id->len;
    key->uri = uri;
    list->token.key_count++;
    list->visit(list->user, key);
    free(uri);
    free(name);
}

static enum ox list_object(struct listing *list, CK_OBJECT_HANDLE object, CK_OBJECT_CLASS class)
{
    struct token_key key = {0};
    struct p11_key_type type = {TOKEN_KEY_OTHER, ""};
    struct p11_bytes label;
    struct p11_bytes id;
    enum ox result = read_key(list, object, class, &type, &key);

    if (result == OX_OK) {
        result = p11_get_bytes(&list->session, object, CKA_LABEL, &label);
    }
    if (result == OX_OK) {
        result = p11_get_bytes(&list->session, object, CKA_ID, &id);
    }
    if (result == OX_OK) {
        visit_named(list, &key, &label, &id);
    }
    return result;
}

static enum ox list_class(struct listing *list, CK_OBJECT_CLASS class)
{
    struct p11_objects found = {NULL, 0};
    enum ox result = p11_find(&list->session, list->uri, class, &found);

    for (size_t i = 0; result == OX_OK && i < found.count; i++) {
        CK_OBJECT_HANDLE private_key = 0;

        if (class == CKO_PUBLIC_KEY) {
            result =
                p11_find_partner(&list->session, found.handles[i], CKO_PRIVATE_KEY, &private_key);
        }
        if (result == OX_OK && private_key == 0) {
            result = list_object(list, found.handles[i], class);
        }
    }
    free(found.handles);
    return result;
}

static bool asks_for_all(const struct p11_uri *uri)
{
    return p11_kit.uri_get_attribute(uri->parsed, CKA_LABEL) == NULL &&
           p11_kit.uri_get_attribute(uri->parsed, CKA_ID) == NULL &&
           p11_kit.uri_get_attribute(uri->parsed, CKA_CLASS) == NULL;
}

static void visit_seen(struct listing *list)
{
    static const struct p11_bytes none = {0, {0}};
    char *uri = object_uri(list, &none, &none);

    list->token.uri = uri;
    list->token.logged_in = list->session.token->logged_in;
    list->token.all_keys = asks_for_all(list->uri);
    list->visit_token(list->user, &list->token);
    free(uri);
}

static enum ox list_keys(struct listing *list, const struct key_options *options, bool login)
{
    enum ox result = login ? p11_login(&list->session, list->uri, options) : OX_OK;

    for (size_t i = 0; i < sizeof listed_classes / sizeof listed_classes[0]; i++) {
        if (result == OX_OK && p11_class_fits(list->uri, listed_classes[i])) {
            result = list_class(list, listed_classes[i]);
        }
    }
    if (result == OX_OK && list->visit_token != NULL) {
        visit_seen(list);
    }
    return result;
}

static enum ox list_token(struct listing *list, struct p11_token *token,
                          const struct key_options *options, bool login)
{
    const CK_TOKEN_INFO *info = &token->info;
    char *serial = p11_text(info->serialNumber, sizeof info->serialNumber);
    char *model = p11_text(info->model, sizeof info->model);
    char *manufacturer = p11_text(info->manufacturerID, sizeof info->manufacturerID);
    enum ox result = p11_session_open(token, false, &list->session);

    list->token = (struct token_seen){
        .label = token->label, .serial = serial, .model = model, .manufacturer = manufacturer};
    if (result == OX_OK) {
        result = list_keys(list, options, login);
    }
    p11_session_close(&list->session);
    free(manufacturer);
    free(model);
    free(serial);
    return result;
}

/* One PIN that is given would be tried at every token, and some of them would count it as wrong. */
static enum ox check_one_login(const struct p11_uri *uri, const struct key_options *options,
                               struct p11_token *const *tokens, size_t count)
{
    size_t logins = 0;

    for (size_t i = 0; i < count; i++) {
        logins += p11_login_needed(tokens[i]) ? 1 : 0;
    }
    if (logins > 1 && p11_pin_given(uri, options)) {
        char *wanted = p11_uri_format(uri->parsed, P11_KIT_URI_FOR_TOKEN);

        (void)diag_fail(OX_KEY, "%zu tokens match '%s' and one PIN is given, expected one token",
                        logins, wanted);
        diag_hint("name it by token= or serial=; where no PIN is given, each token's is asked for");
        free(wanted);
        return OX_KEY;
    }
    return OX_OK;
}

enum ox token_list(const char *uri, const struct key_options *options, bool login,
                   token_key_visit *visit, token_visit *visit_token, void *user)
{
    struct p11_token *found[P11_MAX_SLOTS];
    struct p11_uri parsed;
    struct listing list = {
        .uri = &parsed, .visit = visit, .visit_token = visit_token, .user = user};
    size_t count = 0;
    enum ox result = p11_uri_parse(uri, &parsed);

    if (result != OX_OK) {
        return result;
    }
    result = p11_tokens(&parsed, found, &count);
    if (result == OX_OK && login) {
        result = check_one_login(&parsed, options, found, count);
    }
    for (size_t i = 0; result == OX_OK && i < count; i++) {
        result = list_token(&list, found[i], options, login);
    }
    p11_uri_free(&parsed);
    return result;
}

/* The public object needs no login; only when there is none the private one is looked at. */
static enum ox choose_class(struct p11_session *session, const struct p11_uri *uri,
                            CK_OBJECT_CLASS *ret)
{
    struct p11_objects found = {NULL, 0};
    enum ox result = OX_OK;

    *ret = CKO_PUBLIC_KEY;
    if (!p11_class_fits(uri, CKO_PRIVATE_KEY)) {
        return p11_check_class(uri, CKO_PUBLIC_KEY);
    }
    if (p11_class_fits(uri, CKO_PUBLIC_KEY)) {
        result = p11_find(session, uri, CKO_PUBLIC_KEY, &found);
    }
    free(found.handles);
    if (found.count == 0) {
        *ret = CKO_PRIVATE_KEY;
    }
    return result;
}

static enum ox public_key_of(struct p11_session *session, const struct p11_uri *uri,
                             const struct key_options *options, uint8_t ret_xy[64])
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_OBJECT_HANDLE object = 0;
    enum ox result = choose_class(session, uri, &class);

    if (result == OX_OK && class == CKO_PRIVATE_KEY) {
        result = p11_login(session, uri, options);
    }
    if (result == OX_OK) {
        result = p11_find_key(session, uri, class, &object);
    }
    if (result == OX_OK) {
        result = p11_key_expect(session, object, TOKEN_KEY_EC_P256);
    }
    if (result == OX_OK) {
        result = p11_public_key(session, object, class, ret_xy);
    }
    return result;
}

enum ox token_public_key(const char *uri, const struct key_options *options, uint8_t ret_xy[64])
{
    struct p11_session session = {NULL, NULL, 0};
    struct p11_token *token = NULL;
    struct p11_uri parsed;
    enum ox result = p11_uri_parse(uri, &parsed);

    if (result != OX_OK) {
        return result;
    }
    result = p11_token_find(&parsed, &token);
    if (result == OX_OK) {
        result = p11_session_open(token, false, &session);
    }
    if (result == OX_OK) {
        result = public_key_of(&session, &parsed, options, ret_xy);
    }
    p11_session_close(&session);
    p11_uri_free(&parsed);
    return result;
}

void token_disconnect(void)
{
    p11_disconnect();
}
