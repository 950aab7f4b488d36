/*
 * Decode, encode and check of every record by walking its field table.
 * Layer: format. The tables come from the lists in otav_format.h; nothing here knows an offset.
 */
#include <otav/otav_format.h>

#define FIELD_ROW(rec, id, off, len, type, rule, arg, name, meaning, source)                       \
    ROW_##rule(off, len, type, rule, arg)
#define ROW(off, len, type, rule, arg) {(off), (len), OTAV_##type, OTAV_##rule, (arg)},
#define ROW_ANY(off, len, type, rule, arg)
#define ROW_IS   ROW
#define ROW_MAX  ROW
#define ROW_LIVE ROW

const struct otav_field otav_meta_fields[] = {OTAV_META_FIELDS(FIELD_ROW)};
const uint8_t otav_meta_field_count = sizeof otav_meta_fields / sizeof otav_meta_fields[0];

uint32_t otav_field_get(const struct otav_field *field, const uint8_t *record)
{
    uint32_t value = 0;

    for (unsigned i = field->size; i > 0; i--) {
        value = value << 8 | record[field->offset + i - 1];
    }
    return value;
}

void otav_field_set(const struct otav_field *field, uint8_t *record, uint32_t value)
{
    for (unsigned i = 0; i < field->size; i++) {
        record[field->offset + i] = (uint8_t)value;
        value = i < 3 ? value >> 8 : 0;
    }
}

bool otav_bytes_are(const uint8_t *bytes, size_t start, size_t end, uint8_t byte)
{
    uint8_t difference = 0;

    for (size_t i = start; i < end; i++) {
        difference |= bytes[i] ^ byte;
    }
    return difference == 0;
}

bool otav_field_ok(const struct otav_field *field, const uint8_t *record)
{
    uint32_t value;

    if (field->rule == OTAV_ANY || field->rule == OTAV_WHEN) {
        return true;
    }
    if (field->type == OTAV_ZERO) {
        return otav_bytes_are(record, field->offset, field->offset + field->size,
                              (uint8_t)field->arg);
    }
    value = otav_field_get(field, record);
    switch (field->rule) {
    case OTAV_IS:
        return value == field->arg;
    case OTAV_RANGE:
        return value >= (field->arg & 0xFFFF) && value <= field->arg >> 16;
    case OTAV_EITHER:
        return value == (field->arg & 0xFFFF) || value == field->arg >> 16;
    case OTAV_MAX:
        return value <= field->arg;
    case OTAV_LIVE:
        return value != 0 && value != UINT32_MAX;
    default: /* a table with an unknown rule accepts nothing */
        return false;
    }
}

uint8_t otav_fields_check(const struct otav_field *fields, uint8_t count, const uint8_t *record)
{
    uint8_t i = 0;

    while (i < count && otav_field_ok(&fields[i], record)) {
        i++;
    }
    return i;
}

void otav_fields_init(const struct otav_field *fields, uint8_t count, uint8_t *record)
{
    for (uint8_t i = 0; i < count; i++) {
        if (fields[i].rule == OTAV_IS && fields[i].type != OTAV_ZERO) {
            otav_field_set(&fields[i], record, fields[i].arg);
        }
    }
}

bool otav_meta_looks_plain(const uint8_t meta[OTAV_META_LEN])
{
    unsigned zeros = 0; /* constant bytes that are zero as they should be */
    unsigned marks = 0; /* constant numbers other than zero that are right */

    for (uint8_t i = 0; i < otav_meta_field_count; i++) {
        const struct otav_field *field = &otav_meta_fields[i];

        if (field->rule != OTAV_IS || field->offset >= OTAV_META_FW_REVISION_OFF) {
            continue;
        }
        if (field->arg != 0) {
            marks += otav_field_get(field, meta) == field->arg ? 1 : 0;
            continue;
        }
        for (unsigned k = 0; k < field->size; k++) {
            zeros += meta[field->offset + k] == 0 ? 1 : 0;
        }
    }
    /* 3 marks and 15 zeros: a few damaged bytes leave plaintext recognisable, erased or empty memory
     * has no marks, and ciphertext gets there once in 2^80. */
    return marks >= 2 && zeros >= 10;
}
