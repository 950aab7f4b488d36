/*
 * Verifying an image that is in flash already, as a bootloader does before it jumps.
 * Layer: beside stream, above context. Nothing of the stream is needed, and so nothing of it is linked
 * into a bootloader; what is judged, and in which order, is the context's for both.
 */
#include "context.h"

static enum otav_err read_slot(struct otav_context *ctx, const struct otav_flash *flash,
                               uint32_t offset, uint8_t *ret_bytes, uint32_t len)
{
    return flash->read(flash->user, offset, ret_bytes, len) == OTAV_ACCEPT
               ? OTAV_OK
               : otav_context_fail(ctx, OTAV_ERR_FLASH_READ, 0);
}

static enum otav_err hash_firmware(struct otav_context *ctx, const struct otav_flash *flash)
{
    const uint32_t end = OTAV_META_LEN + ctx->fw_len;
    enum otav_err err = OTAV_OK;

    for (uint32_t offset = OTAV_META_LEN; err == OTAV_OK && offset < end;) {
        uint32_t part = end - offset < OTAV_WORK_LEN ? end - offset : OTAV_WORK_LEN;

        err = read_slot(ctx, flash, offset, ctx->work, part);
        if (err == OTAV_OK) {
            err = otav_context_hash(ctx, ctx->work, part);
        }
        offset += part;
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
    err = read_slot(ctx, flash, 0, ctx->metadata, OTAV_META_LEN);
    if (err == OTAV_OK) {
        ctx->plain_len = OTAV_META_LEN;
        err = otav_context_judge(ctx);
    }
    if (err == OTAV_OK) {
        err = hash_firmware(ctx, flash);
    }
    if (err == OTAV_OK) {
        otav_context_verified(ctx);
    }
    return err;
}
