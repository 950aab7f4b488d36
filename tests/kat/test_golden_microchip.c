/*
 * Files made by the vendor's own generator: those with ECDSA are accepted by a stock device with the
 * right keys, those with a digest or nothing are refused for their method.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "flash_sim.h"
#include "image_builder.h"

#define FW_REVISION_GOLDEN UINT32_C(0x0207011E) /* 2.7.1.30 */

static const struct {
    const char *name;
    enum otav_err err;
    enum otav_file_kind kind;
    bool encrypted;
    uint32_t fw_len;
} goldens[] = {
    {"ble_plain_none_777.bin", OTAV_ERR_METHOD, OTAV_FILE_BLE, false, 784},
    {"ble_enc_none_777.bin", OTAV_ERR_METHOD, OTAV_FILE_BLE, true, 784},
    {"ble_plain_sha256_777.bin", OTAV_ERR_METHOD, OTAV_FILE_BLE, false, 784},
    {"ble_enc_sha256_777.bin", OTAV_ERR_METHOD, OTAV_FILE_BLE, true, 784},
    {"ble_plain_ecdsa_777.bin", OTAV_OK, OTAV_FILE_BLE, false, 784},
    {"ble_enc_ecdsa_777.bin", OTAV_OK, OTAV_FILE_BLE, true, 784},
    {"ble_enc_ecdsa_16.bin", OTAV_OK, OTAV_FILE_BLE, true, 16},
    {"ble_enc_ecdsa_2048.bin", OTAV_OK, OTAV_FILE_BLE, true, 2048},
    {"ble_enc_ecdsa_20001.bin", OTAV_OK, OTAV_FILE_BLE, true, 20016},
    {"ble_enc_ecdsa_gap.bin", OTAV_OK, OTAV_FILE_BLE, true, 944},
    {"zigbee_plain_ecdsa_777.bin", OTAV_OK, OTAV_FILE_ZIGBEE, false, 784},
    {"zigbee_enc_ecdsa_777.bin", OTAV_OK, OTAV_FILE_ZIGBEE, true, 784},
    {"zigbee_enc_ecdsa_allopt_777.bin", OTAV_OK, OTAV_FILE_ZIGBEE, true, 784},
    {"combo_plain_ecdsa_777.bin", OTAV_OK, OTAV_FILE_COMBO, false, 784},
    {"combo_enc_ecdsa_777.bin", OTAV_OK, OTAV_FILE_COMBO, true, 784},
    {"combo_enc_ecdsa_allopt_777.bin", OTAV_OK, OTAV_FILE_COMBO, true, 784},
    {"ble_plain_ecdsa_sig69.bin", OTAV_OK, OTAV_FILE_BLE, false, 64},
    {"ble_plain_ecdsa_sig70.bin", OTAV_OK, OTAV_FILE_BLE, false, 64},
    {"ble_plain_ecdsa_sig71.bin", OTAV_OK, OTAV_FILE_BLE, false, 64},
    {"ble_plain_ecdsa_sig72.bin", OTAV_OK, OTAV_FILE_BLE, false, 64},
    {"project.signed.bin", OTAV_OK, OTAV_FILE_IMAGE, false, 777},
};

#define GOLDEN_COUNT (sizeof goldens / sizeof goldens[0])

static struct image_key signer;
static struct otav_config config;
static struct otav_context ctx;
static uint8_t bytes[1 << 18];
static size_t len;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_config(&config, &signer);
    config.policy = OTAV_POLICY_STOCK;
    config.has_identity = false;
    config.counter_floor = 0;
    memset(&ctx, 0, sizeof ctx);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&signer);
}

static void read_golden(const char *name)
{
    char path[512];
    FILE *in;

    snprintf(path, sizeof path, "%s/golden/microchip/bz2/%s", TEST_DATA_DIR, name);
    in = fopen(path, "rb");
    ck_assert_msg(in != NULL, "no file %s", path);
    len = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    ck_assert_uint_lt(len, sizeof bytes);
}

START_TEST(test_golden_microchip_files_are_judged_right)
{
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        struct otav_file file;
        uint16_t offset;
        enum otav_err err;
        size_t prefix_len;

        read_golden(goldens[i].name);
        prefix_len = len < OTAV_FILE_PREFIX_LEN ? len : OTAV_FILE_PREFIX_LEN;
        ck_assert_int_eq(otav_file_parse(bytes, prefix_len, (uint32_t)len, image_sum(bytes, len),
                                         &file, &offset),
                         OTAV_OK);
        ck_assert_int_eq(file.kind, goldens[i].kind);
        ck_assert_int_eq(file.encrypted, goldens[i].encrypted);
        err = image_run_file(&ctx, &config, &otav_crypto_openssl, bytes, len, 0);
        ck_assert_msg(err == goldens[i].err, "%s: %s", goldens[i].name, otav_err_name(err));
        if (err == OTAV_OK) {
            const uint8_t *meta = otav_get_metadata(&ctx);

            ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
            ck_assert_uint_eq(otav_load_u32(meta + OTAV_META_FW_REVISION_OFF), FW_REVISION_GOLDEN);
            ck_assert_uint_eq(otav_load_u32(meta + OTAV_META_SEQUENCE_OFF), 5);
            ck_assert_uint_eq(otav_load_u32(meta + OTAV_META_FW_LEN_OFF), goldens[i].fw_len);
        }
        otav_close(&ctx);
    }
}
END_TEST

/* Strict asks for attributes, which no stock file has, and for whole blocks. */
START_TEST(test_golden_microchip_files_are_refused_by_strict)
{
    image_config(&config, &signer);
    for (size_t i = 0; i < GOLDEN_COUNT; i++) {
        read_golden(goldens[i].name);
        ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len),
                         goldens[i].err != OTAV_OK     ? goldens[i].err
                         : goldens[i].fw_len % 16 != 0 ? OTAV_ERR_FW_LENGTH
                                                       : OTAV_ERR_ATTRIBUTE_MISSING);
    }
}
END_TEST

START_TEST(test_golden_microchip_custom_keys_and_manufacturer)
{
    static const uint8_t iv[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                   0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};

    read_golden("ble_enc_ecdsa_customkey_777.bin");
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len), OTAV_ERR_DECRYPT);
    for (unsigned i = 0; i < 16; i++) {
        config.decrypt_key[i] = (uint8_t)(15 - i);
    }
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len), OTAV_ERR_DECRYPT);
    memcpy(config.decrypt_iv, iv, sizeof iv);
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len), OTAV_ERR_MANUFACTURER);
    memcpy(config.manufacturer, "ACME", 4);
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len), OTAV_OK);
    config.has_image_id = true;
    config.image_id = 0x9B000000;
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len), OTAV_ERR_IMAGE_ID);
    config.image_id = 0x12345678;
    config.installed_version = 0x09FA0380; /* 9.250.3.128, the file's */
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, len), OTAV_ERR_VERSION);
}
END_TEST

/* A firmware of 777 bytes goes into a slot and out again. */
START_TEST(test_golden_microchip_project_is_installed)
{
    static struct flash_sim sim;
    struct otav_flash flash = flash_sim_port(&sim);
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};

    read_golden("project.signed.bin");
    flash_sim_fill(&sim, 0);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, bytes, len), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_OK);
    ck_assert_mem_eq(sim.bytes, bytes, len);
    otav_close(&ctx);
    ck_assert_int_eq(otav_verify_slot(&ctx, &config, &otav_crypto_openssl, &flash, OTAV_BOOT),
                     OTAV_OK);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_golden_microchip_files_are_judged_right);
    tcase_add_test(tc, test_golden_microchip_files_are_refused_by_strict);
    tcase_add_test(tc, test_golden_microchip_custom_keys_and_manufacturer);
    tcase_add_test(tc, test_golden_microchip_project_is_installed);
}

int main(void)
{
    return unit_main("golden_microchip", add_tests);
}
