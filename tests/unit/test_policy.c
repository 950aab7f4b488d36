/*
 * What a device refuses, and in which order: one row per error of the verifier, each pair of
 * defects in one image, and the bounds of every rule.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "../../verifier/src/policy.h"
#include "../../verifier/src/secure.h"
#include "fake_crypto.h"
#include "flash_sim.h"
#include "image_builder.h"

/* Everything that a defect may change, in the order in which a file is made. */
struct scene {
    struct otav_config config;
    struct image image;
    struct image_file file;
};

static struct image_key signer;
static struct image_key stranger;
static struct scene scene;
static struct otav_context ctx;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_key_generate(&stranger);
    memset(&ctx, 0, sizeof ctx);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&signer);
    image_key_free(&stranger);
}

enum stage {
    CONFIG,  /* the device */
    CONTENT, /* records and metadata before signing */
    SIGNED,  /* metadata, firmware and padding after signing */
    HEADER,  /* the file before its total length and checksum are written */
    SEALED   /* the file as it is */
};

struct defect {
    enum otav_err err;
    uint16_t detail;
    enum stage stage;
    void (*apply)(struct scene *s);
};

/* ---- defects, in the documented order of checks ----------------------------------------------- */

static void reserved_set(struct scene *s)
{
    s->file.bytes[OTAV_OTAU_RESERVED_OFF + 2] = 1;
}
static void checksum_off(struct scene *s)
{
    s->file.bytes[OTAV_OTAU_CHECKSUM_OFF] ^= 1;
}
static void total_len_off(struct scene *s)
{
    uint8_t *total = s->file.bytes + s->file.zota_off + OTAV_ZOTA_TOTAL_LEN_OFF;

    otav_store_u32(total, otav_load_u32(total) + 1);
    s->file.has_zota = false; /* seal the checksum only */
    image_file_seal(&s->file);
    s->file.has_zota = true;
}
static void no_decrypt_key(struct scene *s)
{
    s->config.has_decrypt_key = false;
}
static void filler_set(struct scene *s)
{
    s->image.meta[OTAV_META_FILLER1_OFF] = 1;
}
static void revision_3(struct scene *s)
{
    s->image.meta[OTAV_META_REVISION_OFF] = 3;
}
static void header_revision_off(struct scene *s)
{
    s->file.bytes[OTAV_OTAU_REVISION_OFF] ^= 1;
}
static void fw_len_492(struct scene *s)
{
    otav_store_u32(s->image.meta + OTAV_META_FW_LEN_OFF, OTAV_FW_LEN_FORBIDDEN);
}
static void method_sha256(struct scene *s)
{
    s->image.meta[OTAV_META_AUTH_METHOD_OFF] = OTAV_METHOD_SHA256;
}
static void fw_method_none(struct scene *s)
{
    s->image.meta[OTAV_META_FW_AUTH_METHOD_OFF] = OTAV_METHOD_NONE;
}
static void meta_unsigned(struct scene *s)
{
    s->image.meta[OTAV_META_SIG_OFF + 20] ^= 1;
}
static void key_revoked(struct scene *s)
{
    s->config.keys[0].revoked = true;
}
static void key_development(struct scene *s)
{
    s->config.keys[0].key_class = OTAV_CLASS_DEVELOPMENT;
}
static void area_version_2(struct scene *s)
{
    s->image.meta[OTAV_META_ATTRIBUTES_OFF + OTAV_AREA_VERSION_OFF] = 2;
}
static void unknown_record(struct scene *s)
{
    /* put does not judge types */
    image_set_record(&s->image, OTAV_ATTR_ENCODING + 1, "", 0);
    image_write_area(&s->image);
}
static void no_product(struct scene *s)
{
    image_set_record(&s->image, OTAV_ATTR_PRODUCT, NULL, 0xFFFF);
    image_write_area(&s->image);
}
static void encoded(struct scene *s)
{
    image_set_u32s(&s->image, OTAV_ATTR_ENCODING, 1, 100, 8);
    image_write_area(&s->image);
}
static void bound_to_other_sequence(struct scene *s)
{
    s->image.meta[OTAV_META_SEQUENCE_OFF] ^= 1;
}
static void other_product(struct scene *s)
{
    s->config.product[15] ^= 1;
}
static void other_hardware(struct scene *s)
{
    s->config.hardware_revision = 5;
}
static void bootloader_key(struct scene *s)
{
    s->config.keys[0].roles = OTAV_ROLE_BOOTLOADER;
}
static void other_manufacturer(struct scene *s)
{
    memcpy(s->config.manufacturer, "ACME", 4);
}
static void other_image_id(struct scene *s)
{
    s->config.has_image_id = true;
    s->config.image_id = IMAGE_ID + 1;
}
static void same_version(struct scene *s)
{
    s->config.installed_version = IMAGE_VERSION;
}
static void stepping_stone(struct scene *s)
{
    image_set_u32s(&s->image, OTAV_ATTR_MIN_INSTALLED, IMAGE_VERSION + 1, 0, 4);
    image_write_area(&s->image);
}
static void floor_raised(struct scene *s)
{
    s->config.counter_floor = 4;
}
static void fw_changed(struct scene *s)
{
    s->image.fw[31] ^= 1;
}
static void padding_off(struct scene *s)
{
    s->image.pad[15] ^= 1;
}
static void block_behind(struct scene *s)
{
    memset(s->image.pad + s->image.pad_len, 16, 16);
    s->image.pad_len += 16;
}
static void cut(struct scene *s)
{
    s->image.pad_len = 0;
}

static const struct defect defects[] = {
    {OTAV_ERR_HEADER, OTAV_OTAU_RESERVED_OFF, HEADER, reserved_set},
    {OTAV_ERR_CHECKSUM, OTAV_OTAU_CHECKSUM_OFF, SEALED, checksum_off},
    {OTAV_ERR_TOTAL_LENGTH, OTAV_OTAU_LEN + OTAV_ZOTA_TOTAL_LEN_OFF, SEALED, total_len_off},
    {OTAV_ERR_NO_DECRYPT_KEY, 0, CONFIG, no_decrypt_key},
    {OTAV_ERR_DECRYPT, 0, SIGNED, filler_set},
    {OTAV_ERR_METADATA, OTAV_META_REVISION_OFF, CONTENT, revision_3},
    {OTAV_ERR_HEADER_REVISION, 0, HEADER, header_revision_off},
    {OTAV_ERR_FW_LENGTH, 0, CONTENT, fw_len_492},
    {OTAV_ERR_METHOD, OTAV_META_AUTH_METHOD_OFF, CONTENT, method_sha256},
    {OTAV_ERR_METHOD, OTAV_META_FW_AUTH_METHOD_OFF, CONTENT, fw_method_none},
    {OTAV_ERR_METADATA_SIGNATURE, 0, SIGNED, meta_unsigned},
    {OTAV_ERR_KEY_REVOKED, 0, CONFIG, key_revoked},
    {OTAV_ERR_KEY_CLASS, 0, CONFIG, key_development},
    {OTAV_ERR_ATTRIBUTES, OTAV_AREA_VERSION_OFF, CONTENT, area_version_2},
    {OTAV_ERR_ATTRIBUTE_UNKNOWN, 8 + 20 + 12 + 12 + 8, CONTENT, unknown_record},
    {OTAV_ERR_ATTRIBUTE_MISSING, OTAV_ATTR_PRODUCT, CONTENT, no_product},
    {OTAV_ERR_ENCODING, 0, CONTENT, encoded},
    {OTAV_ERR_BINDING, 0, SIGNED, bound_to_other_sequence},
    {OTAV_ERR_PRODUCT, 0, CONFIG, other_product},
    {OTAV_ERR_HARDWARE, 0, CONFIG, other_hardware},
    {OTAV_ERR_IMAGE_TYPE, 0, CONFIG, bootloader_key},
    {OTAV_ERR_MANUFACTURER, 0, CONFIG, other_manufacturer},
    {OTAV_ERR_IMAGE_ID, 0, CONFIG, other_image_id},
    {OTAV_ERR_VERSION, 0, CONFIG, same_version},
    {OTAV_ERR_MIN_INSTALLED, 0, CONTENT, stepping_stone},
    {OTAV_ERR_COUNTER, 0, CONFIG, floor_raised},
    {OTAV_ERR_FIRMWARE_SIGNATURE, 0, SIGNED, fw_changed},
    {OTAV_ERR_PADDING, 0, SIGNED, padding_off},
    {OTAV_ERR_TRAILING, 0, SIGNED, block_behind},
    {OTAV_ERR_TRUNCATED, 0, SIGNED, cut},
};

#define DEFECT_COUNT (sizeof defects / sizeof defects[0])

/* Errors of the caller and of the ports: no file causes them. Each is shown by the test named. */
static const struct {
    enum otav_err err;
    const char *test;
} shown_elsewhere[] = {
    {OTAV_ERR_ARG, "test_stream_bad_arguments_leave_the_context_alone"},
    {OTAV_ERR_STATE, "test_stream_calls_out_of_order_fail"},
    {OTAV_ERR_CONFIG, "test_policy_config_rules"},
    {OTAV_ERR_FLASH_READ, "test_slot_every_flash_read_fails_cleanly"},
    {OTAV_ERR_FLASH_ERASE, "test_slot_every_flash_write_fails_cleanly"},
    {OTAV_ERR_FLASH_PROGRAM, "test_slot_every_flash_write_fails_cleanly"},
    {OTAV_ERR_DEFLATE, "test_encoded_every_flipped_byte_is_refused"},
    {OTAV_ERR_NOT_PROVISIONED, "test_provision_empty_memory_is_not_provisioned"},
    {OTAV_ERR_PROVISION, "test_provision_sealed_nonsense_is_refused"},
    {OTAV_ERR_PROVISION_DIGEST, "test_provision_every_flipped_bit_is_refused"},
    {OTAV_ERR_CRYPTO, "test_stream_every_crypto_call_fails_cleanly"},
};

static void apply_at(enum stage stage, const struct defect *a, const struct defect *b)
{
    if (a != NULL && a->stage == stage) {
        a->apply(&scene);
    }
    if (b != NULL && b->stage == stage) {
        b->apply(&scene);
    }
}

/* An encrypted combo file for a strict device with up to two defects; the error it gives. */
static enum otav_err judge(const struct defect *a, const struct defect *b)
{
    image_config(&scene.config, &signer);
    apply_at(CONFIG, a, b);
    image_init(&scene.image, 48, true);
    /* defects that rewrite the area come first, those that damage it afterwards */
    if (a != NULL && a->stage == CONTENT && a->apply == area_version_2) {
        apply_at(CONTENT, b, a);
    } else {
        apply_at(CONTENT, a, b);
    }
    image_sign(&scene.image, &signer);
    apply_at(SIGNED, a, b);
    image_file_build(&scene.file, &scene.image, OTAV_FILE_COMBO, true, 7);
    apply_at(HEADER, a, b);
    image_file_seal(&scene.file);
    /* the total length seals the checksum again, so a wrong checksum comes after it */
    apply_at(SEALED, b, NULL);
    apply_at(SEALED, a, NULL);
    otav_close(&ctx);
    return image_run_file(&ctx, &scene.config, &otav_crypto_openssl, scene.file.bytes,
                          scene.file.len, 0);
}

START_TEST(test_policy_image_without_defect_is_accepted)
{
    ck_assert_int_eq(judge(NULL, NULL), OTAV_OK);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
    ck_assert_uint_eq(otav_get_key_index(&ctx), 0);
    ck_assert_mem_eq(otav_get_metadata(&ctx), scene.image.meta, OTAV_META_LEN);
}
END_TEST

START_TEST(test_policy_each_defect_gives_its_error)
{
    for (size_t i = 0; i < DEFECT_COUNT; i++) {
        enum otav_err err = judge(&defects[i], NULL);

        ck_assert_msg(err == defects[i].err, "row %zu: %s", i, otav_err_name(err));
        ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
        ck_assert_msg(otav_get_detail(&ctx) == defects[i].detail, "%s: detail %u",
                      otav_err_name(err), otav_get_detail(&ctx));
    }
}
END_TEST

/* The rules that are looked at twice, in two places. */
static bool is_rechecked(enum otav_err err)
{
    unsigned class = OTAV_ERR_CLASS(err);

    if (err == OTAV_ERR_ENCODING) {
        return false; /* of the transfer alone: the firmware's signature is over what was decoded */
    }
    return class == OTAV_CLASS_POLICY || class == OTAV_CLASS_DEVICE ||
           class == OTAV_CLASS_ROLLBACK || err == OTAV_ERR_ATTRIBUTES ||
           err == OTAV_ERR_ATTRIBUTE_UNKNOWN || err == OTAV_ERR_BINDING;
}

START_TEST(test_policy_recheck_finds_each_defect_by_itself)
{
    const struct otav_transfer transfer = {
        .purpose = OTAV_INSTALL, .has_image_id = true, .image_id = IMAGE_ID};

    for (size_t i = 0; i < DEFECT_COUNT; i++) {
        uint32_t misfit;

        (void)judge(&defects[i], NULL);
        misfit = otav_policy_recheck(&scene.config, &transfer, scene.image.meta, 0);
        ck_assert_msg((misfit != 0) == is_rechecked(defects[i].err), "%s: %08x",
                      otav_err_name(defects[i].err), misfit);
    }
}
END_TEST

/* Both cannot be in one file: there is no padding to damage or to follow in one that was cut. */
static bool exclude_each_other(const struct defect *a, const struct defect *b)
{
    return b->err == OTAV_ERR_TRUNCATED &&
           (a->err == OTAV_ERR_PADDING || a->err == OTAV_ERR_TRAILING);
}

/* Design: first error wins, in the documented order, for every pair and not only neighbours. */
START_TEST(test_policy_earlier_defect_wins)
{
    for (size_t i = 0; i < DEFECT_COUNT; i++) {
        for (size_t k = i + 1; k < DEFECT_COUNT; k++) {
            enum otav_err err;

            if (exclude_each_other(&defects[i], &defects[k])) {
                continue;
            }
            err = judge(&defects[i], &defects[k]);
            ck_assert_msg(err == defects[i].err, "%s before %s: %s", otav_err_name(defects[i].err),
                          otav_err_name(defects[k].err), otav_err_name(err));
        }
    }
}
END_TEST

#define ALL_ERRORS_ROW(name, value, text) OTAV_ERR_##name,
static const enum otav_err all_errors[] = {OTAV_ERRORS(ALL_ERRORS_ROW)};

#define ERROR_COUNT (sizeof all_errors / sizeof all_errors[0])

START_TEST(test_policy_every_error_is_shown)
{
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        unsigned shown = 0;

        for (size_t k = 0; k < DEFECT_COUNT; k++) {
            shown += defects[k].err == all_errors[i] ? 1 : 0;
        }
        for (size_t k = 0; k < sizeof shown_elsewhere / sizeof shown_elsewhere[0]; k++) {
            shown += shown_elsewhere[k].err == all_errors[i] ? 1 : 0;
        }
        ck_assert_msg(shown > 0, "%s is shown by no test", otav_err_name(all_errors[i]));
    }
}
END_TEST

START_TEST(test_policy_errors_have_names_texts_and_classes)
{
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        unsigned class = OTAV_ERR_CLASS(all_errors[i]);

        ck_assert_int_eq(strncmp(otav_err_name(all_errors[i]), "OTAV_ERR_", 9), 0);
        ck_assert_uint_gt(strlen(otav_err_text(all_errors[i])), 5);
        ck_assert(class >= OTAV_CLASS_USAGE && class <= OTAV_CLASS_PORT);
        for (size_t k = 0; k < i; k++) {
            ck_assert_str_ne(otav_err_name(all_errors[i]), otav_err_name(all_errors[k]));
            ck_assert_str_ne(otav_err_text(all_errors[i]), otav_err_text(all_errors[k]));
        }
    }
    ck_assert_str_eq(otav_err_name(OTAV_ERR_COUNTER), "OTAV_ERR_COUNTER");
    ck_assert_str_eq(otav_err_name(OTAV_OK), "OTAV_OK");
    ck_assert_str_eq(otav_err_text(OTAV_OK), "no error");
    ck_assert_str_eq(otav_err_name((enum otav_err)0x7777), "unknown");
    ck_assert_str_eq(otav_err_text((enum otav_err)0x7777), "unknown error");
}
END_TEST

/* ---- configuration ---------------------------------------------------------------------------- */

static enum otav_err open_with(const struct otav_config *config)
{
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};
    enum otav_err err;

    memset(&ctx, 0, sizeof ctx);
    err = otav_open(&ctx, config, &otav_crypto_openssl, NULL, &transfer);
    ck_assert_int_eq(otav_get_state(&ctx), err == OTAV_OK ? OTAV_METADATA : OTAV_CLOSED);
    otav_close(&ctx);
    return err;
}

START_TEST(test_policy_config_rules)
{
    struct otav_config config;

#define EXPECT(err, change)                                                                        \
    image_config(&config, &signer);                                                                \
    change;                                                                                        \
    ck_assert_int_eq(open_with(&config), (err))

    EXPECT(OTAV_OK, (void)0);
    EXPECT(OTAV_ERR_CONFIG, config.policy = 0);
    EXPECT(OTAV_ERR_CONFIG, config.policy = OTAV_POLICY_STOCK ^ 1);
    EXPECT(OTAV_OK, config.policy = OTAV_POLICY_STOCK);
    EXPECT(OTAV_ERR_CONFIG, config.device_class = 0);
    EXPECT(OTAV_OK, config.device_class = OTAV_CLASS_DEVELOPMENT);
    EXPECT(OTAV_ERR_CONFIG, config.image_types = 0);
    EXPECT(OTAV_ERR_CONFIG, config.image_types = 8);
    EXPECT(OTAV_OK, config.image_types = 7);
    EXPECT(OTAV_ERR_CONFIG, config.key_count = 0);
    EXPECT(OTAV_ERR_CONFIG, config.key_count = OTAV_KEY_MAX_COUNT + 1);
    EXPECT(OTAV_ERR_CONFIG, config.key_count = 2);
    EXPECT(OTAV_ERR_CONFIG, config.keys[0].key_class = 0);
    EXPECT(OTAV_OK, config.keys[0].key_class = OTAV_CLASS_DEVELOPMENT);
    EXPECT(OTAV_ERR_CONFIG, config.keys[0].roles = 0);
    EXPECT(OTAV_ERR_CONFIG, config.keys[0].roles = 9);
    EXPECT(OTAV_ERR_CONFIG, config.has_identity = false);
    EXPECT(OTAV_OK, config.has_identity = false; config.policy = OTAV_POLICY_STOCK);
}
END_TEST

/* ---- single rules ----------------------------------------------------------------------------- */

static struct otav_config config;
static struct image image;
static struct image_file file;

/* Signs what is in image and judges it as a plain BLE file. */
static enum otav_err judge_image(void)
{
    image_sign(&image, &signer);
    image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
    return image_judge(&config, &otav_crypto_openssl, file.bytes, file.len);
}

static void begin(uint32_t fw_len, bool attributes)
{
    image_config(&config, &signer);
    if (!attributes) {
        config.policy = OTAV_POLICY_STOCK;
        config.counter_floor = 0;
    }
    image_init(&image, fw_len, attributes);
}

START_TEST(test_policy_strict_asks_for_each_required_attribute)
{
    for (uint16_t type = OTAV_ATTR_PRODUCT; type <= OTAV_ATTR_COUNTER; type++) {
        begin(48, true);
        image_set_record(&image, type, NULL, 0xFFFF);
        image_write_area(&image);
        ck_assert_int_eq(judge_image(), OTAV_ERR_ATTRIBUTE_MISSING);
    }
    begin(48, false);
    config.policy = OTAV_POLICY_STRICT;
    ck_assert_int_eq(judge_image(), OTAV_ERR_ATTRIBUTE_MISSING);
}
END_TEST

START_TEST(test_policy_stock_enforces_what_is_there)
{
    begin(48, false);
    ck_assert_int_eq(judge_image(), OTAV_OK);
    config.counter_floor = 1;
    ck_assert_int_eq(judge_image(), OTAV_ERR_COUNTER);

    begin(48, true);
    config.policy = OTAV_POLICY_STOCK;
    ck_assert_int_eq(judge_image(), OTAV_OK);
    config.has_identity = false;
    ck_assert_int_eq(judge_image(), OTAV_ERR_PRODUCT);
    image_set_record(&image, OTAV_ATTR_PRODUCT, NULL, 0xFFFF);
    image_write_area(&image);
    ck_assert_int_eq(judge_image(), OTAV_ERR_HARDWARE);
    image_set_record(&image, OTAV_ATTR_HARDWARE, NULL, 0xFFFF);
    image_write_area(&image);
    ck_assert_int_eq(judge_image(), OTAV_OK);
    image_set_u32s(&image, OTAV_ATTR_BINDING, IMAGE_SEQUENCE + 1, IMAGE_ID, 8);
    image_write_area(&image);
    ck_assert_int_eq(judge_image(), OTAV_ERR_BINDING);
    image_set_u32s(&image, OTAV_ATTR_BINDING, IMAGE_SEQUENCE, IMAGE_ID + 1, 8);
    image_write_area(&image);
    ck_assert_int_eq(judge_image(), OTAV_ERR_BINDING);
}
END_TEST

START_TEST(test_policy_reserved_bytes_without_attributes)
{
    begin(48, false);
    image.meta[OTAV_META_ATTRIBUTES_OFF + OTAV_META_ATTRIBUTES_LEN - 1] = 1;
    ck_assert_int_eq(judge_image(), OTAV_OK);
    config.policy = OTAV_POLICY_STRICT;
    ck_assert_int_eq(judge_image(), OTAV_ERR_ATTRIBUTES);
}
END_TEST

START_TEST(test_policy_hardware_range)
{
    static const struct {
        uint32_t class;
        uint16_t revision;
        enum otav_err err;
    } rows[] = {{0x102, 0, OTAV_ERR_HARDWARE},
                {0x102, 1, OTAV_OK},
                {0x102, 4, OTAV_OK},
                {0x102, 5, OTAV_ERR_HARDWARE},
                {0x102, 0xFFFF, OTAV_ERR_HARDWARE},
                {0x103, 2, OTAV_ERR_HARDWARE}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(48, true);
        config.hardware_class = rows[i].class;
        config.hardware_revision = rows[i].revision;
        ck_assert_int_eq(judge_image(), rows[i].err);
    }
}
END_TEST

/* Image type, roles of the key, types of the path: all must agree. */
START_TEST(test_policy_image_type_needs_key_and_path)
{
    for (unsigned type = 0; type <= 3; type++) {
        for (unsigned key = 1; key <= 7; key++) {
            for (unsigned path = 1; path <= 7; path++) {
                unsigned bit = type == 0 ? 1 : 1u << (type - 1);

                begin(48, true);
                if (type > 0) {
                    image_set_u32s(&image, OTAV_ATTR_IMAGE_TYPE, type, 0, 4);
                    image_write_area(&image);
                }
                config.keys[0].roles = (uint8_t)key;
                config.image_types = (uint8_t)path;
                ck_assert_int_eq(judge_image(),
                                 (key & path & bit) != 0 ? OTAV_OK : OTAV_ERR_IMAGE_TYPE);
            }
        }
    }
}
END_TEST

START_TEST(test_policy_key_is_searched_in_all_places)
{
    for (uint8_t place = 0; place < OTAV_KEY_MAX_COUNT; place++) {
        begin(48, true);
        config.key_count = OTAV_KEY_MAX_COUNT;
        for (uint8_t i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
            config.keys[i] = config.keys[0];
            if (i != place) {
                memcpy(config.keys[i].xy, stranger.xy, sizeof stranger.xy);
            }
        }
        memcpy(config.keys[place].xy, signer.xy, sizeof signer.xy);
        image_sign(&image, &signer);
        image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
        otav_close(&ctx);
        ck_assert_int_eq(
            image_run_file(&ctx, &config, &otav_crypto_openssl, file.bytes, file.len, 0), OTAV_OK);
        ck_assert_uint_eq(otav_get_key_index(&ctx), place);
        otav_close(&ctx);
        config.key_count = place;
        ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len),
                         place == 0 ? OTAV_ERR_CONFIG : OTAV_ERR_METADATA_SIGNATURE);
    }
}
END_TEST

/* Both signatures must come from one key, even when both keys are trusted. */
START_TEST(test_policy_both_signatures_under_one_key)
{
    begin(48, true);
    config.key_count = 2;
    config.keys[1] = config.keys[0];
    memcpy(config.keys[1].xy, stranger.xy, sizeof stranger.xy);
    image_sign(&image, &stranger);
    image_sign_meta(&image, &signer);
    image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len),
                     OTAV_ERR_FIRMWARE_SIGNATURE);
    image_sign(&image, &stranger);
    image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len), OTAV_OK);
}
END_TEST

START_TEST(test_policy_development_keys)
{
    begin(48, true);
    config.keys[0].key_class = OTAV_CLASS_DEVELOPMENT;
    ck_assert_int_eq(judge_image(), OTAV_ERR_KEY_CLASS);
    config.device_class = OTAV_CLASS_DEVELOPMENT;
    ck_assert_int_eq(judge_image(), OTAV_OK);
    config.keys[0].key_class = OTAV_CLASS_PRODUCTION;
    ck_assert_int_eq(judge_image(), OTAV_OK);
}
END_TEST

START_TEST(test_policy_firmware_lengths)
{
    static const struct {
        uint32_t fw_len;
        bool strict;
        enum otav_err err;
    } rows[] = {{16, true, OTAV_OK},
                {0, true, OTAV_ERR_FW_LENGTH},
                {0, false, OTAV_ERR_FW_LENGTH},
                {17, true, OTAV_ERR_FW_LENGTH},
                {17, false, OTAV_OK},
                {1, false, OTAV_OK},
                {491, false, OTAV_OK},
                {492, false, OTAV_ERR_FW_LENGTH},
                {493, false, OTAV_OK},
                {496, true, OTAV_OK}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(rows[i].fw_len, rows[i].strict);
        ck_assert_msg(judge_image() == rows[i].err, "length %u", (unsigned)rows[i].fw_len);
    }
}
END_TEST

/* Lengths beyond the slot are refused by the metadata alone; encryption costs a block of room. */
START_TEST(test_policy_firmware_length_against_the_slot)
{
    static const struct {
        uint32_t fw_len;
        bool encrypted;
        enum otav_err err;
    } rows[] = {{OTAV_SLOT_LEN - 512, false, OTAV_ERR_TRUNCATED},
                {OTAV_SLOT_LEN - 512 + 16, false, OTAV_ERR_FW_LENGTH},
                {OTAV_SLOT_LEN - 512 - 16, true, OTAV_ERR_TRUNCATED},
                {OTAV_SLOT_LEN - 512, true, OTAV_ERR_FW_LENGTH},
                {0xFFFFFE00, false, OTAV_ERR_FW_LENGTH},
                {0xFFFFFFF0, true, OTAV_ERR_FW_LENGTH}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(48, true);
        otav_store_u32(image.meta + OTAV_META_FW_LEN_OFF, rows[i].fw_len);
        image_sign(&image, &signer);
        image_file_build(&file, &image, OTAV_FILE_BLE, rows[i].encrypted, 0);
        ck_assert_msg(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len) ==
                          rows[i].err,
                      "row %zu", i);
    }
}
END_TEST

START_TEST(test_policy_rollback_bounds)
{
    static const struct {
        bool has_installed;
        uint32_t installed;
        uint32_t min_installed;
        uint32_t floor;
        enum otav_err err;
    } rows[] = {{true, IMAGE_VERSION - 1, 0, 3, OTAV_OK},
                {true, IMAGE_VERSION, 0, 3, OTAV_ERR_VERSION},
                {true, UINT32_MAX, 0, 3, OTAV_ERR_VERSION},
                {false, UINT32_MAX, 0, 3, OTAV_OK},
                {true, 0x01000000, 0x01000000, 3, OTAV_OK},
                {true, 0x01000000, 0x01000001, 3, OTAV_ERR_MIN_INSTALLED},
                {false, UINT32_MAX, 1, 3, OTAV_ERR_MIN_INSTALLED},
                {true, 0x01000000, 0, 2, OTAV_OK},
                {true, 0x01000000, 0, 4, OTAV_ERR_COUNTER},
                {true, 0x01000000, 0, UINT32_MAX, OTAV_ERR_COUNTER}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(48, true);
        config.has_installed = rows[i].has_installed;
        config.installed_version = rows[i].installed;
        config.counter_floor = rows[i].floor;
        image_set_u32s(&image, OTAV_ATTR_MIN_INSTALLED, rows[i].min_installed, 0, 4);
        image_write_area(&image);
        ck_assert_msg(judge_image() == rows[i].err, "row %zu", i);
    }
}
END_TEST

START_TEST(test_policy_manufacturer_and_image_id)
{
    begin(48, true);
    memcpy(image.meta + OTAV_META_MANUFACTURER_OFF, "MCH\0", 4);
    ck_assert_int_eq(judge_image(), OTAV_ERR_MANUFACTURER);
    memcpy(config.manufacturer, "MCH\0", 4);
    ck_assert_int_eq(judge_image(), OTAV_OK);
    config.has_image_id = true;
    config.image_id = IMAGE_ID;
    ck_assert_int_eq(judge_image(), OTAV_OK);
    config.image_id = IMAGE_ID ^ 0x80000000u;
    ck_assert_int_eq(judge_image(), OTAV_ERR_IMAGE_ID);
    /* a file without an id is not refused for it */
    image_file_build(&file, &image, OTAV_FILE_ZIGBEE, false, 0);
    ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len), OTAV_OK);
}
END_TEST

/* r or s of 0 or n, and DER that is not strict, are bad signatures like any other. */
START_TEST(test_policy_bad_signature_encodings)
{
    static const uint8_t zero_r[8] = {0x30, 6, 2, 1, 0, 2, 1, 1};
    static const uint8_t zero_s[8] = {0x30, 6, 2, 1, 1, 2, 1, 0};
    static const uint8_t garbage[8] = {0x30, 6, 2, 1, 0x80, 2, 1, 1};
    const uint8_t *const ders[] = {zero_r, zero_s, garbage};

    for (size_t i = 0; i < sizeof ders / sizeof ders[0]; i++) {
        begin(48, true);
        image_sign(&image, &signer);
        memset(image.meta + OTAV_META_SIG_OFF, 0, 72);
        memcpy(image.meta + OTAV_META_SIG_OFF, ders[i], 8);
        image.meta[OTAV_META_SIG_LEN_OFF] = 8;
        image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
        ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len),
                         OTAV_ERR_METADATA_SIGNATURE);
        begin(48, true);
        image_sign(&image, &signer);
        memset(image.meta + OTAV_META_FW_SIG_OFF, 0, 72);
        memcpy(image.meta + OTAV_META_FW_SIG_OFF, ders[i], 8);
        image.meta[OTAV_META_FW_SIG_LEN_OFF] = 8;
        image_sign_meta(&image, &signer);
        image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
        ck_assert_int_eq(image_judge(&config, &otav_crypto_openssl, file.bytes, file.len),
                         OTAV_ERR_FIRMWARE_SIGNATURE);
    }
}
END_TEST

/* Invariant 4 for the functions below the stream. */
START_TEST(test_policy_results_untouched_on_failure)
{
    struct otav_sha256_state state;
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};
    struct otav_judgement judgement;
    struct otav_judgement before;
    uint8_t digest[OTAV_SHA256_LEN];
    uint32_t token = 0x12345678;
    uint16_t detail = 0;

    begin(48, true);
    image_sign(&image, &signer);
    image_sha256(image.fw, image.fw_len, digest);
    memset(&judgement, 0x5A, sizeof judgement);
    memset(&before, 0x5A, sizeof before);
    config.counter_floor = 4;
    ck_assert_int_eq(otav_policy_judge(&config, &otav_crypto_openssl, &transfer, image.meta, &state,
                                       &judgement, &detail),
                     OTAV_ERR_COUNTER);
    ck_assert_mem_eq(&judgement, &before, sizeof before);
    ck_assert_int_eq(
        otav_policy_judge_firmware(&config, &otav_crypto_openssl, image.meta, 1, digest, &token),
        OTAV_ERR_FIRMWARE_SIGNATURE);
    ck_assert_uint_eq(token, 0x12345678);
    digest[0] ^= 1;
    ck_assert_int_eq(
        otav_policy_judge_firmware(&config, &otav_crypto_openssl, image.meta, 0, digest, &token),
        OTAV_ERR_FIRMWARE_SIGNATURE);
    ck_assert_uint_ne(otav_bind(token, &otav_crypto_openssl), OTAV_TOKEN_FIRMWARE);
}
END_TEST

/* What otav_open() took may be another configuration by the time that an image is judged by it. */
START_TEST(test_policy_judge_looks_at_the_config_itself)
{
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};
    struct otav_sha256_state state;
    struct otav_judgement judgement;
    uint16_t detail = 0;

    begin(48, true);
    image_sign(&image, &signer);
    ck_assert_int_eq(otav_policy_judge(&config, &otav_crypto_openssl, &transfer, image.meta, &state,
                                       &judgement, &detail),
                     OTAV_OK);
    config.image_types |= 8;
    ck_assert_int_eq(otav_policy_judge(&config, &otav_crypto_openssl, &transfer, image.meta, &state,
                                       &judgement, &detail),
                     OTAV_ERR_CONFIG);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_policy_image_without_defect_is_accepted);
    tcase_add_test(tc, test_policy_each_defect_gives_its_error);
    tcase_add_test(tc, test_policy_recheck_finds_each_defect_by_itself);
    tcase_add_test(tc, test_policy_earlier_defect_wins);
    tcase_add_test(tc, test_policy_every_error_is_shown);
    tcase_add_test(tc, test_policy_errors_have_names_texts_and_classes);
    tcase_add_test(tc, test_policy_config_rules);
    tcase_add_test(tc, test_policy_strict_asks_for_each_required_attribute);
    tcase_add_test(tc, test_policy_stock_enforces_what_is_there);
    tcase_add_test(tc, test_policy_reserved_bytes_without_attributes);
    tcase_add_test(tc, test_policy_hardware_range);
    tcase_add_test(tc, test_policy_image_type_needs_key_and_path);
    tcase_add_test(tc, test_policy_key_is_searched_in_all_places);
    tcase_add_test(tc, test_policy_both_signatures_under_one_key);
    tcase_add_test(tc, test_policy_development_keys);
    tcase_add_test(tc, test_policy_firmware_lengths);
    tcase_add_test(tc, test_policy_firmware_length_against_the_slot);
    tcase_add_test(tc, test_policy_rollback_bounds);
    tcase_add_test(tc, test_policy_manufacturer_and_image_id);
    tcase_add_test(tc, test_policy_bad_signature_encodings);
    tcase_add_test(tc, test_policy_results_untouched_on_failure);
    tcase_add_test(tc, test_policy_judge_looks_at_the_config_itself);
}

int main(void)
{
    return unit_main("policy", add_tests);
}
