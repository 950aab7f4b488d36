/*
 * AES-128-CBC with a key in a token: the token does the work piece by piece and the key never
 * leaves it.
 */
#include "cipher_impl.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "p11.h"
#include "util.h"

#define PIECE_LEN ((size_t)64 * 1024)
#define BLOCK_LEN 16

enum operation { OPERATION_NONE, OPERATION_ENCRYPT, OPERATION_DECRYPT };

struct token_cipher {
    struct p11_session session;
    CK_OBJECT_HANDLE key;
    enum operation active;
};

/* Without padding nothing may come out any more. */
static CK_RV end_operation(struct token_cipher *cipher)
{
    struct p11_session *session = &cipher->session;
    enum operation active = cipher->active;
    uint8_t rest[BLOCK_LEN];
    CK_ULONG len = sizeof rest;

    cipher->active = OPERATION_NONE;
    switch (active) {
    case OPERATION_NONE:
        break;
    case OPERATION_ENCRYPT:
        return session->f->C_EncryptFinal(session->handle, rest, &len);
    case OPERATION_DECRYPT:
        return session->f->C_DecryptFinal(session->handle, rest, &len);
    }
    return CKR_OK;
}

static enum ox token_cipher_begin(void *state, bool encrypt, const uint8_t iv[16])
{
    struct token_cipher *cipher = state;
    struct p11_session *session = &cipher->session;
    uint8_t parameter[BLOCK_LEN];
    CK_MECHANISM mechanism = {CKM_AES_CBC, parameter, sizeof parameter};
    bool was_encrypting = cipher->active == OPERATION_ENCRYPT;
    CK_RV rv = end_operation(cipher);

    if (rv != CKR_OK) {
        return p11_fail(session->token, was_encrypting ? "C_EncryptFinal" : "C_DecryptFinal", rv);
    }
    memcpy(parameter, iv, sizeof parameter);
    rv = encrypt ? session->f->C_EncryptInit(session->handle, &mechanism, cipher->key)
                 : session->f->C_DecryptInit(session->handle, &mechanism, cipher->key);
    if (rv != CKR_OK) {
        return p11_fail(session->token, encrypt ? "C_EncryptInit" : "C_DecryptInit", rv);
    }
    cipher->active = encrypt ? OPERATION_ENCRYPT : OPERATION_DECRYPT;
    return OX_OK;
}

static enum ox update_piece(struct token_cipher *cipher, uint8_t *piece, uint8_t *out, size_t len)
{
    struct p11_session *session = &cipher->session;
    bool encrypt = cipher->active == OPERATION_ENCRYPT;
    const char *call = encrypt ? "C_EncryptUpdate" : "C_DecryptUpdate";
    CK_ULONG out_len = (CK_ULONG)len;
    CK_RV rv =
        encrypt ? session->f->C_EncryptUpdate(session->handle, piece, (CK_ULONG)len, out, &out_len)
                : session->f->C_DecryptUpdate(session->handle, piece, (CK_ULONG)len, out, &out_len);

    if (rv != CKR_OK) {
        cipher->active = OPERATION_NONE; /* the token ended it */
        return p11_fail(session->token, call, rv);
    }
    if (out_len != len) {
        return diag_fail(OX_KEY, "token '%s': %s returned %lu bytes, expected %zu",
                         session->token->label, call, out_len, len);
    }
    return OX_OK;
}

static enum ox token_cipher_update(void *state, const uint8_t *in, uint8_t *out, size_t len)
{
    struct token_cipher *cipher = state;
    enum ox result = OX_OK;

    while (len > 0 && result == OX_OK) {
        size_t piece = len < PIECE_LEN ? len : PIECE_LEN;

        /* In place: the calls take no const input, and the output is ours to write. */
        if (out != in) {
            memcpy(out, in, piece);
        }
        result = update_piece(cipher, out, out, piece);
        in += piece;
        out += piece;
        len -= piece;
    }
    return result;
}

static void token_cipher_close(void *state)
{
    struct token_cipher *cipher = state;

    (void)end_operation(cipher); /* nobody is interested in the result any more */
    p11_session_close(&cipher->session);
    free(cipher);
}

static enum ox token_cipher_open(const char *uri, const struct key_options *options,
                                 void **ret_state)
{
    struct token_cipher *cipher = xcalloc(1, sizeof *cipher);
    enum ox result = p11_key_open(uri, options, CKO_SECRET_KEY, TOKEN_KEY_AES128, &cipher->session,
                                  &cipher->key);

    if (result != OX_OK) {
        free(cipher);
        return result;
    }
    *ret_state = cipher;
    return OX_OK;
}

const struct cipher_impl cipher_pkcs11 = {.open = token_cipher_open,
                                          .begin = token_cipher_begin,
                                          .update = token_cipher_update,
                                          .close = token_cipher_close};
