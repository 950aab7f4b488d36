/*
 * The manager against devices that fail, lie, stay silent or talk too much, from the profile's
 * description: every result code, length and order of answers. A run always ends, after a bounded
 * number of connections, and never as done unless the device said so.
 */
#include "unit.h"

#include "bench.h"

#define IMAGE_LEN 3072u

static struct fake_rule answer_rule(enum fake_op op, unsigned count, const void *bytes, size_t len)
{
    struct fake_rule rule = {.op = op, .from = 1, .count = count, .action = FAKE_ANSWER};

    memcpy(rule.bytes, bytes, len);
    rule.bytes_len = len;
    return rule;
}

/* Runs with one rule on a stock device; expects err after so many connections. */
static struct bench *expect(struct fake_rule rule, enum otam_err err, unsigned attempts)
{
    struct bench *b = bench_new(IMAGE_LEN);
    enum otam_err got;

    bench_rule(b, rule);
    got = bench_run(b);
    ck_assert_msg(got == err, "operation %d, action %d: %s, expected %s", (int)rule.op,
                  (int)rule.action, otam_err_text(got), otam_err_text(err));
    ck_assert_msg(b->device.count[FAKE_CONNECT] == attempts,
                  "operation %d, action %d: %u connections, expected %u", (int)rule.op,
                  (int)rule.action, b->device.count[FAKE_CONNECT], attempts);
    if (err == OTAM_OK) {
        bench_expect_installed(b);
    } else {
        ck_assert(!b->device.reset);
    }
    return b;
}

/* Once: the second connection brings the image over. Always: after five it gives up. */
static void expect_retried(struct fake_rule rule, enum otam_err err)
{
    struct bench *b;

    rule.count = 1;
    b = expect(rule, OTAM_OK, 2);
    ck_assert_int_eq(otam_progress(&b->m)->last_err, err);
    rule.count = FAKE_ALWAYS;
    expect(rule, err, 5);
}

/* ---- result codes ----------------------------------------------------------------------------- */

/* spec: MCHP OTA profile, result codes; what each means for another attempt. 4 to data: ours. */
static enum otam_err meaning(enum fake_op op, unsigned result)
{
    switch (result) {
    case 1:
    case 5:
        return OTAM_ERR_DEVICE;
    case 2:
        return OTAM_ERR_REFUSED;
    case 4:
        return op == FAKE_GROUP ? OTAM_ERR_IMAGE : OTAM_ERR_REFUSED;
    case 3:
        return op == FAKE_COMPLETE ? OTAM_ERR_IMAGE : OTAM_ERR_DEVICE;
    default:
        return OTAM_ERR_PROTOCOL;
    }
}

static size_t result_answer(enum fake_op op, uint8_t result, uint8_t ret[13])
{
    memset(ret, 0, 13);
    if (op == FAKE_GROUP) {
        ret[0] = result;
        return 1;
    }
    ret[0] = 1;
    ret[1] = (uint8_t)(op == FAKE_REQUEST ? 2 : op == FAKE_START ? 3 : 4);
    ret[2] = result;
    return op == FAKE_REQUEST ? 13 : 3;
}

START_TEST(test_hostile_every_result_code)
{
    static const enum fake_op ops[] = {FAKE_REQUEST, FAKE_START, FAKE_GROUP, FAKE_COMPLETE};

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        for (unsigned result = 1; result < 256; result++) {
            enum otam_err err = meaning(ops[i], result);
            bool is_final = err == OTAM_ERR_REFUSED || err == OTAM_ERR_IMAGE;
            uint8_t bytes[13];
            size_t len = result_answer(ops[i], (uint8_t)result, bytes);
            struct bench *b =
                expect(answer_rule(ops[i], FAKE_ALWAYS, bytes, len), err, is_final ? 1 : 5);

            ck_assert_uint_eq(otam_progress(&b->m)->last_result, result);
        }
    }
}
END_TEST

START_TEST(test_hostile_refused_image_is_forgotten)
{
    struct fake_rule rule = answer_rule(FAKE_GROUP, 1, "\x04", 1);
    struct bench *b = expect(answer_rule(FAKE_COMPLETE, 1, "\x01\x04\x03", 3), OTAM_ERR_IMAGE, 1);

    ck_assert(!b->has_saved);
    rule.from = 2; /* the first group was saved */
    b = expect(rule, OTAM_ERR_IMAGE, 1);
    ck_assert(!b->has_saved);
    b = expect(answer_rule(FAKE_COMPLETE, FAKE_ALWAYS, "\x01\x04\x01", 3), OTAM_ERR_DEVICE, 5);
    ck_assert(b->has_saved);
}
END_TEST

/* ---- malformed answers ------------------------------------------------------------------------ */

static void expect_lengths(enum fake_op op, const uint8_t *good, size_t good_len)
{
    for (size_t len = 0; len <= 40; len++) {
        uint8_t bytes[40] = {0};

        memcpy(bytes, good, len < good_len ? len : good_len);
        if (len != good_len) {
            expect_retried(answer_rule(op, 1, bytes, len), OTAM_ERR_PROTOCOL);
        }
    }
}

START_TEST(test_hostile_answers_of_every_length)
{
    static const uint8_t granted[13] = {1, 2, 0, 0, 4};

    expect_lengths(FAKE_READ, (const uint8_t *)"\x01\x81", 2);
    expect_lengths(FAKE_REQUEST, granted, 13);
    expect_lengths(FAKE_START, (const uint8_t *)"\x01\x03\x00", 3);
    expect_lengths(FAKE_GROUP, (const uint8_t *)"", 1);
    expect_lengths(FAKE_COMPLETE, (const uint8_t *)"\x01\x04\x00", 3);
}
END_TEST

START_TEST(test_hostile_every_byte_of_the_grant)
{
    for (unsigned at = 0; at < 13; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t bytes[13] = {1, 2, 0, 0, 4};
            enum otam_err err;
            struct bench *b = bench_new(IMAGE_LEN);

            b->device.resumes = true;
            bytes[at] ^= (uint8_t)(1u << bit);
            bench_rule(b, answer_rule(FAKE_REQUEST, 1, bytes, sizeof bytes));
            b->config.attempts = 1;
            (void)bench_start(b);
            bench_go(b, 10000);
            ck_assert(otam_finished(&b->m));
            err = otam_result(&b->m);
            if (at == 2) {
                ck_assert_int_eq(err, meaning(FAKE_REQUEST, 1u << bit));
            } else if (at < 5) {
                ck_assert_int_eq(err, OTAM_ERR_PROTOCOL);
            } else if (at >= 9) {
                ck_assert_int_eq(err, OTAM_OK); /* the version is only told */
            } else if (at == 6 && (bit == 2 || bit == 3)) {
                /* 1024 or 2048: its word is taken, the image is its loss. */
                ck_assert_int_ne(err, OTAM_ERR_START_INDEX);
            } else {
                ck_assert_int_eq(err, OTAM_ERR_START_INDEX);
            }
        }
    }
}
END_TEST

START_TEST(test_hostile_start_index)
{
    static const struct {
        uint32_t start;
        bool ok;
    } cases[] = {{0, true},     {1023, false}, {1025, false},       {3072, true},
                 {4096, false}, {2048, true},  {0xFFFFFC00, false}, {0x80000000, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[13] = {1, 2, 0, 0, 4};
        struct bench *b = bench_new(IMAGE_LEN);

        b->device.resumes = true;
        b->config.attempts = 1;
        memcpy(bytes + 5,
               (const uint8_t[]){(uint8_t)cases[i].start, (uint8_t)(cases[i].start >> 8),
                                 (uint8_t)(cases[i].start >> 16), (uint8_t)(cases[i].start >> 24)},
               4);
        bench_rule(b, answer_rule(FAKE_REQUEST, 1, bytes, sizeof bytes));
        (void)bench_start(b);
        bench_go(b, 10000);
        ck_assert_int_eq(otam_result(&b->m) == OTAM_ERR_START_INDEX, !cases[i].ok);
        if (cases[i].ok) {
            ck_assert_uint_eq(otam_progress(&b->m)->resumed_at, cases[i].start);
        }
    }
}
END_TEST

START_TEST(test_hostile_start_index_unasked_is_refused)
{
    static const uint8_t bytes[13] = {1, 2, 0, 0, 4, 0, 4};
    struct bench *b = bench_new(IMAGE_LEN);

    bench_rule(b, answer_rule(FAKE_REQUEST, FAKE_ALWAYS, bytes, sizeof bytes));
    ck_assert_int_eq(bench_run(b), OTAM_ERR_START_INDEX);
    ck_assert_uint_eq(b->device.count[FAKE_START], 0);
}
END_TEST

/* All is there already: nothing is sent, the device is asked to complete. */
START_TEST(test_hostile_start_index_at_the_end_completes)
{
    struct bench *b = bench_new(IMAGE_LEN);

    b->device.resumes = true;
    bench_rule(b,
               (struct fake_rule){.op = FAKE_COMPLETE, .from = 1, .count = 1, .action = FAKE_DROP});
    ck_assert_int_eq(bench_run(b), OTAM_OK);
    bench_expect_installed(b);
    ck_assert_uint_eq(b->device.taken_len, IMAGE_LEN);
    ck_assert_uint_eq(otam_progress(&b->m)->resumed_at, IMAGE_LEN);
}
END_TEST

START_TEST(test_hostile_feature_without_firmware_is_final)
{
    expect(answer_rule(FAKE_READ, 1, "\x00\x81", 2), OTAM_ERR_FEATURE, 1);
    expect(answer_rule(FAKE_READ, 1, "\x02\x01", 2), OTAM_ERR_FEATURE, 1);
    expect(answer_rule(FAKE_READ, 1, "\x03\x01", 2), OTAM_OK, 1);
}
END_TEST

START_TEST(test_hostile_mtu_below_the_least_is_refused)
{
    for (uint16_t mtu = 0; mtu < 23; mtu++) {
        struct bench *b = bench_new(IMAGE_LEN);

        b->device.att_mtu = mtu;
        ck_assert_int_eq(bench_run(b), OTAM_ERR_PROTOCOL);
    }
}
END_TEST

/* ---- silence, errors, lost links -------------------------------------------------------------- */

static const enum fake_op steps[] = {FAKE_CONNECT,        FAKE_SUBSCRIBE_CONTROL,
                                     FAKE_SUBSCRIBE_DATA, FAKE_READ,
                                     FAKE_REQUEST,        FAKE_START,
                                     FAKE_DATA,           FAKE_GROUP,
                                     FAKE_COMPLETE};

enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

START_TEST(test_hostile_silence_at_every_step_times_out)
{
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        expect_retried((struct fake_rule){.op = steps[i], .from = 1, .action = FAKE_SILENT},
                       steps[i] == FAKE_CONNECT ? OTAM_ERR_CONNECT : OTAM_ERR_TIMEOUT);
    }
}
END_TEST

START_TEST(test_hostile_lost_notification_times_out)
{
    static const enum fake_op ops[] = {FAKE_REQUEST, FAKE_START, FAKE_GROUP, FAKE_COMPLETE};

    for (unsigned i = 0; i < 4; i++) {
        expect_retried((struct fake_rule){.op = ops[i], .from = 1, .action = FAKE_MUTE},
                       OTAM_ERR_TIMEOUT);
    }
}
END_TEST

START_TEST(test_hostile_lost_link_at_every_step)
{
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        expect_retried((struct fake_rule){.op = steps[i], .from = 1, .action = FAKE_DROP},
                       steps[i] == FAKE_CONNECT ? OTAM_ERR_CONNECT : OTAM_ERR_LINK_LOST);
    }
}
END_TEST

START_TEST(test_hostile_error_at_every_step)
{
    static const enum fake_op ops[] = {FAKE_SUBSCRIBE_CONTROL, FAKE_SUBSCRIBE_DATA, FAKE_READ,
                                       FAKE_REQUEST,           FAKE_START,          FAKE_COMPLETE};

    for (unsigned i = 0; i < 6; i++) {
        expect_retried((struct fake_rule){.op = ops[i], .from = 1, .action = FAKE_ATT_ERROR},
                       OTAM_ERR_DEVICE);
    }
}
END_TEST

START_TEST(test_hostile_transport_refusal_at_every_step)
{
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        if (steps[i] != FAKE_GROUP) {
            expect_retried((struct fake_rule){.op = steps[i], .from = 1, .action = FAKE_REFUSE},
                           OTAM_ERR_TRANSPORT);
        }
    }
}
END_TEST

START_TEST(test_hostile_no_room_for_ever_times_out)
{
    struct bench *b = bench_new(IMAGE_LEN);

    /* Room is announced and never there: the wait is not renewed. */
    b->config.group_ms = 0;
    b->config.attempts = 1;
    bench_rule(b, (struct fake_rule){
                      .op = FAKE_DATA, .from = 2, .count = FAKE_ALWAYS, .action = FAKE_LATER});
    ck_assert_int_eq(bench_start(b), OTAM_OK);
    bench_go(b, 20);
    ck_assert_uint_gt(b->device.count[FAKE_DATA], 3);
    otam_tick(&b->m, b->device.now_ms);
    bench_go(b, 5);
    ck_assert_int_eq(otam_result(&b->m), OTAM_ERR_TIMEOUT);
}
END_TEST

START_TEST(test_hostile_disconnect_that_fails_is_no_obstacle)
{
    static const enum fake_action actions[] = {FAKE_SILENT, FAKE_REFUSE};

    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = bench_new(IMAGE_LEN);

        bench_rule(
            b, (struct fake_rule){.op = FAKE_START, .from = 1, .count = 1, .action = FAKE_MUTE});
        bench_rule(
            b, (struct fake_rule){
                   .op = FAKE_DISCONNECT, .from = 1, .count = FAKE_ALWAYS, .action = actions[i]});
        ck_assert_int_eq(bench_run(b), OTAM_OK);
        bench_expect_installed(b);
    }
}
END_TEST

/* ---- order ------------------------------------------------------------------------------------ */

START_TEST(test_hostile_notification_may_come_before_the_answer_to_the_write)
{
    static const enum fake_op ops[] = {FAKE_REQUEST, FAKE_START, FAKE_COMPLETE};

    for (unsigned i = 0; i < 3; i++) {
        expect(
            (struct fake_rule){
                .op = ops[i], .from = 1, .count = FAKE_ALWAYS, .action = FAKE_NOTIFY_FIRST},
            OTAM_OK, 1);
    }
}
END_TEST

static void expect_extra(enum fake_op op, enum otam_channel channel, const char *bytes, size_t len,
                         enum otam_err err)
{
    struct fake_rule rule = {
        .op = op, .from = 1, .count = FAKE_ALWAYS, .action = FAKE_EXTRA, .channel = channel};
    struct bench *b = bench_new(IMAGE_LEN);

    memcpy(rule.bytes, bytes, len);
    rule.bytes_len = len;
    bench_rule(b, rule);
    ck_assert_int_eq(bench_run(b), err);
    ck_assert_uint_eq(b->device.count[FAKE_CONNECT], err == OTAM_OK ? 1 : 5);
}

START_TEST(test_hostile_unexpected_notifications_at_every_step)
{
    for (unsigned i = 0; i < STEP_COUNT; i++) {
        /* The second success of a group, and answers to what was not asked. */
        expect_extra(steps[i], OTAM_CONTROL, "\x01\x05\x00", 3,
                     steps[i] == FAKE_COMPLETE ? OTAM_OK : OTAM_ERR_PROTOCOL);
        expect_extra(steps[i], OTAM_DATA, "\x00", 1,
                     steps[i] == FAKE_COMPLETE ? OTAM_OK : OTAM_ERR_PROTOCOL);
    }
}
END_TEST

static void say(struct bench *b, enum otam_channel channel, const void *bytes, size_t len)
{
    const struct otam_event event = {
        .type = OTAM_EV_NOTIFIED, .channel = channel, .data = bytes, .data_len = len};

    otam_event(&b->m, &event, b->device.now_ms);
}

/* A manager that has sent one write of its first group and has no room for the next. */
static struct bench *bench_within_a_group(void)
{
    struct bench *b = bench_new(IMAGE_LEN);

    bench_rule(b, (struct fake_rule){
                      .op = FAKE_DATA, .from = 2, .count = FAKE_ALWAYS, .action = FAKE_LATER});
    ck_assert_int_eq(bench_start(b), OTAM_OK);
    while (otam_progress(&b->m)->state != OTAM_SENDING) {
        bench_go(b, 1);
    }
    ck_assert_uint_eq(otam_progress(&b->m)->sent_len, 244);
    return b;
}

START_TEST(test_hostile_success_before_the_group_is_sent)
{
    struct bench *b = bench_within_a_group();

    say(b, OTAM_DATA, "\x00", 1);
    ck_assert_int_eq(otam_progress(&b->m)->state, OTAM_DISCONNECTING);
    ck_assert_int_eq(otam_progress(&b->m)->last_err, OTAM_ERR_PROTOCOL);
    ck_assert_uint_eq(otam_progress(&b->m)->confirmed_len, 0);
}
END_TEST

START_TEST(test_hostile_failure_before_the_group_is_sent)
{
    struct bench *b = bench_within_a_group();

    say(b, OTAM_DATA, "\x03", 1);
    ck_assert_int_eq(otam_progress(&b->m)->state, OTAM_DISCONNECTING);
    ck_assert_int_eq(otam_progress(&b->m)->last_err, OTAM_ERR_DEVICE);
    ck_assert_uint_eq(otam_progress(&b->m)->last_result, 3);
}
END_TEST

/* Two answers before the write was answered: the second is one too many, and its start index does
 * not count. */
START_TEST(test_hostile_two_answers_to_one_request)
{
    static const uint8_t first[13] = {1, 2, 0, 0, 4};
    static const uint8_t second[13] = {1, 2, 0, 0, 4, 0, 4};
    struct bench *b = bench_new(IMAGE_LEN);

    b->device.resumes = true;
    bench_rule(
        b, (struct fake_rule){.op = FAKE_REQUEST, .from = 1, .count = 1, .action = FAKE_SILENT});
    ck_assert_int_eq(bench_start(b), OTAM_OK);
    while (otam_progress(&b->m)->state != OTAM_REQUESTING) {
        bench_go(b, 1);
    }
    say(b, OTAM_CONTROL, first, sizeof first);
    ck_assert_int_eq(otam_progress(&b->m)->state, OTAM_REQUESTING);
    say(b, OTAM_CONTROL, second, sizeof second);
    ck_assert_int_eq(otam_progress(&b->m)->last_err, OTAM_ERR_PROTOCOL);
    ck_assert_uint_eq(otam_progress(&b->m)->resumed_at, 0);
}
END_TEST

START_TEST(test_hostile_answer_to_another_operation)
{
    expect_retried(answer_rule(FAKE_START, 1, "\x01\x04\x00", 3), OTAM_ERR_PROTOCOL);
    expect_retried(answer_rule(FAKE_START, 1, "\x03\x03\x00", 3), OTAM_ERR_PROTOCOL);
    expect_retried(answer_rule(FAKE_COMPLETE, 1, "\x01\x03\x00", 3), OTAM_ERR_PROTOCOL);
    expect_retried(answer_rule(FAKE_COMPLETE, 1, "\x04\x04\x00", 3), OTAM_ERR_PROTOCOL);
}
END_TEST

/* Thousands of notifications change nothing but the end of the connection. */
START_TEST(test_hostile_flood_ends_the_connection)
{
    struct bench *b = bench_new(IMAGE_LEN);

    ck_assert_int_eq(bench_start(b), OTAM_OK);
    bench_go(b, 6);
    for (unsigned i = 0; i < 3000; i++) {
        const struct otam_event flood = {.type = OTAM_EV_NOTIFIED,
                                         .channel = i % 2 == 0 ? OTAM_DATA : OTAM_CONTROL,
                                         .data = (const uint8_t *)"",
                                         .data_len = 1};

        otam_event(&b->m, &flood, b->device.now_ms);
    }
    ck_assert_int_eq(otam_progress(&b->m)->state, OTAM_DISCONNECTING);
    ck_assert_uint_eq(b->device.count[FAKE_DISCONNECT], 1);
    bench_go(b, 10000);
    bench_expect_installed(b);
    ck_assert_uint_eq(otam_progress(&b->m)->attempt, 2);
}
END_TEST

/* Every event in every state: none crashes, none is taken for an answer that is not due. */
START_TEST(test_hostile_every_event_after_every_event)
{
    for (unsigned events = 0; events < 20; events++) {
        for (int type = OTAM_EV_CONNECTED; type <= OTAM_EV_WRITABLE; type++) {
            struct bench *b = bench_new(1024);
            struct otam_event event = {.type = (enum otam_event_type)type,
                                       .ok = true,
                                       .att_mtu = 23,
                                       .data = (const uint8_t *)"\x01\x01",
                                       .data_len = 2};

            ck_assert_int_eq(bench_start(b), OTAM_OK);
            bench_go(b, events);
            if (type == OTAM_EV_DISCONNECTED) {
                fake_unplug(&b->device);
            }
            otam_event(&b->m, &event, b->device.now_ms);
            bench_go(b, 10000);
            ck_assert(otam_finished(&b->m));
            ck_assert(otam_result(&b->m) != OTAM_OK || b->device.installed);
        }
    }
}
END_TEST

/* ---- reset ------------------------------------------------------------------------------------ */

/* The device has the image: whatever becomes of the reset, the run is done, and no second
 * connection is made that could reset a device on trial. */
START_TEST(test_hostile_reset_is_written_once)
{
    static const enum fake_action actions[] = {FAKE_SILENT, FAKE_DROP, FAKE_ATT_ERROR, FAKE_REFUSE,
                                               FAKE_EXTRA};

    for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        struct bench *b = bench_new(IMAGE_LEN);

        bench_rule(
            b, (struct fake_rule){.op = FAKE_RESET, .from = 1, .count = 1, .action = actions[i]});
        ck_assert_int_eq(bench_run(b), OTAM_OK);
        ck_assert(b->device.installed);
        ck_assert_uint_eq(b->device.count[FAKE_CONNECT], 1);
        ck_assert_uint_eq(b->device.count[FAKE_RESET], 1);
        ck_assert_int_eq(otam_progress(&b->m)->reset_written, actions[i] == FAKE_EXTRA);
        ck_assert(!b->has_saved);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_hostile_every_result_code);
    tcase_add_test(tc, test_hostile_refused_image_is_forgotten);
    tcase_add_test(tc, test_hostile_answers_of_every_length);
    tcase_add_test(tc, test_hostile_every_byte_of_the_grant);
    tcase_add_test(tc, test_hostile_start_index);
    tcase_add_test(tc, test_hostile_start_index_unasked_is_refused);
    tcase_add_test(tc, test_hostile_start_index_at_the_end_completes);
    tcase_add_test(tc, test_hostile_feature_without_firmware_is_final);
    tcase_add_test(tc, test_hostile_mtu_below_the_least_is_refused);
    tcase_add_test(tc, test_hostile_silence_at_every_step_times_out);
    tcase_add_test(tc, test_hostile_lost_notification_times_out);
    tcase_add_test(tc, test_hostile_lost_link_at_every_step);
    tcase_add_test(tc, test_hostile_error_at_every_step);
    tcase_add_test(tc, test_hostile_transport_refusal_at_every_step);
    tcase_add_test(tc, test_hostile_no_room_for_ever_times_out);
    tcase_add_test(tc, test_hostile_disconnect_that_fails_is_no_obstacle);
    tcase_add_test(tc, test_hostile_notification_may_come_before_the_answer_to_the_write);
    tcase_add_test(tc, test_hostile_unexpected_notifications_at_every_step);
    tcase_add_test(tc, test_hostile_success_before_the_group_is_sent);
    tcase_add_test(tc, test_hostile_failure_before_the_group_is_sent);
    tcase_add_test(tc, test_hostile_two_answers_to_one_request);
    tcase_add_test(tc, test_hostile_answer_to_another_operation);
    tcase_add_test(tc, test_hostile_flood_ends_the_connection);
    tcase_add_test(tc, test_hostile_every_event_after_every_event);
    tcase_add_test(tc, test_hostile_reset_is_written_once);
}

int main(void)
{
    return unit_main("manager_hostile", add_tests);
}
