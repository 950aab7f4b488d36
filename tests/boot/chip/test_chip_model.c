/*
 * The emulated chip against its sheet: every rule is broken on purpose and must be noticed, and what
 * the chip does then is what the sheet says.
 */
#include "unit.h"

#include "chip.h"

#define SLOT0      0x01000000u
#define SLOT1      0x01080000u
#define NVM_CON    0x44000600u
#define CON_CLR    0x44000604u
#define CON_SET    0x44000608u
#define NVM_KEY    0x44000620u
#define NVM_ADDR   0x44000630u
#define NVM_DATA   0x44000640u
#define NVM_SOURCE 0x440006C0u
#define PWPLT      0x440006D0u
#define PWPGTE     0x440006E0u
#define LBWP       0x440006F0u
#define LBWP_CLR   0x440006F4u
#define LBWP_SET   0x440006F8u
#define SYSKEY     0x440000B0u
#define OSCCON     0x44000A00u
#define RSWRST     0x44000A40u
#define RSWRST_SET 0x44000A48u
#define PMD3       0x440000E0u
#define CHECON     0x44012400u
#define CMCC_CTRL  0x41002008u
#define CMCC_MAINT 0x41002020u
#define UART_CTRLA 0x40000C00u
#define UART_DATA  0x40000C28u
#define TRNG_DATA  0x42002820u
#define ICM_CTRL   0x42002C04u
#define ICM_DSCR   0x42002C30u
#define ICM_HASH   0x42002C34u
#define ICM_CFG    0x42002C00u

#define FIRST_KEY  0xAA996655u
#define SECOND_KEY 0x556699AAu
#define WREN       0x4000u
#define WR         0x8000u
#define WRERR      0x2000u
#define ULOCK      0x80000000u

enum { OP_NONE = 0, OP_WORD = 1, OP_QUAD = 2, OP_ROW = 3, OP_ERASE = 4 };

static struct chip *chip;

static void start_program(void)
{
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
}

static void set_up(void)
{
    chip = chip_open(GUESTS "/driver_guest.elf");
    ck_assert_ptr_nonnull(chip);
    chip_settings(chip)->limit = 10000000;
    chip_stop_at(chip, chip_symbol(chip, "wbz451_main"));
    start_program();
}

static void tear_down(void)
{
    chip_close(chip);
}

static enum chip_outcome try_call(const char *function, uint32_t a, uint32_t b)
{
    return chip_call(chip, function, (const uint32_t[]){a, b}, 2, NULL);
}

static void poke(uint32_t address, uint32_t value)
{
    ck_assert_int_eq(try_call("guest_poke", address, value), CHIP_RETURNED);
}

static uint32_t peek(uint32_t address)
{
    uint32_t value = 0;

    ck_assert_int_eq(chip_call(chip, "guest_peek", &address, 1, &value), CHIP_RETURNED);
    return value;
}

/* Whether any rule was broken since the last time. */
static bool noticed(void)
{
    bool any = chip_broken_rules(chip) != 0;

    chip_forget_broken_rules(chip);
    return any;
}

static void give_key(void)
{
    poke(NVM_KEY, 0);
    poke(NVM_KEY, FIRST_KEY);
    poke(NVM_KEY, SECOND_KEY);
}

static void prepare(uint32_t address, uint32_t operation)
{
    poke(NVM_ADDR, address);
    poke(CON_CLR, WREN);
    poke(CON_CLR, 0xF);
    poke(CON_SET, operation);
    poke(CON_SET, WREN);
}

static void finish(void)
{
    while ((peek(NVM_CON) & WR) != 0) {
    }
    poke(CON_CLR, WREN);
}

static void operate(uint32_t address, uint32_t operation)
{
    prepare(address, operation);
    give_key();
    poke(CON_SET, WR);
    finish();
}

static uint8_t cell(uint32_t address)
{
    return *chip_flash(chip, address);
}

/* ---- flash controller ------------------------------------------------------------------------- */

START_TEST(test_model_whole_sequence_programs_and_erases)
{
    for (uint32_t i = 0; i < 4; i++) {
        poke(NVM_DATA + 0x10 * i, 0x03020100u + 0x04040404u * i);
    }
    operate(SLOT1 + 16, OP_QUAD);
    for (unsigned i = 0; i < CHIP_UNIT_LEN; i++) {
        ck_assert_uint_eq(cell(SLOT1 + 16 + i), i);
    }
    operate(SLOT1 + 0xABC, OP_ERASE);
    ck_assert_uint_eq(cell(SLOT1 + 16), 0xFF);
    ck_assert_uint_eq(chip_erases(chip, SLOT1), 1);
    ck_assert(!noticed());
}
END_TEST

START_TEST(test_model_row_comes_from_ram)
{
    uint32_t at = chip_symbol(chip, "guest_bytes");

    memset(chip_ram(chip, at), 0x3C, 1024);
    poke(NVM_SOURCE, at);
    operate(SLOT1 + 0x410, OP_ROW);
    ck_assert_uint_eq(cell(SLOT1 + 0x3FF), 0xFF);
    ck_assert_uint_eq(cell(SLOT1 + 0x400), 0x3C);
    ck_assert_uint_eq(cell(SLOT1 + 0x7FF), 0x3C);
    ck_assert_uint_eq(cell(SLOT1 + 0x800), 0xFF);
    ck_assert(!noticed());
}
END_TEST

static void check_key_refused(const uint32_t *writes, size_t count)
{
    prepare(SLOT1, OP_ERASE);
    for (size_t i = 0; i < count; i++) {
        poke(NVM_KEY, writes[i]);
    }
    poke(CON_SET, WR);
    ck_assert(noticed());
    ck_assert_uint_eq(peek(NVM_CON) & WR, 0);
    ck_assert_uint_eq(chip_operations(chip), 0);
}

START_TEST(test_model_wrong_keys_are_noticed)
{
    check_key_refused(NULL, 0);
    check_key_refused((const uint32_t[]){FIRST_KEY, SECOND_KEY}, 2);
    check_key_refused((const uint32_t[]){0, SECOND_KEY, FIRST_KEY}, 3);
    check_key_refused((const uint32_t[]){0, FIRST_KEY}, 2);
    check_key_refused((const uint32_t[]){0, FIRST_KEY, SECOND_KEY ^ 1}, 3);
    check_key_refused((const uint32_t[]){0, FIRST_KEY, SECOND_KEY, 0}, 4);
    check_key_refused((const uint32_t[]){0, FIRST_KEY, SECOND_KEY, SECOND_KEY}, 4);
}
END_TEST

START_TEST(test_model_key_is_broken_off_and_used_up)
{
    prepare(SLOT1, OP_ERASE);
    give_key();
    poke(NVM_ADDR, SLOT1);
    poke(CON_SET, WR);
    ck_assert(noticed());
    ck_assert_uint_eq(chip_operations(chip), 0);

    give_key();
    poke(CON_SET, WR);
    finish();
    ck_assert(!noticed());
    poke(CON_SET, WREN);
    poke(CON_SET, WR);
    ck_assert(noticed());
    ck_assert_uint_eq(chip_operations(chip), 1);
}
END_TEST

START_TEST(test_model_order_of_write_enable_is_noticed)
{
    prepare(SLOT1, OP_ERASE);
    poke(CON_CLR, 0xF); /* with WREN set */
    ck_assert(noticed());
    ck_assert_uint_eq(peek(NVM_CON) & 0xF, OP_ERASE);

    poke(CON_CLR, WREN);
    give_key();
    poke(CON_SET, WR);
    ck_assert(noticed());
    ck_assert_uint_eq(chip_operations(chip), 0);
}
END_TEST

START_TEST(test_model_interrupts_on_are_noticed)
{
    ck_assert_int_eq(try_call("guest_interrupts_on", 0, 0), CHIP_RETURNED);
    operate(SLOT1, OP_ERASE);
    ck_assert(noticed());
}
END_TEST

START_TEST(test_model_write_during_an_operation_is_noticed)
{
    prepare(SLOT1, OP_ERASE);
    give_key();
    poke(CON_SET, WR);
    poke(NVM_ADDR, SLOT0);
    ck_assert(noticed());
    chip_flash_fill(chip, SLOT1, 0, CHIP_PAGE_LEN);
    ck_assert_uint_ne(peek(NVM_CON) & WR, 0);
    ck_assert_uint_eq(cell(SLOT1), 0);
    finish();
    ck_assert_uint_eq(cell(SLOT1), 0xFF);
}
END_TEST

START_TEST(test_model_width_of_accesses_is_noticed)
{
    ck_assert_int_eq(try_call("guest_poke_short", CON_CLR, WREN), CHIP_RETURNED);
    ck_assert(noticed());
    ck_assert_int_eq(try_call("guest_poke", 0x44000500, 0x57430000), CHIP_RETURNED);
    ck_assert(noticed());
    ck_assert_int_eq(try_call("guest_poke_short", 0x44000502, 0x5742), CHIP_RETURNED);
    ck_assert(noticed());
    ck_assert_uint_eq(chip_kicks(chip), 0);
    ck_assert_int_eq(try_call("guest_poke_short", 0x44000502, 0x5743), CHIP_RETURNED);
    ck_assert(!noticed());
    ck_assert_uint_eq(chip_kicks(chip), 1);
}
END_TEST

START_TEST(test_model_second_program_of_a_unit_is_noticed)
{
    poke(NVM_DATA, 0xFFFF00FF);
    operate(SLOT1, OP_QUAD);
    ck_assert(!noticed());
    poke(NVM_DATA, 0xFFFFFF0F);
    operate(SLOT1, OP_QUAD);
    ck_assert(noticed());
    ck_assert_uint_eq(cell(SLOT1), 0x0F);
    ck_assert_uint_eq(cell(SLOT1 + 1), 0x00);
    operate(SLOT1, OP_ERASE);
    operate(SLOT1, OP_QUAD);
    ck_assert(!noticed());
}
END_TEST

START_TEST(test_model_operations_nobody_may_use_are_noticed)
{
    static const uint32_t operations[] = {OP_WORD, 5, 6, 7, 15};

    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        operate(SLOT1, operations[i]);
        ck_assert(noticed());
    }
}
END_TEST

START_TEST(test_model_boot_page_refuses_a_program_without_a_sign)
{
    poke(NVM_DATA, 0);
    operate(0x4000, OP_QUAD);
    ck_assert_uint_eq(cell(0x4000), 0xFF);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, 0);
    operate(0x4000, OP_ERASE);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, WRERR);
    ck_assert_uint_eq(chip_erases(chip, 0x4000), 0);
    give_key();
    poke(LBWP_CLR, 1u << 4);
    operate(0x4000, OP_QUAD);
    ck_assert_uint_eq(cell(0x4000), 0);
    ck_assert(!noticed());
}
END_TEST

START_TEST(test_model_protected_main_flash_sets_wrerr)
{
    give_key();
    poke(PWPLT, 0x0007C000);
    give_key();
    poke(PWPGTE, 0x000FD000);
    poke(NVM_DATA, 0);
    operate(0x0107BFF0, OP_QUAD);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, WRERR);
    ck_assert_uint_eq(cell(0x0107BFF0), 0xFF);
    operate(0, OP_NONE);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, 0);
    operate(0x010FD000, OP_QUAD);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, WRERR);
    operate(0, OP_NONE);
    operate(0x0107C000, OP_QUAD);
    operate(0x010FCFF0, OP_QUAD);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, 0);
    ck_assert_uint_eq(cell(0x0107C000) | cell(0x010FCFF0), 0);
    ck_assert(!noticed());
}
END_TEST

START_TEST(test_model_locks_are_one_way_until_reset)
{
    static const uint32_t locks[] = {PWPLT, PWPGTE, LBWP};

    for (size_t i = 0; i < sizeof locks / sizeof locks[0]; i++) {
        poke(locks[i], 0x1000);
        ck_assert(noticed());
        give_key();
        poke(locks[i], 0x2000);
        ck_assert_uint_eq(peek(locks[i]), 0x2000);
        for (uint32_t offset = 0; offset <= 0xC; offset += 4) { /* plain, CLR, SET, INV */
            give_key();
            poke(locks[i] + offset, ULOCK | 0x3000);
            ck_assert_uint_eq(peek(locks[i]), 0x2000);
        }
    }
    chip_reset(chip, CHIP_SOFTWARE_RESET);
    start_program();
    ck_assert_uint_eq(peek(PWPLT), 0x80000000);
    ck_assert_uint_eq(peek(PWPGTE), 0x80FFFFFF);
    ck_assert_uint_eq(peek(LBWP), 0x80FFFFFF);
    ck_assert(!noticed());
}
END_TEST

/* ---- power ------------------------------------------------------------------------------------ */

static void cut(uint32_t operation, enum chip_cut how)
{
    prepare(SLOT1, operation);
    give_key();
    chip_cut_at(chip, chip_operations(chip) + 1, how, 12345);
    poke(CON_SET, WR);
    while (try_call("guest_peek", NVM_CON, 0) == CHIP_RETURNED) {
    }
    chip_reset(chip, CHIP_POWER_ON);
    start_program();
}

/* What four words of zeros over all ones, or an erase over zeros, may leave. */
static void check_cut(uint32_t operation, uint8_t before, uint8_t after)
{
    chip_flash_fill(chip, SLOT1, before, CHIP_PAGE_LEN);
    cut(operation, CHIP_CUT_BEFORE);
    ck_assert_uint_eq(cell(SLOT1), before);
    chip_flash_fill(chip, SLOT1, before, CHIP_PAGE_LEN);
    cut(operation, CHIP_CUT_AFTER);
    ck_assert_uint_eq(cell(SLOT1), after);
    chip_flash_fill(chip, SLOT1, before, CHIP_PAGE_LEN);
    cut(operation, CHIP_CUT_TORN);
    ck_assert(peek(SLOT1) != 0 && peek(SLOT1) != 0xFFFFFFFF);
}

START_TEST(test_model_power_cut_leaves_a_torn_page)
{
    check_cut(OP_QUAD, 0xFF, 0x00);
    check_cut(OP_ERASE, 0x00, 0xFF);
    ck_assert(!noticed());
    poke(NVM_DATA, 0);
    cut(OP_ERASE, CHIP_CUT_TORN);
    operate(SLOT1, OP_QUAD); /* half an erase is none */
    ck_assert(noticed());
}
END_TEST

START_TEST(test_model_unstable_bits_read_differently_until_erased)
{
    uint32_t first;
    unsigned different = 0;

    chip_flash_fill(chip, SLOT1, 0, CHIP_PAGE_LEN);
    cut(OP_ERASE, CHIP_CUT_UNSTABLE);
    first = peek(SLOT1);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_int_eq(try_call("wbz451_cache_invalidate", 0, 0), CHIP_RETURNED);
        different += peek(SLOT1) != first;
    }
    ck_assert_uint_ge(different, 6);
    operate(SLOT1, OP_ERASE);
    ck_assert_int_eq(try_call("wbz451_cache_invalidate", 0, 0), CHIP_RETURNED);
    ck_assert_uint_eq(peek(SLOT1), 0xFFFFFFFF);
}
END_TEST

START_TEST(test_model_error_flag_outlives_all_but_power)
{
    operate(0x4000, OP_ERASE);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, WRERR);
    chip_reset(chip, CHIP_SOFTWARE_RESET);
    chip_stop_at(chip, chip_symbol(chip, "wbz451_flash_init"));
    ck_assert_int_eq(chip_run(chip), CHIP_REACHED);
    chip_stop_at(chip, UINT32_MAX);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, WRERR);
    chip_reset(chip, CHIP_POWER_ON);
    ck_assert_uint_eq(peek(NVM_CON) & WRERR, 0);
}
END_TEST

/* ---- caches ----------------------------------------------------------------------------------- */

START_TEST(test_model_flash_is_old_until_invalidated)
{
    static const uint32_t partly[] = {1u << 20, 1u << 21, 1u << 22, 5u << 20};

    chip_flash_fill(chip, SLOT1, 0x11, CHIP_PAGE_LEN);
    operate(SLOT1, OP_ERASE);
    ck_assert_uint_eq(peek(SLOT1), 0x11111111);
    for (size_t i = 0; i < sizeof partly / sizeof partly[0]; i++) {
        poke(CHECON, 0x0700010F | partly[i]);
        while ((peek(CHECON) & 7u << 20) != 0) {
        }
        ck_assert_uint_eq(peek(SLOT1), 0x11111111);
    }
    poke(CHECON, 0x0700010F | 3u << 20);
    ck_assert_uint_eq(peek(SLOT1), 0x11111111); /* it takes its time */
    while ((peek(CHECON) & 7u << 20) != 0) {
    }
    ck_assert_uint_eq(peek(SLOT1), 0xFFFFFFFF);
    ck_assert(!noticed());
}
END_TEST

START_TEST(test_model_code_cache_needs_its_own_invalidation)
{
    chip_flash_fill(chip, SLOT1, 0x11, CHIP_PAGE_LEN);
    poke(CMCC_CTRL, 1);
    operate(SLOT1, OP_ERASE);
    poke(CHECON, 0x0700010F | 7u << 20);
    while ((peek(CHECON) & 7u << 20) != 0) {
    }
    ck_assert_uint_eq(peek(SLOT1), 0x11111111);
    poke(CMCC_MAINT, 1);
    ck_assert(noticed());
    poke(CMCC_CTRL, 0);
    poke(CMCC_MAINT, 1);
    ck_assert(!noticed());
    ck_assert_uint_eq(peek(SLOT1), 0xFFFFFFFF);
}
END_TEST

START_TEST(test_model_icm_on_an_old_copy_is_noticed)
{
    const uint32_t args[] = {SLOT1, 64, 64};

    operate(SLOT1, OP_ERASE);
    ck_assert_int_eq(chip_call(chip, "guest_sha256", args, 3, NULL), CHIP_RETURNED);
    ck_assert(noticed());
}
END_TEST

/* ---- everything else -------------------------------------------------------------------------- */

START_TEST(test_model_locked_clock_registers_are_noticed)
{
    poke(OSCCON, 0x100);
    ck_assert(noticed());
    poke(RSWRST_SET, 1);
    ck_assert(noticed());
    ck_assert_uint_eq(peek(RSWRST), 0);
    poke(SYSKEY, 0);
    poke(SYSKEY, FIRST_KEY);
    poke(SYSKEY, SECOND_KEY);
    poke(RSWRST_SET, 1);
    ck_assert(!noticed());
    ck_assert_int_eq(try_call("guest_peek", RSWRST, 0), CHIP_RESET);
}
END_TEST

START_TEST(test_model_too_few_wait_states_are_noticed)
{
    ck_assert_int_eq(try_call("wbz451_clock_init", 0, 0), CHIP_RETURNED);
    poke(CHECON, 0x07000102);
    ck_assert(!noticed());
    poke(CHECON, 0x07000101);
    ck_assert(noticed());
}
END_TEST

START_TEST(test_model_uart_without_its_set_up_is_noticed)
{
    poke(UART_CTRLA, 0x40100106);
    ck_assert(noticed());
    ck_assert_int_eq(try_call("wbz451_clock_init", 0, 0), CHIP_RETURNED);
    ck_assert_int_eq(try_call("wbz451_uart_init", 0, 0), CHIP_RETURNED);
    (void)noticed();
    poke(UART_DATA, 'a');
    poke(UART_DATA, 'b');
    ck_assert(noticed());
    (void)peek(UART_DATA);
    ck_assert(noticed());
}
END_TEST

START_TEST(test_model_modules_that_are_off_are_noticed)
{
    poke(PMD3, 1u << 6);
    ck_assert_int_eq(try_call("guest_poke_byte", 0x42002800, 2), CHIP_RETURNED);
    ck_assert(noticed());
    poke(PMD3, 1u << 4);
    poke(ICM_CFG, 0x3004);
    poke(ICM_DSCR, CHIP_RAM);
    poke(ICM_HASH, CHIP_RAM);
    poke(ICM_CTRL, 1);
    ck_assert(noticed());
}
END_TEST

START_TEST(test_model_odd_icm_set_up_is_noticed)
{
    static const uint32_t odd[][3] = {{0x3004, CHIP_RAM + 32, CHIP_RAM},
                                      {0x3004, CHIP_RAM, CHIP_RAM + 64},
                                      {0x3004, CHIP_RAM, SLOT1},
                                      {0x0004, CHIP_RAM, CHIP_RAM}};

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        poke(ICM_CTRL, 4);
        poke(ICM_CFG, odd[i][0]);
        poke(ICM_DSCR, odd[i][1]);
        poke(ICM_HASH, odd[i][2]);
        poke(ICM_CTRL, 1);
        ck_assert(noticed());
    }
}
END_TEST

START_TEST(test_model_what_is_not_there_traps)
{
    static const uint32_t nothing[] = {0x44003000, 0x44000700, 0x44000524,     0x00006000,
                                       0x5E00,     0x5FFC,     0x00FFFFFC,     0x01100000,
                                       0x20020000, 0x40000C34, 0x44000610 + 8, 0x42000400};

    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        ck_assert_msg(try_call("guest_peek", nothing[i], 0) == CHIP_FAULT, "0x%08x", nothing[i]);
        ck_assert_str_ne(chip_message(chip), "");
    }
    ck_assert_int_eq(try_call("guest_poke", SLOT1, 0), CHIP_FAULT);
    ck_assert_int_eq(try_call("guest_poke", 0x1000, 0), CHIP_FAULT);
    ck_assert_int_eq(try_call("guest_jump", CHIP_RAM + 1, 0), CHIP_FAULT);
    ck_assert_int_eq(try_call("guest_jump", 0x5E01, 0), CHIP_FAULT);
    ck_assert_int_eq(try_call("guest_peek", TRNG_DATA, 0), CHIP_FAULT);
}
END_TEST

START_TEST(test_model_tells_who_it_is)
{
    ck_assert_uint_eq(peek(0x41000018) & 0xFFFFu, 0x9B8F);
}
END_TEST

START_TEST(test_model_ram_is_different_after_each_reset)
{
    uint8_t first = *chip_ram(chip, CHIP_RAM);

    chip_reset(chip, CHIP_SOFTWARE_RESET);
    ck_assert_uint_ne(*chip_ram(chip, CHIP_RAM), first);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_model_whole_sequence_programs_and_erases);
    tcase_add_test(tcase, test_model_row_comes_from_ram);
    tcase_add_test(tcase, test_model_wrong_keys_are_noticed);
    tcase_add_test(tcase, test_model_key_is_broken_off_and_used_up);
    tcase_add_test(tcase, test_model_order_of_write_enable_is_noticed);
    tcase_add_test(tcase, test_model_interrupts_on_are_noticed);
    tcase_add_test(tcase, test_model_write_during_an_operation_is_noticed);
    tcase_add_test(tcase, test_model_width_of_accesses_is_noticed);
    tcase_add_test(tcase, test_model_second_program_of_a_unit_is_noticed);
    tcase_add_test(tcase, test_model_operations_nobody_may_use_are_noticed);
    tcase_add_test(tcase, test_model_boot_page_refuses_a_program_without_a_sign);
    tcase_add_test(tcase, test_model_protected_main_flash_sets_wrerr);
    tcase_add_test(tcase, test_model_locks_are_one_way_until_reset);
    tcase_add_test(tcase, test_model_power_cut_leaves_a_torn_page);
    tcase_add_test(tcase, test_model_unstable_bits_read_differently_until_erased);
    tcase_add_test(tcase, test_model_error_flag_outlives_all_but_power);
    tcase_add_test(tcase, test_model_flash_is_old_until_invalidated);
    tcase_add_test(tcase, test_model_code_cache_needs_its_own_invalidation);
    tcase_add_test(tcase, test_model_icm_on_an_old_copy_is_noticed);
    tcase_add_test(tcase, test_model_locked_clock_registers_are_noticed);
    tcase_add_test(tcase, test_model_too_few_wait_states_are_noticed);
    tcase_add_test(tcase, test_model_uart_without_its_set_up_is_noticed);
    tcase_add_test(tcase, test_model_modules_that_are_off_are_noticed);
    tcase_add_test(tcase, test_model_odd_icm_set_up_is_noticed);
    tcase_add_test(tcase, test_model_what_is_not_there_traps);
    tcase_add_test(tcase, test_model_tells_who_it_is);
    tcase_add_test(tcase, test_model_ram_is_different_after_each_reset);
}

int main(void)
{
    return unit_main("chip_model", add_tests);
}
