/*
 * What is true of a file beside its fields. Nothing here is a verdict: that is `verify`.
 */
#include "inspection.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "explain.h"
#include "file_check.h"
#include "pubkey.h"
#include "util.h"

enum { CHUNK = 65536 };

const char *finding_name(enum finding finding)
{
    switch (finding) {
    case FINDING_NONE:
        return "not-checked";
    case FINDING_OK:
        return "ok";
    case FINDING_BAD:
        return "bad";
    }
    return "not-checked";
}

static enum finding found(bool ok)
{
    return ok ? FINDING_OK : FINDING_BAD;
}

/* Keeps the first problem. */
static void problem(struct inspection *i, enum ox code, char *text)
{
    if (i->problem == NULL) {
        i->problem = text;
        i->problem_code = code;
    } else {
        free(text);
    }
}

static enum ox hash_file(const struct ota_file *file, uint8_t ret[OTAV_SHA256_LEN])
{
    uint8_t *chunk = xmalloc(CHUNK);
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    for (uint32_t offset = 0; ox == OX_OK && offset < file->source.len;) {
        uint32_t part = file->source.len - offset < CHUNK ? file->source.len - offset : CHUNK;

        ox = source_read(&file->source, offset, chunk, part);
        if (ox == OX_OK) {
            ox = digest_update(&digest, chunk, part);
        }
        offset += part;
    }
    free(chunk);
    return digest_end(&digest, ox, ret);
}

/* ---- payload ---------------------------------------------------------------------------------- */

static void check_fields(struct inspection *i)
{
    for (unsigned r = 0; r < i->listing.record_count; r++) {
        const struct listing_record *record = &i->listing.records[r];

        for (unsigned k = 0; k < record->field_count; k++) {
            const struct listing_field *f = &record->fields[k];

            if (!f->ok) {
                char *rule = explain_rule(&f->field);

                problem(i, OX_MALFORMED,
                        xasprintf("%s: '%s' is %s, expected %s", record->name, f->doc->name,
                                  f->value, rule != NULL ? rule : "another value"));
                free(rule);
            }
        }
    }
    if (i->listing.attributes_err != OTAV_OK) {
        problem(i, OX_MALFORMED,
                xasprintf("%s, at byte %u of the attribute area",
                          otav_err_text(i->listing.attributes_err), i->listing.attributes_offset));
    }
}

/* A signature under xy, or a digest; *ret stays FINDING_NONE where there is nothing to compare. */
static void check_authenticity(uint8_t method, const uint8_t *value, uint8_t value_len,
                               const uint8_t digest[OTAV_SHA256_LEN], const uint8_t *xy,
                               enum finding *ret)
{
    uint8_t rs[OTAV_SIGNATURE_LEN];

    if (method == OTAV_METHOD_SHA256) {
        *ret = found(value_len == OTAV_SHA256_LEN && memcmp(value, digest, OTAV_SHA256_LEN) == 0);
    } else if (method == OTAV_METHOD_ECDSA && xy != NULL) {
        *ret = found(otav_der_decode(value, OTAV_META_SIG_LEN, value_len, rs) &&
                     pubkey_verify(xy, digest, rs));
    }
}

static enum ox check_payload(struct inspection *i, const uint8_t *xy)
{
    const uint8_t *meta = i->listing.metadata;
    uint8_t digest[OTAV_SHA256_LEN];
    bool length_ok = false;
    enum ox ox = check_payload_length(i->file, i->listing.fw_len, &length_ok);

    if (ox == OX_OK) {
        i->length = found(length_ok);
        ox = check_metadata_digest(meta, digest);
    }
    if (ox != OX_OK) {
        return ox;
    }
    check_authenticity(meta[OTAV_META_AUTH_METHOD_OFF], meta + OTAV_META_SIG_OFF,
                       meta[OTAV_META_SIG_LEN_OFF], digest, xy, &i->metadata_signature);
    if (i->listing.has_fw_digest) {
        check_authenticity(meta[OTAV_META_FW_AUTH_METHOD_OFF], meta + OTAV_META_FW_SIG_OFF,
                           meta[OTAV_META_FW_SIG_LEN_OFF], i->listing.fw_digest, xy,
                           &i->firmware_signature);
    }
    if (i->length == FINDING_BAD) {
        problem(i, OX_MALFORMED,
                xstrdup("length or padding of the payload does not fit the metadata"));
    }
    if (i->metadata_signature == FINDING_BAD) {
        problem(i, OX_AUTH, xstrdup("metadata signature or digest does not match"));
    }
    if (i->firmware_signature == FINDING_BAD) {
        problem(i, OX_AUTH, xstrdup("firmware signature or digest does not match"));
    }
    return OX_OK;
}

enum ox inspection_make(const struct ota_file *file, const uint8_t *xy, struct inspection *ret)
{
    enum ox ox;

    memset(ret, 0, sizeof *ret);
    ret->file = file;
    ox = hash_file(file, ret->file_digest);
    if (ox == OX_OK) {
        ox = listing_make(file, &ret->listing);
    }
    if (ox != OX_OK) {
        return ox;
    }
    if (file->err == OTAV_OK && file->file.has_otau) {
        ret->checksum = FINDING_OK;
    }
    check_fields(ret);
    if (file->err != OTAV_OK) {
        ret->checksum = file->err == OTAV_ERR_CHECKSUM ? FINDING_BAD : FINDING_NONE;
        problem(ret, explain_code(file->err), xstrdup(otav_err_text(file->err)));
    } else if (ret->listing.has_metadata) {
        ox = check_payload(ret, xy);
    } else if (ota_file_readable(file)) {
        problem(ret, OX_DECRYPT, xstrdup(otav_err_text(OTAV_ERR_DECRYPT)));
    }
    if (ox != OX_OK) {
        inspection_free(ret);
    }
    return ox;
}

void inspection_free(struct inspection *inspection)
{
    listing_free(&inspection->listing);
    free(inspection->problem);
    inspection->problem = NULL;
}
