/*
 * The bench of bench.h.
 * Layer: test.
 */
#include "bench.h"

#include <check.h>
#include <string.h>

#define ENOUGH_EVENTS 200000u

static bool host_read(void *ctx, uint32_t file_off, uint8_t *ret, uint32_t len)
{
    struct bench *b = ctx;

    ck_assert_msg(file_off <= b->file_len && len <= b->file_len - file_off,
                  "reads beyond the file");
    if (b->reads_left == 0) {
        return false;
    }
    b->reads_left--;
    memcpy(ret, b->file + file_off, len);
    return true;
}

static void host_sha256_start(void *ctx)
{
    struct bench *b = ctx;

    ck_assert_int_eq(digest_begin(&b->digest), OX_OK);
}

static void host_sha256_add(void *ctx, const uint8_t *bytes, uint32_t len)
{
    struct bench *b = ctx;

    ck_assert_int_eq(digest_update(&b->digest, bytes, len), OX_OK);
}

static bool host_sha256_end(void *ctx, uint8_t ret[OTAM_DIGEST_LEN])
{
    struct bench *b = ctx;
    uint8_t sha256[OTAV_SHA256_LEN];

    ck_assert_int_eq(digest_end(&b->digest, OX_OK, sha256), OX_OK);
    memcpy(ret, sha256, OTAM_DIGEST_LEN);
    return b->digest_err == OTAM_OK;
}

static bool host_save(void *ctx, const uint8_t state[OTAM_STATE_LEN])
{
    struct bench *b = ctx;

    b->saves++;
    if (b->save_fails) {
        return false;
    }
    memcpy(b->saved, state, OTAM_STATE_LEN);
    b->has_saved = true;
    return true;
}

static bool host_load(void *ctx, uint8_t ret[OTAM_STATE_LEN])
{
    const struct bench *b = ctx;

    if (b->has_saved) {
        memcpy(ret, b->saved, OTAM_STATE_LEN);
    }
    return b->has_saved;
}

static void host_forget(void *ctx)
{
    struct bench *b = ctx;

    b->has_saved = false;
}

static void host_progress(void *ctx, const struct otam_progress *progress)
{
    struct bench *b = ctx;

    b->reports++;
    ck_assert_uint_le(progress->confirmed_len, progress->image_len);
    ck_assert_uint_le(progress->sent_len, progress->image_len);
    if (progress->state == OTAM_CONNECTING) {
        ck_assert_uint_eq(progress->resumed_at, 0);
    }
    if (b->stop_at != OTAM_IDLE && progress->state == b->stop_at) {
        otam_stop(&b->m, b->device.now_ms);
    }
}

static const struct otam_host full_host = {
    .read = host_read,
    .sha256_start = host_sha256_start,
    .sha256_add = host_sha256_add,
    .sha256_end = host_sha256_end,
    .save = host_save,
    .load = host_load,
    .forget = host_forget,
    .progress = host_progress,
};

void bench_seal(struct bench *b)
{
    uint32_t sum = 0;

    b->file[2] = 0;
    b->file[3] = 0;
    for (uint32_t i = 0; i < b->file_len; i++) {
        sum += b->file[i];
    }
    b->file[2] = (uint8_t)(0u - sum);
    b->file[3] = (uint8_t)((0u - sum) >> 8);
}

struct bench *bench_new(uint32_t image_len)
{
    static struct bench b;
    static const uint8_t header[OTAM_HEADER_LEN] = {1,    1, 0, 0, 0x44, 0x33, 0x22, 0x9B,
                                                    0x04, 3, 2, 1, 1,    0,    0,    0};
    uint32_t state = image_len;

    memset(&b, 0, sizeof b);
    memcpy(b.file, header, sizeof header);
    b.image_off = OTAM_HEADER_LEN;
    b.file_len = OTAM_HEADER_LEN + image_len;
    for (uint32_t i = OTAM_HEADER_LEN; i < b.file_len; i++) {
        state = state * 1664525u + 1013904223u;
        b.file[i] = (uint8_t)(state >> 24);
    }
    bench_seal(&b);
    b.reads_left = ENOUGH_EVENTS;
    b.host = full_host;
    otam_config_init(&b.config);
    b.config.transport = &fake_transport;
    b.config.transport_ctx = &b.device;
    b.config.host = &b.host;
    b.config.host_ctx = &b;
    b.device.att_mtu = 247;
    b.device.ll_len = 251;
    b.device.version = 0x01020300;
    b.device.image = b.file + OTAM_HEADER_LEN;
    b.device.image_len = image_len;
    return &b;
}

void bench_rule(struct bench *b, struct fake_rule rule)
{
    ck_assert_uint_lt(b->device.rule_count, FAKE_RULE_MAX);
    b->device.rules[b->device.rule_count++] = rule;
}

enum otam_err bench_start(struct bench *b)
{
    b->config.file_len = b->file_len;
    return otam_start(&b->m, &b->config, b->device.now_ms);
}

void bench_go(struct bench *b, unsigned events)
{
    while (events-- > 0 && !otam_finished(&b->m)) {
        const struct otam_event *event = fake_next_event(&b->device);
        uint32_t wait_ms = otam_wait_ms(&b->m, b->device.now_ms);

        if (event != NULL) {
            otam_event(&b->m, event, b->device.now_ms);
            continue;
        }
        ck_assert_msg(wait_ms != UINT32_MAX, "waits for ever");
        if (wait_ms > 0) {
            enum otam_state before = otam_progress(&b->m)->state;

            otam_tick(&b->m, b->device.now_ms + wait_ms - 1);
            ck_assert_int_eq(otam_progress(&b->m)->state, before); /* not yet */
        }
        b->device.now_ms += wait_ms;
        otam_tick(&b->m, b->device.now_ms);
    }
}

enum otam_err bench_run(struct bench *b)
{
    ck_assert_int_eq(bench_start(b), OTAM_OK);
    bench_go(b, ENOUGH_EVENTS);
    ck_assert_msg(otam_finished(&b->m), "no end");
    ck_assert_msg(b->device.violation == NULL, "%s", b->device.violation);
    ck_assert_int_eq(otam_result(&b->m) == OTAM_OK, otam_progress(&b->m)->state == OTAM_DONE);
    ck_assert(!b->device.connected);
    return otam_result(&b->m);
}

void bench_expect_installed(const struct bench *b)
{
    ck_assert_int_eq(otam_result(&b->m), OTAM_OK);
    ck_assert(b->device.installed);
    ck_assert(b->device.reset);
    ck_assert_mem_eq(b->device.flash, b->device.image, b->device.image_len);
    ck_assert(!b->has_saved);
}
