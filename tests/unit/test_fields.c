/*
 * The field tables: consistent in themselves, and every rule right at its bounds.
 */
#include "unit.h"

#include <otav/otav_format.h>

static const struct otav_table *const record_tables[] = {
    &otav_otau_table, &otav_zota_table,      &otav_meta_table,
    &otav_area_table, &otav_provision_table, &otav_provision_key_table};

#define TABLE_COUNT (sizeof record_tables / sizeof record_tables[0])

/* Marks the bytes of all fields; no byte belongs to two of them. Returns how many are covered. */
static size_t cover(const struct otav_table *table, uint8_t *used, size_t cap)
{
    size_t covered = 0;

    for (unsigned i = 0; i < table->field_count; i++) {
        const struct otav_field *field = &table->fields[i];

        ck_assert_uint_gt(field->size, 0);
        ck_assert_uint_le((size_t)field->offset + field->size, cap);
        for (unsigned k = 0; k < field->size; k++) {
            ck_assert_msg(used[field->offset + k] == 0, "'%s' overlaps", table->docs[i].name);
            used[field->offset + k] = 1;
            covered++;
        }
    }
    return covered;
}

static void check_words(const struct otav_table *table)
{
    for (unsigned i = 0; i < table->field_count; i++) {
        ck_assert_str_ne(table->docs[i].name, "");
        ck_assert_str_ne(table->docs[i].meaning, "");
        ck_assert_msg(strncmp(table->docs[i].source, "spec: ", 6) == 0 ||
                          strncmp(table->docs[i].source, "observed: ", 10) == 0 ||
                          strncmp(table->docs[i].source, "attributes: ", 12) == 0 ||
                          strncmp(table->docs[i].source, "provisioning: ", 14) == 0,
                      "'%s' has the source '%s'", table->docs[i].name, table->docs[i].source);
        for (unsigned k = 0; k < i; k++) {
            ck_assert_str_ne(table->docs[i].name, table->docs[k].name);
        }
    }
}

START_TEST(test_fields_tables_cover_their_records)
{
    static const size_t record_len[TABLE_COUNT] = {OTAV_OTAU_LEN,      OTAV_ZOTA_LEN,
                                                   OTAV_META_LEN,      OTAV_AREA_LEN,
                                                   OTAV_PROVISION_LEN, OTAV_PROVISION_KEY_LEN};
    uint8_t used[OTAV_META_LEN];

    for (size_t i = 0; i < TABLE_COUNT; i++) {
        memset(used, 0, sizeof used);
        ck_assert_uint_eq(cover(record_tables[i], used, record_len[i]), record_len[i]);
        check_words(record_tables[i]);
    }
}
END_TEST

START_TEST(test_fields_optional_zigbee_fields_add_up)
{
    size_t len = OTAV_ZOTA_LEN;

    for (unsigned i = 0; i < otav_zopt_table.field_count; i++) {
        ck_assert_uint_eq(otav_zopt_table.fields[i].rule, OTAV_WHEN);
        len += otav_zopt_table.fields[i].size;
    }
    ck_assert_uint_eq(len, OTAV_ZOTA_MAX_LEN);
    check_words(&otav_zopt_table);
}
END_TEST

#define ATTRIBUTE_LEN_ROW(id, type, len, name) {(type), (len), (name)},
static const struct {
    uint16_t type;
    uint16_t len;
    const char *name;
} attribute_rows[] = {OTAV_ATTRIBUTES(ATTRIBUTE_LEN_ROW)};

#define ATTRIBUTE_COUNT (sizeof attribute_rows / sizeof attribute_rows[0])

START_TEST(test_fields_attribute_values_are_covered)
{
    uint8_t used[64];

    for (size_t i = 0; i < ATTRIBUTE_COUNT; i++) {
        const struct otav_attribute_doc *doc = otav_attribute_find(attribute_rows[i].type);

        ck_assert_ptr_nonnull(doc);
        ck_assert_ptr_eq(doc, otav_attribute_find_name(attribute_rows[i].name));
        ck_assert_uint_eq(doc->type, attribute_rows[i].type);
        ck_assert_str_eq(doc->name, attribute_rows[i].name);
        memset(used, 0, sizeof used);
        ck_assert_uint_eq(cover(&doc->values, used, sizeof used), attribute_rows[i].len);
        check_words(&doc->values);
        for (size_t k = 0; k < i; k++) {
            ck_assert_uint_lt(attribute_rows[k].type, attribute_rows[i].type);
            ck_assert_str_ne(attribute_rows[k].name, attribute_rows[i].name);
        }
        if (i < OTAV_ATTRIBUTE_ENFORCED_COUNT) {
            ck_assert_uint_eq(attribute_rows[i].type, i + 1);
        } else {
            ck_assert_uint_ne(attribute_rows[i].type & OTAV_ATTRIBUTE_INFORMATIVE, 0);
        }
    }
    ck_assert_ptr_null(otav_attribute_find(0));
    ck_assert_ptr_null(otav_attribute_find(OTAV_ATTRIBUTE_USER_MIN));
    ck_assert_ptr_null(otav_attribute_find_name("user"));
    ck_assert_ptr_null(otav_attribute_find_name(""));
}
END_TEST

START_TEST(test_fields_device_table_has_every_rule_of_the_documented_one)
{
    unsigned count = 0;

    for (unsigned i = 0; i < otav_meta_table.field_count; i++) {
        const struct otav_field *a = &otav_meta_fields[count];
        const struct otav_field *b = &otav_meta_table.fields[i];

        if (b->rule != OTAV_ANY) {
            ck_assert_uint_lt(count, otav_meta_field_count);
            ck_assert(a->offset == b->offset && a->size == b->size && a->type == b->type &&
                      a->rule == b->rule && a->arg == b->arg);
            count++;
        }
    }
    ck_assert_uint_eq(count, otav_meta_field_count);
}
END_TEST

/* The policy takes the first bad field for what decides between a wrong key and bad metadata. */
START_TEST(test_fields_fillers_are_the_first_rules)
{
    for (unsigned i = 1; i < otav_meta_field_count; i++) {
        ck_assert(otav_meta_fields[i].type != OTAV_ZERO ||
                  otav_meta_fields[i - 1].type == OTAV_ZERO);
    }
    ck_assert_uint_eq(otav_meta_fields[0].type, OTAV_ZERO);
}
END_TEST

/* Offsets that the vendor documents, written down a second time. */
START_TEST(test_fields_metadata_offsets_match_the_vendor)
{
    ck_assert_int_eq(OTAV_META_MANUFACTURER_OFF, 0x08);
    ck_assert_int_eq(OTAV_META_SEQUENCE_OFF, 0x10);
    ck_assert_int_eq(OTAV_META_REVISION_OFF, 0x14);
    ck_assert_int_eq(OTAV_META_CONTAINER_OFF, 0x15);
    ck_assert_int_eq(OTAV_META_AUTH_METHOD_OFF, 0x16);
    ck_assert_int_eq(OTAV_META_PAYLOAD_LEN_OFF, 0x1A);
    ck_assert_int_eq(OTAV_META_FW_REVISION_OFF, 0x1C);
    ck_assert_int_eq(OTAV_META_FW_LEN_OFF, 0x20);
    ck_assert_int_eq(OTAV_META_FW_AUTH_METHOD_OFF, 0x24);
    ck_assert_int_eq(OTAV_META_FW_SIG_LEN_OFF, 0x28);
    ck_assert_int_eq(OTAV_META_FW_SIG_OFF, 0x29);
    ck_assert_int_eq(OTAV_META_ATTRIBUTES_OFF, 0x71);
    ck_assert_int_eq(OTAV_META_SIG_LEN_OFF, 0x1B7);
    ck_assert_int_eq(OTAV_META_SIG_OFF, 0x1B8);
    ck_assert_int_eq(OTAV_META_SIGNED_OFF, OTAV_META_REVISION_OFF);
}
END_TEST

static uint32_t pattern(unsigned i, unsigned k)
{
    return (uint32_t)(0x9E3779B9u * (i * 31 + k + 1));
}

START_TEST(test_fields_set_get_round_trips)
{
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        for (unsigned i = 0; i < record_tables[t]->field_count; i++) {
            const struct otav_field *field = &record_tables[t]->fields[i];
            uint8_t record[OTAV_META_LEN];
            uint32_t mask = field->size >= 4 ? UINT32_MAX : (1u << (8 * field->size)) - 1;
            uint32_t value = pattern(i, (unsigned)t);

            memset(record, 0xA5, sizeof record);
            otav_field_set(field, record, value);
            ck_assert_uint_eq(otav_field_get(field, record), value & mask);
            for (size_t k = 0; k < sizeof record; k++) {
                bool inside = k >= field->offset && k < (size_t)field->offset + field->size;

                ck_assert(inside || record[k] == 0xA5);
            }
            for (size_t k = 4; k < field->size; k++) {
                ck_assert_uint_eq(record[field->offset + k], 0);
            }
        }
    }
}
END_TEST

START_TEST(test_fields_numbers_are_little_endian)
{
    uint8_t bytes[4] = {0x11, 0x22, 0x33, 0x84};
    const struct otav_field word = {0, 4, OTAV_DEC, OTAV_ANY, 0};
    const struct otav_field half = {1, 2, OTAV_DEC, OTAV_ANY, 0};

    ck_assert_uint_eq(otav_field_get(&word, bytes), 0x84332211u);
    ck_assert_uint_eq(otav_field_get(&half, bytes), 0x3322);
    ck_assert_uint_eq(otav_load_u32(bytes), 0x84332211u);
    ck_assert_uint_eq(otav_load_u16(bytes), 0x2211);
    otav_store_u32(bytes, 0xFEDCBA98u);
    ck_assert(bytes[0] == 0x98 && bytes[1] == 0xBA && bytes[2] == 0xDC && bytes[3] == 0xFE);
}
END_TEST

/* Every rule just inside, just outside and at the far ends. */
START_TEST(test_fields_rules_at_their_bounds)
{
    static const struct {
        struct otav_field field;
        uint32_t value;
        bool ok;
    } rows[] = {
        {{0, 4, OTAV_DEC, OTAV_ANY, 5}, 0, true},
        {{0, 4, OTAV_DEC, OTAV_ANY, 5}, UINT32_MAX, true},
        {{0, 4, OTAV_DEC, OTAV_WHEN, 5}, UINT32_MAX, true},
        {{0, 2, OTAV_DEC, OTAV_IS, 85}, 84, false},
        {{0, 2, OTAV_DEC, OTAV_IS, 85}, 85, true},
        {{0, 2, OTAV_DEC, OTAV_IS, 85}, 86, false},
        {{0, 2, OTAV_DEC, OTAV_IS, 85}, 85 + 256, false},
        {{0, 1, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(1, 3)}, 0, false},
        {{0, 1, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(1, 3)}, 1, true},
        {{0, 1, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(1, 3)}, 3, true},
        {{0, 1, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(1, 3)}, 4, false},
        {{0, 2, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(56, 69)}, 55, false},
        {{0, 2, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(56, 69)}, 69, true},
        {{0, 2, OTAV_DEC, OTAV_RANGE, OTAV_RANGE_ARG(56, 69)}, 0xFFFF, false},
        {{0, 1, OTAV_DEC, OTAV_EITHER, OTAV_EITHER_ARG(0x35, 0xCA)}, 0x35, true},
        {{0, 1, OTAV_DEC, OTAV_EITHER, OTAV_EITHER_ARG(0x35, 0xCA)}, 0xCA, true},
        {{0, 1, OTAV_DEC, OTAV_EITHER, OTAV_EITHER_ARG(0x35, 0xCA)}, 0x36, false},
        {{0, 1, OTAV_DEC, OTAV_EITHER, OTAV_EITHER_ARG(0x35, 0xCA)}, 0, false},
        {{0, 4, OTAV_DEC, OTAV_EITHER, OTAV_EITHER_ARG(0x35, 0xCA)}, 0x00CA0035, false},
        {{0, 1, OTAV_DEC, OTAV_MAX, 72}, 0, true},
        {{0, 1, OTAV_DEC, OTAV_MAX, 72}, 72, true},
        {{0, 1, OTAV_DEC, OTAV_MAX, 72}, 73, false},
        {{0, 4, OTAV_DEC, OTAV_MAX, 0xFFFEFFFF}, 0xFFFEFFFF, true},
        {{0, 4, OTAV_DEC, OTAV_MAX, 0xFFFEFFFF}, 0xFFFF0000, false},
        {{0, 4, OTAV_DEC, OTAV_LIVE, 0}, 0, false},
        {{0, 4, OTAV_DEC, OTAV_LIVE, 0}, 1, true},
        {{0, 4, OTAV_DEC, OTAV_LIVE, 0}, UINT32_MAX - 1, true},
        {{0, 4, OTAV_DEC, OTAV_LIVE, 0}, UINT32_MAX, false},
        {{0, 4, OTAV_ZERO, OTAV_IS, 0}, 0, true},
        {{0, 4, OTAV_ZERO, OTAV_IS, 0}, 1, false},
        {{0, 4, OTAV_ZERO, OTAV_IS, 0}, 0x80000000, false},
        {{0, 1, OTAV_DEC, OTAV_WHEN + 1, 0}, 0, false}, /* no such rule */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t record[4];

        otav_field_set(&rows[i].field, record, rows[i].value);
        ck_assert_msg(otav_field_ok(&rows[i].field, record) == rows[i].ok, "row %zu", i);
    }
}
END_TEST

START_TEST(test_fields_check_names_the_first_bad_one)
{
    uint8_t record[OTAV_META_LEN] = {0};
    const struct otav_field *fields = otav_meta_fields;
    uint8_t count = otav_meta_field_count;

    otav_fields_init(fields, count, record);
    record[OTAV_META_SEQUENCE_OFF] = 1;
    ck_assert_uint_eq(otav_fields_check(fields, count, record), count);
    record[OTAV_META_SIG_LEN_OFF] = 73;
    ck_assert_uint_eq(fields[otav_fields_check(fields, count, record)].offset,
                      OTAV_META_SIG_LEN_OFF);
    record[OTAV_META_FILLER1_OFF + 3] = 1;
    ck_assert_uint_eq(fields[otav_fields_check(fields, count, record)].offset,
                      OTAV_META_FILLER1_OFF);
    ck_assert_uint_eq(otav_fields_check(fields, 0, record), 0);
}
END_TEST

START_TEST(test_fields_init_writes_what_rules_fix)
{
    uint8_t meta[OTAV_META_LEN] = {0};
    uint8_t zota[OTAV_ZOTA_LEN] = {0};

    otav_fields_init(otav_meta_fields, otav_meta_field_count, meta);
    ck_assert_uint_eq(meta[OTAV_META_REVISION_OFF], 2);
    ck_assert_uint_eq(meta[OTAV_META_CONTAINER_OFF], 1);
    ck_assert_uint_eq(otav_load_u16(meta + OTAV_META_PAYLOAD_LEN_OFF), 85);
    ck_assert_uint_eq(meta[OTAV_META_AUTH_METHOD_OFF], 0);
    otav_fields_init(otav_zota_table.fields, otav_zota_table.field_count, zota);
    ck_assert_uint_eq(otav_load_u32(zota), 0x0BEEF11E);
    ck_assert_uint_eq(otav_load_u16(zota + 4), 0x0100);
}
END_TEST

/* In front of the firmware revision: 15 zeros, of which 10 are enough, and 3 numbers (revision,
 * container, payload length), of which 2 are. */
START_TEST(test_fields_plain_metadata_is_recognised_when_damaged)
{
    static const uint8_t zeros[] = {0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 0x17, 0x18, 0x19};
    static const uint8_t marks[] = {0x14, 0x15, 0x1A};
    uint8_t meta[OTAV_META_LEN];

    for (size_t mark = 0; mark < sizeof marks; mark++) {
        for (size_t first = 0; first < sizeof zeros; first++) {
            memset(meta, 0xEE, sizeof meta);
            memset(meta, 0, 16);
            memset(meta + 0x17, 0, 5);
            otav_fields_init(otav_meta_fields, otav_meta_field_count, meta);
            meta[marks[mark]] ^= 0x40;
            for (size_t k = 0; k < 6; k++) {
                ck_assert(otav_meta_looks_plain(meta));
                meta[zeros[(first + k) % sizeof zeros]] ^= 0x40;
            }
            ck_assert(!otav_meta_looks_plain(meta));
        }
    }
}
END_TEST

START_TEST(test_fields_empty_memory_is_no_metadata)
{
    uint8_t meta[OTAV_META_LEN] = {0};

    ck_assert(!otav_meta_looks_plain(meta));
    meta[OTAV_META_REVISION_OFF] = 2;
    ck_assert(!otav_meta_looks_plain(meta));
    memset(meta, 0xFF, sizeof meta);
    ck_assert(!otav_meta_looks_plain(meta));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_fields_tables_cover_their_records);
    tcase_add_test(tc, test_fields_optional_zigbee_fields_add_up);
    tcase_add_test(tc, test_fields_attribute_values_are_covered);
    tcase_add_test(tc, test_fields_device_table_has_every_rule_of_the_documented_one);
    tcase_add_test(tc, test_fields_fillers_are_the_first_rules);
    tcase_add_test(tc, test_fields_metadata_offsets_match_the_vendor);
    tcase_add_test(tc, test_fields_set_get_round_trips);
    tcase_add_test(tc, test_fields_numbers_are_little_endian);
    tcase_add_test(tc, test_fields_rules_at_their_bounds);
    tcase_add_test(tc, test_fields_check_names_the_first_bad_one);
    tcase_add_test(tc, test_fields_init_writes_what_rules_fix);
    tcase_add_test(tc, test_fields_plain_metadata_is_recognised_when_damaged);
    tcase_add_test(tc, test_fields_empty_memory_is_no_metadata);
}

int main(void)
{
    return unit_main("fields", add_tests);
}
