/* Intel HEX output: 16 data bytes a record, aligned to 16, extended linear addresses, end record,
 * upper-case digits, LF. The text depends on the data only, not on how it was cut into calls. */
#ifndef OTAIMG_IHEX_H
#define OTAIMG_IHEX_H

#include <stddef.h>
#include <stdint.h>

#include "exits.h"

#define IHEX_DATA_LEN 16u

/* A sink for text; returns OX_OK or the code of a failure that it reported. */
typedef enum ox ihex_sink(void *user, const char *text, size_t len);

struct ihex_writer {
    ihex_sink *sink;
    void *user;
    uint32_t upper;   /* upper half of the address of the last extended record + 1, 0 = none yet */
    uint32_t address; /* of pending */
    size_t pending_len; /* at most what is left of the 16 bytes that address stands in */
    uint8_t pending[IHEX_DATA_LEN];
};

void ihex_begin(struct ihex_writer *w, ihex_sink *sink, void *user);
/* Data records for len bytes at address; calls must ascend. */
enum ox ihex_write(struct ihex_writer *w, uint32_t address, const uint8_t *bytes, size_t len);
/* Writes what is pending and the end record. */
enum ox ihex_end(struct ihex_writer *w);

#endif
