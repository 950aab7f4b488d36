/*
 * Errors in words. The verifier says which rule was broken and where; this adds the values, so
 * that the message alone is enough to act on.
 */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "ota_file.h"
#include "util.h"
#include "vocabulary.h"

enum ox explain_code(enum otav_err err)
{
    switch ((enum otav_err_class)OTAV_ERR_CLASS(err)) {
    case OTAV_CLASS_FORMAT:
        return OX_MALFORMED;
    case OTAV_CLASS_DECRYPT:
        return OX_DECRYPT;
    case OTAV_CLASS_POLICY:
        return OX_POLICY;
    case OTAV_CLASS_AUTH:
        return OX_AUTH;
    case OTAV_CLASS_DEVICE:
        return OX_WRONG_DEVICE;
    case OTAV_CLASS_ROLLBACK:
        return OX_ROLLBACK;
    case OTAV_CLASS_USAGE:
    case OTAV_CLASS_PORT:
        break;
    }
    return OX_INTERNAL;
}

/* ---- values ----------------------------------------------------------------------------------- */

static char *text_value(const uint8_t *bytes, size_t len)
{
    char *text = xmalloc(4 * len + 1);
    char *p = text;

    while (len > 0 && bytes[len - 1] == 0) {
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] >= 0x20 && bytes[i] < 0x7F && bytes[i] != '\\') {
            *p++ = (char)bytes[i];
        } else {
            *p++ = '\\';
            *p++ = 'x';
            hex_encode(bytes + i, 1, p);
            p += 2;
        }
    }
    *p = '\0';
    return text;
}

static char *hex_value(const uint8_t *bytes, size_t len)
{
    char *text = xmalloc(2 * len + 1);

    hex_encode(bytes, len, text);
    return text;
}

char *explain_value(const struct otav_field *field, const uint8_t *record)
{
    const uint8_t *bytes = record + field->offset;
    char text[UUID_TEXT_LEN];

    switch ((enum otav_type)field->type) {
    case OTAV_DEC:
        return xasprintf("%u", otav_field_get(field, record));
    case OTAV_HEX:
        return xasprintf("0x%0*X", 2 * field->size, otav_field_get(field, record));
    case OTAV_VERSION:
        format_version(otav_field_get(field, record), text);
        return xstrdup(text);
    case OTAV_TEXT:
        return text_value(bytes, field->size);
    case OTAV_UUID:
        format_uuid(bytes, text);
        return xstrdup(text);
    case OTAV_DAYS:
        format_date(otav_field_get(field, record), text);
        return xstrdup(text);
    case OTAV_SECONDS:
        return xasprintf("%llu", (unsigned long long)otav_load_u32(bytes) |
                                     (unsigned long long)otav_load_u32(bytes + 4) << 32);
    case OTAV_BYTES:
    case OTAV_ZERO:
    case OTAV_SIGNATURE:
        break;
    }
    return hex_value(bytes, field->size);
}

static char *number(const struct otav_field *field, uint32_t value)
{
    return field->type == OTAV_HEX ? xasprintf("0x%0*X", 2 * field->size, value)
                                   : xasprintf("%u", value);
}

char *explain_rule(const struct otav_field *field)
{
    char *value;
    char *other;
    char *text;

    switch ((enum otav_rule)field->rule) {
    case OTAV_IS:
        return number(field, field->arg);
    case OTAV_RANGE:
        return xasprintf("%u..%u", field->arg & 0xFFFF, field->arg >> 16);
    case OTAV_MAX:
        value = number(field, field->arg);
        text = xasprintf("at most %s", value);
        free(value);
        return text;
    case OTAV_EITHER:
        value = number(field, field->arg & 0xFFFF);
        other = number(field, field->arg >> 16);
        text = xasprintf("%s or %s", value, other);
        free(value);
        free(other);
        return text;
    case OTAV_LIVE:
        return xstrdup("1..4294967294");
    case OTAV_ANY:
    case OTAV_WHEN:
        break;
    }
    return NULL;
}

char *explain_meaning(const struct otav_field *field, const struct otav_field_doc *doc,
                      const uint8_t *record)
{
    const char *p = doc->meaning;
    uint32_t value;

    if (field->size > 4 || p[0] < '0' || p[0] > '9' || p[1] != '=') {
        return NULL;
    }
    value = otav_field_get(field, record);
    while (p != NULL && *p != '\0') {
        const char *end = strchr(p, '|');
        size_t len = end != NULL ? (size_t)(end - p) : strlen(p);

        if ((uint32_t)(p[0] - '0') == value) {
            return xstrndup(p + 2, len - 2);
        }
        p = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

/* ---- headers ---------------------------------------------------------------------------------- */

/* Reports the field of a table that stands at offset of record. */
static enum ox field_error(const char *path, const char *what, const struct otav_table *table,
                           const uint8_t *record, uint16_t offset, enum otav_err err)
{
    for (uint8_t i = 0; i < table->field_count; i++) {
        const struct otav_field *field = &table->fields[i];

        if (field->offset == offset) {
            char *value = explain_value(field, record);
            char *rule = explain_rule(field);
            enum ox ox = diag_fail(explain_code(err), "%s: %s: '%s' is %s, expected %s (%s)", path,
                                   what, table->docs[i].name, value,
                                   rule != NULL ? rule : "another value", otav_err_name(err));

            free(value);
            free(rule);
            return ox;
        }
    }
    return diag_fail(explain_code(err), "%s: %s: offset %u: %s (%s)", path, what, offset,
                     otav_err_text(err), otav_err_name(err));
}

static bool zota_len_in_range(const uint8_t *zota)
{
    uint16_t len = otav_load_u16(zota + OTAV_ZOTA_HEADER_LEN_OFF);

    return len >= OTAV_ZOTA_LEN && len <= OTAV_ZOTA_MAX_LEN;
}

/* An OTAU header but for one field: damaged, or of another family. */
static bool is_almost_otau(const struct ota_file *file)
{
    unsigned bad = 0;

    for (uint8_t i = 0; i < otav_otau_table.field_count; i++) {
        bad += otav_field_ok(&otav_otau_table.fields[i], file->prefix) ? 0 : 1;
    }
    return bad == 1 && file->prefix_len >= OTAV_OTAU_LEN;
}

enum ox explain_header(const struct ota_file *file)
{
    const char *path = file->source.path;
    enum otav_file_kind kind = OTAV_FILE_BLE;
    bool known = otav_file_guess(file->prefix, file->prefix_len, &kind);
    uint32_t zota_off = kind == OTAV_FILE_COMBO ? OTAV_OTAU_LEN : 0;
    const uint8_t *zota = file->prefix + zota_off;

    if (file->err == OTAV_ERR_CHECKSUM) {
        return diag_fail(OX_MALFORMED,
                         "%s: checksum in the file header is 0x%04X, expected 0x%04X: the file is "
                         "damaged (OTAV_ERR_CHECKSUM)",
                         path, otav_load_u16(file->prefix + OTAV_OTAU_CHECKSUM_OFF),
                         otav_file_checksum(file->sum - file->prefix[OTAV_OTAU_CHECKSUM_OFF] -
                                            file->prefix[OTAV_OTAU_CHECKSUM_OFF + 1]));
    }
    if (file->err == OTAV_ERR_TOTAL_LENGTH) {
        return diag_fail(OX_MALFORMED,
                         "%s: 'total_image_size' of the Zigbee header is %u, the file has %u "
                         "bytes there (OTAV_ERR_TOTAL_LENGTH)",
                         path, otav_load_u32(zota + OTAV_ZOTA_TOTAL_LEN_OFF),
                         file->source.len - zota_off);
    }
    if (file->err == OTAV_ERR_HEADER && known &&
        file->err_offset == zota_off + OTAV_ZOTA_HEADER_LEN_OFF && zota_len_in_range(zota)) {
        return diag_fail(OX_MALFORMED,
                         "%s: Zigbee header: 'header_length' is %u, which does not fit "
                         "'field_control' 0x%04X (OTAV_ERR_HEADER)",
                         path, otav_load_u16(zota + OTAV_ZOTA_HEADER_LEN_OFF),
                         otav_load_u16(zota + OTAV_ZOTA_FIELD_CONTROL_OFF));
    }
    if (file->err == OTAV_ERR_HEADER && !known && is_almost_otau(file)) {
        return field_error(path, "file header", &otav_otau_table, file->prefix, file->err_offset,
                           file->err);
    }
    if (file->err == OTAV_ERR_HEADER && !known) {
        return diag_fail(OX_MALFORMED,
                         "%s: not an OTA file, expected an OTAU or Zigbee header or metadata "
                         "(OTAV_ERR_HEADER)",
                         path);
    }
    if (file->err == OTAV_ERR_HEADER) {
        return field_error(path, "Zigbee header", &otav_zota_table, zota,
                           (uint16_t)(file->err_offset - zota_off), file->err);
    }
    return diag_fail(explain_code(file->err), "%s: %u bytes: %s (%s)", path, file->source.len,
                     otav_err_text(file->err), otav_err_name(file->err));
}

/* ---- refusals --------------------------------------------------------------------------------- */

/* What a refusal can be explained with. */
struct refusal {
    const struct ota_file *file;
    const char *path;
    const struct otav_config *config;
    const uint8_t *metadata;
    const uint8_t *value; /* of the attribute that decided; NULL when absent or none */
    enum otav_err err;
    uint16_t detail;
};

static enum ox refuse_field(const struct refusal *r)
{
    return field_error(r->path, "metadata", &otav_meta_table, r->metadata, r->detail, r->err);
}

static enum ox refuse_method(const struct refusal *r)
{
    return diag_fail(OX_POLICY,
                     "%s: authentication method is %s, expected ecdsa-p256-sha256 "
                     "(OTAV_ERR_METHOD)",
                     r->path, r->metadata[r->detail] == OTAV_METHOD_NONE ? "none" : "sha256");
}

static enum ox refuse_length(const struct refusal *r)
{
    uint32_t fw_len = otav_load_u32(r->metadata + OTAV_META_FW_LEN_OFF);
    uint32_t room = OTAV_SLOT_LEN - OTAV_META_LEN - (r->file->file.encrypted ? OTAV_BLOCK_LEN : 0);
    const struct ota_body body = ota_file_body(r->file, r->metadata);
    const char *multiple = r->config->policy != OTAV_POLICY_STOCK ? "a multiple of 16, " : "";

    if (fw_len == OTAV_FW_LEN_FORBIDDEN) {
        return diag_fail(OX_MALFORMED,
                         "%s: firmware length is %u, the length of what a metadata signature is "
                         "over, expected any other (OTAV_ERR_FW_LENGTH)",
                         r->path, fw_len);
    }
    if (body.compressed && (body.sent_len == 0 || body.sent_len > OTAV_SLOT_LEN - OTAV_META_LEN)) {
        return diag_fail(OX_MALFORMED,
                         "%s: compressed length is %u, expected 1..%u (OTAV_ERR_FW_LENGTH)",
                         r->path, body.sent_len, OTAV_SLOT_LEN - OTAV_META_LEN);
    }
    return diag_fail(OX_MALFORMED,
                     "%s: firmware length is %u, expected %s1..%u (OTAV_ERR_FW_LENGTH)", r->path,
                     fw_len, multiple, room);
}

/* Data that ends early or goes on behind the end. */
static enum ox refuse_extent(const struct refusal *r)
{
    const struct ota_body body = ota_file_body(r->file, r->metadata);
    uint32_t pad = r->file->file.encrypted ? OTAV_BLOCK_LEN - body.len % OTAV_BLOCK_LEN : 0;

    if (r->file->file.payload_len == OTAV_META_LEN + body.len + pad) {
        return diag_fail(OX_MALFORMED, "%s: in %u bytes of compressed firmware: %s (%s)", r->path,
                         body.sent_len, otav_err_text(r->err), otav_err_name(r->err));
    }
    return diag_fail(
        OX_MALFORMED,
        "%s: metadata and firmware take %u bytes in the file, expected %u for %u bytes "
        "of %sfirmware (%s)",
        r->path, r->file->file.payload_len, OTAV_META_LEN + body.len + pad, body.sent_len,
        body.compressed ? "compressed " : "", otav_err_name(r->err));
}

static enum ox refuse_header_revision(const struct refusal *r)
{
    char header[VERSION_TEXT_LEN];
    char image[VERSION_TEXT_LEN];

    format_version(otav_load_u32(r->file->prefix + OTAV_OTAU_REVISION_OFF), header);
    format_version(otav_load_u32(r->metadata + OTAV_META_FW_REVISION_OFF), image);
    return diag_fail(OX_MALFORMED,
                     "%s: the file header names version %s, the metadata %s "
                     "(OTAV_ERR_HEADER_REVISION)",
                     r->path, header, image);
}

static enum ox refuse_binding(const struct refusal *r)
{
    uint32_t sequence = otav_load_u32(r->value + OTAV_BINDING_SEQUENCE_OFF);
    uint32_t stored = otav_load_u32(r->metadata + OTAV_META_SEQUENCE_OFF);

    if (sequence != stored) {
        return diag_fail(OX_AUTH,
                         "%s: sequence is %u, the signed header binding says %u "
                         "(OTAV_ERR_BINDING)",
                         r->path, stored, sequence);
    }
    return diag_fail(OX_AUTH,
                     "%s: image id in the file header is 0x%08X, the signed header binding says "
                     "0x%08X (OTAV_ERR_BINDING)",
                     r->path, otav_load_u32(r->file->prefix + OTAV_OTAU_IMAGE_ID_OFF),
                     otav_load_u32(r->value + OTAV_BINDING_IMAGE_ID_OFF));
}

static enum ox refuse_version(const struct refusal *r)
{
    char image[VERSION_TEXT_LEN];
    char installed[VERSION_TEXT_LEN];

    format_version(otav_load_u32(r->metadata + OTAV_META_FW_REVISION_OFF), image);
    format_version(r->config->installed_version, installed);
    return diag_fail(OX_ROLLBACK,
                     "%s: version %s is not newer than the installed %s "
                     "(OTAV_ERR_VERSION)",
                     r->path, image, installed);
}

static enum ox refuse_min_installed(const struct refusal *r)
{
    char needed[VERSION_TEXT_LEN];
    char installed[VERSION_TEXT_LEN];

    format_version(otav_load_u32(r->value), needed);
    format_version(r->config->installed_version, installed);
    return diag_fail(OX_ROLLBACK,
                     "%s: needs version %s or later installed before, the device has %s "
                     "(OTAV_ERR_MIN_INSTALLED)",
                     r->path, needed, r->config->has_installed ? installed : "none");
}

static enum ox refuse_counter(const struct refusal *r)
{
    return diag_fail(
        OX_ROLLBACK, "%s: security counter is %u, the device's floor is %u (OTAV_ERR_COUNTER)",
        r->path, r->value != NULL ? otav_load_u32(r->value) : 0, r->config->counter_floor);
}

static enum ox refuse_product(const struct refusal *r)
{
    char image[UUID_TEXT_LEN];
    char device[UUID_TEXT_LEN];

    format_uuid(r->value, image);
    format_uuid(r->config->product, device);
    return diag_fail(OX_WRONG_DEVICE,
                     "%s: made for product %s, the device is %s (OTAV_ERR_PRODUCT)", r->path, image,
                     r->config->has_identity ? device : "none");
}

static enum ox refuse_hardware(const struct refusal *r)
{
    char *device = r->config->has_identity
                       ? xasprintf("0x%08X revision %u", r->config->hardware_class,
                                   r->config->hardware_revision)
                       : xstrdup("none");
    enum ox ox = diag_fail(OX_WRONG_DEVICE,
                           "%s: made for hardware class 0x%08X revision %u..%u, the device is %s "
                           "(OTAV_ERR_HARDWARE)",
                           r->path, otav_load_u32(r->value),
                           otav_load_u16(r->value + OTAV_HARDWARE_MIN_REVISION_OFF),
                           otav_load_u16(r->value + OTAV_HARDWARE_MAX_REVISION_OFF), device);

    free(device);
    return ox;
}

static enum ox refuse_image_type(const struct refusal *r)
{
    return diag_fail(OX_WRONG_DEVICE,
                     "%s: image type is %s, which the device does not take here or the key may not "
                     "sign (OTAV_ERR_IMAGE_TYPE)",
                     r->path, image_type_words[r->value != NULL ? r->value[0] - 1 : 0]);
}

static enum ox refuse_image_id(const struct refusal *r)
{
    return diag_fail(
        OX_WRONG_DEVICE, "%s: flash image id is 0x%08X, the device's is 0x%08X (OTAV_ERR_IMAGE_ID)",
        r->path, otav_load_u32(r->file->prefix + OTAV_OTAU_IMAGE_ID_OFF), r->config->image_id);
}

static enum ox refuse_manufacturer(const struct refusal *r)
{
    char *image = text_value(r->metadata + OTAV_META_MANUFACTURER_OFF, OTAV_META_MANUFACTURER_LEN);
    char *device = text_value(r->config->manufacturer, sizeof r->config->manufacturer);
    enum ox ox = diag_fail(OX_WRONG_DEVICE,
                           "%s: manufacturer id is '%s', the device's is '%s' "
                           "(OTAV_ERR_MANUFACTURER)",
                           r->path, image, device);

    free(image);
    free(device);
    return ox;
}

static enum ox refuse_missing_attribute(const struct refusal *r)
{
    const struct otav_attribute_doc *doc = otav_attribute_find(r->detail);

    return diag_fail(OX_POLICY,
                     "%s: attribute '%s' is missing, policy strict requires it "
                     "(OTAV_ERR_ATTRIBUTE_MISSING)",
                     r->path, doc != NULL ? doc->name : "?");
}

static enum ox refuse_attributes(const struct refusal *r)
{
    return diag_fail(OX_MALFORMED, "%s: %s, at byte %u of the attribute area (%s)", r->path,
                     otav_err_text(r->err), r->detail, otav_err_name(r->err));
}

/* Refusals that values make clearer; those of an attribute need it to be there. */
static const struct {
    enum otav_err err;
    uint16_t attribute; /* 0 = none */
    bool needs_value;
    enum ox (*report)(const struct refusal *r);
} refusals[] = {
    {OTAV_ERR_METADATA, 0, false, refuse_field},
    {OTAV_ERR_METHOD, 0, false, refuse_method},
    {OTAV_ERR_FW_LENGTH, 0, false, refuse_length},
    {OTAV_ERR_HEADER_REVISION, 0, false, refuse_header_revision},
    {OTAV_ERR_TRUNCATED, 0, false, refuse_extent},
    {OTAV_ERR_TRAILING, 0, false, refuse_extent},
    {OTAV_ERR_BINDING, OTAV_ATTR_BINDING, true, refuse_binding},
    {OTAV_ERR_IMAGE_TYPE, OTAV_ATTR_IMAGE_TYPE, false, refuse_image_type},
    {OTAV_ERR_IMAGE_ID, 0, false, refuse_image_id},
    {OTAV_ERR_VERSION, 0, false, refuse_version},
    {OTAV_ERR_MIN_INSTALLED, OTAV_ATTR_MIN_INSTALLED, true, refuse_min_installed},
    {OTAV_ERR_COUNTER, OTAV_ATTR_COUNTER, false, refuse_counter},
    {OTAV_ERR_PRODUCT, OTAV_ATTR_PRODUCT, true, refuse_product},
    {OTAV_ERR_HARDWARE, OTAV_ATTR_HARDWARE, true, refuse_hardware},
    {OTAV_ERR_MANUFACTURER, 0, false, refuse_manufacturer},
    {OTAV_ERR_ATTRIBUTE_MISSING, 0, false, refuse_missing_attribute},
    {OTAV_ERR_ATTRIBUTES, 0, false, refuse_attributes},
    {OTAV_ERR_ATTRIBUTE_UNKNOWN, 0, false, refuse_attributes},
};

static const uint8_t *attribute_value(const uint8_t *metadata, uint16_t type)
{
    struct otav_attributes attributes;
    uint16_t offset = 0;

    if (type == 0 ||
        otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN, false,
                              &attributes, &offset) != OTAV_OK) {
        return NULL;
    }
    return attributes.value[type - 1];
}

enum ox explain_refusal(const struct ota_file *file, const struct otav_config *config,
                        const uint8_t *metadata, enum otav_err err, uint16_t detail)
{
    struct refusal r = {file, file->source.path, config, metadata, NULL, err, detail};

    if (file->err != OTAV_OK) {
        return explain_header(file);
    }
    for (size_t i = 0; metadata != NULL && i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].err == err) {
            r.value = attribute_value(metadata, refusals[i].attribute);
            if (r.value != NULL || !refusals[i].needs_value) {
                return refusals[i].report(&r);
            }
        }
    }
    return diag_fail(explain_code(err), "%s: %s (%s)", r.path, otav_err_text(err),
                     otav_err_name(err));
}
