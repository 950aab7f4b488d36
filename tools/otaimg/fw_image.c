/*
 * Loading a firmware file of any format, and reading it by device address.
 *
 * Layer: input. The descriptor stays open while the image lives: ELF segments and raw binaries are
 * read from it when needed, so memory does not grow with them and no path is opened twice.
 */
#include "fw_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fw_impl.h"
#include "read_files.h"
#include "util.h"

#define CHUNK_LEN 65536u

/* O_NONBLOCK: opening a named pipe must fail below, not wait for a writer. */
static enum ox open_file(struct fw_image *image)
{
    struct stat st;

    image->fd = open(image->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (image->fd < 0 || fstat(image->fd, &st) != 0) {
        return diag_fail(OX_IO, "cannot open '%s': %s", image->path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return diag_fail(OX_IO, "'%s' is %s, expected a firmware file", image->path,
                         S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
    }
    if (st.st_size == 0) {
        return diag_fail(OX_MALFORMED, "'%s' is empty, expected a firmware file", image->path);
    }
    read_files_note(image->fd);
    image->file_len = (uint64_t)st.st_size;
    return OX_OK;
}

enum ox fw_read_file(const struct fw_image *image, uint64_t offset, uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t got = pread(image->fd, bytes, len, (off_t)offset);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return diag_fail(OX_IO, "cannot read '%s': %s", image->path, strerror(errno));
        }
        if (got == 0) {
            return diag_fail(OX_IO, "'%s' became shorter while it was read", image->path);
        }
        offset += (uint64_t)got;
        bytes += got;
        len -= (size_t)got;
    }
    return OX_OK;
}

/* Text may begin with empty lines, which the text loaders skip as well. */
static enum ox detect(struct fw_image *image)
{
    uint8_t head[64];
    size_t len = image->file_len < sizeof head ? (size_t)image->file_len : sizeof head;
    size_t i = 0;

    if (fw_read_file(image, 0, head, len) != OX_OK) {
        return OX_IO;
    }
    while (i < len && (head[i] == '\n' || head[i] == '\r')) {
        i++;
    }
    if (len >= 4 && memcmp(head, "\177ELF", 4) == 0) {
        image->format = FW_ELF;
    } else if (i < len && head[i] == ':') {
        image->format = FW_IHEX;
    } else if (i + 1 < len && head[i] == 'S' && head[i + 1] >= '0' && head[i + 1] <= '9') {
        image->format = FW_SREC;
    } else {
        image->format = FW_BIN;
    }
    return OX_OK;
}

static enum ox load_format(struct fw_image *image, uint32_t bin_address)
{
    switch (image->format) {
    case FW_ELF:
        return fw_load_elf(image);
    case FW_IHEX:
        return fw_load_ihex(image);
    case FW_SREC:
        return fw_load_srec(image);
    case FW_BIN:
        return fw_load_bin(image, bin_address);
    case FW_AUTO:
        break; /* detect() has replaced it */
    }
    return diag_fail(OX_INTERNAL, "firmware format %d is unknown", (int)image->format);
}

static enum ox load(struct fw_image *image, uint32_t bin_address)
{
    enum ox rc = open_file(image);

    if (rc == OX_OK && image->format == FW_AUTO) {
        rc = detect(image);
    }
    if (rc == OX_OK) {
        rc = load_format(image, bin_address);
    }
    return rc == OX_OK ? fw_finish(image) : rc;
}

enum ox fw_load(const char *path, enum fw_format format, uint32_t bin_address,
                struct fw_image **ret_image)
{
    struct fw_image *image = xcalloc(1, sizeof *image);
    enum ox rc;

    image->path = xstrdup(path);
    image->format = format;
    image->fd = -1;
    rc = load(image, bin_address);
    if (rc != OX_OK) {
        fw_free(image);
        return rc;
    }
    *ret_image = image;
    return OX_OK;
}

void fw_free(struct fw_image *image)
{
    if (image == NULL) {
        return;
    }
    if (image->fd >= 0) {
        (void)close(image->fd);
    }
    free(image->path);
    free(image->decoded);
    free(image->pieces);
    free(image);
}

enum fw_format fw_get_format(const struct fw_image *image)
{
    return image->format;
}

const char *fw_get_path(const struct fw_image *image)
{
    return image->path;
}

/* Index of the first piece that ends behind address. */
static size_t find_piece(const struct fw_image *image, uint32_t address)
{
    size_t low = 0;
    size_t high = image->piece_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (fw_piece_end(&image->pieces[middle]) <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum ox read_source(const struct fw_image *image, uint64_t offset, uint8_t *bytes,
                           size_t len)
{
    if (image->decoded == NULL) {
        return fw_read_file(image, offset, bytes, len);
    }
    memcpy(bytes, image->decoded + offset, len);
    return OX_OK;
}

enum ox fw_read(const struct fw_image *image, uint32_t address, uint8_t *bytes, size_t len)
{
    uint64_t end = (uint64_t)address + len;

    memset(bytes, 0xFF, len);
    for (size_t i = find_piece(image, address); i < image->piece_count; i++) {
        const struct fw_piece *piece = &image->pieces[i];
        uint64_t from = piece->address > address ? piece->address : address;
        uint64_t to = fw_piece_end(piece) < end ? fw_piece_end(piece) : end;

        if (piece->address >= end) {
            break;
        }
        if (read_source(image, piece->offset + (from - piece->address), bytes + (from - address),
                        (size_t)(to - from)) != OX_OK) {
            return OX_IO;
        }
    }
    return OX_OK;
}

static enum ox visit_piece(const struct fw_image *image, const struct fw_piece *piece,
                           uint8_t *buffer, fw_visit *visit, void *user)
{
    enum ox rc = OX_OK;

    for (uint32_t done = 0, len; rc == OX_OK && done < piece->len; done += len) {
        const uint8_t *bytes = buffer;

        len = piece->len - done < CHUNK_LEN ? piece->len - done : CHUNK_LEN;
        if (image->decoded != NULL) {
            bytes = image->decoded + piece->offset + done;
        } else {
            rc = fw_read_file(image, piece->offset + done, buffer, len);
        }
        if (rc == OX_OK) {
            rc = visit(user, piece->address + done, bytes, len);
        }
    }
    return rc;
}

enum ox fw_for_each(const struct fw_image *image, fw_visit *visit, void *user)
{
    uint8_t *buffer = image->decoded == NULL ? xmalloc(CHUNK_LEN) : NULL;
    enum ox rc = OX_OK;

    for (size_t i = 0; rc == OX_OK && i < image->piece_count; i++) {
        rc = visit_piece(image, &image->pieces[i], buffer, visit, user);
    }
    free(buffer);
    return rc;
}
