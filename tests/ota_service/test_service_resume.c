/*
 * Going on after a lost link or a lost power: the flash ends as without, whatever was cut where, and
 * nothing that the journal says is believed.
 */
#include "unit.h"

#include <boot_mailbox.h>
#include <otav/otav_openssl.h>
#include <otav/otav_resume.h>

#include "boot_images.h"
#include "fast_crypto.h"
#include "image_builder.h"
#include "peer.h"

enum { FW_LEN = 18016, PLAIN_LEN = OTAV_META_LEN + FW_LEN, MARK = 8192, RESUME = 35 };

static struct image_key signer;
static struct image image;
static uint8_t plain[IMAGE_PLAIN_MAX];
static uint8_t air[IMAGE_PLAIN_MAX];
static struct peer_image sent;
static struct peer peer;
static struct nvm_sim start;
static struct boot_image large;

static void send_as(bool encrypted)
{
    image_write_area(&image);
    image_sign(&image, &signer);
    (void)image_payload(&image, false, plain);
    sent = (struct peer_image){air, (uint32_t)image_payload(&image, encrypted, air), IMAGE_ID,
                               IMAGE_VERSION, encrypted};
}

static void fresh_device(void)
{
    peer_init(&peer, &otav_crypto_openssl, 4);
    image_config(&peer.device, &signer);
    peer_connect(&peer, 247);
}

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_init(&image, FW_LEN, true);
    send_as(true);
    fresh_device();
}

static void teardown(void)
{
    image_key_free(&signer);
}

/* A transfer that stops behind so many bytes: the link goes, or the device is reset. */
static void cut_at(uint32_t len, bool reset)
{
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, peer_start_index(&peer), len, 244), 0);
    if (reset) {
        peer_restart(&peer);
    } else {
        otas_disconnected(&peer.server);
    }
    peer_connect(&peer, 247);
}

static uint32_t offered_index(void)
{
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    return peer_start_index(&peer);
}

static void expect_done(void)
{
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
    ck_assert_msg(peer_device_intact(&peer), "%s", peer.sim.violation);
}

/* ---- lost links ------------------------------------------------------------------------------- */

/* From the loop: plain or encrypted, link or power. */
START_TEST(test_resume_equals_uninterrupted_at_every_fragment)
{
    bool reset = _i / 2 == 1;
    unsigned cases = 0;

    send_as(_i % 2 == 1);
    for (uint32_t at = 0; at <= sent.len; at += at % 1024 < 976 ? 244 : 1024 - at % 1024) {
        const uint32_t mark = at / MARK * MARK;
        struct otas_status end;

        fresh_device();
        cut_at(at, reset);
        end = peer_last_event(&peer);
        if (!reset) {
            ck_assert_uint_eq(end.event, at < MARK ? OTAS_FAILED : OTAS_SUSPENDED);
            ck_assert_uint_eq(end.code, OTAS_ERR_DISCONNECTED);
        }
        ck_assert_uint_eq(offered_index(), mark);
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_last_event(&peer).done_len, mark);
        ck_assert_uint_eq(peer_send(&peer, &sent, mark, sent.len, 244), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
        ck_assert(peer_device_intact(&peer));
        cases++;
    }
    printf("cut behind fragments: %u\n", cases);
}
END_TEST

START_TEST(test_resume_silence_suspends)
{
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, 9000, 244), 0);
    peer_wait(&peer, 6000);
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_SUSPENDED);
    ck_assert_uint_eq(peer_last_event(&peer).code, OTAS_ERR_TIMEOUT);
    ck_assert_uint_eq(offered_index(), MARK);
}
END_TEST

START_TEST(test_resume_is_only_for_who_asks)
{
    cut_at(17000, false);
    ck_assert_uint_eq(peer_request(&peer, &sent, 19), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    ck_assert_uint_eq(offered_index(), (uint32_t)(2 * MARK)); /* nothing was written meanwhile */
    ck_assert_uint_eq(peer_complete(&peer), 0);               /* an abort: what was there is gone */
    ck_assert_uint_eq(offered_index(), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    cut_at(17000, false);
    peer.config.resume = false;
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 2);
    ck_assert_uint_eq(peer_update(&peer, &sent, 19), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
}
END_TEST

START_TEST(test_resume_other_image_starts_anew_and_voids_the_journal)
{
    struct peer_image first = sent;
    static uint8_t first_air[IMAGE_PLAIN_MAX];

    memcpy(first_air, air, sizeof air);
    first.bytes = first_air;
    cut_at(17000, true);
    image.fw[5] ^= 1;
    send_as(true);
    ck_assert_uint_eq(offered_index(), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, 0, 3000, 244), 0);
    peer_restart(&peer);
    peer_connect(&peer, 247);
    ck_assert_uint_eq(peer_request(&peer, &first, RESUME), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    expect_done();
}
END_TEST

START_TEST(test_resume_finished_image_starts_anew)
{
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(offered_index(), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN)); /* the abort came before any erase */
}
END_TEST

/* ---- nothing is trusted ----------------------------------------------------------------------- */

START_TEST(test_resume_changed_flash_fails_and_starts_anew)
{
    static const uint32_t places[] = {20, 400, 512, 4096, MARK - 1};

    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        uint32_t index;

        fresh_device();
        cut_at(9000, true);
        peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS + places[i])][places[i] % OTAV_PAGE_LEN] ^= 4;
        index = offered_index();
        ck_assert_uint_eq(index, places[i] < OTAV_META_LEN ? 0 : MARK);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        fresh_device();
        cut_at(9000, true);
        peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS + places[i])][places[i] % OTAV_PAGE_LEN] ^= 4;
        if (index > 0) {
            ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), 3);
            ck_assert_uint_eq(peer_last_event(&peer).code, OTAV_ERR_FIRMWARE_SIGNATURE);
            ck_assert(peer_slot_holds(&peer, plain, 0));
        }
        expect_done();
    }
}
END_TEST

START_TEST(test_resume_judges_the_metadata_again)
{
    for (unsigned i = 0; i < 5; i++) {
        uint8_t result = i == 0 ? 2 : 4;

        fresh_device();
        image_set_u32s(&image, OTAV_ATTR_MIN_BATTERY, 50, 0, 4);
        send_as(true);
        cut_at(9000, true);
        switch (i) {
        case 0: /* the request itself says so */
            peer.device.installed_version = IMAGE_VERSION;
            break;
        case 1:
            peer.device.counter_floor = 4;
            break;
        case 2:
            peer.device.keys[0].revoked = true;
            break;
        case 3:
            peer.device.product[0] ^= 1;
            break;
        default:
            peer.battery = 49;
            result = 2;
            break;
        }
        ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), result);
        ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
    }
}
END_TEST

/* Every byte of the journal changed, and the journal cut off at every byte. */
START_TEST(test_resume_damaged_journal_never_harms)
{
    uint8_t *page;
    unsigned cases = 0;
    uint32_t end = OTAV_PAGE_LEN;

    cut_at(17000, true);
    start = peer.sim;
    page = peer.sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)];
    while (page[end - 1] == 0xFF) {
        end--;
    }
    for (uint32_t i = 0; i < 2 * end; i++) {
        uint32_t index;

        peer.sim = start;
        if (i < end) {
            page[i] ^= (uint8_t)(1u << i % 8);
        } else {
            memset(page + i - end, 0xFF, OTAV_PAGE_LEN - (i - end));
        }
        peer_restart(&peer);
        peer_connect(&peer, 247);
        index = offered_index();
        ck_assert(index == 0 || index == MARK || index == 2 * MARK);
        ck_assert_uint_eq(peer_start(&peer), 0);
        if (i % 16 == 0) {
            ck_assert_uint_eq(peer_send(&peer, &sent, index, sent.len, 244), 0);
            ck_assert_uint_eq(peer_complete(&peer), 0);
            ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
        }
        cases++;
    }
    printf("damaged journals: %u\n", cases);
}
END_TEST

/* A forged journal, with check words that fit: only the slot's own content counts. */
START_TEST(test_resume_forged_index_fails_and_starts_anew)
{
    uint8_t *page = peer.sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)];
    static const struct {
        uint32_t taken_len, pages;
    } forged[] = {{0, 0},     {16, 0},    {1024, 0},      {4096, 1},       {8192, 1}, {8192, 3},
                  {12288, 3}, {16384, 4}, {0x7C000, 124}, {0xFFF000, 255}, {8191, 2}};

    for (unsigned i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        uint8_t *record = page + (size_t)(2 * OTAB_MAIL_LEN); /* behind id and unit */
        uint8_t result;
        uint32_t check;

        fresh_device();
        cut_at(9000, true);
        otav_store_u32(record + OTAB_MAIL_NONCE, forged[i].taken_len | forged[i].pages << 24);
        check = otab_log_check(record, OTAB_MAIL_CHECK);
        otav_store_u32(record + OTAB_MAIL_CHECK, check);
        otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~check);
        result = peer_update(&peer, &sent, RESUME);
        ck_assert_uint_eq(result, peer_start_index(&peer) == 0 ? 0 : 3);
        expect_done();
    }
}
END_TEST

/* ---- the mailbox ------------------------------------------------------------------------------ */

static void put_mail(enum otab_mail type, uint32_t off)
{
    uint8_t record[OTAB_MAIL_LEN] = {0};
    uint32_t check;

    otav_store_u32(record + OTAB_MAIL_TYPE, type);
    check = otab_log_check(record, OTAB_MAIL_CHECK);
    otav_store_u32(record + OTAB_MAIL_CHECK, check);
    otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~check);
    nvm_put(&peer.sim, OTAB_MAILBOX_ADDRESS + off, record, sizeof record);
}

/* The journal goes behind it. From the loop: what the mail says. */
START_TEST(test_resume_waiting_mail_is_kept)
{
    static const enum otab_mail types[] = {OTAB_MAIL_INSTALL, OTAB_MAIL_CONFIRM, OTAB_MAIL_DFU};
    const uint8_t *page = peer.sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)];
    uint8_t mail[OTAB_MAIL_LEN];

    put_mail(types[_i], 0);
    memcpy(mail, page, sizeof mail);
    cut_at(17000, true);
    ck_assert_mem_eq(page, mail, sizeof mail);
    ck_assert_uint_eq(offered_index(), (uint32_t)(2 * MARK));
    ck_assert_uint_eq(peer_complete(&peer), 0);
    expect_done();
    ck_assert_mem_eq(page, mail, sizeof mail);
}
END_TEST

START_TEST(test_resume_full_mailbox_with_mails_does_without)
{
    unsigned page = nvm_page(OTAB_MAILBOX_ADDRESS);

    put_mail(OTAB_MAIL_CONFIRM, OTAV_PAGE_LEN - 10 * OTAB_MAIL_LEN);
    cut_at(17000, false);
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
    ck_assert_uint_eq(offered_index(), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    expect_done();
    ck_assert_uint_eq(peer.sim.erases[page], 0);
}
END_TEST

/* The largest image, with a lost link every 9 KB: more records than the page has room for. */
START_TEST(test_resume_goes_on_when_the_journal_is_full)
{
    const struct image_spec spec = {.version = IMAGE_VERSION,
                                    .counter = 3,
                                    .fw_len = OTAV_SLOT_LEN - OTAV_META_LEN,
                                    .key = KEY_RELEASE,
                                    .fill = 7};
    uint32_t index = 0;

    image_make(&spec, &large);
    peer_init(&peer, &fast_crypto, 6);
    image_device(OTAV_POLICY_STRICT, &peer.device);
    peer_connect(&peer, 517);
    sent = (struct peer_image){large.bytes, large.len, 0x1B000000, IMAGE_VERSION, false};
    while (index + 9 * 1024 < sent.len) {
        cut_at(index + 9 * 1024, true);
        ck_assert_uint_eq(offered_index(), index + MARK);
        index += MARK;
        peer_restart(&peer);
        peer_connect(&peer, 517);
    }
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), 0);
    ck_assert(peer_slot_holds(&peer, large.bytes, large.len));
    ck_assert(peer_device_intact(&peer));
    ck_assert_uint_ge(peer.sim.erases[nvm_page(OTAB_MAILBOX_ADDRESS)], 2);
}
END_TEST

static uint32_t no_read(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    (void)user;
    (void)offset;
    memset(ret, 0, len);
    return OTAV_REJECT;
}

static uint32_t no_erase(void *user, uint32_t offset, size_t len)
{
    (void)user;
    (void)offset;
    (void)len;
    return OTAV_REJECT;
}

static uint32_t no_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)bytes;
    return no_erase(user, offset, len);
}

START_TEST(test_resume_failing_mailbox_does_not_stop_the_transfer)
{
    for (unsigned i = 0; i < 3; i++) {
        fresh_device();
        peer.mailbox.read = i == 0 ? no_read : peer.mailbox.read;
        peer.mailbox.erase = i == 1 ? no_erase : peer.mailbox.erase;
        peer.mailbox.program = i == 2 ? no_program : peer.mailbox.program;
        cut_at(17000, false);
        ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
        ck_assert_uint_eq(offered_index(), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        expect_done();
    }
}
END_TEST

/* ---- lost power ------------------------------------------------------------------------------- */

/* From the loop: the way of the cut. */
START_TEST(test_resume_power_cut_at_every_operation)
{
    unsigned cases = 0;
    unsigned resumed = 0;
    unsigned ops;

    start = peer.sim;
    expect_done();
    ops = peer.sim.op_count;
    for (unsigned at = 1; at <= ops; at += CUT_STEP) {
        uint8_t result;

        nvm_restore(&peer.sim, &start);
        peer_restart(&peer);
        peer_connect(&peer, 247);
        peer_lose_power(&peer, &sent, RESUME, at, (enum nvm_cut)_i);
        if (at % 3 == 0) {
            peer_lose_power(&peer, &sent, RESUME, at % 400 + 1, NVM_TORN_BITS);
        }
        result = peer_request(&peer, &sent, RESUME);
        ck_assert_uint_eq(result, 0);
        resumed += peer_start_index(&peer) > 0;
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, peer_start_index(&peer), sent.len, 244), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        ck_assert(peer_slot_holds(&peer, plain, PLAIN_LEN));
        ck_assert_msg(peer_device_intact(&peer), "%s", peer.sim.violation);
        cases++;
    }
    printf("cuts of kind %d: %u, resumed: %u\n", _i, cases, resumed);
}
END_TEST

/* ---- the verifier's entry --------------------------------------------------------------------- */

static uint32_t no_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                         const uint8_t iv[16])
{
    (void)user;
    (void)key;
    (void)iv;
    memset(state, 0, sizeof *state);
    return OTAV_REJECT;
}

START_TEST(test_resume_verifier_refuses_wrong_calls)
{
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL, .encrypted = true};
    struct otav_checkpoint checkpoint = {.taken_len = MARK, .plain_len = MARK};
    struct otav_flash blind = peer.slot;
    struct otav_crypto no_aes = otav_crypto_openssl;
    static struct otav_context ctx;

    cut_at(9000, true);
    memcpy(checkpoint.withheld, plain, sizeof checkpoint.withheld);
    memcpy(checkpoint.previous, air + MARK - 16, sizeof checkpoint.previous);
    blind.read = NULL;
    no_aes.aes_cbc_begin = no_begin;
    ck_assert_uint_eq(
        otav_resume(&ctx, &peer.device, &otav_crypto_openssl, NULL, &transfer, &checkpoint),
        OTAV_ERR_ARG);
    ck_assert_uint_eq(
        otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &blind, &transfer, &checkpoint),
        OTAV_ERR_ARG);
    ck_assert_uint_eq(
        otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &peer.slot, &transfer, NULL),
        OTAV_ERR_ARG);
    ck_assert_uint_eq(otav_get_state(&ctx), OTAV_CLOSED);

    for (uint32_t len = 0; len <= 6 * OTAV_PAGE_LEN; len += 1024) {
        bool allowed = len >= OTAV_PAGE_LEN && len % OTAV_PAGE_LEN == 0 && len <= PLAIN_LEN;

        checkpoint.taken_len = len;
        checkpoint.plain_len = len;
        ck_assert_uint_eq(otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &peer.slot,
                                      &transfer, &checkpoint),
                          allowed ? OTAV_OK : OTAV_ERR_ARG);
        ck_assert_uint_eq(otav_get_state(&ctx), allowed ? OTAV_PAYLOAD : OTAV_FAILED);
        ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
        ck_assert_uint_eq(otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &peer.slot,
                                      &transfer, &checkpoint),
                          OTAV_ERR_STATE);
        otav_close(&ctx);
    }
    checkpoint.taken_len = MARK;
    checkpoint.plain_len = MARK;
    peer.device.has_decrypt_key = false;
    ck_assert_uint_eq(
        otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &peer.slot, &transfer, &checkpoint),
        OTAV_ERR_NO_DECRYPT_KEY);
    otav_close(&ctx);
    peer.device.has_decrypt_key = true;
    ck_assert_uint_eq(otav_resume(&ctx, &peer.device, &no_aes, &peer.slot, &transfer, &checkpoint),
                      OTAV_ERR_CRYPTO);
    otav_close(&ctx);
    peer.sim.fail_op = NVM_READ;
    peer.sim.fail_forever = true;
    for (unsigned nth = 1; nth <= 2; nth++) {
        peer.sim.fail_nth = peer.sim.calls[NVM_READ] + nth;
        ck_assert_uint_eq(otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &peer.slot,
                                      &transfer, &checkpoint),
                          OTAV_ERR_FLASH_READ);
        otav_close(&ctx);
    }
    peer.sim.fail_nth = 0;
    peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS)][0] = 0x7F; /* as after a commit */
    ck_assert_uint_eq(
        otav_resume(&ctx, &peer.device, &otav_crypto_openssl, &peer.slot, &transfer, &checkpoint),
        OTAV_ERR_STATE);
    ck_assert_uint_eq(otav_get_state(&ctx), OTAV_FAILED);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, test_resume_equals_uninterrupted_at_every_fragment, 0, 4);
    tcase_add_test(tcase, test_resume_silence_suspends);
    tcase_add_test(tcase, test_resume_is_only_for_who_asks);
    tcase_add_test(tcase, test_resume_other_image_starts_anew_and_voids_the_journal);
    tcase_add_test(tcase, test_resume_finished_image_starts_anew);
    tcase_add_test(tcase, test_resume_changed_flash_fails_and_starts_anew);
    tcase_add_test(tcase, test_resume_judges_the_metadata_again);
    tcase_add_test(tcase, test_resume_damaged_journal_never_harms);
    tcase_add_test(tcase, test_resume_forged_index_fails_and_starts_anew);
    tcase_add_loop_test(tcase, test_resume_waiting_mail_is_kept, 0, 3);
    tcase_add_test(tcase, test_resume_full_mailbox_with_mails_does_without);
    tcase_add_test(tcase, test_resume_goes_on_when_the_journal_is_full);
    tcase_add_test(tcase, test_resume_failing_mailbox_does_not_stop_the_transfer);
    tcase_add_loop_test(tcase, test_resume_power_cut_at_every_operation, 0, NVM_CUT_COUNT);
    tcase_add_test(tcase, test_resume_verifier_refuses_wrong_calls);
}

int main(void)
{
    return unit_main("service_resume", add_tests);
}
