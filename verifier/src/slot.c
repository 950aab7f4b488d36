/*
 * Verifying an image that is in flash already, as a bootloader does before it jumps.
 * Layer: above stream. The same state machine as for a transfer, fed from the slot, so that nothing
 * is judged twice in two ways.
 */
#include "stream.h"

enum otav_err otav_verify_slot(struct otav_context *ctx, const struct otav_config *config,
                               const struct otav_crypto *crypto, const struct otav_flash *flash,
                               enum otav_purpose purpose)
{
    struct otav_transfer transfer = {.purpose = (uint8_t)purpose};
    uint32_t end = OTAV_META_LEN;
    enum otav_err err;

    if (flash == NULL || flash->read == NULL) {
        return OTAV_ERR_ARG;
    }
    err = otav_open(ctx, config, crypto, NULL, &transfer);
    for (uint32_t offset = 0; err == OTAV_OK && offset < end;) {
        uint32_t part = end - offset < OTAV_WORK_LEN ? end - offset : OTAV_WORK_LEN;

        if (flash->read(flash->user, offset, ctx->work, part) != OTAV_ACCEPT) {
            return otav_stream_fail(ctx, OTAV_ERR_FLASH_READ, 0);
        }
        err = otav_feed(ctx, ctx->work, part);
        offset += part;
        if (offset == OTAV_META_LEN) {
            end += ctx->fw_len; /* judged: fits into the slot */
        }
    }
    return err == OTAV_OK ? otav_finish(ctx) : err;
}
