/*
 * The streaming verifier: a state machine that takes an image in pieces of any size.
 * Layer: stream, above policy. Guards: the first error sticks and wipes; what is decided depends on
 * the bytes, never on how they were cut; nothing is written before the metadata was accepted.
 *
 *   CLOSED -open-> [HEADER ->] METADATA -512 bytes judged-> PAYLOAD -finish-> VERIFIED -commit->
 *   COMMITTED; any error -> FAILED; close -> CLOSED
 */
#include "stream.h"

#include <string.h>

#include "policy.h"
#include "secure.h"

_Static_assert(OTAV_WORK_LEN >= 512 && OTAV_WORK_LEN % 64 == 0, "work buffer");

/* ---- life of a context ------------------------------------------------------------------------ */

static void end_crypto(struct otav_context *ctx)
{
    if (ctx->sha256_open) {
        ctx->crypto->sha256_end(ctx->crypto->user, &ctx->sha256);
        ctx->sha256_open = false;
    }
    if (ctx->aes_open) {
        ctx->crypto->aes_cbc_end(ctx->crypto->user, &ctx->aes);
        ctx->aes_open = false;
    }
}

enum otav_err otav_stream_fail(struct otav_context *ctx, enum otav_err err, uint16_t detail)
{
    end_crypto(ctx);
    otav_wipe(ctx, sizeof *ctx);
    ctx->state = OTAV_FAILED;
    ctx->error = (uint32_t)err;
    ctx->detail = detail;
    ctx->key_index = 0xFF;
    return err;
}

void otav_close(struct otav_context *ctx)
{
    end_crypto(ctx);
    otav_wipe(ctx, sizeof *ctx);
}

static bool crypto_complete(const struct otav_crypto *c)
{
    return c->sha256_begin != NULL && c->sha256_update != NULL && c->sha256_final != NULL &&
           c->sha256_end != NULL && c->ecdsa_p256_verify != NULL && c->aes_cbc_begin != NULL &&
           c->aes_cbc_decrypt != NULL && c->aes_cbc_end != NULL;
}

enum otav_err otav_stream_open(struct otav_context *ctx, const struct otav_config *config,
                               const struct otav_crypto *crypto, const struct otav_flash *flash,
                               const struct otav_transfer *transfer, enum otav_state state)
{
    if (ctx == NULL || config == NULL || crypto == NULL || transfer == NULL ||
        !crypto_complete(crypto) ||
        (flash != NULL && (flash->erase == NULL || flash->program == NULL)) ||
        (transfer->purpose != OTAV_INSTALL && transfer->purpose != OTAV_BOOT)) {
        return OTAV_ERR_ARG;
    }
    if (ctx->state != OTAV_CLOSED) {
        return OTAV_ERR_STATE;
    }
    if (otav_config_check(config) != OTAV_OK) {
        return OTAV_ERR_CONFIG;
    }
    memset(ctx, 0, sizeof *ctx);
    ctx->state = (uint16_t)state;
    ctx->error = OTAV_OK;
    ctx->key_index = 0xFF;
    ctx->config = config;
    ctx->crypto = crypto;
    ctx->flash = flash;
    ctx->transfer = *transfer;
    return OTAV_OK;
}

enum otav_err otav_stream_begin_payload(struct otav_context *ctx)
{
    ctx->state = OTAV_METADATA;
    if (!ctx->transfer.encrypted) {
        return OTAV_OK;
    }
    if (!ctx->config->has_decrypt_key) {
        return otav_stream_fail(ctx, OTAV_ERR_NO_DECRYPT_KEY, 0);
    }
    if (ctx->crypto->aes_cbc_begin(ctx->crypto->user, &ctx->aes, ctx->config->decrypt_key,
                                   ctx->config->decrypt_iv) != OTAV_ACCEPT) {
        return otav_stream_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    ctx->aes_open = true;
    return OTAV_OK;
}

enum otav_err otav_open(struct otav_context *ctx, const struct otav_config *config,
                        const struct otav_crypto *crypto, const struct otav_flash *flash,
                        const struct otav_transfer *transfer)
{
    enum otav_err err = otav_stream_open(ctx, config, crypto, flash, transfer, OTAV_METADATA);

    return err == OTAV_OK ? otav_stream_begin_payload(ctx) : err;
}

/* ---- plaintext -------------------------------------------------------------------------------- */

/* Bytes of plaintext behind the firmware: the CBC padding, 1..16 bytes of its own length. */
static uint32_t padding_len(const struct otav_context *ctx)
{
    return ctx->transfer.encrypted ? OTAV_BLOCK_LEN - ctx->fw_len % OTAV_BLOCK_LEN : 0;
}

static uint32_t fw_end(const struct otav_context *ctx)
{
    return OTAV_META_LEN + ctx->fw_len;
}

static enum otav_err metadata_complete(struct otav_context *ctx)
{
    struct otav_judgement judgement = {0xFF, 0, 0};
    uint16_t detail = 0;
    enum otav_err err = otav_policy_judge(ctx->config, ctx->crypto, &ctx->transfer, ctx->metadata,
                                          &ctx->sha256, &judgement, &detail);

    if (err != OTAV_OK) {
        return otav_stream_fail(ctx, err, detail);
    }
    ctx->key_index = judgement.key_index;
    ctx->fw_len = judgement.fw_len;
    /* A port whose table was misread may have answered with another of its functions. */
    ctx->meta_token = otav_bind(judgement.token, ctx->crypto);
    if (otav_reread(&ctx->meta_token) != OTAV_TOKEN_METADATA) {
        return otav_stream_fail(ctx, OTAV_ERR_METADATA, 0);
    }
    if (ctx->crypto->sha256_begin(ctx->crypto->user, &ctx->sha256) != OTAV_ACCEPT) {
        return otav_stream_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    ctx->sha256_open = true;
    ctx->state = OTAV_PAYLOAD;
    if (ctx->flash != NULL) {
        err = otav_slot_begin(ctx, ctx->metadata);
        if (err != OTAV_OK) {
            return otav_stream_fail(ctx, err, 0);
        }
    }
    return OTAV_OK;
}

static enum otav_err firmware_complete(struct otav_context *ctx)
{
    uint8_t digest[OTAV_SHA256_LEN];
    uint32_t result = ctx->crypto->sha256_final(ctx->crypto->user, &ctx->sha256, digest);
    uint32_t token = 0;
    enum otav_err err;

    if (result != OTAV_ACCEPT) {
        return otav_stream_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    err = otav_policy_judge_firmware(ctx->config, ctx->crypto, ctx->metadata, ctx->key_index,
                                     digest, &token);
    ctx->fw_token = otav_bind(token, ctx->crypto);
    return err == OTAV_OK ? OTAV_OK : otav_stream_fail(ctx, err, 0);
}

static enum otav_err take_firmware(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    enum otav_err err;

    if (ctx->crypto->sha256_update(ctx->crypto->user, &ctx->sha256, bytes, len) != OTAV_ACCEPT) {
        return otav_stream_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    if (ctx->flash != NULL) {
        err = otav_slot_write(ctx, bytes, len);
        if (err != OTAV_OK) {
            return otav_stream_fail(ctx, err, 0);
        }
    }
    ctx->plain_len += (uint32_t)len;
    return ctx->plain_len == fw_end(ctx) ? firmware_complete(ctx) : OTAV_OK;
}

static enum otav_err take_padding(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    uint32_t pad = padding_len(ctx);

    for (size_t i = 0; i < len; i++) {
        if (ctx->plain_len == fw_end(ctx) + pad) {
            return otav_stream_fail(ctx, OTAV_ERR_TRAILING, 0);
        }
        if (bytes[i] != pad) {
            return otav_stream_fail(ctx, OTAV_ERR_PADDING, 0);
        }
        ctx->plain_len++;
    }
    return OTAV_OK;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum otav_err take_plaintext(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    enum otav_err err = OTAV_OK;

    while (len > 0 && err == OTAV_OK) {
        size_t part = len;

        if (ctx->state == OTAV_METADATA) {
            part = smaller(len, OTAV_META_LEN - ctx->plain_len);
            memcpy(ctx->metadata + ctx->plain_len, bytes, part);
            ctx->plain_len += (uint32_t)part;
            if (ctx->plain_len == OTAV_META_LEN) {
                err = metadata_complete(ctx);
            }
        } else if (ctx->plain_len < fw_end(ctx)) {
            part = smaller(len, fw_end(ctx) - ctx->plain_len);
            err = take_firmware(ctx, bytes, part);
        } else {
            err = take_padding(ctx, bytes, part);
        }
        bytes += part;
        len -= part;
    }
    return err;
}

/* ---- pieces of any size ----------------------------------------------------------------------- */

/* Room in the work buffer; the metadata fills it alone, since what may stand in it afterwards, and
 * where the data ends, is known only once it was judged. */
static size_t work_room(const struct otav_context *ctx)
{
    size_t end = ctx->state == OTAV_METADATA ? OTAV_META_LEN - ctx->plain_len : OTAV_WORK_LEN;

    return end - ctx->work_len;
}

/* Takes the first len bytes of the work buffer, and moves the rest, less than a block, to its start. */
static enum otav_err take_work(struct otav_context *ctx, size_t len)
{
    enum otav_err err;

    if (ctx->transfer.encrypted &&
        ctx->crypto->aes_cbc_decrypt(ctx->crypto->user, &ctx->aes, ctx->work, len) != OTAV_ACCEPT) {
        return otav_stream_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    err = take_plaintext(ctx, ctx->work, len);
    if (err == OTAV_OK) {
        ctx->work_len -= (uint32_t)len;
        memcpy(ctx->work, ctx->work + len, ctx->work_len);
    }
    return err;
}

/* Decryption and flash work on whole blocks of 16, so their bytes go through the work buffer. */
static enum otav_err take_block_wise(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    enum otav_err err = OTAV_OK;

    while (len > 0 && err == OTAV_OK) {
        size_t part = smaller(len, work_room(ctx));
        size_t whole;

        memcpy(ctx->work + ctx->work_len, bytes, part);
        ctx->work_len += (uint32_t)part;
        bytes += part;
        len -= part;
        whole = ctx->work_len - ctx->work_len % OTAV_BLOCK_LEN;
        if (!ctx->transfer.encrypted && ctx->state == OTAV_PAYLOAD &&
            ctx->work_len >= fw_end(ctx) - ctx->plain_len) {
            whole = ctx->work_len; /* the end of a firmware that is no multiple of 16 */
        }
        if (whole > 0) {
            err = take_work(ctx, whole);
        }
    }
    return err;
}

enum otav_err otav_stream_take(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    if (ctx->transfer.encrypted || ctx->flash != NULL) {
        return take_block_wise(ctx, bytes, len);
    }
    return take_plaintext(ctx, bytes, len);
}

enum otav_err otav_feed(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    if (ctx == NULL || (bytes == NULL && len > 0)) {
        return OTAV_ERR_ARG;
    }
    if (ctx->state == OTAV_FAILED) {
        return (enum otav_err)ctx->error;
    }
    if (ctx->state == OTAV_CLOSED) {
        return OTAV_ERR_STATE;
    }
    if (ctx->state != OTAV_HEADER && ctx->state != OTAV_METADATA && ctx->state != OTAV_PAYLOAD) {
        return otav_stream_fail(ctx, OTAV_ERR_STATE, 0);
    }
    if (ctx->state == OTAV_HEADER && len > 0) {
        enum otav_err err = ctx->header(ctx, &bytes, &len);

        if (err != OTAV_OK) {
            return err;
        }
    }
    return otav_stream_take(ctx, bytes, len);
}

/* OTAV_OK when the data ended where the metadata and the announcement said it would. */
static enum otav_err judge_end(const struct otav_context *ctx)
{
    if (ctx->state != OTAV_PAYLOAD || ctx->plain_len != fw_end(ctx) + padding_len(ctx)) {
        return OTAV_ERR_TRUNCATED;
    }
    if (ctx->work_len != 0 || (ctx->transfer.has_len && ctx->transfer.len < ctx->plain_len)) {
        return OTAV_ERR_TRAILING;
    }
    return ctx->transfer.has_len && ctx->transfer.len > ctx->plain_len ? OTAV_ERR_TRUNCATED
                                                                       : OTAV_OK;
}

enum otav_err otav_finish(struct otav_context *ctx)
{
    enum otav_err err;

    if (ctx == NULL) {
        return OTAV_ERR_ARG;
    }
    if (ctx->state == OTAV_FAILED) {
        return (enum otav_err)ctx->error;
    }
    if (ctx->state == OTAV_CLOSED) {
        return OTAV_ERR_STATE;
    }
    if (ctx->state == OTAV_VERIFIED || ctx->state == OTAV_COMMITTED) {
        return otav_stream_fail(ctx, OTAV_ERR_STATE, 0);
    }
    err = judge_end(ctx);
    if (err != OTAV_OK) {
        return otav_stream_fail(ctx, err, 0);
    }
    end_crypto(ctx);
    ctx->state = OTAV_VERIFIED;
    return OTAV_OK;
}

/* ---- results ---------------------------------------------------------------------------------- */

uint32_t otav_verdict(const struct otav_context *ctx)
{
    /* Two comparisons of different values, then a result that is computed from the tokens: one
     * that was skipped or forged leaves a word that is not ACCEPT. */
    if (ctx == NULL || (ctx->state != OTAV_VERIFIED && ctx->state != OTAV_COMMITTED) ||
        ctx->error != OTAV_OK) {
        return OTAV_REJECT;
    }
    if (otav_reread(&ctx->meta_token) != OTAV_TOKEN_METADATA) {
        return OTAV_REJECT;
    }
    if (otav_reread(&ctx->fw_token) != OTAV_TOKEN_FIRMWARE) {
        return OTAV_REJECT;
    }
    return otav_reread(&ctx->meta_token) ^ otav_reread(&ctx->fw_token) ^
           (OTAV_TOKEN_METADATA ^ OTAV_TOKEN_FIRMWARE ^ OTAV_ACCEPT);
}

enum otav_state otav_get_state(const struct otav_context *ctx)
{
    return (enum otav_state)ctx->state;
}

uint16_t otav_get_detail(const struct otav_context *ctx)
{
    return ctx->detail;
}

const uint8_t *otav_get_metadata(const struct otav_context *ctx)
{
    bool accepted =
        ctx->state == OTAV_PAYLOAD || ctx->state == OTAV_VERIFIED || ctx->state == OTAV_COMMITTED;

    return accepted ? ctx->metadata : NULL;
}

uint8_t otav_get_key_index(const struct otav_context *ctx)
{
    return ctx->key_index;
}
