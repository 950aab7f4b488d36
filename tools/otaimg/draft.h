/*
 * A release before it is signed: its firmware, and its metadata with all but the signatures.
 */
#ifndef OTAIMG_DRAFT_H
#define OTAIMG_DRAFT_H

#include "cipher.h"
#include "fw_image.h"
#include "manifest.h"
#include "ota_file.h"
#include "outfile.h"

struct draft {
    const struct manifest *m; /* must outlive the draft */
    struct fw_image *image;
    uint32_t data_len; /* bytes of firmware without padding */
    uint32_t fw_len;   /* with padding */
    uint8_t fw_digest[OTAV_SHA256_LEN];
    uint8_t
        *stream; /* the firmware compressed, with zeros up to a multiple of 16; NULL = as it is */
    uint32_t stream_len;             /* without the zeros */
    uint8_t metadata[OTAV_META_LEN]; /* method of the manifest; signatures empty until signed */
};

/* Where m's firmware may stand; an encrypted one leaves room for its padding. */
struct fw_layout draft_layout(const struct manifest *m);

/* Reads the firmware that m names, compresses it if m says so, and makes the metadata. OX_IO, OX_USAGE
 * (compression does not pay), OX_MALFORMED (does not fit, forbidden length). draft_free() in any
 * case. */
enum ox draft_load(const struct manifest *m, struct draft *ret);
void draft_free(struct draft *draft);

/* SHA-256 that names the content, whatever container it travels in and whoever signs it: metadata as
 * of assemble_content_metadata(), firmware, 0xFF up to the length that it returns. */
enum ox draft_content(const struct draft *draft, uint8_t ret[OTAV_SHA256_LEN]);

/* Writes the file of m's type; cipher NULL = plain. */
enum ox draft_write(const struct draft *draft, struct cipher *cipher, struct outfile *out);

/* Opens what draft_write() wrote; name is for messages. */
enum ox draft_reopen(const struct draft *draft, const char *name, struct outfile *out,
                     struct ota_file *ret);

#endif
