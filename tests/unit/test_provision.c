/*
 * The provisioning record: known bytes, one encoding of a content, and no damaged one is taken.
 */
#include "unit.h"

#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>

#include "fake_crypto.h"
#include "util.h"

#define PORT (&otav_crypto_openssl)

/* Four keys, identity, decryption key; every byte of it tells where it belongs. */
static void full_config(struct otav_config *config)
{
    memset(config, 0, sizeof *config);
    config->policy = OTAV_POLICY_STRICT;
    config->device_class = OTAV_CLASS_PRODUCTION;
    config->image_types = OTAV_ROLE_APPLICATION;
    config->key_count = 4;
    for (uint8_t i = 0; i < 4; i++) {
        for (unsigned k = 0; k < OTAV_PUBLIC_KEY_LEN; k++) {
            config->keys[i].xy[k] = (uint8_t)(64 * i + k);
        }
        config->keys[i].key_class = i < 3 ? OTAV_CLASS_PRODUCTION : OTAV_CLASS_DEVELOPMENT;
        config->keys[i].roles = (uint8_t)(i == 3 ? 7 : 1 << i);
    }
    config->has_identity = true;
    memcpy(config->product, "\x7d\x7c\x9f\x0e\x3b\x53\x4c\x1e\x9a\x86\x0a\x8f\x5c\x1d\x2e\x3f", 16);
    config->hardware_class = 0x01020304;
    config->hardware_revision = 0x0506;
    memcpy(config->manufacturer, "MCHP", 4);
    config->has_decrypt_key = true;
    memset(config->decrypt_key, 0xE1, sizeof config->decrypt_key);
    memset(config->decrypt_iv, 0xE2, sizeof config->decrypt_iv);
}

/* One development key, stock, nothing else. */
static void small_config(struct otav_config *config)
{
    memset(config, 0, sizeof *config);
    config->policy = OTAV_POLICY_STOCK;
    config->device_class = OTAV_CLASS_DEVELOPMENT;
    config->image_types = OTAV_ROLE_APPLICATION;
    config->key_count = 1;
    memset(config->keys[0].xy, 0x21, sizeof config->keys[0].xy);
    config->keys[0].key_class = OTAV_CLASS_DEVELOPMENT;
    config->keys[0].roles = OTAV_ROLE_APPLICATION;
    config->manufacturer[0] = 'X';
}

static void encode(const struct otav_config *config, uint8_t record[OTAV_PROVISION_LEN])
{
    ck_assert_int_eq(otav_provision_encode(config, PORT, record), OTAV_OK);
}

/* The digest that belongs to the bytes before it. */
static void seal(uint8_t record[OTAV_PROVISION_LEN])
{
    struct otav_sha256_state state;

    ck_assert_uint_eq(PORT->sha256_begin(NULL, &state), OTAV_ACCEPT);
    ck_assert_uint_eq(PORT->sha256_update(NULL, &state, record, 0x160), OTAV_ACCEPT);
    ck_assert_uint_eq(PORT->sha256_final(NULL, &state, record + 0x160), OTAV_ACCEPT);
    PORT->sha256_end(NULL, &state);
}

/* Decodes; on failure the result must be as it was. */
static enum otav_err decode(const uint8_t record[OTAV_PROVISION_LEN], struct otav_config *ret)
{
    struct otav_config before;
    enum otav_err err;

    memset(ret, 0xA5, sizeof *ret);
    memcpy(&before, ret, sizeof before);
    err = otav_provision_decode(record, PORT, ret);
    if (err != OTAV_OK) {
        ck_assert_mem_eq(ret, &before, sizeof before);
    }
    return err;
}

static enum otav_err decode_error(const uint8_t record[OTAV_PROVISION_LEN])
{
    struct otav_config config;

    return decode(record, &config);
}

static void check_same(const struct otav_config *a, const struct otav_config *b)
{
    ck_assert_uint_eq(a->policy, b->policy);
    ck_assert_uint_eq(a->device_class, b->device_class);
    ck_assert_uint_eq(a->image_types, b->image_types);
    ck_assert_uint_eq(a->key_count, b->key_count);
    for (unsigned i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
        ck_assert_mem_eq(a->keys[i].xy, b->keys[i].xy, OTAV_PUBLIC_KEY_LEN);
        ck_assert_uint_eq(a->keys[i].key_class, b->keys[i].key_class);
        ck_assert_uint_eq(a->keys[i].roles, b->keys[i].roles);
        ck_assert(a->keys[i].revoked == b->keys[i].revoked);
    }
    ck_assert(a->has_identity == b->has_identity);
    ck_assert_mem_eq(a->product, b->product, sizeof a->product);
    ck_assert_uint_eq(a->hardware_class, b->hardware_class);
    ck_assert_uint_eq(a->hardware_revision, b->hardware_revision);
    ck_assert_mem_eq(a->manufacturer, b->manufacturer, sizeof a->manufacturer);
    ck_assert(a->has_image_id == b->has_image_id && a->image_id == b->image_id);
    ck_assert(a->has_installed == b->has_installed);
    ck_assert_uint_eq(a->installed_version, b->installed_version);
    ck_assert_uint_eq(a->counter_floor, b->counter_floor);
    ck_assert(a->has_decrypt_key == b->has_decrypt_key);
    ck_assert_mem_eq(a->decrypt_key, b->decrypt_key, sizeof a->decrypt_key);
    ck_assert_mem_eq(a->decrypt_iv, b->decrypt_iv, sizeof a->decrypt_iv);
}

/* ---- encoding --------------------------------------------------------------------------------- */

/* Offsets and digest (sha256sum) written down a second time. */
START_TEST(test_provision_known_bytes)
{
    static const char head[] = "4f54505201355c040101060504030201"
                               "7d7c9f0e3b534c1e9a860a8f5c1d2e3f4d434850000000000000000000000000";
    static const char sha256[] = "a4a791f7570703b6d2a3d20b5cd87f1dc4cef33e753a7e716cf701430116013e";
    static const uint8_t classes[4] = {0x5C, 0x5C, 0x5C, 0xA3};
    static const uint8_t roles[4] = {1, 2, 4, 7};
    struct otav_config config;
    uint8_t expected[384] = {0};
    uint8_t record[384];

    ck_assert(hex_decode(head, expected, 0x30));
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < 64; k++) {
            expected[0x30 + 68 * i + k] = (uint8_t)(64 * i + k);
        }
        expected[0x30 + 68 * i + 64] = classes[i];
        expected[0x30 + 68 * i + 65] = roles[i];
    }
    memset(expected + 0x140, 0xE1, 16);
    memset(expected + 0x150, 0xE2, 16);
    ck_assert(hex_decode(sha256, expected + 0x160, 32));
    full_config(&config);
    encode(&config, record);
    ck_assert_mem_eq(record, expected, sizeof record);
}
END_TEST

START_TEST(test_provision_decode_gives_back_what_was_encoded)
{
    struct otav_config config;
    struct otav_config found;
    uint8_t record[OTAV_PROVISION_LEN];

    small_config(&config);
    encode(&config, record);
    ck_assert_int_eq(decode(record, &found), OTAV_OK);
    check_same(&found, &config);
    for (uint8_t count = 1; count <= OTAV_KEY_MAX_COUNT; count++) {
        full_config(&config);
        memset(&config.keys[count], 0, (OTAV_KEY_MAX_COUNT - count) * sizeof config.keys[0]);
        config.key_count = count;
        encode(&config, record);
        ck_assert_int_eq(decode(record, &found), OTAV_OK);
        check_same(&found, &config);
    }
}
END_TEST

/* What a flag says is not there does not get in, not a byte of it. */
START_TEST(test_provision_absent_parts_are_left_out)
{
    struct otav_config config;
    uint8_t plain[OTAV_PROVISION_LEN];
    uint8_t record[OTAV_PROVISION_LEN];

    small_config(&config);
    encode(&config, plain);
    memset(config.product, 0x77, sizeof config.product);
    config.hardware_class = 0x77777777;
    config.hardware_revision = 0x7777;
    memset(config.decrypt_key, 0x77, sizeof config.decrypt_key);
    memset(config.decrypt_iv, 0x77, sizeof config.decrypt_iv);
    memset(&config.keys[1], 0x77, sizeof config.keys[1]);
    encode(&config, record);
    ck_assert_mem_eq(record, plain, sizeof record);
}
END_TEST

START_TEST(test_provision_encode_refuses_what_it_cannot_hold)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];
    uint8_t before[OTAV_PROVISION_LEN];

    memset(record, 0xA5, sizeof record);
    memcpy(before, record, sizeof before);
#define REFUSED(change)                                                                            \
    full_config(&config);                                                                          \
    change;                                                                                        \
    ck_assert_int_eq(otav_provision_encode(&config, PORT, record), OTAV_ERR_CONFIG);               \
    ck_assert_mem_eq(record, before, sizeof record)

    REFUSED(config.policy = 0);
    REFUSED(config.device_class = OTAV_CLASS_PRODUCTION ^ 1);
    REFUSED(config.key_count = 0);
    REFUSED(config.key_count = 5);
    REFUSED(config.keys[3].key_class = 0);
    REFUSED(config.keys[3].roles = 8);
    REFUSED(config.keys[3].revoked = true);
    REFUSED(config.keys[3] = config.keys[0]);
    REFUSED(memcpy(config.keys[2].xy, config.keys[1].xy, OTAV_PUBLIC_KEY_LEN));
    REFUSED(config.has_identity = false);
    REFUSED(config.image_types = OTAV_ROLE_APPLICATION | OTAV_ROLE_BOOTLOADER);
    REFUSED(config.has_image_id = true);
    REFUSED(config.has_installed = true);
    REFUSED(config.counter_floor = 1);
#undef REFUSED
}
END_TEST

/* ---- decoding --------------------------------------------------------------------------------- */

START_TEST(test_provision_empty_memory_is_not_provisioned)
{
    uint8_t record[OTAV_PROVISION_LEN];

    for (unsigned byte = 0; byte <= 0xFF; byte += 0xFF) {
        memset(record, (int)byte, sizeof record);
        ck_assert_int_eq(decode_error(record), OTAV_ERR_NOT_PROVISIONED);
        for (size_t i = 0; i < sizeof record; i++) {
            record[i] ^= 1;
            ck_assert_int_eq(decode_error(record), OTAV_ERR_PROVISION);
            record[i] ^= 1;
        }
    }
}
END_TEST

START_TEST(test_provision_every_flipped_bit_is_refused)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

    for (int small = 0; small < 2; small++) {
        (small != 0 ? small_config : full_config)(&config);
        encode(&config, record);
        for (size_t bit = 0; bit < 8 * sizeof record; bit++) {
            record[bit / 8] ^= (uint8_t)(1u << bit % 8);
            ck_assert_int_eq(decode_error(record),
                             bit / 8 < 5 ? OTAV_ERR_PROVISION : OTAV_ERR_PROVISION_DIGEST);
            record[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        ck_assert_int_eq(decode_error(record), OTAV_OK);
    }
}
END_TEST

/* Programming that stopped: the rest is erased, or was cleared. */
START_TEST(test_provision_every_truncation_is_refused)
{
    struct otav_config config;
    uint8_t whole[OTAV_PROVISION_LEN];

    full_config(&config);
    encode(&config, whole);
    for (unsigned byte = 0; byte <= 0xFF; byte += 0xFF) {
        for (size_t len = 0; len < sizeof whole; len++) {
            uint8_t record[OTAV_PROVISION_LEN];

            memset(record, (int)byte, sizeof record);
            memcpy(record, whole, len);
            ck_assert(memcmp(record, whole, sizeof whole) == 0 || decode_error(record) != OTAV_OK);
        }
    }
}
END_TEST

/* A digest that fits again does not help: a value is refused, or it is the only encoding of it. */
START_TEST(test_provision_every_changed_byte_sealed_again_is_refused_or_canonical)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];
    unsigned taken = 0;

    for (int small = 0; small < 2; small++) {
        (small != 0 ? small_config : full_config)(&config);
        encode(&config, record);
        for (size_t i = 0; i < OTAV_PROVISION_SHA256_OFF; i++) {
            for (unsigned change = 1; change < 256; change += i < 0x30 ? 1 : 37) {
                uint8_t again[OTAV_PROVISION_LEN];
                struct otav_config found;
                enum otav_err err;

                record[i] ^= (uint8_t)change;
                seal(record);
                err = decode(record, &found);
                if (err == OTAV_OK) {
                    encode(&found, again);
                    ck_assert_mem_eq(again, record, sizeof again);
                    taken++;
                } else {
                    ck_assert_int_eq(err, OTAV_ERR_PROVISION);
                }
                record[i] ^= (uint8_t)change;
            }
        }
    }
    ck_assert_uint_gt(taken, 0);
}
END_TEST

START_TEST(test_provision_sealed_nonsense_is_refused)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

#define REFUSED(start, change)                                                                     \
    start(&config);                                                                                \
    encode(&config, record);                                                                       \
    change;                                                                                        \
    seal(record);                                                                                  \
    ck_assert_int_eq(decode_error(record), OTAV_ERR_PROVISION)

    REFUSED(full_config, record[0x04] = 2);
    REFUSED(full_config, record[0x05] = 0);
    REFUSED(full_config, record[0x06] = 0xFF);
    REFUSED(full_config, record[0x07] = 0);
    REFUSED(full_config, record[0x07] = 5);
    REFUSED(full_config, record[0x07] = 3);  /* a key behind the last one */
    REFUSED(small_config, record[0x07] = 2); /* a key of zeros */
    REFUSED(full_config, record[0x08] = 0);  /* strict without identity */
    REFUSED(full_config, record[0x08] = 0; record[0x05] = OTAV_POLICY_STOCK);
    REFUSED(full_config, record[0x08] = 2);
    REFUSED(full_config, record[0x09] = 0); /* a key that nobody announced */
    REFUSED(full_config, record[0x09] = 0; memset(record + 0x140, 0, 16));
    REFUSED(full_config, record[0x09] = 2);
    REFUSED(small_config, record[0x0A] = 1);
    REFUSED(small_config, record[0x1F] = 1);
    REFUSED(full_config, record[0x24] = 1);
    REFUSED(full_config, record[0x2F] = 1);
    REFUSED(full_config, record[0x30 + 64] = 0);
    REFUSED(full_config, record[0x30 + 65] = 0);
    REFUSED(full_config, record[0x30 + 65] = 8);
    REFUSED(full_config, record[0x30 + 66] = 1);
    REFUSED(full_config, memcpy(record + 0xFC, record + 0x30, 64));
    REFUSED(small_config, record[0x13F] = 1);
    REFUSED(small_config, record[0x15F] = 1);
#undef REFUSED
}
END_TEST

/* ---- the port --------------------------------------------------------------------------------- */

START_TEST(test_provision_every_crypto_call_fails_cleanly)
{
    static const enum fake_callback callbacks[] = {FAKE_SHA256_BEGIN, FAKE_SHA256_UPDATE,
                                                   FAKE_SHA256_FINAL};
    static const uint8_t zeros[OTAV_PROVISION_LEN] = {0};
    struct otav_config config;
    struct otav_config found;
    uint8_t record[OTAV_PROVISION_LEN];
    uint8_t again[OTAV_PROVISION_LEN];

    full_config(&config);
    encode(&config, record);
    for (size_t i = 0; i < sizeof callbacks / sizeof callbacks[0]; i++) {
        struct fake_crypto fake;
        const struct otav_crypto port = fake_crypto_init(&fake, PORT);

        memset(&found, 0xA5, sizeof found);
        fake_crypto_plan(&fake, callbacks[i], 1, true, OTAV_REJECT);
        ck_assert_int_eq(otav_provision_decode(record, &port, &found), OTAV_ERR_CRYPTO);
        ck_assert_uint_eq(found.key_count, 0xA5);
        memset(again, 0xA5, sizeof again);
        ck_assert_int_eq(otav_provision_encode(&config, &port, again), OTAV_ERR_CRYPTO);
        ck_assert_mem_eq(again, zeros, sizeof again);
        ck_assert_uint_eq(fake.sha256_open, 0);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_provision_known_bytes);
    tcase_add_test(tc, test_provision_decode_gives_back_what_was_encoded);
    tcase_add_test(tc, test_provision_absent_parts_are_left_out);
    tcase_add_test(tc, test_provision_encode_refuses_what_it_cannot_hold);
    tcase_add_test(tc, test_provision_empty_memory_is_not_provisioned);
    tcase_add_test(tc, test_provision_every_flipped_bit_is_refused);
    tcase_add_test(tc, test_provision_every_truncation_is_refused);
    tcase_add_test(tc, test_provision_every_changed_byte_sealed_again_is_refused_or_canonical);
    tcase_add_test(tc, test_provision_sealed_nonsense_is_refused);
    tcase_add_test(tc, test_provision_every_crypto_call_fails_cleanly);
}

int main(void)
{
    return unit_main("provision", add_tests);
}
