/* AES-128-CBC in a token: the same bytes as OpenSSL's own command, however the message is cut. */
#include "hsm.h"

#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include "cipher.h"
#include "token_keys.h"
#include "util.h"

#define ENC     "pkcs11:token=release;object=enc"
#define BIG_LEN (200u * 1024u + 16u)

static const uint8_t iv[16] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6};
static uint8_t plain[BIG_LEN];
static uint8_t expected[BIG_LEN];
static uint8_t out[BIG_LEN];

static void read_file(const char *path, uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "rb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(bytes, 1, len, file), len);
    ck_assert_int_eq(fgetc(file), EOF);
    (void)fclose(file);
}

/* expected = what the openssl command makes of plain. */
static void ask_openssl(void)
{
    char key_hex[33];
    char iv_hex[33];
    char *in_path = hsm_path("plain");
    char *out_path = hsm_path("cipher");
    char *command = NULL;
    FILE *file = fopen(in_path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(plain, 1, sizeof plain, file), sizeof plain);
    ck_assert_int_eq(fclose(file), 0);
    hex_encode(hsm_aes_key, 16, key_hex);
    hex_encode(iv, 16, iv_hex);
    command = xasprintf("openssl enc -aes-128-cbc -nopad -K %s -iv %s -in %s -out %s", key_hex,
                        iv_hex, in_path, out_path);
    ck_assert_int_eq(system(command), 0);
    read_file(out_path, expected, sizeof expected);
    free(command);
    free(out_path);
    free(in_path);
}

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    ask_openssl();
}

static struct cipher *open_cipher(void)
{
    struct cipher *cipher = NULL;

    ck_assert_int_eq(cipher_open(ENC, &hsm_options, &cipher), OX_OK);
    hsm_expect_text("");
    return cipher;
}

static void run(struct cipher *cipher, bool encrypt, const uint8_t *in, size_t piece)
{
    ck_assert_int_eq(cipher_begin(cipher, encrypt, iv), OX_OK);
    for (size_t at = 0; at < BIG_LEN; at += piece) {
        size_t len = BIG_LEN - at < piece ? BIG_LEN - at : piece;

        ck_assert_int_eq(cipher_update(cipher, in + at, out + at, len), OX_OK);
    }
    hsm_expect_text("");
}

START_TEST(test_cipher_equals_openssl_in_any_pieces)
{
    static const size_t pieces[] = {BIG_LEN, 4096, 65536, 65552, 16 * 1001};
    struct cipher *cipher = open_cipher();

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        memset(out, 0, sizeof out);
        run(cipher, true, plain, pieces[i]);
        ck_assert_mem_eq(out, expected, sizeof out);
        memset(out, 0, sizeof out);
        run(cipher, false, expected, pieces[i]);
        ck_assert_mem_eq(out, plain, sizeof out);
    }
    cipher_close(cipher);
}
END_TEST

START_TEST(test_cipher_in_place_equals_openssl)
{
    struct cipher *cipher = open_cipher();

    memcpy(out, plain, sizeof out);
    run(cipher, true, out, 65536);
    ck_assert_mem_eq(out, expected, sizeof out);
    run(cipher, false, out, 65536);
    ck_assert_mem_eq(out, plain, sizeof out);
    cipher_close(cipher);
}
END_TEST

START_TEST(test_cipher_large_update_is_cut_for_the_token)
{
    struct cipher *cipher = NULL;

    hsm_use_mock();
    cipher = open_cipher();
    run(cipher, true, plain, BIG_LEN);
    cipher_close(cipher);
    ck_assert_uint_eq(hsm_logged("C_EncryptInit"), 1);
    ck_assert_uint_eq(hsm_logged("C_EncryptUpdate"), 4);
    ck_assert_uint_eq(hsm_logged("C_EncryptFinal"), 1);
    ck_assert_uint_eq(hsm_logged("attribute 0x11"), 0); /* CKA_VALUE */
}
END_TEST

START_TEST(test_cipher_key_bytes_never_known)
{
    struct cipher *cipher = open_cipher();
    uint8_t key[16] = {0};

    ck_assert(!cipher_key_bytes(cipher, key));
    cipher_close(cipher);
}
END_TEST

START_TEST(test_cipher_key_gone_after_open_one_line)
{
    struct cipher *cipher = open_cipher();

    hsm_delete(HSM_LABEL, HSM_PIN, "enc", CKO_SECRET_KEY);
    ck_assert_int_eq(cipher_begin(cipher, true, iv), OX_KEY);
    hsm_expect_text("otaimg: token 'release': C_EncryptInit: CKR_OBJECT_HANDLE_INVALID, the token "
                    "or the key was removed while in use\n");
    cipher_close(cipher);
}
END_TEST

static void expect_refused(const char *uri, enum ox code, const char *message)
{
    struct cipher *cipher = NULL;

    ck_assert_int_eq(cipher_open(uri, &hsm_options, &cipher), code);
    ck_assert_ptr_null(cipher);
    hsm_expect_text(message);
}

START_TEST(test_cipher_aes_256_refused)
{
    static const uint8_t long_key[32];

    hsm_add_aes(HSM_LABEL, HSM_PIN, "long", "05", long_key, sizeof long_key);
    expect_refused("pkcs11:object=long", OX_KEY,
                   "otaimg: token 'release': the key is AES-256, expected AES-128\n");
}
END_TEST

START_TEST(test_cipher_absent_key_lists_keys)
{
    expect_refused("pkcs11:object=app", OX_KEY,
                   "otaimg: token 'release': no secret key matches 'pkcs11:object=app', found "
                   "'enc' (id 02)\n");
}
END_TEST

START_TEST(test_cipher_private_type_refused)
{
    expect_refused("pkcs11:object=enc;type=private", OX_USAGE,
                   "otaimg: type= of the URI does not fit, expected a secret key\n");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_cipher_equals_openssl_in_any_pieces);
    tcase_add_test(tc, test_cipher_in_place_equals_openssl);
    tcase_add_test(tc, test_cipher_large_update_is_cut_for_the_token);
    tcase_add_test(tc, test_cipher_key_bytes_never_known);
    tcase_add_test(tc, test_cipher_key_gone_after_open_one_line);
    tcase_add_test(tc, test_cipher_aes_256_refused);
    tcase_add_test(tc, test_cipher_absent_key_lists_keys);
    tcase_add_test(tc, test_cipher_private_type_refused);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_cipher", add_tests);
}
