/*
 * File headers: OTAU, Zigbee and both, or none. For hosts; a device that gets transfers without a
 * file header does not link this.
 * Layer: above stream.
 */
#include <otav/otav_file.h>

#include <string.h>

#include "stream.h"

#define FIELD_ROW(rec, id, off, len, type, rule, arg, name, meaning, source)                       \
    {(off), (len), OTAV_##type, OTAV_##rule, (arg)},

static const struct otav_field otau_fields[] = {OTAV_OTAU_FIELDS(FIELD_ROW)};
static const struct otav_field zota_fields[] = {OTAV_ZOTA_FIELDS(FIELD_ROW)};
static const struct otav_field zopt_fields[] = {OTAV_ZOPT_FIELDS(FIELD_ROW)};

enum {
    COUNT_OTAU = sizeof otau_fields / sizeof otau_fields[0],
    COUNT_ZOTA = sizeof zota_fields / sizeof zota_fields[0],
    COUNT_ZOPT = sizeof zopt_fields / sizeof zopt_fields[0],
    ZOTA_MAGIC = 0x0BEEF11E,
    FILE_TYPE_COMBO = 2
};

uint16_t otav_file_checksum(uint32_t sum)
{
    return (uint16_t)(0u - sum);
}

bool otav_file_guess(const uint8_t *prefix, size_t prefix_len, enum otav_file_kind *ret)
{
    enum otav_file_kind kind;

    if (prefix_len >= OTAV_META_FW_LEN_OFF && otav_meta_looks_plain(prefix)) {
        kind = OTAV_FILE_IMAGE;
    } else if (prefix_len >= 4 && otav_load_u32(prefix) == ZOTA_MAGIC) {
        kind = OTAV_FILE_ZIGBEE;
    } else if (prefix_len >= OTAV_OTAU_LEN &&
               otav_fields_check(otau_fields, COUNT_OTAU, prefix) == COUNT_OTAU) {
        kind = prefix[OTAV_OTAU_FILE_TYPE_OFF] == FILE_TYPE_COMBO ? OTAV_FILE_COMBO : OTAV_FILE_BLE;
    } else {
        return false;
    }
    *ret = kind;
    return true;
}

static enum otav_err parse_otau(const uint8_t *prefix, size_t prefix_len, uint32_t file_sum,
                                uint16_t *ret_offset)
{
    uint8_t bad;
    uint32_t stored;

    *ret_offset = 0;
    if (prefix_len < OTAV_OTAU_LEN) {
        return OTAV_ERR_TRUNCATED;
    }
    bad = otav_fields_check(otau_fields, COUNT_OTAU, prefix);
    if (bad < COUNT_OTAU) {
        *ret_offset = otau_fields[bad].offset;
        return OTAV_ERR_HEADER;
    }
    /* The sum counts the checksum field as zero. */
    stored = otav_load_u16(prefix + OTAV_OTAU_CHECKSUM_OFF);
    file_sum -= (stored & 0xFF) + (stored >> 8);
    if (otav_file_checksum(file_sum) != stored) {
        *ret_offset = OTAV_OTAU_CHECKSUM_OFF;
        return OTAV_ERR_CHECKSUM;
    }
    return OTAV_OK;
}

/* Length of the Zigbee header that its field control bits ask for. */
static uint16_t zota_len_of(uint32_t field_control)
{
    uint16_t len = OTAV_ZOTA_LEN;

    for (size_t i = 0; i < COUNT_ZOPT; i++) {
        if ((field_control & zopt_fields[i].arg) != 0) {
            len = (uint16_t)(len + zopt_fields[i].size);
        }
    }
    return len;
}

static enum otav_err parse_zota(const uint8_t *prefix, size_t prefix_len, uint32_t file_len,
                                struct otav_file *file, uint16_t *ret_offset)
{
    const uint8_t *zota = prefix + file->zota_off;
    uint8_t bad;

    *ret_offset = (uint16_t)file->zota_off;
    if (prefix_len < file->zota_off + OTAV_ZOTA_LEN) {
        return OTAV_ERR_TRUNCATED;
    }
    bad = otav_fields_check(zota_fields, COUNT_ZOTA, zota);
    if (bad < COUNT_ZOTA) {
        *ret_offset = (uint16_t)(file->zota_off + zota_fields[bad].offset);
        return OTAV_ERR_HEADER;
    }
    file->zota_len = otav_load_u16(zota + OTAV_ZOTA_HEADER_LEN_OFF);
    if (file->zota_len != zota_len_of(otav_load_u16(zota + OTAV_ZOTA_FIELD_CONTROL_OFF))) {
        *ret_offset = (uint16_t)(file->zota_off + OTAV_ZOTA_HEADER_LEN_OFF);
        return OTAV_ERR_HEADER;
    }
    if (otav_load_u32(zota + OTAV_ZOTA_TOTAL_LEN_OFF) != file_len - file->zota_off) {
        *ret_offset = (uint16_t)(file->zota_off + OTAV_ZOTA_TOTAL_LEN_OFF);
        return OTAV_ERR_TOTAL_LENGTH;
    }
    return OTAV_OK;
}

enum otav_err otav_file_parse(const uint8_t *prefix, size_t prefix_len, uint32_t file_len,
                              uint32_t file_sum, struct otav_file *ret, uint16_t *ret_offset)
{
    struct otav_file file = {.kind = OTAV_FILE_BLE};
    enum otav_file_kind guess = OTAV_FILE_BLE;
    enum otav_err err;

    /* What is none of the others is taken for a damaged OTAU header, the only one with a type. */
    (void)otav_file_guess(prefix, prefix_len, &guess);
    file.kind = guess;
    file.has_otau = guess == OTAV_FILE_BLE || guess == OTAV_FILE_COMBO;
    file.has_zota = guess == OTAV_FILE_ZIGBEE || guess == OTAV_FILE_COMBO;
    if (file.has_otau) {
        err = parse_otau(prefix, prefix_len, file_sum, ret_offset);
        if (err != OTAV_OK) {
            return err;
        }
        file.zota_off = OTAV_OTAU_LEN;
        file.encrypted = prefix[OTAV_OTAU_ENCRYPTED_OFF] != 0;
    }
    if (file.has_zota) {
        err = parse_zota(prefix, prefix_len, file_len, &file, ret_offset);
        if (err != OTAV_OK) {
            return err;
        }
    }
    file.payload_off = file.zota_off + file.zota_len;
    if (file_len < file.payload_off + OTAV_META_LEN) {
        *ret_offset = (uint16_t)file.payload_off;
        return OTAV_ERR_TRUNCATED;
    }
    file.payload_len = file_len - file.payload_off;
    if (guess == OTAV_FILE_ZIGBEE) {
        file.encrypted = !otav_meta_looks_plain(prefix + file.payload_off);
    }
    *ret = file;
    return OTAV_OK;
}

/* Collects the prefix in the work buffer; hands what is behind the headers on to the stream. */
static enum otav_err take_header(struct otav_context *ctx, const uint8_t **bytes, size_t *len)
{
    uint8_t prefix[OTAV_FILE_PREFIX_LEN];
    size_t prefix_len = ctx->file_len < sizeof prefix ? ctx->file_len : sizeof prefix;
    size_t part = prefix_len - ctx->work_len;
    struct otav_file file;
    uint16_t offset = 0;
    enum otav_err err;

    part = *len < part ? *len : part;
    memcpy(ctx->work + ctx->work_len, *bytes, part);
    ctx->work_len += (uint32_t)part;
    *bytes += part;
    *len -= part;
    if (ctx->work_len < prefix_len) {
        return OTAV_OK;
    }
    memcpy(prefix, ctx->work, prefix_len);
    err = otav_file_parse(prefix, prefix_len, ctx->file_len, ctx->file_sum, &file, &offset);
    if (err != OTAV_OK) {
        return otav_context_fail(ctx, err, offset);
    }
    ctx->work_len = 0;
    ctx->transfer.encrypted = file.encrypted;
    ctx->transfer.in_slot = file.kind == OTAV_FILE_IMAGE;
    ctx->transfer.has_len = true;
    ctx->transfer.len = file.payload_len;
    if (file.has_otau) {
        ctx->transfer.has_image_id = true;
        ctx->transfer.image_id = otav_load_u32(prefix + OTAV_OTAU_IMAGE_ID_OFF);
        ctx->transfer.has_version = true;
        ctx->transfer.version = otav_load_u32(prefix + OTAV_OTAU_REVISION_OFF);
    }
    err = otav_stream_begin_payload(ctx);
    return err == OTAV_OK
               ? otav_stream_take(ctx, prefix + file.payload_off, prefix_len - file.payload_off)
               : err;
}

enum otav_err otav_open_file(struct otav_context *ctx, const struct otav_config *config,
                             const struct otav_crypto *crypto, enum otav_purpose purpose,
                             uint32_t file_len, uint32_t file_sum,
                             const struct otav_decoder *decoder)
{
    struct otav_transfer transfer = {.purpose = (uint8_t)purpose, .decoder = decoder};
    enum otav_err err = otav_context_open(ctx, config, crypto, NULL, &transfer, OTAV_HEADER);

    if (err != OTAV_OK) {
        return err;
    }
    ctx->header = take_header;
    ctx->file_len = file_len;
    ctx->file_sum = file_sum;
    return OTAV_OK;
}
