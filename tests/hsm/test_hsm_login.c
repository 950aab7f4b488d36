/* PINs: where they come from, that they are sent once at most, and what a token can answer. */
#include "hsm.h"

#include <fcntl.h>
#include <unistd.h>

#include "signer.h"
#include "token_keys.h"
#include "util.h"

#define APP       "pkcs11:token=release;object=app"
#define WRONG_PIN "0815-not-it"

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
    ck_assert_int_eq(unsetenv("OTAIMG_PIN"), 0);
}

static enum ox try_open(const char *uri, const struct key_options *options)
{
    struct signer *signer = NULL;
    enum ox result = signer_open(uri, options, &signer);

    signer_close(signer);
    return result;
}

static void set_pin(const char *pin)
{
    ck_assert_int_eq(setenv("OTAIMG_PIN", pin, 1), 0);
}

START_TEST(test_login_pin_from_environment_is_unset)
{
    set_pin(HSM_PIN);
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_OK);
    ck_assert_ptr_null(getenv("OTAIMG_PIN"));
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    hsm_expect_text("");
}
END_TEST

START_TEST(test_login_pin_from_descriptor)
{
    struct key_options options = hsm_options;
    char *path = hsm_path("pin");

    hsm_write_file(path, HSM_PIN "\n");
    set_pin(WRONG_PIN); /* the descriptor comes first */
    options.pin_fd = open(path, O_RDONLY);
    ck_assert_int_ge(options.pin_fd, 0);
    ck_assert_int_eq(try_open(APP, &options), OX_OK);
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    hsm_expect_text("");
    (void)close(options.pin_fd);
    free(path);
}
END_TEST

START_TEST(test_login_pin_from_pin_source)
{
    static const char *const prefixes[] = {"", "file:", "file://"};
    char *path = hsm_path("pin");

    hsm_write_file(path, HSM_PIN "\n");
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        char *uri = xasprintf("%s?pin-source=%s%s", APP, prefixes[i], path);

        ck_assert_int_eq(try_open(uri, &hsm_options), OX_OK);
        token_disconnect();
        free(uri);
    }
    ck_assert_uint_eq(hsm_logged("C_Login"), 3);
    hsm_expect_text("");
    free(path);
}
END_TEST

START_TEST(test_login_pin_source_other_forms_refused)
{
    static const char *const sources[] = {"|cat%20/pin", "pin.txt", "file:pin.txt",
                                          "http://host/pin", ""};

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        char *uri = xasprintf("%s?pin-source=%s", APP, sources[i]);

        hsm_forget_text();
        ck_assert_int_eq(try_open(uri, &hsm_options), OX_USAGE);
        hsm_expect_one_line_with("', expected an absolute path or file: URI");
        free(uri);
    }
}
END_TEST

START_TEST(test_login_pin_value_refused_and_not_shown)
{
    ck_assert_int_eq(try_open(APP "?pin-value=" HSM_PIN, &hsm_options), OX_USAGE);
    hsm_expect_text_with("otaimg: the key URI contains 'pin-value', expected no PIN in it\n");
    hsm_forget_text();
    ck_assert_int_eq(token_public_key(APP "?pin-value=" HSM_PIN, &hsm_options, (uint8_t[64]){0}),
                     OX_USAGE);
    hsm_expect_text_with("otaimg: the key URI contains 'pin-value', expected no PIN in it\n");
}
END_TEST

START_TEST(test_login_no_pin_source_no_call)
{
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_text_with("PIN for token 'release'");
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
}
END_TEST

START_TEST(test_login_wrong_pin_sent_once)
{
    set_pin(WRONG_PIN);
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_text("otaimg: token 'release': C_Login: CKR_PIN_INCORRECT\n"
                    "hint: the PIN was sent once and is not tried again; most tokens lock after a "
                    "few wrong ones\n");
    hsm_forget_text();
    set_pin(HSM_PIN);
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_text("otaimg: token 'release': the login failed before and is not tried again\n");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
}
END_TEST

static const struct {
    const char *flags;
    const char *message;
} refused_flags[] = {
    {"0x20000", "token 'release': one more wrong PIN would lock it, not trying"},
    {"0x40000", "token 'release': the user PIN is locked"},
    {"0x80000", "token 'release': the user PIN must be changed before it can be used"},
    {"0x60000", "token 'release': the user PIN is locked"},
};

START_TEST(test_login_token_in_danger_not_asked)
{
    set_pin(HSM_PIN);
    ck_assert_int_eq(setenv("MOCK_P11_FLAGS", refused_flags[_i].flags, 1), 0);
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_text_with(refused_flags[_i].message);
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
    ck_assert_ptr_nonnull(getenv("OTAIMG_PIN")); /* not even read */
}
END_TEST

START_TEST(test_login_key_pad_gets_no_pin)
{
    set_pin(HSM_PIN);
    ck_assert_int_eq(setenv("MOCK_P11_FLAGS", "0x100", 1), 0);
    /* SoftHSM has no key pad and refuses a call without PIN. */
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_one_line_with("token 'release': C_Login: CKR_ARGUMENTS_BAD");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    ck_assert_ptr_nonnull(getenv("OTAIMG_PIN"));
}
END_TEST

START_TEST(test_login_not_required_says_not_logged_in)
{
    ck_assert_int_eq(setenv("MOCK_P11_FLAGS", "-0x4", 1), 0);
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_one_line_with("otaimg: token 'release': not logged in, and of the private keys that "
                             "show without none matches 'pkcs11:object=app'");
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
}
END_TEST

START_TEST(test_login_already_logged_in_goes_on)
{
    set_pin(HSM_PIN);
    ck_assert_int_eq(setenv("MOCK_P11_FAIL", "C_Login=0x100", 1), 0);
    /* The mock did not log in, so the key does not show; the login itself is no error. */
    ck_assert_int_eq(try_open(APP, &hsm_options), OX_KEY);
    hsm_expect_one_line_with("token 'release': no private key matches 'pkcs11:object=app', "
                             "found none");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_login_pin_from_environment_is_unset);
    tcase_add_test(tc, test_login_pin_from_descriptor);
    tcase_add_test(tc, test_login_pin_from_pin_source);
    tcase_add_test(tc, test_login_pin_source_other_forms_refused);
    tcase_add_test(tc, test_login_pin_value_refused_and_not_shown);
    tcase_add_test(tc, test_login_no_pin_source_no_call);
    tcase_add_test(tc, test_login_wrong_pin_sent_once);
    tcase_add_loop_test(tc, test_login_token_in_danger_not_asked, 0,
                        sizeof refused_flags / sizeof refused_flags[0]);
    tcase_add_test(tc, test_login_key_pad_gets_no_pin);
    tcase_add_test(tc, test_login_not_required_says_not_logged_in);
    tcase_add_test(tc, test_login_already_logged_in_goes_on);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_login", add_tests);
}
