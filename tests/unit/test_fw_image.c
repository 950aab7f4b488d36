/* Loading by content, raw binaries, reading by address, and files that cannot be read. */
#include "fw_unit.h"

#include <sys/stat.h>

#include "fw_impl.h"

static void put_pattern(const char *name, size_t len)
{
    uint8_t *bytes = malloc(len);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    put_file(name, bytes, len);
    free(bytes);
}

START_TEST(test_fw_image_content_decides_format)
{
    static const struct {
        const char *text;
        enum fw_format format;
    } cases[] = {
        {":0100000055AA\n:00000001FF\n", FW_IHEX},
        {"\r\n\n:0100000055AA\n:00000001FF\n", FW_IHEX},
        {"S104000055A6\nS9030000FC\n", FW_SREC},
        {"S", FW_BIN},
        {"SA", FW_BIN},
        {" :0100000055AA\n", FW_BIN},
        {"\n\n", FW_BIN},
        {"\177EL", FW_BIN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fw_image *image;

        put_text("f", cases[i].text);
        image = load_ok("f", FW_AUTO);
        ck_assert_int_eq(fw_get_format(image), cases[i].format);
        ck_assert_str_eq(fw_get_path(image), "f");
        fw_free(image);
    }
    expect_fail_text("\177ELF", FW_AUTO, "otaimg: f: the file is not an ELF file\n");
}
END_TEST

START_TEST(test_fw_image_forced_binary_keeps_text)
{
    struct fw_image *image;

    put_text("f", ":00000001FF\n");
    image = load_ok("f", FW_BIN);
    expect_bytes(image, 0x01000200, ":00000001FF\n", 12);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_image_binary_reads_by_address)
{
    struct fw_image *image = NULL;
    uint8_t expected[8] = {0xFF, 0xFF, 'a', 'b', 'c', 'd', 0xFF, 0xFF};

    put_text("f", "abcd");
    ck_assert_int_eq(fw_load("f", FW_AUTO, 0x1000, &image), OX_OK);
    expect_bytes(image, 0xFFE, expected, 8);
    expect_bytes(image, 0x1001, "bc", 2);
    expect_bytes(image, 0x1004, "\xFF\xFF", 2);
    expect_bytes(image, 0xFFE, "\xFF\xFF", 2);
    expect_bytes(image, 0x1000, "", 0);
    expect_bytes(image, 0xFFFFFFFE, "\xFF\xFF", 2);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_image_binary_visits_in_chunks)
{
    struct fw_image *image;
    struct seen seen;

    put_pattern("f", 3 * 65536 + 5);
    image = load_ok("f", FW_BIN);
    seen = see_all(image);
    ck_assert_uint_eq(seen.count, 4);
    ck_assert_uint_eq(seen.total, 3 * 65536 + 5);
    ck_assert_uint_eq(seen.next, 0x01000200 + 3 * 65536 + 5);
    ck_assert_ptr_null(image->decoded);
    fw_free(image);
}
END_TEST

static enum ox stop_at_second(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    unsigned *calls = user;

    (void)address;
    (void)bytes;
    (void)len;
    return ++*calls == 2 ? OX_DIFFERENT : OX_OK;
}

START_TEST(test_fw_image_visitor_can_stop)
{
    struct fw_image *image;
    unsigned calls = 0;

    put_pattern("f", 3 * 65536);
    image = load_ok("f", FW_BIN);
    ck_assert_int_eq(fw_for_each(image, stop_at_second, &calls), OX_DIFFERENT);
    ck_assert_uint_eq(calls, 2);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_image_binary_at_end_of_address_space)
{
    struct fw_image *image = NULL;

    put_text("f", "abcd");
    ck_assert_int_eq(fw_load("f", FW_BIN, 0xFFFFFFFC, &image), OX_OK);
    expect_bytes(image, 0xFFFFFFFC, "abcd", 4);
    ck_assert_uint_eq(see_all(image).next, 0x100000000u);
    fw_free(image);
    image = NULL;
    catch_diagnostics();
    ck_assert_int_eq(fw_load("f", FW_BIN, 0xFFFFFFFD, &image), OX_MALFORMED);
    ck_assert_str_eq(caught(), "otaimg: f: data at 0xfffffffd goes past address 0xffffffff\n");
}
END_TEST

START_TEST(test_fw_image_missing_file_fails)
{
    expect_fail("no.hex", FW_AUTO, OX_IO,
                "otaimg: cannot open 'no.hex': No such file or directory\n");
}
END_TEST

START_TEST(test_fw_image_not_a_file_fails)
{
    ck_assert_int_eq(mkdir("d", 0755), 0);
    ck_assert_int_eq(mkfifo("p", 0644), 0);
    expect_fail("d", FW_AUTO, OX_IO, "otaimg: 'd' is a directory, expected a firmware file\n");
    expect_fail("p", FW_AUTO, OX_IO,
                "otaimg: 'p' is not a regular file, expected a firmware file\n");
    expect_fail("/dev/null", FW_AUTO, OX_IO,
                "otaimg: '/dev/null' is not a regular file, expected a firmware file\n");
}
END_TEST

START_TEST(test_fw_image_empty_file_fails)
{
    put_text("f", "");
    for (int format = FW_AUTO; format <= FW_BIN; format++) {
        expect_fail("f", (enum fw_format)format, OX_MALFORMED,
                    "otaimg: 'f' is empty, expected a firmware file\n");
    }
}
END_TEST

START_TEST(test_fw_image_unreadable_file_fails)
{
    put_text("f", "abcd");
    ck_assert_int_eq(chmod("f", 0), 0);
    ck_assert_int_eq(chmod(".", 0755), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(seteuid(65534), 0);
    }
    expect_fail("f", FW_AUTO, OX_IO, "otaimg: cannot open 'f': Permission denied\n");
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
    }
}
END_TEST

START_TEST(test_fw_image_shrinking_file_fails)
{
    struct fw_image *image;
    struct seen seen = {0};
    uint8_t bytes[8];

    put_pattern("f", 70000);
    image = load_ok("f", FW_BIN);
    ck_assert_int_eq(truncate("f", 65540), 0);
    catch_diagnostics();
    ck_assert_int_eq(fw_read(image, 0x01000200 + 65536, bytes, 8), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: 'f' became shorter while it was read\n");
    catch_diagnostics();
    ck_assert_int_eq(fw_for_each(image, see, &seen), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: 'f' became shorter while it was read\n");
    ck_assert_uint_eq(seen.count, 1);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_image_huge_text_fails)
{
    put_text("f", ":00000001FF\n");
    ck_assert_int_eq(truncate("f", (64 << 20) + 1), 0);
    expect_fail("f", FW_AUTO, OX_MALFORMED,
                "otaimg: f: the file has 67108865 bytes, expected at most 67108864 for a text "
                "format\n");
    expect_fail("f", FW_SREC, OX_MALFORMED,
                "otaimg: f: the file has 67108865 bytes, expected at most 67108864 for a text "
                "format\n");
}
END_TEST

START_TEST(test_fw_image_huge_binary_is_taken_without_reading)
{
    struct fw_image *image = NULL;

    put_text("f", "x");
    ck_assert_int_eq(truncate("f", (off_t)1 << 31), 0);
    ck_assert_int_eq(fw_load("f", FW_BIN, 0, &image), OX_OK);
    expect_bytes(image, 0x7FFFFFFF, "\0\xFF", 2);
    fw_free(image);
    ck_assert_int_eq(truncate("f", (off_t)1 << 33), 0);
    catch_diagnostics();
    ck_assert_int_eq(fw_load("f", FW_BIN, 0, &image), OX_MALFORMED);
    ck_assert_str_eq(caught(), "otaimg: f: data at 0x00000000 goes past address 0xffffffff\n");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tc, test_fw_image_content_decides_format);
    tcase_add_test(tc, test_fw_image_forced_binary_keeps_text);
    tcase_add_test(tc, test_fw_image_binary_reads_by_address);
    tcase_add_test(tc, test_fw_image_binary_visits_in_chunks);
    tcase_add_test(tc, test_fw_image_visitor_can_stop);
    tcase_add_test(tc, test_fw_image_binary_at_end_of_address_space);
    tcase_add_test(tc, test_fw_image_missing_file_fails);
    tcase_add_test(tc, test_fw_image_not_a_file_fails);
    tcase_add_test(tc, test_fw_image_empty_file_fails);
    tcase_add_test(tc, test_fw_image_unreadable_file_fails);
    tcase_add_test(tc, test_fw_image_shrinking_file_fails);
    tcase_add_test(tc, test_fw_image_huge_text_fails);
    tcase_add_test(tc, test_fw_image_huge_binary_is_taken_without_reading);
}

int main(void)
{
    return unit_main("fw_image", add_tests);
}
