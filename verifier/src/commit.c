/*
 * Writing a verified stream into a slot: pages are erased as the data reaches them, the first unit
 * is withheld until the whole image was verified.
 * Layer: commit, beside stream. Guards: called only with accepted metadata; an interrupted or
 * refused transfer leaves a slot whose first unit is erased, which no bootloader takes.
 */
#include "stream.h"

#include <string.h>

#include "secure.h"

static enum otav_err erase_up_to(struct otav_context *ctx, uint32_t end)
{
    while (ctx->erased_len < end) {
        if (ctx->flash->erase(ctx->flash->user, ctx->erased_len, OTAV_PAGE_LEN) != OTAV_ACCEPT) {
            return OTAV_ERR_FLASH_ERASE;
        }
        ctx->erased_len += OTAV_PAGE_LEN;
    }
    return OTAV_OK;
}

/* Offsets count from behind the withheld unit: no branch decides that it stays unwritten. */
static enum otav_err program(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    if (len > 0 && ctx->flash->program(ctx->flash->user, OTAV_UNIT_LEN + ctx->written_len, bytes,
                                       len) != OTAV_ACCEPT) {
        return OTAV_ERR_FLASH_PROGRAM;
    }
    ctx->written_len += (uint32_t)len;
    return OTAV_OK;
}

enum otav_err otav_slot_write(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    size_t tail_len = len % OTAV_UNIT_LEN;
    uint8_t tail[OTAV_UNIT_LEN];
    enum otav_err err = erase_up_to(ctx, OTAV_UNIT_LEN + ctx->written_len + (uint32_t)len);

    if (err == OTAV_OK) {
        err = program(ctx, bytes, len - tail_len);
    }
    if (err == OTAV_OK && tail_len > 0) {
        memset(tail, 0xFF, sizeof tail);
        memcpy(tail, bytes + len - tail_len, tail_len);
        err = program(ctx, tail, sizeof tail);
        otav_wipe(tail, sizeof tail); /* may have been encrypted in transit */
    }
    return err;
}

enum otav_err otav_slot_begin(struct otav_context *ctx, const uint8_t metadata[OTAV_META_LEN])
{
    memcpy(ctx->withheld, metadata, sizeof ctx->withheld);
    return otav_slot_write(ctx, metadata + sizeof ctx->withheld,
                           OTAV_META_LEN - sizeof ctx->withheld);
}

enum otav_err otav_commit(struct otav_context *ctx)
{
    if (ctx == NULL) {
        return OTAV_ERR_ARG;
    }
    if (ctx->state == OTAV_FAILED) {
        return (enum otav_err)ctx->error;
    }
    if (ctx->state == OTAV_CLOSED) {
        return OTAV_ERR_STATE;
    }
    if (ctx->state != OTAV_VERIFIED || ctx->flash == NULL || otav_verdict(ctx) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_STATE, 0);
    }
    /* The verdict once more: no single comparison stands between a bad image and its first unit. */
    if (otav_verdict(ctx) != OTAV_ACCEPT ||
        ctx->flash->program(ctx->flash->user, 0, ctx->withheld, sizeof ctx->withheld) !=
            OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_FLASH_PROGRAM, 0);
    }
    ctx->state = OTAV_COMMITTED;
    return OTAV_OK;
}
