/*
 * Recognises an SBOM by its mandatory member and hashes the file's bytes as they are.
 */
#include "sbom.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "diag.h"
#include "digest.h"
#include "source.h"
#include "util.h"

enum ox sbom_read(const char *path, uint8_t *ret_format, uint8_t ret_sha256[32])
{
    struct source source;
    json_error_t error;
    json_t *root = NULL;
    uint8_t *bytes = NULL;
    enum ox ox = source_open(path, &source);

    if (ox != OX_OK) {
        return ox;
    }
    bytes = xmalloc(source.len);
    ox = source_read(&source, 0, bytes, source.len);
    if (ox == OX_OK) {
        root = json_loadb((const char *)bytes, source.len, JSON_REJECT_DUPLICATES, &error);
        if (root == NULL) {
            ox = diag_fail(OX_USAGE, "%s:%d:%d: not JSON: %s", path, error.line, error.column,
                           error.text);
        }
    }
    if (ox == OX_OK) {
        const char *format = json_string_value(json_object_get(root, "bomFormat"));

        if (format != NULL && strcmp(format, "CycloneDX") == 0) {
            *ret_format = 1;
        } else if (json_is_string(json_object_get(root, "spdxVersion"))) {
            *ret_format = 2;
        } else {
            ox = diag_fail(OX_USAGE,
                           "%s: neither CycloneDX nor SPDX, expected 'bomFormat' or 'spdxVersion'",
                           path);
        }
    }
    if (ox == OX_OK) {
        ox = digest_bytes(bytes, source.len, ret_sha256);
    }
    json_decref(root);
    free(bytes);
    source_close(&source);
    return ox;
}
