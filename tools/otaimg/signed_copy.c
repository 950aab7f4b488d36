/*
 * A copy with new metadata. Layer: below the commands that put signatures on files. Invariant: what
 * appears at output has passed the verifier's code.
 */
#include "signed_copy.h"

#include <string.h>

#include "assemble.h"
#include "digest.h"
#include "file_check.h"
#include "hex_release.h"
#include "image_writer.h"

static enum ox put_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    return image_writer_put(user, bytes, len);
}

/* Headers stay as they are but for the checksum. */
static enum ox write_binary(const struct signed_copy *copy, struct outfile *out)
{
    const struct ota_file *file = copy->file;
    const struct otav_file *layout = &file->file;
    uint8_t header[OTAV_FILE_PREFIX_LEN];
    struct image_writer w;
    enum ox ox;

    memcpy(header, file->prefix, layout->payload_off);
    if (layout->has_otau) {
        memset(header + OTAV_OTAU_CHECKSUM_OFF, 0, OTAV_OTAU_CHECKSUM_LEN);
    }
    ox = image_writer_begin(&w, out, header, layout->payload_off, layout->has_otau,
                            copy->encrypt ? file->cipher : NULL, file->iv);
    if (ox == OX_OK) {
        ox = image_writer_put(&w, copy->metadata, OTAV_META_LEN);
    }
    if (ox == OX_OK) {
        ox = ota_file_for_each_sent(file, copy->metadata, put_piece, &w);
    }
    if (ox == OX_OK) {
        ox = image_writer_end(&w);
    }
    image_writer_abandon(&w);
    return ox;
}

static enum ox write_copy(const struct signed_copy *copy, struct outfile *out)
{
    uint32_t fw_len = otav_load_u32(copy->metadata + OTAV_META_FW_LEN_OFF);

    return copy->image != NULL ? hex_release_write(copy->image, copy->metadata, fw_len, fw_len, out)
                               : write_binary(copy, out);
}

static enum ox check_copy(const struct signed_copy *copy, const char *name, struct outfile *out)
{
    struct ota_file written;
    enum ox ox = copy->image != NULL ? hex_release_open(name, outfile_fd(out), &written)
                                     : ota_file_from_fd(name, outfile_fd(out), &written);

    if (ox == OX_OK) {
        written.cipher = copy->file->cipher;
        memcpy(written.iv, copy->file->iv, sizeof written.iv);
        ox = check_authentic(&written, copy->xy);
        written.cipher = NULL; /* stays the input's */
        ota_file_close(&written);
    }
    return ox;
}

enum ox signed_copy_write(const struct signed_copy *copy, struct release_log *log,
                          struct release_log_entry *entry, const char *output, struct outfile *out)
{
    enum ox ox = write_copy(copy, out);

    if (ox == OX_OK) {
        ox = check_copy(copy, output, out);
    }
    if (ox == OX_OK && log != NULL) {
        ox = release_log_append_output(log, entry, output, outfile_fd(out));
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return outfile_finish(out);
}

static enum ox hash_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    return digest_update(user, bytes, len);
}

enum ox signed_copy_content(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN],
                            uint8_t ret[OTAV_SHA256_LEN])
{
    static const uint8_t erased[OTAV_BLOCK_LEN] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    uint32_t fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);
    uint8_t content_metadata[OTAV_META_LEN];
    uint32_t len = assemble_content_metadata(metadata, content_metadata);
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = digest_update(&digest, content_metadata, sizeof content_metadata);
    }
    if (ox == OX_OK) {
        ox = ota_file_for_each_firmware(file, fw_len, hash_piece, &digest);
    }
    if (ox == OX_OK) {
        ox = digest_update(&digest, erased, len - fw_len);
    }
    return digest_end(&digest, ox, ret);
}
