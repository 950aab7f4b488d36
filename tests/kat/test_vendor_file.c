/*
 * A file that the vendor published with a demo, signed with the published sample key. The file is no
 * part of this repository; without it the program says so and exits with 77.
 */
#include "unit.h"

#include <otav/otav_openssl.h>
#include <sys/stat.h>

#include "image_builder.h"

#define FOLDER TEST_SHARED_VECTORS "/vendor"

enum { EXIT_SKIPPED = 77, VENDOR_LEN = 172096 };

static uint8_t bytes[VENDOR_LEN + 1];

START_TEST(test_vendor_file_is_accepted_with_its_sample_key)
{
    static struct otav_context ctx;
    struct image_key sample;
    struct otav_config config;
    FILE *in = fopen(FOLDER "/sample-key.pub.pem", "r");

    ck_assert_ptr_nonnull(in);
    image_key_use(&sample, PEM_read_PUBKEY(in, NULL, NULL, NULL));
    fclose(in);
    image_config(&config, &sample);
    config.policy = OTAV_POLICY_STOCK;
    config.counter_floor = 0;
    in = fopen(FOLDER "/bz2_ble_Sensor_OTA.bin", "rb");
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, in), VENDOR_LEN);
    fclose(in);

    ck_assert_int_eq(image_run_file(&ctx, &config, &otav_crypto_openssl, bytes, VENDOR_LEN, 1024),
                     OTAV_OK);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
    ck_assert_uint_eq(otav_load_u32(otav_get_metadata(&ctx) + OTAV_META_FW_REVISION_OFF),
                      0x01010000);
    ck_assert_uint_eq(otav_load_u32(otav_get_metadata(&ctx) + OTAV_META_FW_LEN_OFF), 171552);
    ck_assert_uint_eq(otav_load_u32(otav_get_metadata(&ctx) + OTAV_META_SEQUENCE_OFF), 1);
    otav_close(&ctx);

    bytes[VENDOR_LEN - 100] ^= 1;
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, bytes, VENDOR_LEN),
                     OTAV_ERR_CHECKSUM);
    image_key_free(&sample);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_vendor_file_is_accepted_with_its_sample_key);
}

int main(void)
{
    struct stat info;

    if (stat(FOLDER, &info) != 0) {
        printf("SKIPPED: no vendor file in %s\n", FOLDER);
        return EXIT_SKIPPED;
    }
    return unit_main("vendor_file", add_tests);
}
