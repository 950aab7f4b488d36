/*
 * Verifying an image that is in flash already, as a bootloader does before it jumps.
 * Layer: beside stream, above context. Nothing of the stream is needed, and so nothing of it is linked
 * into a bootloader; what is judged, and in which order, is the context's for both.
 */
#include "context.h"

static enum otav_err read_part(struct otav_context *ctx, const struct otav_flash *flash,
                               uint8_t *ret_bytes, uint32_t len)
{
    if (flash->read(flash->user, ctx->plain_len, ret_bytes, len) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_FLASH_READ, 0);
    }
    return OTAV_OK;
}

/* What is judged must not change any more, so that the metadata is always read. */
static enum otav_err take_metadata(struct otav_context *ctx, const struct otav_flash *flash)
{
    enum otav_err err = read_part(ctx, flash, ctx->metadata, OTAV_META_LEN);

    if (err == OTAV_OK) {
        ctx->plain_len = OTAV_META_LEN;
        err = otav_context_judge(ctx);
    }
    return err;
}

/* Every byte is looked at once: by the hash in its place, or by the copy that is hashed. */
static enum otav_err take_part(struct otav_context *ctx, const struct otav_flash *flash,
                               uint32_t len)
{
    const uint8_t *bytes = NULL;
    enum otav_err err = OTAV_OK;

    if (flash->at != NULL) {
        bytes = flash->at(flash->user, ctx->plain_len, len);
    }
    if (bytes == NULL) {
        bytes = ctx->work;
        err = read_part(ctx, flash, ctx->work, len);
    }
    return err == OTAV_OK ? otav_context_hash(ctx, bytes, len) : err;
}

static enum otav_err take_firmware(struct otav_context *ctx, const struct otav_flash *flash)
{
    const uint32_t end = OTAV_META_LEN + ctx->fw_len;
    enum otav_err err = OTAV_OK;

    while (err == OTAV_OK && ctx->plain_len < end) {
        uint32_t left = end - ctx->plain_len;

        err = take_part(ctx, flash, left < OTAV_WORK_LEN ? left : OTAV_WORK_LEN);
    }
    return err;
}

enum otav_err otav_verify_slot(struct otav_context *ctx, const struct otav_config *config,
                               const struct otav_crypto *crypto, const struct otav_flash *flash,
                               enum otav_purpose purpose)
{
    const struct otav_transfer transfer = {.purpose = (uint8_t)purpose, .in_slot = true};
    enum otav_err err;

    if (flash == NULL || flash->read == NULL) {
        return OTAV_ERR_ARG;
    }
    err = otav_context_open(ctx, config, crypto, NULL, &transfer, OTAV_METADATA);
    if (err != OTAV_OK) {
        return err;
    }
    err = take_metadata(ctx, flash);
    if (err == OTAV_OK) {
        err = take_firmware(ctx, flash);
    }
    if (err == OTAV_OK) {
        otav_context_verified(ctx);
    }
    return err;
}
