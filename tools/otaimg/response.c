/* Responses as JSON. What they say is verified by whoever asked. */
#include "response.h"

#include <jansson.h>
#include <stdlib.h>

#include "diag.h"
#include "util.h"

enum ox response_parse(const char *name, const char *text, size_t len, struct response *ret)
{
    const char *request;
    const char *key;
    const char *firmware;
    const char *metadata;
    struct response r;
    int version = 0;
    json_error_t error;
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    enum ox ox = OX_OK;

    if (root == NULL ||
        json_unpack_ex(root, &error, JSON_STRICT, "{s:i, s:s, s:s, s:{s:s, s:s}}",
                       "otaimg-response", &version, "request", &request, "key", &key, "signatures",
                       "firmware", &firmware, "metadata", &metadata) != 0) {
        ox = diag_fail(OX_MALFORMED, "%s: not a response: %s", name, error.text);
    } else if (version != 1 || !hex_decode(request, r.request, sizeof r.request) ||
               !hex_decode(key, r.key_id, sizeof r.key_id) ||
               !hex_decode(firmware, r.firmware, sizeof r.firmware) ||
               !hex_decode(metadata, r.metadata, sizeof r.metadata)) {
        ox = diag_fail(OX_MALFORMED,
                       "%s: not a response: expected version 1, digests of 64 and signatures of "
                       "128 hex digits",
                       name);
    }
    if (ox == OX_OK) {
        *ret = r;
    }
    json_decref(root);
    return ox;
}

char *response_text(const struct response *response)
{
    char request[2 * sizeof response->request + 1];
    char key[2 * sizeof response->key_id + 1];
    char firmware[2 * sizeof response->firmware + 1];
    char metadata[2 * sizeof response->metadata + 1];
    json_t *root;
    char *json;
    char *text;

    hex_encode(response->request, sizeof response->request, request);
    hex_encode(response->key_id, sizeof response->key_id, key);
    hex_encode(response->firmware, sizeof response->firmware, firmware);
    hex_encode(response->metadata, sizeof response->metadata, metadata);
    root = json_pack("{s:i, s:s, s:s, s:{s:s, s:s}}", "otaimg-response", 1, "request", request,
                     "key", key, "signatures", "firmware", firmware, "metadata", metadata);
    json = json_dumps(root, JSON_INDENT(2));
    text = xasprintf("%s\n", json);
    free(json);
    json_decref(root);
    return text;
}
