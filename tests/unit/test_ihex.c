/* Intel HEX output: exact text, whatever the cut, and back through the reader. */
#include "fw_unit.h"

#include "ihex.h"

static enum ox to_stream(void *user, const char *text, size_t len)
{
    ck_assert_int_eq(text[len - 1], '\n');
    return fwrite(text, 1, len, user) == len ? OX_OK : OX_IO;
}

/* What the writer makes of bytes at address when they come in parts of at most part. */
static char *write_parts(uint32_t address, const uint8_t *bytes, size_t len, size_t part)
{
    struct ihex_writer w;
    char *text = NULL;
    size_t text_len;
    FILE *f = open_memstream(&text, &text_len);

    ihex_begin(&w, to_stream, f);
    for (size_t at = 0; at < len; at += part) {
        ck_assert_int_eq(
            ihex_write(&w, address + (uint32_t)at, bytes + at, len - at < part ? len - at : part),
            OX_OK);
    }
    ck_assert_int_eq(ihex_end(&w), OX_OK);
    ck_assert_int_eq(fclose(f), 0);
    return text;
}

START_TEST(test_ihex_records_are_aligned)
{
    uint8_t bytes[20];

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(0xA0 + i);
    }
    for (size_t part = 1; part <= sizeof bytes; part++) {
        char *text = write_parts(0x0100FFFE, bytes, sizeof bytes, part);

        ck_assert_str_eq(text, ":020000040100F9\n"
                               ":02FFFE00A0A1C0\n"
                               ":020000040101F8\n"
                               ":10000000A2A3A4A5A6A7A8A9AAABACADAEAFB0B158\n"
                               ":02001000B2B389\n"
                               ":00000001FF\n");
        free(text);
    }
}
END_TEST

START_TEST(test_ihex_first_record_is_extended_even_at_zero)
{
    char *text = write_parts(0, (const uint8_t *)"\1", 1, 1);

    ck_assert_str_eq(text, ":020000040000FA\n:0100000001FE\n:00000001FF\n");
    free(text);
    text = write_parts(0xFFFFFFFF, (const uint8_t *)"\1", 1, 1);
    ck_assert_str_eq(text, ":02000004FFFFFC\n:01FFFF000100\n:00000001FF\n");
    free(text);
    text = write_parts(0, NULL, 0, 1);
    ck_assert_str_eq(text, ":00000001FF\n");
    free(text);
}
END_TEST

START_TEST(test_ihex_gaps_stay_gaps)
{
    struct ihex_writer w;
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    ihex_begin(&w, to_stream, f);
    ck_assert_int_eq(ihex_write(&w, 0x10, (const uint8_t *)"\1", 1), OX_OK);
    ck_assert_int_eq(ihex_write(&w, 0x12, (const uint8_t *)"\2", 1), OX_OK);
    ck_assert_int_eq(ihex_write(&w, 0x30012, (const uint8_t *)"\3", 1), OX_OK);
    ck_assert_int_eq(ihex_end(&w), OX_OK);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_str_eq(text, ":020000040000FA\n:0100100001EE\n:0100120002EB\n"
                           ":020000040003F7\n:0100120003EA\n:00000001FF\n");
    free(text);
}
END_TEST

static enum ox fail_later(void *user, const char *text, size_t len)
{
    unsigned *left = user;

    (void)text;
    (void)len;
    return (*left)-- == 0 ? OX_IO : OX_OK;
}

START_TEST(test_ihex_failing_sink_ends_writing)
{
    static const uint8_t bytes[40];

    /* Extended record, three data records, end record. */
    for (unsigned n = 0; n <= 5; n++) {
        struct ihex_writer w;
        unsigned left = n;
        enum ox rc;

        ihex_begin(&w, fail_later, &left);
        rc = ihex_write(&w, 0, bytes, sizeof bytes);
        if (rc == OX_OK) {
            rc = ihex_end(&w);
        }
        ck_assert_int_eq(rc, n < 5 ? OX_IO : OX_OK);
    }
}
END_TEST

static enum ox copy_piece(void *user, uint32_t address, const uint8_t *bytes, size_t len)
{
    return ihex_write(user, address, bytes, len);
}

/* Reads any file and writes it as Intel HEX. */
static void convert(const char *from, const char *to)
{
    struct fw_image *image = load_ok(from, FW_AUTO);
    FILE *f = fopen(to, "wb");
    struct ihex_writer w;

    ck_assert_ptr_nonnull(f);
    ihex_begin(&w, to_stream, f);
    ck_assert_int_eq(fw_for_each(image, copy_piece, &w), OX_OK);
    ck_assert_int_eq(ihex_end(&w), OX_OK);
    ck_assert_int_eq(fclose(f), 0);
    fw_free(image);
}

START_TEST(test_ihex_round_trip_keeps_data)
{
    static const char *const names[] = {"app_gap.hex", "app_20001.hex", "app_20001.bin"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[600];
        struct fw_image *a;
        struct fw_image *b;

        (void)snprintf(path, sizeof path, TEST_DATA_DIR "/golden/microchip/inputs/%s", names[i]);
        convert(path, "f.hex");
        a = load_ok(path, FW_AUTO);
        b = load_ok("f.hex", FW_AUTO);
        ck_assert_uint_eq(see_all(a).digest, see_all(b).digest);
        fw_free(a);
        fw_free(b);
    }
}
END_TEST

START_TEST(test_ihex_srec_cat_reads_same_data)
{
    if (!have_tool("srec_cat")) {
        return;
    }
    convert(TEST_DATA_DIR "/golden/microchip/inputs/app_20001.hex", "f.hex");
    ck_assert_int_eq(
        system(
            "srec_cat f.hex -intel -offset -0x01000200 -o f.bin -binary && cmp f.bin " TEST_DATA_DIR
            "/golden/microchip/inputs/app_20001.bin"),
        0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tc, test_ihex_records_are_aligned);
    tcase_add_test(tc, test_ihex_first_record_is_extended_even_at_zero);
    tcase_add_test(tc, test_ihex_gaps_stay_gaps);
    tcase_add_test(tc, test_ihex_failing_sink_ends_writing);
    tcase_add_test(tc, test_ihex_round_trip_keeps_data);
    tcase_add_test(tc, test_ihex_srec_cat_reads_same_data);
}

int main(void)
{
    return unit_main("ihex", add_tests);
}
