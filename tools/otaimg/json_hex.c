/* Digests, keys and records as JSON strings, for every document that the tool writes. */
#include "json_hex.h"

#include <jansson.h>
#include <stdlib.h>

#include "util.h"

json_t *json_hex(const uint8_t *bytes, size_t len)
{
    char *text = xmalloc(2 * len + 1);
    json_t *value;

    hex_encode(bytes, len, text);
    value = json_string(text);
    free(text);
    return value;
}
