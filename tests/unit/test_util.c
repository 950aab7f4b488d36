/* Strict text conversions: what is taken, and that everything near it is not. */
#include "unit.h"

#include "util.h"

START_TEST(test_parse_u64_strict)
{
    static const char *const bad[] = {"",
                                      "00",
                                      "01",
                                      "0x",
                                      "0X1",
                                      "1 ",
                                      " 1",
                                      "+1",
                                      "-1",
                                      "1_0",
                                      "0x1g",
                                      "1.0",
                                      "1e3",
                                      "18446744073709551616",
                                      "0x10000000000000000"};
    uint64_t v = 77;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!parse_u64(bad[i], UINT64_MAX, &v), "'%s' was taken", bad[i]);
        ck_assert_uint_eq(v, 77);
    }
    ck_assert(parse_u64("0", 0, &v) && v == 0);
    ck_assert(parse_u64("0x9B000000", UINT32_MAX, &v) && v == 0x9B000000u);
    ck_assert(parse_u64("18446744073709551615", UINT64_MAX, &v) && v == UINT64_MAX);
    ck_assert(parse_u64("0xffffffffffffffff", UINT64_MAX, &v) && v == UINT64_MAX);
    ck_assert(!parse_u64("256", 255, &v));
}
END_TEST

START_TEST(test_version_round_trip)
{
    static const char *const bad[] = {"",         "1",      "1.2.3",  "1.2.3.4.5", "1.2.3.256",
                                      "01.2.3.4", "1.2.3.", ".1.2.3", "1.2.3.4 ",  "1,2,3,4"};
    char text[VERSION_TEXT_LEN];
    uint32_t v = 0;

    ck_assert(parse_version("1.4.2.0", &v) && v == 0x01040200);
    format_version(0xFFFEFD00u, text);
    ck_assert_str_eq(text, "255.254.253.0");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!parse_version(bad[i], &v), "'%s' was taken", bad[i]);
    }
}
END_TEST

START_TEST(test_uuid_round_trip)
{
    uint8_t uuid[16];
    char text[UUID_TEXT_LEN];

    ck_assert(parse_uuid("7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f", uuid));
    ck_assert_uint_eq(uuid[0], 0x7d);
    ck_assert_uint_eq(uuid[15], 0x3f);
    format_uuid(uuid, text);
    ck_assert_str_eq(text, "7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f");
    ck_assert(!parse_uuid("7d7c9f0e3b534c1e9a860a8f5c1d2e3f", uuid));
    ck_assert(!parse_uuid("7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3g", uuid));
    ck_assert(!parse_uuid("7d7c9f0-e3b53-4c1e-9a86-0a8f5c1d2e3f", uuid));
}
END_TEST

START_TEST(test_date_round_trip)
{
    static const char *const bad[] = {"2031-02-29", "2031-13-01", "2031-00-10", "2031-04-31",
                                      "1969-12-31", "2031-1-1",   "2031/01/01", "20310101"};
    char text[DATE_TEXT_LEN];
    uint32_t days = 0;

    ck_assert(parse_date("1970-01-01", &days) && days == 0);
    ck_assert(parse_date("2000-03-01", &days) && days == 11017);
    ck_assert(parse_date("2031-12-31", &days) && days == 22644);
    for (uint32_t d = 0; d < 200000; d++) {
        uint32_t back = 0;

        format_date(d, text);
        ck_assert(parse_date(text, &back));
        ck_assert_uint_eq(back, d);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!parse_date(bad[i], &days), "'%s' was taken", bad[i]);
    }
}
END_TEST

START_TEST(test_hex_decode_strict)
{
    uint8_t bytes[2] = {1, 2};

    ck_assert(!hex_decode("abc", bytes, 2));
    ck_assert(!hex_decode("abcg", bytes, 2));
    ck_assert(!hex_decode("abcd00", bytes, 2));
    ck_assert_uint_eq(bytes[0], 1);
    ck_assert(hex_decode("AbcD", bytes, 2));
    ck_assert_uint_eq(bytes[0], 0xab);
    ck_assert_uint_eq(bytes[1], 0xcd);
}
END_TEST

START_TEST(test_uri_needs_scheme_and_allowed_characters)
{
    static const char *const good[] = {"urn:x", "a:b", "https://ci.example/runner?a=b#c",
                                       "z+1-.x:%7E", "mailto:a@b"};
    static const char *const bad[] = {"",     ":",   "x",    "x:",    "1:x",  " a:b", "a b:c",
                                      "a:b ", "a:%", "a:%4", "a:%4g", "a:\"", "a:\n", "a:\xC3\xA9"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(is_uri(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!is_uri(bad[i]), "%s", bad[i]);
    }
}
END_TEST

START_TEST(test_diag_escapes_control_characters)
{
    catch_diagnostics();
    ck_assert_int_eq(diag_fail(OX_IO, "cannot open '%s'", "a\033[2Jb\n"), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot open 'a\\x1b[2Jb\\x0a'\n");
}
END_TEST

START_TEST(test_out_of_memory_exits_with_70)
{
    xalloc_fail_at(2);
    free(xmalloc(10));
    free(xmalloc(10));
    ck_abort_msg("the second allocation did not fail");
}
END_TEST

START_TEST(test_path_beside)
{
    char *p = path_beside("a/b/c.yaml", "k/x.pem");

    ck_assert_str_eq(p, "a/b/k/x.pem");
    free(p);
    p = path_beside("c.yaml", "x.pem");
    ck_assert_str_eq(p, "x.pem");
    free(p);
    p = path_beside("a/c.yaml", "/abs");
    ck_assert_str_eq(p, "/abs");
    free(p);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_parse_u64_strict);
    tcase_add_test(tc, test_version_round_trip);
    tcase_add_test(tc, test_uuid_round_trip);
    tcase_add_test(tc, test_date_round_trip);
    tcase_add_test(tc, test_hex_decode_strict);
    tcase_add_test(tc, test_uri_needs_scheme_and_allowed_characters);
    tcase_add_test(tc, test_diag_escapes_control_characters);
    tcase_add_exit_test(tc, test_out_of_memory_exits_with_70, 70);
    tcase_add_test(tc, test_path_beside);
}

int main(void)
{
    return unit_main("util", add_tests);
}
