/* Intel HEX: every record type, every check, any order, and the vendor's own inputs. */
#include "fw_unit.h"

#define GOLDEN TEST_DATA_DIR "/golden/microchip/inputs/"
#define END    ":00000001FF\n"

START_TEST(test_fw_ihex_all_record_types_are_taken)
{
    struct fw_image *image;

    put_text("f", ":02000000AABB99\r\n"
                  ":020000021000EC\r\n" /* segment 0x1000: base 0x10000 */
                  ":01FFFF00CC35\r\n"
                  ":0400000300003800C1\r\n"
                  ":020000040100F9\r\n"
                  ":03020000010203F5\r\n"
                  ":04000005010002D91B\r\n"
                  ":00000001ff");
    image = load_ok("f", FW_AUTO);
    expect_bytes(image, 0, "\xAA\xBB\xFF", 3);
    expect_bytes(image, 0x1FFFE, "\xFF\xCC\xFF", 3);
    expect_bytes(image, 0x010001FF, "\xFF\1\2\3\xFF", 5);
    ck_assert_uint_eq(see_all(image).total, 6);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_ihex_linear_record_may_cross_border)
{
    struct fw_image *image;

    put_text("f", ":020000040100F9\n:02FFFF000102FD\n" END);
    image = load_ok("f", FW_AUTO);
    expect_bytes(image, 0x0100FFFF, "\1\2", 2);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_ihex_wrapping_record_fails)
{
    expect_fail_text(":02FFFF000102FD\n" END, FW_IHEX,
                     "otaimg: f:1: 2 bytes at offset 0xffff wrap around their 64 KiB segment\n");
    expect_fail_text(":020000040100F9\n:020000021000EC\n:02FFFF000102FD\n" END, FW_IHEX,
                     "otaimg: f:3: 2 bytes at offset 0xffff wrap around their 64 KiB segment\n");
    expect_fail_text(":02000004FFFFFC\n:02FFFF000102FD\n" END, FW_IHEX,
                     "otaimg: f:2: data at 0xffffffff goes past address 0xffffffff\n");
}
END_TEST

START_TEST(test_fw_ihex_last_address_is_taken)
{
    struct fw_image *image;

    put_text("f", ":02000004FFFFFC\n:01FFFF000100\n" END);
    image = load_ok("f", FW_AUTO);
    expect_bytes(image, 0xFFFFFFFF, "\1", 1);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_ihex_bad_record_fails)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {":0100000055AB\n" END, "f:1: the checksum is 0xab, expected 0xaa"},
        {"\n\r\n:0100000055AB\n" END, "f:3: the checksum is 0xab, expected 0xaa"},
        {":0200000055A9\n" END, "f:1: the record has 6 bytes, expected 7"},
        {":0000000055AB\n" END, "f:1: the record has 6 bytes, expected 5"},
        {":00000001\n", "f:1: the record has 4 bytes, expected 5"},
        {":\n", "f:1: the record has 0 bytes, expected 5"},
        {":00000001F\n", "f:1: the record has 9 hex digits, expected an even number"},
        {":0000000G01FF\n", "f:1: the record has a character that is not a hex digit"},
        {":00000001FF \n", "f:1: the record has 11 hex digits, expected an even number"},
        {":00000001FF  \n", "f:1: the record has a character that is not a hex digit"},
        {"00000001FF\n", "f:1: the line is not a record, expected ':'"},
        {"; text\n" END, "f:1: the line is not a record, expected ':'"},
        {":00000006FA\n", "f:1: record type 06 is unknown, expected 00..05"},
        {":0100000100FE\n", "f:1: a record of type 01 has 1 data bytes, expected 0"},
        {":00123401B9\n", "f:1: a record of type 01 has offset 0x1234, expected 0x0000"},
        {":0100000400FB\n" END, "f:1: a record of type 04 has 1 data bytes, expected 2"},
        {":020001040000F9\n" END, "f:1: a record of type 04 has offset 0x0001, expected 0x0000"},
        {":03000005000000F8\n" END, "f:1: a record of type 05 has 3 data bytes, expected 4"},
        {":0100000055AA\n" END ":0100010055A9\n", "f:3: there is a record behind the end record"},
        {":0100000055AA\n" END END, "f:3: there is a record behind the end record"},
        {":0100000055AA\n", "f:2: the file ends without an end record, expected ':00000001FF'"},
        {END, "f: the file holds no data"},
        {":020000040100F9\n" END, "f: the file holds no data"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[200];

        (void)snprintf(message, sizeof message, "otaimg: %s\n", cases[i].message);
        expect_fail_text(cases[i].text, FW_IHEX, message);
    }
}
END_TEST

START_TEST(test_fw_ihex_nul_in_record_fails)
{
    put_file("f", ":000000\0000FF\n", 12);
    expect_fail("f", FW_IHEX, OX_MALFORMED,
                "otaimg: f:1: the record has a character that is not a hex digit\n");
}
END_TEST

/* The longest record: 255 data bytes. */
static void put_longest(const char *ending)
{
    FILE *f = fopen("f", "wb");
    unsigned sum = 255;

    ck_assert_ptr_nonnull(f);
    (void)fputs(":FF000000", f);
    for (unsigned i = 0; i < 255; i++) {
        (void)fprintf(f, "%02X", i);
        sum += i;
    }
    (void)fprintf(f, "%02X%s" END, (0u - sum) & 255, ending);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(test_fw_ihex_longest_line_is_taken)
{
    static const char *const endings[] = {"\n", "\r\n"};
    uint8_t expected[255];

    for (unsigned i = 0; i < 255; i++) {
        expected[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < 2; i++) {
        struct fw_image *image;

        put_longest(endings[i]);
        image = load_ok("f", FW_AUTO);
        expect_bytes(image, 0, expected, 255);
        fw_free(image);
    }
    put_longest("0\n");
    expect_fail("f", FW_IHEX, OX_MALFORMED,
                "otaimg: f:1: the line is longer than a record, expected at most 521 characters\n");
    put_longest("\r\r\n");
    expect_fail("f", FW_IHEX, OX_MALFORMED,
                "otaimg: f:1: the line is longer than a record, expected at most 521 characters\n");
}
END_TEST

START_TEST(test_fw_ihex_any_order_gives_same_image)
{
    struct fw_image *image;

    put_text("f", ":020004000506EF\n:020000000102FB\n:020002000304F5\n:020010000708DF\n" END);
    image = load_ok("f", FW_AUTO);
    expect_bytes(image, 0, "\1\2\3\4\5\6\xFF", 7);
    expect_bytes(image, 0x0F, "\xFF\7\x08", 3);
    ck_assert_uint_eq(see_all(image).total, 8);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_ihex_adjacent_records_are_one_piece)
{
    struct fw_image *image;

    put_text("f", ":020000000102FB\n:020002000304F5\n:020005000506EE\n" END);
    image = load_ok("f", FW_AUTO);
    ck_assert_uint_eq(see_all(image).count, 2);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_ihex_overlap_names_address_and_line)
{
    /* One byte of the second record is given before; given later; the same record twice. */
    expect_fail_text(":020000000102FB\n:020001000304F6\n" END, FW_IHEX,
                     "otaimg: f:2: data at 0x00000001 overlaps the data of line 1\n");
    expect_fail_text(":020001000304F6\n:020000000102FB\n" END, FW_IHEX,
                     "otaimg: f:2: data at 0x00000001 overlaps the data of line 1\n");
    expect_fail_text(":020000000102FB\n:020010000304E7\n:020000000102FB\n" END, FW_IHEX,
                     "otaimg: f:3: data at 0x00000000 overlaps the data of line 1\n");
}
END_TEST

START_TEST(test_fw_ihex_vendor_inputs_equal_binaries)
{
    static const char *const names[] = {"app_16",    "app_777",   "app_2048",  "app_20001",
                                        "app_sig69", "app_sig70", "app_sig71", "app_sig72"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[600];
        struct fw_image *image;
        uint8_t *bytes;
        size_t len;

        (void)snprintf(path, sizeof path, GOLDEN "%s.bin", names[i]);
        bytes = get_file(path, &len);
        (void)snprintf(path, sizeof path, GOLDEN "%s.hex", names[i]);
        image = load_ok(path, FW_AUTO);
        expect_bytes(image, 0x01000200, bytes, len);
        ck_assert_uint_eq(see_all(image).total, len);
        ck_assert_uint_eq(see_all(image).count, 1);
        fw_free(image);
        free(bytes);
    }
}
END_TEST

START_TEST(test_fw_ihex_truncated_anywhere_fails)
{
    size_t len;
    uint8_t *bytes = get_file(GOLDEN "app_gap.hex", &len);

    /* Only without its last line feed is the file still whole. */
    ck_assert_uint_eq(count_valid_truncations(bytes, len, FW_IHEX), 1);
    free(bytes);
}
END_TEST

START_TEST(test_fw_ihex_mutated_anywhere_is_never_taken_as_other_data)
{
    static const char good[] = ":020000040100F9\r\n:04020000AB02CD047C\r\n:020000021000EC\r\n"
                               ":01ABCD00FE89\n:04000005010002D91B\n:00000001FF\n";

    ck_assert_uint_eq(count_silent_mutants((const uint8_t *)good, strlen(good), FW_IHEX), 0);
}
END_TEST

START_TEST(test_fw_ihex_srec_cat_output_is_same)
{
    size_t len;
    uint8_t *bytes = get_file(GOLDEN "app_20001.bin", &len);
    struct fw_image *image;

    if (have_tool("srec_cat")) {
        ck_assert_int_eq(system("srec_cat " GOLDEN "app_20001.bin -binary -offset 0x01000200 "
                                "-o f.hex -intel -line-length=80"),
                         0);
        image = load_ok("f.hex", FW_AUTO);
        expect_bytes(image, 0x01000200, bytes, len);
        ck_assert_uint_eq(see_all(image).total, len);
        fw_free(image);
    }
    free(bytes);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tc, test_fw_ihex_all_record_types_are_taken);
    tcase_add_test(tc, test_fw_ihex_linear_record_may_cross_border);
    tcase_add_test(tc, test_fw_ihex_wrapping_record_fails);
    tcase_add_test(tc, test_fw_ihex_last_address_is_taken);
    tcase_add_test(tc, test_fw_ihex_bad_record_fails);
    tcase_add_test(tc, test_fw_ihex_nul_in_record_fails);
    tcase_add_test(tc, test_fw_ihex_longest_line_is_taken);
    tcase_add_test(tc, test_fw_ihex_any_order_gives_same_image);
    tcase_add_test(tc, test_fw_ihex_adjacent_records_are_one_piece);
    tcase_add_test(tc, test_fw_ihex_overlap_names_address_and_line);
    tcase_add_test(tc, test_fw_ihex_vendor_inputs_equal_binaries);
    tcase_add_test(tc, test_fw_ihex_truncated_anywhere_fails);
    tcase_add_test(tc, test_fw_ihex_mutated_anywhere_is_never_taken_as_other_data);
    tcase_add_test(tc, test_fw_ihex_srec_cat_output_is_same);
}

int main(void)
{
    return unit_main("fw_ihex", add_tests);
}
