/*
 * Provisioning records made from device files: the configuration that the device reads back is that of
 * the file, and neither a private half nor an AES key that nobody asked for is in it.
 */
#include "unit.h"

#include <unistd.h>

#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>

#include "device_file.h"
#include "provision.h"
#include "util.h"

#define KEYS TEST_DATA_DIR "/../keys/test/"

/* The private half of the key of RFC 6979, A.2.5. */
#define RFC_D "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"

#define AES_KEY "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
#define AES_IV  "101112131415161718191a1b1c1d1e1f"

static const struct key_options no_options = {-1, -1, NULL, false};
static char folder[64];
static char *device_path;
static char *aes_path;

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
    strcpy(folder, "/tmp/provision.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    device_path = xasprintf("%s/device.yaml", folder);
    aes_path = xasprintf("%s/aes.hex", folder);
    write_file(aes_path, AES_KEY "\n");
    write_file(device_path,
               "otaimg-device: 1\n"
               "device: wbz451\n"
               "class: development\n"
               "keys:\n"
               "  - {public: \"file:" KEYS "rfc6979-p256.pem\", class: production,"
               " roles: [application, secondary]}\n"
               "  - {public: " KEYS "dev-a.pub.pem, class: development, roles: [bootloader]}\n"
               "  - {public: " KEYS "dev-b.pem, class: development, roles: [application]}\n"
               "product: 7d7c9f0e-3b53-4c1e-9a86-0a8f5c1d2e3f\n"
               "hardware: {class: 0x01020304, revision: 515}\n"
               "manufacturer: ACM\n"
               "decrypt: {key: \"file:aes.hex\", iv: \"" AES_IV "\"}\n");
}

static void teardown(void)
{
    (void)unlink(device_path);
    (void)unlink(aes_path);
    (void)rmdir(folder);
    free(device_path);
    free(aes_path);
}

static void make(bool with_decrypt_key, uint8_t record[OTAV_PROVISION_LEN])
{
    catch_diagnostics();
    ck_assert_msg(provision_from_device(device_path, with_decrypt_key, &no_options, record) ==
                      OX_OK,
                  "%s", caught());
}

/* Whether the bytes of hex are in the record, in either order. */
static bool holds(const uint8_t record[OTAV_PROVISION_LEN], const char *hex)
{
    uint8_t bytes[32];
    uint8_t back[32];
    size_t len = strlen(hex) / 2;

    ck_assert(hex_decode(hex, bytes, len));
    for (size_t i = 0; i < len; i++) {
        back[len - 1 - i] = bytes[i];
    }
    return memmem(record, OTAV_PROVISION_LEN, bytes, len) != NULL ||
           memmem(record, OTAV_PROVISION_LEN, back, len) != NULL;
}

/* Compares with what device_file_load() says of the same file. */
static void check_decoded(const uint8_t record[OTAV_PROVISION_LEN])
{
    struct device_file file;
    struct otav_config config;

    ck_assert_int_eq(device_file_load(device_path, &no_options, &file), OX_OK);
    ck_assert_int_eq(otav_provision_decode(record, &otav_crypto_openssl, &config), OTAV_OK);
    ck_assert_uint_eq(config.policy, file.config.policy);
    ck_assert_uint_eq(config.device_class, file.config.device_class);
    ck_assert_uint_eq(config.image_types, file.config.image_types);
    ck_assert_uint_eq(config.key_count, 3);
    for (unsigned i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
        ck_assert_mem_eq(config.keys[i].xy, file.config.keys[i].xy, OTAV_PUBLIC_KEY_LEN);
        ck_assert_uint_eq(config.keys[i].key_class, file.config.keys[i].key_class);
        ck_assert_uint_eq(config.keys[i].roles, file.config.keys[i].roles);
    }
    ck_assert(config.has_identity);
    ck_assert_mem_eq(config.product, file.config.product, sizeof config.product);
    ck_assert_uint_eq(config.hardware_class, 0x01020304);
    ck_assert_uint_eq(config.hardware_revision, 515);
    ck_assert_mem_eq(config.manufacturer, "ACM", 4);
    device_file_free(&file);
}

START_TEST(test_provision_file_decodes_to_the_device)
{
    uint8_t record[OTAV_PROVISION_LEN];

    make(false, record);
    check_decoded(record);
    make(true, record);
    check_decoded(record);
}
END_TEST

START_TEST(test_provision_file_holds_no_private_half)
{
    static const uint8_t zeros[32];
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

    make(false, record);
    ck_assert(!holds(record, RFC_D));
    ck_assert(!holds(record, AES_KEY));
    ck_assert(!holds(record, AES_IV));
    ck_assert_mem_eq(record + OTAV_PROVISION_DECRYPT_KEY_OFF, zeros, sizeof zeros);
    ck_assert_ptr_nonnull(strstr(caught(), "'decrypt' is not in the record"));
    make(true, record);
    ck_assert(!holds(record, RFC_D));
    ck_assert(holds(record, AES_KEY));
    ck_assert_int_eq(otav_provision_decode(record, &otav_crypto_openssl, &config), OTAV_OK);
    ck_assert(config.has_decrypt_key);
    ck_assert(hex_decode(AES_KEY, record, 16));
    ck_assert_mem_eq(config.decrypt_key, record, 16);
    ck_assert(hex_decode(AES_IV, record, 16));
    ck_assert_mem_eq(config.decrypt_iv, record, 16);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_provision_file_decodes_to_the_device);
    tcase_add_test(tc, test_provision_file_holds_no_private_half);
}

int main(void)
{
    return unit_main("provision_file", add_tests);
}
