/* The parts that need no token: point encodings and the names of return values. */
#include "hsm.h"

#include "p11.h"

static void make_point(uint8_t wrapped[67])
{
    wrapped[0] = 0x04;
    wrapped[1] = 65;
    wrapped[2] = 0x04;
    for (unsigned i = 0; i < 64; i++) {
        wrapped[3 + i] = (uint8_t)(0x80 + i);
    }
}

START_TEST(test_point_wrapped_and_bare_are_the_same)
{
    uint8_t wrapped[67];
    uint8_t xy[64];

    make_point(wrapped);
    ck_assert(p11_ec_point_decode(wrapped, 67, xy));
    ck_assert_mem_eq(xy, wrapped + 3, 64);
    memset(xy, 0, sizeof xy);
    ck_assert(p11_ec_point_decode(wrapped + 2, 65, xy));
    ck_assert_mem_eq(xy, wrapped + 3, 64);
}
END_TEST

START_TEST(test_point_of_other_length_refused)
{
    static const uint8_t zeros[64];
    uint8_t bytes[140] = {0};
    uint8_t xy[64] = {0};

    make_point(bytes);
    for (size_t len = 0; len < sizeof bytes; len++) {
        /* An exact copy, so that a read behind the end is seen. 65 bytes of it are a bare point. */
        uint8_t *copy = malloc(len > 0 ? len : 1);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, bytes, len);
        if (len != 67 && len != 65) {
            ck_assert_msg(!p11_ec_point_decode(copy, len, xy), "length %zu was taken", len);
            ck_assert_mem_eq(xy, zeros, sizeof xy);
        }
        free(copy);
    }
}
END_TEST

START_TEST(test_point_with_changed_header_refused)
{
    uint8_t bytes[67];
    uint8_t xy[64];

    for (unsigned at = 0; at < 3; at++) {
        for (unsigned value = 0; value < 256; value++) {
            make_point(bytes);
            if (bytes[at] != value) {
                bytes[at] = (uint8_t)value;
                ck_assert_msg(!p11_ec_point_decode(bytes, 67, xy), "byte %u = %u", at, value);
            }
        }
    }
}
END_TEST

static const struct {
    CK_RV rv;
    const char *text;
} texts[] = {
    {0x0, "CKR_OK"},
    {0xa0, "CKR_PIN_INCORRECT"},
    {0x101, "CKR_USER_NOT_LOGGED_IN"},
    {0x150, "CKR_BUFFER_TOO_SMALL"},
    {0x200, "CKR_FUNCTION_REJECTED"},
    {0x201, "CKR_TOKEN_RESOURCE_EXCEEDED"},
    {0x7fffffff, "0x7fffffff"},
    {0x80000000, "CKR_VENDOR_DEFINED+0x0"},
    {0xce534351, "CKR_VENDOR_DEFINED+0x4e534351"},
};

START_TEST(test_return_value_has_name_or_number)
{
    char buffer[P11_RV_TEXT_LEN];

    ck_assert_str_eq(p11_rv_text(texts[_i].rv, buffer), texts[_i].text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_point_wrapped_and_bare_are_the_same);
    tcase_add_test(tc, test_point_of_other_length_refused);
    tcase_add_test(tc, test_point_with_changed_header_refused);
    tcase_add_loop_test(tc, test_return_value_has_name_or_number, 0,
                        sizeof texts / sizeof texts[0]);
}

int main(void)
{
    return unit_main("hsm_values", add_tests);
}
