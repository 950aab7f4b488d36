/* An OTA file again with other signatures: everything else stays as it is. */
#ifndef OTAIMG_SIGNED_COPY_H
#define OTAIMG_SIGNED_COPY_H

#include "fw_image.h"
#include "ota_file.h"
#include "outfile.h"
#include "release_log.h"

/* Nothing in it is owned. */
struct signed_copy {
    const struct ota_file *file;  /* held in memory, decrypted */
    const struct fw_image *image; /* of a HEX file: its records; NULL = file is binary */
    bool encrypt;                 /* with the cipher and IV of file */
    const uint8_t *metadata;      /* OTAV_META_LEN bytes, signed */
    const uint8_t *xy;            /* OTAV_PUBLIC_KEY_LEN bytes: who signed */
};

/* Writes out, which is freed either way, to be named output: headers and firmware of the file, or the
 * records of the image, with the new metadata. The result is checked under the key before it appears,
 * and then its line is in log (NULL = none; entry lacks the output). OX_IO, and what
 * check_authentic() refuses. */
enum ox signed_copy_write(const struct signed_copy *copy, struct release_log *log,
                          struct release_log_entry *entry, const char *output, struct outfile *out);

/* draft_content() of the build that would give this file, whose payload is plain and whose metadata
 * these are. OX_MALFORMED when it is shorter than they say. */
enum ox signed_copy_content(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN],
                            uint8_t ret[OTAV_SHA256_LEN]);

#endif
