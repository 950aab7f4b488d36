/*
 * Reading OTA files: headers through the verifier's parser, payload through a cipher.
 */
#include "ota_file.h"

#include <stdlib.h>
#include <string.h>

#include <otam/otam.h>

#include "diag.h"
#include "digest.h"
#include "explain.h"
#include "util.h"

enum { CHUNK = 65536 };

const char *ota_file_kind_name(enum otav_file_kind kind)
{
    switch (kind) {
    case OTAV_FILE_BLE:
        return "ble";
    case OTAV_FILE_ZIGBEE:
        return "zigbee";
    case OTAV_FILE_COMBO:
        return "combo";
    case OTAV_FILE_IMAGE:
        return "image";
    }
    return "unknown";
}

static enum ox read_headers(struct ota_file *file)
{
    enum ox ox = source_sum(&file->source, &file->sum);

    file->prefix_len =
        file->source.len < sizeof file->prefix ? file->source.len : sizeof file->prefix;
    if (ox == OX_OK) {
        ox = source_read(&file->source, 0, file->prefix, file->prefix_len);
    }
    if (ox == OX_OK) {
        file->err = otav_file_parse(file->prefix, file->prefix_len, file->source.len, file->sum,
                                    &file->file, &file->err_offset);
    }
    return ox;
}

static enum ox opened(enum ox ox, struct ota_file *file)
{
    if (ox == OX_OK) {
        ox = read_headers(file);
        if (ox != OX_OK) {
            ota_file_close(file);
        }
    }
    return ox;
}

enum ox ota_file_open(const char *path, struct ota_file *ret)
{
    memset(ret, 0, sizeof *ret);
    return opened(source_open(path, &ret->source), ret);
}

enum ox ota_file_open_whole(const char *path, struct ota_file *ret)
{
    enum ox ox;

    memset(ret, 0, sizeof *ret);
    ox = source_open(path, &ret->source);
    if (ox == OX_OK) {
        ox = source_keep(&ret->source);
        if (ox != OX_OK) {
            ota_file_close(ret);
        }
    }
    return opened(ox, ret);
}

enum ox ota_file_from_fd(const char *name, int fd, struct ota_file *ret)
{
    memset(ret, 0, sizeof *ret);
    return opened(source_from_fd(name, fd, &ret->source), ret);
}

void ota_file_close(struct ota_file *file)
{
    source_close(&file->source);
    cipher_close(file->cipher);
    file->cipher = NULL;
}

enum ox ota_file_require(const struct ota_file *file)
{
    return file->err == OTAV_OK ? OX_OK : explain_header(file);
}

enum ox ota_file_require_transfer(const struct ota_file *file)
{
    enum ox ox = ota_file_require(file);
    uint32_t len = file->file.payload_len;

    if (ox != OX_OK) {
        return ox;
    }
    if (!file->file.has_otau) {
        return diag_fail(OX_MALFORMED,
                         "%s: a file of kind '%s', expected one with the header for BLE",
                         file->source.path, ota_file_kind_name(file->file.kind));
    }
    if (len == 0 || len > OTAM_IMAGE_MAX_LEN) {
        return diag_fail(OX_MALFORMED, "%s: image of %u bytes, expected 1..%u", file->source.path,
                         len, OTAM_IMAGE_MAX_LEN);
    }
    return OX_OK;
}

enum ox ota_file_require_readable(const struct ota_file *file)
{
    enum ox ox = ota_file_require(file);

    if (ox == OX_OK && !ota_file_readable(file)) {
        ox = diag_fail(OX_DECRYPT, "%s: %s (%s)", file->source.path,
                       otav_err_text(OTAV_ERR_NO_DECRYPT_KEY),
                       otav_err_name(OTAV_ERR_NO_DECRYPT_KEY));
        diag_hint("give the key with --decrypt-key URI and --decrypt-iv HEX");
    }
    return ox;
}

enum ox ota_file_set_key(struct ota_file *file, const struct args *args)
{
    const char *uri = args_value(args, "decrypt-key");
    const char *iv = args_value(args, "decrypt-iv");
    struct key_options options;
    enum ox ox = args_key_options(args, &options);

    if (ox != OX_OK) {
        return ox;
    }
    if ((uri == NULL) != (iv == NULL)) {
        return diag_fail(OX_USAGE, "'--decrypt-key' and '--decrypt-iv' go together");
    }
    if (iv != NULL && !hex_decode(iv, file->iv, sizeof file->iv)) {
        return diag_fail(OX_USAGE, "'--decrypt-iv' is '%s', expected 32 hex digits", iv);
    }
    return uri != NULL ? cipher_open(uri, &options, &file->cipher) : OX_OK;
}

bool ota_file_readable(const struct ota_file *file)
{
    return !file->file.encrypted || file->cipher != NULL;
}

/* Reads and decrypts from the start of the payload up to end. */
static enum ox for_each_up_to(const struct ota_file *file, uint32_t end, payload_visit *visit,
                              void *user)
{
    uint8_t *chunk = xmalloc(CHUNK);
    enum ox ox = OX_OK;

    if (file->file.encrypted) {
        ox = end % OTAV_BLOCK_LEN == 0
                 ? cipher_begin(file->cipher, false, file->iv)
                 : diag_fail(OX_MALFORMED, "%s: encrypted payload is no multiple of 16 bytes",
                             file->source.path);
    }
    for (uint32_t offset = 0; ox == OX_OK && offset < end;) {
        uint32_t part = end - offset < CHUNK ? end - offset : CHUNK;

        ox = source_read(&file->source, file->file.payload_off + offset, chunk, part);
        if (ox == OX_OK && file->file.encrypted) {
            ox = cipher_update(file->cipher, chunk, chunk, part);
        }
        if (ox == OX_OK) {
            ox = visit(user, offset, chunk, part);
        }
        offset += part;
    }
    wipe_free(chunk, CHUNK);
    return ox;
}

enum ox ota_file_for_each(const struct ota_file *file, payload_visit *visit, void *user)
{
    return for_each_up_to(file, file->file.payload_len, visit, user);
}

static enum ox copy_back(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct ota_file *file = user;

    memcpy(file->source.bytes + file->file.payload_off + offset, bytes, len);
    return OX_OK;
}

enum ox ota_file_decrypt(struct ota_file *file)
{
    enum ox ox = OX_OK;

    if (file->file.encrypted) {
        ox = ota_file_for_each(file, copy_back, file);
        file->file.encrypted = ox != OX_OK;
    }
    return ox;
}

static enum ox keep_metadata(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    memcpy(user, bytes, len);
    return OX_OK;
}

enum ox ota_file_raw_metadata(const struct ota_file *file, uint8_t ret[OTAV_META_LEN])
{
    return for_each_up_to(file, OTAV_META_LEN, keep_metadata, ret);
}

enum ox ota_file_metadata(const struct ota_file *file, uint8_t ret[OTAV_META_LEN])
{
    enum ox ox = ota_file_raw_metadata(file, ret);

    if (ox == OX_OK && file->file.encrypted && !otav_meta_looks_plain(ret)) {
        ox = diag_fail(OX_DECRYPT, "%s: %s", file->source.path, otav_err_text(OTAV_ERR_DECRYPT));
    }
    return ox;
}

struct firmware_visit {
    payload_visit *visit;
    void *user;
    uint32_t fw_len;
};

static enum ox visit_firmware(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    const struct firmware_visit *v = user;
    uint32_t start = OTAV_META_LEN;
    uint32_t end = OTAV_META_LEN + v->fw_len;

    if (offset < start) {
        uint32_t skip = start - offset;

        if (len <= skip) {
            return OX_OK;
        }
        bytes += skip;
        len -= skip;
        offset = start;
    }
    if (offset >= end) {
        return OX_OK;
    }
    return v->visit(v->user, offset - start, bytes, len < end - offset ? len : end - offset);
}

enum ox ota_file_for_each_firmware(const struct ota_file *file, uint32_t fw_len,
                                   payload_visit *visit, void *user)
{
    struct firmware_visit v = {visit, user, fw_len};

    if (fw_len > file->file.payload_len - OTAV_META_LEN) {
        return diag_fail(OX_MALFORMED,
                         "%s: metadata promises %u bytes of firmware, the file has room for %u",
                         file->source.path, fw_len, file->file.payload_len - OTAV_META_LEN);
    }
    return for_each_up_to(file, file->file.payload_len, visit_firmware, &v);
}

static enum ox hash_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    return digest_update(user, bytes, len);
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
