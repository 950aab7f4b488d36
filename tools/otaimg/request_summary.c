/*
 * The summary of a request is derived from the metadata by the code behind `inspect`, so that no
 * field can be forgotten here, and anyone can derive it again.
 */
#include "request_summary.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "util.h"

/* Offsets of the metadata fields that a person can judge; others are constants or signatures. */
static bool is_content(const struct listing_record *record, const struct listing_field *f)
{
    static const uint16_t shown[] = {OTAV_META_MANUFACTURER_OFF, OTAV_META_SEQUENCE_OFF,
                                     OTAV_META_FW_REVISION_OFF, OTAV_META_FW_LEN_OFF};

    if (record->is_attribute) {
        return strcmp(f->doc->name, "reserved") != 0 || !f->ok;
    }
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (strcmp(record->name, "metadata") == 0 && f->field.offset == shown[i]) {
            return true;
        }
    }
    return false;
}

static void add_field(json_t *summary, const struct listing_record *record,
                      const struct listing_field *f)
{
    char *key = record->is_attribute ? xasprintf("%s.%s", record->name, f->doc->name)
                                     : xstrdup(f->doc->name);
    char *value =
        f->meaning != NULL ? xasprintf("%s (%s)", f->value, f->meaning) : xstrdup(f->value);

    (void)json_object_set_new(summary, key, json_string(value));
    free(value);
    free(key);
}

enum ox request_summary_make(const char *name, const uint8_t metadata[OTAV_META_LEN],
                             struct json_t **ret)
{
    uint8_t bytes[OTAV_META_LEN];
    char *path = xstrdup(name);
    /* An image of which only the metadata are there. */
    const struct ota_file file = {
        .source = {.path = path, .fd = -1, .bytes = bytes, .len = OTAV_META_LEN},
        .err = OTAV_OK,
        .file = {.kind = OTAV_FILE_IMAGE, .payload_len = OTAV_META_LEN}};
    struct listing listing;
    enum ox ox;

    memcpy(bytes, metadata, sizeof bytes);
    ox = listing_make(&file, &listing);
    if (ox == OX_OK) {
        json_t *summary = json_object();

        for (unsigned r = 0; r < listing.record_count; r++) {
            const struct listing_record *record = &listing.records[r];

            for (unsigned k = 0; k < record->field_count; k++) {
                if (is_content(record, &record->fields[k])) {
                    add_field(summary, record, &record->fields[k]);
                }
            }
        }
        *ret = summary;
        listing_free(&listing);
    }
    free(path);
    return ox;
}

void request_summary_print(struct json_t *summary)
{
    const char *key;
    json_t *value;

    json_object_foreach(summary, key, value)
    {
        printf("    %-32s ", key);
        put_printable(stdout, json_string_value(value));
        printf("\n");
    }
}
