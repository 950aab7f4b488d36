/* Points in time: the reproducible one of SOURCE_DATE_EPOCH, the present one, and their text. */
#ifndef OTAIMG_TIMESTAMP_H
#define OTAIMG_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "exits.h"

/* Seconds since 1970 in SOURCE_DATE_EPOCH; *ret_set = false and *ret untouched when it is not set.
 * OX_USAGE when it is not a number. */
enum ox timestamp_source_date(bool *ret_set, uint64_t *ret);

/* Seconds since 1970 now. */
uint64_t timestamp_now(void);

/* "2026-01-31T23:59:59Z" (RFC 3339); false, text untouched, behind the year 9999. */
#define TIMESTAMP_TEXT_LEN 21
bool timestamp_format(uint64_t seconds, char text[TIMESTAMP_TEXT_LEN]);

#endif
