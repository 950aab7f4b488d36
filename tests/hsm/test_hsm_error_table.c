/*
 * What a token can answer, through the program: one line that names it, exit code 4, and nothing
 * made. What goes wrong at one call of a build is in test_hsm_build_fails.c, every call with every
 * value, without the program, in test_hsm_errors.c.
 */
#include "release_files.h"

#include <p11-kit/pkcs11.h>

#define GONE    ", the token or the key was removed while in use"
#define NEW_KEY "pkcs11:token=release;object=new"
#define RELEASE "otaimg: token 'release': "

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
    release_write();
}

static void no_sign(void)
{
    hsm_set_flag("app", CKO_PRIVATE_KEY, CKA_SIGN, 0);
}

static void no_encrypt(void)
{
    hsm_set_flag("enc", CKO_SECRET_KEY, CKA_ENCRYPT, 0);
}

static const struct {
    void (*prepare)(void); /* may be NULL */
    const char *name;      /* of the mock's environment, with its value; may be NULL */
    const char *value;
    const char *error;
    const char *hint; /* may be NULL */
    unsigned logins;
} cases[] = {
    {NULL, "MOCK_P11_FAIL", "C_Login=0xa4", RELEASE "C_Login: CKR_PIN_LOCKED",
     "hint: the security officer can unlock the PIN", 1},
    {NULL, "MOCK_P11_FAIL", "C_Login=0xa3", RELEASE "C_Login: CKR_PIN_EXPIRED",
     "hint: set a new user PIN", 1},
    {NULL, "MOCK_P11_FLAGS", "0x40000", RELEASE "the user PIN is locked", NULL, 0},
    {NULL, "MOCK_P11_FLAGS", "0x20000", RELEASE "one more wrong PIN would lock it, not trying",
     "hint: log in once with the token's own tool", 0},
    {NULL, "MOCK_P11_FLAGS", "0x80000", RELEASE "the user PIN must be changed", NULL, 0},
    {NULL, "MOCK_P11_FAIL", "C_OpenSession=0xe0",
     RELEASE "C_OpenSession: CKR_TOKEN_NOT_PRESENT" GONE, NULL, 0},
    {NULL, "MOCK_P11_FAIL", "C_FindObjectsInit=0xb3",
     RELEASE "C_FindObjectsInit: CKR_SESSION_HANDLE_INVALID" GONE, NULL, 1},
    {NULL, "MOCK_P11_FAIL", "C_SignInit=0xb3",
     RELEASE "C_SignInit: CKR_SESSION_HANDLE_INVALID" GONE, NULL, 1},
    {NULL, "MOCK_P11_FAIL", "C_Sign=0xb3", RELEASE "C_Sign: CKR_SESSION_HANDLE_INVALID" GONE, NULL,
     1},
    {NULL, "MOCK_P11_FAIL", "C_EncryptUpdate=0xb3",
     RELEASE "C_EncryptUpdate: CKR_SESSION_HANDLE_INVALID" GONE, NULL, 1},
    {no_sign, NULL, NULL, RELEASE "the key may not sign, expected CKA_SIGN", NULL, 1},
    {no_encrypt, NULL, NULL, RELEASE "C_EncryptInit: CKR_KEY_FUNCTION_NOT_PERMITTED",
     "hint: the key is not made for this use: signing needs CKA_SIGN, AES needs CKA_ENCRYPT and "
     "CKA_DECRYPT\n",
     1},
};

static void expect_hint(const char *hint)
{
    if (hint != NULL) {
        ck_assert_msg(strstr(cli_err(), hint) != NULL, "'%s' is not in '%s'", hint, cli_err());
    } else {
        ck_assert_ptr_null(strstr(cli_err(), "hint: "));
    }
}

START_TEST(test_token_answer_ends_build_with_one_line)
{
    if (cases[_i].prepare != NULL) {
        cases[_i].prepare();
    }
    if (cases[_i].name != NULL) {
        ck_assert_int_eq(setenv(cases[_i].name, cases[_i].value, 1), 0);
    }
    ck_assert_int_eq(CLI("build", release_manifest), OX_KEY);
    cli_expect_one_error(cases[_i].error);
    expect_hint(cases[_i].hint);
    ck_assert_ptr_null(strstr(cli_err(), HSM_PIN));
    ck_assert_uint_eq(hsm_logged("C_Login"), cases[_i].logins);
    release_expect_files(false);
}
END_TEST

static const struct {
    const char *type;
    const char *fail;
    const char *error;
    const char *hint; /* may be NULL */
} generates[] = {
    {"p256", "C_OpenSession=0xe2", RELEASE "C_OpenSession: CKR_TOKEN_WRITE_PROTECTED",
     "hint: the token takes no new keys as it is"},
    {"p256", "C_GenerateKeyPair=0xe2", RELEASE "C_GenerateKeyPair: CKR_TOKEN_WRITE_PROTECTED",
     "hint: the token takes no new keys as it is"},
    {"aes128", "C_GenerateKey=0xe2", RELEASE "C_GenerateKey: CKR_TOKEN_WRITE_PROTECTED",
     "hint: the token takes no new keys as it is"},
    {"p256", "C_GenerateKeyPair=0xb5", RELEASE "C_GenerateKeyPair: CKR_SESSION_READ_ONLY",
     "hint: the token takes no new keys as it is"},
    {"aes128", "C_GenerateKey=0x32", RELEASE "C_GenerateKey: CKR_DEVICE_REMOVED" GONE, NULL},
    {"p256", "C_Login=0xa4", RELEASE "C_Login: CKR_PIN_LOCKED",
     "hint: the security officer can unlock the PIN"},
};

START_TEST(test_token_answer_ends_generate_with_one_line)
{
    ck_assert_int_eq(setenv("MOCK_P11_FAIL", generates[_i].fail, 1), 0);
    ck_assert_int_eq(CLI("keys", "generate", NEW_KEY, "--type", generates[_i].type), OX_KEY);
    cli_expect_one_error(generates[_i].error);
    expect_hint(generates[_i].hint);
    ck_assert_int_eq(unsetenv("MOCK_P11_FAIL"), 0);
    ck_assert_int_eq(CLI("keys", "list", NEW_KEY, "--login"), OX_OK);
    cli_expect_output("");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_loop_test(tc, test_token_answer_ends_build_with_one_line, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_loop_test(tc, test_token_answer_ends_generate_with_one_line, 0,
                        sizeof generates / sizeof generates[0]);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_error_table", add_tests);
}
