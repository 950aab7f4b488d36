/* AES keys in files: both forms, everything near them, and published ciphertext. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cipher.h"
#include "known_keys.h"
#include "util.h"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

/* NIST SP 800-38A F.2.1. */
static const char key_hex[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char iv_hex[] = "000102030405060708090a0b0c0d0e0f";
static const char plain_hex[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const char secret_hex[] = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                                 "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7";

static char dir[] = "/tmp/otaimg-cipher-XXXXXX";
static char path[64];
static char uri[80];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/key", dir);
    (void)snprintf(uri, sizeof uri, "file:%s", path);
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void write_key(const void *bytes, size_t len, mode_t mode)
{
    int fd;

    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    (void)close(fd);
}

/* Opens the key file and runs the published message both ways, in place, step bytes at a time. */
static void expect_published(size_t step)
{
    uint8_t iv[16];
    uint8_t plain[64];
    uint8_t secret[64];
    struct cipher *cipher = NULL;

    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_OK);
    ck_assert(hex_decode(iv_hex, iv, 16));
    for (int encrypt = 0; encrypt < 2; encrypt++) {
        uint8_t bytes[64];

        ck_assert(hex_decode(plain_hex, plain, 64) && hex_decode(secret_hex, secret, 64));
        memcpy(bytes, encrypt != 0 ? plain : secret, 64);
        ck_assert_int_eq(cipher_begin(cipher, encrypt != 0, iv), OX_OK);
        for (size_t i = 0; i < 64; i += step) {
            size_t len = 64 - i < step ? 64 - i : step;

            ck_assert_int_eq(cipher_update(cipher, bytes + i, bytes + i, len), OX_OK);
        }
        ck_assert_mem_eq(bytes, encrypt != 0 ? secret : plain, 64);
    }
    cipher_close(cipher);
    ck_assert_str_eq(caught(), "");
}

START_TEST(test_cipher_file_each_form_published_ciphertext)
{
    uint8_t raw[16];
    char text[40];

    ck_assert(hex_decode(key_hex, raw, 16));
    write_key(raw, 16, 0600);
    for (size_t step = 16; step <= 64; step += 16) {
        expect_published(step);
    }
    write_key(key_hex, 32, 0600);
    expect_published(64);
    (void)snprintf(text, sizeof text, "%s\n", key_hex);
    write_key(text, 33, 0600);
    expect_published(64);
    (void)snprintf(text, sizeof text, "%s\r\n", key_hex);
    write_key(text, 34, 0600);
    expect_published(64);
}
END_TEST

static void expect_refusal(const void *bytes, size_t len)
{
    struct cipher *cipher = NULL;
    char want[160];

    write_key(bytes, len, 0600);
    catch_diagnostics();
    ck_assert_msg(cipher_open(uri, &no_options, &cipher) == OX_KEY, "%zu bytes were taken", len);
    (void)snprintf(want, sizeof want,
                   "otaimg: '%s' is not an AES-128 key, expected 16 bytes or 32 hex digits\n",
                   path);
    ck_assert_str_eq(caught(), want);
}

START_TEST(test_cipher_file_every_other_length_refused)
{
    char text[72];

    memset(text, 'a', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        if (len != 16 && len != 32) {
            expect_refusal(text, len);
        }
    }
}
END_TEST

START_TEST(test_cipher_file_not_hex_refused)
{
    for (size_t i = 0; i < 32; i++) {
        char text[33];

        memcpy(text, key_hex, sizeof text);
        text[i] = 'g';
        expect_refusal(text, 32);
        text[i] = '\0';
        expect_refusal(text, 32);
    }
    expect_refusal("2b7e151628aed2a6abf7158809cf4f3c\r", 33);
    expect_refusal("2b7e151628aed2a6abf7158809cf4f3c\n\n", 34);
    expect_refusal("0x2b7e151628aed2a6abf7158809cf4f3c", 34);
}
END_TEST

START_TEST(test_cipher_file_missing_refused)
{
    struct cipher *cipher = NULL;
    char want[160];

    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_KEY);
    (void)snprintf(want, sizeof want,
                   "otaimg: cannot open key file '%s': No such file or directory\n", path);
    ck_assert_str_eq(caught(), want);
    ck_assert_ptr_null(cipher);
}
END_TEST

START_TEST(test_cipher_file_readable_by_others_warned_unless_public)
{
    struct cipher *cipher = NULL;
    char want[160];

    write_key(key_hex, 32, 0604);
    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_OK);
    cipher_close(cipher);
    (void)snprintf(want, sizeof want,
                   "otaimg: warning: key file '%s' can be read by other users, "
                   "expected mode 0600\n",
                   path);
    ck_assert_str_eq(caught(), want);

    catch_diagnostics();
    write_key("AABBCCDDEEFF00112233445566778899", 32, 0644);
    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_OK);
    cipher_close(cipher);
    ck_assert_str_eq(caught(), "");
}
END_TEST

START_TEST(test_cipher_key_bytes_of_file_known)
{
    struct cipher *cipher = NULL;
    uint8_t key[16];

    write_key("AABBCCDDEEFF00112233445566778899", 32, 0600);
    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_OK);
    ck_assert(cipher_key_bytes(cipher, key));
    ck_assert(known_aes_key(key));
    key[15] ^= 1;
    ck_assert(!known_aes_key(key));
    cipher_close(cipher);
}
END_TEST

START_TEST(test_cipher_length_not_multiple_of_16_internal_error)
{
    struct cipher *cipher = NULL;
    uint8_t bytes[32] = {0};

    write_key(key_hex, 32, 0600);
    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_OK);
    ck_assert_int_eq(cipher_begin(cipher, true, bytes), OX_OK);
    ck_assert_int_eq(cipher_update(cipher, bytes, bytes, 17), OX_INTERNAL);
    ck_assert_str_eq(caught(), "otaimg: AES-128-CBC failed on 17 bytes\n");
    cipher_close(cipher);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_cipher_file_each_form_published_ciphertext);
    tcase_add_test(tc, test_cipher_file_every_other_length_refused);
    tcase_add_test(tc, test_cipher_file_not_hex_refused);
    tcase_add_test(tc, test_cipher_file_missing_refused);
    tcase_add_test(tc, test_cipher_file_readable_by_others_warned_unless_public);
    tcase_add_test(tc, test_cipher_key_bytes_of_file_known);
    tcase_add_test(tc, test_cipher_length_not_multiple_of_16_internal_error);
}

int main(void)
{
    return unit_main("cipher_file", add_tests);
}
