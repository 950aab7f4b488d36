/*
 * The life of a device on the MPS2 board: real exceptions, VTOR, faults and resets, with an
 * application that runs:  test_boot_qemu BOOTLOADER LIVE
 *
 * A run is compared with every line that was printed in it, so that what ran in between counts.
 */
#include "bench.h"

#include <otav/otav_error.h>

/* What the live application prints when all is well, up to its state. */
#define GOOD ": clean, exceptions work, "

static struct bench bench;
static struct image old_image;
static struct image new_image;

static void set_up(void)
{
    bench_open(&bench);
    bench_image(&bench, 1, LIVE_STOP, &old_image);
    bench_put(&bench, OTAV_SLOT0_ADDRESS, &old_image);
}

static void tear_down(void)
{
    bench_check(&bench);
    bench_close(&bench);
}

static void check_run(int exit_code, const char *output)
{
    bench_run(&bench);
    ck_assert_str_eq(bench.output, output);
    ck_assert_int_eq(bench.exit_code, exit_code);
}

static void stage(enum live_conduct conduct)
{
    check_run(LIVE_EXIT_STOP, "1" GOOD "READY, version 1, report UPDATED error 0 flags 32\n");
    bench_image(&bench, 2, conduct, &new_image);
    bench_put(&bench, OTAV_SLOT1_ADDRESS, &new_image);
}

#define ON_TRIAL "2" GOOD "TRIAL, version 1, report TRIAL error 0 flags 1\n"
#define REVERTED "1" GOOD "REJECTED, version 1, report REJECTED error 2306 flags 2\n"
_Static_assert(OTAB_ERR_NOT_CONFIRMED == 2306 && OTAV_ERR_METADATA == 516 &&
                   OTAV_ERR_NOT_PROVISIONED == 524 && OTAB_DID_INSTALL == 1 &&
                   OTAB_DID_REVERT == 2 && OTAB_DID_RECOVER == 8 && OTAB_DID_RAISE == 32 &&
                   (OTAB_DID_CONFIRM | OTAB_DID_RAISE) == 36,
               "as printed");

START_TEST(test_qemu_factory_image_finds_a_clean_machine)
{
    stage(LIVE_STOP);
}
END_TEST

START_TEST(test_qemu_first_install_from_slot1)
{
    memset(bench_flash(&bench, OTAV_SLOT0_ADDRESS), 0xFF, OTAV_SLOT_LEN);
    bench_put(&bench, OTAV_SLOT1_ADDRESS, &old_image);
    check_run(LIVE_EXIT_STOP, "1" GOOD "READY, version 0, report READY error 516 flags 8\n");
    ck_assert(bench_holds(&bench, OTAV_SLOT0_ADDRESS, &old_image));
    check_run(LIVE_EXIT_STOP, "1" GOOD "READY, version 0, report READY error 0 flags 0\n");
}
END_TEST

START_TEST(test_qemu_nothing_to_run)
{
    memset(bench_flash(&bench, OTAV_SLOT0_ADDRESS), 0xFF, OTAV_SLOT_LEN);
    check_run(BOARD_EXIT_NOTHING_RUNS, "nothing runs: error 516\n");
}
END_TEST

START_TEST(test_qemu_without_provisioning_nothing_runs)
{
    memset(bench_flash(&bench, OTAV_PROVISION_ADDRESS), 0xFF, OTAV_PROVISION_LEN);
    check_run(BOARD_EXIT_NOTHING_RUNS, "nothing runs: error 524\n");
}
END_TEST

START_TEST(test_qemu_update_confirms_and_stays)
{
    stage(LIVE_CONFIRM);
    check_run(LIVE_EXIT_STOP,
              ON_TRIAL "2" GOOD "READY, version 2, report UPDATED error 0 flags 36\n");
    ck_assert(bench_holds(&bench, OTAV_SLOT0_ADDRESS, &new_image));
    ck_assert(bench_holds(&bench, OTAV_SLOT1_ADDRESS, &old_image));
    check_run(LIVE_EXIT_STOP, "2" GOOD "READY, version 2, report READY error 0 flags 0\n");
}
END_TEST

START_TEST(test_qemu_update_that_resets_is_reverted)
{
    stage(LIVE_RESET);
    check_run(LIVE_EXIT_STOP, ON_TRIAL REVERTED);
    ck_assert(bench_holds(&bench, OTAV_SLOT0_ADDRESS, &old_image));
}
END_TEST

START_TEST(test_qemu_update_that_loses_power_is_reverted)
{
    stage(LIVE_STOP);
    check_run(LIVE_EXIT_STOP, ON_TRIAL);
    check_run(LIVE_EXIT_STOP, REVERTED);
}
END_TEST

START_TEST(test_qemu_update_that_faults_is_reverted)
{
    stage(LIVE_FAULT);
    check_run(LIVE_EXIT_STOP, ON_TRIAL "HardFault, escalated\n" REVERTED);
}
END_TEST

START_TEST(test_qemu_update_that_hangs_is_reverted)
{
    stage(LIVE_HANG);
    check_run(LIVE_EXIT_STOP, ON_TRIAL REVERTED);
}
END_TEST

/* As many start-up files do it. */
START_TEST(test_qemu_update_that_hangs_in_its_fault_handler_is_reverted)
{
    stage(LIVE_STUCK);
    check_run(LIVE_EXIT_STOP, ON_TRIAL REVERTED);
}
END_TEST

/* ---- refused ---------------------------------------------------------------------------------- */

static void check_refused(unsigned error)
{
    char expected[128];

    bench_put(&bench, OTAV_SLOT1_ADDRESS, &new_image);
    bench_run(&bench);
    (void)snprintf(expected, sizeof expected, " report FAILED error %u flags 0\n", error);
    ck_assert_msg(strncmp(bench.output, "1" GOOD, strlen("1" GOOD)) == 0 &&
                      strstr(bench.output, expected) != NULL,
                  "expected error %u:\n%s", error, bench.output);
    ck_assert(bench_holds(&bench, OTAV_SLOT0_ADDRESS, &old_image));
}

START_TEST(test_qemu_bad_images_are_refused)
{
    struct image_key other;

    stage(LIVE_CONFIRM);
    new_image.fw[new_image.fw_len - 1] ^= 1;
    check_refused(OTAV_ERR_FIRMWARE_SIGNATURE);

    bench_image(&bench, 2, LIVE_CONFIRM, &new_image);
    new_image.meta[OTAV_META_FW_REVISION_OFF] ^= 1;
    check_refused(OTAV_ERR_METADATA_SIGNATURE);

    bench_image(&bench, 2, LIVE_CONFIRM, &new_image);
    image_key_generate(&other);
    image_sign(&new_image, &other);
    image_key_free(&other);
    check_refused(OTAV_ERR_METADATA_SIGNATURE);

    bench_image(&bench, 0, LIVE_CONFIRM, &new_image);
    check_refused(OTAV_ERR_VERSION);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_qemu_factory_image_finds_a_clean_machine);
    tcase_add_test(tcase, test_qemu_first_install_from_slot1);
    tcase_add_test(tcase, test_qemu_nothing_to_run);
    tcase_add_test(tcase, test_qemu_without_provisioning_nothing_runs);
    tcase_add_test(tcase, test_qemu_update_confirms_and_stays);
    tcase_add_test(tcase, test_qemu_update_that_resets_is_reverted);
    tcase_add_test(tcase, test_qemu_update_that_loses_power_is_reverted);
    tcase_add_test(tcase, test_qemu_update_that_faults_is_reverted);
    tcase_add_test(tcase, test_qemu_update_that_hangs_is_reverted);
    tcase_add_test(tcase, test_qemu_update_that_hangs_in_its_fault_handler_is_reverted);
    tcase_add_test(tcase, test_qemu_bad_images_are_refused);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: test_boot_qemu BOOTLOADER LIVE\n");
        return EXIT_FAILURE;
    }
    bench_use(argv[1], argv[2]);
    return unit_main("boot_qemu", add_tests);
}
