/*
 * Verifying an image that is in flash already, as a bootloader does before it jumps.
 * Layer: beside stream, above context. Nothing of the stream is needed, and so nothing of it is linked
 * into a bootloader; what is judged, and in which order, is the context's for both.
 */
#include "context.h"

/* Reads the next part of the slot to ret_bytes and has it judged: the metadata, else firmware. */
static enum otav_err take_part(struct otav_context *ctx, const struct otav_flash *flash,
                               uint8_t *ret_bytes, uint32_t len)
{
    if (flash->read(flash->user, ctx->plain_len, ret_bytes, len) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_FLASH_READ, 0);
    }
    if (ctx->plain_len != 0) {
        return otav_context_hash(ctx, ret_bytes, len);
    }
    ctx->plain_len = len;
    return otav_context_judge(ctx);
}

static enum otav_err take_firmware(struct otav_context *ctx, const struct otav_flash *flash)
{
    const uint32_t end = OTAV_META_LEN + ctx->fw_len;
    enum otav_err err = OTAV_OK;

    while (err == OTAV_OK && ctx->plain_len < end) {
        uint32_t left = end - ctx->plain_len;

        err = take_part(ctx, flash, ctx->work, left < OTAV_WORK_LEN ? left : OTAV_WORK_LEN);
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
    err = take_part(ctx, flash, ctx->metadata, OTAV_META_LEN);
    if (err == OTAV_OK) {
        err = take_firmware(ctx, flash);
    }
    if (err == OTAV_OK) {
        otav_context_verified(ctx);
    }
    return err;
}
