/*
 * The attribute record codec. Reads untrusted bytes, though only after the signature over them was
 * checked; accepts exactly one encoding of a given content.
 * Layer: attributes, above format.
 */
#include <otav/otav_attributes.h>

#include <string.h>

#define FIELD_ROW(rec, id, off, len, type, rule, arg, name, meaning, source)                       \
    {OTAV_ATTR_##rec, {(off), (len), OTAV_##type, OTAV_##rule, (arg)}},

/* Rules of the enforced values; fields that take any value are not worth a row on a device. */
static const struct {
    uint16_t type;
    struct otav_field field;
} value_rules[] = {OTAV_COUNTER_FIELDS(FIELD_ROW) OTAV_IMAGE_TYPE_FIELDS(FIELD_ROW)
                       OTAV_MIN_BATTERY_FIELDS(FIELD_ROW) OTAV_ACTIVATION_FIELDS(FIELD_ROW)
                           OTAV_REVOKE_KEYS_FIELDS(FIELD_ROW) OTAV_ENCODING_FIELDS(FIELD_ROW)};

/* Lengths by type - 1; the enforced types stand first in the list. */
#define LENGTH_ROW(id, type, len, name) (len),
static const uint8_t value_lengths[] = {OTAV_ATTRIBUTES(LENGTH_ROW)};

static const uint8_t area_magic[4] = {'O', 'T', 'A', 'A'};

enum { AREA_VERSION = 1 };

enum check { VALUE_OK, VALUE_BAD, TYPE_UNKNOWN };

static enum check check_record(const struct otav_record *record)
{
    if ((record->type & OTAV_ATTRIBUTE_INFORMATIVE) != 0) {
        return VALUE_OK; /* whatever it says; lint on the host looks at it */
    }
    if (record->type > OTAV_ATTRIBUTE_ENFORCED_COUNT) {
        return TYPE_UNKNOWN;
    }
    if (record->len != value_lengths[record->type - 1]) {
        return VALUE_BAD;
    }
    for (size_t i = 0; i < sizeof value_rules / sizeof value_rules[0]; i++) {
        if (value_rules[i].type == record->type &&
            !otav_field_ok(&value_rules[i].field, record->value)) {
            return VALUE_BAD;
        }
    }
    if (record->type == OTAV_ATTR_HARDWARE &&
        otav_load_u16(record->value + OTAV_HARDWARE_MIN_REVISION_OFF) >
            otav_load_u16(record->value + OTAV_HARDWARE_MAX_REVISION_OFF)) {
        return VALUE_BAD;
    }
    return VALUE_OK;
}

/* Reads the record at offset of the records; false when it does not fit below end. */
static bool read_record(const uint8_t *area, size_t end, size_t offset, struct otav_record *ret)
{
    size_t value;
    uint16_t len;

    if (offset + OTAV_RECORD_HEAD_LEN > end) {
        return false;
    }
    value = offset + OTAV_RECORD_HEAD_LEN;
    len = otav_load_u16(area + offset + 2);
    if (value + len > end) {
        return false;
    }
    ret->type = otav_load_u16(area + offset);
    ret->len = len;
    ret->value = area + value;
    ret->offset = (uint16_t)value;
    return true;
}

static enum otav_err bad(enum otav_err err, size_t offset, uint16_t *ret_offset)
{
    *ret_offset = (uint16_t)offset;
    return err;
}

static enum otav_err parse_records(const uint8_t *area, size_t end, struct otav_attributes *ret,
                                   uint16_t *ret_offset)
{
    size_t offset = OTAV_AREA_LEN;
    unsigned count = 0;
    uint32_t last_type = 0;

    while (offset < end) {
        struct otav_record record;

        if (!read_record(area, end, offset, &record) || record.type <= last_type) {
            return bad(OTAV_ERR_ATTRIBUTES, offset, ret_offset);
        }
        switch (check_record(&record)) {
        case VALUE_OK:
            break;
        case VALUE_BAD:
            return bad(OTAV_ERR_ATTRIBUTES, record.offset, ret_offset);
        case TYPE_UNKNOWN:
            return bad(OTAV_ERR_ATTRIBUTE_UNKNOWN, offset, ret_offset);
        }
        if (record.type <= OTAV_ATTRIBUTE_ENFORCED_COUNT) {
            ret->value[record.type - 1] = record.value;
        }
        last_type = record.type;
        offset = (size_t)record.offset + record.len;
        count++;
    }
    if (count != area[OTAV_AREA_RECORD_COUNT_OFF]) {
        return bad(OTAV_ERR_ATTRIBUTES, OTAV_AREA_RECORD_COUNT_OFF, ret_offset);
    }
    return OTAV_OK;
}

enum otav_err otav_attributes_parse(const uint8_t *area, size_t area_len, bool rest_must_be_zero,
                                    struct otav_attributes *ret, uint16_t *ret_offset)
{
    struct otav_attributes found;
    size_t end;
    enum otav_err err;

    memset(&found, 0, sizeof found);
    if (area_len < OTAV_AREA_LEN) {
        return OTAV_ERR_ARG;
    }
    if (otav_bytes_are(area, 0, OTAV_AREA_LEN, 0)) {
        if (rest_must_be_zero && !otav_bytes_are(area, 0, area_len, 0)) {
            return bad(OTAV_ERR_ATTRIBUTES, OTAV_AREA_LEN, ret_offset);
        }
        *ret = found;
        return OTAV_OK;
    }
    if (memcmp(area + OTAV_AREA_MAGIC_OFF, area_magic, sizeof area_magic) != 0) {
        return bad(OTAV_ERR_ATTRIBUTES, OTAV_AREA_MAGIC_OFF, ret_offset);
    }
    if (area[OTAV_AREA_VERSION_OFF] != AREA_VERSION) {
        return bad(OTAV_ERR_ATTRIBUTES, OTAV_AREA_VERSION_OFF, ret_offset);
    }
    end = OTAV_AREA_LEN + (size_t)otav_load_u16(area + OTAV_AREA_RECORDS_LEN_OFF);
    if (end > area_len || end == OTAV_AREA_LEN) { /* an area without records is written as zeros */
        return bad(OTAV_ERR_ATTRIBUTES, OTAV_AREA_RECORDS_LEN_OFF, ret_offset);
    }
    err = parse_records(area, end, &found, ret_offset);
    if (err != OTAV_OK) {
        return err;
    }
    if (!otav_bytes_are(area, end, area_len, 0)) {
        return bad(OTAV_ERR_ATTRIBUTES, end, ret_offset);
    }
    *ret = found;
    return OTAV_OK;
}

/* Where the records end; 0 for an area that cannot hold what it says. */
static size_t records_end(const uint8_t *area, size_t area_len)
{
    size_t end = 0;

    if (area_len >= OTAV_AREA_LEN) {
        end = OTAV_AREA_LEN + (size_t)otav_load_u16(area + OTAV_AREA_RECORDS_LEN_OFF);
    }
    return end <= area_len ? end : 0;
}

bool otav_attributes_next(const uint8_t *area, size_t area_len, uint16_t *offset,
                          struct otav_record *ret)
{
    size_t end = records_end(area, area_len);

    if (*offset < OTAV_AREA_LEN) {
        *offset = OTAV_AREA_LEN;
    }
    if (*offset >= end || !read_record(area, end, *offset, ret)) {
        return false;
    }
    *offset = (uint16_t)(ret->offset + ret->len);
    return true;
}

bool otav_attributes_put(uint8_t *area, size_t area_len, uint16_t type, const uint8_t *value,
                         uint16_t len)
{
    struct otav_record last = {0, 0, NULL, 0};
    uint16_t offset = 0;
    size_t end = records_end(area, area_len);

    while (otav_attributes_next(area, area_len, &offset, &last)) {
    }
    if (type <= last.type || end == 0 || area_len - end < OTAV_RECORD_HEAD_LEN ||
        len > area_len - end - OTAV_RECORD_HEAD_LEN) {
        return false;
    }
    memcpy(area + OTAV_AREA_MAGIC_OFF, area_magic, sizeof area_magic);
    area[OTAV_AREA_VERSION_OFF] = AREA_VERSION;
    area[OTAV_AREA_RECORD_COUNT_OFF]++;
    otav_store_u16(area + OTAV_AREA_RECORDS_LEN_OFF,
                   (uint16_t)(end - OTAV_AREA_LEN + OTAV_RECORD_HEAD_LEN + len));
    otav_store_u16(area + end, type);
    otav_store_u16(area + end + 2, len);
    if (len > 0) {
        memcpy(area + end + OTAV_RECORD_HEAD_LEN, value, len);
    }
    return true;
}
