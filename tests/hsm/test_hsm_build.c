/*
 * Releases signed and encrypted by one token, through the program: each PIN source, one login, and a
 * file that only the right keys take. What can go wrong with a token is in test_hsm_build_fails.c.
 */
#include "release_files.h"

#include <fcntl.h>
#include <unistd.h>

#include "pubkey.h"

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
    release_write();
}

/* Identity of the token's signing key, from the program; its PEM goes to path. */
static void export_key(const char *path, char ret_id[65])
{
    const char *id;

    ck_assert_int_eq(CLI("keys", "export", RELEASE_SIGN_KEY, "-o", path), OX_OK);
    cli_expect_output("");
    ck_assert_int_eq(CLI("keys", "show", RELEASE_SIGN_KEY), OX_OK);
    id = strstr(cli_out(NULL), "    sha256  ");
    ck_assert_ptr_nonnull(id);
    (void)snprintf(ret_id, 65, "%.64s", id + 12);
}

/* The built file holds our firmware under hsm_aes_key: openssl says so. */
static void expect_decrypts(void)
{
    char *plain = hsm_path("plain");
    char key[33];
    char *command;
    size_t len = 0;
    char *text;

    hex_encode(hsm_aes_key, sizeof hsm_aes_key, key);
    command = xasprintf("tail -c +17 %s | openssl enc -d -aes-128-cbc -K %s -iv %s -out %s",
                        release_output, key, RELEASE_IV, plain);
    ck_assert_int_eq(system(command), 0);
    text = cli_read_file(plain, &len);
    ck_assert_uint_eq(len, RELEASE_META_LEN + 1008);
    ck_assert_mem_eq(text + RELEASE_META_LEN, release_firmware, RELEASE_FW_LEN);
    ck_assert_mem_eq(text + RELEASE_META_LEN + RELEASE_FW_LEN, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
                     8);
    free(text);
    free(command);
    free(plain);
}

/* After a build: the summary, one login, a file that decrypts and verifies. */
static void expect_release(unsigned logins)
{
    char *pem = hsm_path("app.pub.pem");
    char *key_uri = xasprintf("file:%s", pem);
    char *aes_uri;
    char *pin = hsm_path("verify-pin");
    char *want;
    char id[65];
    char *summary = xstrdup(cli_out(NULL));

    ck_assert_str_eq(cli_err(), "");
    ck_assert_uint_eq(hsm_logged("C_Login"), logins);
    export_key(pem, id);
    want = xasprintf("%s: BLE OTA file, encrypted, version 1.4.2.0, sequence 7, 1008 bytes of "
                     "firmware, key %s\n",
                     release_output, id);
    ck_assert_str_eq(summary, want);
    free(want);
    release_expect_files(true);
    expect_decrypts();
    hsm_write_file(pin, HSM_PIN "\n");
    aes_uri = xasprintf("%s?pin-source=file:%s", RELEASE_AES_KEY, pin);
    ck_assert_int_eq(CLI("verify", release_output, "--verify-key", key_uri, "--decrypt-key",
                         aes_uri, "--decrypt-iv", RELEASE_IV),
                     OX_OK);
    want = xasprintf("%s: both signatures are good, signed with key %s\n", release_output, id);
    cli_expect_output(want);
    ck_assert_uint_eq(hsm_logged("C_Login"), logins + 1);
    free(want);
    free(aes_uri);
    free(pin);
    free(key_uri);
    free(pem);
    free(summary);
}

START_TEST(test_build_pin_from_environment_one_login)
{
    ck_assert_int_eq(CLI("build", release_manifest), OX_OK);
    expect_release(1);
}
END_TEST

START_TEST(test_build_pin_from_descriptor_one_login)
{
    char *path = hsm_path("pin");
    char number[16];
    int fd;

    hsm_write_file(path, HSM_PIN "\n");
    fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    (void)snprintf(number, sizeof number, "%d", fd);
    ck_assert_int_eq(unsetenv("OTAIMG_PIN"), 0);
    ck_assert_int_eq(CLI("build", release_manifest, "--pin-fd", number), OX_OK);
    (void)close(fd);
    expect_release(1);
    free(path);
}
END_TEST

START_TEST(test_build_pin_from_pin_source_one_login)
{
    char *path = hsm_path("pin");
    char *sign = xasprintf("sign.key=%s?pin-source=file:%s", RELEASE_SIGN_KEY, path);
    char *encrypt = xasprintf("encrypt.key=%s?pin-source=file:%s", RELEASE_AES_KEY, path);

    hsm_write_file(path, HSM_PIN "\n");
    ck_assert_int_eq(unsetenv("OTAIMG_PIN"), 0);
    ck_assert_int_eq(CLI("build", release_manifest, "--set", sign, "--set", encrypt), OX_OK);
    expect_release(1);
    free(encrypt);
    free(sign);
    free(path);
}
END_TEST

START_TEST(test_build_other_keys_do_not_verify)
{
    char *pem = hsm_path("app.pub.pem");
    char *key_uri = xasprintf("file:%s", pem);
    char id[65];

    hsm_add_pair(HSM_LABEL, HSM_PIN, "other", "03", false);
    hsm_add_aes(HSM_LABEL, HSM_PIN, "other-enc", "04", (const uint8_t[16]){1}, 16);
    ck_assert_int_eq(CLI("build", release_manifest), OX_OK);
    ck_assert_int_eq(CLI("verify", release_output, "--verify-key",
                         "pkcs11:token=release;object=other", "--decrypt-key", RELEASE_AES_KEY,
                         "--decrypt-iv", RELEASE_IV),
                     OX_AUTH);
    cli_expect_one_error("app.ota");
    export_key(pem, id);
    ck_assert_int_eq(CLI("verify", release_output, "--verify-key", key_uri, "--decrypt-key",
                         "pkcs11:token=release;object=other-enc", "--decrypt-iv", RELEASE_IV),
                     OX_DECRYPT);
    cli_expect_one_error("app.ota");
    free(key_uri);
    free(pem);
}
END_TEST

START_TEST(test_build_pin_is_nowhere_to_be_seen)
{
    static const char set[] = "sign.key=" RELEASE_SIGN_KEY "?pin-value=" HSM_PIN;

    ck_assert_int_eq(CLI("build", release_manifest), OX_OK);
    ck_assert_ptr_null(strstr(cli_out(NULL), HSM_PIN));
    ck_assert_int_eq(CLI("build", release_manifest, "--set", set), OX_USAGE);
    cli_expect_one_error("--set sign.key: the key URI contains 'pin-value', expected no PIN in it");
    ck_assert_ptr_null(strstr(cli_err(), HSM_PIN));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_build_pin_from_environment_one_login);
    tcase_add_test(tc, test_build_pin_from_descriptor_one_login);
    tcase_add_test(tc, test_build_pin_from_pin_source_one_login);
    tcase_add_test(tc, test_build_other_keys_do_not_verify);
    tcase_add_test(tc, test_build_pin_is_nowhere_to_be_seen);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_build", add_tests);
}
