/*
 * Transfers: any cut of the data gives the same flash, and whatever is not to be installed leaves the
 * device as it was, with its code.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "image_builder.h"
#include "peer.h"

enum { FW_LEN = 9008, PLAIN_LEN = OTAV_META_LEN + FW_LEN };

static struct image_key signer;
static struct image image;
static uint8_t plain[IMAGE_PLAIN_MAX];
static uint8_t air[IMAGE_PLAIN_MAX];
static struct peer_image sent;
static struct peer peer;

/* Signs `image` and puts it on the air. */
static void send_as(bool encrypted)
{
    image_write_area(&image);
    image_sign(&image, &signer);
    (void)image_payload(&image, false, plain);
    sent = (struct peer_image){air, (uint32_t)image_payload(&image, encrypted, air), IMAGE_ID,
                               IMAGE_VERSION, encrypted};
}

/* A device whose slot 1 holds something of before. */
static void device_with_stale_slot(void)
{
    uint8_t stale[OTAV_PAGE_LEN];

    peer_init(&peer, &otav_crypto_openssl, 2);
    image_config(&peer.device, &signer);
    memset(stale, 0x5A, sizeof stale);
    for (uint32_t off = 0; off < 8 * OTAV_PAGE_LEN; off += OTAV_PAGE_LEN) {
        nvm_put(&peer.sim, OTAV_SLOT1_ADDRESS + off, stale, sizeof stale);
    }
}

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_init(&image, FW_LEN, true);
    send_as(true);
    device_with_stale_slot();
}

static void teardown(void)
{
    image_key_free(&signer);
}

static bool slot_is_stale(void)
{
    const uint8_t *slot = peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS)];

    for (uint32_t i = 0; i < 8 * OTAV_PAGE_LEN; i++) {
        if (slot[i] != 0x5A) {
            return false;
        }
    }
    return peer_slot_erases(&peer) == 0;
}

/* ---- what is accepted ------------------------------------------------------------------------- */

static void expect_update(uint16_t mtu, size_t request_len)
{
    device_with_stale_slot();
    peer_connect(&peer, mtu);
    ck_assert_uint_eq(peer_update(&peer, &sent, request_len), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
    ck_assert_uint_eq(peer_slot_erases(&peer), (PLAIN_LEN + OTAV_PAGE_LEN - 1) / OTAV_PAGE_LEN);
    ck_assert(peer_device_intact(&peer));
}

START_TEST(test_transfer_works_at_every_usual_mtu)
{
    static const uint16_t mtus[] = {23, 185, 247, 256, 498, 517};

    for (unsigned encrypted = 0; encrypted < 2; encrypted++) {
        send_as(encrypted == 1);
        for (unsigned i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
            expect_update(mtus[i], 14);
            expect_update(mtus[i], 19);
        }
    }
}
END_TEST

START_TEST(test_transfer_any_cut_gives_the_same_flash)
{
    unsigned cases = 0;

    for (size_t piece_len = 1; piece_len <= 514; piece_len++) {
        device_with_stale_slot();
        peer_connect(&peer, 517);
        ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, 0, sent.len, piece_len), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
        cases++;
    }
    printf("lengths of pieces: %u\n", cases);
}
END_TEST

START_TEST(test_transfer_random_cuts_give_the_same_flash)
{
    for (unsigned run = 0; run < 50; run++) {
        uint32_t at = 0;

        device_with_stale_slot();
        peer.sim.random += run;
        peer_connect(&peer, 517);
        ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
        ck_assert_uint_eq(peer_start(&peer), 0);
        while (at < sent.len) {
            uint32_t len = 1 + (uint32_t)(nvm_random(&peer.sim) % 514);
            uint32_t to = at + len < sent.len ? at + len : sent.len;

            ck_assert_uint_eq(peer_send(&peer, &sent, at, to, len), 0);
            at = to;
        }
        ck_assert_uint_eq(peer_complete(&peer), 0);
        ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
    }
}
END_TEST

/* The old content reaches far behind the image, whose last piece is one byte. */
START_TEST(test_transfer_short_last_piece_leaves_no_stale_bytes)
{
    peer_connect(&peer, 517);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, sent.len - 1, 495), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, sent.len - 1, sent.len, 495), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN)); /* and erased to the end of the page */
}
END_TEST

START_TEST(test_transfer_reports_start_every_group_and_end)
{
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
    ck_assert_uint_eq(peer.event_count, 2 + (sent.len + 1023) / 1024);
    ck_assert_uint_eq(peer.events[0].event, OTAS_STARTED);
    for (unsigned i = 1; i < peer.event_count - 1; i++) {
        ck_assert_uint_eq(peer.events[i].event, OTAS_PROGRESS);
        ck_assert_uint_eq(peer.events[i].done_len, i * 1024 < sent.len ? i * 1024 : sent.len);
        ck_assert_uint_eq(peer.events[i].total_len, sent.len);
    }
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_STAGED);
    ck_assert_uint_eq(peer_last_event(&peer).code, 0);
}
END_TEST

/* ---- what is refused -------------------------------------------------------------------------- */

static void expect_end(uint32_t code, enum otas_state state)
{
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
    ck_assert_uint_eq(peer_last_event(&peer).code, code);
    ck_assert_uint_eq(otas_get_state(&peer.server), state);
    ck_assert(peer.link_count == 0 || peer.link == OTAS_LINK_NORMAL);
    ck_assert(peer_device_intact(&peer));
}

/* An update that ends with that result and code, and of which the flash saw nothing. */
static void expect_refusal(uint8_t result, uint32_t code)
{
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), result);
    expect_end(code, peer.notify_attr == OTAS_DATA ? OTAS_STATE_FAILED : OTAS_STATE_IDLE);
    ck_assert(slot_is_stale());
    ck_assert_uint_eq(peer.sim.op_count, 0);
}

START_TEST(test_transfer_refuses_low_battery)
{
    peer.battery = 19;
    expect_refusal(2, OTAS_ERR_BATTERY);
    peer.battery = 20;
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
}
END_TEST

START_TEST(test_transfer_refuses_battery_below_what_the_image_wants)
{
    image_set_u32s(&image, OTAV_ATTR_MIN_BATTERY, 50, 0, 4);
    send_as(true);
    peer.battery = 49;
    expect_refusal(3, OTAS_ERR_BATTERY);
    peer.battery = 50;
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
}
END_TEST

START_TEST(test_transfer_refuses_when_the_application_is_busy)
{
    peer.permission = OTAS_ERR_BUSY;
    expect_refusal(2, OTAS_ERR_BUSY);
}
END_TEST

START_TEST(test_transfer_refuses_what_the_request_says)
{
    sent.version = peer.device.installed_version;
    expect_refusal(2, OTAV_ERR_VERSION);
    sent.version = IMAGE_VERSION;
    peer.device.has_image_id = true;
    peer.device.image_id = IMAGE_ID + 1;
    expect_refusal(2, OTAV_ERR_IMAGE_ID);
    peer.device.has_image_id = false;
    peer.device.has_decrypt_key = false;
    expect_refusal(2, OTAV_ERR_NO_DECRYPT_KEY);
    sent.len = OTAV_SLOT_LEN + 16;
    expect_refusal(4, OTAS_ERR_REQUEST);
}
END_TEST

START_TEST(test_transfer_refuses_other_product_before_any_erase)
{
    peer.device.product[3] ^= 1;
    expect_refusal(4, OTAV_ERR_PRODUCT);
}
END_TEST

START_TEST(test_transfer_refuses_older_version_whatever_the_request_says)
{
    otav_store_u32(image.meta + OTAV_META_FW_REVISION_OFF, 0x00090000);
    send_as(true);
    expect_refusal(4, OTAV_ERR_HEADER_REVISION); /* the request says a newer one */
    sent.version = 0x00090000;
    expect_refusal(2, OTAV_ERR_VERSION);
    peer.device.counter_floor = 4;
    peer.device.installed_version = 0;
    expect_refusal(4, OTAV_ERR_COUNTER);
}
END_TEST

START_TEST(test_transfer_refuses_bad_metadata_signature_before_any_erase)
{
    image.meta[OTAV_META_SIG_OFF + 20] ^= 1;
    (void)image_payload(&image, true, air);
    expect_refusal(4, OTAV_ERR_METADATA_SIGNATURE);
}
END_TEST

START_TEST(test_transfer_bad_firmware_leaves_no_image)
{
    air[sent.len - 100] ^= 1;
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 4);
    expect_end(OTAV_ERR_FIRMWARE_SIGNATURE, OTAS_STATE_FAILED);
    ck_assert(peer_slot_holds(&peer, plain, 0));
    ck_assert_uint_eq(peer.authenticate_count, 0);
}
END_TEST

/* More or fewer bytes announced than the image has. */
START_TEST(test_transfer_wrong_length_leaves_no_image)
{
    memset(air + sent.len, 0, 16);
    for (int extra = -16; extra <= 16; extra += 32) {
        device_with_stale_slot();
        send_as(true);
        sent.len = (uint32_t)((int)sent.len + extra);
        peer_connect(&peer, 247);
        ck_assert_uint_eq(peer_update(&peer, &sent, 19), extra > 0 ? 4 : 3);
        expect_end(extra > 0 ? OTAV_ERR_TRAILING : OTAV_ERR_TRUNCATED, OTAS_STATE_FAILED);
        ck_assert(peer_slot_holds(&peer, plain, 0));
    }
}
END_TEST

START_TEST(test_transfer_early_complete_is_an_abort)
{
    for (uint32_t at = 0; at <= 5000; at += 500) {
        device_with_stale_slot();
        peer_connect(&peer, 247);
        ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, 0, at, 244), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        expect_end(OTAS_ERR_ABORTED, OTAS_STATE_IDLE);
        ck_assert(at < 1024 ? slot_is_stale() : peer_slot_holds(&peer, plain, 0));
        ck_assert_uint_eq(peer.authenticate_count, 0);
    }
}
END_TEST

/* From the loop: how far the client got. */
START_TEST(test_transfer_silent_peer_times_out)
{
    peer.now_ms = UINT32_MAX - 2000; /* which wraps meanwhile */
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    if (_i > 0) {
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, 0, _i == 1 ? 3000 : sent.len, 244), 0);
    }
    ck_assert_uint_eq(peer.link, OTAS_LINK_FAST);
    peer_wait(&peer, 5000);
    ck_assert_uint_ne(otas_get_state(&peer.server), OTAS_STATE_IDLE);
    peer_wait(&peer, 100);
    expect_end(OTAS_ERR_TIMEOUT, OTAS_STATE_IDLE);
    ck_assert(_i == 0 ? slot_is_stale() : peer_slot_holds(&peer, plain, 0));
    ck_assert_uint_eq(peer_complete(&peer), 1);
}
END_TEST

/* Single bytes do not keep a transfer alive, groups do. */
START_TEST(test_transfer_time_starts_again_with_each_group)
{
    peer.config.timeout_ms = 2000;
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    for (uint32_t at = 0; at < 4096; at += 1024) {
        ck_assert_uint_eq(peer_send(&peer, &sent, at, at + 1024, 244), 0);
        peer_wait(&peer, 1900);
    }
    ck_assert_uint_eq(otas_get_state(&peer.server), OTAS_STATE_RECEIVING);
    ck_assert_uint_eq(peer_send(&peer, &sent, 4096, 4096 + 1, 1), 0);
    peer_wait(&peer, 700);
    expect_end(OTAS_ERR_TIMEOUT, OTAS_STATE_IDLE);
}
END_TEST

START_TEST(test_transfer_flooding_peer_fails_by_overflow)
{
    unsigned answers;

    peer_connect(&peer, 517);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, 2048, 512), 0);
    answers = peer.notify_count;
    for (uint32_t i = 0; i < 1000; i++) {
        (void)otas_write(&peer.server, OTAS_DATA, air, 514);
    }
    ck_assert_uint_eq(peer.notify_count, answers + 1000 - 1);
    expect_end(OTAS_ERR_OVERFLOW, OTAS_STATE_FAILED);
    ck_assert(peer_slot_holds(&peer, plain, 0));
    ck_assert_uint_eq(peer_slot_erases(&peer), 2); /* once for the image, once for its end */
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
}
END_TEST

/* While its answer waits in the stack, what a flooding peer sends goes nowhere. */
START_TEST(test_transfer_flood_behind_a_waiting_answer_is_dropped)
{
    peer_connect(&peer, 517);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, 768, 512), 0);
    peer.notify_blocked = true;
    ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, air + 768, 256), 0);
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(otas_write(&peer.server, OTAS_DATA, air, 514), OTAS_ATT_BUSY);
    }
    peer.notify_blocked = false;
    peer_wait(&peer, 100);
    ck_assert_uint_eq(peer.notify_bytes[0], 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 1024, sent.len, 514), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
}
END_TEST

START_TEST(test_transfer_lost_link_and_lost_encryption_end_it)
{
    for (unsigned lost = 0; lost < 2; lost++) {
        device_with_stale_slot();
        peer_connect(&peer, 247);
        ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, 0, sent.len, 244), 0);
        if (lost == 0) {
            otas_disconnected(&peer.server);
            ck_assert_uint_eq(peer.link_count, 1); /* nobody to ask any more */
        } else {
            otas_encryption_changed(&peer.server, false);
            ck_assert_uint_eq(peer.link, OTAS_LINK_NORMAL);
        }
        ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
        ck_assert_uint_eq(peer_last_event(&peer).code, OTAS_ERR_DISCONNECTED);
        ck_assert(peer_slot_holds(&peer, plain, 0));
        peer_connect(&peer, 247);
        ck_assert_uint_eq(peer_complete(&peer), 1);
        ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
    }
}
END_TEST

/* ---- platform --------------------------------------------------------------------------------- */

START_TEST(test_transfer_asks_for_a_fast_link_and_gives_it_back)
{
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer.link_count, 0);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    ck_assert(peer.link_count == 1 && peer.link == OTAS_LINK_FAST);
    ck_assert_uint_eq(peer_complete(&peer), 0); /* abort */
    ck_assert(peer.link_count == 2 && peer.link == OTAS_LINK_NORMAL);
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
    ck_assert(peer.link_count == 4 && peer.link == OTAS_LINK_NORMAL);
}
END_TEST

START_TEST(test_transfer_does_without_optional_callbacks)
{
    peer.platform.mailbox = NULL;
    peer.platform.permission = NULL;
    peer.platform.battery = NULL;
    peer.platform.link = NULL;
    peer.platform.authenticate = NULL;
    peer.platform.report = NULL;
    peer.slot.read = NULL;
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
}
END_TEST

/* Every flash operation fails once, then for ever. */
START_TEST(test_transfer_failing_flash_never_leaves_an_image)
{
    unsigned cases = 0;

    for (unsigned op = NVM_ERASE; op <= NVM_PROGRAM; op++) {
        for (unsigned nth = 1;; nth++) {
            bool forever = nth % 2 == 0;
            uint8_t result;

            device_with_stale_slot();
            peer.config.resume = false;
            peer_connect(&peer, 517);
            peer.sim.fail_op = (enum nvm_op)op;
            peer.sim.fail_nth = nth;
            peer.sim.fail_forever = forever;
            result = peer_update(&peer, &sent, 19);
            if (result == 0) {
                break;
            }
            ck_assert_uint_eq(result, 3);
            expect_end(op == NVM_ERASE ? OTAV_ERR_FLASH_ERASE : OTAV_ERR_FLASH_PROGRAM,
                       OTAS_STATE_FAILED);
            ck_assert(nth == 1 ||
                      memcmp(peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS)], plain, 16) != 0);
            cases++;
        }
    }
    printf("failing operations: %u\n", cases);
    ck_assert_uint_ge(cases, 500);
}
END_TEST

START_TEST(test_transfer_server_needs_at_most_3_kb_beside_the_crypto)
{
    size_t len = sizeof(struct otas_server) - sizeof(struct otav_sha256_state) -
                 sizeof(struct otav_aes_state) - (OTAV_WORK_LEN - 512);

    printf("server beside the crypto's states, 512 bytes of work: %zu\n", len);
    ck_assert_uint_le(len, 3072);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_transfer_works_at_every_usual_mtu);
    tcase_add_test(tcase, test_transfer_any_cut_gives_the_same_flash);
    tcase_add_test(tcase, test_transfer_random_cuts_give_the_same_flash);
    tcase_add_test(tcase, test_transfer_short_last_piece_leaves_no_stale_bytes);
    tcase_add_test(tcase, test_transfer_reports_start_every_group_and_end);
    tcase_add_test(tcase, test_transfer_refuses_low_battery);
    tcase_add_test(tcase, test_transfer_refuses_battery_below_what_the_image_wants);
    tcase_add_test(tcase, test_transfer_refuses_when_the_application_is_busy);
    tcase_add_test(tcase, test_transfer_refuses_what_the_request_says);
    tcase_add_test(tcase, test_transfer_refuses_other_product_before_any_erase);
    tcase_add_test(tcase, test_transfer_refuses_older_version_whatever_the_request_says);
    tcase_add_test(tcase, test_transfer_refuses_bad_metadata_signature_before_any_erase);
    tcase_add_test(tcase, test_transfer_bad_firmware_leaves_no_image);
    tcase_add_test(tcase, test_transfer_wrong_length_leaves_no_image);
    tcase_add_test(tcase, test_transfer_early_complete_is_an_abort);
    tcase_add_loop_test(tcase, test_transfer_silent_peer_times_out, 0, 3);
    tcase_add_test(tcase, test_transfer_time_starts_again_with_each_group);
    tcase_add_test(tcase, test_transfer_flooding_peer_fails_by_overflow);
    tcase_add_test(tcase, test_transfer_flood_behind_a_waiting_answer_is_dropped);
    tcase_add_test(tcase, test_transfer_lost_link_and_lost_encryption_end_it);
    tcase_add_test(tcase, test_transfer_asks_for_a_fast_link_and_gives_it_back);
    tcase_add_test(tcase, test_transfer_does_without_optional_callbacks);
    tcase_add_test(tcase, test_transfer_failing_flash_never_leaves_an_image);
    tcase_add_test(tcase, test_transfer_server_needs_at_most_3_kb_beside_the_crypto);
}

int main(void)
{
    return unit_main("service_transfer", add_tests);
}
