/*
 * Inputs read at any place, so that nothing has to be held in memory whole.
 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <otav/otav_config.h>

#include "byte_sum.h"
#include "diag.h"
#include "fw_image.h"
#include "read_files.h"
#include "util.h"

enum { CHUNK = 65536 };

static enum ox fail_errno(const struct source *source, const char *what)
{
    return diag_fail(OX_IO, "%s: cannot %s: %s", source->path, what, strerror(errno));
}

/* A pipe has no length: its bytes are kept. */
static enum ox read_all(struct source *source)
{
    size_t capacity = 0;
    ssize_t got;

    do {
        if (source->len == capacity) {
            capacity = capacity == 0 ? CHUNK : 2 * capacity;
            source->bytes = xrealloc(source->bytes, capacity);
        }
        got = read(source->fd, source->bytes + source->len, capacity - source->len);
        if (got < 0 && errno != EINTR) {
            return fail_errno(source, "read");
        }
        source->len += got > 0 ? (uint32_t)got : 0;
        if (source->len > SOURCE_MAX_LEN) {
            return diag_fail(OX_MALFORMED, "%s: longer than %u bytes", source->path,
                             SOURCE_MAX_LEN);
        }
    } while (got != 0);
    return OX_OK;
}

static enum ox measure(struct source *source)
{
    struct stat st;

    if (source->fd < 0 || fstat(source->fd, &st) != 0) {
        return fail_errno(source, "read");
    }
    if (S_ISDIR(st.st_mode)) {
        return diag_fail(OX_IO, "%s: is a directory, expected a file", source->path);
    }
    if (!S_ISREG(st.st_mode)) {
        return read_all(source);
    }
    if (st.st_size > (off_t)SOURCE_MAX_LEN) {
        return diag_fail(OX_MALFORMED, "%s: longer than %u bytes", source->path, SOURCE_MAX_LEN);
    }
    source->len = (uint32_t)st.st_size;
    return OX_OK;
}

enum ox source_from_fd(const char *name, int fd, struct source *ret)
{
    enum ox ox;

    *ret = (struct source){.path = xstrdup(name), .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    ox = measure(ret);
    if (ox != OX_OK) {
        source_close(ret);
    }
    return ox;
}

/* The slot's bytes out of a HEX file: metadata and firmware, gaps as erased flash. */
static enum ox load_slot(struct source *source)
{
    const uint32_t slot_end = OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN;
    const struct fw_layout layout = {OTAV_SLOT0_ADDRESS, OTAV_FW_ADDRESS, slot_end};
    struct fw_image *image = NULL;
    uint32_t fw_len = 0;
    enum ox ox = fw_load(source->path, FW_IHEX, 0, &image);

    if (ox == OX_OK) {
        ox = fw_check_layout(image, &layout, &fw_len);
    }
    if (ox == OX_OK) {
        /* What follows the last record is erased flash, which padding may end in. */
        source->len = OTAV_SLOT_LEN;
        source->bytes = xmalloc(source->len);
        source->is_slot = true;
        ox = fw_read(image, OTAV_SLOT0_ADDRESS, source->bytes, source->len);
    }
    fw_free(image);
    return ox;
}

/* HEX files are text, and the only ones that start with a colon. */
static enum ox recognise_hex(struct source *source)
{
    uint8_t first = 0;
    enum ox ox = OX_OK;

    if (source->len > 0 && source->bytes == NULL) {
        ox = source_read(source, 0, &first, 1);
    }
    return ox == OX_OK && first == ':' ? load_slot(source) : ox;
}

enum ox source_open(const char *path, struct source *ret)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    enum ox ox;

    if (fd < 0) {
        *ret = (struct source){.fd = -1};
        return diag_fail(OX_IO, "cannot open '%s': %s", path, strerror(errno));
    }
    read_files_note(fd);
    ox = source_from_fd(path, fd, ret);
    if (!standard) {
        close(fd);
    }
    if (ox == OX_OK) {
        ox = recognise_hex(ret);
        if (ox != OX_OK) {
            source_close(ret);
        }
    }
    return ox;
}

void source_close(struct source *source)
{
    if (source->fd >= 0) {
        close(source->fd);
    }
    free(source->bytes);
    free(source->path);
    *source = (struct source){.fd = -1};
}

enum ox source_read(const struct source *source, uint32_t offset, uint8_t *ret, size_t len)
{
    if (offset > source->len || len > source->len - offset) {
        return diag_fail(OX_IO, "%s: ends early", source->path);
    }
    if (source->bytes != NULL) {
        memcpy(ret, source->bytes + offset, len);
        return OX_OK;
    }
    while (len > 0) {
        ssize_t got = pread(source->fd, ret, len, (off_t)offset);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno(source, "read");
        }
        if (got == 0) {
            return diag_fail(OX_IO, "%s: became shorter while it was read", source->path);
        }
        ret += got;
        offset += (uint32_t)got;
        len -= (size_t)got;
    }
    return OX_OK;
}

enum ox source_keep(struct source *source)
{
    uint8_t *bytes;
    enum ox ox;

    if (source->bytes != NULL) {
        return OX_OK;
    }
    bytes = xmalloc(source->len);
    ox = source_read(source, 0, bytes, source->len);
    if (ox != OX_OK) {
        free(bytes);
        return ox;
    }
    source->bytes = bytes;
    return OX_OK;
}

enum ox source_for_each(const struct source *source, source_visit *visit, void *user)
{
    uint8_t *chunk = xmalloc(CHUNK);
    enum ox ox = OX_OK;

    for (uint32_t offset = 0; ox == OX_OK && offset < source->len;) {
        uint32_t part = source->len - offset < CHUNK ? source->len - offset : CHUNK;

        ox = source_read(source, offset, chunk, part);
        if (ox == OX_OK) {
            ox = visit(user, chunk, part);
        }
        offset += part;
    }
    free(chunk);
    return ox;
}

static enum ox add_bytes(void *user, const uint8_t *bytes, size_t len)
{
    uint32_t *sum = user;

    *sum += byte_sum(bytes, len);
    return OX_OK;
}

enum ox source_sum(const struct source *source, uint32_t *ret)
{
    uint32_t sum = 0;
    enum ox ox = source_for_each(source, add_bytes, &sum);

    if (ox == OX_OK) {
        *ret = sum;
    }
    return ox;
}
