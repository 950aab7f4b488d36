/*
 * PKCS#11 modules, tokens and sessions. Tokens are chosen by what they say about themselves, never
 * by slot number.
 *
 * Invariant: a module is initialised once and a token holds its login until p11_disconnect(), so
 * that a PIN is never needed twice. What this file opens, the exit handler closes.
 */
#include "p11.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "diag.h"
#include "util.h"

static struct p11_module *modules;
static struct p11_token *tokens;
static pid_t owner; /* the process that loaded the modules: a forked child must not end sessions */

static void disconnect_at_exit(void)
{
    if (getpid() == owner) {
        p11_disconnect();
    }
}

/* NSS reads its parameters where the standard has a pointer that must be NULL, and a field more
 * behind it. Other modules do not look there, and get NULL where NSS gets a text. */
struct init_args {
    CK_C_INITIALIZE_ARGS standard;
    void *nss_reserved;
};

static enum ox initialize(const char *path, char *text, CK_FUNCTION_LIST *f)
{
    struct init_args args;
    CK_RV rv;

    memset(&args, 0, sizeof args);
    args.standard.flags = CKF_OS_LOCKING_OK;
    args.standard.pReserved = text;
    rv = f->C_Initialize(&args);
    if (rv == CKR_OK) {
        return OX_OK;
    }
    (void)p11_fail_module(path, "C_Initialize", rv);
    diag_hint("%s", p11_quirks_of(path)->init_hint);
    return OX_KEY;
}

/* p11-kit's text begins with the path, and the linker's with another one; keep what follows. */
static const char *load_error(void)
{
    const char *text = p11_kit.message();
    const char *cut = text != NULL ? strstr(text, ": ") : NULL;

    return cut != NULL ? cut + 2 : "not a PKCS#11 module";
}

static void drop_module(struct p11_module *module)
{
    p11_kit.module_release(module->f);
    free(module->init_args);
    free(module->path);
    free(module);
}

/* Loaded and initialised, but not in the list yet. */
static enum ox start_module(const char *path, const char *init_args, struct p11_module **ret)
{
    struct p11_module *module = NULL;
    CK_FUNCTION_LIST *f = p11_kit.module_load(path, P11_KIT_MODULE_UNMANAGED);

    if (f == NULL) {
        (void)diag_fail(OX_KEY, "cannot load PKCS#11 module '%s': %s", path, load_error());
        return OX_KEY;
    }
    module = xcalloc(1, sizeof *module);
    module->path = xstrdup(path);
    module->init_args = init_args != NULL ? xstrdup(init_args) : NULL;
    module->f = f;
    if (initialize(path, module->init_args, f) != OX_OK) {
        drop_module(module);
        return OX_KEY;
    }
    *ret = module;
    return OX_OK;
}

static enum ox load(const char *path, const char *init_args, struct p11_module **ret)
{
    struct p11_module *module = NULL;
    enum ox result = OX_OK;

    /* Some modules talk to a server over a socket: its end must be an error, not our death. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        (void)diag_fail(OX_INTERNAL, "cannot ignore SIGPIPE: %s", strerror(errno));
        return OX_INTERNAL;
    }
    p11_kit.be_quiet();
    result = start_module(path, init_args, &module);
    if (result != OX_OK) {
        return result;
    }
    module->next = modules;
    modules = module;
    owner = getpid();
    /* Once a module: the handler must run before those that the module itself registered. */
    if (atexit(disconnect_at_exit) != 0) {
        (void)diag_fail(OX_INTERNAL, "cannot register the exit handler");
        return OX_INTERNAL;
    }
    *ret = module;
    return OX_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* A module is initialised once: the second of two texts would be ignored. */
static enum ox check_init_args(const struct p11_module *module, const struct p11_uri *uri)
{
    if (!same_text(module->init_args, uri->init_args)) {
        return diag_fail(OX_USAGE,
                         "module '%s' is in use with other initialisation arguments, expected the "
                         "same " P11_INIT_ARGS " in all URIs",
                         module->path);
    }
    return OX_OK;
}

/* Paths are compared resolved: the same library under two names must not be initialised twice. */
static enum ox get_module(const struct p11_uri *uri, struct p11_module **ret)
{
    char *resolved = realpath(uri->module_path, NULL);
    enum ox result = OX_OK;

    if (resolved == NULL) {
        (void)diag_fail(OX_KEY, "cannot open PKCS#11 module '%s': %s", uri->module_path,
                        strerror(errno));
        return OX_KEY;
    }
    *ret = NULL;
    for (struct p11_module *m = modules; m != NULL && *ret == NULL; m = m->next) {
        if (strcmp(m->path, resolved) == 0) {
            *ret = m;
        }
    }
    if (*ret != NULL) {
        result = check_init_args(*ret, uri);
    } else {
        result = load(resolved, uri->init_args, ret);
    }
    free(resolved);
    return result;
}

char *p11_text(const void *bytes, size_t len)
{
    const char *text = bytes;
    char *copy = NULL;

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0')) {
        len--;
    }
    copy = xstrndup(text, len);
    for (size_t i = 0; i < len; i++) {
        if (copy[i] == '\0') {
            copy[i] = '?';
        }
    }
    return copy;
}

/* The standard pads with blanks, some modules with NUL, which would be part of every URI. */
static void pad_with_blanks(CK_UTF8CHAR *field, size_t len)
{
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0')) {
        field[--len] = ' ';
    }
}

static void pad_texts(CK_TOKEN_INFO *info)
{
    pad_with_blanks(info->label, sizeof info->label);
    pad_with_blanks(info->manufacturerID, sizeof info->manufacturerID);
    pad_with_blanks(info->model, sizeof info->model);
    pad_with_blanks(info->serialNumber, sizeof info->serialNumber);
}

static struct p11_token *remember(struct p11_module *module, CK_SLOT_ID slot,
                                  const CK_TOKEN_INFO *info)
{
    struct p11_token *token = tokens;
    char *label = p11_text(info->label, sizeof info->label);

    while (token != NULL && (token->module != module || token->slot != slot)) {
        token = token->next;
    }
    if (token == NULL) {
        token = xcalloc(1, sizeof *token);
        token->module = module;
        token->slot = slot;
        token->next = tokens;
        tokens = token;
    }
    token->info = *info;
    (void)memcpy(token->label, label, strlen(label) + 1);
    free(label);
    return token;
}

static enum ox read_slots(struct p11_module *module, CK_SLOT_ID slots[P11_MAX_SLOTS],
                          CK_ULONG *ret_count)
{
    CK_ULONG count = 0;
    /* The call without a buffer is the one that makes modules look for tokens again. */
    CK_RV rv = module->f->C_GetSlotList(CK_TRUE, NULL, &count);

    if (rv == CKR_OK) {
        count = P11_MAX_SLOTS;
        rv = module->f->C_GetSlotList(CK_TRUE, slots, &count);
    }
    if (rv != CKR_OK) {
        return p11_fail_module(module->path, "C_GetSlotList", rv);
    }
    *ret_count = count < P11_MAX_SLOTS ? count : P11_MAX_SLOTS;
    return OX_OK;
}

static enum ox read_tokens(struct p11_module *module, struct p11_token *ret[P11_MAX_SLOTS],
                           size_t *ret_count)
{
    CK_SLOT_ID slots[P11_MAX_SLOTS];
    CK_ULONG slot_count = 0;
    enum ox result = read_slots(module, slots, &slot_count);

    *ret_count = 0;
    for (CK_ULONG i = 0; result == OX_OK && i < slot_count; i++) {
        CK_TOKEN_INFO info;
        CK_RV rv;

        memset(&info, 0, sizeof info);
        rv = module->f->C_GetTokenInfo(slots[i], &info);
        if (rv == CKR_TOKEN_NOT_PRESENT) {
            continue; /* pulled out since the slots were listed */
        }
        if (rv != CKR_OK) {
            return p11_fail_module(module->path, "C_GetTokenInfo", rv);
        }
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0) {
            pad_texts(&info);
            ret[(*ret_count)++] = remember(module, slots[i], &info);
        }
    }
    return result;
}

/* "'release' (serial 12ab), 'test' (serial 34cd)"; caller frees. */
static char *describe_tokens(struct p11_token *const *list, size_t count)
{
    char *text = xstrdup("");

    for (size_t i = 0; i < count; i++) {
        char *serial = p11_text(list[i]->info.serialNumber, sizeof list[i]->info.serialNumber);
        char *longer =
            xasprintf("%s%s'%s' (serial %s)", text, i > 0 ? ", " : "", list[i]->label, serial);

        free(serial);
        free(text);
        text = longer;
    }
    return text;
}

static enum ox fail_no_token(const struct p11_uri *uri, struct p11_token *const *list, size_t count)
{
    char *wanted = p11_uri_format(uri->parsed, P11_KIT_URI_FOR_TOKEN);
    char *there = describe_tokens(list, count);

    if (count == 0) {
        (void)diag_fail(OX_KEY, "no token matches '%s': the module '%s' shows no token", wanted,
                        uri->module_path);
    } else {
        (void)diag_fail(OX_KEY, "no token matches '%s', found %s", wanted, there);
    }
    free(there);
    free(wanted);
    return OX_KEY;
}

static enum ox check_library(const struct p11_uri *uri, const struct p11_module *module)
{
    CK_INFO info;
    CK_RV rv;

    memset(&info, 0, sizeof info);
    rv = module->f->C_GetInfo(&info);
    if (rv != CKR_OK) {
        return p11_fail_module(module->path, "C_GetInfo", rv);
    }
    if (p11_kit.uri_match_module_info(uri->parsed, &info) == 0) {
        return diag_fail(OX_KEY, "module '%s' is not the library that the URI names", module->path);
    }
    return OX_OK;
}

static enum ox all_tokens(const struct p11_uri *uri, struct p11_token *ret[P11_MAX_SLOTS],
                          size_t *ret_count)
{
    struct p11_module *module = NULL;
    enum ox result = get_module(uri, &module);

    if (result == OX_OK) {
        result = check_library(uri, module);
    }
    if (result == OX_OK) {
        result = read_tokens(module, ret, ret_count);
    }
    return result;
}

enum ox p11_tokens(const struct p11_uri *uri, struct p11_token *ret[P11_MAX_SLOTS],
                   size_t *ret_count)
{
    size_t all = 0;
    size_t matching = 0;
    int lock = -1;
    enum ox result = p11_lock(uri->module_path, &lock);

    if (result == OX_OK) {
        result = all_tokens(uri, ret, &all);
    }
    p11_unlock(lock);
    if (result != OX_OK) {
        return result;
    }
    for (size_t i = 0; i < all; i++) {
        struct p11_token *token = ret[i];

        if (p11_kit.uri_match_token_info(uri->parsed, &token->info) != 0) {
            ret[i] = ret[matching];
            ret[matching++] = token;
        }
    }
    if (matching == 0) {
        return fail_no_token(uri, ret, all);
    }
    *ret_count = matching;
    return OX_OK;
}

enum ox p11_token_find(const struct p11_uri *uri, struct p11_token **ret)
{
    struct p11_token *found[P11_MAX_SLOTS];
    size_t count = 0;
    enum ox result = p11_tokens(uri, found, &count);

    if (result == OX_OK && count > 1) {
        char *wanted = p11_uri_format(uri->parsed, P11_KIT_URI_FOR_TOKEN);
        char *there = describe_tokens(found, count);

        result = diag_fail(OX_KEY, "%zu tokens match '%s', expected one: %s", count, wanted, there);
        diag_hint("add serial= to the URI");
        free(there);
        free(wanted);
    }
    if (result == OX_OK) {
        *ret = found[0];
    }
    return result;
}

enum ox p11_session_open(struct p11_token *token, bool read_write, struct p11_session *ret)
{
    CK_FUNCTION_LIST *f = token->module->f;
    CK_FLAGS flags = CKF_SERIAL_SESSION | (read_write ? CKF_RW_SESSION : 0);
    CK_SESSION_HANDLE handle = 0;
    CK_RV rv;

    if (token->idle != 0 && !read_write) {
        handle = token->idle;
        token->idle = 0;
    } else {
        rv = f->C_OpenSession(token->slot, flags, NULL, NULL, &handle);
        if (rv != CKR_OK) {
            return p11_fail(token, "C_OpenSession", rv);
        }
    }
    ret->token = token;
    ret->f = f;
    ret->handle = handle;
    return OX_OK;
}

void p11_session_close(struct p11_session *session)
{
    if (session->token == NULL) {
        return;
    }
    /* The last session of a token carries the login: it stays for the next key. */
    if (session->token->idle == 0) {
        session->token->idle = session->handle;
    } else {
        (void)session->f->C_CloseSession(session->handle);
    }
    session->token = NULL;
}

static void drop_token(struct p11_token *token)
{
    CK_FUNCTION_LIST *f = token->module->f;

    if (token->idle != 0) {
        if (token->logged_in) {
            (void)f->C_Logout(token->idle);
        }
        (void)f->C_CloseSession(token->idle);
    }
    free(token);
}

void p11_disconnect(void)
{
    while (tokens != NULL) {
        struct p11_token *token = tokens;

        tokens = token->next;
        drop_token(token);
    }
    while (modules != NULL) {
        struct p11_module *module = modules;

        modules = module->next;
        (void)module->f->C_Finalize(NULL);
        drop_module(module);
    }
}
