/*
 * Lines of the text formats, read through a buffer of fixed size.
 *
 * Layer: input, below the Intel HEX and S-record loaders. LF and CR LF both end a line, empty lines
 * are skipped, a line longer than any record is an error, so memory is bounded whatever the file is.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fw_impl.h"
#include "util.h"

enum ox fw_lines_begin(struct fw_lines *lines, const struct fw_image *image)
{
    lines->image = image;
    lines->pos = (struct src_pos){image->path, 0, 0};
    lines->len = 0;
    lines->offset = 0;
    lines->next = 0;
    lines->end = 0;
    if (image->file_len > FW_TEXT_MAX_LEN) {
        return diag_fail_at(OX_MALFORMED, &lines->pos,
                            "the file has %llu bytes, expected at most %u for a text format",
                            (unsigned long long)image->file_len, FW_TEXT_MAX_LEN);
    }
    return OX_OK;
}

/* *ret_more is false at the end of the file. */
static enum ox refill(struct fw_lines *lines, bool *ret_more)
{
    ssize_t got;

    do {
        got = pread(lines->image->fd, lines->buffer, sizeof lines->buffer, (off_t)lines->offset);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return diag_fail(OX_IO, "cannot read '%s': %s", lines->image->path, strerror(errno));
    }
    lines->offset += (uint64_t)got;
    lines->next = 0;
    lines->end = (size_t)got;
    *ret_more = got > 0;
    return OX_OK;
}

/* One character of the line; false when there is no room, and the line too long even if it ends
 * with CR. */
static bool put(struct fw_lines *lines, char c)
{
    if (lines->len == sizeof lines->text - 1) {
        return false;
    }
    lines->text[lines->len++] = c;
    return true;
}

/* Drops the CR of CR LF and ends the text. */
static enum ox end_line(struct fw_lines *lines)
{
    if (lines->len > 0 && lines->text[lines->len - 1] == '\r') {
        lines->len--;
    }
    lines->text[lines->len] = '\0';
    if (lines->len > FW_LINE_MAX_LEN) {
        return diag_fail_at(OX_MALFORMED, &lines->pos,
                            "the line is longer than a record, expected at most %u characters",
                            FW_LINE_MAX_LEN);
    }
    return OX_OK;
}

/* One line; *ret_more is false when there was nothing, not even a line end. */
static enum ox read_line(struct fw_lines *lines, bool *ret_more)
{
    bool more = true;
    char c = '\0';

    lines->len = 0;
    lines->pos.line++;
    do {
        if (lines->next == lines->end && refill(lines, &more) != OX_OK) {
            return OX_IO;
        }
        if (!more) {
            break;
        }
        c = (char)lines->buffer[lines->next++];
    } while (c != '\n' && put(lines, c));
    *ret_more = more || lines->len > 0;
    return end_line(lines);
}

enum ox fw_lines_next(struct fw_lines *lines, bool *ret_more)
{
    bool more = true;

    do {
        enum ox rc = read_line(lines, &more);

        if (rc != OX_OK) {
            return rc;
        }
    } while (more && lines->len == 0);
    *ret_more = more;
    return OX_OK;
}

enum ox fw_lines_bytes(const struct fw_lines *lines, size_t skip,
                       uint8_t ret_bytes[FW_RECORD_MAX_LEN], size_t *ret_len)
{
    size_t digits = lines->len - skip;

    if (digits % 2 != 0) {
        return diag_fail_at(OX_MALFORMED, &lines->pos,
                            "the record has %zu hex digits, expected an even number", digits);
    }
    if (!hex_decode(lines->text + skip, ret_bytes, digits / 2)) {
        return diag_fail_at(OX_MALFORMED, &lines->pos,
                            "the record has a character that is not a hex digit");
    }
    *ret_len = digits / 2;
    return OX_OK;
}
