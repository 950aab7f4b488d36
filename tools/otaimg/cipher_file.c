/*
 * AES-128-CBC with a key from a file.
 *
 * Layer: cipher.h's back end for file: URIs. Through EVP, the only public way to AES-NI.
 * Invariant: the key is in this state and libcrypto's schedule only, both wiped on close.
 */
#include "cipher_impl.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

#include "diag.h"
#include "key_file.h"
#include "key_uri.h"
#include "known_keys.h"
#include "util.h"

#define AES_KEY_LEN ((size_t)16)

struct file_cipher {
    EVP_CIPHER_CTX *ctx;
    uint8_t key[AES_KEY_LEN];
};

/* 16 raw bytes, or 32 hex digits with at most one line end. */
static bool decode_key(const struct key_file *file, uint8_t ret_key[AES_KEY_LEN])
{
    char text[2 * AES_KEY_LEN + 1];
    size_t len = file->len;
    bool ok;

    if (len == AES_KEY_LEN) {
        memcpy(ret_key, file->bytes, AES_KEY_LEN);
        return true;
    }
    if (len > 0 && file->bytes[len - 1] == '\n') {
        len--;
    }
    if (len > 0 && len < file->len && file->bytes[len - 1] == '\r') {
        len--;
    }
    if (len != sizeof text - 1) {
        return false;
    }
    memcpy(text, file->bytes, len);
    text[len] = '\0';
    ok = hex_decode(text, ret_key, AES_KEY_LEN);
    wipe(text, sizeof text);
    return ok;
}

static enum ox load_key(const char *path, uint8_t ret_key[AES_KEY_LEN])
{
    struct key_file file;
    enum ox ox = key_file_read(path, &file);

    if (ox != OX_OK) {
        return ox;
    }
    if (!decode_key(&file, ret_key)) {
        ox = diag_fail(OX_KEY, "'%s' is not an AES-128 key, expected 16 bytes or 32 hex digits",
                       path);
    } else if (!known_aes_key(ret_key)) {
        key_file_warn_if_exposed(&file);
    }
    key_file_free(&file);
    return ox;
}

static void cipher_file_close(void *state)
{
    struct file_cipher *cipher = state;

    EVP_CIPHER_CTX_free(cipher->ctx); /* wipes the key schedule */
    wipe_free(cipher, sizeof *cipher);
}

static enum ox cipher_file_open(const char *uri, const struct key_options *options,
                                void **ret_state)
{
    struct file_cipher *cipher = xcalloc(1, sizeof *cipher);
    enum ox ox = load_key(key_uri_path(uri), cipher->key);

    (void)options;
    if (ox != OX_OK) {
        wipe_free(cipher, sizeof *cipher);
        return ox;
    }
    *ret_state = cipher;
    return OX_OK;
}

static enum ox begin(void *state, bool encrypt, const uint8_t iv[16])
{
    struct file_cipher *cipher = state;

    if (cipher->ctx == NULL) {
        key_file_init_crypto();
        cipher->ctx = EVP_CIPHER_CTX_new();
    }
    if (cipher->ctx == NULL ||
        EVP_CipherInit_ex(cipher->ctx, EVP_aes_128_cbc(), NULL, cipher->key, iv, encrypt ? 1 : 0) !=
            1 ||
        EVP_CIPHER_CTX_set_padding(cipher->ctx, 0) != 1) {
        ERR_clear_error();
        return diag_fail(OX_INTERNAL, "cannot start AES-128-CBC");
    }
    return OX_OK;
}

static enum ox update(void *state, const uint8_t *in, uint8_t *out, size_t len)
{
    const size_t max_len = (size_t)1 << 30; /* EVP counts in int */
    struct file_cipher *cipher = state;

    while (len > 0) {
        size_t part_len = len < max_len ? len : max_len;
        int done_len = 0;

        if (EVP_CipherUpdate(cipher->ctx, out, &done_len, in, (int)part_len) != 1 ||
            (size_t)done_len != part_len) {
            ERR_clear_error();
            return diag_fail(OX_INTERNAL, "AES-128-CBC failed on %zu bytes", part_len);
        }
        in += part_len;
        out += part_len;
        len -= part_len;
    }
    return OX_OK;
}

static void *copy_key(const void *state)
{
    const struct file_cipher *cipher = state;
    struct file_cipher *copy = xcalloc(1, sizeof *copy);

    memcpy(copy->key, cipher->key, sizeof copy->key);
    return copy;
}

static bool key_bytes(const void *state, uint8_t ret_key[16])
{
    const struct file_cipher *cipher = state;

    memcpy(ret_key, cipher->key, sizeof cipher->key);
    return true;
}

const struct cipher_impl cipher_file = {.open = cipher_file_open,
                                        .begin = begin,
                                        .update = update,
                                        .clone = copy_key,
                                        .key_bytes = key_bytes,
                                        .close = cipher_file_close};
