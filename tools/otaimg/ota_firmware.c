/*
 * The firmware in an OTA file, inflated where it is compressed. Layer: beside ota_file.c, above it.
 * Invariant: what is visited as firmware is what a device would have in its slot, or there is an
 * error.
 */
#include "ota_file.h"

#include <stdlib.h>
#include <string.h>

#include <otav/otav_attributes.h>

#include "diag.h"
#include "digest.h"
#include "inflated.h"
#include "util.h"

struct ota_body ota_file_body(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN])
{
    struct ota_body body = {.sent_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF)};
    struct otav_attributes attributes;
    uint16_t offset = 0;

    if (file->file.kind != OTAV_FILE_IMAGE &&
        otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN, false,
                              &attributes, &offset) == OTAV_OK &&
        OTAV_ATTR_VALUE(&attributes, ENCODING) != NULL) {
        body.compressed = true;
        body.sent_len =
            otav_load_u32(OTAV_ATTR_VALUE(&attributes, ENCODING) + OTAV_ENCODING_ENCODED_LEN_OFF);
    }
    body.len = body.sent_len;
    if (body.compressed && body.sent_len < UINT32_MAX - OTAV_BLOCK_LEN) {
        body.len += (0u - body.sent_len) % OTAV_BLOCK_LEN;
    }
    return body;
}

uint32_t ota_file_uncompressed_len(const struct ota_file *file,
                                   const uint8_t metadata[OTAV_META_LEN])
{
    uint32_t fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);

    if (!ota_file_body(file, metadata).compressed || fw_len == 0 ||
        fw_len > OTAV_SLOT_LEN - OTAV_META_LEN) {
        return 0;
    }
    return OTAV_META_LEN + fw_len +
           (file->file.encrypted ? OTAV_BLOCK_LEN - fw_len % OTAV_BLOCK_LEN : 0);
}

/* ---- as it is sent ---------------------------------------------------------------------------- */

struct body_visit {
    payload_visit *visit;
    void *user;
    uint32_t end;
};

static enum ox visit_body(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    const struct body_visit *v = user;
    uint32_t skip = offset < OTAV_META_LEN ? OTAV_META_LEN - offset : 0;
    size_t last = offset < v->end && v->end - offset < len ? v->end - offset : len;

    if (offset >= v->end || last <= skip) {
        return OX_OK;
    }
    return v->visit(v->user, offset + skip - OTAV_META_LEN, bytes + skip, last - skip);
}

/* len bytes behind the metadata, which the payload has. */
static enum ox for_each_sent(const struct ota_file *file, uint32_t len, payload_visit *visit,
                             void *user)
{
    struct body_visit v = {visit, user, OTAV_META_LEN + len};

    return ota_file_for_each(file, visit_body, &v);
}

static bool has_room(const struct ota_file *file, uint32_t len)
{
    return len <= file->file.payload_len - OTAV_META_LEN;
}

static enum ox fail_room(const struct ota_file *file, uint32_t len)
{
    return diag_fail(OX_MALFORMED,
                     "%s: metadata promises %u bytes of firmware, the file has room for %u",
                     file->source.path, len, file->file.payload_len - OTAV_META_LEN);
}

enum ox ota_file_for_each_sent(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN],
                               payload_visit *visit, void *user)
{
    const struct ota_body body = ota_file_body(file, metadata);

    return has_room(file, body.len) ? for_each_sent(file, body.len, visit, user)
                                    : fail_room(file, body.len);
}

/* ---- inflated --------------------------------------------------------------------------------- */

struct inflating {
    struct inflated inflated;
    payload_visit *visit;
    void *user;
    uint32_t offset;   /* of the next byte of firmware */
    enum ox ox;        /* of visit */
    enum otav_err err; /* of the stream */
};

static enum otav_err visit_inflated(void *user, const uint8_t *bytes, size_t len)
{
    struct inflating *i = user;

    i->ox = i->visit(i->user, i->offset, bytes, len);
    i->offset += (uint32_t)len;
    return i->ox == OX_OK ? OTAV_OK : OTAV_ERR_FLASH_PROGRAM;
}

/* What a step of the decoder came to, for the walk over the payload. */
static enum ox stepped(struct inflating *i, enum otav_err err)
{
    if (i->ox != OX_OK) {
        return i->ox;
    }
    i->err = err;
    return err == OTAV_OK ? OX_OK : OX_MALFORMED;
}

static enum ox take_sent(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct inflating *i = user;

    (void)offset;
    return stepped(i, i->inflated.decoder.feed(&i->inflated, bytes, len));
}

/* What is wrong with the stream is in *ret_err, and no failure. */
static enum ox for_each_inflated(const struct ota_file *file, const struct ota_body *body,
                                 uint32_t fw_len, payload_visit *visit, void *user,
                                 enum otav_err *ret_err)
{
    struct inflating *i = xcalloc(1, sizeof *i);
    const struct otav_decoder_io io = {i, visit_inflated, NULL};
    enum ox ox;

    i->visit = visit;
    i->user = user;
    i->err = OTAV_OK;
    inflated_init(&i->inflated);
    i->inflated.decoder.begin(&i->inflated, &io, fw_len);
    ox = for_each_sent(file, body->sent_len, take_sent, i);
    if (ox == OX_OK) {
        ox = stepped(i, i->inflated.decoder.end(&i->inflated));
    }
    *ret_err = i->err;
    ox = i->err != OTAV_OK ? OX_OK : ox;
    wipe_free(i, sizeof *i);
    return ox;
}

/* ---- either ----------------------------------------------------------------------------------- */

static enum ox for_each_firmware(const struct ota_file *file, uint32_t fw_len, payload_visit *visit,
                                 void *user, enum otav_err *ret_err)
{
    uint8_t metadata[OTAV_META_LEN];
    struct ota_body body;
    enum ox ox = ota_file_raw_metadata(file, metadata);

    *ret_err = OTAV_OK;
    if (ox != OX_OK) {
        return ox;
    }
    body = ota_file_body(file, metadata);
    wipe(metadata, sizeof metadata);
    if (!body.compressed) {
        return has_room(file, fw_len) ? for_each_sent(file, fw_len, visit, user)
                                      : fail_room(file, fw_len);
    }
    if (fw_len > OTAV_SLOT_LEN - OTAV_META_LEN) {
        *ret_err = OTAV_ERR_FW_LENGTH; /* no limit for what a stream may grow to */
        return OX_OK;
    }
    return has_room(file, body.len) ? for_each_inflated(file, &body, fw_len, visit, user, ret_err)
                                    : fail_room(file, body.len);
}

enum ox ota_file_for_each_firmware(const struct ota_file *file, uint32_t fw_len,
                                   payload_visit *visit, void *user)
{
    enum otav_err err = OTAV_OK;
    enum ox ox = for_each_firmware(file, fw_len, visit, user, &err);

    if (ox == OX_OK && err != OTAV_OK) {
        ox = diag_fail(OX_MALFORMED, "%s: %s (%s)", file->source.path, otav_err_text(err),
                       otav_err_name(err));
    }
    return ox;
}

static enum ox hash_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    return digest_update(user, bytes, len);
}

enum ox ota_file_try_firmware_digest(const struct ota_file *file, uint32_t fw_len,
                                     uint8_t ret[OTAV_SHA256_LEN], enum otav_err *ret_err)
{
    struct digest digest;
    enum otav_err err = OTAV_OK;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = for_each_firmware(file, fw_len, hash_piece, &digest, &err);
    }
    ox = digest_end(&digest, ox, ret);
    if (ox == OX_OK) {
        *ret_err = err;
    }
    return ox;
}

enum ox ota_file_firmware_digest(const struct ota_file *file, uint32_t fw_len,
                                 uint8_t ret[OTAV_SHA256_LEN])
{
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = ota_file_for_each_firmware(file, fw_len, hash_piece, &digest);
    }
    return digest_end(&digest, ox, ret);
}

struct slot_image {
    uint8_t *bytes;
    uint32_t len;
};

static enum ox collect(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct slot_image *image = user;

    (void)offset;
    if (len > OTAV_SLOT_LEN - image->len) {
        return diag_fail(OX_MALFORMED, "firmware does not fit a slot, expected at most %u bytes",
                         (unsigned)(OTAV_SLOT_LEN - OTAV_META_LEN));
    }
    memcpy(image->bytes + image->len, bytes, len);
    image->len += (uint32_t)len;
    return OX_OK;
}

enum ox ota_file_image(const struct ota_file *file, uint8_t ret[OTAV_SLOT_LEN], uint32_t *ret_len)
{
    struct slot_image image = {ret, OTAV_META_LEN};
    enum ox ox = ota_file_metadata(file, ret);

    if (ox == OX_OK) {
        ox = ota_file_for_each_firmware(file, otav_load_u32(ret + OTAV_META_FW_LEN_OFF), collect,
                                        &image);
    }
    if (ox == OX_OK) {
        *ret_len = image.len;
    }
    return ox;
}
