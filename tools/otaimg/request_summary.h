/* What metadata says, for the eyes of whoever signs it. */
#ifndef OTAIMG_REQUEST_SUMMARY_H
#define OTAIMG_REQUEST_SUMMARY_H

#include <stdint.h>

#include <otav/otav_format.h>

#include "exits.h"

struct json_t; /* of jansson */

/* Every field that is content, attributes included, by its name as of `inspect`: strings in a JSON
 * object, the caller's. name is for messages. Failures as of listing_make(). */
enum ox request_summary_make(const char *name, const uint8_t metadata[OTAV_META_LEN],
                             struct json_t **ret);

/* The same as lines of text. */
void request_summary_print(struct json_t *summary);

#endif
