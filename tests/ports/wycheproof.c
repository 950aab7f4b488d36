/*
 * Wycheproof's ECDSA P-256/SHA-256 signatures (DER and r || s) and AES-128-CBC, through the decoder
 * that the verifier uses and one crypto port, PORT. The vector files are no part of this repository;
 * without them the program says so and exits with 77.
 */
#include "unit.h"

#include <jansson.h>
#include PORT_HEADER
#include <sys/stat.h>

#include "image_builder.h"

#define FOLDER TEST_SHARED_VECTORS "/wycheproof"

enum { EXIT_SKIPPED = 77, BYTES_MAX = 8192, DER_CAP = 72 };

/* Bytes from a hex string; returns how many. */
static size_t from_hex(const char *hex, uint8_t ret[BYTES_MAX])
{
    size_t len = strlen(hex) / 2;

    ck_assert_uint_le(len, BYTES_MAX);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;

        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ret[i] = (uint8_t)byte;
    }
    return len;
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    ck_assert_ptr_nonnull(value);
    return value;
}

static json_t *load(const char *name)
{
    char path[512];
    json_error_t error;
    json_t *root;

    snprintf(path, sizeof path, "%s/%s", FOLDER, name);
    root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root != NULL, "%s: %s", path, error.text);
    return root;
}

/* Calls take for every test of every group; returns how many there were. */
static unsigned for_each(const char *name, void (*take)(const json_t *group, const json_t *test))
{
    json_t *root = load(name);
    json_t *group;
    json_t *test;
    size_t i;
    size_t k;
    unsigned count = 0;

    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        json_array_foreach(json_object_get(group, "tests"), k, test)
        {
            take(group, test);
            count++;
        }
    }
    ck_assert_int_eq(json_integer_value(json_object_get(root, "numberOfTests")), count);
    json_decref(root);
    return count;
}

/* ---- ECDSA ------------------------------------------------------------------------------------ */

static bool verifies(const json_t *group, const json_t *test, const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    uint8_t key[BYTES_MAX];
    uint8_t message[BYTES_MAX];
    uint8_t digest[OTAV_SHA256_LEN];
    size_t message_len = from_hex(text(test, "msg"), message);

    ck_assert_uint_eq(from_hex(text(json_object_get(group, "publicKey"), "uncompressed"), key), 65);
    image_sha256(message, message_len, digest);
    return PORT.ecdsa_p256_verify(PORT.user, key + 1, digest, rs) == OTAV_ACCEPT;
}

/* "acceptable" does not occur in these files; it would be an alternative encoding: refused. */
static void check_result(const json_t *test, bool accepted)
{
    ck_assert_msg(accepted == (strcmp(text(test, "result"), "valid") == 0), "test %d (%s) is %s",
                  (int)json_integer_value(json_object_get(test, "tcId")), text(test, "comment"),
                  text(test, "result"));
}

static void take_der(const json_t *group, const json_t *test)
{
    uint8_t sig[BYTES_MAX] = {0};
    uint8_t rs[OTAV_SIGNATURE_LEN];
    size_t len = from_hex(text(test, "sig"), sig);
    bool decoded = otav_der_decode(sig, len > DER_CAP ? len : DER_CAP, len, rs);

    check_result(test, decoded && verifies(group, test, rs));
    ck_assert(!decoded || len <= DER_CAP);
}

static void take_p1363(const json_t *group, const json_t *test)
{
    uint8_t sig[BYTES_MAX];
    size_t len = from_hex(text(test, "sig"), sig);

    check_result(test, len == OTAV_SIGNATURE_LEN && verifies(group, test, sig));
}

START_TEST(test_wycheproof_ecdsa_der)
{
    ck_assert_uint_eq(for_each("ecdsa_secp256r1_sha256_test.json", take_der), 484);
}
END_TEST

START_TEST(test_wycheproof_ecdsa_p1363)
{
    ck_assert_uint_eq(for_each("ecdsa_secp256r1_sha256_p1363_test.json", take_p1363), 262);
}
END_TEST

/* ---- AES-CBC ---------------------------------------------------------------------------------- */

static unsigned aes_tests;

/* The verifier's rule for the end of encrypted data: 1..16 bytes of their own number. */
static bool padding_ok(const uint8_t *bytes, size_t len, size_t *ret_len)
{
    uint8_t pad = len == 0 ? 0 : bytes[len - 1];

    if (pad == 0 || pad > OTAV_BLOCK_LEN || pad > len) {
        return false;
    }
    for (size_t i = len - pad; i < len; i++) {
        if (bytes[i] != pad) {
            return false;
        }
    }
    *ret_len = len - pad;
    return true;
}

static void take_aes(const json_t *group, const json_t *test)
{
    struct otav_aes_state state = {{0}};
    uint8_t key[BYTES_MAX];
    uint8_t iv[BYTES_MAX];
    uint8_t expected[BYTES_MAX];
    uint8_t bytes[BYTES_MAX];
    size_t len = from_hex(text(test, "ct"), bytes);
    size_t expected_len = from_hex(text(test, "msg"), expected);
    size_t plain_len = 0;
    bool ok;

    if (json_integer_value(json_object_get(group, "keySize")) != 128 || len % 16 != 0) {
        return;
    }
    aes_tests++;
    ck_assert_uint_eq(from_hex(text(test, "key"), key), 16);
    ck_assert_uint_eq(from_hex(text(test, "iv"), iv), 16);
    ck_assert_uint_eq(PORT.aes_cbc_begin(PORT.user, &state, key, iv), OTAV_ACCEPT);
    for (size_t off = 0; off < len; off += 16) { /* block by block: the state chains */
        ck_assert_uint_eq(PORT.aes_cbc_decrypt(PORT.user, &state, bytes + off, 16), OTAV_ACCEPT);
    }
    PORT.aes_cbc_end(PORT.user, &state);
    ok = padding_ok(bytes, len, &plain_len) && plain_len == expected_len &&
         memcmp(bytes, expected, plain_len) == 0;
    check_result(test, ok);
}

START_TEST(test_wycheproof_aes_128_cbc)
{
    ck_assert_uint_eq(for_each("aes_cbc_pkcs5_test.json", take_aes), 216);
    ck_assert_uint_eq(aes_tests, 72);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_wycheproof_ecdsa_der);
    tcase_add_test(tc, test_wycheproof_ecdsa_p1363);
    tcase_add_test(tc, test_wycheproof_aes_128_cbc);
}

int main(void)
{
    struct stat info;

    if (stat(FOLDER, &info) != 0) {
        printf("SKIPPED: no Wycheproof vectors in %s\n", FOLDER);
        return EXIT_SKIPPED;
    }
    return unit_main("wycheproof", add_tests);
}
