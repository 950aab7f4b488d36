/*
 * A second PKCS#11 implementation, NSS softokn, through the program: keys made in its database sign
 * and encrypt a release. It differs from SoftHSM where it may: it needs arguments to start, has a
 * slot without keys, and is strict about lengths.
 *
 * Without libsoftokn3.so or certutil the tests are skipped, and fail where CI=true.
 */
#include "release_files.h"

#include <unistd.h>

#define PIN       "softokn-pin"
#define TOKEN     "pkcs11:token=NSS%20Certificate%20DB"
#define CERTUTIL  "/usr/bin/certutil"
#define ARGS_TEXT "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='' flags=readWrite"

static const char sign_uri[] = TOKEN ";object=app";
static const char aes_uri[] = TOKEN ";object=enc";
static const char new_uri[] = TOKEN ";object=new";
static const char other_key[] = "file:" TEST_KEYS_DIR "/test-p256.pub.pem";

static const char *softokn(void)
{
    static const char *const places[] = {"/usr/lib/x86_64-linux-gnu/libsoftokn3.so",
                                         "/usr/lib/x86_64-linux-gnu/nss/libsoftokn3.so",
                                         "/usr/lib/aarch64-linux-gnu/libsoftokn3.so",
                                         "/usr/lib/aarch64-linux-gnu/nss/libsoftokn3.so",
                                         "/usr/lib64/libsoftokn3.so",
                                         "/usr/lib/libsoftokn3.so"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (access(places[i], R_OK) == 0) {
            return places[i];
        }
    }
    return NULL;
}

static void require_softokn(void)
{
    const char *ci = getenv("CI");

    if (softokn() == NULL || access(CERTUTIL, X_OK) != 0) {
        bool must = ci != NULL && strcmp(ci, "true") == 0;

        (void)printf("%s: NSS (libsoftokn3.so, certutil) is not installed\n",
                     must ? "FAIL" : "SKIP");
        exit(must ? 1 : 77);
    }
}

static char *db_folder;

static void make_database(void)
{
    char *pin_file = hsm_path("nss-pin");
    char *command;

    db_folder = hsm_path("nss");
    ck_assert_int_eq(mkdir(db_folder, 0700), 0);
    hsm_write_file(pin_file, PIN "\n");
    command = xasprintf(CERTUTIL " -N -d sql:%s -f %s", db_folder, pin_file);
    ck_assert_int_eq(system(command), 0);
    free(command);
    free(pin_file);
}

static void setup(void)
{
    char *args;

    hsm_setup_folder();
    make_database();
    args = xasprintf(ARGS_TEXT, db_folder);
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_MODULE", softokn(), 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_INIT_ARGS", args, 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PIN", PIN, 1), 0);
    free(args);
    release_write();
}

static void add_keys(void)
{
    ck_assert_int_eq(CLI("keys", "generate", sign_uri), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    ck_assert_int_eq(CLI("keys", "generate", aes_uri, "--type", "aes128"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
}

static int build(const char *sign, const char *encrypt)
{
    char *sign_key = xasprintf("sign.key=%s", sign);
    char *aes_key = xasprintf("encrypt.key=%s", encrypt);
    int code = CLI("build", release_manifest, "--set", sign_key, "--set", aes_key);

    free(aes_key);
    free(sign_key);
    return code;
}

/* The file is for the token's keys, and for these only. */
static void expect_verifies(const char *sign, const char *encrypt)
{
    char *pem = hsm_path("app.pub.pem");
    char *public_key = xasprintf("file:%s", pem);

    ck_assert_int_eq(CLI("keys", "export", sign, "-o", pem), OX_OK);
    ck_assert_int_eq(CLI("verify", release_output, "--verify-key", public_key, "--decrypt-key",
                         encrypt, "--decrypt-iv", RELEASE_IV),
                     OX_OK);
    ck_assert_str_eq(cli_err(), "");
    ck_assert_int_eq(CLI("verify", release_output, "--verify-key", other_key, "--decrypt-key",
                         encrypt, "--decrypt-iv", RELEASE_IV),
                     OX_AUTH);
    free(public_key);
    free(pem);
}

START_TEST(test_softokn_signs_and_encrypts)
{
    add_keys();
    ck_assert_int_eq(build(sign_uri, aes_uri), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    release_expect_files(true);
    expect_verifies(sign_uri, aes_uri);
}
END_TEST

/* All in the URI, percent-encoded, as `keys list` prints it. */
START_TEST(test_softokn_listed_uris_need_no_environment)
{
    char *sign = NULL;
    char *encrypt = NULL;
    char *newline;

    add_keys();
    ck_assert_int_eq(CLI("keys", "list", sign_uri, "--login"), OX_OK);
    sign = xstrdup(cli_out(NULL));
    ck_assert_int_eq(CLI("keys", "list", aes_uri, "--login"), OX_OK);
    encrypt = xstrdup(cli_out(NULL));
    newline = strchr(sign, '\n');
    ck_assert_ptr_nonnull(newline);
    *newline = '\0';
    newline = strchr(encrypt, '\n');
    ck_assert_ptr_nonnull(newline);
    *newline = '\0';
    ck_assert_ptr_nonnull(strstr(sign, "&x-init-args=configdir%3D%27sql%3A%2Ftmp%2F"));
    ck_assert_int_eq(unsetenv("OTAIMG_PKCS11_MODULE"), 0);
    ck_assert_int_eq(unsetenv("OTAIMG_PKCS11_INIT_ARGS"), 0);
    ck_assert_int_eq(build(sign, encrypt), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    expect_verifies(sign, encrypt);
    free(encrypt);
    free(sign);
}
END_TEST

START_TEST(test_softokn_wrong_pin_nothing_written)
{
    add_keys();
    ck_assert_int_eq(setenv("OTAIMG_PIN", "not-the-pin", 1), 0);
    ck_assert_int_eq(build(sign_uri, aes_uri), OX_KEY);
    cli_expect_one_error("otaimg: token 'NSS Certificate DB': C_Login: CKR_PIN_INCORRECT");
    ck_assert_ptr_null(strstr(cli_err(), "not-the-pin"));
    release_expect_files(false);
    ck_assert_int_eq(CLI("keys", "generate", new_uri), OX_KEY);
    cli_expect_one_error("otaimg: token 'NSS Certificate DB': C_Login: CKR_PIN_INCORRECT");
    ck_assert_int_eq(setenv("OTAIMG_PIN", PIN, 1), 0);
    ck_assert_int_eq(CLI("keys", "list", new_uri, "--login"), OX_OK);
    cli_expect_output("");
}
END_TEST

START_TEST(test_softokn_without_arguments_says_what_is_missing)
{
    ck_assert_int_eq(unsetenv("OTAIMG_PKCS11_INIT_ARGS"), 0);
    ck_assert_int_eq(CLI("keys", "list"), OX_KEY);
    cli_expect_one_error("': C_Initialize: CKR_ARGUMENTS_BAD");
    ck_assert_ptr_nonnull(strstr(cli_err(), "hint: NSS wants x-init-args= in the URI, or "
                                            "OTAIMG_PKCS11_INIT_ARGS: configdir='sql:DIR' "));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_softokn_signs_and_encrypts);
    tcase_add_test(tc, test_softokn_listed_uris_need_no_environment);
    tcase_add_test(tc, test_softokn_wrong_pin_nothing_written);
    tcase_add_test(tc, test_softokn_without_arguments_says_what_is_missing);
}

int main(void)
{
    require_softokn();
    hsm_leave_terminal();
    return unit_main("hsm_softokn", add_tests);
}
