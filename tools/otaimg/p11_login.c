/*
 * Logging in to a token. A wrong PIN costs one of the few tries that the token grants, so it is
 * sent at most once in a process, and not at all when it could be the last try.
 */
#include "p11.h"

#include <stdlib.h>

#include "diag.h"
#include "secret.h"
#include "util.h"

static enum ox check_flags(const struct p11_token *token)
{
    CK_FLAGS flags = token->info.flags;

    if ((flags & CKF_USER_PIN_LOCKED) != 0) {
        return diag_fail(OX_KEY, "token '%s': the user PIN is locked", token->label);
    }
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0) {
        (void)diag_fail(OX_KEY, "token '%s': one more wrong PIN would lock it, not trying",
                        token->label);
        diag_hint("log in once with the token's own tool to reset its counter");
        return OX_KEY;
    }
    if ((flags & CKF_USER_PIN_TO_BE_CHANGED) != 0) {
        return diag_fail(OX_KEY, "token '%s': the user PIN must be changed before it can be used",
                         token->label);
    }
    return OX_OK;
}

/* pin NULL: the token has a key pad of its own. */
static enum ox login_once(struct p11_session *session, char *pin, size_t len)
{
    struct p11_token *token = session->token;
    int lock = -1;
    CK_RV rv;

    if (p11_lock(token->module->path, &lock) != OX_OK) {
        return OX_IO;
    }
    token->login_tried = true;
    rv = session->f->C_Login(session->handle, CKU_USER, (CK_UTF8CHAR *)pin, (CK_ULONG)len);
    p11_unlock(lock);
    if (pin != NULL) {
        wipe(pin, len);
    }
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN) {
        return p11_fail(token, "C_Login", rv);
    }
    token->logged_in = true;
    return OX_OK;
}

static enum ox login_with_pin(struct p11_session *session, const struct p11_uri *uri,
                              const struct key_options *options)
{
    char *what = xasprintf("PIN for token '%s'", session->token->label);
    struct secret_source source = {
        .fd = options->pin_fd, .file = uri->pin_file, .env = SECRET_PIN_ENV, .what = what};
    struct secret pin = {0};
    enum ox result = secret_get(&source, &pin);

    free(what);
    if (result == OX_OK) {
        result = login_once(session, pin.text, pin.len);
    }
    secret_wipe(&pin);
    return result;
}

bool p11_login_needed(const struct p11_token *token)
{
    return !token->logged_in && (token->info.flags & CKF_LOGIN_REQUIRED) != 0;
}

bool p11_pin_given(const struct p11_uri *uri, const struct key_options *options)
{
    return options->pin_fd >= 0 || uri->pin_file != NULL || secret_in_environment(SECRET_PIN_ENV);
}

enum ox p11_login(struct p11_session *session, const struct p11_uri *uri,
                  const struct key_options *options)
{
    struct p11_token *token = session->token;
    enum ox result = OX_OK;

    if (!p11_login_needed(token)) {
        return OX_OK;
    }
    if (token->login_tried) {
        return diag_fail(OX_KEY, "token '%s': the login failed before and is not tried again",
                         token->label);
    }
    result = check_flags(token);
    if (result != OX_OK) {
        return result;
    }
    if ((token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
        return login_once(session, NULL, 0);
    }
    return login_with_pin(session, uri, options);
}
