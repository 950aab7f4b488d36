/*
 * Every PKCS#11 call that is made, failing with every one of a list of values: one line that names
 * call and value, exit code 4, at most one C_Login, nothing half-made.
 */
#include "hsm.h"

#include "cipher.h"
#include "signer.h"
#include "token_keys.h"
#include "util.h"

#define REMOVED ", the token or the key was removed while in use"

static const struct {
    unsigned long rv;
    const char *symbol;
    const char *comment; /* on calls that are about a token */
} values[] = {
    {0x05, "CKR_GENERAL_ERROR", ""},
    {0x30, "CKR_DEVICE_ERROR", ""},
    {0x32, "CKR_DEVICE_REMOVED", REMOVED},
    {0x54, "CKR_FUNCTION_NOT_SUPPORTED", ""},
    {0xa4, "CKR_PIN_LOCKED", ""},
    {0xb3, "CKR_SESSION_HANDLE_INVALID", REMOVED},
    {0x101, "CKR_USER_NOT_LOGGED_IN", ""},
    {0x150, "CKR_BUFFER_TOO_SMALL", ""},
    {0x9999, "0x9999", ""},
    {0x80000012, "CKR_VENDOR_DEFINED+0x12", ""},
};
#define VALUE_COUNT (sizeof values / sizeof values[0])

static const uint8_t block[32];

static enum ox do_sign(void)
{
    struct signer *signer = NULL;
    uint8_t rs[64];
    enum ox result = signer_open("pkcs11:object=app", &hsm_options, &signer);

    if (result == OX_OK) {
        result = signer_sign(signer, block, rs);
    }
    signer_close(signer);
    return result;
}

static enum ox do_cipher(bool encrypt)
{
    struct cipher *cipher = NULL;
    uint8_t out[32];
    enum ox result = cipher_open("pkcs11:object=enc", &hsm_options, &cipher);

    if (result == OX_OK) {
        result = cipher_begin(cipher, encrypt, block);
    }
    if (result == OX_OK) {
        result = cipher_update(cipher, block, out, sizeof out);
    }
    if (result == OX_OK) {
        result = cipher_begin(cipher, encrypt, block); /* ends the first message */
    }
    cipher_close(cipher);
    return result;
}

static enum ox do_encrypt(void)
{
    return do_cipher(true);
}

static enum ox do_decrypt(void)
{
    return do_cipher(false);
}

static enum ox do_generate_pair(void)
{
    uint8_t xy[64];

    return token_generate("pkcs11:object=fresh", &hsm_options, TOKEN_KEY_EC_P256, xy);
}

static enum ox do_generate_aes(void)
{
    uint8_t xy[64];

    return token_generate("pkcs11:object=fresh", &hsm_options, TOKEN_KEY_AES128, xy);
}

static void ignore(void *user, const struct token_key *key)
{
    (void)user;
    (void)key;
}

static enum ox do_list(void)
{
    return token_list("pkcs11:", &hsm_options, true, ignore, NULL, NULL);
}

#define MODULE_CALLS 4 /* the first ones: no token yet */
static const struct {
    enum ox (*run)(void);
    const char *call;
} cases[] = {
    {do_sign, "C_Initialize"},
    {do_sign, "C_GetInfo"},
    {do_sign, "C_GetSlotList"},
    {do_sign, "C_GetTokenInfo"},
    {do_sign, "C_OpenSession"},
    {do_sign, "C_Login"},
    {do_sign, "C_FindObjectsInit"},
    {do_sign, "C_FindObjects"},
    {do_sign, "C_FindObjectsFinal"},
    {do_sign, "C_GetAttributeValue"},
    {do_sign, "C_SignInit"},
    {do_sign, "C_Sign"},
    {do_encrypt, "C_EncryptInit"},
    {do_encrypt, "C_EncryptUpdate"},
    {do_encrypt, "C_EncryptFinal"},
    {do_decrypt, "C_DecryptInit"},
    {do_decrypt, "C_DecryptUpdate"},
    {do_decrypt, "C_DecryptFinal"},
    {do_generate_pair, "C_GenerateKeyPair"},
    {do_generate_pair, "C_SetAttributeValue"},
    {do_generate_pair, "C_GetAttributeValue"},
    {do_generate_aes, "C_GenerateKey"},
    {do_generate_aes, "C_FindObjects"},
    {do_list, "C_OpenSession"},
    {do_list, "C_FindObjectsInit"},
    {do_list, "C_GetAttributeValue"},
};

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
}

static void inject(const char *call, unsigned long rv, unsigned from)
{
    char *fail = xasprintf("%s=0x%lx@%u", call, rv, from);

    ck_assert_int_eq(setenv("MOCK_P11_FAIL", fail, 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PIN", HSM_PIN, 1), 0);
    free(fail);
    hsm_forget_text();
}

static void expect_error(const char *call, const char *symbol, const char *comment)
{
    char *line = xasprintf(": %s: %s%s\n", call, symbol, comment);

    ck_assert_msg(strncmp(hsm_text(), "otaimg: ", 8) == 0, "no error line: '%s'", hsm_text());
    ck_assert_msg(strstr(hsm_text() + 1, "otaimg: ") == NULL, "two errors: '%s'", hsm_text());
    hsm_expect_text_with(line);
    free(line);
}

START_TEST(test_error_of_any_call_is_one_line)
{
    unsigned logins = 0;

    for (size_t v = 0; v < VALUE_COUNT; v++) {
        inject(cases[_i].call, values[v].rv, 1);
        ck_assert_int_eq(cases[_i].run(), OX_KEY);
        expect_error(cases[_i].call, values[v].symbol, _i < MODULE_CALLS ? "" : values[v].comment);
        ck_assert_uint_le(hsm_logged("C_Login"), logins + 1);
        logins = hsm_logged("C_Login");
        token_disconnect();
    }
}
END_TEST

/* The nth call fails and all after it, for every n until the operation no longer notices. */
static void fail_every_time(enum ox (*run)(void), const char *call)
{
    enum ox result = OX_KEY;

    for (unsigned n = 1; result != OX_OK; n++) {
        inject(call, 0x30, n);
        result = run();
        if (result != OX_OK) {
            ck_assert_int_eq(result, OX_KEY);
            expect_error(call, "CKR_DEVICE_ERROR", "");
        } else {
            hsm_expect_text("");
        }
        token_disconnect();
        ck_assert_uint_lt(n, 500);
    }
}

static const struct {
    enum ox (*run)(void);
    const char *call;
} repeated[] = {
    {do_sign, "C_FindObjects"},          {do_sign, "C_GetAttributeValue"},
    {do_encrypt, "C_EncryptUpdate"},     {do_generate_pair, "C_SetAttributeValue"},
    {do_generate_pair, "C_FindObjects"}, {do_generate_pair, "C_GetAttributeValue"},
    {do_list, "C_GetAttributeValue"},    {do_list, "C_FindObjectsFinal"},
};

START_TEST(test_error_of_nth_call_is_one_line)
{
    fail_every_time(repeated[_i].run, repeated[_i].call);
}
END_TEST

START_TEST(test_error_while_closing_is_silent)
{
    static const char *const calls[] = {"C_Logout", "C_CloseSession", "C_Finalize"};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        inject(calls[i], 0x30, 1);
        ck_assert_int_eq(do_sign(), OX_OK);
        hsm_expect_text("");
    }
    token_disconnect();
    hsm_expect_text("");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_loop_test(tc, test_error_of_any_call_is_one_line, 0, sizeof cases / sizeof cases[0]);
    tcase_add_loop_test(tc, test_error_of_nth_call_is_one_line, 0,
                        sizeof repeated / sizeof repeated[0]);
    tcase_add_test(tc, test_error_while_closing_is_silent);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_errors", add_tests);
}
