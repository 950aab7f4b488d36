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
    expect_refusal("foo",
                   "otaimg: 'foo' is not a key URI, expected file:PATH, pkcs11:... or exec:...\n");
    expect_refusal("", "otaimg: '' is not a key URI, expected file:PATH, pkcs11:... or exec:...\n");
    expect_refusal("Exec:a?public=b", "otaimg: 'Exec:a?public=b' is not a key URI, expected "
                                      "file:PATH, pkcs11:... or exec:...\n");
    expect_refusal(
        "File:a",
        "otaimg: 'File:a' is not a key URI, expected file:PATH, pkcs11:... or exec:...\n");
    expect_refusal("file:", "otaimg: 'file:' names no file, expected file:PATH\n");
}
END_TEST

START_TEST(test_key_uri_pin_value_refused_and_not_printed)
{
    static const char *const uris[] = {
        "pkcs11:pin-value=1234",          "pkcs11:object=a?pin-value=1234",
        "pkcs11:object=a;pin-value=1234", "pkcs11:object=a?module-path=/m.so&pin-value=1234",
        "pkcs11:object=a?Pin-Value=1234", "PKCS11:object=a?pin-value=1234",
        "object=a?pin-value=1234",        "exec:p?public=k&pin-value=1234"};

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
        {"foo", "'foo' is not a key URI, expected file:PATH, pkcs11:... or exec:...\n"},
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
         "pkcs11:object=a?module-path=/m.so"},
        {"a b/r.yaml", "exec:sign?public=k.pem", "exec:a%20b/sign?public=a%20b/k.pem&timeout=60"},
        {"a/r.yaml", "exec:/bin/s%3F%25%26?timeout=5&public=/k%26%25.pem",
         "exec:/bin/s%3f%25%26?public=/k%26%25.pem&timeout=5"},
        {NULL, "exec:sign?public=k.pem", "exec:sign?public=k.pem&timeout=60"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *resolved = key_uri_resolve(cases[i][0], cases[i][1]);

        ck_assert_str_eq(resolved, cases[i][2]);
        free(resolved);
    }
}
END_TEST

/* ---- exec: ------------------------------------------------------------------------------------ */

START_TEST(test_key_uri_exec_parts)
{
    static const struct {
        const char *uri;
        const char *program;
        const char *public_path;
        unsigned timeout;
    } cases[] = {{"exec:/usr/bin/sign?public=k.pem", "/usr/bin/sign", "k.pem", 60},
                 {"exec:a b&c=d?timeout=1&public=k?=.pem", "a b&c=d", "k?=.pem", 1},
                 {"exec:%2Fs%3f%25?public=%26%20&timeout=3600", "/s?%", "& ", 3600}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum key_uri_kind kind = KEY_URI_FILE;
        struct key_uri_exec exec;

        ck_assert_int_eq(key_uri_kind_of(cases[i].uri, &kind), OX_OK);
        ck_assert_int_eq(kind, KEY_URI_EXEC);
        ck_assert_int_eq(key_uri_exec_read(cases[i].uri, NULL, &exec), OX_OK);
        ck_assert_str_eq(exec.program, cases[i].program);
        ck_assert_str_eq(exec.public_path, cases[i].public_path);
        ck_assert_uint_eq(exec.timeout, cases[i].timeout);
        key_uri_exec_free(&exec);
    }
}
END_TEST

START_TEST(test_key_uri_exec_bad_ones_refused)
{
#define PERCENT                                                                                    \
    " of the exec: URI has a '%' without two hex digits behind it, expected %25 for a percent "    \
    "sign\n"
#define EMPTY      " of the exec: URI is empty, expected exec:PROGRAM?public=PATH\n"
#define NO_PUBLIC  "otaimg: the exec: URI names no public key, expected exec:PROGRAM?public=PATH\n"
#define ATTRIBUTES " in the exec: URI, expected public=PATH and timeout=SECONDS\n"
    static const char *const cases[][2] = {
        {"exec:", "otaimg: program" EMPTY},
        {"exec:?public=k", "otaimg: program" EMPTY},
        {"exec:p", NO_PUBLIC},
        {"exec:p?timeout=5", NO_PUBLIC},
        {"exec:p?public=", "otaimg: public" EMPTY},
        {"exec:p?", "otaimg: unknown attribute ''" ATTRIBUTES},
        {"exec:p?public", "otaimg: unknown attribute 'public'" ATTRIBUTES},
        {"exec:p?public=k&", "otaimg: unknown attribute ''" ATTRIBUTES},
        {"exec:p?public=k&key=v", "otaimg: unknown attribute 'key'" ATTRIBUTES},
        {"exec:p?Public=k", "otaimg: unknown attribute 'Public'" ATTRIBUTES},
        {"exec:p?public=k&public=l", "otaimg: repeated attribute 'public'" ATTRIBUTES},
        {"exec:p?timeout=1&timeout=1", "otaimg: repeated attribute 'timeout'" ATTRIBUTES},
        {"exec:p%?public=k", "otaimg: program" PERCENT},
        {"exec:p%4?public=k", "otaimg: program" PERCENT},
        {"exec:p%4g?public=k", "otaimg: program" PERCENT},
        {"exec:p%00?public=k", "otaimg: program" PERCENT},
        {"exec:p?public=k%2&timeout=1", "otaimg: public" PERCENT}};
    static const char *const timeouts[] = {"", "0", "3601", "-1", "1s", "01", "%31", " 1"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refusal(cases[i][0], cases[i][1]);
    }
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        char uri[64];
        char message[128];

        (void)snprintf(uri, sizeof uri, "exec:p?public=k&timeout=%s", timeouts[i]);
        (void)snprintf(message, sizeof message,
                       "otaimg: timeout of the exec: URI is '%s', expected 1 to 3600 seconds\n",
                       timeouts[i]);
        expect_refusal(uri, message);
    }
}
END_TEST

/* One error line and nothing returned, or a URI that survives being resolved. */
static void expect_clean(const char *uri)
{
    struct key_uri_exec exec;
    struct key_uri_exec again;
    enum key_uri_kind kind = KEY_URI_FILE;
    enum ox ox;
    char *resolved;

    catch_diagnostics();
    ox = key_uri_kind_of(uri, &kind);
    if (ox != OX_OK || kind != KEY_URI_EXEC) {
        ck_assert(ox == OX_OK || (ox == OX_USAGE && strncmp(caught(), "otaimg: ", 8) == 0));
        return;
    }
    ck_assert_int_eq(key_uri_exec_read(uri, NULL, &exec), OX_OK);
    resolved = key_uri_resolve(NULL, uri);
    ck_assert_int_eq(key_uri_exec_read(resolved, NULL, &again), OX_OK);
    ck_assert_str_eq(exec.program, again.program);
    ck_assert_str_eq(exec.public_path, again.public_path);
    ck_assert_uint_eq(exec.timeout, again.timeout);
    key_uri_exec_free(&exec);
    key_uri_exec_free(&again);
    free(resolved);
}

START_TEST(test_key_uri_exec_damaged_anywhere_clean)
{
    static const char whole[] = "exec:/a%20b/sign%3f?public=/k%26.pem&timeout=30";
    char uri[sizeof whole];

    for (size_t i = 0; i < sizeof whole; i++) {
        memcpy(uri, whole, sizeof whole);
        uri[i] = '\0';
        expect_clean(uri);
        for (int byte = 1; byte < 256; byte++) {
            memcpy(uri, whole, sizeof whole);
            uri[i] = (char)(i + 1 < sizeof whole ? byte : 0);
            expect_clean(uri);
        }
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
    tcase_add_test(tc, test_key_uri_exec_parts);
    tcase_add_test(tc, test_key_uri_exec_bad_ones_refused);
    tcase_add_test(tc, test_key_uri_exec_damaged_anywhere_clean);
}

int main(void)
{
    return unit_main("key_uri", add_tests);
}
