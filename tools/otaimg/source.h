/*
 * An input that is read at any place: a file, or a HEX file turned into the bytes of its slot.
 */
#ifndef OTAIMG_SOURCE_H
#define OTAIMG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"

/* Longer inputs are refused: nothing in this format comes near. */
#define SOURCE_MAX_LEN (64u << 20)

struct source {
    char *path;
    int fd;         /* -1: bytes are in memory */
    uint8_t *bytes; /* NULL: read from fd */
    uint32_t len;
    bool is_slot; /* from a HEX file: bytes from slot 0 on, data behind the image may follow */
};

/* Opens path. Regular files are read on demand, others (pipes) into memory. OX_IO, and OX_MALFORMED
 * for a HEX file that holds no slot image. */
enum ox source_open(const char *path, struct source *ret);
/* The same from a descriptor, which stays the caller's. */
enum ox source_from_fd(const char *name, int fd, struct source *ret);
void source_close(struct source *source);

/* Reads everything into memory, so that what is checked and what is used are the same bytes even
 * when the file changes meanwhile. */
enum ox source_keep(struct source *source);

/* Exactly len bytes at offset; OX_IO, also when the file became shorter. */
enum ox source_read(const struct source *source, uint32_t offset, uint8_t *ret, size_t len);

/* Visits all bytes in order, at most 64 KiB at a time; stops at the first result that is not OX_OK. */
typedef enum ox source_visit(void *user, const uint8_t *bytes, size_t len);
enum ox source_for_each(const struct source *source, source_visit *visit, void *user);

/* Sum of all bytes, modulo 2^32. */
enum ox source_sum(const struct source *source, uint32_t *ret);

#endif
