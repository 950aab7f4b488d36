/*
 * Writes a release as Intel HEX and reads it back through the ordinary loader.
 */
#include "hex_release.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "ihex.h"
#include "util.h"

struct hex_output {
    struct ihex_writer writer;
    const uint8_t *metadata;
    bool metadata_written;
    uint32_t data_end; /* first address behind the firmware's data */
    uint32_t pad_len;
};

static enum ox put_text(void *user, const char *text, size_t len)
{
    return outfile_write(user, text, len);
}

static enum ox put_metadata(struct hex_output *h)
{
    h->metadata_written = true;
    return ihex_write(&h->writer, OTAV_SLOT0_ADDRESS, h->metadata, OTAV_META_LEN);
}

static enum ox put_padding(struct hex_output *h)
{
    uint8_t padding[OTAV_BLOCK_LEN];
    uint32_t len = h->pad_len;

    memset(padding, 0xFF, sizeof padding);
    h->pad_len = 0;
    return len > 0 ? ihex_write(&h->writer, h->data_end, padding, len) : OX_OK;
}

/* Pieces come in ascending order, so the metadata goes in front of the first one above it. */
static enum ox put_piece(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    struct hex_output *h = user;
    enum ox ox = OX_OK;

    if (address >= OTAV_SLOT0_ADDRESS && address < OTAV_FW_ADDRESS) {
        size_t old = OTAV_FW_ADDRESS - address < len ? OTAV_FW_ADDRESS - address : len;

        address += (uint32_t)old;
        bytes += old;
        len -= old;
    }
    if (address >= OTAV_SLOT0_ADDRESS && !h->metadata_written) {
        ox = put_metadata(h);
    }
    if (ox == OX_OK && len > 0) {
        ox = ihex_write(&h->writer, address, bytes, len);
    }
    if (ox == OX_OK && address + len == h->data_end) {
        ox = put_padding(h);
    }
    return ox;
}

static enum ox put_release(const struct fw_image *image, const uint8_t *metadata, uint32_t data_len,
                           uint32_t fw_len, ihex_sink *sink, void *user)
{
    struct hex_output h = {
        .metadata = metadata, .data_end = OTAV_FW_ADDRESS + data_len, .pad_len = fw_len - data_len};
    enum ox ox;

    ihex_begin(&h.writer, sink, user);
    ox = fw_for_each(image, put_piece, &h);
    return ox == OX_OK ? ihex_end(&h.writer) : ox;
}

enum ox hex_release_write(const struct fw_image *image, const uint8_t metadata[OTAV_META_LEN],
                          uint32_t data_len, uint32_t fw_len, struct outfile *out)
{
    return put_release(image, metadata, data_len, fw_len, put_text, out);
}

static enum ox hash_text(void *user, const char *text, size_t len)
{
    return digest_update(user, (const uint8_t *)text, len);
}

enum ox hex_release_digest(const struct fw_image *image, const uint8_t metadata[OTAV_META_LEN],
                           uint32_t data_len, uint32_t fw_len, uint8_t ret[OTAV_SHA256_LEN])
{
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = put_release(image, metadata, data_len, fw_len, hash_text, &digest);
    }
    return digest_end(&digest, ox, ret);
}

enum ox hex_release_open(const char *name, int fd, struct ota_file *ret)
{
    char *path = xasprintf("/proc/self/fd/%d", fd);
    enum ox ox = ota_file_open(path, ret);

    if (ox == OX_OK) {
        free(ret->source.path);
        ret->source.path = xstrdup(name);
    }
    free(path);
    return ox;
}
