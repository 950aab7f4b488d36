/*
 * An inspection as JSON: schemas/inspect.schema.json.
 */
#include "inspection.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "diag.h"
#include "json_hex.h"
#include "util.h"

static bool is_number(const struct otav_field *field)
{
    return field->type == OTAV_DEC || field->type == OTAV_HEX;
}

static json_t *field_value(const struct listing_field *f)
{
    struct otav_field at_start = f->field;
    uint64_t seconds;

    at_start.offset = 0;
    if (is_number(&f->field)) {
        return json_integer((json_int_t)otav_field_get(&at_start, f->bytes));
    }
    if (f->field.type == OTAV_SECONDS && parse_u64(f->value, INT64_MAX, &seconds)) {
        return json_integer((json_int_t)seconds);
    }
    return json_string(f->value);
}

static json_t *field_json(const struct listing_field *f)
{
    json_t *object = json_pack("{s:s, s:i, s:i, s:o, s:o, s:b, s:s}", "name", f->doc->name,
                               "offset", (int)f->offset, "length", (int)f->field.size, "raw",
                               json_hex(f->bytes, f->field.size), "value", field_value(f), "valid",
                               f->ok ? 1 : 0, "protection", protection_name(f->protection));

    if (f->meaning != NULL) {
        (void)json_object_set_new(object, "meaning", json_string(f->meaning));
    }
    return object;
}

static json_t *record_json(const struct listing_record *record)
{
    json_t *fields = json_array();
    json_t *object;

    for (unsigned k = 0; k < record->field_count; k++) {
        (void)json_array_append_new(fields, field_json(&record->fields[k]));
    }
    object = json_pack("{s:s, s:i, s:i}", "name", record->name, "offset", (int)record->offset,
                       "length", (int)record->len);
    if (record->is_attribute) {
        (void)json_object_set_new(object, "attribute_type", json_integer(record->attribute_type));
    }
    (void)json_object_set_new(object, "fields", fields);
    return object;
}

static json_t *file_json(const struct inspection *i)
{
    const struct ota_file *file = i->file;
    json_t *object =
        json_pack("{s:s, s:i, s:o}", "path", file->source.path, "length", (int)i->file_len,
                  "sha256", json_hex(i->file_digest, sizeof i->file_digest));

    if (object == NULL) { /* a path that is not UTF-8 */
        object = json_pack("{s:i, s:o}", "length", (int)i->file_len, "sha256",
                           json_hex(i->file_digest, sizeof i->file_digest));
    }
    (void)json_object_set_new(object, "format",
                              json_string(file->source.is_slot ? "hex" : "binary"));
    if (file->err == OTAV_OK) {
        (void)json_object_set_new(object, "kind", json_string(ota_file_kind_name(file->file.kind)));
        (void)json_object_set_new(object, "encrypted", json_boolean(file->file.encrypted));
        (void)json_object_set_new(object, "readable", json_boolean(ota_file_readable(file)));
        (void)json_object_set_new(object, "payload_offset",
                                  json_integer((json_int_t)file->file.payload_off));
        (void)json_object_set_new(object, "payload_length",
                                  json_integer((json_int_t)file->file.payload_len));
    }
    return object;
}

static json_t *firmware_json(const struct inspection *i)
{
    json_t *object =
        json_pack("{s:i, s:i, s:o}", "offset", (int)(i->file->file.payload_off + OTAV_META_LEN),
                  "length", (int)i->listing.fw_len, "sha256",
                  json_hex(i->listing.fw_digest, sizeof i->listing.fw_digest));

    if (i->listing.body.compressed) {
        (void)json_object_set_new(object, "compressed_length",
                                  json_integer((json_int_t)i->listing.body.sent_len));
    }
    return object;
}

static json_t *inspection_json(const struct inspection *i)
{
    json_t *records = json_array();
    json_t *root;

    for (unsigned r = 0; r < i->listing.record_count; r++) {
        (void)json_array_append_new(records, record_json(&i->listing.records[r]));
    }
    root =
        json_pack("{s:i, s:o, s:o}", "otaimg_inspect", 1, "file", file_json(i), "records", records);
    if (i->listing.has_fw_digest) {
        (void)json_object_set_new(root, "firmware", firmware_json(i));
    }
    (void)json_object_set_new(root, "checks",
                              json_pack("{s:s, s:s, s:s, s:s}", "checksum",
                                        finding_name(i->checksum), "length",
                                        finding_name(i->length), "metadata_signature",
                                        finding_name(i->metadata_signature), "firmware_signature",
                                        finding_name(i->firmware_signature)));
    if (i->problem != NULL) {
        (void)json_object_set_new(root, "problem", json_string(i->problem));
    }
    return root;
}

enum ox inspection_print_json(const struct inspection *i)
{
    json_t *root = inspection_json(i);
    int failed = json_dumpf(root, stdout, JSON_INDENT(2));

    json_decref(root);
    printf("\n");
    return failed == 0 ? OX_OK : diag_fail(OX_IO, "cannot write to standard output");
}
