/*
 * The life of a context, and what decides about an image however it arrives: the judgement over its
 * metadata, the hash of its firmware, the verdict.
 * Layer: context, above policy, below stream and slot. Guards: the first error sticks and wipes; the
 * verdict is computed from both tokens.
 */
#include "context.h"

#include <string.h>

#include "policy.h"
#include "secure.h"

/* ---- life ------------------------------------------------------------------------------------- */

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
    if (ctx->decoder != NULL) {
        ctx->decoder->wipe(ctx->decoder->state);
    }
}

enum otav_err otav_context_fail(struct otav_context *ctx, enum otav_err err, uint16_t detail)
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

enum otav_err otav_context_open(struct otav_context *ctx, const struct otav_config *config,
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

/* ---- judgement -------------------------------------------------------------------------------- */

enum otav_err otav_context_judge(struct otav_context *ctx)
{
    struct otav_judgement judgement = {0xFF, 0, 0};
    uint16_t detail = 0;
    enum otav_err err = otav_policy_judge(ctx->config, ctx->crypto, &ctx->transfer, ctx->metadata,
                                          &ctx->sha256, &judgement, &detail);

    if (err != OTAV_OK) {
        return otav_context_fail(ctx, err, detail);
    }
    ctx->key_index = judgement.key_index;
    ctx->fw_len = judgement.fw_len;
    /* A port whose table was misread may have answered with another of its functions. */
    ctx->meta_token = otav_bind(judgement.token, ctx->crypto);
    if (otav_reread(&ctx->meta_token) != OTAV_TOKEN_METADATA) {
        return otav_context_fail(ctx, OTAV_ERR_METADATA, 0);
    }
    if (ctx->crypto->sha256_begin(ctx->crypto->user, &ctx->sha256) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    ctx->sha256_open = true;
    ctx->state = OTAV_PAYLOAD;
    return OTAV_OK;
}

static enum otav_err firmware_complete(struct otav_context *ctx)
{
    uint8_t digest[OTAV_SHA256_LEN];
    uint32_t result = ctx->crypto->sha256_final(ctx->crypto->user, &ctx->sha256, digest);
    uint32_t token = 0;
    enum otav_err err;

    if (result != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    err = otav_policy_judge_firmware(ctx->config, ctx->crypto, ctx->metadata, ctx->key_index,
                                     digest, &token);
    ctx->fw_token = otav_bind(token, ctx->crypto);
    return err == OTAV_OK ? OTAV_OK : otav_context_fail(ctx, err, 0);
}

enum otav_err otav_context_hash(struct otav_context *ctx, const uint8_t *bytes, size_t len)
{
    if (ctx->crypto->sha256_update(ctx->crypto->user, &ctx->sha256, bytes, len) != OTAV_ACCEPT) {
        return otav_context_fail(ctx, OTAV_ERR_CRYPTO, 0);
    }
    ctx->plain_len += (uint32_t)len;
    return ctx->plain_len == OTAV_META_LEN + ctx->fw_len ? firmware_complete(ctx) : OTAV_OK;
}

void otav_context_verified(struct otav_context *ctx)
{
    end_crypto(ctx);
    ctx->state = OTAV_VERIFIED;
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
