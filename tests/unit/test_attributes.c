/*
 * The attribute record codec: one encoding per content, every error at its offset, every limit.
 */
#include "unit.h"

#include <otav/otav_attributes.h>

enum { AREA = OTAV_META_ATTRIBUTES_LEN, RECORDS = AREA - OTAV_AREA_LEN };

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* An area of records as raw bytes, with count and length to match. */
static void make_area(uint8_t area[AREA], const uint8_t *records, size_t len, uint8_t count)
{
    memset(area, 0, AREA);
    memcpy(area, "OTAA\1", 5);
    area[OTAV_AREA_RECORD_COUNT_OFF] = count;
    otav_store_u16(area + OTAV_AREA_RECORDS_LEN_OFF, (uint16_t)len);
    memcpy(area + OTAV_AREA_LEN, records, len);
}

/* All enforced attributes with good values, and some informative ones. */
static void make_full_area(uint8_t area[AREA])
{
    static const struct {
        uint16_t type;
        uint16_t len;
        uint8_t value[36];
    } rows[] = {{1, 16, {1, 2, 3}},
                {2, 8, {9, 0, 0, 0, 1, 0, 4, 0}},
                {3, 8, {7, 0, 0, 0, 0, 0, 0, 0x9B}},
                {4, 4, {3, 0, 0, 0}},
                {5, 4, {0, 0, 2, 1}},
                {6, 4, {1}},
                {7, 4, {100}},
                {8, 4, {2}},
                {9, 4, {0xF}},
                {10, 8, {1, 0, 0, 0, 5, 0, 0, 0}},
                {0x8010, 8, {1}},
                {0x8011, 8, {1}},
                {0x8020, 36, {1}},
                {0x8021, 20, {1}},
                {0x8801, 0, {0}},
                {0x8FFF, 3, {1, 2, 3}}};

    memset(area, 0, AREA);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert(otav_attributes_put(area, AREA, rows[i].type, rows[i].value, rows[i].len));
    }
}

/* Parses with out-parameters checked: untouched when refused, inside the area when taken. */
static enum otav_err parse(const uint8_t *area, size_t len, bool rest, uint16_t *ret_offset)
{
    struct otav_attributes attributes;
    struct otav_attributes before;
    enum otav_err err;

    memset(&attributes, 0x5A, sizeof attributes);
    memcpy(&before, &attributes, sizeof before);
    *ret_offset = 0xFFFF;
    err = otav_attributes_parse(area, len, rest, &attributes, ret_offset);
    if (err != OTAV_OK) {
        ck_assert_mem_eq(&attributes, &before, sizeof before);
        ck_assert(err == OTAV_ERR_ARG || *ret_offset < len);
        return err;
    }
    for (size_t i = 0; i < OTAV_ATTRIBUTE_ENFORCED_COUNT; i++) {
        ck_assert(attributes.value[i] == NULL ||
                  (attributes.value[i] > area && attributes.value[i] < area + len));
    }
    return OTAV_OK;
}

/* What was taken, written again, gives the same bytes. */
static void check_reencodes(const uint8_t area[AREA])
{
    struct otav_record record;
    uint8_t again[AREA] = {0};
    uint16_t offset = 0;

    while (otav_attributes_next(area, AREA, &offset, &record)) {
        ck_assert(otav_attributes_put(again, AREA, record.type, record.value, record.len));
    }
    ck_assert_mem_eq(again, area, AREA);
}

START_TEST(test_attributes_values_are_found_by_type)
{
    struct otav_attributes attributes;
    struct otav_record record;
    uint8_t area[AREA];
    uint16_t detail = 0;
    uint16_t offset = 0;

    make_full_area(area);
    ck_assert_int_eq(otav_attributes_parse(area, AREA, true, &attributes, &detail), OTAV_OK);
    for (uint16_t type = 1; type <= OTAV_ATTRIBUTE_ENFORCED_COUNT; type++) {
        ck_assert(otav_attributes_next(area, AREA, &offset, &record));
        ck_assert_uint_eq(record.type, type);
        ck_assert_ptr_eq(record.value, area + record.offset);
        ck_assert_ptr_eq(attributes.value[type - 1], record.value);
    }
    ck_assert_ptr_eq(OTAV_ATTR_VALUE(&attributes, ENCODING), attributes.value[9]);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(otav_attributes_next(area, AREA, &offset, &record));
        ck_assert_uint_ne(record.type & OTAV_ATTRIBUTE_INFORMATIVE, 0);
    }
    ck_assert(!otav_attributes_next(area, AREA, &offset, &record));
    check_reencodes(area);
}
END_TEST

START_TEST(test_attributes_random_records_round_trip)
{
    uint32_t state = 4711;

    for (unsigned round = 0; round < 500; round++) {
        uint8_t area[AREA] = {0};
        uint8_t values[80][64];
        uint16_t types[80];
        uint16_t lens[80];
        uint16_t type = 0x8FFF - 1200;
        size_t count = 0;
        uint16_t offset = 0;
        uint16_t detail;
        struct otav_record record;

        while (count < 80) {
            type = (uint16_t)(type + 1 + next_random(&state) % 15);
            types[count] = type;
            lens[count] = (uint16_t)(next_random(&state) % (round % 64 + 1));
            for (unsigned i = 0; i < lens[count]; i++) {
                values[count][i] = (uint8_t)next_random(&state);
            }
            if (!otav_attributes_put(area, AREA, type, values[count], lens[count])) {
                break;
            }
            count++;
        }
        ck_assert_int_eq(parse(area, AREA, true, &detail), OTAV_OK);
        for (size_t i = 0; i < count; i++) {
            ck_assert(otav_attributes_next(area, AREA, &offset, &record));
            ck_assert_uint_eq(record.type, types[i]);
            ck_assert_uint_eq(record.len, lens[i]);
            ck_assert_mem_eq(record.value, values[i], lens[i]);
        }
        ck_assert(!otav_attributes_next(area, AREA, &offset, &record));
        check_reencodes(area);
    }
}
END_TEST

START_TEST(test_attributes_every_byte_mutated_fails_or_reencodes)
{
    uint8_t area[AREA];
    unsigned taken = 0;

    make_full_area(area);
    for (size_t i = 0; i < AREA; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            uint16_t detail;

            area[i] ^= (uint8_t)flip;
            if (parse(area, AREA, true, &detail) == OTAV_OK) {
                check_reencodes(area);
                taken++;
            }
            area[i] ^= (uint8_t)flip;
        }
    }
    ck_assert_uint_gt(taken, 255 * 60); /* value bytes do vary */
}
END_TEST

START_TEST(test_attributes_every_truncation_fails)
{
    uint8_t area[AREA];
    size_t end;

    make_full_area(area);
    end = OTAV_AREA_LEN + (size_t)otav_load_u16(area + OTAV_AREA_RECORDS_LEN_OFF);
    for (size_t len = 0; len < AREA; len++) {
        uint8_t *copy = malloc(len + 1); /* its end is watched by ASan */
        uint16_t detail;
        enum otav_err err;

        memcpy(copy + 1, area, len);
        err = parse(copy + 1, len, true, &detail);
        ck_assert_int_eq(err, len < OTAV_AREA_LEN ? OTAV_ERR_ARG
                              : len < end         ? OTAV_ERR_ATTRIBUTES
                                                  : OTAV_OK);
        free(copy);
    }
}
END_TEST

#define RAW(...)                                                                                   \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

START_TEST(test_attributes_bad_records_name_their_offset)
{
    static const struct {
        const char *what;
        enum otav_err err;
        uint16_t offset;
        uint8_t count;
        size_t len;
        uint8_t bytes[40];
    } rows[] = {
        {"good", OTAV_OK, 0, 1, RAW(4, 0, 4, 0, 3, 0, 0, 0)},
        {"type 0", OTAV_ERR_ATTRIBUTES, 8, 1, RAW(0, 0, 0, 0)},
        {"head cut", OTAV_ERR_ATTRIBUTES, 16, 2, RAW(4, 0, 4, 0, 3, 0, 0, 0, 5, 0, 4)},
        {"value leaves the records", OTAV_ERR_ATTRIBUTES, 8, 1, RAW(4, 0, 5, 0, 3, 0, 0, 0)},
        {"value far outside", OTAV_ERR_ATTRIBUTES, 8, 1, RAW(1, 0x88, 0xFF, 0xFF, 3)},
        {"duplicate", OTAV_ERR_ATTRIBUTES, 16, 2,
         RAW(4, 0, 4, 0, 3, 0, 0, 0, 4, 0, 4, 0, 3, 0, 0, 0)},
        {"descending", OTAV_ERR_ATTRIBUTES, 16, 2,
         RAW(5, 0, 4, 0, 3, 0, 0, 0, 4, 0, 4, 0, 3, 0, 0, 0)},
        {"count too small", OTAV_ERR_ATTRIBUTES, 5, 0, RAW(4, 0, 4, 0, 3, 0, 0, 0)},
        {"count too large", OTAV_ERR_ATTRIBUTES, 5, 2, RAW(4, 0, 4, 0, 3, 0, 0, 0)},
        {"unknown", OTAV_ERR_ATTRIBUTE_UNKNOWN, 8, 1, RAW(11, 0, 0, 0)},
        {"unknown, second", OTAV_ERR_ATTRIBUTE_UNKNOWN, 16, 2,
         RAW(4, 0, 4, 0, 3, 0, 0, 0, 0xFF, 0x7F, 0, 0)},
        {"unknown but informative", OTAV_OK, 0, 1, RAW(0, 0x80, 1, 0, 7)},
        {"wrong length", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(4, 0, 3, 0, 3, 0, 0)},
        {"counter too large", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(4, 0, 4, 0, 0, 0, 0xFF, 0xFF)},
        {"largest counter", OTAV_OK, 0, 1, RAW(4, 0, 4, 0, 0xFF, 0xFF, 0xFE, 0xFF)},
        {"min above max revision", OTAV_ERR_ATTRIBUTES, 12, 1,
         RAW(2, 0, 8, 0, 1, 0, 0, 0, 0, 2, 0xFF, 1)},
        {"min equals max revision", OTAV_OK, 0, 1, RAW(2, 0, 8, 0, 1, 0, 0, 0, 0, 2, 0, 2)},
        {"image type 0", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(6, 0, 4, 0, 0, 0, 0, 0)},
        {"image type 3", OTAV_OK, 0, 1, RAW(6, 0, 4, 0, 3, 0, 0, 0)},
        {"image type 4", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(6, 0, 4, 0, 4, 0, 0, 0)},
        {"image type reserved", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(6, 0, 4, 0, 1, 0, 0, 1)},
        {"battery 101", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(7, 0, 4, 0, 101, 0, 0, 0)},
        {"battery reserved", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(7, 0, 4, 0, 100, 1, 0, 0)},
        {"activation 0", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(8, 0, 4, 0, 0, 0, 0, 0)},
        {"activation 3", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(8, 0, 4, 0, 3, 0, 0, 0)},
        {"activation reserved", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(8, 0, 4, 0, 1, 0, 1, 0)},
        {"key 4 revoked", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(9, 0, 4, 0, 0x10, 0, 0, 0)},
        {"encoding 2", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(10, 0, 8, 0, 2, 0, 0, 0, 1, 0, 0, 0)},
        {"encoding reserved", OTAV_ERR_ATTRIBUTES, 12, 1, RAW(10, 0, 8, 0, 1, 0, 0, 1, 5, 0, 0, 0)},
        {"release of 7 is informative", OTAV_OK, 0, 1, RAW(0x11, 0x80, 7, 0, [10] = 1)},
        {"source revision of 21 is informative", OTAV_OK, 0, 1, RAW(0x21, 0x80, 21, 0, [24] = 1)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t area[AREA];
        uint16_t detail;

        make_area(area, rows[i].bytes, rows[i].len, rows[i].count);
        ck_assert_msg(parse(area, AREA, true, &detail) == rows[i].err, "%s", rows[i].what);
        ck_assert_msg(rows[i].err == OTAV_OK || detail == rows[i].offset, "%s: offset %u",
                      rows[i].what, detail);
    }
}
END_TEST

START_TEST(test_attributes_bad_head_names_its_offset)
{
    static const struct {
        uint16_t at;
        uint8_t value;
        uint16_t offset;
    } rows[] = {{0, 'o', 0}, {3, 0, 0}, {4, 0, 4}, {4, 2, 4}, {6, 0, 6}, {7, 2, 6}};
    static const uint8_t record[] = {4, 0, 4, 0, 3, 0, 0, 0};
    uint8_t area[AREA];
    uint16_t detail;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_area(area, record, sizeof record, 1);
        area[rows[i].at] = rows[i].value;
        for (unsigned rest = 0; rest < 2; rest++) {
            ck_assert_int_eq(parse(area, AREA, rest != 0, &detail), OTAV_ERR_ATTRIBUTES);
            ck_assert_uint_eq(detail, rows[i].offset);
        }
    }
    make_area(area, record, sizeof record, 1);
    otav_store_u16(area + OTAV_AREA_RECORDS_LEN_OFF, RECORDS + 1);
    ck_assert_int_eq(parse(area, AREA, true, &detail), OTAV_ERR_ATTRIBUTES);
    ck_assert_uint_eq(detail, OTAV_AREA_RECORDS_LEN_OFF);
}
END_TEST

START_TEST(test_attributes_bytes_behind_records_must_be_zero)
{
    static const uint8_t record[] = {4, 0, 4, 0, 3, 0, 0, 0};
    uint8_t area[AREA];
    uint16_t detail;

    make_area(area, record, sizeof record, 1);
    for (size_t i = OTAV_AREA_LEN + sizeof record; i < AREA; i++) {
        area[i] = 1;
        for (unsigned rest = 0; rest < 2; rest++) {
            ck_assert_int_eq(parse(area, AREA, rest != 0, &detail), OTAV_ERR_ATTRIBUTES);
            ck_assert_uint_eq(detail, OTAV_AREA_LEN + sizeof record);
        }
        area[i] = 0;
    }
}
END_TEST

START_TEST(test_attributes_absent_area_is_all_zero_or_not_looked_at)
{
    uint8_t area[AREA] = {0};
    struct otav_attributes attributes;
    struct otav_record record;
    uint16_t detail;
    uint16_t offset = 0;

    memset(&attributes, 0x5A, sizeof attributes);
    ck_assert_int_eq(otav_attributes_parse(area, AREA, true, &attributes, &detail), OTAV_OK);
    for (size_t i = 0; i < OTAV_ATTRIBUTE_ENFORCED_COUNT; i++) {
        ck_assert_ptr_null(attributes.value[i]);
    }
    ck_assert(!otav_attributes_next(area, AREA, &offset, &record));
    for (size_t i = OTAV_AREA_LEN; i < AREA; i++) {
        area[i] = 0x80;
        ck_assert_int_eq(parse(area, AREA, true, &detail), OTAV_ERR_ATTRIBUTES);
        ck_assert_uint_eq(detail, OTAV_AREA_LEN);
        ck_assert_int_eq(parse(area, AREA, false, &detail), OTAV_OK);
        area[i] = 0;
    }
}
END_TEST

START_TEST(test_attributes_put_refuses_what_does_not_fit)
{
    static const uint8_t value[RECORDS + 1] = {1};
    uint8_t area[AREA] = {0};
    uint8_t before[AREA];

    ck_assert(!otav_attributes_put(area, AREA, 0, value, 1));
    ck_assert(!otav_attributes_put(area, AREA, 0x8801, value, RECORDS - 3));
    ck_assert(otav_attributes_put(area, AREA, 0x8801, value, RECORDS - 4 - 5));
    memcpy(before, area, AREA);
    ck_assert(!otav_attributes_put(area, AREA, 0x8801, value, 0));
    ck_assert(!otav_attributes_put(area, AREA, 0x8800, value, 0));
    ck_assert(!otav_attributes_put(area, AREA, 0x8802, value, 2));
    ck_assert_mem_eq(before, area, AREA);
    ck_assert(otav_attributes_put(area, AREA, 0x8802, value, 1));
    memcpy(before, area, AREA);
    ck_assert(!otav_attributes_put(area, AREA, 0x8803, value, 0));
    ck_assert_mem_eq(before, area, AREA);
}
END_TEST

START_TEST(test_attributes_put_empty_value_needs_no_pointer)
{
    uint8_t area[AREA] = {0};
    uint16_t detail;

    ck_assert(otav_attributes_put(area, AREA, 0x8801, NULL, 0));
    ck_assert_int_eq(parse(area, AREA, true, &detail), OTAV_OK);
}
END_TEST

START_TEST(test_attributes_next_stops_in_damaged_areas)
{
    uint8_t area[AREA];
    uint32_t state = 99;
    struct otav_record record;

    make_full_area(area);
    for (unsigned round = 0; round < 5000; round++) {
        uint8_t copy[AREA];
        uint16_t offset = 0;
        unsigned count = 0;

        memcpy(copy, area, AREA);
        copy[next_random(&state) % AREA] = (uint8_t)next_random(&state);
        copy[next_random(&state) % AREA] = (uint8_t)next_random(&state);
        while (otav_attributes_next(copy, AREA, &offset, &record)) {
            ck_assert_uint_le((size_t)record.offset + record.len, AREA);
            count++;
        }
        ck_assert_uint_le(count, RECORDS / 4);
    }
}
END_TEST

START_TEST(test_attributes_area_shorter_than_its_head_is_left_alone)
{
    struct otav_record record;
    uint8_t *area = calloc(1, OTAV_AREA_LEN - 1);
    uint16_t offset = 0;

    ck_assert_int_eq(parse(area, OTAV_AREA_LEN - 1, true, &offset), OTAV_ERR_ARG);
    offset = 0;
    ck_assert(!otav_attributes_next(area, OTAV_AREA_LEN - 1, &offset, &record));
    ck_assert(!otav_attributes_put(area, OTAV_AREA_LEN - 1, 1, area, 0));
    free(area);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_attributes_values_are_found_by_type);
    tcase_add_test(tc, test_attributes_random_records_round_trip);
    tcase_add_test(tc, test_attributes_every_byte_mutated_fails_or_reencodes);
    tcase_add_test(tc, test_attributes_every_truncation_fails);
    tcase_add_test(tc, test_attributes_bad_records_name_their_offset);
    tcase_add_test(tc, test_attributes_bad_head_names_its_offset);
    tcase_add_test(tc, test_attributes_bytes_behind_records_must_be_zero);
    tcase_add_test(tc, test_attributes_absent_area_is_all_zero_or_not_looked_at);
    tcase_add_test(tc, test_attributes_put_refuses_what_does_not_fit);
    tcase_add_test(tc, test_attributes_put_empty_value_needs_no_pointer);
    tcase_add_test(tc, test_attributes_next_stops_in_damaged_areas);
    tcase_add_test(tc, test_attributes_area_shorter_than_its_head_is_left_alone);
}

int main(void)
{
    return unit_main("attributes", add_tests);
}
