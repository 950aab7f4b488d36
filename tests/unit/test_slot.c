/*
 * The slot: nothing is erased before the metadata was accepted, the first unit is written last, an
 * interrupted or refused transfer leaves nothing that passes, flash failures are reported.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "fake_crypto.h"
#include "flash_sim.h"
#include "image_builder.h"

enum { FW_LEN = 9008, TRANSFER_LEN = OTAV_META_LEN + FW_LEN };

static struct image_key signer;
static struct otav_config config;
static struct otav_context ctx;
static struct flash_sim sim;
static struct otav_flash flash;
static struct image image;
static uint8_t payload[IMAGE_PLAIN_MAX];
static struct otav_transfer transfer;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_config(&config, &signer);
    flash = flash_sim_port(&sim);
    flash_sim_fill(&sim, 0);
    image_init(&image, FW_LEN, true);
    image_sign(&image, &signer);
    ck_assert_uint_eq(image_payload(&image, false, payload), TRANSFER_LEN);
    transfer.purpose = OTAV_INSTALL;
    memset(&ctx, 0, sizeof ctx);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&signer);
}

static enum otav_err install(const struct otav_crypto *crypto)
{
    enum otav_err err = otav_open(&ctx, &config, crypto, &flash, &transfer);

    for (size_t off = 0; off < TRANSFER_LEN && err == OTAV_OK; off += 700) {
        err = otav_feed(&ctx, payload + off, TRANSFER_LEN - off < 700 ? TRANSFER_LEN - off : 700);
    }
    err = err == OTAV_OK ? otav_finish(&ctx) : err;
    return err == OTAV_OK ? otav_commit(&ctx) : err;
}

static enum otav_err verify_slot_of(const struct otav_flash *port, enum otav_purpose purpose)
{
    static struct otav_context other;
    enum otav_err err;

    memset(&other, 0, sizeof other);
    err = otav_verify_slot(&other, &config, &otav_crypto_openssl, port, purpose);
    ck_assert_uint_eq(otav_verdict(&other), err == OTAV_OK ? OTAV_ACCEPT : OTAV_REJECT);
    otav_close(&other);
    return err;
}

static enum otav_err verify_slot(enum otav_purpose purpose)
{
    return verify_slot_of(&flash, purpose);
}

/* ---- order of writing ------------------------------------------------------------------------- */

START_TEST(test_slot_nothing_is_touched_before_the_metadata_is_accepted)
{
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
    for (size_t i = 0; i < OTAV_META_LEN - 1; i++) {
        ck_assert_int_eq(otav_feed(&ctx, payload + i, 1), OTAV_OK);
    }
    ck_assert_uint_eq(sim.last_program_number, 0);
    ck_assert_int_eq(otav_feed(&ctx, payload + OTAV_META_LEN - 1, 1), OTAV_OK);
    ck_assert_uint_eq(sim.calls[FLASH_ERASE], 1);
    ck_assert_uint_eq(sim.highest, OTAV_PAGE_LEN);
}
END_TEST

START_TEST(test_slot_refused_metadata_touches_nothing)
{
    static const uint16_t damaged[] = {OTAV_META_SEQUENCE_OFF, OTAV_META_REVISION_OFF,
                                       OTAV_META_FW_REVISION_OFF, OTAV_META_ATTRIBUTES_OFF + 20,
                                       OTAV_META_SIG_OFF + 9};

    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        payload[damaged[i]] ^= 0x10;
        ck_assert_int_ne(install(&otav_crypto_openssl), OTAV_OK);
        otav_close(&ctx);
        payload[damaged[i]] ^= 0x10;
        ck_assert_uint_eq(sim.last_program_number, 0);
    }
    config.counter_floor = 4;
    ck_assert_int_eq(install(&otav_crypto_openssl), OTAV_ERR_COUNTER);
    ck_assert_uint_eq(sim.last_program_number, 0);
}
END_TEST

START_TEST(test_slot_first_unit_is_written_last)
{
    ck_assert_int_eq(install(&otav_crypto_openssl), OTAV_OK);
    ck_assert_uint_eq(sim.first_unit_programs, 1);
    ck_assert_uint_eq(sim.first_unit_number, sim.last_program_number);
    ck_assert_uint_eq(sim.calls[FLASH_ERASE], 3);
    ck_assert_uint_eq(sim.highest, 3 * OTAV_PAGE_LEN);
    ck_assert_mem_eq(sim.bytes, payload, TRANSFER_LEN);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
    ck_assert_int_eq(verify_slot(OTAV_INSTALL), OTAV_OK);
}
END_TEST

START_TEST(test_slot_without_commit_does_not_pass)
{
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, payload, TRANSFER_LEN), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
    ck_assert_uint_eq(sim.first_unit_programs, 0);
    for (size_t i = 0; i < OTAV_UNIT_LEN; i++) {
        ck_assert_uint_eq(sim.bytes[i], 0xFF);
    }
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_ERR_METADATA);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_OK);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
}
END_TEST

START_TEST(test_slot_bad_firmware_is_never_committed)
{
    payload[TRANSFER_LEN - 1] ^= 1;
    ck_assert_int_eq(install(&otav_crypto_openssl), OTAV_ERR_FIRMWARE_SIGNATURE);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_ERR_FIRMWARE_SIGNATURE);
    ck_assert_uint_eq(sim.first_unit_programs, 0);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_ERR_METADATA);
}
END_TEST

/* Power goes before every unit and every erase in turn, over an old image that was bootable. */
START_TEST(test_slot_interrupted_anywhere_never_passes)
{
    unsigned cuts = 0;

    for (unsigned power = 1;; power++) {
        enum otav_err err;

        flash_sim_fill(&sim, 0);
        memcpy(sim.bytes, payload, TRANSFER_LEN);
        if (power == 1) {
            ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
        }
        sim.power_left = power;
        err = install(&otav_crypto_openssl);
        otav_close(&ctx);
        if (err == OTAV_OK) {
            break;
        }
        cuts++;
        ck_assert(err == OTAV_ERR_FLASH_ERASE || err == OTAV_ERR_FLASH_PROGRAM);
        ck_assert_int_eq(verify_slot(OTAV_BOOT), power == 1 ? OTAV_OK : OTAV_ERR_METADATA);
    }
    ck_assert_uint_eq(cuts, TRANSFER_LEN / OTAV_UNIT_LEN + 3);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
}
END_TEST

/* ---- flash that fails ------------------------------------------------------------------------- */

static const uint32_t failures[] = {OTAV_REJECT, 0, UINT32_MAX, OTAV_OK, OTAV_ACCEPT ^ 0x80000000u};

static void check_wiped(enum otav_err err)
{
    static struct otav_context expected;

    memset(&expected, 0, sizeof expected);
    expected.state = OTAV_FAILED;
    expected.error = err;
    expected.key_index = 0xFF;
    ck_assert_mem_eq(&ctx, &expected, sizeof ctx);
}

START_TEST(test_slot_every_flash_write_fails_cleanly)
{
    for (size_t i = 0; i < 4 * sizeof failures / sizeof failures[0]; i++) {
        enum flash_op op = i % 2 == 0 ? FLASH_ERASE : FLASH_PROGRAM;

        for (unsigned nth = 1;; nth++) {
            enum otav_err err;

            flash_sim_fill(&sim, 0);
            flash_sim_plan(&sim, op, nth, i / 2 % 2 != 0, failures[i / 4]);
            err = install(&otav_crypto_openssl);
            if (err == OTAV_OK) {
                ck_assert_uint_gt(nth, 3);
                otav_close(&ctx);
                break;
            }
            ck_assert_int_eq(err,
                             op == FLASH_ERASE ? OTAV_ERR_FLASH_ERASE : OTAV_ERR_FLASH_PROGRAM);
            check_wiped(err);
            otav_close(&ctx);
            ck_assert_int_ne(verify_slot(OTAV_BOOT), OTAV_OK);
        }
    }
}
END_TEST

START_TEST(test_slot_every_flash_read_fails_cleanly)
{
    ck_assert_int_eq(install(&otav_crypto_openssl), OTAV_OK);
    otav_close(&ctx);
    for (size_t i = 0; i < 2 * sizeof failures / sizeof failures[0]; i++) {
        for (unsigned nth = 1;; nth++) {
            enum otav_err err;

            sim.calls[FLASH_READ] = 0;
            flash_sim_plan(&sim, FLASH_READ, nth, i % 2 != 0, failures[i / 2]);
            err = otav_verify_slot(&ctx, &config, &otav_crypto_openssl, &flash, OTAV_BOOT);
            if (err == OTAV_OK) {
                ck_assert_uint_gt(nth, 2);
                otav_close(&ctx);
                break;
            }
            ck_assert_int_eq(err, OTAV_ERR_FLASH_READ);
            check_wiped(err);
            otav_close(&ctx);
        }
    }
}
END_TEST

START_TEST(test_slot_every_crypto_call_fails_cleanly)
{
    struct fake_crypto fake;
    struct otav_crypto crypto = fake_crypto_init(&fake, &otav_crypto_openssl);

    for (enum fake_callback callback = 0; callback <= FAKE_ECDSA; callback++) {
        for (unsigned nth = 1;; nth++) {
            enum otav_err err;

            flash_sim_fill(&sim, 0);
            fake_crypto_plan(&fake, callback, nth, true, OTAV_REJECT);
            err = install(&crypto);
            if (err == OTAV_OK) {
                otav_close(&ctx);
                break;
            }
            check_wiped(err);
            otav_close(&ctx);
            ck_assert_uint_eq(fake.sha256_open, 0);
            ck_assert_uint_eq(sim.first_unit_programs, 0);
            ck_assert_int_ne(verify_slot(OTAV_BOOT), OTAV_OK);
        }
    }
}
END_TEST

/* ---- what is in a slot ------------------------------------------------------------------------ */

START_TEST(test_slot_every_byte_damaged_never_passes)
{
    enum { SMALL = OTAV_META_LEN + 32 };

    image_init(&image, 32, true);
    image_sign(&image, &signer);
    flash_sim_fill(&sim, 0xFF);
    image_payload(&image, false, sim.bytes);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
    for (size_t i = 0; i < SMALL * 8; i++) {
        sim.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert_msg(verify_slot(OTAV_BOOT) != OTAV_OK, "bit %zu of byte %zu", i % 8, i / 8);
        sim.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}
END_TEST

START_TEST(test_slot_bytes_behind_the_firmware_are_ignored)
{
    flash_sim_fill(&sim, 0xA7);
    memcpy(sim.bytes, payload, TRANSFER_LEN);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
    ck_assert_uint_eq(sim.last_program_number, 0);
}
END_TEST

START_TEST(test_slot_boot_takes_an_older_image_with_a_good_counter)
{
    memcpy(sim.bytes, payload, TRANSFER_LEN);
    config.installed_version = IMAGE_VERSION;
    ck_assert_int_eq(verify_slot(OTAV_INSTALL), OTAV_ERR_VERSION);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
    config.counter_floor = 4;
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_ERR_COUNTER);
}
END_TEST

/* The longest firmware that fits is read to its end, one more is refused by its length. */
START_TEST(test_slot_firmware_length_at_the_end_of_the_slot)
{
    static uint8_t fw[OTAV_SLOT_LEN - OTAV_META_LEN];

    config.policy = OTAV_POLICY_STOCK;
    for (uint32_t over = 0; over < 2; over++) {
        uint8_t *meta = image.meta;

        otav_store_u32(meta + OTAV_META_FW_LEN_OFF, (uint32_t)sizeof fw + over);
        image_put_signature(&signer, fw, sizeof fw, meta + OTAV_META_FW_SIG_LEN_OFF,
                            meta + OTAV_META_FW_SIG_OFF);
        image_sign_meta(&image, &signer);
        flash_sim_fill(&sim, 0);
        memcpy(sim.bytes, meta, OTAV_META_LEN);
        ck_assert_int_eq(verify_slot(OTAV_BOOT), over == 0 ? OTAV_OK : OTAV_ERR_FW_LENGTH);
    }
}
END_TEST

/* A full slot is written to its last unit and no further. */
START_TEST(test_slot_longest_firmware_fills_the_slot)
{
    static uint8_t fw[OTAV_SLOT_LEN - OTAV_META_LEN];
    uint8_t *meta = image.meta;

    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, sizeof fw);
    image_put_signature(&signer, fw, sizeof fw, meta + OTAV_META_FW_SIG_LEN_OFF,
                        meta + OTAV_META_FW_SIG_OFF);
    image_sign_meta(&image, &signer);
    flash_sim_fill(&sim, 0x55);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, meta, OTAV_META_LEN), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, fw, sizeof fw), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_OK);
    ck_assert_uint_eq(sim.highest, OTAV_SLOT_LEN);
    ck_assert_int_eq(verify_slot(OTAV_BOOT), OTAV_OK);
}
END_TEST

/* What a mapped flash was asked for; of every other part it says no place. */
static struct {
    uint32_t read_count, place_count;
    bool every_other;
} mapped;

static uint32_t read_mapped(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    mapped.read_count++;
    return flash_sim_read(user, offset, ret_bytes, len);
}

static const uint8_t *place_of(void *user, uint32_t offset, size_t len)
{
    const struct flash_sim *of = user;

    ck_assert_uint_ge(offset, OTAV_META_LEN); /* the metadata must not change once it is judged */
    ck_assert_uint_le(len, OTAV_SLOT_LEN - offset);
    mapped.place_count++;
    return mapped.every_other && mapped.place_count % 2 == 0 ? NULL : of->bytes + offset;
}

static enum otav_err verify_mapped(bool every_other)
{
    struct otav_flash port = flash;

    port.read = read_mapped;
    port.at = place_of;
    memset(&mapped, 0, sizeof mapped);
    mapped.every_other = every_other;
    return verify_slot_of(&port, OTAV_BOOT);
}

START_TEST(test_slot_hashes_mapped_flash_in_its_place)
{
    ck_assert_int_eq(install(&otav_crypto_openssl), OTAV_OK);
    ck_assert_int_eq(verify_mapped(false), OTAV_OK);
    ck_assert_uint_eq(mapped.read_count, 1);
    ck_assert_uint_eq(mapped.place_count, (FW_LEN + OTAV_WORK_LEN - 1) / OTAV_WORK_LEN);
    ck_assert_int_eq(verify_mapped(true), OTAV_OK);
    ck_assert_uint_eq(mapped.read_count, 1 + mapped.place_count / 2);
    for (size_t i = 0; i < FW_LEN; i += 61) {
        sim.bytes[OTAV_META_LEN + i] ^= 0x10;
        ck_assert_int_eq(verify_mapped(i % 2 == 0), OTAV_ERR_FIRMWARE_SIGNATURE);
        sim.bytes[OTAV_META_LEN + i] ^= 0x10;
    }
}
END_TEST

START_TEST(test_slot_bad_arguments)
{
    struct otav_flash blind = flash;

    blind.read = NULL;
    ck_assert_int_eq(otav_verify_slot(&ctx, &config, &otav_crypto_openssl, &blind, OTAV_BOOT),
                     OTAV_ERR_ARG);
    ck_assert_int_eq(otav_verify_slot(&ctx, &config, &otav_crypto_openssl, NULL, OTAV_BOOT),
                     OTAV_ERR_ARG);
    ck_assert_int_eq(otav_verify_slot(NULL, &config, &otav_crypto_openssl, &flash, OTAV_BOOT),
                     OTAV_ERR_ARG);
    ck_assert_int_eq(otav_get_state(&ctx), OTAV_CLOSED);
    config.key_count = 0;
    ck_assert_int_eq(otav_verify_slot(&ctx, &config, &otav_crypto_openssl, &flash, OTAV_BOOT),
                     OTAV_ERR_CONFIG);
    ck_assert_uint_eq(sim.calls[FLASH_READ], 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_slot_nothing_is_touched_before_the_metadata_is_accepted);
    tcase_add_test(tc, test_slot_refused_metadata_touches_nothing);
    tcase_add_test(tc, test_slot_first_unit_is_written_last);
    tcase_add_test(tc, test_slot_without_commit_does_not_pass);
    tcase_add_test(tc, test_slot_bad_firmware_is_never_committed);
    tcase_add_test(tc, test_slot_interrupted_anywhere_never_passes);
    tcase_add_test(tc, test_slot_every_flash_write_fails_cleanly);
    tcase_add_test(tc, test_slot_every_flash_read_fails_cleanly);
    tcase_add_test(tc, test_slot_every_crypto_call_fails_cleanly);
    tcase_add_test(tc, test_slot_every_byte_damaged_never_passes);
    tcase_add_test(tc, test_slot_bytes_behind_the_firmware_are_ignored);
    tcase_add_test(tc, test_slot_boot_takes_an_older_image_with_a_good_counter);
    tcase_add_test(tc, test_slot_firmware_length_at_the_end_of_the_slot);
    tcase_add_test(tc, test_slot_longest_firmware_fills_the_slot);
    tcase_add_test(tc, test_slot_hashes_mapped_flash_in_its_place);
    tcase_add_test(tc, test_slot_bad_arguments);
}

int main(void)
{
    return unit_main("slot", add_tests);
}
