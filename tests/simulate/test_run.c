/*
 * A simulated update against what is known of it: the time that the link model calculates, where a cut
 * comes, that a seed decides everything, and that the checks see what is wrong.
 */
#include "unit.h"

#include "fast_crypto.h"
#include "sim_images.h"

enum { OLD_VERSION = 0x01010000, FW_LEN = 20000, FLOOR = 3 };

static struct vdev device;
static struct sim_run run;
static struct sim_check check;
static struct update update;
static struct vdev_options options;
static struct sim_setup setup;

static struct image_spec spec_of(uint32_t version, uint32_t fw_len)
{
    const struct image_spec spec = {.version = version,
                                    .counter = FLOOR,
                                    .fw_len = fw_len,
                                    .key = KEY_RELEASE,
                                    .activation = ACTIVATION_TRIAL,
                                    .dense = true};

    return spec;
}

static void set_up(void)
{
    struct image_spec spec = spec_of(OLD_VERSION, 3008);

    image_make(&spec, &update.old_image);
    spec = spec_of(OLD_VERSION + 1, FW_LEN);
    update_make(&update, &spec, false);
    update_wrap(&update, OLD_VERSION + 1, false);
    memset(&check, 0, sizeof check);
    options = (struct vdev_options){
        .crypto = &fast_crypto, .resume = true, .battery = 80, .min_battery = 20, .seed = 1};
    image_device(OTAV_POLICY_STRICT, &options.config);
    options.config.counter_floor = FLOOR;
    setup = (struct sim_setup){
        .file = update.file,
        .file_len = update.file_len,
        .expect = {.old_image = {update.old_image.bytes, update.old_image.len},
                   .new_image = {update.new_image.bytes, update.new_image.len},
                   .acceptable = true},
        .link = {.phy = LINK_1M,
                 .encrypted = true,
                 .ll_len = 251,
                 .att_mtu = 247,
                 .interval_us = 15000},
        .flash = link_flash_wbz451,
        .seed = 1,
    };
}

static void tear_down(void)
{
    vdev_close(&device);
}

static struct sim_result run_update(void)
{
    const struct vdev_host host = sim_run_host(&run);
    struct sim_result result;

    vdev_init(&device, &options, &host);
    vdev_install(&device, update.old_image.bytes, update.old_image.len);
    ck_assert_int_eq(sim_run(&run, &setup, &device, &check, &result), OTAM_OK);
    ck_assert_uint_eq(sim_check_violations(&check), 0);
    return result;
}

/* The model counts whole events a group, and flash from the start of the last one; the simulated
 * device begins when the last packet is in: at most one event more a group. */
START_TEST(test_run_takes_the_time_that_the_model_says)
{
    static const uint16_t mtus[] = {23, 185, 247, 256, 498, 517};
    static const uint32_t intervals_us[] = {7500, 15000, 30000, 100000};
    const uint64_t groups = (FW_LEN + OTAV_META_LEN + OTAM_GROUP_LEN - 1) / OTAM_GROUP_LEN;

    for (unsigned i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
        for (unsigned k = 0; k < sizeof intervals_us / sizeof intervals_us[0]; k++) {
            struct sim_result result;
            const uint64_t interval_us = intervals_us[k];
            uint64_t model_us;

            setup.link.att_mtu = mtus[i];
            setup.link.interval_us = intervals_us[k];
            setup.link.packets_max = i % 2 == 0 ? 4 : 0;
            model_us = link_window_us(&setup.link, &setup.flash, FW_LEN + OTAV_META_LEN);
            result = run_update();
            ck_assert_int_eq(result.end, SIM_END_NEW);
            ck_assert_msg(result.transfer_us + interval_us >= model_us &&
                              result.transfer_us <= model_us + groups * interval_us,
                          "mtu %u, interval %u: %llu us, the model says %llu", mtus[i],
                          intervals_us[k], (unsigned long long)result.transfer_us,
                          (unsigned long long)model_us);
        }
    }
}
END_TEST

static uint32_t cut_at; /* bytes that the device had, from the step's text */

static void note_cut(void *user, const struct sim_step *step)
{
    (void)user;
    if (step->actor == SIM_ACTOR_LINK) {
        ck_assert_int_eq(sscanf(step->text, "is cut when the device has %u", &cut_at), 1);
    }
}

START_TEST(test_run_cut_comes_where_it_is_asked_for)
{
    struct sim_result result;

    setup.step = note_cut;
    setup.cut_count = 1;
    setup.cuts[0] = (struct sim_cut){SIM_CUT_BYTE, 10000};
    result = run_update();
    ck_assert_uint_ge(cut_at, 10000);
    ck_assert_uint_lt(cut_at, 10000 + 244);
    ck_assert_uint_eq(result.link_cuts, 1);
    ck_assert_uint_eq(result.attempts, 2);
    ck_assert_uint_eq(result.resumes, 1);
    setup.cuts[0] = (struct sim_cut){SIM_CUT_GROUP, 7};
    result = run_update();
    ck_assert_uint_eq(cut_at, 7168);
    ck_assert_uint_eq(result.resumes, 0); /* before the first mark */
    setup.cuts[0] = (struct sim_cut){SIM_CUT_FRAGMENT, 3};
    ck_assert_int_eq(run_update().end, SIM_END_NEW);
    ck_assert_uint_eq(cut_at, 732);
}
END_TEST

START_TEST(test_run_another_manager_goes_on_with_what_the_first_saved)
{
    struct sim_result result;

    setup.manager_dies = true;
    setup.cut_count = 2;
    setup.cuts[0] = (struct sim_cut){SIM_CUT_GROUP, 9};
    setup.cuts[1] = (struct sim_cut){SIM_CUT_BYTE, 17000};
    result = run_update();
    ck_assert_int_eq(result.end, SIM_END_NEW);
    ck_assert_uint_eq(result.link_cuts, 2);
    ck_assert_uint_eq(result.resumes, 2);
    ck_assert_uint_gt(result.attempts, 2);
}
END_TEST

START_TEST(test_run_same_seed_gives_the_same_run)
{
    struct sim_result first;
    struct sim_result second;

    setup.loss_ppm = 100000;
    first = run_update();
    second = run_update();
    ck_assert_uint_gt(first.lost, 0);
    ck_assert_uint_eq(first.total_us, second.total_us);
    ck_assert_uint_eq(first.packets, second.packets);
    ck_assert_uint_eq(first.lost, second.lost);
    setup.seed = 2;
    second = run_update();
    ck_assert_uint_ne(first.total_us, second.total_us);
}
END_TEST

START_TEST(test_run_lost_packets_are_about_as_many_as_asked_for)
{
    struct sim_result result;

    setup.loss_ppm = 200000;
    setup.link.att_mtu = 23;
    setup.link.ll_len = 27;
    result = run_update();
    ck_assert_int_eq(result.end, SIM_END_NEW);
    ck_assert_uint_gt(result.lost * 100, result.packets * 15);
    ck_assert_uint_lt(result.lost * 100, result.packets * 25);
}
END_TEST

/* An update that the device refuses, for that reason on its side and that one on the manager's. */
static struct sim_result run_refused_update(uint32_t code, int manager)
{
    struct sim_result result;

    setup.expect.acceptable = false;
    result = run_update();
    ck_assert_int_eq(result.end, SIM_END_REFUSED);
    ck_assert_uint_eq(result.code, code);
    ck_assert_int_eq(result.manager, manager);
    return result;
}

START_TEST(test_run_low_battery_refuses_before_any_data)
{
    struct sim_result result;

    options.battery = 10;
    result = run_refused_update(OTAS_ERR_BATTERY, OTAM_ERR_REFUSED);
    ck_assert_uint_eq(result.fragments, 0);
}
END_TEST

START_TEST(test_run_refused_metadata_ends_after_one_connection)
{
    struct image_spec spec = spec_of(OLD_VERSION + 1, FW_LEN);
    struct sim_result result;

    spec.counter = FLOOR - 1;
    image_make(&spec, &update.new_image);
    update_wrap(&update, OLD_VERSION + 1, false);
    result = run_refused_update(OTAV_ERR_COUNTER, OTAM_ERR_IMAGE);
    ck_assert_uint_eq(result.attempts, 1);
}
END_TEST

START_TEST(test_run_application_that_does_not_confirm_is_reverted)
{
    setup.app = SIM_APP_HANGS;
    ck_assert_int_eq(run_update().end, SIM_END_REVERTED);
    setup.app = SIM_APP_SILENT;
    ck_assert_int_eq(run_update().end, SIM_END_REVERTED);
    ck_assert_uint_eq(device.report.version, OLD_VERSION);
}
END_TEST

/* An invariant that is broken from outside is seen. */
START_TEST(test_run_checks_see_what_is_wrong)
{
    const struct vdev_host host = sim_run_host(&run);
    const uint8_t damage = 1; /* where the stack pointer ends */
    struct sim_result result;

    setup.expect.acceptable = false; /* which it is */
    vdev_init(&device, &options, &host);
    vdev_install(&device, update.old_image.bytes, update.old_image.len);
    ck_assert_int_eq(sim_run(&run, &setup, &device, &check, &result), OTAM_OK);
    ck_assert_uint_gt(check.count[SIM_VERIFIED].violations, 0);
    ck_assert(check.violated);
    vdev_init(&device, &options, &host);
    vdev_install(&device, update.old_image.bytes, update.old_image.len);
    nvm_put(&device.flash, OTAV_SLOT0_ADDRESS + OTAV_META_LEN, &damage, 1);
    ck_assert_int_eq(sim_run(&run, &setup, &device, &check, &result), OTAM_OK);
    ck_assert_int_eq(result.end, SIM_END_DEAD);
    ck_assert_uint_gt(check.count[SIM_BOOTS].violations, 0);
    sim_check_begin(&check, &device, &setup.expect);
    nvm_put(&device.flash, OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN, &damage, 1);
    sim_check_end(&check, 1, 0, false, true);
    ck_assert_uint_eq(check.count[SIM_GUARDED].violations, 1);
    sim_check_begin(&check, &device, &setup.expect);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(device.platform.erase(device.platform.user, OTAV_SLOT1_ADDRESS),
                          OTAV_ACCEPT);
    }
    sim_check_end(&check, 1, 0, false, true);
    ck_assert_uint_eq(check.count[SIM_ERASES].violations, 1);
}
END_TEST

static uint64_t violations_of(enum sim_invariant invariant)
{
    return check.count[invariant].violations;
}

/* The same for those that are looked at while the device runs. */
START_TEST(test_run_checks_see_what_a_wrong_device_would_do)
{
    struct otas_status status = {OTAS_FAILED, 0, 0, 0};

    (void)run_update();
    sim_check_report(&check, &status);
    ck_assert_uint_eq(violations_of(SIM_REPORTED), 1);
    status.code = OTAV_ERR_FIRMWARE_SIGNATURE;
    sim_check_report(&check, &status);
    ck_assert_uint_eq(violations_of(SIM_REPORTED), 1);
    ck_assert_uint_eq(violations_of(SIM_RESUMED), 1);
    check.trials = 0;
    status.event = OTAS_STAGED; /* slot 1 holds the old image */
    sim_check_report(&check, &status);
    ck_assert_uint_eq(violations_of(SIM_RESUMED), 2);
    device.report.state = OTAB_TRIAL;
    sim_check_boot(&check);
    ck_assert_uint_eq(violations_of(SIM_TRIAL), 0);
    sim_check_boot(&check);
    ck_assert_uint_eq(violations_of(SIM_TRIAL), 1);
    device.report.state = OTAB_FAILED;
    device.report.error = 0;
    sim_check_boot(&check);
    ck_assert_uint_eq(violations_of(SIM_REPORTED), 2);
    ck_assert_uint_eq(violations_of(SIM_FLOOR), 0);
    nvm_wipe_page(&device.flash, OTAB_FLOOR_ADDRESS);
    sim_check_boot(&check);
    ck_assert_uint_eq(violations_of(SIM_FLOOR), 1);
    sim_check_end(&check, 1, 0, false, false);
    ck_assert_uint_eq(violations_of(SIM_ENDS), 1);
}
END_TEST

START_TEST(test_run_plaintext_outside_of_the_slots_is_seen)
{
    setup.expect.encrypted = true;
    (void)run_update();
    sim_check_begin(&check, &device, &setup.expect);
    nvm_wipe_page(&device.flash, OTAB_MAILBOX_ADDRESS);
    nvm_put(&device.flash, OTAB_MAILBOX_ADDRESS + 64, update.new_image.bytes + OTAV_META_LEN + 4096,
            OTAV_UNIT_LEN);
    sim_check_end(&check, 1, 0, false, true);
    ck_assert_uint_eq(check.count[SIM_SECRET].violations, 1);
}
END_TEST

START_TEST(test_run_placeholder_passes_for_nothing_else)
{
    const struct vdev_host host = sim_run_host(&run);
    uint8_t *byte;

    options.config.has_installed = true;
    options.config.installed_version = OLD_VERSION;
    vdev_init(&device, &options, &host);
    ck_assert(vdev_install_placeholder(&device));
    ck_assert(vdev_boot(&device));
    ck_assert_uint_eq(device.report.version, OLD_VERSION);
    for (uint32_t off = 0; off < PLACEHOLDER_LEN; off++) {
        vdev_init(&device, &options, &host);
        ck_assert(vdev_install_placeholder(&device));
        byte = &device.flash.bytes[nvm_page(OTAV_SLOT0_ADDRESS)][off];
        *byte ^= 1;
        /* spec: id, sequence and method are outside of the signature, and judged by other rules */
        ck_assert_msg(off < OTAV_META_SIGNED_OFF || !vdev_boot(&device), "byte %u", off);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_run_takes_the_time_that_the_model_says);
    tcase_add_test(tcase, test_run_cut_comes_where_it_is_asked_for);
    tcase_add_test(tcase, test_run_another_manager_goes_on_with_what_the_first_saved);
    tcase_add_test(tcase, test_run_same_seed_gives_the_same_run);
    tcase_add_test(tcase, test_run_lost_packets_are_about_as_many_as_asked_for);
    tcase_add_test(tcase, test_run_low_battery_refuses_before_any_data);
    tcase_add_test(tcase, test_run_refused_metadata_ends_after_one_connection);
    tcase_add_test(tcase, test_run_application_that_does_not_confirm_is_reverted);
    tcase_add_test(tcase, test_run_checks_see_what_is_wrong);
    tcase_add_test(tcase, test_run_checks_see_what_a_wrong_device_would_do);
    tcase_add_test(tcase, test_run_plaintext_outside_of_the_slots_is_seen);
    tcase_add_test(tcase, test_run_placeholder_passes_for_nothing_else);
}

int main(void)
{
    return unit_main("simulate_run", add_tests);
}
