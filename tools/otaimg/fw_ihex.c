/*
 * Intel HEX: record types 00 to 05, all of them checked strictly.
 *
 * Layer: input. A file must end with its end record, so that a truncated one is never taken. A data
 * record that would wrap around inside its 64 KiB segment is refused: tools disagree about where
 * such bytes belong.
 */
#include "fw_impl.h"

enum {
    TYPE_DATA = 0,
    TYPE_END = 1,
    TYPE_SEGMENT = 2,
    TYPE_START_SEGMENT = 3,
    TYPE_LINEAR = 4,
    TYPE_START_LINEAR = 5
};

/* Length, offset (two), type, checksum. */
#define OVERHEAD_LEN 5u

struct ihex {
    struct fw_image *image;
    const struct src_pos *pos;
    uint32_t base; /* added to the offset of a data record */
    bool linear;   /* base is from a record of type 04: data may cross a 64 KiB border */
    bool ended;
};

/* The bytes of the record in the line, with length and checksum right. */
static enum ox decode(const struct fw_lines *lines, uint8_t ret_record[FW_RECORD_MAX_LEN])
{
    size_t len;
    unsigned sum = 0;

    if (lines->text[0] != ':') {
        return diag_fail_at(OX_MALFORMED, &lines->pos, "the line is not a record, expected ':'");
    }
    if (fw_lines_bytes(lines, 1, ret_record, &len) != OX_OK) {
        return OX_MALFORMED;
    }
    if (len < OVERHEAD_LEN || len != OVERHEAD_LEN + ret_record[0]) {
        return diag_fail_at(OX_MALFORMED, &lines->pos, "the record has %zu bytes, expected %u", len,
                            OVERHEAD_LEN + (len > 0 ? ret_record[0] : 0));
    }
    for (size_t i = 0; i < len - 1; i++) {
        sum += ret_record[i];
    }
    if (((sum + ret_record[len - 1]) & 0xFF) != 0) {
        return diag_fail_at(OX_MALFORMED, &lines->pos, "the checksum is 0x%02x, expected 0x%02x",
                            ret_record[len - 1], (0u - sum) & 0xFF);
    }
    return OX_OK;
}

static enum ox take_data(struct ihex *hex, const uint8_t *record)
{
    uint32_t offset = (uint32_t)record[1] << 8 | record[2];

    if (!hex->linear && offset + record[0] > 0x10000) {
        return diag_fail_at(OX_MALFORMED, hex->pos,
                            "%u bytes at offset 0x%04x wrap around their 64 KiB segment", record[0],
                            offset);
    }
    return fw_add_record(hex->image, hex->pos, hex->base + offset, record + 4, record[0]);
}

/* Everything but data has a fixed length and no offset. */
static enum ox check_control(const struct ihex *hex, const uint8_t *record, unsigned len)
{
    if (record[0] != len) {
        return diag_fail_at(OX_MALFORMED, hex->pos,
                            "a record of type %02x has %u data bytes, expected %u", record[3],
                            record[0], len);
    }
    if (record[1] != 0 || record[2] != 0) {
        return diag_fail_at(OX_MALFORMED, hex->pos,
                            "a record of type %02x has offset 0x%02x%02x, expected 0x0000",
                            record[3], record[1], record[2]);
    }
    return OX_OK;
}

static enum ox take_base(struct ihex *hex, const uint8_t *record)
{
    uint32_t value = (uint32_t)record[4] << 8 | record[5];
    enum ox rc = check_control(hex, record, 2);

    if (rc == OX_OK) {
        hex->linear = record[3] == TYPE_LINEAR;
        hex->base = hex->linear ? value << 16 : value << 4;
    }
    return rc;
}

static enum ox take_record(struct ihex *hex, const uint8_t *record)
{
    if (hex->ended) {
        return diag_fail_at(OX_MALFORMED, hex->pos, "there is a record behind the end record");
    }
    switch (record[3]) {
    case TYPE_DATA:
        return take_data(hex, record);
    case TYPE_END:
        hex->ended = true;
        return check_control(hex, record, 0);
    case TYPE_SEGMENT:
    case TYPE_LINEAR:
        return take_base(hex, record);
    case TYPE_START_SEGMENT:
    case TYPE_START_LINEAR:
        return check_control(hex, record, 4); /* where to start is the vector table's business */
    default:
        return diag_fail_at(OX_MALFORMED, hex->pos, "record type %02x is unknown, expected 00..05",
                            record[3]);
    }
}

enum ox fw_load_ihex(struct fw_image *image)
{
    struct fw_lines lines;
    struct ihex hex = {image, &lines.pos, 0, false, false};
    uint8_t record[FW_RECORD_MAX_LEN];
    bool more = true;
    enum ox rc = fw_lines_begin(&lines, image);

    while (rc == OX_OK) {
        rc = fw_lines_next(&lines, &more);
        if (rc != OX_OK || !more) {
            break;
        }
        rc = decode(&lines, record);
        if (rc == OX_OK) {
            rc = take_record(&hex, record);
        }
    }
    if (rc == OX_OK && !hex.ended) {
        return diag_fail_at(OX_MALFORMED, &lines.pos,
                            "the file ends without an end record, expected ':00000001FF'");
    }
    return rc;
}
