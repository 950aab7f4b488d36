/*
 * The attribute record codec: signed key/value records in 326 bytes of the BZ2 metadata.
 * Kept apart from where the records live, so that another family can place them elsewhere.
 *
 * Area: "OTAA", version, record count, length of the records, records ascending by type without
 * duplicates, zeros to the end. Exactly one encoding of a given content is accepted.
 *
 * Layer: attributes, above format.
 */
#ifndef OTAV_ATTRIBUTES_H
#define OTAV_ATTRIBUTES_H

#include "otav_error.h"
#include "otav_format.h"

/* Enforced attributes: value[type - 1] points into the area, NULL = absent. */
struct otav_attributes {
    const uint8_t *value[OTAV_ATTRIBUTE_ENFORCED_COUNT];
};

#define OTAV_ATTR_VALUE(attrs, ID) ((attrs)->value[OTAV_ATTR_##ID - 1])

/* Reads an area of area_len bytes. Eight zero bytes at its start mean that there are no attributes;
 * then the rest must be zero as well if rest_must_be_zero. *ret points into area.
 * OTAV_ERR_ATTRIBUTES, OTAV_ERR_ATTRIBUTE_UNKNOWN: *ret untouched, *ret_offset = the byte of the area
 * that is wrong. */
enum otav_err otav_attributes_parse(const uint8_t *area, size_t area_len, bool rest_must_be_zero,
                                    struct otav_attributes *ret, uint16_t *ret_offset);

/* Walks records in order: *offset starts at 0 and is advanced; false at the end. For areas that
 * otav_attributes_parse() took. */
struct otav_record {
    uint16_t type;
    uint16_t len;
    const uint8_t *value;
    uint16_t offset; /* of value in the area */
};
bool otav_attributes_next(const uint8_t *area, size_t area_len, uint16_t *offset,
                          struct otav_record *ret);

/* Adds a record to an area that is all zeros at first; types must ascend. False when it does not fit
 * or does not ascend, area untouched. */
bool otav_attributes_put(uint8_t *area, size_t area_len, uint16_t type, const uint8_t *value,
                         uint16_t len);

#endif
