/*
 * The bootloader's own binary on the emulated chip, with images that OpenSSL signed: what runs, what
 * does not, and in which state the application finds the chip.
 */
#include "unit.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>

#include "boot_mailbox.h"
#include "chip.h"
#include "guest/hostile.h"
#include "image_builder.h"
#include "otab_app.h"
#include "otab_mail.h"
#include "wbz451_inferred.h"
#include "wbz451_left.h"

#define SLOT0     OTAV_SLOT0_ADDRESS
#define SLOT1     OTAV_SLOT1_ADDRESS
#define PDS       0x0107C000u
#define PROVISION OTAV_PROVISION_ADDRESS
#define APP_STACK 0x2001F000u
#define APP_ENTRY 0x01000400u

enum { OLD_VERSION = 0x01000000, NEW_VERSION = 0x02000000, OLD_COUNTER = 3, NEW_COUNTER = 5 };
enum { FW_LEN = 4992, PDS_LEN = 0x4000 };

/* Instructions that the bootloader does without a kick at most: one signature check. An application that turns
 * its watchdog on allows for four times as many. */
enum { KICK_BOUND = 4000000, WATCHDOG_PERIOD = 4 * KICK_BOUND };

static struct chip *chip;
static struct image_key key;
static struct image old_image;
static struct image new_image;

/* ---- world ------------------------------------------------------------------------------------ */

static void begin_image(struct image *image, uint32_t version, uint32_t counter, uint32_t fw_len)
{
    const uint8_t on_trial[] = {1, 0, 0, 0};

    image_init(image, fw_len, true);
    image_set_record(image, OTAV_ATTR_ACTIVATION, on_trial, sizeof on_trial);
    image_set_u32s(image, OTAV_ATTR_COUNTER, counter, 0, 4);
    image_write_area(image);
    otav_store_u32(image->meta + OTAV_META_FW_REVISION_OFF, version);
}

static void make_image(struct image *image, uint32_t version, uint32_t counter, uint32_t fw_len,
                       uint8_t first)
{
    const uint32_t vectors[] = {APP_STACK, APP_ENTRY | 1};

    begin_image(image, version, counter, fw_len);
    memset(image->fw + sizeof vectors, first, 64);
    memcpy(image->fw, vectors, sizeof vectors);
    image_sign(image, &key);
}

static void put_image(uint32_t slot, const struct image *image)
{
    chip_flash_fill(chip, slot, 0xFF, OTAV_SLOT_LEN);
    chip_flash_write(chip, slot, image->meta, OTAV_META_LEN);
    chip_flash_write(chip, slot + OTAV_META_LEN, image->fw, image->fw_len);
}

static bool holds(uint32_t slot, const struct image *image)
{
    return memcmp(chip_flash(chip, slot), image->meta, OTAV_META_LEN) == 0 &&
           memcmp(chip_flash(chip, slot + OTAV_META_LEN), image->fw, image->fw_len) == 0;
}

static void provision(void)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

    image_config(&config, &key);
    config.has_installed = false;
    config.installed_version = 0;
    config.counter_floor = 0;
    ck_assert_int_eq(otav_provision_encode(&config, &otav_crypto_openssl, record), OTAV_OK);
    chip_flash_write(chip, PROVISION, record, sizeof record);
}

static void set_up(void)
{
    image_key_generate(&key);
    make_image(&old_image, OLD_VERSION, OLD_COUNTER, FW_LEN, 0x11);
    make_image(&new_image, NEW_VERSION, NEW_COUNTER, FW_LEN + 4096, 0x22);
    chip = chip_open(GUESTS "/wbz451/bootloader_wbz451.elf");
    ck_assert_ptr_nonnull(chip);
    chip_settings(chip)->limit = 400000000;
    chip_settings(chip)->watchdog = WATCHDOG_PERIOD;
    chip_settings(chip)->watchdog_by_software = true;
    chip_stop_at(chip, chip_symbol(chip, "wbz451_serial_dfu"));
    chip_flash_fill(chip, PDS, 0x77, PDS_LEN);
    provision();
}

static void tear_down(void)
{
    ck_assert_msg(chip_broken_rules(chip) == 0, "%s", chip_first_broken_rule(chip));
    for (unsigned i = 0; i < PDS_LEN; i++) {
        ck_assert_uint_eq(chip_flash(chip, PDS)[i], 0x77);
    }
    chip_close(chip);
    image_key_free(&key);
}

/* Of the bootloader, wherever it ends. */
static enum chip_outcome run_bootloader(void)
{
    enum chip_outcome outcome = chip_run(chip);

    ck_assert_uint_le(chip_end(chip)->longest_without_kick, KICK_BOUND);
    return outcome;
}

static enum chip_outcome boot_with(uint32_t causes)
{
    chip_reset(chip, causes);
    return run_bootloader();
}

static struct wbz451_left left_behind(void)
{
    struct wbz451_left left;

    memcpy(&left, chip_ram(chip, WBZ451_LEFT_ADDRESS), sizeof left);
    ck_assert_uint_eq(left.magic, WBZ451_LEFT_MAGIC);
    return left;
}

/* Whatever runs finds every lock closed and the chip as after a reset. */
static void check_application(void)
{
    const struct chip_end *end = chip_end(chip);

    ck_assert_uint_eq(end->pc, APP_ENTRY);
    ck_assert_uint_eq(end->sp, APP_STACK);
    ck_assert_uint_eq(end->vtor, SLOT0 + OTAV_META_LEN);
    ck_assert_uint_eq(end->control, 0);
    ck_assert_uint_eq(end->primask & 1u, 0);
    ck_assert_uint_eq(end->lbwp, 0x00FFFFFF);
    ck_assert_uint_eq(end->pwplt, 0x0007C000);
    ck_assert_uint_eq(end->pwpgte, 0x000FD000);
    ck_assert(!end->uart_on && !end->code_cache_on && !end->stale && !end->port_b_changed);
}

static void check_runs(const struct image *image, uint32_t causes)
{
    enum chip_outcome outcome = boot_with(causes);

    ck_assert_msg(outcome == CHIP_APPLICATION, "outcome %d, error 0x%04x %s", outcome,
                  left_behind().report.error, chip_message(chip));
    check_application();
    ck_assert(holds(SLOT0, image));
    ck_assert_uint_eq(left_behind().report.action, OTAB_RUN_APPLICATION);
    ck_assert(chip_end(chip)->watchdog_on == (left_behind().report.state == OTAB_TRIAL));
}

static uint32_t authenticate(uint32_t slot);

static void check_waits(uint32_t error)
{
    enum chip_outcome outcome = boot_with(CHIP_POWER_ON);

    ck_assert_msg(outcome == CHIP_REACHED, "%d %s", outcome, chip_message(chip));
    ck_assert_uint_eq(left_behind().report.error, error);
}

/* ---- slot 0 ----------------------------------------------------------------------------------- */

START_TEST(test_boot_signed_image_runs)
{
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    ck_assert_uint_eq(left_behind().reset_cause, CHIP_POWER_ON);
    ck_assert_uint_eq(left_behind().provision, OTAV_OK);
    printf("verified boot of %u bytes: %llu instructions, at most %llu without a kick\n",
           OTAV_META_LEN + FW_LEN, (unsigned long long)chip_end(chip)->instructions,
           (unsigned long long)chip_end(chip)->longest_without_kick);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    chip_settings(chip)->watchdog_by_software = false; /* on from the reset */
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
}
END_TEST

/* Wherever a jump of the bootloader goes wrong: not into what nobody verified. */
START_TEST(test_boot_bootloader_executes_no_data)
{
    static const uint32_t places[] = {APP_ENTRY, SLOT1, CHIP_RAM + 0x10000};

    put_image(SLOT0, &old_image);
    chip_stop_at(chip, chip_symbol(chip, "otab_boot") & ~1u);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        ck_assert_int_eq(boot_with(CHIP_POWER_ON), CHIP_REACHED);
        chip_jump(chip, places[i]);
        ck_assert_int_eq(chip_run(chip), CHIP_FAULT);
        ck_assert_ptr_nonnull(strstr(chip_message(chip), "MPU"));
    }
}
END_TEST

START_TEST(test_boot_without_icm_or_pll_or_trng_runs)
{
    put_image(SLOT0, &old_image);
    chip_settings(chip)->icm_bus_error = true;
    chip_settings(chip)->trng_dead = true;
    chip_settings(chip)->no_pll = true;
    check_runs(&old_image, CHIP_POWER_ON);
}
END_TEST

/* It is waited for in vain once, not for each piece of the firmware. */
START_TEST(test_boot_dead_icm_is_given_up)
{
    uint64_t instructions;

    put_image(SLOT0, &old_image);
    chip_settings(chip)->icm_bus_error = true;
    check_runs(&old_image, CHIP_POWER_ON);
    check_runs(&old_image, CHIP_POWER_ON);
    instructions = chip_end(chip)->instructions;
    chip_settings(chip)->icm_bus_error = false;
    chip_settings(chip)->icm_dead = true;
    check_runs(&old_image, CHIP_POWER_ON);
    ck_assert_uint_lt(chip_end(chip)->instructions, instructions + 200000);
}
END_TEST

/* Signed, and yet nothing that a core could start. */
START_TEST(test_boot_unfit_vectors_are_refused)
{
    static const uint32_t unfit[][2] = {{CHIP_RAM + CHIP_RAM_LEN + 4, APP_ENTRY | 1},
                                        {APP_STACK, SLOT0 + OTAV_META_LEN + FW_LEN + 1}};

    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        begin_image(&new_image, NEW_VERSION, NEW_COUNTER, FW_LEN);
        memcpy(new_image.fw, unfit[i], sizeof unfit[i]);
        image_sign(&new_image, &key);
        put_image(SLOT0, &new_image);
        check_waits(OTAB_ERR_VECTORS);
        put_image(SLOT0, &old_image);
        check_runs(&old_image, CHIP_POWER_ON);
        put_image(SLOT1, &new_image);
        check_runs(&old_image, CHIP_POWER_ON);
        ck_assert_uint_eq(left_behind().report.error, OTAB_ERR_VECTORS);
        ck_assert_uint_eq(left_behind().report.state, OTAB_FAILED);
        ck_assert_uint_eq(authenticate(1), 0);
    }
}
END_TEST

/* The ICM's own time is none of the core's instructions. */
static uint64_t count_boot(bool with_icm)
{
    chip_settings(chip)->icm_bus_error = !with_icm;
    ck_assert_int_eq(boot_with(CHIP_POWER_ON), CHIP_APPLICATION);
    check_application();
    return chip_end(chip)->instructions;
}

START_TEST(test_boot_large_image_runs_with_and_without_icm)
{
    static uint8_t fw[500000];
    const uint32_t vectors[] = {APP_STACK, APP_ENTRY | 1};
    uint8_t *meta = old_image.meta;
    uint64_t with_icm;

    for (size_t i = 0; i < sizeof fw; i++) {
        fw[i] = (uint8_t)(i * 11 + i / 4093);
    }
    memcpy(fw, vectors, sizeof vectors);
    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, sizeof fw);
    image_put_signature(&key, fw, sizeof fw, meta + OTAV_META_FW_SIG_LEN_OFF,
                        meta + OTAV_META_FW_SIG_OFF);
    image_sign_meta(&old_image, &key);
    chip_flash_write(chip, SLOT0, meta, OTAV_META_LEN);
    chip_flash_write(chip, SLOT0 + OTAV_META_LEN, fw, sizeof fw);
    ck_assert_int_eq(boot_with(CHIP_POWER_ON),
                     CHIP_APPLICATION); /* the first one writes a record */
    with_icm = count_boot(true);
    printf("verified boot of %zu bytes of firmware: %llu instructions, without the ICM %llu\n",
           sizeof fw, (unsigned long long)with_icm, (unsigned long long)count_boot(false));
}
END_TEST

START_TEST(test_boot_nothing_waits_for_serial_dfu)
{
    ck_assert_int_eq(boot_with(CHIP_POWER_ON), CHIP_REACHED);
}
END_TEST

START_TEST(test_boot_without_provisioning_runs_nothing)
{
    put_image(SLOT0, &old_image);
    chip_flash_fill(chip, PROVISION, 0xFF, OTAV_PROVISION_LEN);
    ck_assert_int_eq(boot_with(CHIP_POWER_ON), CHIP_REACHED);
    ck_assert_uint_eq(left_behind().provision, OTAV_ERR_NOT_PROVISIONED);
}
END_TEST

START_TEST(test_boot_damaged_provisioning_runs_nothing)
{
    uint8_t byte;

    put_image(SLOT0, &old_image);
    for (uint32_t i = 0; i < OTAV_PROVISION_LEN; i += 31) {
        byte = *chip_flash(chip, PROVISION + i) ^ 1u << i % 8;
        chip_flash_write(chip, PROVISION + i, &byte, 1);
        ck_assert_int_eq(boot_with(CHIP_POWER_ON), CHIP_REACHED);
        provision();
    }
}
END_TEST

/* A flipped bit; the length byte of a signature and reserved bytes count as well. */
START_TEST(test_boot_flipped_bits_do_not_run)
{
    static const uint32_t places[] = {
        0, 20, 24, 60, 100, OTAV_META_SIG_LEN_OFF, 511, 512, 519, 600, OTAV_META_LEN + FW_LEN - 1};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        uint8_t byte;

        put_image(SLOT0, &old_image);
        byte = *chip_flash(chip, SLOT0 + places[i]) ^ 0x10;
        chip_flash_write(chip, SLOT0 + places[i], &byte, 1);
        if (places[i] == 511) { /* behind the signature's DER: not signed, must be zero */
            continue;
        }
        ck_assert_msg(boot_with(CHIP_POWER_ON) == CHIP_REACHED, "byte %u", places[i]);
    }
}
END_TEST

START_TEST(test_boot_other_key_does_not_run)
{
    struct image_key other;

    image_key_generate(&other);
    image_sign(&old_image, &other);
    put_image(SLOT0, &old_image);
    check_waits(OTAV_ERR_METADATA_SIGNATURE);
    image_key_free(&other);
}
END_TEST

/* ---- slot 1 ----------------------------------------------------------------------------------- */

START_TEST(test_boot_installs_from_slot1_on_trial_and_reverts)
{
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    put_image(SLOT1, &new_image);
    check_runs(&new_image, CHIP_SOFTWARE_RESET);
    ck_assert(holds(SLOT1, &old_image));
    ck_assert_uint_eq(left_behind().report.state, OTAB_TRIAL);
    for (uint32_t page = 0; page < CHIP_MAIN_LEN; page += CHIP_PAGE_LEN) {
        /* The service's own erase of slot 1 makes three there. */
        bool in_slots = CHIP_MAIN + page < SLOT1 + OTAV_SLOT_LEN;

        ck_assert_uint_le(chip_erases(chip, CHIP_MAIN + page), in_slots ? 2 : 3);
    }
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.state, OTAB_REJECTED);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
}
END_TEST

START_TEST(test_boot_refuses_bad_images_in_slot1)
{
    struct image_key other;

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);

    image_key_generate(&other);
    image_sign(&new_image, &other);
    put_image(SLOT1, &new_image);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.error, OTAV_ERR_METADATA_SIGNATURE);
    image_key_free(&other);

    make_image(&new_image, OLD_VERSION - 1, NEW_COUNTER, FW_LEN, 0x33);
    put_image(SLOT1, &new_image);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(OTAV_ERR_CLASS(left_behind().report.error), OTAV_CLASS_ROLLBACK);

    make_image(&new_image, NEW_VERSION, NEW_COUNTER, FW_LEN, 0x44);
    new_image.fw[FW_LEN - 1] ^= 1;
    put_image(SLOT1, &new_image);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.error, OTAV_ERR_FIRMWARE_SIGNATURE);
}
END_TEST

static void check_refuses_new_image(uint32_t error)
{
    image_sign(&new_image, &key);
    put_image(SLOT1, &new_image);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.state, OTAB_FAILED);
    ck_assert_uint_eq(left_behind().report.error, error);
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
}

START_TEST(test_boot_refuses_signed_images_against_policy)
{
    const uint8_t other_product[16] = {1};

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);

    begin_image(&new_image, NEW_VERSION, OLD_COUNTER - 1, FW_LEN);
    check_refuses_new_image(OTAV_ERR_COUNTER);

    begin_image(&new_image, NEW_VERSION, NEW_COUNTER, FW_LEN);
    image_set_record(&new_image, OTAV_ATTR_PRODUCT, other_product, sizeof other_product);
    image_write_area(&new_image);
    check_refuses_new_image(OTAV_ERR_PRODUCT);

    /* Its last unit would be application data, had it been in slot 0. */
    begin_image(&new_image, NEW_VERSION, NEW_COUNTER, FW_LEN);
    otav_store_u32(new_image.meta + OTAV_META_FW_LEN_OFF,
                   OTAV_SLOT_LEN - OTAV_META_LEN + OTAV_BLOCK_LEN);
    check_refuses_new_image(OTAV_ERR_FW_LENGTH);
}
END_TEST

/* What power that fails leaves is one of both images, whole, and it runs with all locks closed. */
static void check_recovers(void)
{
    enum chip_outcome outcome = boot_with(CHIP_POWER_ON);

    ck_assert_msg(outcome == CHIP_APPLICATION, "outcome %d, error 0x%04x %s", outcome,
                  left_behind().report.error, chip_message(chip));
    check_application();
    ck_assert(holds(SLOT0, &old_image) || holds(SLOT0, &new_image));
}

START_TEST(test_boot_sampled_power_cuts_recover)
{
    uint32_t operations;

    make_image(&new_image, NEW_VERSION, NEW_COUNTER, 1024, 0x22);
    make_image(&old_image, OLD_VERSION, OLD_COUNTER, 1024, 0x11);
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    put_image(SLOT1, &new_image);
    check_runs(&new_image, CHIP_POWER_ON);
    operations = chip_operations(chip);
    printf("an install of one page: %u flash operations\n", operations);
    for (unsigned i = 0; i < 12; i++) {
        chip_flash_fill(chip, SLOT1 + OTAV_SLOT_LEN, 0xFF, (size_t)4 * CHIP_PAGE_LEN);
        put_image(SLOT0, &old_image);
        put_image(SLOT1, &new_image);
        chip_reset(chip, CHIP_POWER_ON);
        chip_cut_at(chip, 1 + i * (operations - 1) / 11, (enum chip_cut)(CHIP_CUT_BEFORE + i % 4),
                    i);
        ck_assert_int_eq(run_bootloader(), CHIP_POWER_CUT);
        check_recovers();
        ck_assert_msg(chip_broken_rules(chip) == 0, "cut %u of operation %u: %s", i % 4,
                      1 + i * (operations - 1) / 11, chip_first_broken_rule(chip));
    }
}
END_TEST

/* ---- the application -------------------------------------------------------------------------- */

static uint32_t try_flash(const char *function, uint32_t address)
{
    uint32_t result = 0;

    ck_assert_int_eq(
        chip_call(chip, function, (const uint32_t[]){0, address, APP_STACK}, 3, &result),
        CHIP_RETURNED);
    return result;
}

START_TEST(test_boot_application_cannot_write_what_is_locked)
{
    static const uint32_t closed[] = {SLOT0,      SLOT0 + 0x1000, PDS - 0x1000,
                                      0x010FD000, 0x010FE000,     0x010FF000};

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        ck_assert_uint_eq(try_flash("wbz451_flash_erase", closed[i]), OTAV_REJECT);
    }
    ck_assert_uint_eq(try_flash("wbz451_flash_program", 0x4FF0), OTAV_REJECT);
    ck_assert_uint_eq(try_flash("wbz451_flash_erase", SLOT1), OTAV_ACCEPT);
    ck_assert_uint_eq(try_flash("wbz451_flash_program", 0x010FC000), OTAV_ACCEPT);
    chip_forget_broken_rules(chip); /* it has interrupts on, as applications do */
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
}
END_TEST

/* The application's interface runs on the host, its flash is the chip's: whatever it programs goes
 * through the controller and its locks. */
static uint32_t read_as_application(void *user, uint32_t address, uint8_t *ret, size_t len)
{
    (void)user;
    memcpy(ret, chip_flash(chip, address), len);
    return OTAV_ACCEPT;
}

static uint32_t program_as_application(void *user, uint32_t address,
                                       const uint8_t unit[OTAV_UNIT_LEN])
{
    uint32_t result;

    (void)user;
    memcpy(chip_ram(chip, APP_STACK), unit, OTAV_UNIT_LEN);
    result = try_flash("wbz451_flash_program", address);
    chip_forget_broken_rules(chip); /* it has interrupts on */
    return result;
}

static const struct otab_platform application = {
    .crypto = &otav_crypto_openssl, .read = read_as_application, .program = program_as_application};

static void begin_trial(void)
{
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    put_image(SLOT1, &new_image);
    check_runs(&new_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.state, OTAB_TRIAL);
}

START_TEST(test_boot_confirmed_trial_stays_and_raises_the_floor)
{
    static struct otab_app app;
    struct otab_app_status status;

    begin_trial();
    ck_assert_uint_eq(left_behind().report.floor, OLD_COUNTER);
    otab_app_init(&app, &application);
    ck_assert_uint_eq(otab_app_status(&app, &status), OTAV_OK);
    ck_assert_uint_eq(status.state, OTAB_TRIAL);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    check_runs(&new_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.flags & (OTAB_DID_CONFIRM | OTAB_DID_RAISE),
                      OTAB_DID_CONFIRM | OTAB_DID_RAISE);
    ck_assert_uint_eq(left_behind().report.floor, NEW_COUNTER);
    check_runs(&new_image, CHIP_POWER_ON);
    ck_assert_uint_eq(left_behind().report.floor, NEW_COUNTER);
    ck_assert_uint_eq(otab_app_status(&app, &status), OTAV_OK);
    ck_assert_uint_eq(status.version, NEW_VERSION);
}
END_TEST

static void put_confirm(uint32_t index, uint32_t nonce, const uint8_t id[OTAB_ID_LEN])
{
    uint8_t mail[OTAB_MAIL_LEN];

    otab_mail_encode(OTAB_MAIL_CONFIRM, nonce, id, mail);
    for (uint32_t off = 0; off < OTAB_MAIL_LEN; off += OTAV_UNIT_LEN) {
        ck_assert_uint_eq(program_as_application(
                              NULL, OTAB_MAILBOX_ADDRESS + index * OTAB_MAIL_LEN + off, mail + off),
                          OTAV_ACCEPT);
    }
}

/* It fills the mailbox with confirms of another trial and of another image, and hangs. */
START_TEST(test_boot_hung_trial_with_forged_confirms_is_reverted)
{
    begin_trial();
    for (uint32_t i = 0; i < OTAV_PAGE_LEN / OTAB_MAIL_LEN; i++) {
        struct otab_report report = left_behind().report;

        report.id[0] ^= (uint8_t)(i & 1);
        put_confirm(i, report.nonce + (i & 1) - 1, report.id);
    }
    check_runs(&old_image, CHIP_WATCHDOG_RESET);
    ck_assert_uint_eq(left_behind().report.state, OTAB_REJECTED);
    ck_assert_uint_eq(left_behind().report.flags & OTAB_DID_CONFIRM, 0);
    ck_assert_uint_eq(left_behind().report.floor, OLD_COUNTER);
    ck_assert_uint_eq(left_behind().reset_cause & CHIP_WATCHDOG_RESET, CHIP_WATCHDOG_RESET);
    check_runs(&old_image, CHIP_SOFTWARE_RESET); /* and it is not tried again */
}
END_TEST

/* ---- a hostile application, as code ----------------------------------------------------------- */

static uint32_t read_hostile(uint8_t *ret)
{
    FILE *file = fopen(GUESTS "/hostile.bin", "rb");
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(ret, 1, IMAGE_FW_MAX, file);
    (void)fclose(file);
    ck_assert_uint_gt(len, HOSTILE_ENTRY_OFF);
    ck_assert_uint_eq(len % OTAV_BLOCK_LEN, 0);
    return (uint32_t)len;
}

static void make_hostile(struct image *image, enum hostile_conduct conduct)
{
    static uint8_t fw[IMAGE_FW_MAX];
    uint32_t len = read_hostile(fw);

    begin_image(image, NEW_VERSION, NEW_COUNTER, len);
    memcpy(image->fw, fw, len);
    otav_store_u32(image->fw + HOSTILE_CONDUCT_OFF, (uint32_t)conduct);
    image_sign(image, &key);
}

/* All flash that an application must not change. */
struct closed_flash {
    uint8_t boot[CHIP_BOOT_LEN];
    uint8_t slot0[OTAV_SLOT_LEN];
    uint8_t records[3 * CHIP_PAGE_LEN];
};

static void copy_closed(struct closed_flash *ret)
{
    memcpy(ret->boot, chip_flash(chip, 0), sizeof ret->boot);
    memcpy(ret->slot0, chip_flash(chip, SLOT0), sizeof ret->slot0);
    memcpy(ret->records, chip_flash(chip, OTAB_RECORD_ADDRESS), sizeof ret->records);
}

/* From its first instruction to its end. */
static void run_hostile(enum chip_outcome expected)
{
    struct hostile_log log;
    enum chip_outcome outcome;

    chip_settings(chip)->runs_application = true;
    outcome = chip_run(chip);
    chip_settings(chip)->runs_application = false;
    ck_assert_msg(outcome == expected, "outcome %d %s", outcome, chip_message(chip));
    memcpy(&log, chip_ram(chip, HOSTILE_LOG), sizeof log);
    printf("hostile application: %u operations on locked pages, %u pages changed, locks 0x%08x\n",
           log.attempts, log.changes, log.opened);
    ck_assert_uint_eq(log.attempts, 2 * (sizeof(struct closed_flash) / (uint32_t)CHIP_PAGE_LEN));
    ck_assert_uint_eq(log.changes, 0);
    ck_assert_uint_eq(log.opened, 0);
    ck_assert_uint_eq(log.mails, OTAV_PAGE_LEN / OTAB_MAIL_LEN);
    chip_forget_broken_rules(chip);
}

static void attack_and_revert(enum hostile_conduct conduct, enum chip_outcome end, uint32_t causes)
{
    static struct closed_flash before;
    static struct closed_flash after;

    make_hostile(&new_image, conduct);
    begin_trial();
    copy_closed(&before);
    run_hostile(end);
    copy_closed(&after);
    ck_assert(memcmp(&before, &after, sizeof before) == 0);
    check_runs(&old_image, causes);
    ck_assert_uint_eq(left_behind().reset_cause & causes, causes);
    ck_assert_uint_eq(left_behind().report.state, OTAB_REJECTED);
    ck_assert_uint_eq(left_behind().report.flags & OTAB_DID_CONFIRM, 0);
    ck_assert_uint_eq(left_behind().report.floor, OLD_COUNTER);
    check_runs(&old_image, CHIP_POWER_ON); /* and it is not tried again */
}

START_TEST(test_boot_hostile_application_gains_nothing_by_a_reset)
{
    attack_and_revert(HOSTILE_RESET, CHIP_RESET, CHIP_SOFTWARE_RESET);
}
END_TEST

START_TEST(test_boot_hostile_application_that_hangs_meets_the_watchdog)
{
    attack_and_revert(HOSTILE_HANG, CHIP_WATCHDOG, CHIP_WATCHDOG_RESET);
}
END_TEST

/* The same attack where it may succeed: the board's locks are what stops it. */
START_TEST(test_boot_hostile_application_shows_open_locks)
{
    struct hostile_log log;
    enum chip_outcome outcome;

    make_hostile(&old_image, HOSTILE_RESET);
    put_image(SLOT0, &old_image);
    chip_settings(chip)->runs_application = true;
    chip_reset(chip, CHIP_POWER_ON);
    chip_jump(chip, APP_ENTRY);
    chip_set_register(chip, 13, APP_STACK);
    outcome = chip_run(chip);
    memcpy(&log, chip_ram(chip, HOSTILE_LOG), sizeof log);
    ck_assert_msg(outcome != CHIP_RESET, "%d", outcome); /* it erased itself */
    ck_assert_uint_ne(log.opened, 0);
    ck_assert_uint_gt(log.changes, 0);
    chip_forget_broken_rules(chip);
}
END_TEST

START_TEST(test_boot_wake_skips_the_check_only_when_settled)
{
    uint64_t full;

    put_image(SLOT0, &old_image);
    ck_assert_int_eq(boot_with(CHIP_DEEP_SLEEP), CHIP_APPLICATION); /* no record yet: a full boot */
    full = chip_end(chip)->instructions;
    check_application();
    ck_assert_int_eq(boot_with(CHIP_DEEP_SLEEP), CHIP_APPLICATION);
    check_application();
    ck_assert_uint_lt(chip_end(chip)->instructions, full / 10);
    printf("wake: %llu instructions, full boot: %llu\n",
           (unsigned long long)chip_end(chip)->instructions, (unsigned long long)full);
    put_image(SLOT1, &new_image);
    check_runs(&new_image, CHIP_SOFTWARE_RESET);
    ck_assert_int_eq(boot_with(CHIP_DEEP_SLEEP), CHIP_APPLICATION); /* on trial */
    ck_assert(holds(SLOT0, &old_image));
    check_application();
}
END_TEST

/* ---- authenticate entry ----------------------------------------------------------------------- */

enum {
    MEMORY = 0x20004004,
    MEMORY_LEN = 3244,
    CALLER_STACK_MAX = 16,
    FRAME_MAX = 204,
    READER_LEN = 1112,
    CONTEXT_LEN = 1432
};

/* What the application gets for a slot; nothing but the memory and a bit of its stack may change. */
static uint32_t authenticate(uint32_t slot)
{
    static uint8_t before[CHIP_RAM_LEN];
    const uint32_t args[] = {slot, MEMORY};
    uint32_t result = 99;
    uint32_t operations = chip_operations(chip);
    enum chip_outcome outcome;

    memcpy(before, chip_ram(chip, CHIP_RAM), sizeof before);
    outcome = chip_call(chip, "wbz451_authenticate_entry", args, 2, &result);
    ck_assert_msg(outcome == CHIP_RETURNED, "outcome %d %s", outcome, chip_message(chip));
    ck_assert_uint_le(chip_end(chip)->longest_without_kick, KICK_BOUND);
    for (uint32_t i = 0; i < CHIP_RAM_LEN; i++) {
        uint32_t at = CHIP_RAM + i;
        bool may_change = (at >= MEMORY && at < MEMORY + MEMORY_LEN) ||
                          (at >= APP_STACK - CALLER_STACK_MAX && at < APP_STACK);

        ck_assert_msg(may_change || *chip_ram(chip, at) == before[i], "0x%08x changed", at);
    }
    ck_assert_uint_eq(chip_operations(chip), operations);
    ck_assert_uint_eq(chip_end(chip)->primask & 1u, 0);
    ck_assert_uint_eq(chip_end(chip)->sp, APP_STACK);
    return result;
}

static void check_authenticate(void)
{
    struct image_key other;

    put_image(SLOT1, &new_image);
    ck_assert_uint_eq(authenticate(0), 1);
    ck_assert_uint_eq(authenticate(1), 1);
    ck_assert_uint_eq(authenticate(2), 0);
    ck_assert_uint_eq(authenticate(0x100), 0);
    ck_assert_uint_eq(authenticate(UINT32_MAX), 0);
    chip_flash_fill(chip, SLOT1 + OTAV_META_LEN + 4000, 0, 16);
    ck_assert_uint_eq(authenticate(1), 0);
    put_image(SLOT1, &old_image); /* no newer than what runs */
    ck_assert_uint_eq(authenticate(1), 0);
    image_key_generate(&other);
    image_sign(&new_image, &other);
    put_image(SLOT1, &new_image);
    ck_assert_uint_eq(authenticate(1), 0);
    image_key_free(&other);
    chip_flash_fill(chip, SLOT1, 0xFF, OTAV_SLOT_LEN);
    ck_assert_uint_eq(authenticate(1), 0);
}

START_TEST(test_boot_authenticate_entry_gives_the_install_verdict)
{
    ck_assert_uint_eq(chip_symbol(chip, "wbz451_authenticate_entry"), 0x5000);
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    check_authenticate();
    ck_assert_uint_eq(chip_end(chip)->control, 0);
}
END_TEST

/* Judged while the stack is the caller's: nothing is touched. */
START_TEST(test_boot_authenticate_entry_refuses_odd_arguments)
{
    static const uint32_t odd[][2] = {{0, 0},
                                      {1, MEMORY + 2},
                                      {1, CHIP_RAM - 4},
                                      {1, CHIP_RAM + CHIP_RAM_LEN - MEMORY_LEN + 4},
                                      {0, SLOT1},
                                      {0, UINT32_MAX - 3},
                                      {2, 0},
                                      {UINT32_MAX, MEMORY}};
    static uint8_t before[CHIP_RAM_LEN];

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    memcpy(before, chip_ram(chip, CHIP_RAM), sizeof before);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        uint32_t result = 99;

        ck_assert_int_eq(chip_call(chip, "wbz451_authenticate_entry", odd[i], 2, &result),
                         CHIP_RETURNED);
        ck_assert_uint_eq(result, 0);
        ck_assert(memcmp(before, chip_ram(chip, CHIP_RAM), sizeof before) == 0);
    }
}
END_TEST

START_TEST(test_boot_authenticate_entry_works_in_a_thread)
{
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    chip_use_process_stack(chip, APP_STACK);
    check_authenticate();
    ck_assert_uint_eq(chip_end(chip)->control & 2u, 2);
}
END_TEST

/* Of both parts, reading the state and verifying: what is left for an interrupt's frame with the FPU's
 * registers and for what an operating system saves beside it. Lengths as the device has them. */
START_TEST(test_boot_authenticate_entry_has_stack_to_spare)
{
    const uint32_t args[] = {0, MEMORY};
    const uint32_t reading = MEMORY + 4 + READER_LEN;
    const uint32_t verifying = MEMORY + 4 + sizeof(struct otav_config) + CONTEXT_LEN;

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    chip_settings(chip)->track_stack = true;
    chip_stop_at(chip, chip_symbol(chip, "otav_provision_decode"));
    ck_assert_int_eq(chip_call(chip, "wbz451_authenticate_entry", args, 2, NULL), CHIP_REACHED);
    printf("authenticate entry: %d bytes of stack to spare when it reads the state",
           (int)(chip_end(chip)->lowest_sp - reading));
    ck_assert_uint_ge(chip_end(chip)->lowest_sp, reading + FRAME_MAX);
    chip_stop_at(chip, UINT32_MAX);
    ck_assert_int_eq(chip_run(chip), CHIP_RETURNED);
    printf(", %d when it verifies\n", (int)(chip_end(chip)->lowest_sp - verifying));
    ck_assert_uint_ge(chip_end(chip)->lowest_sp, verifying + FRAME_MAX);
}
END_TEST

/* ---- serial DFU ------------------------------------------------------------------------------- */

/* Words to the program, which runs until it waits for the next byte; its reply. */
static size_t serve(const void *bytes, size_t len, uint32_t ret_reply[4])
{
    enum chip_outcome outcome;

    chip_uart_send(chip, bytes, len);
    outcome = run_bootloader();
    ck_assert_msg(outcome == CHIP_QUIET || outcome == CHIP_RESET, "%d %s", outcome,
                  chip_message(chip));
    return chip_uart_receive(chip, ret_reply, 4 * sizeof *ret_reply);
}

static uint32_t ask(const uint32_t *words, size_t count)
{
    uint32_t reply[4];

    ck_assert_uint_eq(serve(words, count * sizeof *words, reply), sizeof reply[0]);
    return reply[0];
}

static uint32_t send_cluster(uint32_t address, const uint8_t *bytes, uint32_t len)
{
    uint8_t request[16 + 4096];
    const uint32_t words[] = {0x110001, address, len, image_sum(bytes, len)};
    uint32_t reply[4];

    memcpy(request, words, sizeof words);
    memcpy(request + sizeof words, bytes, len);
    ck_assert_uint_eq(serve(request, sizeof words + len, reply), sizeof reply[0]);
    return reply[0];
}

static void enter_dfu(void)
{
    ck_assert_int_eq(boot_with(CHIP_POWER_ON), CHIP_REACHED);
    chip_stop_at(chip, UINT32_MAX);
    chip_settings(chip)->quiet_polls = 1000;
}

START_TEST(test_boot_serial_dfu_answers_the_stock_commands)
{
    uint32_t reply[4];

    enter_dfu();
    ck_assert_uint_eq(ask((const uint32_t[]){0x070001}, 1), 0x070001);
    ck_assert_uint_eq(serve((const uint32_t[]){0x0A0001}, 4, reply), 8);
    ck_assert_uint_eq(reply[0], 0x0A0000);
    ck_assert_uint_eq(reply[1] & 0xFFFF, 0x9B8F);
    ck_assert_uint_eq(ask((const uint32_t[]){0x060001, SLOT1, 0x7C000}, 3), 0x060000);
    ck_assert_uint_eq(ask((const uint32_t[]){0x040000}, 1), 0x040003);
    ck_assert_uint_eq(ask((const uint32_t[]){0x990000}, 1), 0x990003);
    ck_assert_uint_eq(ask((const uint32_t[]){0x120001}, 1), 0x120000);
}
END_TEST

START_TEST(test_boot_serial_dfu_reaches_slot1_only)
{
    static const uint32_t places[] = {0,          0x4000,     0x5000,    SLOT0, PDS, SLOT1 - 4096,
                                      0x010FC000, 0x010FD000, 0xFFFFF000};
    uint8_t bytes[4096] = {0};

    enter_dfu();
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        ck_assert_uint_eq(ask((const uint32_t[]){0x050001, places[i]}, 2), 0x050002);
        ck_assert_uint_eq(ask((const uint32_t[]){0x060001, places[i], 16}, 3), 0x060002);
        ck_assert_uint_eq(send_cluster(places[i], bytes, 16), 0x110002);
    }
    ck_assert_uint_eq(ask((const uint32_t[]){0x05007D, SLOT1}, 2), 0x050002);
    ck_assert_uint_eq(send_cluster(SLOT1 + 0x7BFF0, bytes, 32), 0x110002);
    ck_assert_uint_eq(chip_operations(chip), 0);
}
END_TEST

START_TEST(test_boot_serial_dfu_brings_an_image_that_runs)
{
    uint8_t bytes[OTAV_META_LEN + FW_LEN];

    memcpy(bytes, old_image.meta, OTAV_META_LEN);
    memcpy(bytes + OTAV_META_LEN, old_image.fw, FW_LEN);
    enter_dfu();
    ck_assert_uint_eq(ask((const uint32_t[]){0x050002, SLOT1}, 2), 0x050000);
    ck_assert_uint_eq(send_cluster(SLOT1, bytes, 4096), 0x110000);
    ck_assert_uint_eq(send_cluster(SLOT1 + 4096, bytes + 4096, sizeof bytes - 4096), 0x110000);
    (void)ask((const uint32_t[]){0x120001}, 1);
    chip_stop_at(chip, chip_symbol(chip, "wbz451_serial_dfu"));
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
}
END_TEST

START_TEST(test_boot_serial_dfu_drops_half_and_damaged_requests)
{
    const uint32_t damaged[] = {0x110001, SLOT1, 4, 7, 0x01010101};
    const uint32_t crc[] = {0x110002, SLOT1, 4, 0xC39A, 0x67452301};
    uint32_t reply[4];

    enter_dfu();
    chip_settings(chip)->quiet_polls = 1000000;
    ck_assert_uint_eq(serve(damaged, 7, reply), 0);
    ck_assert_uint_eq(ask((const uint32_t[]){0x070001}, 1), 0x070001);
    ck_assert_uint_eq(serve(damaged, 18, reply), 0);
    ck_assert_uint_eq(ask(damaged, 5), 0x110002);
    ck_assert_uint_eq(serve((const uint32_t[]){0x110001, SLOT1, 4097, 0}, 16, reply), 0);
    ck_assert_uint_eq(chip_operations(chip), 0);
    ck_assert_uint_eq(ask(crc, 5), 0x110000);
    ck_assert_mem_eq(chip_flash(chip, SLOT1), &crc[4], 4);
}
END_TEST

/* A request by mail or pin: serial DFU, and what the application will read about it. */
static void check_waits_as_asked(void)
{
    struct wbz451_left left;

    ck_assert_int_eq(boot_with(CHIP_SOFTWARE_RESET), CHIP_REACHED);
    left = left_behind();
    ck_assert_uint_eq(left.report.action, OTAB_SERIAL_DFU);
    ck_assert_uint_ne(left.report.flags & OTAB_ASKED_DFU, 0);
    ck_assert_uint_eq(left.report.error, 0);
}

START_TEST(test_boot_pin_enters_serial_dfu_while_it_is_held)
{
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    chip_settings(chip)->pins_low = ~WBZ451_DFU_PIN;
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    chip_settings(chip)->pins_low = WBZ451_DFU_PIN;
    check_waits_as_asked();
    check_waits_as_asked();
    chip_settings(chip)->pins_low = 0;
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
    ck_assert_uint_eq(left_behind().report.flags & OTAB_ASKED_DFU, 0);
    for (uint32_t look = 1; look <= 2 * WBZ451_DFU_PIN_READS; look += WBZ451_DFU_PIN_READS - 1) {
        chip_settings(chip)->pin_glitch = look;
        check_runs(&old_image, CHIP_SOFTWARE_RESET);
    }
}
END_TEST

/* An interrupted swap comes first: what serial DFU writes over is not needed any more. */
START_TEST(test_boot_pin_waits_for_an_open_swap)
{
    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    put_image(SLOT1, &new_image);
    chip_reset(chip, CHIP_POWER_ON);
    chip_cut_at(chip, 300, CHIP_CUT_AFTER, 1);
    ck_assert_int_eq(run_bootloader(), CHIP_POWER_CUT);
    chip_settings(chip)->pins_low = WBZ451_DFU_PIN;
    check_runs(&new_image, CHIP_SOFTWARE_RESET); /* a trial is not spent on it */
    ck_assert_uint_eq(left_behind().report.state, OTAB_TRIAL);
    ck_assert_int_eq(boot_with(CHIP_SOFTWARE_RESET), CHIP_REACHED);
    ck_assert_uint_ne(left_behind().report.flags & OTAB_ASKED_DFU, 0);
    ck_assert(holds(SLOT0, &old_image));
}
END_TEST

/* The controller gives up once in the middle of a swap: what serial DFU would write over is needed. */
START_TEST(test_boot_serial_dfu_leaves_an_open_swap_alone)
{
    const uint8_t bytes[16] = {0};

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    put_image(SLOT1, &new_image);
    chip_settings(chip)->low_voltage_at = 300;
    enter_dfu();
    ck_assert_uint_eq(left_behind().report.error, OTAV_ERR_FLASH_PROGRAM);
    ck_assert_uint_ne(left_behind().report.flags & OTAB_UNFINISHED, 0);
    chip_settings(chip)->low_voltage_at = 0;
    ck_assert_uint_eq(ask((const uint32_t[]){0x050001, SLOT1}, 2), 0x050002);
    ck_assert_uint_eq(send_cluster(SLOT1, bytes, sizeof bytes), 0x110002);
    ck_assert_uint_eq(ask((const uint32_t[]){0x070001}, 1), 0x070001);
    ck_assert_uint_eq(ask((const uint32_t[]){0x120001}, 1), 0x120000);
    chip_stop_at(chip, chip_symbol(chip, "wbz451_serial_dfu"));
    check_runs(&new_image, CHIP_SOFTWARE_RESET);
}
END_TEST

START_TEST(test_boot_mail_enters_serial_dfu_once)
{
    uint8_t record[OTAB_MAIL_LEN] = {0};
    uint32_t check;

    put_image(SLOT0, &old_image);
    check_runs(&old_image, CHIP_POWER_ON);
    otav_store_u32(record + OTAB_MAIL_TYPE, OTAB_MAIL_DFU);
    check = otab_log_check(record, OTAB_MAIL_CHECK);
    otav_store_u32(record + OTAB_MAIL_CHECK, check);
    otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~check);
    chip_flash_write(chip, OTAB_MAILBOX_ADDRESS, record, sizeof record);
    check_waits_as_asked();
    check_runs(&old_image, CHIP_SOFTWARE_RESET);
}
END_TEST

/* A device nobody talks to starts again, and whoever talks is waited for anew. */
START_TEST(test_boot_serial_dfu_gives_up)
{
    const uint32_t args[] = {100, 1};
    const uint32_t version = 0x070001;
    uint32_t reply;

    enter_dfu();
    chip_uart_send(chip, &version, sizeof version);
    ck_assert_int_eq(chip_call(chip, "wbz451_serial_dfu", args, 2, NULL), CHIP_RESET);
    ck_assert_uint_eq(chip_uart_receive(chip, &reply, sizeof reply), sizeof reply);
    ck_assert_uint_eq(reply, version);
    ck_assert(!chip_end(chip)->uart_on);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_boot_signed_image_runs);
    tcase_add_test(tcase, test_boot_bootloader_executes_no_data);
    tcase_add_test(tcase, test_boot_without_icm_or_pll_or_trng_runs);
    tcase_add_test(tcase, test_boot_large_image_runs_with_and_without_icm);
    tcase_add_test(tcase, test_boot_nothing_waits_for_serial_dfu);
    tcase_add_test(tcase, test_boot_without_provisioning_runs_nothing);
    tcase_add_test(tcase, test_boot_damaged_provisioning_runs_nothing);
    tcase_add_test(tcase, test_boot_flipped_bits_do_not_run);
    tcase_add_test(tcase, test_boot_other_key_does_not_run);
    tcase_add_test(tcase, test_boot_installs_from_slot1_on_trial_and_reverts);
    tcase_add_test(tcase, test_boot_refuses_bad_images_in_slot1);
    tcase_add_test(tcase, test_boot_refuses_signed_images_against_policy);
    tcase_add_test(tcase, test_boot_sampled_power_cuts_recover);
    tcase_add_test(tcase, test_boot_application_cannot_write_what_is_locked);
    tcase_add_test(tcase, test_boot_confirmed_trial_stays_and_raises_the_floor);
    tcase_add_test(tcase, test_boot_hung_trial_with_forged_confirms_is_reverted);
    tcase_add_test(tcase, test_boot_hostile_application_gains_nothing_by_a_reset);
    tcase_add_test(tcase, test_boot_hostile_application_that_hangs_meets_the_watchdog);
    tcase_add_test(tcase, test_boot_hostile_application_shows_open_locks);
    tcase_add_test(tcase, test_boot_wake_skips_the_check_only_when_settled);
    tcase_add_test(tcase, test_boot_authenticate_entry_gives_the_install_verdict);
    tcase_add_test(tcase, test_boot_authenticate_entry_works_in_a_thread);
    tcase_add_test(tcase, test_boot_authenticate_entry_has_stack_to_spare);
    tcase_add_test(tcase, test_boot_serial_dfu_answers_the_stock_commands);
    tcase_add_test(tcase, test_boot_serial_dfu_reaches_slot1_only);
    tcase_add_test(tcase, test_boot_serial_dfu_brings_an_image_that_runs);
    tcase_add_test(tcase, test_boot_serial_dfu_drops_half_and_damaged_requests);
    tcase_add_test(tcase, test_boot_pin_enters_serial_dfu_while_it_is_held);
    tcase_add_test(tcase, test_boot_pin_waits_for_an_open_swap);
    tcase_add_test(tcase, test_boot_mail_enters_serial_dfu_once);
    tcase_add_test(tcase, test_boot_serial_dfu_gives_up);
    tcase_add_test(tcase, test_boot_serial_dfu_leaves_an_open_swap_alone);
    tcase_add_test(tcase, test_boot_dead_icm_is_given_up);
    tcase_add_test(tcase, test_boot_unfit_vectors_are_refused);
    tcase_add_test(tcase, test_boot_authenticate_entry_refuses_odd_arguments);
}

int main(void)
{
    return unit_main("chip_boot", add_tests);
}
