/*
 * Walks the field tables over a file. Knows which record lies where, no field by name but those
 * that say how far the firmware goes and what protects a field.
 */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "util.h"

const char *protection_name(enum protection protection)
{
    switch (protection) {
    case PROTECT_NONE:
        return "none";
    case PROTECT_CHECKSUM:
        return "checksum";
    case PROTECT_BINDING:
        return "header-binding";
    case PROTECT_SIGNATURE:
        return "signature";
    }
    return "none";
}

static struct listing_record *add_record(struct listing *listing, const char *name,
                                         const uint8_t *bytes, uint32_t offset, uint32_t len)
{
    struct listing_record *record;

    listing->records =
        xrealloc(listing->records, (listing->record_count + 1) * sizeof *listing->records);
    record = &listing->records[listing->record_count++];
    *record = (struct listing_record){.name = name, .bytes = bytes, .offset = offset, .len = len};
    return record;
}

static void add_field(struct listing_record *record, const struct otav_field *field,
                      const struct otav_field_doc *doc, const uint8_t *bytes, uint32_t offset,
                      enum protection protection)
{
    struct otav_field at_start = *field;
    struct listing_field *f;

    at_start.offset = 0;
    record->fields = xrealloc(record->fields, (record->field_count + 1) * sizeof *record->fields);
    f = &record->fields[record->field_count++];
    *f = (struct listing_field){.field = *field,
                                .doc = doc,
                                .offset = offset,
                                .bytes = bytes,
                                .value = explain_value(&at_start, bytes),
                                .meaning = explain_meaning(&at_start, doc, bytes),
                                .ok = otav_field_ok(&at_start, bytes),
                                .protection = protection};
}

static void add_fields(struct listing_record *record, const struct otav_table *table,
                       enum protection protection)
{
    for (uint8_t i = 0; i < table->field_count; i++) {
        const struct otav_field *field = &table->fields[i];

        add_field(record, field, &table->docs[i], record->bytes + field->offset,
                  record->offset + field->offset, protection);
    }
}

/* ---- file headers ----------------------------------------------------------------------------- */

static void list_otau(struct listing *listing)
{
    add_fields(add_record(listing, "otau", listing->header, 0, OTAV_OTAU_LEN), &otav_otau_table,
               PROTECT_CHECKSUM);
}

static void list_zota(struct listing *listing, size_t available, uint32_t offset,
                      enum protection protection)
{
    const uint8_t *bytes = listing->header + offset;
    uint32_t control = otav_load_u16(bytes + OTAV_ZOTA_FIELD_CONTROL_OFF);
    struct listing_record *record = add_record(listing, "zigbee", bytes, offset, OTAV_ZOTA_LEN);

    add_fields(record, &otav_zota_table, protection);
    for (uint8_t i = 0; i < otav_zopt_table.field_count; i++) {
        const struct otav_field *field = &otav_zopt_table.fields[i];

        if ((control & field->arg) != 0 && offset + record->len + field->size <= available) {
            add_field(record, field, &otav_zopt_table.docs[i], bytes + record->len,
                      offset + record->len, protection);
            record->len += field->size;
        }
    }
}

/* Damaged headers are listed as well, as far as they are there. */
static void list_headers(const struct ota_file *file, struct listing *listing)
{
    enum otav_file_kind kind;
    uint32_t zota_off = 0;
    bool has_otau;

    if (!otav_file_guess(file->prefix, file->prefix_len, &kind)) {
        return;
    }
    has_otau = kind == OTAV_FILE_BLE || kind == OTAV_FILE_COMBO;
    if (has_otau) {
        list_otau(listing);
        zota_off = OTAV_OTAU_LEN;
    }
    if ((kind == OTAV_FILE_ZIGBEE || kind == OTAV_FILE_COMBO) &&
        file->prefix_len >= zota_off + OTAV_ZOTA_LEN) {
        list_zota(listing, file->prefix_len, zota_off, has_otau ? PROTECT_CHECKSUM : PROTECT_NONE);
    }
}

/* ---- attributes ------------------------------------------------------------------------------- */

static const struct otav_field_doc plain_value_doc = {"value", "byte string", "attributes: user"};

/* Of what the metadata signature covers. */
static enum protection signed_protection(const struct listing *listing, bool checksum)
{
    if (listing->metadata[OTAV_META_AUTH_METHOD_OFF] == OTAV_METHOD_ECDSA) {
        return PROTECT_SIGNATURE;
    }
    return checksum ? PROTECT_CHECKSUM : PROTECT_NONE;
}

/* Informative values are taken at any length; only one of the right length has fields. */
static bool has_fields(const struct otav_attribute_doc *doc, const struct otav_record *r)
{
    const struct otav_field *last;

    if (doc == NULL || doc->values.field_count == 0) {
        return false;
    }
    last = &doc->values.fields[doc->values.field_count - 1];
    return r->len == last->offset + last->size;
}

/* Whether a value without fields may be one: a known attribute has them at its own length, but for
 * source-revision, which is a Git commit (SHA-1 or SHA-256). */
static bool plain_value_ok(const struct otav_attribute_doc *doc, uint16_t len)
{
    return doc == NULL || (doc->values.field_count == 0 && (len == 20 || len == 32));
}

static void list_attribute(struct listing *listing, const struct otav_record *r,
                           uint32_t area_offset, enum protection protection)
{
    const struct otav_attribute_doc *doc = otav_attribute_find(r->type);
    struct listing_record *record = add_record(listing, doc != NULL ? doc->name : NULL, r->value,
                                               area_offset + r->offset, r->len);

    record->is_attribute = true;
    record->attribute_type = r->type;
    if (doc == NULL) {
        record->user_name = xasprintf("attribute_0x%04X", r->type);
        record->name = record->user_name;
    }
    if (has_fields(doc, r)) {
        add_fields(record, &doc->values, protection);
    } else {
        /* The whole area has fewer bytes than the mask. */
        const struct otav_field whole = {0, r->len & 0xFFFu, OTAV_BYTES, OTAV_ANY, 0};

        add_field(record, &whole, &plain_value_doc, r->value, record->offset, protection);
        record->fields[0].ok = plain_value_ok(doc, r->len);
    }
}

static void list_attributes(struct listing *listing, uint32_t meta_offset,
                            enum protection protection)
{
    const uint8_t *area = listing->metadata + OTAV_META_ATTRIBUTES_OFF;
    uint32_t area_offset = meta_offset + OTAV_META_ATTRIBUTES_OFF;
    struct otav_attributes attributes;
    struct otav_record record;
    uint16_t offset = 0;

    listing->attributes_err = otav_attributes_parse(area, OTAV_META_ATTRIBUTES_LEN, false,
                                                    &attributes, &listing->attributes_offset);
    if (listing->attributes_err != OTAV_OK || area[OTAV_AREA_MAGIC_OFF] == 0) {
        return;
    }
    add_fields(add_record(listing, "attributes", area, area_offset, OTAV_AREA_LEN),
               &otav_area_table, protection);
    while (otav_attributes_next(area, OTAV_META_ATTRIBUTES_LEN, &offset, &record)) {
        list_attribute(listing, &record, area_offset, protection);
    }
}

/* ---- metadata --------------------------------------------------------------------------------- */

/* Under a signature, else it binds nothing. */
static bool has_binding(const struct listing *listing)
{
    return signed_protection(listing, false) == PROTECT_SIGNATURE &&
           listing_find(listing, "header_binding") != NULL;
}

static enum protection metadata_protection(const struct listing *listing,
                                           const struct otav_field *field, bool checksum)
{
    if (field->offset >= OTAV_META_SIGNED_OFF) {
        return signed_protection(listing, checksum);
    }
    if (field->offset == OTAV_META_SEQUENCE_OFF && has_binding(listing)) {
        return PROTECT_BINDING;
    }
    return checksum ? PROTECT_CHECKSUM : PROTECT_NONE;
}

static void list_metadata(const struct ota_file *file, struct listing *listing)
{
    struct listing_record *record;
    unsigned index = listing->record_count;

    (void)add_record(listing, "metadata", listing->metadata, file->file.payload_off, OTAV_META_LEN);
    list_attributes(listing, file->file.payload_off,
                    signed_protection(listing, file->file.has_otau));
    record = &listing->records[index];
    for (uint8_t i = 0; i < otav_meta_table.field_count; i++) {
        const struct otav_field *field = &otav_meta_table.fields[i];

        add_field(record, field, &otav_meta_table.docs[i], listing->metadata + field->offset,
                  file->file.payload_off + field->offset,
                  metadata_protection(listing, field, file->file.has_otau));
    }
}

/* The image id is signed as well when the binding repeats it. */
static void mark_bound_image_id(struct listing *listing)
{
    for (unsigned i = 0; i < listing->record_count; i++) {
        struct listing_record *record = &listing->records[i];

        for (unsigned k = 0; k < record->field_count && has_binding(listing); k++) {
            if (strcmp(record->name, "otau") == 0 &&
                record->fields[k].field.offset == OTAV_OTAU_IMAGE_ID_OFF) {
                record->fields[k].protection = PROTECT_BINDING;
            }
        }
    }
}

bool listing_whole_blocks(const struct ota_file *file)
{
    return !file->file.encrypted || file->file.payload_len % OTAV_BLOCK_LEN == 0;
}

static enum ox list_payload(const struct ota_file *file, struct listing *listing)
{
    enum ox ox = ota_file_raw_metadata(file, listing->metadata);

    if (ox != OX_OK) {
        return ox;
    }
    listing->has_metadata = otav_meta_looks_plain(listing->metadata);
    if (!listing->has_metadata) {
        return OX_OK;
    }
    list_metadata(file, listing);
    mark_bound_image_id(listing);
    listing->fw_len = otav_load_u32(listing->metadata + OTAV_META_FW_LEN_OFF);
    listing->body = ota_file_body(file, listing->metadata);
    if (listing->body.len > file->file.payload_len - OTAV_META_LEN || !listing_whole_blocks(file)) {
        return OX_OK; /* the caller sees that there is no digest */
    }
    ox = ota_file_try_firmware_digest(file, listing->fw_len, listing->fw_digest, &listing->fw_err);
    listing->has_fw_digest = ox == OX_OK && listing->fw_err == OTAV_OK;
    return ox;
}

enum ox listing_make(const struct ota_file *file, struct listing *ret)
{
    enum ox ox = OX_OK;

    memset(ret, 0, sizeof *ret);
    ret->attributes_err = OTAV_OK;
    ret->fw_err = OTAV_OK;
    memcpy(ret->header, file->prefix, file->prefix_len);
    list_headers(file, ret);
    if (file->err == OTAV_OK && ota_file_readable(file)) {
        ox = list_payload(file, ret);
    }
    if (ox != OX_OK) {
        listing_free(ret);
    }
    return ox;
}

void listing_free(struct listing *listing)
{
    for (unsigned i = 0; i < listing->record_count; i++) {
        struct listing_record *record = &listing->records[i];

        for (unsigned k = 0; k < record->field_count; k++) {
            free(record->fields[k].value);
            free(record->fields[k].meaning);
        }
        free(record->fields);
        free(record->user_name);
    }
    free(listing->records);
    memset(listing, 0, sizeof *listing);
}

const struct listing_record *listing_find(const struct listing *listing, const char *name)
{
    for (unsigned i = 0; i < listing->record_count; i++) {
        if (strcmp(listing->records[i].name, name) == 0) {
            return &listing->records[i];
        }
    }
    return NULL;
}
