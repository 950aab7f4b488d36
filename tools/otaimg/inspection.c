/*
 * What is true of a file beside its fields. Nothing here is a verdict: that is `verify`.
 */
#include "inspection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diag.h"
#include "digest.h"
#include "explain.h"
#include "file_check.h"
#include "pubkey.h"
#include "util.h"

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

/* The file as it lies on the disk: of a HEX file the text, not the slot in it. */
static enum ox whole_file(const struct ota_file *file, struct source *ret)
{
    struct stat st;

    *ret = file->source;
    if (ret->is_slot) {
        if (fstat(ret->fd, &st) != 0) {
            return diag_fail(OX_IO, "%s: cannot read: %s", ret->path, strerror(errno));
        }
        ret->bytes = NULL;
        ret->len = (uint32_t)st.st_size;
    }
    return OX_OK;
}

static enum ox hash_piece(void *user, const uint8_t *bytes, size_t len)
{
    return digest_update(user, bytes, len);
}

static enum ox hash_source(const struct source *source, uint8_t ret[OTAV_SHA256_LEN])
{
    struct digest digest;
    enum ox ox = digest_begin(&digest);

    if (ox == OX_OK) {
        ox = source_for_each(source, hash_piece, &digest);
    }
    return digest_end(&digest, ox, ret);
}

static enum ox identify_file(struct inspection *i)
{
    struct source whole;
    enum ox ox = whole_file(i->file, &whole);

    i->file_len = whole.len;
    return ox == OX_OK ? hash_source(&whole, i->file_digest) : ox;
}

/* ---- payload ---------------------------------------------------------------------------------- */

/* Fillers of an encrypted file come first, as on the device: they tell a wrong key or IV. */
static void check_fillers(struct inspection *i)
{
    const struct listing_record *metadata = listing_find(&i->listing, "metadata");

    for (unsigned k = 0; metadata != NULL && k < metadata->field_count; k++) {
        if (metadata->fields[k].field.type == OTAV_ZERO && !metadata->fields[k].ok) {
            problem(i, OX_DECRYPT, xstrdup(otav_err_text(OTAV_ERR_DECRYPT)));
        }
    }
}

/* No device judges informative attributes, so nothing in them makes a file wrong. */
static bool is_judged(const struct listing_record *record)
{
    return !record->is_attribute || (record->attribute_type & OTAV_ATTRIBUTE_INFORMATIVE) == 0;
}

static void check_fields(struct inspection *i)
{
    for (unsigned r = 0; r < i->listing.record_count; r++) {
        const struct listing_record *record = &i->listing.records[r];

        for (unsigned k = 0; k < record->field_count && is_judged(record); k++) {
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
    enum ox ox = check_payload_length(i->file, meta, &length_ok);

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
    if (i->listing.fw_err != OTAV_OK) {
        problem(i, explain_code(i->listing.fw_err), xstrdup(otav_err_text(i->listing.fw_err)));
    }
    if (i->metadata_signature == FINDING_BAD) {
        problem(i, OX_AUTH, xstrdup("metadata signature or digest does not match"));
    }
    if (i->firmware_signature == FINDING_BAD) {
        problem(i, OX_AUTH, xstrdup("firmware signature or digest does not match"));
    }
    return OX_OK;
}

static char *header_problem(const struct ota_file *file)
{
    enum otav_file_kind kind;

    return file->err == OTAV_ERR_HEADER && !otav_file_guess(file->prefix, file->prefix_len, &kind)
               ? xstrdup("not an OTA file, expected an OTAU or Zigbee header or metadata")
               : xstrdup(otav_err_text(file->err));
}

static enum ox check_listed(struct inspection *i, const uint8_t *xy)
{
    const struct ota_file *file = i->file;

    if (file->err != OTAV_OK) {
        i->checksum = file->err == OTAV_ERR_CHECKSUM ? FINDING_BAD : FINDING_NONE;
        check_fields(i);
        problem(i, explain_code(file->err), header_problem(file));
        return OX_OK;
    }
    i->checksum = file->file.has_otau ? FINDING_OK : FINDING_NONE;
    if (file->file.encrypted) {
        check_fillers(i);
    }
    check_fields(i);
    if (!listing_whole_blocks(file)) {
        i->length = FINDING_BAD;
        problem(i, OX_MALFORMED,
                xasprintf("encrypted payload is %u bytes, expected a multiple of 16",
                          file->file.payload_len));
    } else if (i->listing.has_metadata) {
        return check_payload(i, xy);
    } else if (ota_file_readable(file)) {
        problem(i, OX_DECRYPT, xstrdup(otav_err_text(OTAV_ERR_DECRYPT)));
    }
    return OX_OK;
}

enum ox inspection_make(const struct ota_file *file, const uint8_t *xy, struct inspection *ret)
{
    enum ox ox;

    memset(ret, 0, sizeof *ret);
    ret->file = file;
    ox = identify_file(ret);
    if (ox == OX_OK) {
        ox = listing_make(file, &ret->listing);
    }
    if (ox != OX_OK) {
        return ox;
    }
    ox = check_listed(ret, xy);
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
