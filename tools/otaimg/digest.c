/*
 * SHA-256 for the tool: the same back end that the verifier hashes with.
 */
#include "digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>

#include "diag.h"
#include "read_files.h"
#include "util.h"

enum { CHUNK = 65536 };

static enum ox done(uint32_t result)
{
    return result == OTAV_ACCEPT ? OX_OK : diag_fail(OX_INTERNAL, "SHA-256 failed");
}

enum ox digest_begin(struct digest *digest)
{
    const struct otav_crypto *c = &otav_crypto_openssl;

    *digest = (struct digest){0};
    return done(c->sha256_begin(c->user, &digest->state));
}

enum ox digest_update(struct digest *digest, const uint8_t *bytes, size_t len)
{
    const struct otav_crypto *c = &otav_crypto_openssl;

    return done(c->sha256_update(c->user, &digest->state, bytes, len));
}

enum ox digest_end(struct digest *digest, enum ox ox, uint8_t ret[OTAV_SHA256_LEN])
{
    const struct otav_crypto *c = &otav_crypto_openssl;

    if (ox == OX_OK) {
        ox = done(c->sha256_final(c->user, &digest->state, ret));
    }
    c->sha256_end(c->user, &digest->state);
    return ox;
}

enum ox digest_bytes(const uint8_t *bytes, size_t len, uint8_t ret[OTAV_SHA256_LEN])
{
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = digest_update(&digest, bytes, len);
    }
    return digest_end(&digest, ox, ret);
}

enum ox digest_file(const char *path, uint8_t ret[OTAV_SHA256_LEN])
{
    FILE *in = fopen(path, "rbe");
    uint8_t *chunk;
    struct digest digest;
    size_t len;
    enum ox ox;

    if (in == NULL) {
        return diag_fail(OX_IO, "cannot open '%s': %s", path, strerror(errno));
    }
    read_files_note(fileno(in));
    chunk = xmalloc(CHUNK);
    ox = digest_begin(&digest);
    while (ox == OX_OK && (len = fread(chunk, 1, CHUNK, in)) > 0) {
        ox = digest_update(&digest, chunk, len);
    }
    if (ox == OX_OK && ferror(in) != 0) {
        ox = diag_fail(OX_IO, "cannot read '%s': %s", path, strerror(errno));
    }
    ox = digest_end(&digest, ox, ret);
    free(chunk);
    (void)fclose(in);
    return ox;
}

enum ox digest_fd(const char *name, int fd, uint8_t ret[OTAV_SHA256_LEN])
{
    uint8_t *chunk = xmalloc(CHUNK);
    struct digest digest;
    off_t offset = 0;
    ssize_t len;
    enum ox ox = digest_begin(&digest);

    while (ox == OX_OK && (len = pread(fd, chunk, CHUNK, offset)) != 0) {
        if (len > 0) {
            ox = digest_update(&digest, chunk, (size_t)len);
            offset += len;
        } else if (errno != EINTR) {
            ox = diag_fail(OX_IO, "cannot read '%s': %s", name, strerror(errno));
        }
    }
    ox = digest_end(&digest, ox, ret);
    free(chunk);
    return ox;
}
