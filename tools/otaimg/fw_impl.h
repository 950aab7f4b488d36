/* What the firmware loaders share; fw_image.h is the interface for everyone else. */
#ifndef OTAIMG_FW_IMPL_H
#define OTAIMG_FW_IMPL_H

#include "diag.h"
#include "fw_image.h"

/*
 * Limits: text files 64 MiB; a line 521 characters, the longest Intel HEX record.
 */
#define FW_TEXT_MAX_LEN   (64u << 20)
#define FW_LINE_MAX_LEN   521u
#define FW_RECORD_MAX_LEN 260u

/* A run of bytes at consecutive device addresses. */
struct fw_piece {
    uint64_t offset;  /* of its first byte: in decoded, or in the file when there is no decoded */
    uint32_t address; /* of its first byte */
    uint32_t len;     /* at least 1; address + len is at most 2^32 */
    unsigned line;    /* of the record in a text file, 0 = none */
};

struct fw_image {
    char *path;
    enum fw_format format; /* never FW_AUTO */
    int fd;
    uint64_t file_len;
    uint8_t *decoded; /* bytes of a text format, in the order of the file */
    size_t decoded_len;
    size_t decoded_cap;
    struct fw_piece
        *pieces; /* ascending, disjoint and joined once fw_finish() has returned OX_OK */
    size_t piece_count;
    size_t piece_cap;
};

/* The loaders add what the file holds; all report OX_MALFORMED and OX_IO. */
enum ox fw_load_elf(struct fw_image *image);
enum ox fw_load_ihex(struct fw_image *image);
enum ox fw_load_srec(struct fw_image *image);
enum ox fw_load_bin(struct fw_image *image, uint32_t address);

/* Adds len bytes that stand at offset of the file; len may be 0. */
enum ox fw_add_range(struct fw_image *image, uint32_t address, uint64_t offset, uint64_t len);

/* Adds the len data bytes of the record at pos; len may be 0. */
enum ox fw_add_record(struct fw_image *image, const struct src_pos *pos, uint32_t address,
                      const uint8_t *bytes, size_t len);

/* Sorts and joins what was added. OX_MALFORMED when two pieces overlap or there is none. */
enum ox fw_finish(struct fw_image *image);

/* Exactly len bytes at offset of the file. */
enum ox fw_read_file(const struct fw_image *image, uint64_t offset, uint8_t *bytes, size_t len);

/* First address behind a piece. */
static inline uint64_t fw_piece_end(const struct fw_piece *piece)
{
    return (uint64_t)piece->address + piece->len;
}

/* The lines of a text file, one at a time. */
struct fw_lines {
    const struct fw_image *image;
    struct src_pos pos; /* of text */
    size_t len;
    char text[FW_LINE_MAX_LEN + 3]; /* without its LF or CR LF, then a NUL */
    uint64_t offset;                /* of what is read from the file next */
    size_t next;
    size_t end;
    uint8_t buffer[16384];
};

/* OX_MALFORMED for a file that is longer than FW_TEXT_MAX_LEN. */
enum ox fw_lines_begin(struct fw_lines *lines, const struct fw_image *image);

/* The next line that is not empty; *ret_more is false at the end of the file. */
enum ox fw_lines_next(struct fw_lines *lines, bool *ret_more);

/* The line's hex digits from character skip on. */
enum ox fw_lines_bytes(const struct fw_lines *lines, size_t skip,
                       uint8_t ret_bytes[FW_RECORD_MAX_LEN], size_t *ret_len);

#endif
