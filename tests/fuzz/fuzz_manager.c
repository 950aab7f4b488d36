/*
 * Fuzz target: the manager against a device, a transport and a clock that do what the input says. The
 * run ends after a bounded number of connections, writes stay inside the MTU and the groups, reads
 * inside the file, and a run is done only after the device answered complete with success.
 *
 * Layer: test; reads no files.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <otam/otam.h>

#include "fuzz_mute.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IMAGE_LEN = 3 * 1024 + 64, FILE_LEN = OTAM_HEADER_LEN + IMAGE_LEN, EVENTS_MAX = 2000 };

/* The input, taken byte by byte; zeros behind its end. */
struct script {
    const uint8_t *data;
    size_t len;
};

static struct script script;
static uint8_t file[FILE_LEN];
static uint16_t att_mtu;
static bool connected;
static bool completing;
static bool completed;
static unsigned connects;
static uint8_t state[OTAM_STATE_LEN];
static bool has_state;

static uint8_t next_byte(void)
{
    if (script.len == 0) {
        return 0;
    }
    script.len--;
    return *script.data++;
}

/* One in eight calls is refused. */
static bool accepts(void)
{
    return next_byte() % 8 != 7;
}

static bool on_connect(void *ctx)
{
    (void)ctx;
    fuzz_expect(!connected);
    connects++;
    connected = accepts();
    return connected;
}

static bool on_disconnect(void *ctx)
{
    (void)ctx;
    connected = false;
    completing = false;
    return accepts();
}

static bool on_subscribe(void *ctx, enum otam_channel channel)
{
    (void)ctx;
    (void)channel;
    fuzz_expect(connected);
    return accepts();
}

static bool on_read(void *ctx)
{
    (void)ctx;
    fuzz_expect(connected);
    return accepts();
}

static bool on_write(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    fuzz_expect(connected && len > 0 && len <= att_mtu - 3u);
    fuzz_expect(data[0] >= 2 && data[0] <= 5);
    fuzz_expect(data[0] != 2 || len == 19 || len == 35);
    if (data[0] == 5) {
        fuzz_expect(completed);
    }
    completing = data[0] == 4;
    return accepts();
}

static enum otam_tx on_write_command(void *ctx, const uint8_t *data, size_t len)
{
    uint8_t answer = next_byte();
    const struct otam_progress *progress = otam_progress(ctx);
    uint32_t at = progress->sent_len;

    fuzz_expect(connected && len > 0 && len <= att_mtu - 3u && at + len <= IMAGE_LEN);
    fuzz_expect(at / OTAM_GROUP_LEN == (at + len - 1) / OTAM_GROUP_LEN);
    fuzz_expect(at - progress->confirmed_len < OTAM_GROUP_LEN);
    fuzz_expect(memcmp(data, file + OTAM_HEADER_LEN + at, len) == 0);
    return answer % 16 == 15 ? OTAM_TX_FAILED : answer % 16 == 14 ? OTAM_TX_LATER : OTAM_TX_TAKEN;
}

static const struct otam_transport transport = {on_connect, on_disconnect, on_subscribe,
                                                on_read,    on_write,      on_write_command};

static bool host_read(void *ctx, uint32_t file_off, uint8_t *ret, uint32_t len)
{
    (void)ctx;
    fuzz_expect(file_off <= FILE_LEN && len <= FILE_LEN - file_off);
    memcpy(ret, file + file_off, len);
    return true;
}

static void sha256_start(void *ctx)
{
    (void)ctx;
}

static void sha256_add(void *ctx, const uint8_t *bytes, uint32_t len)
{
    (void)ctx;
    (void)bytes;
    (void)len;
}

static bool sha256_end(void *ctx, uint8_t ret[OTAM_DIGEST_LEN])
{
    (void)ctx;
    memset(ret, 0x5A, OTAM_DIGEST_LEN);
    return true;
}

static bool host_save(void *ctx, const uint8_t saved[OTAM_STATE_LEN])
{
    (void)ctx;
    memcpy(state, saved, OTAM_STATE_LEN);
    has_state = accepts();
    return has_state;
}

static bool host_load(void *ctx, uint8_t ret[OTAM_STATE_LEN])
{
    (void)ctx;
    memcpy(ret, state, OTAM_STATE_LEN);
    return has_state;
}

static void host_forget(void *ctx)
{
    (void)ctx;
    has_state = false;
}

static const struct otam_host host = {.read = host_read,
                                      .sha256_start = sha256_start,
                                      .sha256_add = sha256_add,
                                      .sha256_end = sha256_end,
                                      .save = host_save,
                                      .load = host_load,
                                      .forget = host_forget};

static void make_file(void)
{
    uint32_t sum = 0;

    memset(file, 0, sizeof file);
    file[0] = 1;
    file[12] = 1;
    for (uint32_t i = OTAM_HEADER_LEN; i < FILE_LEN; i++) {
        file[i] = (uint8_t)(i * 7);
    }
    for (uint32_t i = 0; i < FILE_LEN; i++) {
        sum += file[i];
    }
    file[2] = (uint8_t)(0u - sum);
    file[3] = (uint8_t)((0u - sum) >> 8);
}

/* What a device that keeps to the profile would notify now, so that inputs get far. */
static size_t honest_bytes(const struct otam *m, uint8_t bytes[64], struct otam_event *event)
{
    static const uint8_t grant[13] = {1, 2, 0, 0, 4};
    enum otam_state at = otam_progress(m)->state;

    memset(bytes, 0, 64);
    event->channel = at == OTAM_SENDING ? OTAM_DATA : OTAM_CONTROL;
    if (at == OTAM_REQUESTING) {
        memcpy(bytes, grant, sizeof grant);
        return sizeof grant;
    }
    if (at == OTAM_READING) {
        bytes[0] = 1;
        bytes[1] = next_byte();
        return 2;
    }
    if (at == OTAM_STARTING || at == OTAM_COMPLETING) {
        bytes[0] = 1;
        bytes[1] = at == OTAM_STARTING ? 3 : 4;
        return 3;
    }
    return 1;
}

static enum otam_event_type due_event(const struct otam *m, bool notify)
{
    static const enum otam_event_type due[OTAM_FAILED + 1] = {
        [OTAM_CONNECTING] = OTAM_EV_CONNECTED,      [OTAM_SUBSCRIBING] = OTAM_EV_SUBSCRIBED,
        [OTAM_READING] = OTAM_EV_FEATURE,           [OTAM_REQUESTING] = OTAM_EV_WRITTEN,
        [OTAM_STARTING] = OTAM_EV_WRITTEN,          [OTAM_SENDING] = OTAM_EV_WRITABLE,
        [OTAM_COMPLETING] = OTAM_EV_WRITTEN,        [OTAM_RESETTING] = OTAM_EV_WRITTEN,
        [OTAM_DISCONNECTING] = OTAM_EV_DISCONNECTED};
    enum otam_event_type type = due[otam_progress(m)->state];

    return notify && (type == OTAM_EV_WRITTEN || type == OTAM_EV_WRITABLE) ? OTAM_EV_NOTIFIED
                                                                           : type;
}

/* One event: due or not, with honest bytes, changed ones or any. */
static void deliver(struct otam *m, uint32_t now_ms)
{
    uint8_t kind = next_byte();
    uint8_t bytes[64];
    struct otam_event event = {.ok = (kind & 0x40) == 0, .ll_len = 251};
    uint8_t *exact;

    event.type = (kind & 0x20) != 0 ? (enum otam_event_type)(kind % 7) : due_event(m, kind & 1);
    event.data_len = honest_bytes(m, bytes, &event);
    if ((kind & 0x10) != 0) {
        bytes[next_byte() % sizeof bytes] ^= next_byte();
    }
    if ((kind & 0x08) != 0) {
        event.data_len = next_byte() % sizeof bytes;
    }
    if ((kind & 0x80) != 0) {
        event.channel = event.channel == OTAM_DATA ? OTAM_CONTROL : OTAM_DATA;
    }
    if (event.type == OTAM_EV_CONNECTED) {
        att_mtu = (uint16_t)(23 + next_byte() * 2);
        event.att_mtu = (kind & 0x08) != 0 ? (uint16_t)(att_mtu % 23) : att_mtu;
        event.ll_len = next_byte();
    }
    if (event.type == OTAM_EV_DISCONNECTED) {
        connected = false;
    }
    /* Ends with its memory, so that a read behind its end is seen. */
    exact = xmalloc(event.data_len + 1);
    memcpy(exact + 1, bytes, event.data_len);
    event.data = exact + 1;
    if (completing && event.type == OTAM_EV_NOTIFIED && event.channel == OTAM_CONTROL &&
        event.data_len == 3 && memcmp(bytes, "\x01\x04", 3) == 0) {
        completed = true;
    }
    otam_event(m, &event, now_ms);
    free(exact);
}

static void run_once(void)
{
    struct otam_config config;
    struct otam m;
    uint32_t now_ms = next_byte() * 0x01000000u;

    otam_config_init(&config);
    config.transport = &transport;
    config.transport_ctx = &m;
    config.host = &host;
    config.file_len = FILE_LEN;
    connected = false;
    completing = false;
    completed = false;
    connects = 0;
    fuzz_expect(otam_start(&m, &config, now_ms) == OTAM_OK);
    for (unsigned i = 0; i < EVENTS_MAX && script.len > 0 && !otam_finished(&m); i++) {
        deliver(&m, now_ms);
        if (next_byte() % 8 == 0) {
            now_ms += otam_wait_ms(&m, now_ms);
            otam_tick(&m, now_ms);
        }
    }
    /* Then the device is silent: time alone must end it. */
    for (unsigned i = 0; !otam_finished(&m); i++) {
        fuzz_expect(i < 100);
        now_ms += otam_wait_ms(&m, now_ms);
        otam_tick(&m, now_ms);
    }
    fuzz_expect(connects <= config.attempts * (IMAGE_LEN / OTAM_GROUP_LEN + 2));
    fuzz_expect(otam_result(&m) != OTAM_OK || completed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script.data = data;
    script.len = size;
    has_state = size > OTAM_STATE_LEN && data[0] % 2 == 1;
    if (has_state) {
        memcpy(state, data, OTAM_STATE_LEN);
    }
    make_file();
    run_once();
    run_once(); /* with what the first left behind */
    return 0;
}
