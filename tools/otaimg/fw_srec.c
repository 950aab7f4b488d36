/*
 * Motorola S-record: S0 to S3 and S5 to S9, all of them checked strictly.
 *
 * Layer: input. A file must end with a termination record (S7, S8 or S9) or a count record (S5, S6)
 * that agrees with the data records before it, so that a truncated one is never taken. srec_cat
 * writes no termination when it knows no start address.
 */
#include "fw_impl.h"

struct srec {
    struct fw_image *image;
    const struct src_pos *pos;
    uint32_t data_count; /* S1, S2 and S3 so far */
    bool counted;        /* the last record was a count */
    bool ended;          /* the last record was a termination */
};

/* Bytes of address (or count) by the digit behind the S; 0 = no such record. */
static const uint8_t address_lens[10] = {2, 2, 3, 4, 0, 2, 3, 4, 3, 2};

/* The bytes of the record in the line, from the length byte on, with length and checksum right. */
static enum ox decode(const struct fw_lines *lines, uint8_t ret_record[FW_RECORD_MAX_LEN])
{
    size_t len;
    unsigned sum = 0;

    if (lines->text[0] != 'S' || lines->text[1] < '0' || lines->text[1] > '9') {
        return diag_fail_at(OX_MALFORMED, &lines->pos,
                            "the line is not a record, expected 'S0'..'S9'");
    }
    if (fw_lines_bytes(lines, 2, ret_record, &len) != OX_OK) {
        return OX_MALFORMED;
    }
    if (len < 2 || len != 1u + ret_record[0]) {
        return diag_fail_at(OX_MALFORMED, &lines->pos, "the record has %zu bytes, expected %u", len,
                            1u + (len > 0 && ret_record[0] > 0 ? ret_record[0] : 1));
    }
    for (size_t i = 0; i < len - 1; i++) {
        sum += ret_record[i];
    }
    if (((sum + ret_record[len - 1]) & 0xFF) != 0xFF) {
        return diag_fail_at(OX_MALFORMED, &lines->pos, "the checksum is 0x%02x, expected 0x%02x",
                            ret_record[len - 1], ~sum & 0xFF);
    }
    return OX_OK;
}

static enum ox take_count(struct srec *srec, uint32_t count)
{
    srec->counted = true;
    if (count != srec->data_count) {
        return diag_fail_at(
            OX_MALFORMED, srec->pos,
            "the file is said to have %u data records, but %u stand before this one", count,
            srec->data_count);
    }
    return OX_OK;
}

/* A record of the type that the digit says: its address and the data_len bytes behind that. */
static enum ox take_parts(struct srec *srec, char digit, uint32_t address, const uint8_t *data,
                          unsigned data_len)
{
    bool is_data = digit >= '1' && digit <= '3';

    srec->counted = false;
    if (digit > '3' && data_len != 0) {
        return diag_fail_at(OX_MALFORMED, srec->pos, "an S%c record has %u data bytes, expected 0",
                            digit, data_len);
    }
    if (digit == '5' || digit == '6') {
        return take_count(srec, address);
    }
    if (!is_data) {
        srec->ended = digit != '0';
        return OX_OK;
    }
    srec->data_count++;
    return fw_add_record(srec->image, srec->pos, address, data, data_len);
}

static enum ox take_record(struct srec *srec, char digit, const uint8_t *record)
{
    unsigned address_len = address_lens[digit - '0'];
    uint32_t address = 0;

    if (srec->ended) {
        return diag_fail_at(OX_MALFORMED, srec->pos,
                            "there is a record behind the termination record");
    }
    if (address_len == 0) {
        return diag_fail_at(OX_MALFORMED, srec->pos, "record type S%c is unknown", digit);
    }
    if (record[0] < address_len + 1) {
        return diag_fail_at(OX_MALFORMED, srec->pos,
                            "an S%c record has length %u, expected at least %u", digit, record[0],
                            address_len + 1);
    }
    for (unsigned i = 0; i < address_len; i++) {
        address = address << 8 | record[1 + i];
    }
    return take_parts(srec, digit, address, record + 1 + address_len, record[0] - address_len - 1);
}

enum ox fw_load_srec(struct fw_image *image)
{
    struct fw_lines lines;
    struct srec srec = {image, &lines.pos, 0, false, false};
    uint8_t record[FW_RECORD_MAX_LEN] = {0};
    bool more = true;
    enum ox rc = fw_lines_begin(&lines, image);

    while (rc == OX_OK) {
        rc = fw_lines_next(&lines, &more);
        if (rc != OX_OK || !more) {
            break;
        }
        rc = decode(&lines, record);
        if (rc == OX_OK) {
            rc = take_record(&srec, lines.text[1], record);
        }
    }
    if (rc == OX_OK && !srec.ended && !srec.counted) {
        return diag_fail_at(OX_MALFORMED, &lines.pos,
                            "the file ends without S7, S8 or S9 and without a count");
    }
    return rc;
}
