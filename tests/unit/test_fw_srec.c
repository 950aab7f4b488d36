/* S-record: every record type, every check, and agreement with srec_cat. */
#include "fw_unit.h"

#define GOLDEN TEST_DATA_DIR "/golden/microchip/inputs/"
#define END    "S9030000FC\n"

START_TEST(test_fw_srec_all_record_types_are_taken)
{
    struct fw_image *image;

    put_text("f", "S00600004844521B\r\n"
                  "S10501000102F6\r\n"
                  "S206010000AABB93\r\n"
                  "S30701000200CCDD4C\r\n"
                  "S5030003F9\r\n"
                  "S604000003F8\r\n"
                  "S70501000200F7");
    image = load_ok("f", FW_AUTO);
    ck_assert_int_eq(fw_get_format(image), FW_SREC);
    expect_bytes(image, 0x100, "\1\2\xFF", 3);
    expect_bytes(image, 0x010000, "\xAA\xBB\xFF", 3);
    expect_bytes(image, 0x010001FF, "\xFF\xCC\xDD\xFF", 4);
    ck_assert_uint_eq(see_all(image).total, 6);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_srec_each_termination_ends_file)
{
    static const char *const ends[] = {"S70500000000FA\n", "S804000000FB\n", "S9030000FC\n"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char text[100];

        (void)snprintf(text, sizeof text, "S104000055A6\n%s", ends[i]);
        put_text("f", text);
        fw_free(load_ok("f", FW_AUTO));
        (void)snprintf(text, sizeof text, "S104000055A6\n%sS104000155A5\n", ends[i]);
        expect_fail_text(text, FW_AUTO,
                         "otaimg: f:3: there is a record behind the termination record\n");
    }
}
END_TEST

START_TEST(test_fw_srec_bad_record_fails)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"S104000055A7\n" END, "f:1: the checksum is 0xa7, expected 0xa6"},
        {"S105000055A6\n" END, "f:1: the record has 5 bytes, expected 6"},
        {"S100\n" END, "f:1: the record has 1 bytes, expected 2"},
        {"S1\n" END, "f:1: the record has 0 bytes, expected 2"},
        {"S101FE\n" END, "f:1: an S1 record has length 1, expected at least 3"},
        {"S3040000FFFC\n" END, "f:1: an S3 record has length 4, expected at least 5"},
        {"S10400005 5A6\n" END, "f:1: the record has 11 hex digits, expected an even number"},
        {"S10400005XA6\n" END, "f:1: the record has a character that is not a hex digit"},
        {"S404000055A6\n" END, "f:1: record type S4 is unknown"},
        {"SA04000055A6\n" END, "f:1: the line is not a record, expected 'S0'..'S9'"},
        {"s104000055A6\n" END, "f:1: the line is not a record, expected 'S0'..'S9'"},
        {"S\n" END, "f:1: the line is not a record, expected 'S0'..'S9'"},
        {"S104000055A6\nS5030002FA\n" END,
         "f:2: the file is said to have 2 data records, but 1 stand before this one"},
        {"S104000055A6\nS604000000FB\n" END,
         "f:2: the file is said to have 0 data records, but 1 stand before this one"},
        {"S104000055A6\nS504000100FA\n" END, "f:2: an S5 record has 1 data bytes, expected 0"},
        {"S104000055A6\nS904000000FB\n", "f:2: an S9 record has 1 data bytes, expected 0"},
        {"S104000055A6\n", "f:2: the file ends without S7, S8 or S9 and without a count"},
        {"S104000055A6\nS5030001FB\nS104000155A5\n",
         "f:4: the file ends without S7, S8 or S9 and without a count"},
        {"S00600004844521B\n" END, "f: the file holds no data"},
        {"S104000055A6\nS104000056A5\n" END, "f:2: data at 0x00000000 overlaps the data of line 1"},
        {"S307FFFFFFFF0102F9\n" END, "f:1: data at 0xffffffff goes past address 0xffffffff"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[200];

        (void)snprintf(message, sizeof message, "otaimg: %s\n", cases[i].message);
        expect_fail_text(cases[i].text, FW_SREC, message);
    }
}
END_TEST

START_TEST(test_fw_srec_truncated_anywhere_fails)
{
    static const char text[] = "S00600004844521B\r\nS10501000102F6\r\nS9030000FC\n";
    static const char counted[] = "S10501000102F6\r\nS5030001FB\r\nS9030000FC\n";

    ck_assert_uint_eq(count_valid_truncations((const uint8_t *)text, strlen(text), FW_SREC), 1);
    /* Whole as well: cut in or behind the CR LF of the count, and without the last line feed. */
    ck_assert_uint_eq(count_valid_truncations((const uint8_t *)counted, strlen(counted), FW_SREC),
                      4);
}
END_TEST

START_TEST(test_fw_srec_mutated_anywhere_is_never_taken_as_other_data)
{
    static const char text[] = "S00600004844521B\r\nS3090100020001020304E9\nS5030001FB\n"
                               "S70501000200F7\n";

    /* The checksum does not cover the digit of the type: S1, S2 and S3 can pass for one another,
     * which no reader can see. S3 reads as S1 and S2 here (two flips); as S0 the count is wrong. */
    ck_assert_uint_eq(count_silent_mutants((const uint8_t *)text, strlen(text), FW_SREC), 2);
}
END_TEST

START_TEST(test_fw_srec_srec_cat_output_is_same)
{
    static const char *const widths[] = {"-address-length=4", "-line-length=60"};
    size_t len;
    uint8_t *bytes = get_file(GOLDEN "app_20001.bin", &len);

    for (size_t i = 0; i < 2 && have_tool("srec_cat"); i++) {
        char command[600];
        struct fw_image *image;

        (void)snprintf(command, sizeof command,
                       "srec_cat %sapp_20001.bin -binary -offset 0x01000200 -o f -motorola %s",
                       GOLDEN, widths[i]);
        ck_assert_int_eq(system(command), 0);
        image = load_ok("f", FW_AUTO);
        ck_assert_int_eq(fw_get_format(image), FW_SREC);
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
    tcase_add_test(tc, test_fw_srec_all_record_types_are_taken);
    tcase_add_test(tc, test_fw_srec_each_termination_ends_file);
    tcase_add_test(tc, test_fw_srec_bad_record_fails);
    tcase_add_test(tc, test_fw_srec_truncated_anywhere_fails);
    tcase_add_test(tc, test_fw_srec_mutated_anywhere_is_never_taken_as_other_data);
    tcase_add_test(tc, test_fw_srec_srec_cat_output_is_same);
}

int main(void)
{
    return unit_main("fw_srec", add_tests);
}
