/* The device's AES-128-CBC: chaining, every length, OpenSSL as second opinion. */
#include "unit.h"

#include <openssl/evp.h>
#include <otav/otav_error.h>

#include "aes_cbc.h"

enum { BLOCK_LEN = 16, LENGTH_MAX = 20 * BLOCK_LEN, GUARD = 0x5A };

/* In place, in calls of step bytes. */
static void decrypt(const uint8_t key[16], const uint8_t iv[16], uint8_t *bytes, size_t len,
                    size_t step)
{
    struct otav_aes_state state;

    memset(&state, GUARD, sizeof state); /* begin() must not rely on anything */
    ck_assert_uint_eq(otav_soft_aes_cbc_begin(NULL, &state, key, iv), OTAV_ACCEPT);
    for (size_t i = 0; i < len; i += step) {
        size_t part_len = len - i < step ? len - i : step;

        ck_assert_uint_eq(otav_soft_aes_cbc_decrypt(NULL, &state, bytes + i, part_len),
                          OTAV_ACCEPT);
    }
    otav_soft_aes_cbc_end(NULL, &state);
}

static void decrypt_openssl(const uint8_t key[16], const uint8_t iv[16], const uint8_t *bytes,
                            size_t len, uint8_t *ret)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done_len;

    ck_assert_int_eq(EVP_DecryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
    ck_assert_int_eq(EVP_DecryptUpdate(ctx, ret, &done_len, bytes, (int)len), 1);
    ck_assert_int_eq(done_len, (int)len);
    EVP_CIPHER_CTX_free(ctx);
}

static void fill_random(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(rand() >> 7);
    }
}

/* Odd and even numbers of blocks, cut at every block, at every alignment; nothing behind the end. */
START_TEST(test_soft_aes_any_length_and_cut_same_as_openssl)
{
    uint8_t key[16], iv[16], cipher[LENGTH_MAX], want[LENGTH_MAX];
    uint8_t got[LENGTH_MAX + 16];

    for (size_t len = 0; len <= LENGTH_MAX; len += BLOCK_LEN) {
        for (size_t step = BLOCK_LEN; step <= LENGTH_MAX; step += BLOCK_LEN) {
            uint8_t *bytes = got + step / BLOCK_LEN % 8;

            fill_random(key, sizeof key);
            fill_random(iv, sizeof iv);
            fill_random(cipher, sizeof cipher);
            decrypt_openssl(key, iv, cipher, len, want);
            memset(got, GUARD, sizeof got);
            memcpy(bytes, cipher, len);
            decrypt(key, iv, bytes, len, step);
            ck_assert_mem_eq(bytes, want, len);
            ck_assert_uint_eq(bytes[len], GUARD);
        }
    }
}
END_TEST

START_TEST(test_soft_aes_random_data_same_as_openssl)
{
    uint8_t key[16], iv[16], bytes[LENGTH_MAX], want[LENGTH_MAX];

    for (unsigned i = 0; i < 2000; i++) {
        fill_random(key, sizeof key);
        fill_random(iv, sizeof iv);
        fill_random(bytes, sizeof bytes);
        decrypt_openssl(key, iv, bytes, sizeof bytes, want);
        decrypt(key, iv, bytes, sizeof bytes, SIZE_MAX);
        ck_assert_mem_eq(bytes, want, sizeof want);
    }
}
END_TEST

START_TEST(test_soft_aes_length_no_multiple_of_block_refused)
{
    static const uint8_t key[16], iv[16];
    struct otav_aes_state state;
    uint8_t bytes[2 * BLOCK_LEN] = {1, 2, 3};
    uint8_t kept[2 * BLOCK_LEN];

    memcpy(kept, bytes, sizeof kept);
    otav_soft_aes_cbc_begin(NULL, &state, key, iv);
    for (size_t len = 1; len < sizeof bytes; len++) {
        if (len % BLOCK_LEN != 0) {
            ck_assert_uint_eq(otav_soft_aes_cbc_decrypt(NULL, &state, bytes, len), OTAV_REJECT);
            ck_assert_mem_eq(bytes, kept, sizeof kept);
        }
    }
}
END_TEST

START_TEST(test_soft_aes_end_wipes_any_state)
{
    static const struct otav_aes_state zeros;
    static const uint8_t iv[16];
    struct otav_aes_state state;

    memset(&state, GUARD, sizeof state);
    otav_soft_aes_cbc_begin(NULL, &state, (const uint8_t *)"0123456789abcdef", iv);
    otav_soft_aes_cbc_end(NULL, &state);
    ck_assert_mem_eq(&state, &zeros, sizeof state);
    otav_soft_aes_cbc_end(NULL, &state);
    ck_assert_mem_eq(&state, &zeros, sizeof state);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_soft_aes_any_length_and_cut_same_as_openssl);
    tcase_add_test(tc, test_soft_aes_random_data_same_as_openssl);
    tcase_add_test(tc, test_soft_aes_length_no_multiple_of_block_refused);
    tcase_add_test(tc, test_soft_aes_end_wipes_any_state);
}

int main(void)
{
    return unit_main("soft_aes", add_tests);
}
