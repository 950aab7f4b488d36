/*
 * A copy with new metadata. Layer: below the commands that put signatures on files. Invariant: what
 * appears at output has passed the verifier's code.
 */
#include "signed_copy.h"

#include <string.h>

#include "file_check.h"
#include "image_writer.h"
#include "outfile.h"

static enum ox put_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    return image_writer_put(user, bytes, len);
}

/* Headers stay as they are but for the checksum. */
static enum ox write_copy(const struct ota_file *file, bool encrypt, const uint8_t *metadata,
                          struct outfile *out)
{
    const struct otav_file *layout = &file->file;
    uint8_t header[OTAV_FILE_PREFIX_LEN];
    struct image_writer w;
    enum ox ox;

    memcpy(header, file->prefix, layout->payload_off);
    if (layout->has_otau) {
        memset(header + OTAV_OTAU_CHECKSUM_OFF, 0, OTAV_OTAU_CHECKSUM_LEN);
    }
    ox = image_writer_begin(&w, out, header, layout->payload_off, layout->has_otau,
                            encrypt ? file->cipher : NULL, file->iv);
    if (ox == OX_OK) {
        ox = image_writer_put(&w, metadata, OTAV_META_LEN);
    }
    if (ox == OX_OK) {
        ox = ota_file_for_each_firmware(file, otav_load_u32(metadata + OTAV_META_FW_LEN_OFF),
                                        put_piece, &w);
    }
    if (ox == OX_OK) {
        ox = image_writer_end(&w);
    }
    image_writer_abandon(&w);
    return ox;
}

static enum ox check_copy(const struct ota_file *file, const uint8_t *xy, const char *name,
                          struct outfile *out)
{
    struct ota_file written;
    enum ox ox = ota_file_from_fd(name, outfile_fd(out), &written);

    if (ox == OX_OK) {
        written.cipher = file->cipher;
        memcpy(written.iv, file->iv, sizeof written.iv);
        ox = check_authentic(&written, xy);
        written.cipher = NULL; /* stays the input's */
        ota_file_close(&written);
    }
    return ox;
}

enum ox signed_copy_write(const struct ota_file *file, bool encrypt,
                          const uint8_t metadata[OTAV_META_LEN],
                          const uint8_t xy[OTAV_PUBLIC_KEY_LEN], struct release_log *log,
                          struct release_log_entry *entry, const char *output)
{
    struct outfile *out = NULL;
    enum ox ox = outfile_open(output, 0666, &out);

    if (ox == OX_OK) {
        ox = write_copy(file, encrypt, metadata, out);
    }
    if (ox == OX_OK) {
        ox = check_copy(file, xy, output, out);
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
