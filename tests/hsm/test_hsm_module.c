/* Choosing and loading the module, and what a URI may say: each mistake gives one clear line. */
#include "hsm.h"

#include <unistd.h>

#include "signer.h"
#include "util.h"

static void setup(void)
{
    hsm_setup();
    ck_assert_int_eq(unsetenv("OTAIMG_PKCS11_MODULE"), 0);
}

static void expect(const char *uri, enum ox code, const char *message)
{
    struct signer *signer = NULL;

    hsm_forget_text();
    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), code);
    ck_assert_ptr_null(signer);
    hsm_expect_text(message);
}

START_TEST(test_module_not_given_refused)
{
    expect("pkcs11:token=a", OX_USAGE,
           "otaimg: no PKCS#11 module for 'pkcs11:token=a', expected module-path in the URI or the "
           "environment variable OTAIMG_PKCS11_MODULE\n");
}
END_TEST

START_TEST(test_module_relative_path_refused)
{
    expect("pkcs11:token=a?module-path=softhsm2.so", OX_USAGE,
           "otaimg: module-path of the URI is 'softhsm2.so', expected an absolute path\n");
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_MODULE", "lib/x.so", 1), 0);
    expect("pkcs11:token=a", OX_USAGE,
           "otaimg: OTAIMG_PKCS11_MODULE is 'lib/x.so', expected an absolute path\n");
}
END_TEST

START_TEST(test_module_missing_file_refused)
{
    expect("pkcs11:token=a?module-path=/nonexistent/x.so", OX_KEY,
           "otaimg: cannot open PKCS#11 module '/nonexistent/x.so': No such file or directory\n");
}
END_TEST

START_TEST(test_module_not_a_library_refused)
{
    struct signer *signer = NULL;
    char *path = hsm_path("text.so");
    char *uri = xasprintf("pkcs11:token=a?module-path=%s", path);
    char *message = xasprintf("otaimg: cannot load PKCS#11 module '%s': ", path);

    hsm_write_file(path, "not a library, but long enough to be looked at as one ............\n");
    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    hsm_expect_one_line_with(message);
    free(message);
    free(uri);
    free(path);
}
END_TEST

START_TEST(test_module_library_without_pkcs11_refused)
{
    struct signer *signer = NULL;

    ck_assert_int_eq(
        signer_open("pkcs11:token=a?module-path=" OTHER_LIBRARY_PATH, &hsm_options, &signer),
        OX_KEY);
    hsm_expect_one_line_with("otaimg: cannot load PKCS#11 module '");
    hsm_expect_text_with("C_GetFunctionList");
}
END_TEST

START_TEST(test_module_without_configuration_names_call)
{
    char *uri = xasprintf("pkcs11:token=a?module-path=%s", hsm_module());
    struct signer *signer = NULL;

    ck_assert_int_eq(setenv("SOFTHSM2_CONF", "/nonexistent/softhsm2.conf", 1), 0);
    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    hsm_expect_text_with("': C_Initialize: CKR_GENERAL_ERROR\nhint: check the module's own "
                         "configuration (SoftHSM: SOFTHSM2_CONF)\n");
    free(uri);
}
END_TEST

START_TEST(test_module_without_token_says_so)
{
    char *uri = xasprintf("pkcs11:token=a?module-path=%s", hsm_module());
    char *message = xasprintf("otaimg: no token matches 'pkcs11:token=a': the module '%s' shows no "
                              "token\n",
                              hsm_module());

    expect(uri, OX_KEY, message);
    free(message);
    free(uri);
}
END_TEST

START_TEST(test_module_other_library_refused)
{
    struct signer *signer = NULL;
    char *uri = xasprintf("pkcs11:library-manufacturer=Acme?module-path=%s", hsm_module());

    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    hsm_expect_one_line_with("' is not the library that the URI names");
    free(uri);
}
END_TEST

static const struct {
    const char *uri;
    const char *message;
} bad_uris[] = {
    {"pkcs11:slot-id=0",
     "otaimg: 'pkcs11:slot-id=0' names a slot, expected token=, serial=, model= "
     "or manufacturer= (slots renumber)\n"},
    {"pkcs11:slot-description=a",
     "otaimg: 'pkcs11:slot-description=a' names a slot, expected token=, serial=, model= or "
     "manufacturer= (slots renumber)\n"},
    {"pkcs11:slot-manufacturer=a",
     "otaimg: 'pkcs11:slot-manufacturer=a' names a slot, expected token=, serial=, model= or "
     "manufacturer= (slots renumber)\n"},
    {"pkcs11:tokn=a", "otaimg: 'pkcs11:tokn=a' has an attribute that otaimg does not know\n"},
    {"pkcs11:type=frob", "otaimg: 'pkcs11:type=frob' has an attribute that otaimg does not know\n"},
    {"pkcs11:token=%zz",
     "otaimg: 'pkcs11:token=%zz' is not a valid pkcs11: URI: bad percent-encoding or value\n"},
    {"pkcs11:token", "otaimg: 'pkcs11:token' is not a valid pkcs11: URI: bad syntax\n"},
    {"pkcs11:token=a?module-name=softhsm2",
     "otaimg: 'pkcs11:token=a?module-name=softhsm2' has module-name, expected module-path\n"},
    {"pkcs11:token=a?module-path=/x&other=1", "otaimg: 'pkcs11:token=a?module-path=/x&other=1' has "
                                              "an attribute that otaimg does not know\n"},
    {"pkcs11:token=a?x-init-arg=1",
     "otaimg: 'pkcs11:token=a?x-init-arg=1' has an attribute that otaimg does not know\n"},
    {"pkcs11:token=a?x-init-argss=1",
     "otaimg: 'pkcs11:token=a?x-init-argss=1' has an attribute that otaimg does not know\n"},
    {"pkcs11:x-init-args=1",
     "otaimg: 'pkcs11:x-init-args=1' has an attribute that otaimg does not know\n"},
    {"pkcs11:?x-init-args=1&x-init-args=1",
     "otaimg: 'pkcs11:?x-init-args=1&x-init-args=1' has x-init-args twice, expected it once\n"},
    {"pkcs11:?module-path=/x&x-init-args=a%00b",
     "otaimg: 'pkcs11:?module-path=/x&x-init-args=a%00b' has a zero byte behind the '?', expected "
     "text\n"},
    {"pkcs11:type=public?module-path=/x",
     "otaimg: type= of the URI does not fit, expected a private key\n"},
};

START_TEST(test_module_uri_not_understood_refused)
{
    expect(bad_uris[_i].uri, OX_USAGE, bad_uris[_i].message);
}
END_TEST

START_TEST(test_module_uri_cut_anywhere_no_crash)
{
    static const char *const ends[] = {"", "&x-init-args=configdir%3D%27sql%3A/db%27"};
    char *uri = xasprintf("pkcs11:token=re%%20lease;serial=0;object=app;id=%%01%%02;type=private?"
                          "module-path=%s&pin-source=file:/nonexistent%s",
                          hsm_module(), ends[_i]);

    for (size_t len = 0; len < strlen(uri); len++) {
        char *cut = xstrndup(uri, len);
        struct signer *signer = NULL;
        enum ox result = signer_open(cut, &hsm_options, &signer);

        ck_assert_msg(result == OX_USAGE || result == OX_KEY, "'%s' gave %d", cut, (int)result);
        free(cut);
    }
    for (size_t at = 0; at < strlen(uri); at++) {
        static const char replaced[] = {'%', ';', '?', '=', '&', '\x7f', '\xff', 'A'};

        for (size_t i = 0; i < sizeof replaced; i++) {
            char *changed = xstrdup(uri);
            struct signer *signer = NULL;
            enum ox result;

            changed[at] = replaced[i];
            result = signer_open(changed, &hsm_options, &signer);
            ck_assert_msg(result == OX_USAGE || result == OX_KEY, "'%s' gave %d", changed,
                          (int)result);
            free(changed);
        }
    }
    free(uri);
}
END_TEST

#define BAD_ARGS "': C_Initialize: CKR_ARGUMENTS_BAD\n"

/* SoftHSM takes no such arguments, and says so. */
START_TEST(test_module_init_args_reach_the_module)
{
    char *uri = xasprintf("pkcs11:token=a?module-path=%s&x-init-args=x", hsm_module());
    char *empty = xasprintf("pkcs11:token=a?module-path=%s&x-init-args=", hsm_module());
    struct signer *signer = NULL;

    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    hsm_expect_text_with(BAD_ARGS);
    hsm_forget_text();
    ck_assert_int_eq(signer_open(empty, &hsm_options, &signer), OX_KEY);
    hsm_expect_text_with("otaimg: no token matches 'pkcs11:token=a'");
    free(empty);
    free(uri);
}
END_TEST

START_TEST(test_module_init_args_of_environment_for_its_module_only)
{
    char *uri = xasprintf("pkcs11:token=a?module-path=%s", hsm_module());
    struct signer *signer = NULL;

    ck_assert_int_eq(setenv("OTAIMG_PKCS11_MODULE", hsm_module(), 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_INIT_ARGS", "x", 1), 0);
    ck_assert_int_eq(signer_open("pkcs11:token=a", &hsm_options, &signer), OX_KEY);
    hsm_expect_text_with(BAD_ARGS);
    hsm_forget_text();
    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    hsm_expect_text_with("otaimg: no token matches 'pkcs11:token=a'");
    ck_assert_int_eq(unsetenv("OTAIMG_PKCS11_INIT_ARGS"), 0);
    free(uri);
}
END_TEST

START_TEST(test_module_two_init_args_refused)
{
    char *uri = xasprintf("pkcs11:token=a?module-path=%s", hsm_module());
    char *other = xasprintf("%s&x-init-args=x", uri);
    struct signer *signer = NULL;

    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    hsm_forget_text();
    ck_assert_int_eq(signer_open(other, &hsm_options, &signer), OX_USAGE);
    hsm_expect_one_line_with("' is in use with other initialisation arguments, expected the same "
                             "x-init-args in all URIs");
    free(other);
    free(uri);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_module_not_given_refused);
    tcase_add_test(tc, test_module_relative_path_refused);
    tcase_add_test(tc, test_module_missing_file_refused);
    tcase_add_test(tc, test_module_not_a_library_refused);
    tcase_add_test(tc, test_module_library_without_pkcs11_refused);
    tcase_add_test(tc, test_module_without_configuration_names_call);
    tcase_add_test(tc, test_module_without_token_says_so);
    tcase_add_test(tc, test_module_other_library_refused);
    tcase_add_loop_test(tc, test_module_uri_not_understood_refused, 0,
                        sizeof bad_uris / sizeof bad_uris[0]);
    tcase_add_test(tc, test_module_init_args_reach_the_module);
    tcase_add_test(tc, test_module_init_args_of_environment_for_its_module_only);
    tcase_add_test(tc, test_module_two_init_args_refused);
    tcase_add_loop_test(tc, test_module_uri_cut_anywhere_no_crash, 0, 2);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_module", add_tests);
}
