/* Where data may stand: the slot to the byte, the known areas, old metadata, and nothing else. */
#include "fw_unit.h"

#include <otav/otav_format.h>

#include "fw_impl.h"
#include "util.h"

static const struct fw_layout slot0 = {0x01000000, 0x01000200, 0x0107C000};

/* An image of the given ranges; their bytes come from bytes, or are all zero. */
struct range {
    uint32_t address;
    uint32_t len;
    const uint8_t *bytes;
};

static struct fw_image *make_image(const struct range *ranges, size_t count)
{
    struct fw_image *image = xcalloc(1, sizeof *image);
    struct src_pos pos = {"f", 0, 0};

    image->path = xstrdup("f");
    image->fd = -1;
    catch_diagnostics();
    for (size_t i = 0; i < count; i++) {
        uint8_t *zeros = xcalloc(1, ranges[i].len);

        pos.line++;
        ck_assert_int_eq(fw_add_record(image, &pos, ranges[i].address,
                                       ranges[i].bytes != NULL ? ranges[i].bytes : zeros,
                                       ranges[i].len),
                         OX_OK);
        free(zeros);
    }
    ck_assert_msg(fw_finish(image) == OX_OK, "%s", caught());
    return image;
}

static void expect_len(const struct range *ranges, size_t count, uint32_t expected)
{
    struct fw_image *image = make_image(ranges, count);
    uint32_t len = 77;

    ck_assert_msg(fw_check_layout(image, &slot0, &len) == OX_OK, "%s", caught());
    ck_assert_uint_eq(len, expected);
    fw_free(image);
}

static void expect_refused(const struct range *ranges, size_t count, const char *message)
{
    struct fw_image *image = make_image(ranges, count);
    uint32_t len = 77;

    ck_assert_int_eq(fw_check_layout(image, &slot0, &len), OX_MALFORMED);
    ck_assert_str_eq(caught(), message);
    ck_assert_uint_eq(len, 77);
    fw_free(image);
}

START_TEST(test_fw_layout_length_counts_to_last_byte)
{
    static const struct range one[] = {{0x01000200, 1, NULL}};
    static const struct range gap[] = {{0x01000200, 16, NULL}, {0x01001000, 3, NULL}};
    static const struct range late[] = {{0x01000300, 1, NULL}};

    expect_len(one, 1, 1);
    expect_len(gap, 2, 0xE03);
    expect_len(late, 1, 0x101);
}
END_TEST

START_TEST(test_fw_layout_full_slot_is_taken)
{
    static const struct range full[] = {{0x01000200, 0x7BE00, NULL}};
    static const struct range last[] = {{0x0107BFFF, 1, NULL}};

    expect_len(full, 1, 0x7BE00);
    expect_len(last, 1, 0x7BE00);
}
END_TEST

START_TEST(test_fw_layout_one_byte_over_names_it)
{
    static const struct range over[] = {{0x01000200, 0x7BE01, NULL}};
    static const struct fw_layout shorter = {0x01000000, 0x01000200, 0x0107BFF0};
    static const struct range full[] = {{0x01000200, 0x7BE00, NULL}};
    struct fw_image *image = make_image(full, 1);
    uint32_t len = 77;

    ck_assert_int_eq(fw_check_layout(image, &shorter, &len), OX_MALFORMED);
    ck_assert_str_eq(caught(),
                     "otaimg: f: data at 0x0107bff0 is outside the slot 0x01000000..0x0107bfef\n");
    ck_assert_uint_eq(len, 77);
    fw_free(image);
    expect_refused(over, 1,
                   "otaimg: f: data at 0x0107c000 is outside the slot 0x01000000..0x0107bfff, in "
                   "the application data area 0x0107c000..0x0107ffff\n");
}
END_TEST

START_TEST(test_fw_layout_known_areas_are_taken)
{
    static const struct range known[] = {
        {0x00000000, 0x7000, NULL}, {0x00045E80, 0x140, NULL}, {0x01000200, 4, NULL}};

    expect_len(known, 3, 4);
}
END_TEST

START_TEST(test_fw_layout_stray_data_is_named)
{
    static const struct {
        struct range range;
        const char *message;
    } cases[] = {
        {{0x6FFF, 2, NULL}, "data at 0x00007000 is outside the slot 0x01000000..0x0107bfff"},
        {{0x7000, 1, NULL}, "data at 0x00007000 is outside the slot 0x01000000..0x0107bfff"},
        {{0x45E7F, 2, NULL}, "data at 0x00045e7f is outside the slot 0x01000000..0x0107bfff"},
        {{0x45FBF, 2, NULL}, "data at 0x00045fc0 is outside the slot 0x01000000..0x0107bfff"},
        {{0x00FFFFFF, 1, NULL}, "data at 0x00ffffff is outside the slot 0x01000000..0x0107bfff"},
        {{0x0107FFFF, 1, NULL},
         "data at 0x0107ffff is outside the slot 0x01000000..0x0107bfff, in the application data "
         "area 0x0107c000..0x0107ffff"},
        {{0x01080000, 1, NULL},
         "data at 0x01080000 is outside the slot 0x01000000..0x0107bfff, in slot 1 "
         "0x01080000..0x010fffff"},
        {{0x20000000, 1, NULL},
         "data at 0x20000000 is outside the slot 0x01000000..0x0107bfff, in RAM "
         "0x20000000..0x2001ffff"},
        {{0xFFFFFFFF, 1, NULL}, "data at 0xffffffff is outside the slot 0x01000000..0x0107bfff"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct range ranges[] = {{0x01000200, 4, NULL}, cases[i].range};
        char message[200];

        (void)snprintf(message, sizeof message, "otaimg: f: %s\n", cases[i].message);
        expect_refused(ranges, 2, message);
    }
}
END_TEST

static void make_meta(uint8_t meta[OTAV_META_LEN])
{
    memset(meta, 0, OTAV_META_LEN);
    memcpy(meta + OTAV_META_MANUFACTURER_OFF, "MCHP", 4);
    otav_store_u32(meta + OTAV_META_SEQUENCE_OFF, 7);
    meta[OTAV_META_REVISION_OFF] = 2;
    meta[OTAV_META_CONTAINER_OFF] = 1;
    meta[OTAV_META_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    otav_store_u16(meta + OTAV_META_PAYLOAD_LEN_OFF, 85);
}

START_TEST(test_fw_layout_old_metadata_is_taken)
{
    uint8_t meta[OTAV_META_LEN];
    struct range ranges[] = {{0x01000000, OTAV_META_LEN, meta}, {0x01000200, 4, NULL}};
    struct range parts[] = {{0x01000000, 300, meta},
                            {0x01000000 + 300, OTAV_META_LEN - 300, meta + 300},
                            {0x01000200, 4, NULL}};

    make_meta(meta);
    expect_len(ranges, 2, 4);
    expect_len(parts, 3, 4);
}
END_TEST

static const char *metadata_message(char text[400], uint32_t address)
{
    (void)snprintf(text, 400,
                   "otaimg: f: data at 0x%08x is in the metadata area 0x01000000..0x010001ff, "
                   "expected nothing or all of an old metadata header\n"
                   "hint: link the application at 0x01000200\n",
                   address);
    return text;
}

START_TEST(test_fw_layout_other_data_in_metadata_area_is_refused)
{
    uint8_t meta[OTAV_META_LEN];
    uint8_t code[OTAV_META_LEN];
    struct range whole[] = {{0x01000000, OTAV_META_LEN, code}, {0x01000200, 4, NULL}};
    struct range partial[] = {{0x01000000, OTAV_META_LEN - 1, meta}, {0x01000200, 4, NULL}};
    struct range hole[] = {{0x01000000, 100, meta},
                           {0x01000000 + 101, OTAV_META_LEN - 101, meta + 101},
                           {0x01000200, 4, NULL}};
    struct range last[] = {{0x010001FF, 5, code}};
    char text[400];

    make_meta(meta);
    memset(code, 0xBF, sizeof code);
    expect_refused(whole, 2, metadata_message(text, 0x01000000));
    expect_refused(partial, 2, metadata_message(text, 0x01000000));
    expect_refused(hole, 3, metadata_message(text, 0x01000000));
    expect_refused(last, 1, metadata_message(text, 0x010001FF));
}
END_TEST

START_TEST(test_fw_layout_without_firmware_is_refused)
{
    uint8_t meta[OTAV_META_LEN];
    struct range only_meta[] = {{0x01000000, OTAV_META_LEN, meta}};
    struct range only_config[] = {{0x00045F80, 16, NULL}};

    make_meta(meta);
    expect_refused(only_meta, 1,
                   "otaimg: f: there is no firmware, expected data in 0x01000200..0x0107bfff\n");
    expect_refused(only_config, 1,
                   "otaimg: f: there is no firmware, expected data in 0x01000200..0x0107bfff\n");
}
END_TEST

START_TEST(test_fw_layout_vendor_input_with_gap_is_taken)
{
    struct fw_image *image = load_ok(TEST_DATA_DIR "/golden/microchip/inputs/app_gap.hex", FW_AUTO);
    uint32_t len = 0;

    ck_assert_int_eq(fw_check_layout(image, &slot0, &len), OX_OK);
    ck_assert_uint_eq(len, 0x3A5);
    expect_bytes(image, 0x00045F80, "\xFF\x0F\x00\x10\xFF", 5);
    fw_free(image);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_fw_layout_length_counts_to_last_byte);
    tcase_add_test(tc, test_fw_layout_full_slot_is_taken);
    tcase_add_test(tc, test_fw_layout_one_byte_over_names_it);
    tcase_add_test(tc, test_fw_layout_known_areas_are_taken);
    tcase_add_test(tc, test_fw_layout_stray_data_is_named);
    tcase_add_test(tc, test_fw_layout_old_metadata_is_taken);
    tcase_add_test(tc, test_fw_layout_other_data_in_metadata_area_is_refused);
    tcase_add_test(tc, test_fw_layout_without_firmware_is_refused);
    tcase_add_test(tc, test_fw_layout_vendor_input_with_gap_is_taken);
}

int main(void)
{
    return unit_main("fw_layout", add_tests);
}
