/*
 * Writes an OTA file in one pass, without holding it.
 */
#include "image_writer.h"

#include <string.h>

#include <otav/otav_file.h>

#include "byte_sum.h"
#include "util.h"

enum { BUFFER_LEN = 65536 };

static enum ox put_raw(struct image_writer *w, const uint8_t *bytes, size_t len)
{
    w->sum += byte_sum(bytes, len);
    return outfile_write(w->out, bytes, len);
}

enum ox image_writer_begin(struct image_writer *w, struct outfile *out, const uint8_t *header,
                           size_t header_len, bool has_otau, struct cipher *cipher,
                           const uint8_t *iv)
{
    enum ox ox = OX_OK;

    *w = (struct image_writer){.out = out, .cipher = cipher, .has_otau = has_otau};
    if (cipher != NULL) {
        ox = cipher_begin(cipher, true, iv);
    }
    w->buffer = xmalloc(BUFFER_LEN);
    return ox == OX_OK ? put_raw(w, header, header_len) : ox;
}

/* len is a multiple of 16 when encrypting. */
static enum ox flush(struct image_writer *w, size_t len)
{
    enum ox ox = OX_OK;

    if (w->cipher != NULL) {
        ox = cipher_update(w->cipher, w->buffer, w->buffer, len);
    }
    if (ox == OX_OK) {
        ox = put_raw(w, w->buffer, len);
    }
    w->fill = 0;
    return ox;
}

enum ox image_writer_put(struct image_writer *w, const uint8_t *bytes, size_t len)
{
    enum ox ox = OX_OK;

    while (ox == OX_OK && len > 0) {
        size_t part = BUFFER_LEN - w->fill < len ? BUFFER_LEN - w->fill : len;

        memcpy(w->buffer + w->fill, bytes, part);
        w->fill += (uint32_t)part;
        bytes += part;
        len -= part;
        if (w->fill == BUFFER_LEN) {
            ox = flush(w, BUFFER_LEN);
        }
    }
    return ox;
}

enum ox image_writer_end(struct image_writer *w)
{
    enum ox ox = OX_OK;

    if (w->cipher != NULL) {
        uint8_t padding[OTAV_BLOCK_LEN];
        size_t pad = OTAV_BLOCK_LEN - w->fill % OTAV_BLOCK_LEN;

        memset(padding, (int)pad, pad);
        ox = image_writer_put(w, padding, pad);
    }
    if (ox == OX_OK && w->fill > 0) {
        ox = flush(w, w->fill);
    }
    if (ox == OX_OK && w->has_otau) {
        uint8_t checksum[OTAV_OTAU_CHECKSUM_LEN];

        otav_store_u16(checksum, otav_file_checksum(w->sum));
        ox = outfile_write_at(w->out, OTAV_OTAU_CHECKSUM_OFF, checksum, sizeof checksum);
    }
    image_writer_abandon(w);
    return ox;
}

void image_writer_abandon(struct image_writer *w)
{
    wipe_free(w->buffer, w->buffer != NULL ? BUFFER_LEN : 0);
    w->buffer = NULL;
}
