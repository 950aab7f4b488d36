/* SHA-256 for the tool, through the verifier's crypto port. */
#ifndef OTAIMG_DIGEST_H
#define OTAIMG_DIGEST_H

#include <otav/otav_port.h>

#include "exits.h"

struct digest {
    struct otav_sha256_state state;
};

enum ox digest_begin(struct digest *digest);
enum ox digest_update(struct digest *digest, const uint8_t *bytes, size_t len);
/* Ends the digest in any case; the result is written only when ox, the outcome so far, is OX_OK.
 * Returns ox, or OX_INTERNAL. */
enum ox digest_end(struct digest *digest, enum ox ox, uint8_t ret[OTAV_SHA256_LEN]);

/* All at once. */
enum ox digest_bytes(const uint8_t *bytes, size_t len, uint8_t ret[OTAV_SHA256_LEN]);

/* Of a file's bytes. OX_IO. */
enum ox digest_file(const char *path, uint8_t ret[OTAV_SHA256_LEN]);
/* Of all that an open file holds, wherever its offset is; name is for messages. OX_IO. */
enum ox digest_fd(const char *name, int fd, uint8_t ret[OTAV_SHA256_LEN]);

#endif
