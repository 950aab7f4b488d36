/* New key files: usable, readable by their owner only, and never over another file. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cipher.h"
#include "key_generate.h"
#include "passphrase.h"
#include "pubkey.h"
#include "signer.h"
#include "util.h"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

static char dir[] = "/tmp/otaimg-generate-XXXXXX";
static char path[64];
static char uri[80];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/key", dir);
    (void)snprintf(uri, sizeof uri, "file:%s", path);
    (void)umask(0);
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

/* Content of the file, which must have mode 0600. */
static const char *read_private(void)
{
    static char text[1024];
    struct stat status;
    int fd = open(path, O_RDONLY);
    ssize_t len;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    len = read(fd, text, sizeof text - 1);
    ck_assert_int_gt(len, 0);
    text[len] = '\0';
    (void)close(fd);
    return text;
}

static void expect_signs(const uint8_t xy[64])
{
    struct signer *signer = NULL;
    uint8_t digest[32] = {1, 2, 3};
    uint8_t got_xy[64];
    uint8_t rs[64];

    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_OK);
    signer_public_key(signer, got_xy);
    ck_assert_mem_eq(got_xy, xy, 64);
    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
    ck_assert(pubkey_verify(xy, digest, rs));
    signer_close(signer);
}

START_TEST(test_key_generate_plain_signs)
{
    uint8_t xy[64];

    ck_assert_int_eq(key_generate_p256(path, NULL, xy), OX_OK);
    ck_assert_int_eq(strncmp(read_private(), "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    expect_signs(xy);
    ck_assert_str_eq(caught(), "");
}
END_TEST

START_TEST(test_key_generate_encrypted_signs_with_passphrase_only)
{
    const struct secret passphrase = {.len = 3, .text = "abc"};
    struct signer *signer = NULL;
    uint8_t xy[64];

    ck_assert_int_eq(key_generate_p256(path, &passphrase, xy), OX_OK);
    ck_assert_int_eq(strncmp(read_private(), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38), 0);
    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "abc", 1), 0);
    expect_signs(xy);
    passphrase_wipe_all(); /* else the one that was read serves this key, too */
    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "abd", 1), 0);
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_KEY);
}
END_TEST

START_TEST(test_key_generate_two_keys_differ)
{
    uint8_t first[64];
    uint8_t second[64];

    ck_assert_int_eq(key_generate_p256(path, NULL, first), OX_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(key_generate_p256(path, NULL, second), OX_OK);
    ck_assert_mem_ne(first, second, 64);
}
END_TEST

START_TEST(test_key_generate_aes_hex_line_opens)
{
    struct cipher *cipher = NULL;
    uint8_t key[16];
    char text[33];

    ck_assert_int_eq(key_generate_aes128(path), OX_OK);
    ck_assert_int_eq(cipher_open(uri, &no_options, &cipher), OX_OK);
    ck_assert(cipher_key_bytes(cipher, key));
    hex_encode(key, 16, text);
    ck_assert_uint_eq(strlen(read_private()), 33);
    ck_assert_int_eq(strncmp(read_private(), text, 32), 0);
    ck_assert_int_eq(read_private()[32], '\n');
    cipher_close(cipher);
}
END_TEST

START_TEST(test_key_generate_existing_file_kept)
{
    char want[160];
    uint8_t xy[64];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

    ck_assert_int_eq(write(fd, "old", 3), 3);
    (void)close(fd);
    (void)snprintf(want, sizeof want, "otaimg: '%s' exists, expected the name of a new file\n",
                   path);
    ck_assert_int_eq(key_generate_p256(path, NULL, xy), OX_IO);
    ck_assert_str_eq(caught(), want);
    catch_diagnostics();
    ck_assert_int_eq(key_generate_aes128(path), OX_IO);
    ck_assert_str_eq(caught(), want);
    catch_diagnostics();
    ck_assert_int_eq(key_generate_check_new(path), OX_IO);
    ck_assert_str_eq(caught(), want);
    ck_assert_str_eq(read_private(), "old");
}
END_TEST

START_TEST(test_key_generate_dangling_link_not_followed)
{
    uint8_t xy[64];
    char target[80];

    (void)snprintf(target, sizeof target, "%s/target", dir);
    ck_assert_int_eq(key_generate_check_new(path), OX_OK);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(key_generate_check_new(path), OX_IO);
    ck_assert_int_eq(key_generate_p256(path, NULL, xy), OX_IO);
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

START_TEST(test_key_generate_no_folder_refused)
{
    ck_assert_int_eq(key_generate_aes128("/nonexistent/key"), OX_IO);
    ck_assert_str_eq(caught(),
                     "otaimg: cannot create '/nonexistent/key': No such file or directory\n");
}
END_TEST

/* The file size limit stands in for a full disk. */
START_TEST(test_key_generate_write_fails_nothing_left)
{
    const struct rlimit limit = {10, 10};
    char want[160];

    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(key_generate_aes128(path), OX_IO);
    (void)snprintf(want, sizeof want, "otaimg: cannot write '%s': File too large\n", path);
    ck_assert_str_eq(caught(), want);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_key_generate_plain_signs);
    tcase_add_test(tc, test_key_generate_encrypted_signs_with_passphrase_only);
    tcase_add_test(tc, test_key_generate_two_keys_differ);
    tcase_add_test(tc, test_key_generate_aes_hex_line_opens);
    tcase_add_test(tc, test_key_generate_existing_file_kept);
    tcase_add_test(tc, test_key_generate_dangling_link_not_followed);
    tcase_add_test(tc, test_key_generate_no_folder_refused);
    tcase_add_test(tc, test_key_generate_write_fails_nothing_left);
}

int main(void)
{
    return unit_main("key_generate", add_tests);
}
