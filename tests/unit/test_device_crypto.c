/*
 * `verify --crypto soft` with a device's crypto that can be made to lie: this program brings its own
 * otav_crypto_soft, which the linker takes instead of the library's.
 */
#include "unit.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <otav/otav_soft.h>

#include "trust.h"

#define GOLDEN TEST_DATA_DIR "/golden"

extern const struct otav_crypto otav_crypto_soft;

static uint32_t ecdsa_answer; /* 0: the true one */
static unsigned ecdsa_calls;
static bool wrong_plaintext;

static uint32_t begin(void *user, struct otav_sha256_state *state)
{
    return otav_crypto_openssl.sha256_begin(user, state);
}

static uint32_t update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                       size_t len)
{
    return otav_crypto_openssl.sha256_update(user, state, bytes, len);
}

static uint32_t final(void *user, struct otav_sha256_state *state,
                      uint8_t ret_digest[OTAV_SHA256_LEN])
{
    return otav_crypto_openssl.sha256_final(user, state, ret_digest);
}

static void end(void *user, struct otav_sha256_state *state)
{
    otav_crypto_openssl.sha256_end(user, state);
}

static uint32_t ecdsa(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                      const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    ecdsa_calls++;
    return ecdsa_answer != 0 ? ecdsa_answer
                             : otav_crypto_openssl.ecdsa_p256_verify(user, xy, digest, rs);
}

static uint32_t aes_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                          const uint8_t iv[16])
{
    return otav_crypto_openssl.aes_cbc_begin(user, state, key, iv);
}

static uint32_t aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes, size_t len)
{
    uint32_t result = otav_crypto_openssl.aes_cbc_decrypt(user, state, bytes, len);

    bytes[0] ^= wrong_plaintext ? 1 : 0;
    return result;
}

static void aes_end(void *user, struct otav_aes_state *state)
{
    otav_crypto_openssl.aes_cbc_end(user, state);
}

const struct otav_crypto otav_crypto_soft = {NULL,  begin,     update,      final,  end,
                                             ecdsa, aes_begin, aes_decrypt, aes_end};

static enum ox verify(const char *path)
{
    const struct trust trust = {.device_path = GOLDEN "/devices/production.yaml",
                                .purpose = OTAV_INSTALL,
                                .device_crypto = true};
    const struct key_options keys = {0};
    struct ota_file file;
    enum ox ox;

    catch_diagnostics();
    diag_set_quiet(true); /* the test's AES key file is readable by anyone */
    ecdsa_calls = 0;
    ck_assert_int_eq(ota_file_open(path, &file), OX_OK);
    ox = trust_check(&trust, &file, &keys, NULL);
    ota_file_close(&file);
    return ox;
}

START_TEST(test_device_crypto_agrees_accepted)
{
    ecdsa_answer = 0;
    wrong_plaintext = false;
    ck_assert_int_eq(verify(GOLDEN "/good/ble-plain-full.ota"), OX_OK);
    ck_assert_uint_ge(ecdsa_calls, 2);
    ck_assert_int_eq(verify(GOLDEN "/good/ble-encrypted-full.ota"), OX_OK);
    ck_assert_str_eq(caught(), "");
}
END_TEST

START_TEST(test_device_crypto_refuses_what_openssl_takes_internal_error)
{
    ecdsa_answer = OTAV_REJECT;
    wrong_plaintext = false;
    ck_assert_int_eq(verify(GOLDEN "/good/ble-plain-full.ota"), OX_INTERNAL);
    ck_assert_str_eq(caught(),
                     "otaimg: " GOLDEN "/good/ble-plain-full.ota: the device's crypto says "
                     "OTAV_ERR_METADATA_SIGNATURE, OpenSSL OTAV_OK\n");
}
END_TEST

START_TEST(test_device_crypto_takes_what_openssl_refuses_internal_error)
{
    ecdsa_answer = OTAV_ACCEPT;
    wrong_plaintext = false;
    ck_assert_int_eq(verify(GOLDEN "/bad/fw-length-32-of-48.ota"), OX_INTERNAL);
}
END_TEST

START_TEST(test_device_crypto_decrypts_with_it_internal_error)
{
    ecdsa_answer = 0;
    wrong_plaintext = true;
    ck_assert_int_eq(verify(GOLDEN "/good/ble-encrypted-full.ota"), OX_INTERNAL);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_device_crypto_agrees_accepted);
    tcase_add_test(tc, test_device_crypto_refuses_what_openssl_takes_internal_error);
    tcase_add_test(tc, test_device_crypto_takes_what_openssl_refuses_internal_error);
    tcase_add_test(tc, test_device_crypto_decrypts_with_it_internal_error);
}

int main(void)
{
    return unit_main("device_crypto", add_tests);
}
