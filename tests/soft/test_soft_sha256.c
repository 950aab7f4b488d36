/* The device's SHA-256: every length and cut, OpenSSL as second opinion. */
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <otav/otav_error.h>

#include "sha256.h"

#if defined(__SANITIZE_ADDRESS__)
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif

enum { LENGTH_MAX = 300, GUARD = 0x5A };

/* The digest of bytes that are fed in pieces of step bytes. */
static void digest_of(const uint8_t *bytes, size_t len, size_t step, uint8_t ret[32])
{
    struct otav_sha256_state state;

    memset(&state, GUARD, sizeof state); /* begin() must not rely on anything */
    ck_assert_uint_eq(otav_soft_sha256_begin(NULL, &state), OTAV_ACCEPT);
    for (size_t i = 0; i < len; i += step) {
        size_t part_len = len - i < step ? len - i : step;

        ck_assert_uint_eq(otav_soft_sha256_update(NULL, &state, bytes + i, part_len), OTAV_ACCEPT);
    }
    ck_assert_uint_eq(otav_soft_sha256_final(NULL, &state, ret), OTAV_ACCEPT);
}

static void fill_random(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(rand() >> 7);
    }
}

START_TEST(test_soft_sha256_any_length_and_cut_same_as_openssl)
{
    uint8_t bytes[LENGTH_MAX];
    uint8_t want[32];
    uint8_t got[32];

    fill_random(bytes, sizeof bytes);
    for (size_t len = 0; len <= LENGTH_MAX; len++) {
        SHA256(bytes, len, want);
        for (size_t step = 1; step <= len + 1; step++) {
            digest_of(bytes, len, step, got);
            ck_assert_mem_eq(got, want, sizeof want);
        }
    }
}
END_TEST

/* Two pieces cut at every place, at every alignment. */
START_TEST(test_soft_sha256_two_pieces_same_as_openssl)
{
    uint8_t bytes[LENGTH_MAX + 8];
    struct otav_sha256_state state;
    uint8_t want[32];
    uint8_t got[32];

    fill_random(bytes, sizeof bytes);
    for (size_t shift = 0; shift < 8; shift++) {
        SHA256(bytes + shift, LENGTH_MAX, want);
        for (size_t cut = 0; cut <= LENGTH_MAX; cut++) {
            otav_soft_sha256_begin(NULL, &state);
            otav_soft_sha256_update(NULL, &state, bytes + shift, cut);
            otav_soft_sha256_update(NULL, &state, bytes + shift + cut, LENGTH_MAX - cut);
            otav_soft_sha256_final(NULL, &state, got);
            ck_assert_mem_eq(got, want, sizeof want);
        }
    }
}
END_TEST

/* 2^29 bytes and more: the bit count needs its upper word. */
START_TEST(test_soft_sha256_half_gigabyte_same_as_openssl)
{
    static uint8_t bytes[1 << 16];
    struct otav_sha256_state state;
    EVP_MD_CTX *other = EVP_MD_CTX_new();
    uint8_t want[32];
    uint8_t got[32];

    fill_random(bytes, sizeof bytes);
    otav_soft_sha256_begin(NULL, &state);
    ck_assert_int_eq(EVP_DigestInit_ex(other, EVP_sha256(), NULL), 1);
    for (unsigned i = 0; i < (1u << 13) + 1; i++) {
        otav_soft_sha256_update(NULL, &state, bytes, sizeof bytes);
        ck_assert_int_eq(EVP_DigestUpdate(other, bytes, sizeof bytes), 1);
    }
    otav_soft_sha256_final(NULL, &state, got);
    ck_assert_int_eq(EVP_DigestFinal_ex(other, want, NULL), 1);
    EVP_MD_CTX_free(other);
    ck_assert_mem_eq(got, want, sizeof want);
}
END_TEST

START_TEST(test_soft_sha256_end_wipes_any_state)
{
    static const struct otav_sha256_state zeros;
    struct otav_sha256_state state;

    memset(&state, GUARD, sizeof state);
    otav_soft_sha256_begin(NULL, &state);
    otav_soft_sha256_update(NULL, &state, (const uint8_t *)"secret", 6);
    otav_soft_sha256_end(NULL, &state);
    ck_assert_mem_eq(&state, &zeros, sizeof state);
    otav_soft_sha256_end(NULL, &state);
    ck_assert_mem_eq(&state, &zeros, sizeof state);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_soft_sha256_any_length_and_cut_same_as_openssl);
    tcase_add_test(tc, test_soft_sha256_two_pieces_same_as_openssl);
    if (!IS_SANITIZED) { /* half a minute there */
        tcase_add_test(tc, test_soft_sha256_half_gigabyte_same_as_openssl);
    }
    tcase_add_test(tc, test_soft_sha256_end_wipes_any_state);
}

int main(void)
{
    return unit_main("soft_sha256", add_tests);
}
