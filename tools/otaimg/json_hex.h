/* Bytes in JSON. */
#ifndef OTAIMG_JSON_HEX_H
#define OTAIMG_JSON_HEX_H

#include <stddef.h>
#include <stdint.h>

struct json_t; /* of jansson */

/* A string of lower-case hex digits; the caller owns it. */
struct json_t *json_hex(const uint8_t *bytes, size_t len);

#endif
