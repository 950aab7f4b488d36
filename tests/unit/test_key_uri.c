/* Key URIs: schemes, PINs that must not be in them, and paths beside a file. */
#include "unit.h"

#include "key_uri.h"

#define PIN_MESSAGE                                                                                \
    "otaimg: the key URI contains 'pin-value', expected no PIN in it\n"                            \
    "hint: use pin-source=file:/PATH in the URI, or the environment variable OTAIMG_PIN\n"

static void expect_refusal(const char *uri, const char *message)
{
    enum key_uri_kind kind = KEY_URI_PKCS11;

    catch_diagnostics();
    ck_assert_int_eq(key_uri_kind_of(uri, &kind), OX_USAGE);
    ck_assert_int_eq(kind, KEY_URI_PKCS11);
    ck_assert_str_eq(caught(), message);
}

START_TEST(test_key_uri_known_scheme_accepted)
{
    static const char *const tokens[] = {
        "pkcs11:", "pkcs11:token=a;object=b%20c", "pkcs11:id=%01%02?module-path=/m.so",
        "pkcs11:object=x?pin-source=file:/p&module-path=/m.so", "pkcs11:object=pin-value"};
    enum key_uri_kind kind = KEY_URI_PKCS11;

    catch_diagnostics();
    ck_assert_int_eq(key_uri_kind_of("file:a b%.pem", &kind), OX_OK);
    ck_assert_int_eq(kind, KEY_URI_FILE);
    ck_assert_str_eq(key_uri_path("file:a b%.pem"), "a b%.pem");
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        kind = KEY_URI_FILE;
        ck_assert_msg(key_uri_kind_of(tokens[i], &kind) == OX_OK, "'%s' was refused", tokens[i]);
        ck_assert_int_eq(kind, KEY_URI_PKCS11);
    }
    ck_assert_str_eq(caught(), "");
}
END_TEST

START_TEST(test_key_uri_unknown_scheme_lists_schemes)
{
    expect_refusal("foo", "otaimg: 'foo' is not a key URI, expected file:PATH or pkcs11:...\n");
    expect_refusal("", "otaimg: '' is not a key URI, expected file:PATH or pkcs11:...\n");
    expect_refusal("exec:sign.sh",
                   "otaimg: 'exec:sign.sh' is not a key URI, expected file:PATH or pkcs11:...\n");
    expect_refusal("File:a",
                   "otaimg: 'File:a' is not a key URI, expected file:PATH or pkcs11:...\n");
    expect_refusal("file:", "otaimg: 'file:' names no file, expected file:PATH\n");
}
END_TEST

START_TEST(test_key_uri_pin_value_refused_and_not_printed)
{
    static const char *const uris[] = {
        "pkcs11:pin-value=1234",          "pkcs11:object=a?pin-value=1234",
        "pkcs11:object=a;pin-value=1234", "pkcs11:object=a?module-path=/m.so&pin-value=1234",
        "pkcs11:object=a?Pin-Value=1234", "PKCS11:object=a?pin-value=1234",
        "object=a?pin-value=1234"};

    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        expect_refusal(uris[i], PIN_MESSAGE);
    }
}
END_TEST

START_TEST(test_key_uri_hidden_pin_value_refused)
{
    static const char encoded[] = "otaimg: percent-encoded attribute name in the key URI, expected "
                                  "a plain name as in 'object=NAME'\n";
    static const char blank[] =
        "otaimg: blank in the key URI, expected %20 for a space in a name\n";

    expect_refusal("pkcs11:object=a?pin%2dvalue=1234", encoded);
    expect_refusal("pkcs11:%70in-value=1234", encoded);
    expect_refusal("pkcs11:object=a;pin-valu%65=1234", encoded);
    expect_refusal("pkcs11:object=a?pin-va lue=1234", blank);
    expect_refusal("pkcs11:object=a?pin-value\t=1234", blank);
    expect_refusal("pkcs11:object=a?pin-\nvalue=1234", blank);
}
END_TEST

START_TEST(test_key_uri_in_file_message_has_the_place)
{
    static const struct src_pos pos = {"m.yaml", 12, 9};
    static const char *const cases[][2] = {
        {"foo", "'foo' is not a key URI, expected file:PATH or pkcs11:...\n"},
        {"file:", "'file:' names no file, expected file:PATH\n"},
        {"pkcs11:object=a?pin-value=1234", &PIN_MESSAGE[sizeof "otaimg: " - 1]},
        {"pkcs11:obj%65ct=a",
         "percent-encoded attribute name in the key URI, expected a plain name "
         "as in 'object=NAME'\n"},
        {"pkcs11:object=a b", "blank in the key URI, expected %20 for a space in a name\n"}};
    enum key_uri_kind kind = KEY_URI_PKCS11;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[256];

        (void)snprintf(message, sizeof message, "otaimg: m.yaml:12:9: %s", cases[i][1]);
        catch_diagnostics();
        ck_assert_int_eq(key_uri_kind_at(cases[i][0], &pos, &kind), OX_USAGE);
        ck_assert_str_eq(caught(), message);
    }
    ck_assert_int_eq(key_uri_kind_at("file:a", &pos, &kind), OX_OK);
    ck_assert_int_eq(kind, KEY_URI_FILE);
}
END_TEST

START_TEST(test_key_uri_resolve_file_beside_base)
{
    static const char *const cases[][3] = {
        {"a/release.yaml", "file:keys/k.pem", "file:a/keys/k.pem"},
        {"release.yaml", "file:k.pem", "file:k.pem"},
        {"a/release.yaml", "file:/k.pem", "file:/k.pem"},
        {NULL, "file:k.pem", "file:k.pem"},
        {"a/release.yaml", "pkcs11:object=a?module-path=/m.so",
         "pkcs11:object=a?module-path=/m.so"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *resolved = key_uri_resolve(cases[i][0], cases[i][1]);

        ck_assert_str_eq(resolved, cases[i][2]);
        free(resolved);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_key_uri_known_scheme_accepted);
    tcase_add_test(tc, test_key_uri_unknown_scheme_lists_schemes);
    tcase_add_test(tc, test_key_uri_pin_value_refused_and_not_printed);
    tcase_add_test(tc, test_key_uri_hidden_pin_value_refused);
    tcase_add_test(tc, test_key_uri_in_file_message_has_the_place);
    tcase_add_test(tc, test_key_uri_resolve_file_beside_base);
}

int main(void)
{
    return unit_main("key_uri", add_tests);
}
