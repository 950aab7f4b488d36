/*
 * From a manifest to a file without signatures. What lies behind the firmware's data reads as erased
 * flash, here as on the device.
 */
#include "draft.h"

#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "deflated.h"
#include "diag.h"
#include "digest.h"
#include "hex_release.h"
#include "image_writer.h"
#include "util.h"

enum { CHUNK = 65536 };

/* The boot code loads the stack pointer from word 0 and jumps to word 1. */
static enum ox warn_of_vectors(const struct draft *d)
{
    const uint32_t ram_start = 0x20000000;
    const uint32_t ram_end = 0x20020000;
    uint8_t vectors[8];
    uint32_t sp;
    uint32_t reset;
    enum ox ox = fw_read(d->image, OTAV_FW_ADDRESS, vectors, sizeof vectors);

    if (ox != OX_OK) {
        return ox;
    }
    sp = otav_load_u32(vectors);
    reset = otav_load_u32(vectors + 4);
    if (sp <= ram_start || sp > ram_end || sp % 4 != 0 || reset % 2 == 0 ||
        reset < OTAV_FW_ADDRESS || reset - OTAV_FW_ADDRESS >= d->data_len) {
        diag_warn("%s: does not start with a vector table: stack pointer 0x%08X, reset 0x%08X",
                  d->m->firmware_file, sp, reset);
    }
    return OX_OK;
}

struct fw_layout draft_layout(const struct manifest *m)
{
    const uint32_t padding = m->encrypt ? OTAV_BLOCK_LEN : 0;

    return (struct fw_layout){OTAV_SLOT0_ADDRESS, OTAV_FW_ADDRESS,
                              OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN - padding};
}

static enum ox load_firmware(struct draft *d)
{
    const struct manifest *m = d->m;
    const struct fw_layout layout = draft_layout(m);
    enum ox ox = fw_load(m->firmware_file, m->firmware_format, m->firmware_address, &d->image);

    if (ox == OX_OK) {
        ox = fw_check_layout(d->image, &layout, &d->data_len);
    }
    if (ox != OX_OK) {
        return ox;
    }
    d->fw_len = assemble_fw_len(m, d->data_len);
    if (d->fw_len == OTAV_FW_LEN_FORBIDDEN) {
        return diag_fail(OX_MALFORMED,
                         "%s: firmware has %u bytes, a length that no verifier takes; expected any "
                         "other",
                         m->firmware_file, d->fw_len);
    }
    return warn_of_vectors(d);
}

/* Visits len bytes from the firmware's start. */
static enum ox for_each_firmware(const struct draft *d, uint32_t len, const char *what,
                                 enum ox (*visit)(void *user, const uint8_t *bytes, size_t len),
                                 void *user)
{
    uint8_t *chunk = xmalloc(CHUNK);
    enum ox ox = OX_OK;

    for (uint32_t offset = 0; ox == OX_OK && offset < len;) {
        uint32_t part = len - offset < CHUNK ? len - offset : CHUNK;

        ox = fw_read(d->image, OTAV_FW_ADDRESS + offset, chunk, part);
        if (ox == OX_OK) {
            ox = visit(user, chunk, part);
        }
        offset += part;
        diag_progress(what, offset, len);
    }
    diag_progress(what, 1, 1);
    free(chunk);
    return ox;
}

static enum ox hash_piece(void *user, const uint8_t *bytes, size_t len)
{
    return digest_update(user, bytes, len);
}

static enum ox write_piece(void *user, const uint8_t *bytes, size_t len)
{
    return image_writer_put(user, bytes, len);
}

/* SHA-256 of head, which may be empty, and len bytes of firmware. */
static enum ox hash_firmware(const struct draft *d, const uint8_t *head, size_t head_len,
                             uint32_t len, uint8_t ret[OTAV_SHA256_LEN])
{
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK && head_len > 0) {
        ox = digest_update(&digest, head, head_len);
    }
    if (ox == OX_OK) {
        ox = for_each_firmware(d, len, "hashing", hash_piece, &digest);
    }
    return digest_end(&digest, ox, ret);
}

/* Bytes of the transfer that are the firmware. */
static uint32_t body_len(const struct draft *d)
{
    return d->stream != NULL ? d->stream_len + (0u - d->stream_len) % OTAV_BLOCK_LEN : d->fw_len;
}

static enum ox check_stream(const struct draft *d)
{
    const struct manifest *m = d->m;

    if (body_len(d) >= d->fw_len && !m->compress_keep) {
        (void)diag_fail(OX_USAGE,
                        "%s: compress 'deflate' does not pay: %u bytes of firmware would be sent "
                        "as %u",
                        m->label, d->fw_len, body_len(d));
        diag_hint(
            "leave 'compress' out, or keep it with 'compress: {method: deflate, keep: true}'");
        return OX_USAGE;
    }
    if (assemble_payload_len(m, body_len(d)) > OTAV_SLOT_LEN) {
        return diag_fail(OX_MALFORMED,
                         "%s: compressed, metadata and firmware take %u bytes, expected at most %u",
                         m->label, assemble_payload_len(m, body_len(d)), OTAV_SLOT_LEN);
    }
    return OX_OK;
}

static enum ox compress(struct draft *d)
{
    uint8_t *firmware = xmalloc(d->fw_len);
    uint8_t *stream = NULL;
    enum ox ox = fw_read(d->image, OTAV_FW_ADDRESS, firmware, d->fw_len);

    if (ox == OX_OK) {
        ox = deflated_make(firmware, d->fw_len, &stream, &d->stream_len);
    }
    wipe_free(firmware, d->fw_len);
    if (ox != OX_OK) {
        return ox;
    }
    d->stream = stream;
    return check_stream(d);
}

enum ox draft_load(const struct manifest *m, struct draft *ret)
{
    enum ox ox;

    *ret = (struct draft){.m = m};
    ox = load_firmware(ret);
    if (ox == OX_OK) {
        ox = hash_firmware(ret, NULL, 0, ret->fw_len, ret->fw_digest);
    }
    if (ox == OX_OK && m->compress) {
        ox = compress(ret);
    }
    if (ox == OX_OK) {
        ox = assemble_metadata(m, ret->fw_len, ret->stream_len, ret->metadata);
    }
    return ox;
}

void draft_free(struct draft *draft)
{
    fw_free(draft->image);
    wipe_free(draft->stream, draft->stream != NULL ? body_len(draft) : 0);
    wipe(draft, sizeof *draft);
}

enum ox draft_content(const struct draft *draft, uint8_t ret[OTAV_SHA256_LEN])
{
    uint8_t metadata[OTAV_META_LEN];
    uint32_t len = assemble_content_metadata(draft->metadata, metadata);

    return hash_firmware(draft, metadata, sizeof metadata, len, ret);
}

enum ox draft_write(const struct draft *draft, struct cipher *cipher, struct outfile *out)
{
    const struct manifest *m = draft->m;
    uint8_t header[ASSEMBLE_HEADER_MAX_LEN];
    size_t header_len = assemble_headers(m, assemble_payload_len(m, body_len(draft)), header);
    bool has_otau = m->file_type == FILE_TYPE_BLE || m->file_type == FILE_TYPE_COMBO;
    struct image_writer w;
    enum ox ox;

    if (m->file_type == FILE_TYPE_HEX) {
        return hex_release_write(draft->image, draft->metadata, draft->data_len, draft->fw_len,
                                 out);
    }
    ox = image_writer_begin(&w, out, header, header_len, has_otau, cipher, m->encrypt_iv);
    if (ox == OX_OK) {
        ox = image_writer_put(&w, draft->metadata, sizeof draft->metadata);
    }
    if (ox == OX_OK) {
        ox = draft->stream != NULL
                 ? image_writer_put(&w, draft->stream, body_len(draft))
                 : for_each_firmware(draft, draft->fw_len, "writing", write_piece, &w);
    }
    if (ox == OX_OK) {
        ox = image_writer_end(&w);
    }
    image_writer_abandon(&w);
    return ox;
}

enum ox draft_reopen(const struct draft *draft, const char *name, struct outfile *out,
                     struct ota_file *ret)
{
    return draft->m->file_type == FILE_TYPE_HEX ? hex_release_open(name, outfile_fd(out), ret)
                                                : ota_file_from_fd(name, outfile_fd(out), ret);
}
