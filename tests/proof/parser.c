/*
 * What Eva runs the parts of the parser on: every input of every length. One function a part, see
 * run.sh; the files are included, since a part may be a static function.
 * Layer: proof; never linked.
 */
#include "../../verifier/src/attributes.c"
#include "../../verifier/src/der.c"

#include <otav/otav_file.h>

#include "__fc_builtin.h"

/* What prove_attribute_area takes for it; prove_attribute_value is about its body. */
/*@ assigns \result \from record->type; */
static enum check check_record(const struct otav_record *record);

static void fill(uint8_t *bytes, size_t len)
{
    Frama_C_make_unknown((char *)bytes, len);
}

/* ---- signatures: the lengths of both numbers are gone through one by one ------------------------ */

enum { DER_CAP = OTAV_META_SIG_LEN, LENGTH_COUNT = HALF + 3 };

/* length, where the last one stands for all that are too large as well */
static uint8_t any_length(unsigned length)
{
    return (uint8_t)(length < LENGTH_COUNT - 1 ? (int)length : Frama_C_interval(length, 0xFF));
}

void prove_der_decode(void)
{
    for (unsigned r_len = 0; r_len < LENGTH_COUNT; r_len++) {
        for (unsigned s_len = 0; s_len < LENGTH_COUNT; s_len++) {
            uint8_t der[DER_CAP];
            uint8_t rs[OTAV_SIGNATURE_LEN];

            fill(der, sizeof der);
            der[3] = any_length(r_len);
            der[4 + r_len + 1] = any_length(s_len);
            if (otav_der_decode(der, sizeof der, Frama_C_size_t_interval(0, 2 * DER_CAP), rs)) {
                /*@ assert all_set: \initialized(rs + (0 .. OTAV_SIGNATURE_LEN - 1)); */
            }
        }
    }
}

void prove_der_encode(void)
{
    uint8_t rs[OTAV_SIGNATURE_LEN];
    uint8_t der[DER_CAP];
    size_t len;

    fill(rs, sizeof rs);
    len = otav_der_encode(rs, der);
    /*@ assert fits: 8 <= len <= DER_CAP; */
}

/* ---- attributes ------------------------------------------------------------------------------- */

/* A record that is read lies in the area, wherever it starts. */
void prove_attribute_record(void)
{
    for (unsigned start = 0; start <= OTAV_META_ATTRIBUTES_LEN; start++) {
        uint8_t area[OTAV_META_ATTRIBUTES_LEN];
        struct otav_record record;
        uint16_t offset = (uint16_t)start;

        fill(area, sizeof area);
        if (otav_attributes_next(area, sizeof area, &offset, &record)) {
            /*@ assert behind_head: record.value == area + record.offset; */
            /*@ assert in_area: record.offset + record.len <= OTAV_META_ATTRIBUTES_LEN; */
            /*@ assert forward: offset >= start + OTAV_RECORD_HEAD_LEN; */
        }
    }
}

/* A record that lies in the area, at any place and of any type, is judged within its bounds. */
void prove_attribute_value(void)
{
    uint8_t area[OTAV_META_ATTRIBUTES_LEN];

    fill(area, sizeof area);
    for (unsigned type = 1; type <= OTAV_ATTRIBUTE_ENFORCED_COUNT + 1; type++) {
        struct otav_record record;
        bool known = type <= OTAV_ATTRIBUTE_ENFORCED_COUNT;
        size_t len = known ? value_lengths[type - 1] : 0;

        record.type = (uint16_t)(known ? type : Frama_C_interval(type, 0xFFFF));
        record.offset = (uint16_t)Frama_C_interval(OTAV_AREA_LEN + OTAV_RECORD_HEAD_LEN,
                                                   OTAV_META_ATTRIBUTES_LEN - len);
        record.value = area + record.offset;
        record.len = (uint16_t)len;
        (void)check_record(&record);

        record.value = area + OTAV_META_ATTRIBUTES_LEN; /* of another length: not looked at */
        if (known) {
            record.len = (uint16_t)Frama_C_interval(0, (int)len - 1);
            (void)check_record(&record);
            record.len = (uint16_t)Frama_C_interval((int)len + 1, 0xFFFF);
            (void)check_record(&record);
        }
    }
}

/* The area as a whole; check_record may answer anything here. */
void prove_attribute_area(void)
{
    uint8_t area[OTAV_META_ATTRIBUTES_LEN];
    struct otav_attributes found;
    uint16_t offset = 0;

    fill(area, sizeof area);
    (void)otav_attributes_parse(area, Frama_C_size_t_interval(0, sizeof area),
                                Frama_C_interval(0, 1) == 1, &found, &offset);
}

/* ---- file headers ----------------------------------------------------------------------------- */

void prove_file_headers(void)
{
    uint8_t prefix[OTAV_FILE_PREFIX_LEN];
    uint32_t file_len = Frama_C_unsigned_int_interval(0, 0xFFFFFFFF);
    size_t prefix_len = file_len < sizeof prefix ? file_len : sizeof prefix;
    struct otav_file file;
    uint16_t offset;

    fill(prefix, sizeof prefix);
    (void)otav_file_parse(prefix, prefix_len, file_len,
                          Frama_C_unsigned_int_interval(0, 0xFFFFFFFF), &file, &offset);
}
