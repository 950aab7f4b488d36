/*
 * The streaming verifier: a state machine that takes an image in pieces of any size.
 * Layer: stream, above context. Guards: the first error sticks and wipes; what is decided depends on
 * the bytes, never on how they were cut; nothing is written before the metadata was accepted.
 *
 *   CLOSED -open-> [HEADER ->] METADATA -512 bytes judged-> PAYLOAD -finish-> VERIFIED -commit->
 *   COMMITTED; any error -> FAILED; close -> CLOSED
 */
#include "stream.h"

#include <string.h>

_Static_assert(OTAV_WORK_LEN >= 512 && OTAV_WORK_LEN % 64 == 0, "work buffer");

/* ---- opening ---------------------------------------------------------------------------------- */

enum otav_err otav_stream_begin_payload(struct otav_context *ctx)
{
    ctx->state = OTAV_METADATA;
    if (!ctx->transfer.encrypted) {
        return OTAV_OK;
    }
    if (!ctx->config->has_decrypt_key) {
        return otav_context_fail(ctx, OTAV_ERR_NO_DECRYPT_KEY, 0);
    }
    if (ctx->crypto->aes_cbc_begin(ctx->crypto->user, &ctx->aes, ctx->config->decrypt_key,
                                   ctx->config->decrypt_iv) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    ctx->aes_open = true;
    return OTAV_OK;
}

enum otav_err otav_open(struct otav_context *ctx, const struct otav_config *config,
                        const struct otav_crypto *crypto, const struct otav_flash *flash,
                        const struct otav_transfer *transfer)
{
    enum otav_err err = otav_context_open(ctx, config, crypto, flash, transfer, OTAV_METADATA);

    return err == OTAV_OK ? otav_stream_begin_payload(ctx) : err;
}

/* ---- plaintext -------------------------------------------------------------------------------- */

/* Bytes of plaintext behind the body: the CBC padding, 1..16 bytes of its own length. */
static uint32_t padding_len(const struct otav_context *ctx)
{
    return ctx->transfer.encrypted ? OTAV_BLOCK_LEN - ctx->body_len % OTAV_BLOCK_LEN : 0;
}

/* Where the firmware ends, as it is sent. */
static uint32_t body_end(const struct otav_context *ctx)
{
    return OTAV_META_LEN + ctx->body_len;
}

static enum otav_err metadata_complete(struct otav_context *ctx)
{
    enum otav_err err = otav_context_judge(ctx);

    if (err == OTAV_OK) {
        ctx->plain_len = OTAV_META_LEN;
        err = otav_encoded_begin(ctx);
    }
    if (err == OTAV_OK && ctx->flash != NULL) {
        err = otav_slot_begin(ctx, ctx->metadata);
        if (err != OTAV_OK) {
            return otav_context_fail(ctx, err, 0);
        }
    }
    return err;
}

enum otav_err otav_stream_take_firmware(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    if (ctx->flash != NULL) {
        enum otav_err err = otav_slot_write(ctx, bytes, len);

        if (err != OTAV_OK) {
            return otav_context_fail(ctx, err, 0);
        }
    }
    return otav_context_hash(ctx, bytes, len);
}

static enum otav_err take_padding(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    uint32_t pad = padding_len(ctx);

    for (size_t i = 0; i < len; i++) {
        if (ctx->taken_len == body_end(ctx) + pad) {
            return otav_context_fail(ctx, OTAV_ERR_TRAILING, 0);
        }
        if (bytes[i] != pad) {
            return otav_context_fail(ctx, OTAV_ERR_PADDING, 0);
        }
        ctx->taken_len++;
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
            part = smaller(len, OTAV_META_LEN - ctx->taken_len);
            memcpy(ctx->metadata + ctx->taken_len, bytes, part);
            ctx->taken_len += (uint32_t)part;
            if (ctx->taken_len == OTAV_META_LEN) {
                err = metadata_complete(ctx);
            }
        } else if (ctx->taken_len < body_end(ctx)) {
            part = smaller(len, body_end(ctx) - ctx->taken_len);
            ctx->taken_len += (uint32_t)part;
            err = ctx->decoder != NULL ? otav_encoded_take(ctx, bytes, part)
                                       : otav_stream_take_firmware(ctx, bytes, part);
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
    size_t end = ctx->state == OTAV_METADATA ? OTAV_META_LEN - ctx->taken_len : OTAV_WORK_LEN;

    return end - ctx->work_len;
}

/* Takes the first len bytes of the work buffer, and moves the rest, less than a block, to its start. */
static enum otav_err take_work(struct otav_context *ctx, size_t len)
{
    enum otav_err err;

    if (ctx->transfer.encrypted &&
        ctx->crypto->aes_cbc_decrypt(ctx->crypto->user, &ctx->aes, ctx->work, len) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_CRYPTO, 0);
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
            ctx->work_len >= body_end(ctx) - ctx->taken_len) {
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
        return otav_context_fail(ctx, OTAV_ERR_STATE, 0);
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
    if (ctx->state != OTAV_PAYLOAD || ctx->plain_len != OTAV_META_LEN + ctx->fw_len ||
        ctx->taken_len != body_end(ctx) + padding_len(ctx)) {
        return OTAV_ERR_TRUNCATED;
    }
    if (ctx->work_len != 0 || (ctx->transfer.has_len && ctx->transfer.len < ctx->taken_len)) {
        return OTAV_ERR_TRAILING;
    }
    return ctx->transfer.has_len && ctx->transfer.len > ctx->taken_len ? OTAV_ERR_TRUNCATED
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
        return otav_context_fail(ctx, OTAV_ERR_STATE, 0);
    }
    err = judge_end(ctx);
    if (err != OTAV_OK) {
        return otav_context_fail(ctx, err, 0);
    }
    otav_context_verified(ctx);
    return OTAV_OK;
}
