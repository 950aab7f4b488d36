/*
 * Writes an OTA file front to back: headers, then metadata and firmware, plain or encrypted, then
 * padding; last, the checksum over all of it goes into the OTAU header.
 */
#ifndef OTAIMG_IMAGE_WRITER_H
#define OTAIMG_IMAGE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cipher.h"
#include "outfile.h"

struct image_writer {
    struct outfile *out;
    struct cipher *cipher; /* NULL = plain */
    bool has_otau;
    uint32_t sum;  /* of all bytes written */
    uint32_t fill; /* bytes waiting in buffer */
    uint8_t *buffer;
};

/* header: header_len bytes as they go in front, checksum zero; has_otau: they start with an OTAU
 * header. cipher and iv: encrypt, NULL = plain. The writer owns nothing of this. */
enum ox image_writer_begin(struct image_writer *w, struct outfile *out, const uint8_t *header,
                           size_t header_len, bool has_otau, struct cipher *cipher,
                           const uint8_t *iv);
/* The next bytes of metadata and firmware. */
enum ox image_writer_put(struct image_writer *w, const uint8_t *bytes, size_t len);
/* Padding and checksum; ends the writer. */
enum ox image_writer_end(struct image_writer *w);
/* Ends it without; safe after image_writer_end(). */
void image_writer_abandon(struct image_writer *w);

#endif
