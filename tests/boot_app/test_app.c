/*
 * The application's side and the bootloader on one simulated flash: what the application asks is what
 * the next boot does, and what it reads is what the bootloader knows.
 */
#include <boot_mailbox.h>
#include <boot_state.h>
#include <otab_app.h>

#include "unit.h"
#include "world.h"

static const struct image_spec old_spec = {.version = 0x01000000,
                                           .counter = 3,
                                           .fw_len = 6000,
                                           .key = KEY_RELEASE,
                                           .activation = ACTIVATION_TRIAL,
                                           .fill = 0xA1};
static const struct image_spec new_spec = {.version = 0x01010000,
                                           .counter = 5,
                                           .fw_len = 9008,
                                           .key = KEY_RELEASE,
                                           .activation = ACTIVATION_TRIAL,
                                           .fill = 0xB2};

static struct world world;
static struct boot_image old_image;
static struct boot_image new_image;
static struct otab_platform app_platform;
static struct otab_app app;

/* ---- the application's rights ------------------------------------------------------------------ */

static uint32_t erase_nothing(void *user, uint32_t address)
{
    (void)user;
    ck_abort_msg("the application erases 0x%08x", (unsigned)address);
    return OTAV_REJECT;
}

static uint32_t program_mail(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN])
{
    ck_assert_msg(address - OTAB_MAILBOX_ADDRESS < OTAV_PAGE_LEN, "programs 0x%08x",
                  (unsigned)address);
    return world.platform.program(user, address, unit);
}

/* A device whose factory image was booted once. */
static void begin(uint64_t seed)
{
    world_init(&world, OTAV_POLICY_STRICT, seed);
    image_make(&old_spec, &old_image);
    image_make(&new_spec, &new_image);
    app_platform = world.platform;
    app_platform.erase = erase_nothing;
    app_platform.program = program_mail;
    app_platform.kick = NULL;
    app_platform.random = NULL;
    otab_app_init(&app, &app_platform);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
}

static void boot_runs(const struct boot_image *image)
{
    ck_assert_uint_eq(world_boot(&world), OTAB_RUN_APPLICATION);
    ck_assert(world_holds(&world, OTAV_SLOT0_ADDRESS, image));
    ck_assert_msg(world.sim.violation == NULL, "%s", world.sim.violation);
}

static struct otab_app_status status(void)
{
    struct otab_app_status ret;

    ck_assert_uint_eq(otab_app_status(&app, &ret), OTAV_OK);
    ck_assert_msg(world.sim.violation == NULL, "%s", world.sim.violation);
    return ret;
}

static void expect_state(uint8_t state)
{
    struct otab_app_status now = status();

    ck_assert_str_eq(otab_state_name(now.state), otab_state_name(state));
}

static void start_trial(uint64_t seed)
{
    begin(seed);
    boot_runs(&old_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    boot_runs(&new_image);
    expect_state(OTAB_TRIAL);
}

/* ---- updates ---------------------------------------------------------------------------------- */

START_TEST(test_app_update_is_confirmed_and_floor_raised)
{
    static const uint8_t zeros[OTAB_ID_LEN];
    struct otab_app_status now;
    unsigned ops;

    begin(1);
    expect_state(OTAB_READY);
    ck_assert(!status().has_version);
    boot_runs(&old_image);
    now = status();
    ck_assert_uint_eq(now.state, OTAB_READY);
    ck_assert(now.has_version);
    ck_assert_uint_eq(now.version, old_spec.version);
    ck_assert_mem_eq(now.running, old_image.id, OTAB_ID_LEN);
    ck_assert_mem_eq(now.offered, zeros, OTAB_ID_LEN);
    ck_assert_uint_eq(otab_app_install(&app), OTAB_APP_ERR_STATE);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAB_APP_ERR_STATE);

    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    now = status();
    ck_assert_uint_eq(now.state, OTAB_STAGED);
    ck_assert_mem_eq(now.offered, new_image.id, OTAB_ID_LEN);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAB_APP_ERR_STATE);
    boot_runs(&new_image);
    now = status();
    ck_assert_uint_eq(now.state, OTAB_TRIAL);
    ck_assert_uint_eq(now.nonce, world.report.nonce);
    ck_assert_uint_eq(now.version, old_spec.version);
    ck_assert_mem_eq(now.running, new_image.id, OTAB_ID_LEN);
    ck_assert_uint_eq(otab_app_install(&app), OTAB_APP_ERR_STATE); /* what it falls back to */

    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    expect_state(OTAB_UPDATED);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    ops = world.sim.op_count;
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    ck_assert_uint_eq(world.sim.op_count, ops);
    ck_assert_uint_lt(world_floor(&world), new_spec.counter);
    boot_runs(&new_image);
    ck_assert_uint_ne(world.report.flags & OTAB_DID_CONFIRM, 0);
    ck_assert_uint_eq(world.report.error, 0);
    ck_assert_uint_eq(world_floor(&world), new_spec.counter);
    now = status();
    ck_assert_uint_eq(now.state, OTAB_READY);
    ck_assert_uint_eq(now.version, new_spec.version);
    boot_runs(&new_image);
}
END_TEST

START_TEST(test_app_reverted_image_is_installed_when_asked)
{
    struct otab_app_status now;

    start_trial(2);
    boot_runs(&old_image);
    now = status();
    ck_assert_uint_eq(now.state, OTAB_REJECTED);
    ck_assert_uint_eq(now.reason, OTAB_ERR_NOT_CONFIRMED);
    ck_assert_mem_eq(now.judged[0].id, new_image.id, OTAB_ID_LEN);
    boot_runs(&old_image);
    expect_state(OTAB_REJECTED);
    ck_assert_uint_eq(otab_app_install(&app), OTAV_OK);
    expect_state(OTAB_STAGED);
    boot_runs(&new_image);
    expect_state(OTAB_TRIAL);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    boot_runs(&new_image);
    expect_state(OTAB_READY);
}
END_TEST

START_TEST(test_app_refused_image_says_why)
{
    struct image_spec other_spec = new_spec;
    static struct boot_image other;

    other_spec.other_product = true;
    image_make(&other_spec, &other);
    begin(3);
    boot_runs(&old_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &other);
    for (unsigned round = 0; round < 3; round++) {
        expect_state(OTAB_STAGED);
        boot_runs(&old_image);
        expect_state(OTAB_FAILED);
        ck_assert_uint_eq(status().reason, OTAV_ERR_PRODUCT);
        ck_assert_uint_eq(otab_app_install(&app), OTAV_OK);
    }
}
END_TEST

/* It lost its fallback, so that its trial ended without a word: it may have it later. */
START_TEST(test_app_confirm_counts_after_the_trial)
{
    start_trial(22);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    boot_runs(&new_image);
    ck_assert_uint_eq(world.report.error, OTAB_ERR_FALLBACK_LOST);
    ck_assert_uint_eq(status().version, old_spec.version);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    boot_runs(&new_image);
    ck_assert_uint_ne(world.report.flags & OTAB_DID_CONFIRM, 0);
    ck_assert_uint_eq(status().version, new_spec.version);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAB_APP_ERR_STATE);
}
END_TEST

START_TEST(test_app_slot1_without_its_first_unit_is_writing)
{
    uint8_t junk[OTAV_UNIT_LEN];

    memset(junk, 0x5A, sizeof junk);
    begin(4);
    boot_runs(&old_image);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS + OTAV_UNIT_LEN, new_image.bytes + OTAV_UNIT_LEN,
            new_image.len - OTAV_UNIT_LEN);
    expect_state(OTAB_WRITING);
    ck_assert_uint_eq(otab_app_install(&app), OTAB_APP_ERR_STATE);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS, new_image.bytes, OTAV_UNIT_LEN);
    expect_state(OTAB_STAGED);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS, junk, sizeof junk);
    expect_state(OTAB_READY);
    nvm_wipe_page(&world.sim, OTAV_SLOT1_ADDRESS);
    expect_state(OTAB_READY);
}
END_TEST

/* ---- the mailbox ------------------------------------------------------------------------------ */

static void fill_mailbox(uint32_t units)
{
    uint8_t junk[OTAV_UNIT_LEN];

    memset(junk, 0x5A, sizeof junk);
    for (uint32_t i = 0; i < units; i++) {
        nvm_put(&world.sim, OTAB_MAILBOX_ADDRESS + i * OTAV_UNIT_LEN, junk, sizeof junk);
    }
}

START_TEST(test_app_full_mailbox_is_told_and_can_be_erased)
{
    static struct nvm_sim before;

    start_trial(5);
    before = world.sim;
    for (uint32_t units = 0; units <= OTAB_PAGE_UNITS; units++) {
        bool room = units <= OTAB_PAGE_UNITS - 3; /* a record, one unit left out */

        nvm_restore(&world.sim, &before);
        fill_mailbox(units);
        ck_assert_uint_eq(otab_app_confirm(&app), room ? OTAV_OK : OTAB_APP_ERR_FULL);
        expect_state(room ? OTAB_UPDATED : OTAB_TRIAL);
        if (!room) {
            nvm_wipe_page(&world.sim, OTAB_MAILBOX_ADDRESS);
            ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
        }
        if (units % 32 == 0) {
            boot_runs(&new_image);
            expect_state(OTAB_READY);
        }
    }
}
END_TEST

/* The power goes at the nth unit of a request; then it is asked again until it holds. */
static void interrupt_request(enum nvm_cut cut, unsigned nth)
{
    uint32_t result;

    world.sim.cut = cut;
    world.sim.cut_at = world.sim.op_count + nth;
    result = otab_app_install(&app);
    ck_assert(world.sim.powerless && result != OTAV_OK);
    nvm_restart(&world.sim);
    ck_assert_uint_eq(world_boot(&world), OTAB_RUN_APPLICATION);
    if (world_holds(&world, OTAV_SLOT0_ADDRESS,
                    &old_image)) { /* a request that came through starts the trial at once */
        ck_assert_uint_eq(otab_app_install(&app), OTAV_OK);
        expect_state(OTAB_STAGED);
        boot_runs(&new_image);
    }
    boot_runs(&old_image);
    expect_state(OTAB_REJECTED);
}

/* Without the unit that reads blank for a whole boot: see the limits in otab_app.h. */
START_TEST(test_app_interrupted_request_is_asked_again)
{
    start_trial(6);
    boot_runs(&old_image);
    for (unsigned round = 0; round < 8; round++) {
        for (unsigned cut = 0; cut < NVM_TORN_BOOT; cut++) {
            interrupt_request((enum nvm_cut)cut, 1);
            interrupt_request((enum nvm_cut)cut, 2);
        }
    }
}
END_TEST

START_TEST(test_app_interrupted_confirm_counts_or_reverts)
{
    static struct nvm_sim before;

    start_trial(7);
    before = world.sim;
    for (unsigned i = 0; i < 4 * NVM_CUT_COUNT; i++) {
        struct otab_app_status now;

        nvm_restore(&world.sim, &before);
        (void)nvm_random(&world.sim);
        world.sim.random += i;
        world.sim.cut = (enum nvm_cut)(i % NVM_CUT_COUNT);
        world.sim.cut_at = world.sim.op_count + 1 + i / NVM_CUT_COUNT % 2;
        ck_assert_uint_ne(otab_app_confirm(&app), OTAV_OK);
        nvm_restart(&world.sim);
        ck_assert_uint_eq(world_boot(&world), OTAB_RUN_APPLICATION);
        ck_assert(world_holds(&world, OTAV_SLOT0_ADDRESS, &new_image) ||
                  world_holds(&world, OTAV_SLOT0_ADDRESS, &old_image));
        now = status();
        ck_assert_uint_eq(now.state, world_holds(&world, OTAV_SLOT0_ADDRESS, &new_image)
                                         ? OTAB_READY
                                         : OTAB_REJECTED);
    }
}
END_TEST

/* A byte of the record at off is in doubt: it reads as it should or not, differently each time. */
static void make_doubtful(uint32_t off)
{
    unsigned page = nvm_page(OTAB_MAILBOX_ADDRESS);
    struct nvm_torn *torn = &world.sim.torn[0];

    memset(torn, 0, sizeof *torn);
    torn->mask[off] = 0x01;
    torn->other[off] = world.sim.bytes[page][off] ^ 0x01;
    world.sim.torn_index[page] = 1;
}

START_TEST(test_app_one_doubtful_record_is_not_enough)
{
    for (unsigned seed = 30; seed < 46; seed++) {
        const uint32_t off = OTAB_MAIL_LEN + OTAB_MAIL_CHECK; /* the first unit was left out */

        start_trial(seed);
        ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
        make_doubtful(off);
        ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
        world.sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)][off] ^= 0x01;
        world.sim.torn_index[nvm_page(OTAB_MAILBOX_ADDRESS)] = 0;
        boot_runs(&new_image);
        expect_state(OTAB_READY);
    }
}
END_TEST

/* ---- the boot record -------------------------------------------------------------------------- */

/* Whatever was torn in the record, and however it reads now. */
static void expect_same_view(void)
{
    const struct otab_state *state = &world.boot.state;

    for (unsigned i = 0; i < 8; i++) {
        struct otab_app_status now = status();

        ck_assert_uint_eq(now.nonce, state->nonce);
        ck_assert_uint_eq(now.version, state->version);
        ck_assert_mem_eq(now.running, state->ids.slot0, OTAB_ID_LEN);
        for (unsigned k = 0; k < 2; k++) {
            ck_assert_mem_eq(now.judged[k].id, state->ids.judged[k], OTAB_ID_LEN);
            ck_assert_uint_eq(now.judged[k].reason, state->reason[k]);
        }
    }
}

START_TEST(test_app_reads_the_record_as_the_bootloader_does)
{
    static const unsigned earlier[] = {0, 1, 2, 7, 13, 14, 15, 16};
    static struct nvm_sim before;
    static struct otab_boot boot;
    static struct otab_report report;
    unsigned cases = 0;

    for (size_t k = 0; k < sizeof earlier / sizeof earlier[0]; k++) {
        begin(8 + k);
        boot_runs(&old_image);
        world.boot.report = &report; /* that of this boot is gone */
        for (unsigned i = 0; i < earlier[k]; i++) {
            ck_assert_int_eq(otab_state_write(&world.boot), OTAV_OK);
        }
        before = world.sim;
        boot = world.boot;
        for (unsigned nth = 1; nth <= 40; nth++) {
            for (unsigned cut = 0; cut < NVM_CUT_COUNT; cut++, cases++) {
                nvm_restore(&world.sim, &before);
                world.boot = boot;
                world.boot.state.nonce = 1000 + cases;
                world.sim.random += cases;
                world.sim.cut = (enum nvm_cut)cut;
                world.sim.cut_at = world.sim.op_count + nth;
                (void)otab_state_write(&world.boot);
                nvm_restart(&world.sim);
                boot_runs(&old_image);
                expect_same_view();
            }
        }
    }
    printf("%u interrupted entries\n", cases);
}
END_TEST

/* ---- port and names --------------------------------------------------------------------------- */

START_TEST(test_app_failing_port_is_reported_and_nothing_returned)
{
    struct otab_app_status untouched;
    unsigned failures = 0;

    start_trial(20);
    memset(&untouched, 0x5A, sizeof untouched);
    for (unsigned nth = 1;; nth++, failures++) {
        struct otab_app_status ret = untouched;

        world.sim.fail_op = NVM_READ;
        world.sim.fail_nth = world.sim.calls[NVM_READ] + nth;
        if (otab_app_status(&app, &ret) == OTAV_OK) {
            break;
        }
        ck_assert_mem_eq(&ret, &untouched, sizeof ret);
    }
    ck_assert_uint_gt(failures, 20);
    for (unsigned nth = 1; nth <= 2; nth++) {
        world.sim.fail_op = NVM_PROGRAM;
        world.sim.fail_nth = world.sim.calls[NVM_PROGRAM] + nth;
        ck_assert_uint_eq(otab_app_confirm(&app), OTAV_ERR_FLASH_PROGRAM);
        expect_state(OTAB_TRIAL);
    }
    world.sim.fail_nth = 0;
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    boot_runs(&new_image);
    expect_state(OTAB_READY);
}
END_TEST

/* ---- serial DFU ------------------------------------------------------------------------------- */

static void boot_waits_as_asked(void)
{
    ck_assert_uint_eq(world_boot(&world), OTAB_SERIAL_DFU);
    ck_assert_uint_ne(world.report.flags & OTAB_ASKED_DFU, 0);
    ck_assert_uint_eq(world.report.action, OTAB_SERIAL_DFU);
    ck_assert_uint_eq(world.report.error, 0);
    ck_assert_msg(world.sim.violation == NULL, "%s", world.sim.violation);
}

START_TEST(test_app_dfu_is_entered_once)
{
    unsigned ops;

    begin(20);
    boot_runs(&old_image);
    ck_assert_uint_eq(world.report.flags & OTAB_ASKED_DFU, 0);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    ops = world.sim.op_count;
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    ck_assert_uint_eq(world.sim.op_count, ops);
    expect_state(OTAB_READY);
    boot_waits_as_asked();
    boot_runs(&old_image);
    ck_assert_uint_eq(world.report.flags & OTAB_ASKED_DFU, 0);
}
END_TEST

/* Stopped while the request is consumed: it comes once more or not at all. */
START_TEST(test_app_interrupted_dfu_comes_once_more_at_most)
{
    static struct nvm_sim before;

    begin(21);
    boot_runs(&old_image);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    before = world.sim;
    for (int cut = 0; cut < NVM_CUT_COUNT; cut++) {
        unsigned entered = 0;

        nvm_restore(&world.sim, &before);
        world.sim.cut = (enum nvm_cut)cut;
        world.sim.cut_at = world.sim.op_count + 1;
        (void)world_boot(&world);
        ck_assert(world.sim.powerless);
        nvm_restart(&world.sim);
        for (unsigned boot = 0; boot < 8; boot++) {
            entered += world_boot(&world) == OTAB_SERIAL_DFU ? 1 : 0;
        }
        ck_assert_uint_le(entered, 1);
        boot_runs(&old_image);
    }
}
END_TEST

START_TEST(test_app_dfu_comes_behind_confirm_and_raise)
{
    start_trial(22);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    boot_waits_as_asked();
    ck_assert_uint_ne(world.report.flags & OTAB_DID_CONFIRM, 0);
    ck_assert_uint_eq(world_floor(&world), new_spec.counter);
    boot_runs(&new_image);
}
END_TEST

START_TEST(test_app_dfu_request_is_lost_in_a_swap)
{
    begin(23);
    boot_runs(&old_image);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    boot_runs(&new_image);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAV_OK);
    boot_runs(&old_image);
    boot_runs(&old_image);
}
END_TEST

START_TEST(test_app_dfu_request_needs_room)
{
    begin(24);
    boot_runs(&old_image);
    fill_mailbox(OTAB_PAGE_UNITS);
    ck_assert_uint_eq(otab_app_request_dfu(&app), OTAB_APP_ERR_FULL);
    boot_runs(&old_image);
}
END_TEST

START_TEST(test_app_state_names)
{
    static const char *const names[] = {"READY",  "WRITING", "CANDIDATE", "STAGED",
                                        "FAILED", "TRIAL",   "REJECTED",  "UPDATED"};

    for (uint8_t i = 0; i < 8; i++) {
        ck_assert_str_eq(otab_state_name(i), names[i]);
    }
    ck_assert_str_eq(otab_state_name(8), "?");
    ck_assert_str_eq(otab_state_name(255), "?");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, test_app_update_is_confirmed_and_floor_raised);
    tcase_add_test(tcase, test_app_reverted_image_is_installed_when_asked);
    tcase_add_test(tcase, test_app_refused_image_says_why);
    tcase_add_test(tcase, test_app_confirm_counts_after_the_trial);
    tcase_add_test(tcase, test_app_slot1_without_its_first_unit_is_writing);
    tcase_add_test(tcase, test_app_full_mailbox_is_told_and_can_be_erased);
    tcase_add_test(tcase, test_app_interrupted_request_is_asked_again);
    tcase_add_test(tcase, test_app_interrupted_confirm_counts_or_reverts);
    tcase_add_test(tcase, test_app_one_doubtful_record_is_not_enough);
    tcase_add_test(tcase, test_app_reads_the_record_as_the_bootloader_does);
    tcase_add_test(tcase, test_app_failing_port_is_reported_and_nothing_returned);
    tcase_add_test(tcase, test_app_dfu_is_entered_once);
    tcase_add_test(tcase, test_app_interrupted_dfu_comes_once_more_at_most);
    tcase_add_test(tcase, test_app_dfu_comes_behind_confirm_and_raise);
    tcase_add_test(tcase, test_app_dfu_request_is_lost_in_a_swap);
    tcase_add_test(tcase, test_app_dfu_request_needs_room);
    tcase_add_test(tcase, test_app_state_names);
}

int main(void)
{
    return unit_main("app", add_tests);
}
