/*
 * A transfer whose firmware is encoded: through its decoder, and then the way of
 * any firmware.
 * Layer: beside stream, which calls it for such transfers alone. Guards: what is hashed, written and
 * signed is the decoder's output, of which the context takes no byte more than the firmware has; the
 * decoder sees the bytes that the signed attribute counts and no others.
 */
#include "stream.h"

/* The encoding attribute of metadata that was judged, or NULL. */
static const uint8_t *encoding_of(const struct otav_context *ctx)
{
    struct otav_record record;
    uint16_t offset = 0;

    while (otav_attributes_next(ctx->metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN,
                                &offset, &record)) {
        if (record.type == OTAV_ATTR_ENCODING) {
            return record.value;
        }
    }
    return NULL;
}

static enum otav_err write_decoded(void *user, const uint8_t *bytes, size_t len)
{
    return otav_stream_take_firmware(user, bytes, len);
}

static enum otav_err read_decoded(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    struct otav_context *ctx = user;
    const struct otav_flash *flash = ctx->flash;

    if (flash == NULL || flash->read == NULL ||
        flash->read(flash->user, OTAV_META_LEN + offset, ret_bytes, len) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_FLASH_READ, 0);
    }
    return OTAV_OK;
}

enum otav_err otav_encoded_begin(struct otav_context *ctx)
{
    const struct otav_decoder_io io = {ctx, write_decoded, read_decoded};
    const uint8_t *encoding = encoding_of(ctx);
    uint32_t len;

    if (encoding == NULL || ctx->transfer.in_slot) {
        ctx->body_len = ctx->fw_len;
        return OTAV_OK;
    }
    len = otav_load_u32(encoding + OTAV_ENCODING_ENCODED_LEN_OFF);
    if (ctx->transfer.decoder == NULL) {
        return otav_context_fail(ctx, OTAV_ERR_ENCODING, 0);
    }
    if (len == 0 || len > OTAV_SLOT_LEN - OTAV_META_LEN) {
        return otav_context_fail(ctx, OTAV_ERR_FW_LENGTH, 0);
    }
    ctx->encoded_len = len;
    ctx->body_len = len + (0u - len) % OTAV_BLOCK_LEN;
    ctx->decoder = ctx->transfer.decoder;
    ctx->decoder->begin(ctx->decoder->state, &io, ctx->fw_len);
    return OTAV_OK;
}

/* The context's own error is the first one: a callback of the decoder's failed it. */
static enum otav_err decoded(struct otav_context *ctx, enum otav_err err)
{
    if (ctx->state == OTAV_FAILED) {
        return (enum otav_err)ctx->error;
    }
    return err == OTAV_OK ? OTAV_OK : otav_context_fail(ctx, err, 0);
}

static enum otav_err take_zeros(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return otav_context_fail(ctx, OTAV_ERR_PADDING, 0);
        }
    }
    return OTAV_OK;
}

enum otav_err otav_encoded_take(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    const struct otav_decoder *decoder = ctx->decoder;
    size_t skipped = len < ctx->skip_len ? len : ctx->skip_len;
    size_t part;
    enum otav_err err = OTAV_OK;

    ctx->skip_len -= (uint32_t)skipped;
    bytes += skipped;
    len -= skipped;
    part = len < ctx->encoded_len ? len : ctx->encoded_len;
    if (part > 0) {
        ctx->encoded_len -= (uint32_t)part;
        err = decoded(ctx, decoder->feed(decoder->state, bytes, part));
        if (err == OTAV_OK && ctx->encoded_len == 0) {
            err = decoded(ctx, decoder->end(decoder->state));
        }
    }
    return err == OTAV_OK ? take_zeros(ctx, bytes + part, len - part) : err;
}
