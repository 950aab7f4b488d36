/*
 * The verifier's verdict on a file, with the host's crypto or the device's.
 * Layer: below file_check. Guards: the verifier decides, this file only feeds it.
 */
#include "file_verdict.h"

#include <stdlib.h>
#include <string.h>

#include <otav/otav_openssl.h>
#include <otav/otav_soft.h>

#include "diag.h"
#include "inflated.h"
#include "util.h"

enum { CHUNK = 65536 };

/* ---- crypto port: AES through the tool's cipher (file or token) --------------------------------- */

struct host_crypto {
    struct otav_crypto port;
    struct cipher *cipher;
    enum ox failure; /* reported already */
};

static uint32_t cipher_result(struct host_crypto *host, enum ox ox)
{
    if (ox != OX_OK) {
        host->failure = ox;
    }
    return ox == OX_OK ? OTAV_ACCEPT : OTAV_REJECT;
}

static uint32_t aes_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                          const uint8_t iv[16])
{
    struct host_crypto *host = user;

    (void)state;
    (void)key;
    return cipher_result(host, cipher_begin(host->cipher, false, iv));
}

static uint32_t aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes, size_t len)
{
    struct host_crypto *host = user;

    (void)state;
    return cipher_result(host, cipher_update(host->cipher, bytes, bytes, len));
}

static void aes_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    (void)state;
}

static void host_crypto_init(struct host_crypto *host, const struct otav_crypto *base,
                             struct cipher *cipher)
{
    host->port = *base; /* takes no user pointer */
    host->port.user = host;
    host->port.aes_cbc_begin = aes_begin;
    host->port.aes_cbc_decrypt = aes_decrypt;
    host->port.aes_cbc_end = aes_end;
    host->cipher = cipher;
    host->failure = OX_OK;
}

/* ---- feeding ---------------------------------------------------------------------------------- */

static uint32_t read_slot(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    return source_read(user, offset, ret, len) == OX_OK ? OTAV_ACCEPT : OTAV_REJECT;
}

/* Runs the verifier; OTAV_ERR_* in *ret_err unless reading failed (reported, returned). */
static enum ox run(const struct ota_file *file, struct otav_context *ctx,
                   const struct file_question *question, const struct otav_crypto *crypto,
                   const struct otav_decoder *decoder, enum otav_err *ret_err)
{
    uint8_t *chunk;
    enum otav_err err;
    enum ox ox = OX_OK;

    if (file->source.is_slot) {
        struct source slot = file->source;
        const struct otav_flash flash = {.user = &slot, .read = read_slot};

        *ret_err = otav_verify_slot(ctx, question->config, crypto, &flash, question->purpose);
        return OX_OK;
    }
    chunk = xmalloc(CHUNK);
    err = otav_open_file(ctx, question->config, crypto, question->purpose, file->source.len,
                         file->sum, decoder);
    for (uint32_t offset = 0; err == OTAV_OK && offset < file->source.len;) {
        uint32_t part = file->source.len - offset < CHUNK ? file->source.len - offset : CHUNK;

        ox = source_read(&file->source, offset, chunk, part);
        if (ox != OX_OK) {
            break;
        }
        err = otav_feed(ctx, chunk, part);
        offset += part;
        diag_progress("verifying", offset, file->source.len);
    }
    *ret_err = err == OTAV_OK ? otav_finish(ctx) : err;
    diag_progress("verifying", 1, 1);
    wipe_free(chunk, CHUNK);
    return ox;
}

/* With the file's own IV; the key is filled in for a port that wants it from there. */
static struct otav_config config_for(const struct ota_file *file, const struct otav_config *config)
{
    struct otav_config with_key = *config;

    with_key.has_decrypt_key = file->cipher != NULL;
    memset(with_key.decrypt_key, 0, sizeof with_key.decrypt_key);
    memcpy(with_key.decrypt_iv, file->iv, sizeof with_key.decrypt_iv);
    return with_key;
}

/* One file's verification. */
struct judging {
    struct otav_context ctx;
    struct inflated inflated;
};

static enum ox judge(const struct ota_file *file, const struct file_question *question,
                     const struct otav_crypto *crypto, struct file_verdict *ret)
{
    struct judging *j = xcalloc(1, sizeof *j);
    enum otav_err err = OTAV_ERR_STATE;
    enum ox ox;

    inflated_init(&j->inflated);
    ox = run(file, &j->ctx, question, crypto, question->inflates ? &j->inflated.decoder : NULL,
             &err);
    if (ox == OX_OK) {
        *ret = (struct file_verdict){.err = err,
                                     .detail = otav_get_detail(&j->ctx),
                                     .accepted = otav_verdict(&j->ctx) == OTAV_ACCEPT,
                                     .key_index = otav_get_key_index(&j->ctx)};
    }
    otav_close(&j->ctx);
    free(j);
    return ox;
}

/* With the tool's cipher in the place of base's. */
static enum ox judge_with_cipher(const struct ota_file *file, const struct file_question *question,
                                 const struct otav_crypto *base, struct file_verdict *ret)
{
    struct host_crypto crypto;
    struct file_verdict verdict;
    enum ox ox;

    host_crypto_init(&crypto, base, file->cipher);
    ox = judge(file, question, &crypto.port, &verdict);
    if (ox == OX_OK) {
        ox = crypto.failure;
    }
    if (ox == OX_OK) {
        *ret = verdict;
    }
    return ox;
}

enum ox file_verdict_openssl(const struct ota_file *file, const struct file_question *question,
                             struct file_verdict *ret)
{
    const struct otav_config with_key = config_for(file, question->config);
    const struct file_question asked = {&with_key, question->purpose, question->inflates};

    return judge_with_cipher(file, &asked, &otav_crypto_openssl, ret);
}

enum ox file_verdict_soft(const struct ota_file *file, const struct file_question *question,
                          struct file_verdict *ret)
{
    struct otav_config with_key = config_for(file, question->config);
    const struct file_question asked = {&with_key, question->purpose, question->inflates};
    enum ox ox;

    if (file->cipher != NULL && !cipher_key_bytes(file->cipher, with_key.decrypt_key)) {
        return judge_with_cipher(file, &asked, &otav_crypto_soft, ret);
    }
    ox = judge(file, &asked, &otav_crypto_soft, ret);
    wipe(with_key.decrypt_key, sizeof with_key.decrypt_key);
    return ox;
}
