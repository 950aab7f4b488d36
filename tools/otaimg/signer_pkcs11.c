/*
 * Signing with a private key in a token. The digest is made here and signed with plain CKM_ECDSA,
 * which every token has; the key itself is never read.
 *
 * Invariant: a signature leaves this file only after it verified under the key that open() named.
 */
#include "signer_impl.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "p11.h"
#include "pubkey.h"
#include "util.h"

#define SIGNATURE_LEN 64

struct token_signer {
    struct p11_session session;
    CK_OBJECT_HANDLE key;
    uint8_t public_xy[64];
};

static enum ox check_usage(struct p11_session *session, CK_OBJECT_HANDLE key)
{
    bool signs = false;
    bool always = false;
    enum ox result = p11_get_bool(session, key, CKA_SIGN, &signs);

    if (result == OX_OK) {
        result = p11_get_bool(session, key, CKA_ALWAYS_AUTHENTICATE, &always);
    }
    if (result == OX_OK && !signs) {
        result = diag_fail(OX_KEY, "token '%s': the key may not sign, expected CKA_SIGN",
                           session->token->label);
    }
    if (result == OX_OK && always) {
        result = diag_fail(OX_KEY,
                           "token '%s': the key wants the PIN again for every signature "
                           "(CKA_ALWAYS_AUTHENTICATE), which is not supported",
                           session->token->label);
    }
    return result;
}

static void token_signer_close(void *state)
{
    struct token_signer *signer = state;

    p11_session_close(&signer->session);
    free(signer);
}

static enum ox token_signer_open(const char *uri, const struct key_options *options,
                                 uint8_t public_xy[64], void **ret_state)
{
    struct token_signer *signer = xcalloc(1, sizeof *signer);
    struct p11_session *session = &signer->session;
    enum ox result =
        p11_key_open(uri, options, CKO_PRIVATE_KEY, TOKEN_KEY_EC_P256, session, &signer->key);

    if (result == OX_OK) {
        result = check_usage(session, signer->key);
    }
    if (result == OX_OK) {
        result = p11_public_key(session, signer->key, CKO_PRIVATE_KEY, signer->public_xy);
    }
    if (result != OX_OK) {
        token_signer_close(signer);
        return result;
    }
    memcpy(public_xy, signer->public_xy, sizeof signer->public_xy);
    *ret_state = signer;
    return OX_OK;
}

static enum ox token_signer_sign(void *state, const uint8_t digest[32], uint8_t ret_rs[64])
{
    struct token_signer *signer = state;
    struct p11_session *session = &signer->session;
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    uint8_t data[32];
    uint8_t signature[2 * SIGNATURE_LEN];
    CK_ULONG len = sizeof signature;
    CK_RV rv = session->f->C_SignInit(session->handle, &mechanism, signer->key);

    if (rv != CKR_OK) {
        return p11_fail(session->token, "C_SignInit", rv);
    }
    memcpy(data, digest, sizeof data); /* the call takes no const pointer */
    rv = session->f->C_Sign(session->handle, data, sizeof data, signature, &len);
    if (rv != CKR_OK) {
        return p11_fail(session->token, "C_Sign", rv);
    }
    if (len != SIGNATURE_LEN) {
        return diag_fail(OX_KEY, "token '%s': C_Sign returned %lu bytes, expected %d",
                         session->token->label, len, SIGNATURE_LEN);
    }
    if (!pubkey_verify(signer->public_xy, digest, signature)) {
        return diag_fail(OX_KEY,
                         "token '%s': the signature does not verify under the token's own public "
                         "key",
                         session->token->label);
    }
    memcpy(ret_rs, signature, SIGNATURE_LEN);
    return OX_OK;
}

const struct signer_impl signer_pkcs11 = {"pkcs11", token_signer_open, token_signer_sign,
                                          token_signer_close};
