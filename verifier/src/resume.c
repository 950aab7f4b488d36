/*
 * Going on with an interrupted transfer: the context is brought to where the stream would have it, from
 * what the slot holds.
 * Layer: above stream and context. Guards: the metadata is judged and the firmware hashed
 * from flash, as if it had come over the air; only a slot without first unit is gone on with.
 */
#include <otav/otav_resume.h>

#include <string.h>

#include "stream.h"

/* Bytes of a transfer that is not encoded between two checkpoints. */
enum { EVERY = 2 * OTAV_PAGE_LEN };

_Static_assert(OTAV_DECODER_POINT_LEN % OTAV_PAGE_LEN == 0, "what is behind a point is erased");

/* The metadata as it was sent: its first unit is not in the slot. */
static enum otav_err load_metadata(struct otav_context *ctx, const uint8_t withheld[OTAV_UNIT_LEN])
{
    if (ctx->flash->read(ctx->flash->user, 0, ctx->metadata, OTAV_META_LEN) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_FLASH_READ, 0);
    }
    for (unsigned i = 0; i < OTAV_UNIT_LEN; i++) {
        if (ctx->metadata[i] != 0xFF) {
            return otav_context_fail(ctx, OTAV_ERR_STATE, 0);
        }
    }
    memcpy(ctx->metadata, withheld, OTAV_UNIT_LEN);
    memcpy(ctx->withheld, withheld, OTAV_UNIT_LEN);
    ctx->plain_len = OTAV_META_LEN;
    return OTAV_OK;
}

/* A loop of its own beside slot.c's: shared, it would make every bootloader larger. */
static enum otav_err hash_written(struct otav_context *ctx, uint32_t end)
{
    enum otav_err err = OTAV_OK;

    while (err == OTAV_OK && ctx->plain_len < end) {
        uint32_t rest = end - ctx->plain_len;
        uint32_t part = rest < OTAV_WORK_LEN ? rest : OTAV_WORK_LEN;

        if (ctx->flash->read(ctx->flash->user, ctx->plain_len, ctx->work, part) != OTAV_ACCEPT) {
            return otav_context_fail(ctx, OTAV_ERR_FLASH_READ, 0);
        }
        err = otav_context_hash(ctx, ctx->work, part);
    }
    return err;
}

/* The chain goes on from the last block that came. */
static enum otav_err begin_decryption(struct otav_context *ctx,
                                      const uint8_t previous[OTAV_BLOCK_LEN])
{
    if (!ctx->transfer.encrypted) {
        return OTAV_OK;
    }
    if (ctx->crypto->aes_cbc_begin(ctx->crypto->user, &ctx->aes, ctx->config->decrypt_key,
                                   previous) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    ctx->aes_open = true;
    return OTAV_OK;
}

static bool is_resumable(const struct otav_context *ctx, const struct otav_checkpoint *checkpoint)
{
    uint32_t plain_len = checkpoint->plain_len;
    uint32_t taken_len = checkpoint->taken_len;

    return plain_len >= OTAV_PAGE_LEN && plain_len % OTAV_PAGE_LEN == 0 &&
           plain_len <= OTAV_META_LEN + ctx->fw_len &&
           (ctx->decoder == NULL
                ? taken_len == plain_len
                : taken_len >= OTAV_RESUME_STEP && taken_len < OTAV_META_LEN + ctx->encoded_len);
}

static void resume_decoder(struct otav_context *ctx, const struct otav_checkpoint *checkpoint)
{
    const struct otav_decoder_point point = {checkpoint->taken_len - OTAV_META_LEN,
                                             checkpoint->plain_len - OTAV_META_LEN};

    ctx->decoder->resume(ctx->decoder->state, &point);
    ctx->encoded_len -= point.encoded_len;
    ctx->skip_len = checkpoint->taken_len - otav_checkpoint_start(checkpoint);
}

bool otav_get_checkpoint(const struct otav_context *ctx, struct otav_checkpoint *ret)
{
    struct otav_decoder_point point = {0, 0};
    uint32_t whole = ctx->plain_len - ctx->plain_len % EVERY;

    if (ctx->state != OTAV_PAYLOAD || ctx->flash == NULL) {
        return false;
    }
    if (ctx->decoder != NULL) {
        ctx->decoder->point(ctx->decoder->state, &point);
        whole = point.encoded_len == 0 ? 0 : OTAV_META_LEN + point.decoded_len;
    }
    if (whole == 0) {
        return false;
    }
    ret->plain_len = whole;
    ret->taken_len = ctx->decoder == NULL ? whole : OTAV_META_LEN + point.encoded_len;
    memcpy(ret->withheld, ctx->withheld, OTAV_UNIT_LEN);
    return true;
}

enum otav_err otav_resume(struct otav_context *ctx, const struct otav_config *config,
                          const struct otav_crypto *crypto, const struct otav_flash *flash,
                          const struct otav_transfer *transfer,
                          const struct otav_checkpoint *checkpoint)
{
    enum otav_err err;

    if (flash == NULL || flash->read == NULL || checkpoint == NULL) {
        return OTAV_ERR_ARG;
    }
    err = otav_context_open(ctx, config, crypto, flash, transfer, OTAV_METADATA);
    if (err != OTAV_OK) {
        return err;
    }
    if (transfer->encrypted && !config->has_decrypt_key) {
        return otav_context_fail(ctx, OTAV_ERR_NO_DECRYPT_KEY, 0);
    }
    err = load_metadata(ctx, checkpoint->withheld);
    if (err == OTAV_OK) {
        err = otav_context_judge(ctx);
    }
    if (err == OTAV_OK) {
        err = otav_encoded_begin(ctx);
    }
    if (err == OTAV_OK && !is_resumable(ctx, checkpoint)) {
        err = otav_context_fail(ctx, OTAV_ERR_ARG, 0);
    }
    if (err == OTAV_OK) {
        err = hash_written(ctx, checkpoint->plain_len);
    }
    if (err == OTAV_OK) {
        if (ctx->decoder != NULL) {
            resume_decoder(ctx, checkpoint);
        }
        ctx->taken_len = otav_checkpoint_start(checkpoint);
        ctx->erased_len = checkpoint->plain_len;
        ctx->written_len = checkpoint->plain_len - OTAV_UNIT_LEN;
        err = begin_decryption(ctx, checkpoint->previous);
    }
    return err;
}
