/*
 * Many images signed in one run, through the program: one login and one session whatever their
 * number, every file good, and what was finished stays when the token goes away.
 */
#include "release_files.h"

#include <unistd.h>

enum { IMAGES = 100, ENCRYPTED_IMAGES = 6, GOOD_BEFORE_LOSS = 10 };

static char *batch_manifest;

/* encrypt: the base's lines for it, or "". */
static void write_manifest(unsigned count, const char *encrypt)
{
    char *text = xasprintf("otaimg: 1\n"
                           "device: wbz451\n"
                           "firmware: {file: app.bin, format: bin, address: 0x01000200,\n"
                           "  version: 1.4.2.0, sequence: 7}\n"
                           "sign: {key: \"" RELEASE_SIGN_KEY "\", class: development}\n"
                           "%svariants:\n",
                           encrypt);

    for (unsigned i = 0; i < count; i++) {
        char *longer = xasprintf("%s  - {name: v%u, firmware: {sequence: %u}, output: v%u.ota}\n",
                                 text, i, i + 1, i);

        free(text);
        text = longer;
    }
    batch_manifest = hsm_path("release/batch.yaml");
    hsm_write_file(batch_manifest, text);
    free(text);
}

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
    release_write();
}

static char *image_path(unsigned number)
{
    char *name = xasprintf("release/v%u.ota", number);
    char *path = hsm_path(name);

    free(name);
    return path;
}

static unsigned count_images(unsigned of)
{
    unsigned count = 0;

    for (unsigned i = 0; i < of; i++) {
        char *path = image_path(i);

        count += access(path, F_OK) == 0 ? 1 : 0;
        free(path);
    }
    return count;
}

/* Public key in a file, so that verifying needs no token. */
static char *export_key(void)
{
    char *pem = hsm_path("app.pub.pem");
    char *uri = xasprintf("file:%s", pem);

    ck_assert_int_eq(CLI("keys", "export", RELEASE_SIGN_KEY, "-o", pem), OX_OK);
    free(pem);
    return uri;
}

START_TEST(test_batch_hundred_images_one_login_one_session)
{
    char *key;

    write_manifest(IMAGES, "");
    ck_assert_int_eq(CLI("build", batch_manifest, "--jobs", "4"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    ck_assert_uint_eq(hsm_logged("C_OpenSession"), 1);
    ck_assert_uint_eq(hsm_logged("C_Sign"), 2 * IMAGES);
    ck_assert_uint_eq(count_images(IMAGES), IMAGES);
    key = export_key();
    for (unsigned i = 0; i < IMAGES; i++) {
        char *path = image_path(i);

        ck_assert_msg(CLI("verify", path, "--verify-key", key) == OX_OK, "%s", cli_err());
        free(path);
    }
    free(key);
}
END_TEST

START_TEST(test_batch_token_cipher_shared_by_threads)
{
    char *key;
    char *aes = hsm_path("aes.hex");
    char *aes_uri = xasprintf("file:%s", aes);
    char hex[33];

    write_manifest(ENCRYPTED_IMAGES, "encrypt: {method: aes-128-cbc, key: \"" RELEASE_AES_KEY
                                     "\", iv: \"" RELEASE_IV "\"}\n");
    ck_assert_int_eq(CLI("build", batch_manifest, "--jobs", "4"), OX_OK);
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    hex_encode(hsm_aes_key, sizeof hsm_aes_key, hex);
    hsm_write_file(aes, hex);
    key = export_key();
    for (unsigned i = 0; i < ENCRYPTED_IMAGES; i++) {
        char *path = image_path(i);

        ck_assert_msg(CLI("verify", path, "--verify-key", key, "--decrypt-key", aes_uri,
                          "--decrypt-iv", RELEASE_IV) == OX_OK,
                      "%s", cli_err());
        free(path);
    }
    free(key);
    free(aes_uri);
    free(aes);
}
END_TEST

START_TEST(test_batch_session_lost_finished_files_stay)
{
    write_manifest(2 * GOOD_BEFORE_LOSS, "");
    /* From the 21st signature on: CKR_SESSION_HANDLE_INVALID. */
    ck_assert_int_eq(setenv("MOCK_P11_FAIL", "C_Sign=0xb3@21", 1), 0);
    ck_assert_int_eq(CLI("build", batch_manifest, "--jobs", "1"), OX_KEY);
    ck_assert_int_eq(unsetenv("MOCK_P11_FAIL"), 0);
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    ck_assert_uint_eq(count_images(GOOD_BEFORE_LOSS), GOOD_BEFORE_LOSS);
    ck_assert_uint_eq(count_images(2 * GOOD_BEFORE_LOSS), GOOD_BEFORE_LOSS);
    ck_assert_ptr_nonnull(strstr(cli_err(), "10 of 20 images failed: v10, v11, "));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_batch_hundred_images_one_login_one_session);
    tcase_add_test(tc, test_batch_token_cipher_shared_by_threads);
    tcase_add_test(tc, test_batch_session_lost_finished_files_stay);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_batch", add_tests);
}
