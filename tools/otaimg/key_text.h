/* What the `keys` commands print about a public key (X || Y), as text and as JSON. */
#ifndef OTAIMG_KEY_TEXT_H
#define OTAIMG_KEY_TEXT_H

#include <stdint.h>

#include "exits.h"

struct json_t; /* of jansson */

/* Digest, coordinates, and whether everyone has the private half; indented lines. */
void key_text_print(const uint8_t xy[64]);
/* The same as members of a JSON object. */
void key_text_add(struct json_t *object, const uint8_t xy[64]);
/* Whether the key may protect anything: "not published", or "development: private half is published",
 * which holds for sample keys as well. */
void key_text_print_class(const uint8_t xy[64]);
void key_text_add_class(struct json_t *object, const uint8_t xy[64]);
/* A JSON string; null for bytes that are not UTF-8, which have no place in JSON. */
struct json_t *key_text_json(const char *text);

/* Prints root and frees it; OX_IO. */
enum ox key_text_print_json(struct json_t *root);

#endif
