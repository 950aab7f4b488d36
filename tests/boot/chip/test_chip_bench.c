/*
 * What the bootloader needs: instructions and stack of the real binary on the emulated chip, and what
 * a model makes of them in milliseconds. Nothing here depends on the host's clock.
 *
 * The model, at 64 MHz: 1.4 cycles per instruction, the middle of what P-256 and SHA-256 code takes
 * on a Cortex-M4 without wait states (1.2 to 1.7); the ICM 74 cycles for 64 bytes and 2 wait states
 * for each of their 16 words; 10 ms to erase a page, 60 us to program 16 bytes. Instructions, blocks
 * and operations are counted, the rest is assumed: no source gives it for this chip.
 */
#include "unit.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>

#include "boot_layout.h"
#include "chip.h"
#include "image_builder.h"

#define SLOT0     OTAV_SLOT0_ADDRESS
#define SLOT1     OTAV_SLOT1_ADDRESS
#define STACK_END 0x2001FBF8u

enum { APP_STACK = 0x2001F000, APP_ENTRY = 0x01000400, KB = 1000, FW_MAX = 500 * KB };

static const double cycles_per_instruction = 1.4;
static const double cycles_per_icm_block = 74 + 16 * 2;
static const double cycles_per_ms = 64000;
static const double erase_ms = 10;
static const double program_ms = 0.06;

/* What two signature checks take less in the profile `fast`: 'device_measure' prints both figures. */
static const double fast_saves = 2 * (2.87e6 - 0.51e6);

static struct chip *chip;
static struct image_key key;

static void set_up(void)
{
    struct otav_config config;
    uint8_t record[OTAV_PROVISION_LEN];

    image_key_generate(&key);
    chip = chip_open(GUESTS "/wbz451/bootloader_wbz451.elf");
    ck_assert_ptr_nonnull(chip);
    chip_settings(chip)->limit = UINT64_C(4000000000);
    image_config(&config, &key);
    config.has_installed = false;
    config.installed_version = 0;
    config.counter_floor = 0;
    ck_assert_int_eq(otav_provision_encode(&config, &otav_crypto_openssl, record), OTAV_OK);
    chip_flash_write(chip, OTAV_PROVISION_ADDRESS, record, sizeof record);
}

static void tear_down(void)
{
    ck_assert_msg(chip_broken_rules(chip) == 0, "%s", chip_first_broken_rule(chip));
    chip_close(chip);
    image_key_free(&key);
}

static void put_image(uint32_t slot, uint32_t version, uint32_t fw_len)
{
    static uint8_t fw[FW_MAX];
    static struct image image;
    const uint32_t vectors[] = {APP_STACK, APP_ENTRY | 1};

    for (size_t i = 0; i < fw_len; i++) {
        fw[i] = (uint8_t)(i * 11 + i / 4093 + version);
    }
    memcpy(fw, vectors, sizeof vectors);
    image_init(&image, 64, true);
    image_write_area(&image);
    otav_store_u32(image.meta + OTAV_META_FW_REVISION_OFF, version);
    otav_store_u32(image.meta + OTAV_META_FW_LEN_OFF, fw_len);
    image_put_signature(&key, fw, fw_len, image.meta + OTAV_META_FW_SIG_LEN_OFF,
                        image.meta + OTAV_META_FW_SIG_OFF);
    image_sign_meta(&image, &key);
    chip_flash_fill(chip, slot, 0xFF, OTAV_SLOT_LEN);
    chip_flash_write(chip, slot, image.meta, OTAV_META_LEN);
    chip_flash_write(chip, slot + OTAV_META_LEN, fw, fw_len);
}

static void boot(void)
{
    chip_reset(chip, CHIP_SOFTWARE_RESET);
    ck_assert_msg(chip_run(chip) == CHIP_APPLICATION, "%s", chip_message(chip));
}

static uint32_t count_erases(void)
{
    uint32_t count = 0;

    for (uint32_t page = 0; page < CHIP_MAIN_LEN; page += CHIP_PAGE_LEN) {
        count += chip_erases(chip, CHIP_MAIN + page);
    }
    return count;
}

/* One boot, in the table. */
static void measure(const char *what)
{
    uint32_t erases_before = count_erases();
    uint32_t erases;
    uint32_t programs;
    double core_ms;
    double icm_ms;
    double flash_ms;
    double fast_ms;

    boot();
    erases = count_erases() - erases_before;
    programs = chip_operations(chip) - erases;
    core_ms = (double)chip_end(chip)->instructions * cycles_per_instruction / cycles_per_ms;
    icm_ms = (double)chip_end(chip)->icm_blocks * cycles_per_icm_block / cycles_per_ms;
    flash_ms = erases * erase_ms + programs * program_ms;
    fast_ms = core_ms - fast_saves * cycles_per_instruction / cycles_per_ms;
    printf("%-32s %11llu %7llu %6u %7u %7.0f %7.0f", what,
           (unsigned long long)chip_end(chip)->instructions,
           (unsigned long long)chip_end(chip)->icm_blocks, (unsigned)erases, (unsigned)programs,
           flash_ms, core_ms + icm_ms + flash_ms);
    if (erases == 0) {
        printf(" %7.0f", fast_ms + icm_ms);
    }
    printf("\n");
}

START_TEST(test_bench_boot_and_install)
{
    static const uint32_t lens[] = {100 * KB, 500 * KB};
    char what[64];

    printf("%-32s %11s %7s %6s %7s %7s %7s %7s\n", "", "instr.", "blocks", "erases", "programs",
           "NVM ms", "all ms", "fast ms");
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        unsigned kb = (unsigned)(lens[i] / KB);

        chip_flash_fill(chip, SLOT1, 0xFF, CHIP_MAIN + CHIP_MAIN_LEN - SLOT1);
        put_image(SLOT0, 0x01000000, lens[i]);
        boot(); /* writes a record */
        (void)snprintf(what, sizeof what, "verified boot, %u KB, ICM", kb);
        measure(what);
        chip_settings(chip)->icm_bus_error = true;
        (void)snprintf(what, sizeof what, "verified boot, %u KB, software", kb);
        measure(what);
        chip_settings(chip)->icm_bus_error = false;
        put_image(SLOT1, 0x02000000, lens[i]);
        (void)snprintf(what, sizeof what, "install, %u KB, ICM", kb);
        measure(what);
    }
}
END_TEST

START_TEST(test_bench_stack)
{
    put_image(SLOT0, 0x01000000, 10 * KB);
    boot();
    put_image(SLOT1, 0x02000000, 10 * KB);
    chip_settings(chip)->track_stack = true;
    chip_stop_at(chip, chip_symbol(chip, "wbz451_forget_ram"));
    chip_reset(chip, CHIP_SOFTWARE_RESET);
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
    printf("stack of an install: %u bytes\n", (unsigned)(STACK_END - chip_end(chip)->lowest_sp));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_set_timeout(tcase, 900);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_bench_stack);
    tcase_add_test(tcase, test_bench_boot_and_install);
}

int main(void)
{
    return unit_main("chip_bench", add_tests);
}
