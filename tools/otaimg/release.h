/*
 * From a manifest to the finished file: draft, keys, signatures, writing, self-check.
 */
#ifndef OTAIMG_RELEASE_H
#define OTAIMG_RELEASE_H

#include <stdbool.h>

#include "evidence.h"
#include "key_options.h"
#include "key_ring.h"
#include "manifest.h"
#include "release_log.h"

struct release_options {
    struct key_options keys;
    bool allow_insecure;     /* methods none and sha256 */
    const char *device_path; /* --for: the device that must take the file; NULL = any */
    const struct evidence_options *provenance; /* NULL = none is written */
    struct release_log *log; /* gets a line for a file that was signed; NULL = none */
};

struct release_result {
    uint32_t fw_len;   /* padding included */
    uint32_t file_len; /* 0 for a HEX file */
    bool has_key;
    uint8_t key_id[32]; /* SHA-256 of the public key that signed */
};

/* Opens what release_build() will take from the ring, which threads may share then. */
enum ox release_open_keys(const struct manifest *m, struct key_ring *ring);

/* Makes the file; it appears at output only after it passed the verifier and its line is in the log,
 * and together with its provenance or not at all. What the log or the lint refuses is not signed. */
enum ox release_build(const struct manifest *m, const char *output,
                      const struct release_options *options, struct key_ring *ring,
                      struct release_result *ret);

#endif
