/*
 * pkcs11: URIs (RFC 7512) as far as they may choose a key here. What otaimg would have to ignore is
 * refused: a URI that names more than it selects by could sign with another key than was meant.
 */
#include "p11.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "key_uri.h"
#include "util.h"

#define MODULE_ENV    "OTAIMG_PKCS11_MODULE"
#define INIT_ARGS_ENV "OTAIMG_PKCS11_INIT_ARGS"

static bool is_known_query(const char *name, size_t len)
{
    static const char *const known[] = {"module-path", "module-name", "pin-source", P11_INIT_ARGS};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == len && strncmp(name, known[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* p11-kit takes any name behind the '?' as somebody's own attribute, the first of two with one name,
 * and what stands before a zero byte. Names are plain text: key_uri.c saw to that. */
static enum ox check_query(const char *text)
{
    const char *rest = strchr(text, '?');
    bool init_args_seen = false;

    while (rest != NULL) {
        const char *name = rest + 1;
        size_t len = strcspn(name, "=&");
        bool is_init_args = len == strlen(P11_INIT_ARGS) && strncmp(name, P11_INIT_ARGS, len) == 0;

        if (len > 0 && !is_known_query(name, len)) {
            return diag_fail(OX_USAGE, "'%s' has an attribute that otaimg does not know", text);
        }
        if (is_init_args && init_args_seen) {
            return diag_fail(OX_USAGE, "'%s' has " P11_INIT_ARGS " twice, expected it once", text);
        }
        init_args_seen = init_args_seen || is_init_args;
        rest = strchr(name, '&');
    }
    if (strchr(text, '?') != NULL && strstr(strchr(text, '?'), "%00") != NULL) {
        return diag_fail(OX_USAGE, "'%s' has a zero byte behind the '?', expected text", text);
    }
    return OX_OK;
}

static enum ox parse_text(const char *text, P11KitUri *parsed)
{
    int result = p11_kit.uri_parse(text, P11_KIT_URI_FOR_ANY, parsed);

    if (result != P11_KIT_URI_OK) {
        return diag_fail(OX_USAGE, "'%s' is not a valid pkcs11: URI: %s", text,
                         result == P11_KIT_URI_BAD_ENCODING  ? "bad percent-encoding or value"
                         : result == P11_KIT_URI_BAD_VERSION ? "bad library-version"
                                                             : "bad syntax");
    }
    if (p11_kit.uri_any_unrecognized(parsed) != 0) {
        return diag_fail(OX_USAGE, "'%s' has an attribute that otaimg does not know", text);
    }
    if (p11_kit.uri_get_slot_id(parsed) != (CK_SLOT_ID)-1 ||
        p11_kit.uri_get_slot_info(parsed)->slotDescription[0] != 0 ||
        p11_kit.uri_get_slot_info(parsed)->manufacturerID[0] != 0) {
        return diag_fail(OX_USAGE,
                         "'%s' names a slot, expected token=, serial=, model= or manufacturer= "
                         "(slots renumber)",
                         text);
    }
    return check_query(text);
}

/* The module of the environment has its arguments there as well; those are not for other modules. */
static void choose_init_args(struct p11_uri *uri)
{
    uri->init_args = p11_kit.uri_get_vendor_query(uri->parsed, P11_INIT_ARGS);
    if (uri->init_args == NULL && p11_kit.uri_get_module_path(uri->parsed) == NULL) {
        uri->init_args = getenv(INIT_ARGS_ENV);
    }
    if (uri->init_args != NULL && uri->init_args[0] == '\0') {
        uri->init_args = NULL;
    }
}

static enum ox choose_module(const char *text, struct p11_uri *uri)
{
    const char *from = "module-path of the URI";

    if (p11_kit.uri_get_module_name(uri->parsed) != NULL) {
        return diag_fail(OX_USAGE, "'%s' has module-name, expected module-path", text);
    }
    uri->module_path = p11_kit.uri_get_module_path(uri->parsed);
    if (uri->module_path == NULL) {
        from = MODULE_ENV;
        uri->module_path = getenv(MODULE_ENV);
    }
    if (uri->module_path == NULL || uri->module_path[0] == '\0') {
        return diag_fail(OX_USAGE,
                         "no PKCS#11 module for '%s', expected module-path in the URI or the "
                         "environment variable " MODULE_ENV,
                         text);
    }
    if (uri->module_path[0] != '/') {
        return diag_fail(OX_USAGE, "%s is '%s', expected an absolute path", from, uri->module_path);
    }
    choose_init_args(uri);
    return OX_OK;
}

/* "file:/path", "file:///path" or "/path"; a "|command" is somebody else's convention and would run
 * a program that a URI names. */
static enum ox choose_pin_file(struct p11_uri *uri)
{
    const char *source = p11_kit.uri_get_pin_source(uri->parsed);
    const char *path = source;

    if (source == NULL) {
        return OX_OK;
    }
    if (strncmp(path, "file:", 5) == 0) {
        path += 5;
        if (strncmp(path, "//", 2) == 0) {
            path += 2;
        }
    }
    if (path[0] != '/') {
        return diag_fail(OX_USAGE,
                         "pin-source of the URI is '%s', expected an absolute path or file: URI",
                         source);
    }
    uri->pin_file = path;
    return OX_OK;
}

enum ox p11_uri_parse(const char *text, struct p11_uri *ret)
{
    enum key_uri_kind kind = KEY_URI_FILE;
    struct p11_uri uri = {NULL, NULL, NULL, NULL};
    enum ox result = key_uri_kind_of(text, &kind);

    if (result != OX_OK) {
        return result;
    }
    if (kind != KEY_URI_PKCS11) {
        return diag_fail(OX_USAGE, "'%s' does not name a token, expected pkcs11:...", text);
    }
    result = p11_kit_load();
    if (result != OX_OK) {
        return result;
    }
    uri.parsed = p11_kit.uri_new();
    if (uri.parsed == NULL) {
        return diag_fail(OX_INTERNAL, "out of memory");
    }
    result = parse_text(text, uri.parsed);
    if (result == OX_OK) {
        result = choose_module(text, &uri);
    }
    if (result == OX_OK) {
        result = choose_pin_file(&uri);
    }
    if (result != OX_OK) {
        p11_uri_free(&uri);
        return result;
    }
    *ret = uri;
    return OX_OK;
}

void p11_uri_free(struct p11_uri *uri)
{
    p11_kit.uri_free(uri->parsed);
    uri->parsed = NULL;
}

char *p11_uri_format(P11KitUri *uri, P11KitUriType what)
{
    char *text = NULL;

    if (p11_kit.uri_format(uri, what, &text) != P11_KIT_URI_OK) {
        return xstrdup("pkcs11:");
    }
    text[strcspn(text, "?")] = '\0'; /* module-path, pin-source, x-init-args */
    return text;
}
