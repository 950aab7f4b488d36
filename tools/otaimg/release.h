/*
 * From a manifest to the finished file: draft, keys, signatures, writing, self-check.
 */
#ifndef OTAIMG_RELEASE_H
#define OTAIMG_RELEASE_H

#include <stdbool.h>

#include "key_options.h"
#include "key_ring.h"
#include "manifest.h"
#include "release_log.h"

struct release_options {
    struct key_options keys;
    bool allow_insecure;     /* methods none and sha256 */
    const char *device_path; /* --for: the device that must take the file; NULL = any */
    struct release_log *log; /* gets a line for a file that was signed; NULL = none */
};

struct release_result {
    uint32_t fw_len;   /* padding included */
    uint32_t file_len; /* 0 for a HEX file */
    bool has_key;
    uint8_t key_id[32]; /* SHA-256 of the public key that signed */
};

/* Makes the file; it appears at output only after it passed the verifier and its line is in the log.
 * What the log refuses is not signed. */
enum ox release_build(const struct manifest *m, const char *output,
                      const struct release_options *options, struct key_ring *ring,
                      struct release_result *ret);

#endif
