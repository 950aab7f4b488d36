/* Both signatures for a request, as `otaimg answer` writes them: schemas/response.schema.json. */
#ifndef OTAIMG_RESPONSE_H
#define OTAIMG_RESPONSE_H

#include <stddef.h>
#include <stdint.h>

#include <otav/otav_format.h>

#include "exits.h"

struct response {
    uint8_t request[OTAV_SHA256_LEN]; /* request_id() */
    uint8_t key_id[32];
    uint8_t firmware[OTAV_SIGNATURE_LEN]; /* r || s */
    uint8_t metadata[OTAV_SIGNATURE_LEN];
};

/* Reads text; nothing is verified. OX_MALFORMED, the message calls it name. */
enum ox response_parse(const char *name, const char *text, size_t len, struct response *ret);

/* Text, ended by a newline; malloced, caller frees. */
char *response_text(const struct response *response);

#endif
