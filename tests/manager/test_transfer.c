/*
 * The manager against a device that keeps to the profile: every cut of the image, what is written,
 * resume after disconnects and killed processes, waits.
 */
#include "unit.h"

#include "bench.h"

static const uint16_t mtus[] = {23, 37, 38, 185, 247, 256, 498, 517};
static const uint16_t ll_lens[] = {0, 27, 100, 251};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_for_link(uint32_t image_len, uint16_t att_mtu, uint16_t ll_len)
{
    struct bench *b = bench_new(image_len);

    b->device.att_mtu = att_mtu;
    b->device.ll_len = ll_len;
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    bench_expect_installed(b);
    ck_assert(otam_progress(&b->m)->reset_written);
    ck_assert_uint_eq(otam_progress(&b->m)->attempt, 1);
    ck_assert_uint_eq(b->device.count[FAKE_DISCONNECT], 0); /* left to the device */
    ck_assert_uint_eq(otam_progress(&b->m)->chunk_len, fake_best_chunk(att_mtu, ll_len));
    ck_assert_uint_eq(otam_progress(&b->m)->device_version, 0x01020300);
    ck_assert_uint_eq(otam_progress(&b->m)->confirmed_len, image_len);
    ck_assert_uint_eq(b->device.taken_len, image_len);
}

START_TEST(test_transfer_every_link_installs)
{
    static const uint32_t lens[] = {528, 1008, 1024, 1040, 2032, 2048, 2064, 5136};

    for (size_t i = 0; i < COUNT(lens); i++) {
        for (size_t k = 0; k < COUNT(mtus); k++) {
            for (size_t l = 0; l < COUNT(ll_lens); l++) {
                test_for_link(lens[i], mtus[k], ll_lens[l]);
            }
        }
    }
}
END_TEST

START_TEST(test_transfer_largest_image_installs)
{
    test_for_link(OTAM_IMAGE_MAX_LEN, 247, 251);
}
END_TEST

START_TEST(test_transfer_chunk_fills_packets_at_every_mtu)
{
    ck_assert_uint_eq(otam_chunk_len(23, 27), 20);
    ck_assert_uint_eq(otam_chunk_len(247, 251), 244);
    ck_assert_uint_eq(otam_chunk_len(498, 251), 495);
    ck_assert_uint_eq(otam_chunk_len(502, 251), 495);
    ck_assert_uint_eq(otam_chunk_len(515, 251), 495);
    for (uint16_t mtu = 23; mtu <= 517; mtu++) {
        for (uint16_t ll = 27; ll <= 251; ll++) {
            ck_assert_uint_eq(otam_chunk_len(mtu, ll), fake_best_chunk(mtu, ll));
        }
        ck_assert_uint_eq(otam_chunk_len(mtu, 0), otam_chunk_len(mtu, 251));
    }
}
END_TEST

START_TEST(test_transfer_request_has_the_bytes_of_the_profile)
{
    static const uint8_t fixed[] = {2, 0x20, 4, 0, 0, 0x44, 0x33, 0x22, 0x9B, 4, 3, 2, 1, 1};
    struct bench *b = bench_new(1056);
    uint8_t digest[OTAV_SHA256_LEN];

    ck_assert_int_eq(bench_run(b), OTAM_OK);
    ck_assert_uint_eq(b->device.request_len, 19);
    ck_assert_mem_eq(b->device.request, fixed, sizeof fixed);
    ck_assert_mem_eq(b->device.request + 14, b->file + 2, 2);
    ck_assert_mem_eq(b->device.request + 16, "\x01\x00\x00", 3);

    b = bench_new(1056);
    b->device.resumes = true;
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    ck_assert_uint_eq(b->device.request_len, 35);
    ck_assert_mem_eq(b->device.request, fixed, sizeof fixed);
    ck_assert_int_eq(digest_bytes(b->file + 16, 1056, digest), OX_OK);
    ck_assert_mem_eq(b->device.request + 19, digest, 16);
}
END_TEST

static size_t request_len_of(uint16_t att_mtu, bool resumes, bool hashes)
{
    struct bench *b = bench_new(1056);

    b->device.att_mtu = att_mtu;
    b->device.resumes = resumes;
    if (!hashes) {
        b->host.sha256_start = NULL;
        b->host.sha256_add = NULL;
        b->host.sha256_end = NULL;
        b->host.save = NULL;
        b->host.load = NULL;
        b->host.forget = NULL;
    }
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    return b->device.request_len;
}

START_TEST(test_transfer_long_request_only_where_it_fits)
{
    ck_assert_uint_eq(request_len_of(38, true, true), 35);
    ck_assert_uint_eq(request_len_of(37, true, true), 19);
    ck_assert_uint_eq(request_len_of(38, false, true), 19);
    ck_assert_uint_eq(request_len_of(38, true, false), 19);
}
END_TEST

/* ---- broken links ----------------------------------------------------------------------------- */

START_TEST(test_transfer_goes_on_after_a_break_at_every_group)
{
    for (unsigned group = 1; group <= 6; group++) {
        for (unsigned after = 0; after < 2; after++) {
            struct bench *b = bench_new(5 * 1024 + 512);

            b->device.resumes = true;
            bench_rule(b, (struct fake_rule){.op = FAKE_GROUP,
                                             .from = group,
                                             .count = 1,
                                             .action = after ? FAKE_DROP_AFTER : FAKE_DROP});
            ck_assert_int_eq(bench_run(b), OTAM_OK);
            bench_expect_installed(b);
            ck_assert_uint_eq(otam_progress(&b->m)->attempt, 2);
            ck_assert_int_eq(otam_progress(&b->m)->last_err, OTAM_ERR_LINK_LOST);
            ck_assert_uint_eq(otam_progress(&b->m)->resumed_at,
                              (group < 6 ? group : 5) * UINT64_C(1024));
            ck_assert_uint_eq(b->device.taken_len, b->device.image_len + (group == 6 ? 512 : 0));
        }
    }
}
END_TEST

static void break_at_write(bool resumes)
{
    unsigned writes;
    struct bench *b = bench_new(3 * 1024 + 64);

    ck_assert_int_eq(bench_run(b), OTAM_OK);
    writes = b->device.count[FAKE_DATA];
    ck_assert_uint_gt(writes, 15);
    for (unsigned nth = 1; nth <= writes; nth++) {
        b = bench_new(3 * 1024 + 64);
        b->device.resumes = resumes;
        bench_rule(
            b, (struct fake_rule){.op = FAKE_DATA, .from = nth, .count = 1, .action = FAKE_DROP});
        ck_assert_int_eq(bench_run(b), OTAM_OK);
        bench_expect_installed(b);
        ck_assert_uint_eq(otam_progress(&b->m)->resumed_at, resumes ? (nth - 1) / 5 * 1024 : 0);
    }
}

START_TEST(test_transfer_break_at_every_write_ends_with_the_same_image)
{
    break_at_write(true);
    break_at_write(false);
}
END_TEST

/* The process is gone between any two events, the link with it; the next one goes on. */
START_TEST(test_transfer_killed_process_goes_on)
{
    unsigned killed = 0;

    for (unsigned events = 1; events < 10000; events++) {
        struct bench *b = bench_new(4 * 1024 + 512);
        uint32_t kept_len;

        b->device.resumes = true;
        ck_assert_int_eq(bench_start(b), OTAM_OK);
        bench_go(b, events);
        if (otam_finished(&b->m)) {
            break;
        }
        if (b->device.installed) {
            continue; /* nothing is left to do but the reset */
        }
        killed++;
        fake_unplug(&b->device);
        kept_len = b->device.kept_len;
        memset(&b->m, 0xA5, sizeof b->m);
        ck_assert_int_eq(bench_start(b), OTAM_OK);
        /* What it knows before the device spoke: never more than the device has. */
        ck_assert_uint_le(otam_progress(&b->m)->confirmed_len, kept_len + 1024);
        ck_assert_int_eq(otam_progress(&b->m)->confirmed_len > 0, b->has_saved);
        bench_go(b, 10000);
        bench_expect_installed(b);
        ck_assert_uint_eq(otam_progress(&b->m)->resumed_at, kept_len);
    }
    ck_assert_uint_gt(killed, 10);
}
END_TEST

static struct bench *stopped_bench(void)
{
    struct bench *b = bench_new(3 * 1024);

    bench_rule(b, (struct fake_rule){.op = FAKE_GROUP, .from = 3, .count = 1, .action = FAKE_DROP});
    b->device.resumes = true;
    b->stop_at = OTAM_BACKING_OFF;
    ck_assert_int_eq(bench_run(b), OTAM_ERR_STOPPED);
    ck_assert(b->has_saved);
    return b;
}

START_TEST(test_transfer_saved_state_of_another_image_is_not_used)
{
    struct bench *b = stopped_bench();

    ck_assert_int_eq(bench_start(b), OTAM_OK);
    ck_assert_uint_eq(otam_progress(&b->m)->confirmed_len, 2048);
    for (unsigned at = 0; at < OTAM_STATE_LEN; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint32_t confirmed_len;

            b->saved[at] ^= (uint8_t)(1u << bit);
            ck_assert_int_eq(bench_start(b), OTAM_OK);
            confirmed_len = otam_progress(&b->m)->confirmed_len;
            /* Bytes 28 to 31 hold the index itself: other groups of the image are possible. */
            ck_assert(confirmed_len == 0 ||
                      (at >= 28 && confirmed_len <= 3072 && confirmed_len % 1024 == 0));
            b->saved[at] ^= (uint8_t)(1u << bit);
        }
    }
}
END_TEST

START_TEST(test_transfer_store_that_fails_stops_nothing)
{
    struct bench *b = bench_new(3 * 1024);

    b->save_fails = true;
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    bench_expect_installed(b);
    ck_assert_uint_eq(b->saves, 1);
    ck_assert(otam_progress(&b->m)->store_failed);
}
END_TEST

START_TEST(test_transfer_goes_on_as_long_as_there_is_progress)
{
    struct bench *b = bench_new(40 * 1024);

    b->device.resumes = true;
    b->config.attempts = 2;
    bench_rule(b,
               (struct fake_rule){
                   .op = FAKE_GROUP, .from = 1, .count = FAKE_ALWAYS, .action = FAKE_DROP_AFTER});
    ck_assert_int_eq(bench_run(b), OTAM_ERR_LINK_LOST);

    b = bench_new(10 * 1024);
    b->device.resumes = true;
    b->config.attempts = 2;
    for (unsigned nth = 8; nth <= 38; nth += 10) {
        bench_rule(
            b, (struct fake_rule){.op = FAKE_DATA, .from = nth, .count = 1, .action = FAKE_DROP});
    }
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    ck_assert_uint_eq(otam_progress(&b->m)->attempt, 5);
    bench_expect_installed(b);
}
END_TEST

/* ---- time ------------------------------------------------------------------------------------- */

START_TEST(test_transfer_backs_off_longer_each_time)
{
    struct bench *b = bench_new(1024);
    static const uint32_t at_ms[] = {0, 1000, 3000, 7000, 12000, 17000};

    b->config.attempts = 6;
    b->config.backoff_max_ms = 5000;
    bench_rule(b, (struct fake_rule){
                      .op = FAKE_CONNECT, .from = 1, .count = FAKE_ALWAYS, .action = FAKE_DROP});
    ck_assert_int_eq(bench_run(b), OTAM_ERR_CONNECT);
    ck_assert_uint_eq(b->device.count[FAKE_CONNECT], 6);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(b->device.connect_ms[i], at_ms[i]);
    }
}
END_TEST

START_TEST(test_transfer_back_off_does_not_overflow)
{
    struct bench *b = bench_new(1024);

    b->config.attempts = 40;
    b->config.backoff_max_ms = UINT32_MAX - 1;
    b->config.backoff_ms = 0x60000000;
    bench_rule(b, (struct fake_rule){
                      .op = FAKE_CONNECT, .from = 1, .count = FAKE_ALWAYS, .action = FAKE_DROP});
    ck_assert_int_eq(bench_run(b), OTAM_ERR_CONNECT);
    ck_assert_uint_eq(b->device.connect_ms[2] - b->device.connect_ms[1], 0xC0000000);
    ck_assert_uint_eq(b->device.connect_ms[3] - b->device.connect_ms[2], UINT32_MAX - 1);
}
END_TEST

START_TEST(test_transfer_clock_may_wrap)
{
    struct bench *b = bench_new(3 * 1024);

    b->device.now_ms = UINT32_MAX - 500;
    b->device.resumes = true;
    bench_rule(b, (struct fake_rule){.op = FAKE_GROUP, .from = 2, .count = 1, .action = FAKE_MUTE});
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    bench_expect_installed(b);
    ck_assert_uint_eq(b->device.connect_ms[1] - b->device.connect_ms[0],
                      b->config.group_ms + b->config.backoff_ms);
}
END_TEST

START_TEST(test_transfer_waits_for_room)
{
    for (unsigned nth = 1; nth <= 16; nth++) {
        struct bench *b = bench_new(3 * 1024);

        bench_rule(b, (struct fake_rule){
                          .op = FAKE_DATA, .from = nth, .count = nth, .action = FAKE_LATER});
        ck_assert_int_eq(bench_run(b), OTAM_OK);
        bench_expect_installed(b);
        ck_assert_uint_eq(otam_progress(&b->m)->attempt, 1);
    }
}
END_TEST

/* Each group has its own time, however long all of them take. */
START_TEST(test_transfer_slow_device_is_waited_for)
{
    static const uint8_t success[1] = {0};
    struct bench *b = bench_new(5 * 1024);

    bench_rule(b, (struct fake_rule){
                      .op = FAKE_GROUP, .from = 1, .count = FAKE_ALWAYS, .action = FAKE_SILENT});
    ck_assert_int_eq(bench_start(b), OTAM_OK);
    for (unsigned group = 1; group <= 5; group++) {
        while (b->device.count[FAKE_GROUP] < group) {
            bench_go(b, 1);
        }
        b->device.now_ms += b->config.group_ms - 1;
        otam_tick(&b->m, b->device.now_ms);
        b->device.unacknowledged = false;
        fake_notify(&b->device, OTAM_DATA, success, sizeof success);
        bench_go(b, 1);
    }
    bench_go(b, 100);
    bench_expect_installed(b);
    ck_assert_uint_eq(otam_progress(&b->m)->attempt, 1);
}
END_TEST

START_TEST(test_transfer_may_wait_for_ever)
{
    struct bench *b = bench_new(1024);

    b->config.connect_ms = UINT32_MAX;
    b->host.progress = NULL;
    bench_rule(
        b, (struct fake_rule){.op = FAKE_CONNECT, .from = 1, .count = 1, .action = FAKE_SILENT});
    ck_assert_int_eq(bench_start(b), OTAM_OK);
    ck_assert_uint_eq(otam_wait_ms(&b->m, UINT32_MAX), UINT32_MAX);
    otam_tick(&b->m, UINT32_MAX);
    ck_assert_int_eq(otam_progress(&b->m)->state, OTAM_CONNECTING);
}
END_TEST

/* ---- stop, and calls at the wrong time -------------------------------------------------------- */

START_TEST(test_transfer_can_be_stopped_in_every_state)
{
    for (int state = OTAM_CONNECTING; state <= OTAM_BACKING_OFF; state++) {
        struct bench *b = bench_new(3 * 1024);
        enum otam_err err;

        bench_rule(
            b, (struct fake_rule){.op = FAKE_GROUP, .from = 2, .count = 1, .action = FAKE_MUTE});
        b->stop_at = (enum otam_state)state;
        err = bench_run(b);
        if (state == OTAM_RESETTING) {
            bench_expect_installed(b); /* too late */
        } else {
            ck_assert_msg(err == OTAM_ERR_STOPPED, "%s: %s", otam_state_name(b->stop_at),
                          otam_err_text(err));
        }
        otam_stop(&b->m, 0);
        ck_assert_int_eq(otam_result(&b->m), err);
    }
}
END_TEST

START_TEST(test_transfer_stop_from_outside_ends_the_connection)
{
    for (unsigned events = 0; events < 12; events++) {
        struct bench *b = bench_new(3 * 1024);

        ck_assert_int_eq(bench_start(b), OTAM_OK);
        ck_assert_int_eq(otam_result(&b->m), OTAM_ERR_ORDER);
        bench_go(b, events);
        otam_stop(&b->m, b->device.now_ms);
        ck_assert(!b->device.connected);
        bench_go(b, 10);
        ck_assert_int_eq(otam_result(&b->m), OTAM_ERR_STOPPED);
    }
}
END_TEST

static struct bench *careless;

static bool careless_read_feature(void *ctx)
{
    const struct otam_event event = {.type = OTAM_EV_DISCONNECTED};

    (void)ctx;
    otam_event(&careless->m, &event, 0);
    return true;
}

START_TEST(test_transfer_event_from_a_callback_ends_the_run)
{
    struct otam_transport transport = fake_transport;

    careless = bench_new(1024);
    transport.read_feature = careless_read_feature;
    careless->config.transport = &transport;
    ck_assert_int_eq(bench_run(careless), OTAM_ERR_ORDER);
}
END_TEST

START_TEST(test_transfer_events_after_the_end_change_nothing)
{
    struct bench *b = bench_new(1024);

    ck_assert_int_eq(bench_run(b), OTAM_OK);
    for (int type = OTAM_EV_CONNECTED; type <= OTAM_EV_NOTIFIED; type++) {
        const struct otam_event event = {.type = (enum otam_event_type)type, .att_mtu = 23};

        otam_event(&b->m, &event, b->device.now_ms);
        otam_tick(&b->m, b->device.now_ms + 1000000);
    }
    bench_expect_installed(b);
    ck_assert_uint_eq(b->device.count[FAKE_CONNECT], 1);
    ck_assert_uint_eq(otam_wait_ms(&b->m, 0), UINT32_MAX);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_transfer_every_link_installs);
    tcase_add_test(tc, test_transfer_largest_image_installs);
    tcase_add_test(tc, test_transfer_chunk_fills_packets_at_every_mtu);
    tcase_add_test(tc, test_transfer_request_has_the_bytes_of_the_profile);
    tcase_add_test(tc, test_transfer_long_request_only_where_it_fits);
    tcase_add_test(tc, test_transfer_goes_on_after_a_break_at_every_group);
    tcase_add_test(tc, test_transfer_break_at_every_write_ends_with_the_same_image);
    tcase_add_test(tc, test_transfer_killed_process_goes_on);
    tcase_add_test(tc, test_transfer_saved_state_of_another_image_is_not_used);
    tcase_add_test(tc, test_transfer_store_that_fails_stops_nothing);
    tcase_add_test(tc, test_transfer_goes_on_as_long_as_there_is_progress);
    tcase_add_test(tc, test_transfer_backs_off_longer_each_time);
    tcase_add_test(tc, test_transfer_back_off_does_not_overflow);
    tcase_add_test(tc, test_transfer_clock_may_wrap);
    tcase_add_test(tc, test_transfer_waits_for_room);
    tcase_add_test(tc, test_transfer_slow_device_is_waited_for);
    tcase_add_test(tc, test_transfer_may_wait_for_ever);
    tcase_add_test(tc, test_transfer_can_be_stopped_in_every_state);
    tcase_add_test(tc, test_transfer_stop_from_outside_ends_the_connection);
    tcase_add_test(tc, test_transfer_event_from_a_callback_ends_the_run);
    tcase_add_test(tc, test_transfer_events_after_the_end_change_nothing);
}

int main(void)
{
    return unit_main("manager_transfer", add_tests);
}
