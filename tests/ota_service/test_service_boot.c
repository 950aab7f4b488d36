/*
 * The bridge to the bootloader: an update through the service, the resets behind it, and what the
 * service reports of them.
 */
#include "unit.h"

#include <otas_boot.h>

#include "fast_crypto.h"
#include "peer.h"
#include "world.h"

enum { IMAGE_ID = 0x1B000000, FW_LEN = 9008 };

static struct peer peer;
static struct otab_boot boot;
static struct otab_report report;
static struct otab_app app;
static struct boot_image old_image;
static struct boot_image new_image;
static struct peer_image sent;

static void make(uint32_t version, uint32_t fw_len, uint8_t fill, struct boot_image *ret)
{
    const struct image_spec spec = {.version = version,
                                    .counter = 3,
                                    .fw_len = fw_len,
                                    .key = KEY_RELEASE,
                                    .activation = ACTIVATION_TRIAL,
                                    .fill = fill};

    image_make(&spec, ret);
}

static uint32_t reset(void)
{
    uint32_t action = otab_boot(&boot, &peer.flash, &peer.device, &report);

    peer_restart(&peer);
    peer_connect(&peer, 247);
    return action;
}

static void setup(void)
{
    make(0x01000000, 6000, 0xA1, &old_image);
    make(0x01010000, FW_LEN, 0xB2, &new_image);
    sent = (struct peer_image){new_image.bytes, new_image.len, IMAGE_ID, 0x01010000, false};
    peer_init(&peer, &fast_crypto, 3);
    image_device(OTAV_POLICY_STRICT, &peer.device);
    for (uint32_t off = 0; off < 4 * OTAV_PAGE_LEN; off += OTAV_PAGE_LEN) {
        nvm_wipe_page(&peer.sim, OTAV_SLOT0_ADDRESS + off);
    }
    nvm_wipe_page(&peer.sim, OTAB_RECORD_ADDRESS);
    nvm_put(&peer.sim, OTAV_SLOT0_ADDRESS, old_image.bytes, old_image.len);
    otab_app_init(&app, &peer.flash);
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    peer.event_count = 0;
}

static void expect(enum otas_event event, uint32_t code)
{
    struct otas_status status = {OTAS_FAILED, 1, 1, 1};

    ck_assert_uint_eq(otas_boot_status(&app, &status), OTAV_OK);
    ck_assert_uint_eq(status.event, event);
    ck_assert_uint_eq(status.code, code);
}

static void expect_report(enum otas_event event, uint32_t code)
{
    struct otas_status status;

    otas_boot_report(&report, &status);
    ck_assert_uint_eq(status.event, event);
    ck_assert_uint_eq(status.code, code);
}

START_TEST(test_boot_confirmed_update_is_completed)
{
    expect(OTAS_NOTHING, 0);
    ck_assert_uint_eq(peer_update(&peer, &sent, 35), 0);
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_STAGED);
    expect(OTAS_STAGED, 0);
    ck_assert_uint_eq(otas_boot_permission(&app), 0);
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    expect(OTAS_ON_TRIAL, 0);
    expect_report(OTAS_ON_TRIAL, 0);
    ck_assert_uint_eq(otas_boot_permission(&app), OTAS_ERR_TRIAL);
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    expect(OTAS_COMPLETED, 0);
    ck_assert_uint_eq(otas_boot_permission(&app), 0);
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    expect_report(OTAS_COMPLETED, 0);
    expect(OTAS_NOTHING, 0);
    ck_assert_mem_eq(report.id, new_image.id, OTAB_ID_LEN);
    ck_assert_ptr_null(peer.sim.violation);
}
END_TEST

START_TEST(test_boot_unconfirmed_update_is_reverted_with_its_reason)
{
    ck_assert_uint_eq(peer_update(&peer, &sent, 35), 0);
    (void)reset();
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    expect(OTAS_REVERTED, OTAB_ERR_NOT_CONFIRMED);
    expect_report(OTAS_REVERTED, OTAB_ERR_NOT_CONFIRMED);
    ck_assert_mem_eq(report.id, old_image.id, OTAB_ID_LEN);
}
END_TEST

START_TEST(test_boot_refused_image_is_failed_with_its_reason)
{
    ck_assert_uint_eq(peer_update(&peer, &sent, 14), 0);
    peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS + OTAV_META_LEN)][OTAV_META_LEN] ^= 1;
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    expect(OTAS_NOTHING, 0); /* it is gone */
    expect_report(OTAS_FAILED, OTAV_ERR_FIRMWARE_SIGNATURE);
}
END_TEST

START_TEST(test_boot_cut_transfer_is_suspended)
{
    ck_assert_uint_eq(peer_request(&peer, &sent, 35), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, 9000, 244), 0);
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    expect(OTAS_SUSPENDED, 0);
    ck_assert_uint_eq(peer_request(&peer, &sent, 35), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 8192);
}
END_TEST

/* A confirm that waits in the mailbox outlives the journal of the next transfer. */
START_TEST(test_boot_journal_keeps_the_confirm)
{
    make(0x01020000, FW_LEN, 0xC3, &old_image);
    ck_assert_uint_eq(peer_update(&peer, &sent, 35), 0);
    (void)reset();
    ck_assert_uint_eq(otab_app_confirm(&app), OTAV_OK);
    sent = (struct peer_image){old_image.bytes, old_image.len, IMAGE_ID, 0x01020000, false};
    ck_assert_uint_eq(peer_request(&peer, &sent, 35), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, 9000, 244), 0);
    expect(OTAS_COMPLETED, 0);
    otas_disconnected(&peer.server);
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_request(&peer, &sent, 35), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 8192);
    ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
    ck_assert(report.flags & OTAB_DID_CONFIRM);
    ck_assert_mem_eq(report.id, new_image.id, OTAB_ID_LEN);
    ck_assert_ptr_null(peer.sim.violation);
}
END_TEST

/* Power lost during the transfer, then a boot: the old image, or the new one once it was committed; the
 * transfer goes on. */
START_TEST(test_boot_power_cut_during_transfer_leaves_an_image_that_boots)
{
    static struct nvm_sim before;
    unsigned cases = 0;
    unsigned new_boots = 0;
    unsigned ops;

    before = peer.sim;
    ck_assert_uint_eq(peer_update(&peer, &sent, 35), 0);
    ops = peer.sim.op_count - before.op_count;
    for (unsigned at = 1; at <= ops; at++) {
        bool is_new;

        nvm_restore(&peer.sim, &before);
        peer_restart(&peer);
        peer_connect(&peer, 247);
        peer.sim.cut_at = before.op_count + at;
        peer.sim.cut = (enum nvm_cut)(at % NVM_CUT_COUNT);
        (void)peer_update(&peer, &sent, 35);
        nvm_restart(&peer.sim);
        ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
        is_new = memcmp(report.id, new_image.id, OTAB_ID_LEN) == 0;
        ck_assert(is_new || memcmp(report.id, old_image.id, OTAB_ID_LEN) == 0);
        if (!is_new) {
            ck_assert_uint_eq(peer_update(&peer, &sent, 35), 0);
            ck_assert_uint_eq(reset(), OTAB_RUN_APPLICATION);
        }
        ck_assert_mem_eq(report.id, new_image.id, OTAB_ID_LEN);
        ck_assert_uint_eq(report.state, OTAB_TRIAL);
        ck_assert_msg(peer.sim.violation == NULL, "%s", peer.sim.violation);
        new_boots += is_new;
        cases++;
    }
    printf("power cuts: %u, new image at once: %u\n", cases, new_boots);
    ck_assert_uint_le(new_boots, 1);
}
END_TEST

START_TEST(test_boot_errors_of_the_flash_are_passed_on)
{
    struct otas_status status = {OTAS_FAILED, 7, 7, 7};

    peer.sim.fail_op = NVM_READ;
    peer.sim.fail_nth = peer.sim.calls[NVM_READ] + 1;
    peer.sim.fail_forever = true;
    ck_assert_uint_eq(otas_boot_status(&app, &status), OTAV_ERR_FLASH_READ);
    ck_assert_uint_eq(status.code, 7);
    ck_assert_uint_eq(otas_boot_permission(&app), OTAV_ERR_FLASH_READ);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_boot_confirmed_update_is_completed);
    tcase_add_test(tcase, test_boot_unconfirmed_update_is_reverted_with_its_reason);
    tcase_add_test(tcase, test_boot_refused_image_is_failed_with_its_reason);
    tcase_add_test(tcase, test_boot_cut_transfer_is_suspended);
    tcase_add_test(tcase, test_boot_journal_keeps_the_confirm);
    tcase_add_test(tcase, test_boot_power_cut_during_transfer_leaves_an_image_that_boots);
    tcase_add_test(tcase, test_boot_errors_of_the_flash_are_passed_on);
}

int main(void)
{
    return unit_main("service_boot", add_tests);
}
