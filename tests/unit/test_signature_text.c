/*
 * Signatures as other programs write them: every encoding gives the same 64 bytes, and what is cut or
 * changed is refused or another signature, never half of one.
 */
#include "unit.h"

#include "signature_text.h"
#include "util.h"

#include <otav/otav_format.h>

/* r with its high bit set and s with leading zeros: DER of another length than 70. */
static const uint8_t rs[64] = {
    0xAC, 0x84, 0x56, 0x06, 0xB3, 0x68, 0x19, 0x2E, 0xAB, 0xF5, 0xE2, 0x27, 0xEB, 0x91, 0xC1, 0x3D,
    0x83, 0xBA, 0xBF, 0xB6, 0x32, 0xD3, 0x80, 0x77, 0xDE, 0xF2, 0x7F, 0x41, 0xB9, 0xB1, 0x6B, 0x34,
    0x00, 0x00, 0x36, 0xE4, 0xA3, 0x72, 0xF0, 0x8B, 0x04, 0xE7, 0x92, 0x99, 0x1F, 0xAE, 0x92, 0xE0,
    0x7B, 0x2E, 0x52, 0xE3, 0x3D, 0xCF, 0xB9, 0x7E, 0x95, 0xE4, 0x5A, 0xF8, 0xBA, 0x28, 0x6D, 0x51};

static const char raw_base64[] = "rIRWBrNoGS6r9eIn65HBPYO6v7Yy04B33vJ/QbmxazQAADbko3LwiwTnkpkfrpLg"
                                 "ey5S4z3PuX6V5Fr4uihtUQ==";

static size_t make_der(uint8_t der[OTAV_META_SIG_LEN])
{
    memset(der, 0, OTAV_META_SIG_LEN);
    return otav_der_encode(rs, der);
}

static void expect_taken(const void *bytes, size_t len, const char *what)
{
    uint8_t got[64] = {0};

    ck_assert_msg(signature_text_read(bytes, len, got), "%s was refused", what);
    ck_assert_msg(memcmp(got, rs, sizeof rs) == 0, "%s was read as another one", what);
}

static void expect_refused(const void *bytes, size_t len, const char *what)
{
    uint8_t got[64];
    uint8_t before[64];

    memset(got, 0xA5, sizeof got);
    memcpy(before, got, sizeof got);
    ck_assert_msg(!signature_text_read(bytes, len, got), "%s was taken", what);
    ck_assert_mem_eq(got, before, sizeof got);
}

static void expect_text(const char *text)
{
    expect_taken(text, strlen(text), text);
}

static void refuse_text(const char *text)
{
    expect_refused(text, strlen(text), text);
}

START_TEST(test_signature_text_binary)
{
    uint8_t der[OTAV_META_SIG_LEN];
    size_t len = make_der(der);

    expect_taken(rs, sizeof rs, "raw");
    expect_taken(der, len, "DER");
}
END_TEST

START_TEST(test_signature_text_hex_of_either_case_and_broken_lines)
{
    uint8_t der[OTAV_META_SIG_LEN];
    size_t len = make_der(der);
    char text[2 * OTAV_META_SIG_LEN + 1];
    char *lines;

    hex_encode(der, len, text);
    expect_text(text);
    hex_encode(rs, sizeof rs, text);
    expect_text(text);
    lines = xasprintf(" %.64s\r\n\t%s\n", text, text + 64);
    expect_text(lines);
    free(lines);
    for (char *p = text; *p != '\0'; p++) {
        *p = (char)(*p >= 'a' ? *p - 'a' + 'A' : *p);
    }
    expect_text(text);
}
END_TEST

START_TEST(test_signature_text_base64_and_base64url)
{
    char text[sizeof raw_base64];

    expect_text(raw_base64);
    memcpy(text, raw_base64, sizeof text);
    *strchr(text, '/') = '_';
    expect_text(text);
    text[strlen(text) - 2] = '\0'; /* padding is optional */
    expect_text(text);
}
END_TEST

START_TEST(test_signature_text_base64_has_one_form)
{
    char text[sizeof raw_base64 + 4];

    memcpy(text, raw_base64, sizeof raw_base64);
    text[strlen(text) - 1] = '\0'; /* one of two padding characters */
    refuse_text(text);
    memcpy(text, raw_base64, sizeof raw_base64);
    memcpy(text + strlen(text), "=", 2); /* a third one */
    refuse_text(text);
    memcpy(text, raw_base64, sizeof raw_base64);
    text[strlen(text) - 3] = 'R'; /* unused bits that are not zero */
    refuse_text(text);
    memcpy(text, raw_base64, sizeof raw_base64);
    text[0] = '-'; /* both alphabets */
    refuse_text(text);
    memcpy(text, raw_base64, sizeof raw_base64);
    text[4] = '='; /* padding inside */
    refuse_text(text);
}
END_TEST

/* Every input shorter than least; but 64 bytes are r || s, whatever they are. */
static void refuse_cuts(const uint8_t *bytes, size_t len, size_t least)
{
    for (size_t cut = 0; cut < least; cut++) {
        if (cut != sizeof rs) {
            expect_refused(bytes, cut, "a cut signature");
        }
    }
    expect_taken(bytes, len, "the whole signature");
}

START_TEST(test_signature_text_truncation_at_every_byte_refused)
{
    uint8_t der[OTAV_META_SIG_LEN];
    size_t len = make_der(der);
    char text[2 * OTAV_META_SIG_LEN + 1];

    refuse_cuts(rs, sizeof rs, sizeof rs);
    refuse_cuts(der, len, len);
    hex_encode(rs, sizeof rs, text);
    refuse_cuts((const uint8_t *)text, strlen(text), strlen(text));
    refuse_cuts((const uint8_t *)raw_base64, strlen(raw_base64), strlen(raw_base64) - 2);
}
END_TEST

/* A changed byte of a text gives no signature or another one, but for the case of a hex digit. */
static void mutate(const char *text)
{
    size_t len = strlen(text);
    char *copy = xstrdup(text);

    for (size_t i = 0; i < len; i++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t got[64];

            copy[i] = (char)value;
            if (copy[i] != text[i] && signature_text_read((const uint8_t *)copy, len, got) &&
                memcmp(got, rs, sizeof rs) == 0) {
                ck_assert_msg((copy[i] ^ text[i]) == 0x20 || (text[i] == '=' && value <= ' ') ||
                                  (text[i] == '/' && value == '_'),
                              "byte %zu as 0x%02X means the same", i, value);
            }
        }
        copy[i] = text[i];
    }
    free(copy);
}

START_TEST(test_signature_text_mutation_of_every_byte_is_no_alias)
{
    char text[2 * 64 + 1];

    hex_encode(rs, sizeof rs, text);
    mutate(text);
    mutate(raw_base64);
}
END_TEST

START_TEST(test_signature_text_other_input_refused)
{
    char text[SIGNATURE_TEXT_MAX_LEN];

    refuse_text("");
    refuse_text(" \n");
    refuse_text("-----BEGIN SIGNATURE-----");
    refuse_text("{\"otaimg-response\": 1}");
    memset(text, 'A', sizeof text);
    expect_refused(text, sizeof text, "a long text");
    memset(text, ' ', sizeof text);
    expect_refused(text, sizeof text, "white space");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_signature_text_binary);
    tcase_add_test(tc, test_signature_text_hex_of_either_case_and_broken_lines);
    tcase_add_test(tc, test_signature_text_base64_and_base64url);
    tcase_add_test(tc, test_signature_text_base64_has_one_form);
    tcase_add_test(tc, test_signature_text_truncation_at_every_byte_refused);
    tcase_add_test(tc, test_signature_text_mutation_of_every_byte_is_no_alias);
    tcase_add_test(tc, test_signature_text_other_input_refused);
}

int main(void)
{
    return unit_main("signature_text", add_tests);
}
