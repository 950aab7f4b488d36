/* One line of the audit log as JSON: for release_log.c only. */
#ifndef OTAIMG_RELEASE_LOG_LINE_H
#define OTAIMG_RELEASE_LOG_LINE_H

#include <stddef.h>

#include "release_log.h"

struct log_line {
    uint64_t number; /* from 1 */
    struct release_facts release;
    uint8_t previous[OTAV_SHA256_LEN]; /* SHA-256 of the line before, without its line end */
    uint8_t hash[OTAV_SHA256_LEN];
};

/* The line with its line end; caller frees. Number and previous of *line are taken, hash is set. */
enum ox log_line_make(const struct release_log_entry *entry, struct log_line *line, char **ret,
                      size_t *ret_len);

/* Reads text, len bytes without line end. What is wrong with it, or NULL and *ret is filled. */
const char *log_line_read(const char *text, size_t len, struct log_line *ret);

#endif
