/*
 * The board's code, run as real code on the emulated chip, function by function.
 */
#include "unit.h"

#include <openssl/evp.h>
#include <otav/otav_error.h>

#include "chip.h"

#define SLOT0     0x01000000u
#define PDS       0x0107C000u
#define SLOT1     0x01080000u
#define MAILBOX   0x010FC000u
#define RECORD    0x010FD000u
#define FLOOR     0x00004000u
#define RCON      0x44000A30u
#define NVM_CON   0x44000600u
#define NVM_PWPLT 0x440006D0u
#define NVM_LBWP  0x440006F0u
#define HANDOVER  0x6B93D45Cu
#define APP_STACK 0x2001F000u
#define APP_ENTRY 0x01000400u
#define WRERR     (1u << 13)

enum { ERASE_PAGE = 4 };

static struct chip *chip;

/* A chip behind C start-up. */
static void set_up(void)
{
    chip = chip_open(GUESTS "/driver_guest.elf");
    ck_assert_ptr_nonnull(chip);
    chip_settings(chip)->limit = 100000000;
    chip_stop_at(chip, chip_symbol(chip, "wbz451_main"));
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
}

static void tear_down(void)
{
    ck_assert_msg(chip_broken_rules(chip) == 0, "%s", chip_first_broken_rule(chip));
    chip_close(chip);
}

static uint32_t call3(const char *function, uint32_t a, uint32_t b, uint32_t d)
{
    uint32_t result = 0;
    enum chip_outcome outcome = chip_call(chip, function, (const uint32_t[]){a, b, d}, 3, &result);

    ck_assert_msg(outcome == CHIP_RETURNED, "%s: %d %s", function, outcome, chip_message(chip));
    return result;
}

static uint32_t call(const char *function)
{
    return call3(function, 0, 0, 0);
}

static uint32_t erase(uint32_t address)
{
    return call3("wbz451_flash_erase", 0, address, 0);
}

/* The unit's bytes count up from first. */
static uint32_t program(uint32_t address, uint8_t first)
{
    uint32_t at = chip_symbol(chip, "guest_bytes");

    for (unsigned i = 0; i < CHIP_UNIT_LEN; i++) {
        chip_ram(chip, at)[i] = (uint8_t)(first + i);
    }
    return call3("wbz451_flash_program", 0, address, at);
}

static bool is_blank(uint32_t address, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (chip_flash(chip, address)[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static bool has_unit(uint32_t address, uint8_t first)
{
    for (unsigned i = 0; i < CHIP_UNIT_LEN; i++) {
        if (chip_flash(chip, address)[i] != (uint8_t)(first + i)) {
            return false;
        }
    }
    return true;
}

static uint32_t peek(uint32_t address)
{
    return call3("guest_peek", address, 0, 0);
}

static void put_application(void)
{
    const uint32_t vectors[] = {APP_STACK, APP_ENTRY | 1};

    chip_flash_write(chip, SLOT0 + 0x200, vectors, sizeof vectors);
}

/* ---- start and end ---------------------------------------------------------------------------- */

START_TEST(test_chip_start_keeps_the_cause_and_clears_rcon)
{
    uint32_t cause;

    memcpy(&cause, chip_ram(chip, chip_symbol(chip, "wbz451_reset_cause")), sizeof cause);
    ck_assert_uint_eq(cause, CHIP_POWER_ON);
    ck_assert_uint_eq(peek(RCON), 0);
    ck_assert_uint_eq(chip_end(chip)->primask & 1u, 1);
}
END_TEST

static void check_handed_over(uint32_t lbwp)
{
    const struct chip_end *end = chip_end(chip);

    ck_assert_uint_eq(end->pc, APP_ENTRY);
    ck_assert_uint_eq(end->sp, APP_STACK);
    ck_assert_uint_eq(end->vtor, SLOT0 + 0x200);
    ck_assert_uint_eq(end->control, 0);
    ck_assert_uint_eq(end->primask & 1u, 0);
    ck_assert_uint_eq(end->lbwp, lbwp);
    ck_assert_uint_eq(end->pwplt, 0x0007C000);
    ck_assert_uint_eq(end->pwpgte, 0x000FD000);
    ck_assert(!end->uart_on && !end->code_cache_on && !end->stale);
}

START_TEST(test_chip_handover_locks_and_jumps)
{
    const uint32_t token = HANDOVER;

    put_application();
    ck_assert_uint_eq(call("wbz451_clock_init"), 1);
    (void)call("wbz451_cache_init");
    ck_assert_uint_eq(call("wbz451_uart_init"), 1);
    ck_assert_uint_eq(erase(SLOT1), OTAV_ACCEPT);
    ck_assert_int_eq(chip_call(chip, "wbz451_handover", &token, 1, NULL), CHIP_APPLICATION);
    check_handed_over(0x00FFFFFF);
}
END_TEST

START_TEST(test_chip_handover_with_another_token_is_a_reset)
{
    put_application();
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint32_t token = HANDOVER ^ 1u << bit;

        ck_assert_int_eq(chip_call(chip, "wbz451_handover", &token, 1, NULL), CHIP_RESET);
        chip_reset(chip, CHIP_SOFTWARE_RESET);
        ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
    }
}
END_TEST

START_TEST(test_chip_wake_is_short_and_leaves_retained_ram)
{
    put_application();
    memset(chip_ram(chip, CHIP_RAM), 0x77, CHIP_RETAINED_LEN);
    chip_reset(chip, CHIP_DEEP_SLEEP);
    ck_assert_int_eq(chip_run(chip), CHIP_APPLICATION);
    check_handed_over(0x00FFFFFF);
    ck_assert_uint_lt(chip_end(chip)->instructions, 1000);
    for (unsigned i = 0; i < CHIP_RETAINED_LEN; i++) {
        ck_assert_uint_eq(chip_ram(chip, CHIP_RAM)[i], 0x77);
    }
}
END_TEST

START_TEST(test_chip_wake_with_any_other_cause_is_a_full_boot)
{
    static const uint8_t others[] = {0, 1, 4, 5, 6, 7, 9, 16, 30, 31};

    put_application();
    for (size_t i = 0; i < sizeof others; i++) {
        chip_reset(chip, CHIP_DEEP_SLEEP | 1u << others[i]);
        ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
    }
    chip_reset(chip, CHIP_SOFTWARE_RESET);
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
}
END_TEST

START_TEST(test_chip_software_reset_resets)
{
    ck_assert_int_eq(chip_call(chip, "wbz451_software_reset", NULL, 0, NULL), CHIP_RESET);
}
END_TEST

/* ---- clock, watchdog, random ------------------------------------------------------------------ */

START_TEST(test_chip_clock_comes_up_after_any_wait)
{
    for (uint32_t polls = 0; polls <= 1000; polls += 250) {
        chip_reset(chip, CHIP_POWER_ON);
        chip_settings(chip)->busy_polls = polls;
        ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
        ck_assert_uint_eq(call("wbz451_clock_init"), 1);
        (void)call("wbz451_cache_init");
    }
}
END_TEST

START_TEST(test_chip_clock_without_pll_gives_up)
{
    chip_settings(chip)->no_pll = true;
    ck_assert_uint_eq(call("wbz451_clock_init"), 0);
    ck_assert_uint_eq(erase(SLOT1), OTAV_ACCEPT);
}
END_TEST

START_TEST(test_chip_kick_keeps_the_watchdog_quiet)
{
    const uint32_t args[] = {0, SLOT1};

    ck_assert_uint_eq(chip_kicks(chip), 0);
    (void)call("wbz451_kick");
    ck_assert_uint_eq(chip_kicks(chip), 1);
    ck_assert_uint_eq(erase(SLOT1), OTAV_ACCEPT);
    ck_assert_uint_eq(chip_kicks(chip), 2);
    chip_settings(chip)->watchdog = 100;
    ck_assert_int_eq(chip_call(chip, "wbz451_flash_erase", args, 2, NULL), CHIP_WATCHDOG);
}
END_TEST

START_TEST(test_chip_random_differs_and_ends)
{
    uint32_t first = call("wbz451_random");

    ck_assert_uint_ne(first, 0);
    ck_assert_uint_ne(call("wbz451_random"), first);
    chip_settings(chip)->trng_dead = true;
    ck_assert_uint_eq(call("wbz451_random"), 0);
}
END_TEST

/* ---- flash ------------------------------------------------------------------------------------ */

START_TEST(test_chip_erase_blanks_one_page)
{
    chip_flash_fill(chip, SLOT1, 0x00, (size_t)3 * CHIP_PAGE_LEN);
    ck_assert_uint_eq(erase(SLOT1 + CHIP_PAGE_LEN), OTAV_ACCEPT);
    ck_assert(is_blank(SLOT1 + CHIP_PAGE_LEN, CHIP_PAGE_LEN));
    ck_assert_uint_eq(chip_flash(chip, SLOT1 + CHIP_PAGE_LEN - 1)[0], 0);
    ck_assert_uint_eq(chip_flash(chip, SLOT1 + 2 * CHIP_PAGE_LEN)[0], 0);
    ck_assert_uint_eq(chip_erases(chip, SLOT1 + CHIP_PAGE_LEN), 1);
}
END_TEST

START_TEST(test_chip_erase_refuses_what_is_not_its_own)
{
    static const uint32_t others[] = {0,   0x3000,     FLOOR,      0x5000,     0x6000,
                                      PDS, 0x0107F000, SLOT1 + 16, 0x01100000, 0x20008000};

    chip_flash_fill(chip, PDS, 0x00, (size_t)4 * CHIP_PAGE_LEN);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_uint_eq(erase(others[i]), OTAV_REJECT);
    }
    ck_assert_uint_eq(chip_operations(chip), 0);
}
END_TEST

START_TEST(test_chip_program_writes_one_unit_once)
{
    ck_assert_uint_eq(program(SLOT1 + 32, 0x40), OTAV_ACCEPT);
    ck_assert(has_unit(SLOT1 + 32, 0x40));
    ck_assert(is_blank(SLOT1, 32) && is_blank(SLOT1 + 48, 32));
    ck_assert_uint_eq(program(SLOT1 + 32, 0x40), OTAV_REJECT);
    ck_assert_uint_eq(program(SLOT1 + 40, 0x40), OTAV_REJECT);
    ck_assert_uint_eq(chip_operations(chip), 1);
}
END_TEST

START_TEST(test_chip_program_reaches_the_floor_only)
{
    static const uint32_t others[] = {0x3FF0, 0x5000, 0x5E00, PDS, 0x0107FFF0, 0x01100000};

    ck_assert_uint_eq(program(FLOOR, 1), OTAV_ACCEPT);
    ck_assert_uint_eq(program(FLOOR + CHIP_PAGE_LEN - CHIP_UNIT_LEN, 2), OTAV_ACCEPT);
    ck_assert(has_unit(FLOOR, 1));
    ck_assert_uint_eq(peek(NVM_LBWP), 0x80FFFFFF);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        ck_assert_uint_eq(program(others[i], 3), OTAV_REJECT);
    }
    ck_assert_uint_eq(chip_operations(chip), 2);
}
END_TEST

START_TEST(test_chip_flash_waits_as_long_as_it_takes)
{
    for (uint32_t polls = 0; polls < 5000; polls += 1250) {
        chip_settings(chip)->busy_polls = polls;
        ck_assert_uint_eq(erase(RECORD), OTAV_ACCEPT);
        ck_assert_uint_eq(program(RECORD, 9), OTAV_ACCEPT);
    }
}
END_TEST

START_TEST(test_chip_low_voltage_is_told_and_cleared)
{
    chip_settings(chip)->low_voltage_at = 1;
    ck_assert_uint_eq(program(SLOT1, 1), OTAV_REJECT);
    ck_assert_uint_eq(peek(NVM_CON) & 0x3000u, 0);
    ck_assert_uint_eq(program(SLOT1, 1), OTAV_ACCEPT);
}
END_TEST

START_TEST(test_chip_locks_hold_and_cannot_be_undone)
{
    chip_flash_fill(chip, SLOT0, 0x00, CHIP_PAGE_LEN);
    (void)call("wbz451_flash_lock");
    ck_assert_uint_eq(call("wbz451_flash_open_locks"), 0);
    ck_assert_uint_eq(erase(SLOT0), OTAV_REJECT);
    ck_assert_uint_eq(erase(PDS - CHIP_PAGE_LEN), OTAV_REJECT);
    ck_assert_uint_eq(program(RECORD, 1), OTAV_REJECT);
    ck_assert_uint_eq(program(FLOOR, 1), OTAV_REJECT); /* no error flag: only the read-back tells */
    ck_assert(is_blank(FLOOR, CHIP_UNIT_LEN) && is_blank(RECORD, CHIP_UNIT_LEN));
    ck_assert_uint_eq(chip_flash(chip, SLOT0)[0], 0);
    ck_assert_uint_eq(erase(SLOT1), OTAV_ACCEPT);
    ck_assert_uint_eq(program(MAILBOX, 1), OTAV_ACCEPT);
    ck_assert_uint_eq(call("wbz451_flash_open_locks"), 0);
}
END_TEST

START_TEST(test_chip_open_locks_names_each)
{
    ck_assert_uint_eq(call("wbz451_flash_open_locks"),
                      0x80000000u | (0x80000000u ^ 0x0007C000u) | (0x80FFFFFFu ^ 0x000FD000u));
}
END_TEST

START_TEST(test_chip_error_flag_of_before_the_reset_is_cleared)
{
    (void)call("wbz451_flash_lock");
    ck_assert_uint_eq(erase(SLOT0), OTAV_REJECT);
    (void)call3("guest_operate", SLOT0, ERASE_PAGE, 0);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, WRERR);
    chip_reset(chip, 1 << 4);
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, 0);
}
END_TEST

START_TEST(test_chip_operation_cut_off_by_the_watchdog_is_no_obstacle)
{
    const uint32_t args[] = {0, SLOT1};

    chip_cut_at(chip, 1, CHIP_CUT_AFTER, 0);
    ck_assert_int_eq(chip_call(chip, "wbz451_flash_erase", args, 2, NULL), CHIP_POWER_CUT);
    chip_reset(chip, 1 << 4);
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
    ck_assert_uint_ne(peek(NVM_CON) & 1u << 14, 0); /* WREN is still set */
    ck_assert_uint_eq(erase(SLOT1), OTAV_ACCEPT);
}
END_TEST

START_TEST(test_chip_read_sees_the_cells)
{
    uint32_t at = chip_symbol(chip, "guest_bytes");

    ck_assert_uint_eq(program(SLOT1, 0x11), OTAV_ACCEPT);
    ck_assert_uint_eq(
        chip_call(chip, "wbz451_flash_read", (const uint32_t[]){0, SLOT1 - 16, at, 48}, 4, NULL),
        CHIP_RETURNED);
    ck_assert_mem_eq(chip_ram(chip, at), chip_flash(chip, SLOT1 - 16), 48);
}
END_TEST

/* ---- SHA-256 ---------------------------------------------------------------------------------- */

static void check_digest(uint32_t address, const uint8_t *bytes, size_t len, size_t piece_len)
{
    uint8_t expected[32];

    ck_assert_uint_eq(call3("guest_sha256", address, (uint32_t)len, (uint32_t)piece_len),
                      OTAV_ACCEPT);
    ck_assert_int_eq(EVP_Digest(bytes, len, expected, NULL, EVP_sha256(), NULL), 1);
    ck_assert_mem_eq(chip_ram(chip, chip_symbol(chip, "guest_digest")), expected, 32);
}

/* Lengths with everything that can be odd about them, where it is aligned and where it is not. */
static void check_digests(void)
{
    uint32_t at = chip_symbol(chip, "guest_bytes");
    uint8_t *bytes = chip_ram(chip, at);

    for (unsigned i = 0; i < 0x10100; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (unsigned len = 0; len <= 300; len++) {
        check_digest(at, bytes, len, 1024);
        check_digest(at + 1, bytes + 1, len, 1024);
        check_digest(at, bytes, len, 37);
    }
    check_digest(at, bytes, 0x10000, 0x10000);
    check_digest(at + 3, bytes + 3, 0x10000, 0x10000);
    check_digest(at, bytes, 0x10011, 512);
}

START_TEST(test_chip_icm_gives_the_digest)
{
    check_digests();
}
END_TEST

START_TEST(test_chip_icm_that_fails_is_replaced_by_software)
{
    chip_settings(chip)->icm_bus_error = true;
    check_digests();
}
END_TEST

START_TEST(test_chip_icm_reads_what_was_just_programmed)
{
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(program(SLOT1 + 0x200 + i * CHIP_UNIT_LEN, (uint8_t)(i * 40)),
                          OTAV_ACCEPT);
    }
    check_digest(SLOT1 + 0x200, chip_flash(chip, SLOT1 + 0x200), 128, 128);
    ck_assert_uint_eq(erase(SLOT1), OTAV_ACCEPT);
    check_digest(SLOT1 + 0x200, chip_flash(chip, SLOT1 + 0x200), 128, 128);
}
END_TEST

/* ---- UART ------------------------------------------------------------------------------------- */

START_TEST(test_chip_uart_echoes)
{
    uint8_t sent[600];
    uint8_t received[601];

    for (unsigned i = 0; i < sizeof sent; i++) {
        sent[i] = (uint8_t)(i * 3);
    }
    ck_assert_uint_eq(call("wbz451_clock_init"), 1);
    ck_assert_uint_eq(call("wbz451_uart_init"), 1);
    chip_uart_send(chip, sent, sizeof sent);
    ck_assert_uint_eq(call3("guest_echo", sizeof sent, 0, 0), 1);
    ck_assert_uint_eq(chip_uart_receive(chip, received, sizeof received), sizeof sent);
    ck_assert_mem_eq(received, sent, sizeof sent);
    (void)call("wbz451_uart_off");
    ck_assert(!chip_end(chip)->uart_on);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_chip_start_keeps_the_cause_and_clears_rcon);
    tcase_add_test(tcase, test_chip_handover_locks_and_jumps);
    tcase_add_test(tcase, test_chip_handover_with_another_token_is_a_reset);
    tcase_add_test(tcase, test_chip_wake_is_short_and_leaves_retained_ram);
    tcase_add_test(tcase, test_chip_wake_with_any_other_cause_is_a_full_boot);
    tcase_add_test(tcase, test_chip_software_reset_resets);
    tcase_add_test(tcase, test_chip_clock_comes_up_after_any_wait);
    tcase_add_test(tcase, test_chip_clock_without_pll_gives_up);
    tcase_add_test(tcase, test_chip_kick_keeps_the_watchdog_quiet);
    tcase_add_test(tcase, test_chip_random_differs_and_ends);
    tcase_add_test(tcase, test_chip_erase_blanks_one_page);
    tcase_add_test(tcase, test_chip_erase_refuses_what_is_not_its_own);
    tcase_add_test(tcase, test_chip_program_writes_one_unit_once);
    tcase_add_test(tcase, test_chip_program_reaches_the_floor_only);
    tcase_add_test(tcase, test_chip_flash_waits_as_long_as_it_takes);
    tcase_add_test(tcase, test_chip_low_voltage_is_told_and_cleared);
    tcase_add_test(tcase, test_chip_locks_hold_and_cannot_be_undone);
    tcase_add_test(tcase, test_chip_open_locks_names_each);
    tcase_add_test(tcase, test_chip_error_flag_of_before_the_reset_is_cleared);
    tcase_add_test(tcase, test_chip_operation_cut_off_by_the_watchdog_is_no_obstacle);
    tcase_add_test(tcase, test_chip_read_sees_the_cells);
    tcase_add_test(tcase, test_chip_icm_gives_the_digest);
    tcase_add_test(tcase, test_chip_icm_that_fails_is_replaced_by_software);
    tcase_add_test(tcase, test_chip_icm_reads_what_was_just_programmed);
    tcase_add_test(tcase, test_chip_uart_echoes);
}

int main(void)
{
    return unit_main("chip_driver", add_tests);
}
