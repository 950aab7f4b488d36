/*
 * Power that fails in an update on the MPS2 board:  test_boot_qemu_cut BOOTLOADER LIVE
 *
 * In the middle of a flash operation, by the flash itself; and at any instruction, by killing the
 * emulator. The device goes on with what is in the flash.
 */
#include "bench.h"

enum { EDGE = 8, CUTS = 4 * EDGE, KILLS = 8 };

/* Of the PSRAM. */
#define USED_LEN (LAYOUT_CONTROL_OFF + sizeof(struct board_flash_control))

static struct bench bench;
static struct image old_image;
static struct image new_image;
static uint8_t *before; /* the flash as it was when the update was staged */

static void set_up(void)
{
    bench_open(&bench);
    bench_image(&bench, 1, LIVE_STOP, &old_image);
    bench_image(&bench, 2, LIVE_CONFIRM, &new_image);
    bench_put(&bench, OTAV_SLOT0_ADDRESS, &old_image);
    bench_run(&bench);
    ck_assert_int_eq(bench.exit_code, LIVE_EXIT_STOP);
    bench_put(&bench, OTAV_SLOT1_ADDRESS, &new_image);
    before = malloc(USED_LEN);
    ck_assert_ptr_nonnull(before);
    memcpy(before, bench.psram, USED_LEN);
}

static void tear_down(void)
{
    free(before);
    bench_close(&bench);
}

static void start_over(void)
{
    memcpy(bench.psram, before, USED_LEN);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/* Whatever was cut: one of both images runs, as a whole, and the device has come to rest. Returns
 * whether it is the new one. */
static bool recover(uint32_t operation)
{
    bool is_new;

    bench_control(&bench)->cut_at = 0;
    bench_run(&bench);
    ck_assert_msg(bench.exit_code == LIVE_EXIT_STOP, "cut at %u: exit code %d\n%s", operation,
                  bench.exit_code, bench.output);
    bench_run(&bench);
    is_new = strcmp(bench.output, "2: clean, exceptions work, READY, version 2, "
                                  "report READY error 0 flags 0\n") == 0;
    ck_assert_msg(is_new || strcmp(bench.output, "1: clean, exceptions work, REJECTED, version 1, "
                                                 "report READY error 0 flags 0\n") == 0,
                  "cut at %u:\n%s", operation, bench.output);
    ck_assert(bench_holds(&bench, OTAV_SLOT0_ADDRESS, is_new ? &new_image : &old_image));
    ck_assert(bench_holds(&bench, OTAV_SLOT1_ADDRESS, is_new ? &old_image : &new_image));
    bench_check(&bench);
    return is_new;
}

/* Operations of the flash until the emulator stops, with what is staged. */
static uint32_t count_operations(const char *end)
{
    uint32_t first = bench_control(&bench)->operations;

    bench_run(&bench);
    ck_assert_msg(ends_with(bench.output, end), "%s", bench.output);
    return bench_control(&bench)->operations - first;
}

static uint32_t count_update(void)
{
    return count_operations("report UPDATED error 0 flags 36\n");
}

/* Of the same update up to the application's start on trial. */
static uint32_t count_swap(void)
{
    struct image stops;
    uint32_t operations;

    bench_image(&bench, 2, LIVE_STOP, &stops);
    bench_put(&bench, OTAV_SLOT1_ADDRESS, &stops);
    operations = count_operations("report TRIAL error 0 flags 1\n");
    start_over();
    return operations;
}

/* The first ones, some at equal distances, those around the trial's start, the last ones. */
static uint32_t operation_of(unsigned cut, uint32_t swap, uint32_t all)
{
    unsigned rest = cut % EDGE;

    switch (cut / EDGE) {
    case 0:
        return 1 + rest;
    case 1:
        return EDGE + (swap - 2 * EDGE) * (rest + 1) / (EDGE + 1);
    case 2:
        return swap - EDGE / 2 + 1 + rest;
    default:
        return all - rest;
    }
}

START_TEST(test_cut_in_an_operation_recovers)
{
    uint32_t swap = count_swap();
    uint32_t operations = count_update();
    unsigned updated = 0;

    for (unsigned cut = 0; cut < CUTS; cut++) {
        bool is_new;
        uint32_t operation = operation_of(cut, swap, operations);

        start_over();
        bench_control(&bench)->cut_at = bench_control(&bench)->operations + operation;
        bench_run(&bench);
        ck_assert_msg(bench.exit_code == BOARD_EXIT_POWER_CUT, "cut at %u: exit code %d\n%s",
                      operation, bench.exit_code, bench.output);
        is_new = recover(operation);
        updated += is_new ? 1 : 0;
        ck_assert_msg(is_new || cut / EDGE == 2, "cut at %u: reverted", operation);
    }
    printf("%u of %u operations cut in half: %u updates came to their end, %u were reverted\n",
           CUTS, operations, updated, CUTS - updated);
    ck_assert(updated > CUTS / 2 && updated < CUTS);
}
END_TEST

START_TEST(test_cut_in_the_recovery_recovers)
{
    uint32_t operations = count_update();

    for (unsigned cut = 0; cut < KILLS; cut++) {
        uint32_t operation = 1 + operations / 2 * cut / KILLS;

        start_over();
        for (unsigned times = 0; times < 3; times++) {
            bench_control(&bench)->cut_at =
                bench_control(&bench)->operations + operation / (times + 1) + times;
            bench_run(&bench);
            ck_assert_int_eq(bench.exit_code, BOARD_EXIT_POWER_CUT);
        }
        (void)recover(operation);
    }
}
END_TEST

START_TEST(test_cut_in_the_revert_recovers)
{
    uint32_t swap = count_swap();
    uint32_t operations;

    bench_image(&bench, 2, LIVE_RESET, &new_image);
    bench_put(&bench, OTAV_SLOT1_ADDRESS, &new_image);
    memcpy(before, bench.psram, USED_LEN);
    operations = count_operations("report REJECTED error 2306 flags 2\n");
    for (unsigned cut = 0; cut < KILLS; cut++) {
        uint32_t operation = swap + 1 + (operations - swap - 1) * cut / (KILLS - 1);

        start_over();
        bench_control(&bench)->cut_at = bench_control(&bench)->operations + operation;
        bench_run(&bench);
        ck_assert_int_eq(bench.exit_code, BOARD_EXIT_POWER_CUT);
        ck_assert_msg(!recover(operation), "cut at %u: not reverted", operation);
    }
}
END_TEST

START_TEST(test_cut_by_killing_the_emulator_recovers)
{
    uint32_t operations = count_update();
    unsigned updated = 0;
    unsigned killed = 0;

    for (unsigned kill = 0; kill < KILLS; kill++) {
        uint32_t operation = 1 + (operations - 2) * kill / (KILLS - 1);

        start_over();
        bench_run_until(&bench, bench_control(&bench)->operations + operation);
        killed += bench.exit_code == -1 ? 1 : 0;
        updated += recover(operation) ? 1 : 0;
    }
    printf("%u times killed: %u updates came to their end, %u were reverted\n", killed, updated,
           KILLS - updated);
    ck_assert_uint_gt(killed, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_cut_in_an_operation_recovers);
    tcase_add_test(tcase, test_cut_in_the_recovery_recovers);
    tcase_add_test(tcase, test_cut_in_the_revert_recovers);
    tcase_add_test(tcase, test_cut_by_killing_the_emulator_recovers);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: test_boot_qemu_cut BOOTLOADER LIVE\n");
        return EXIT_FAILURE;
    }
    bench_use(argv[1], argv[2]);
    return unit_main("boot_qemu_cut", add_tests);
}
