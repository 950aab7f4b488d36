/*
 * The manager's state machine: one handler for each state and event, one way out of an attempt.
 * Layer: top of the manager.
 * Invariants: nothing the device says makes a run longer than `attempts` connections without a newly
 * acknowledged group; a run ends as DONE only after the device answered complete with success.
 */
#include <otam/otam.h>

#include <string.h>

#include "wire.h"

enum { FEATURE_FIRMWARE = 0x01, FEATURE_RESUME = 0x80 };

void otam_config_init(struct otam_config *ret)
{
    const struct otam_config config = {.connect_ms = 30000,
                                       .response_ms = 30000,
                                       .group_ms = 10000,
                                       .disconnect_ms = 5000,
                                       .backoff_ms = 1000,
                                       .backoff_max_ms = 30000,
                                       .attempts = 5};

    *ret = config;
}

/* ---- where we are ----------------------------------------------------------------------------- */

static void report(const struct otam *m)
{
    if (m->config.host->progress != NULL) {
        m->config.host->progress(m->config.host_ctx, &m->progress);
    }
}

static void wait_for(struct otam *m, uint32_t wait_ms)
{
    m->since_ms = m->now_ms;
    m->wait_ms = wait_ms;
}

static void enter(struct otam *m, enum otam_state state, uint32_t wait_ms)
{
    m->progress.state = state;
    m->written = false;
    m->notified = false;
    wait_for(m, wait_ms);
    report(m);
}

bool otam_finished(const struct otam *m)
{
    return m->progress.state == OTAM_DONE || m->progress.state == OTAM_FAILED;
}

static bool is_connected(const struct otam *m)
{
    return m->progress.state >= OTAM_CONNECTING && m->progress.state <= OTAM_DISCONNECTING;
}

/* ---- saved state ------------------------------------------------------------------------------ */

static void save(struct otam *m)
{
    const struct otam_host *host = m->config.host;
    uint8_t state[OTAM_STATE_LEN];

    if (host->save != NULL && !m->progress.store_failed) {
        otam_saved_encode(m, state);
        /* A full disk of the host is no reason to stop an update. */
        m->progress.store_failed = !host->save(m->config.host_ctx, state);
    }
}

static void forget(const struct otam *m)
{
    if (m->config.host->forget != NULL) {
        m->config.host->forget(m->config.host_ctx);
    }
}

static void load(struct otam *m)
{
    const struct otam_host *host = m->config.host;
    uint8_t state[OTAM_STATE_LEN];

    if (host->load != NULL && host->load(m->config.host_ctx, state) &&
        otam_saved_decode(m, state, &m->best_len)) {
        m->progress.confirmed_len = m->best_len;
    }
}

/* ---- the end of an attempt, and the next ------------------------------------------------------ */

static uint32_t backoff_ms(const struct otam *m)
{
    uint32_t wait_ms = m->config.backoff_ms;

    for (unsigned i = 1; i < m->failures && wait_ms < m->config.backoff_max_ms; i++) {
        wait_ms = wait_ms > UINT32_MAX / 2 ? UINT32_MAX : wait_ms * 2;
    }
    return wait_ms < m->config.backoff_max_ms ? wait_ms : m->config.backoff_max_ms;
}

static void after_disconnect(struct otam *m)
{
    if (m->ending) {
        enter(m, m->result == OTAM_OK ? OTAM_DONE : OTAM_FAILED, UINT32_MAX);
    } else {
        enter(m, OTAM_BACKING_OFF, backoff_ms(m));
    }
}

static void disconnect(struct otam *m)
{
    if (!is_connected(m)) {
        after_disconnect(m);
        return;
    }
    if (m->progress.state == OTAM_DISCONNECTING) {
        return;
    }
    enter(m, OTAM_DISCONNECTING, m->config.disconnect_ms);
    if (!m->config.transport->disconnect(m->config.transport_ctx)) {
        after_disconnect(m);
    }
}

static void end(struct otam *m, enum otam_err result)
{
    m->ending = true;
    m->result = result;
    disconnect(m);
}

/* Trying again would bring the same answer. */
static bool is_final(enum otam_err err)
{
    return err == OTAM_ERR_FEATURE || err == OTAM_ERR_REFUSED || err == OTAM_ERR_IMAGE;
}

/* Books a failed attempt; the connection may be gone already. */
static void count_failure(struct otam *m, enum otam_err err, uint8_t result)
{
    m->progress.last_err = err;
    m->progress.last_result = result;
    m->failures++;
    if (err == OTAM_ERR_IMAGE) {
        forget(m);
    }
    if (is_final(err) || m->failures >= m->config.attempts) {
        m->ending = true;
        m->result = err;
    }
}

static void fail(struct otam *m, enum otam_err err)
{
    count_failure(m, err, 0);
    disconnect(m);
}

static enum otam_err judge_result(const struct otam *m, uint8_t result)
{
    switch (result) {
    case OTAM_RESULT_STATE:
    case OTAM_RESULT_UNSPECIFIED:
        return OTAM_ERR_DEVICE;
    case OTAM_RESULT_UNSUPPORTED:
        return OTAM_ERR_REFUSED;
    case OTAM_RESULT_PARAMETER: /* of data: our service judged the image */
        return m->progress.state == OTAM_SENDING ? OTAM_ERR_IMAGE : OTAM_ERR_REFUSED;
    case OTAM_RESULT_FAILED:
        return m->progress.state == OTAM_COMPLETING ? OTAM_ERR_IMAGE : OTAM_ERR_DEVICE;
    default:
        return OTAM_ERR_PROTOCOL;
    }
}

static void fail_result(struct otam *m, uint8_t result)
{
    count_failure(m, judge_result(m, result), result);
    disconnect(m);
}

static void connect(struct otam *m)
{
    m->progress.attempt++;
    m->progress.resumed_at = 0;
    enter(m, OTAM_CONNECTING, m->config.connect_ms);
    if (!m->config.transport->connect(m->config.transport_ctx)) {
        count_failure(m, OTAM_ERR_TRANSPORT, 0);
        after_disconnect(m);
    }
}

/* ---- steps ------------------------------------------------------------------------------------ */

static void subscribe(struct otam *m, enum otam_channel channel)
{
    m->subscribing = channel;
    enter(m, OTAM_SUBSCRIBING, m->config.response_ms);
    if (!m->config.transport->subscribe(m->config.transport_ctx, channel)) {
        fail(m, OTAM_ERR_TRANSPORT);
    }
}

static void read_feature(struct otam *m)
{
    enter(m, OTAM_READING, m->config.response_ms);
    if (!m->config.transport->read_feature(m->config.transport_ctx)) {
        fail(m, OTAM_ERR_TRANSPORT);
    }
}

static void write_control(struct otam *m, enum otam_state state, const uint8_t *data,
                          size_t data_len)
{
    enter(m, state, m->config.response_ms);
    if (!m->config.transport->write(m->config.transport_ctx, data, data_len)) {
        fail(m, OTAM_ERR_TRANSPORT);
    }
}

static void request(struct otam *m)
{
    uint8_t data[OTAM_RESUME_REQUEST_LEN];

    write_control(m, OTAM_REQUESTING, data, otam_request_encode(m, data));
}

static void start(struct otam *m)
{
    static const uint8_t data[] = {OTAM_OP_START, 1}; /* image type: firmware */

    write_control(m, OTAM_STARTING, data, sizeof data);
}

static void complete(struct otam *m)
{
    static const uint8_t data[] = {OTAM_OP_COMPLETE};

    write_control(m, OTAM_COMPLETING, data, sizeof data);
}

/* The image is in the device. A reset is written once and never again on another connection: by then
 * the new image may be on trial, and a reset would revert it. */
static void reset(struct otam *m)
{
    static const uint8_t data[] = {OTAM_OP_RESET};

    forget(m);
    m->ending = true;
    m->result = OTAM_OK;
    write_control(m, OTAM_RESETTING, data, sizeof data);
}

/* End of the group that sent_len stands in. */
static uint32_t group_end(const struct otam *m)
{
    uint32_t end = m->progress.confirmed_len + OTAM_GROUP_LEN;

    return end < m->progress.image_len ? end : m->progress.image_len;
}

/* Hands out the next write of the group; false: stop for now. */
static bool send_chunk(struct otam *m)
{
    uint32_t rest = group_end(m) - m->progress.sent_len;
    uint32_t len = rest < m->progress.chunk_len ? rest : m->progress.chunk_len;
    uint8_t chunk[OTAM_VALUE_MAX_LEN];

    if (!m->config.host->read(m->config.host_ctx, m->image_off + m->progress.sent_len, chunk,
                              len)) {
        count_failure(m, OTAM_ERR_FILE_READ, 0);
        end(m, OTAM_ERR_FILE_READ);
        return false;
    }
    switch (m->config.transport->write_command(m->config.transport_ctx, chunk, len)) {
    case OTAM_TX_TAKEN:
        m->progress.sent_len += len;
        wait_for(m, m->config.group_ms);
        return true;
    case OTAM_TX_LATER:
        m->held = true;
        return false;
    case OTAM_TX_FAILED:
        break;
    }
    fail(m, OTAM_ERR_TRANSPORT);
    return false;
}

static void send_group(struct otam *m)
{
    m->held = false;
    while (m->progress.sent_len < group_end(m)) {
        if (!send_chunk(m)) {
            return;
        }
    }
}

/* The device has everything up to confirmed_len. */
static void go_on(struct otam *m)
{
    if (m->progress.confirmed_len == m->progress.image_len) {
        complete(m);
    } else {
        send_group(m);
    }
}

static void begin_sending(struct otam *m)
{
    enter(m, OTAM_SENDING, m->config.group_ms);
    go_on(m);
}

/* ---- what the device says --------------------------------------------------------------------- */

static void on_connected(struct otam *m, const struct otam_event *event)
{
    if (m->progress.state != OTAM_CONNECTING || event->att_mtu < OTAM_MTU_MIN) {
        fail(m, OTAM_ERR_PROTOCOL);
        return;
    }
    m->progress.att_mtu = event->att_mtu;
    m->progress.chunk_len = otam_chunk_len(event->att_mtu, event->ll_len);
    subscribe(m, OTAM_CONTROL);
}

static void on_disconnected(struct otam *m)
{
    if (m->progress.state == OTAM_CONNECTING) {
        count_failure(m, OTAM_ERR_CONNECT, 0);
    } else if (!m->ending && m->progress.state != OTAM_DISCONNECTING) {
        count_failure(m, OTAM_ERR_LINK_LOST, 0);
    }
    after_disconnect(m);
}

static void on_subscribed(struct otam *m, const struct otam_event *event)
{
    if (m->progress.state != OTAM_SUBSCRIBING) {
        fail(m, OTAM_ERR_PROTOCOL);
    } else if (!event->ok) {
        fail(m, OTAM_ERR_DEVICE);
    } else if (m->subscribing == OTAM_CONTROL) {
        subscribe(m, OTAM_DATA);
    } else {
        read_feature(m);
    }
}

static enum otam_err judge_feature(const struct otam *m, const struct otam_event *event)
{
    if (m->progress.state != OTAM_READING) {
        return OTAM_ERR_PROTOCOL;
    }
    if (!event->ok) {
        return OTAM_ERR_DEVICE;
    }
    if (event->data_len != OTAM_FEATURE_LEN) {
        return OTAM_ERR_PROTOCOL;
    }
    return (event->data[0] & FEATURE_FIRMWARE) != 0 ? OTAM_OK : OTAM_ERR_FEATURE;
}

static void on_feature(struct otam *m, const struct otam_event *event)
{
    enum otam_err err = judge_feature(m, event);

    if (err != OTAM_OK) {
        fail(m, err);
    } else {
        m->resuming = m->can_resume && (event->data[1] & FEATURE_RESUME) != 0 &&
                      m->progress.att_mtu >= OTAM_RESUME_REQUEST_LEN + OTAM_ATT_WRITE_LEN;
        request(m);
    }
}

/* A start index is the device's word on what it kept; only who asked for it may be given one. */
static bool start_index_is_valid(const struct otam *m, uint32_t start_index)
{
    return start_index == 0 || (m->resuming && start_index % OTAM_GROUP_LEN == 0 &&
                                start_index <= m->progress.image_len);
}

static void on_grant(struct otam *m, const struct otam_event *event)
{
    struct otam_grant grant;

    if (!otam_grant_decode(event->data, event->data_len, &grant) ||
        (grant.result == OTAM_RESULT_SUCCESS && grant.group_len != OTAM_GROUP_LEN)) {
        fail(m, OTAM_ERR_PROTOCOL);
    } else if (grant.result != OTAM_RESULT_SUCCESS) {
        fail_result(m, grant.result);
    } else if (!start_index_is_valid(m, grant.start_index)) {
        fail(m, OTAM_ERR_START_INDEX);
    } else {
        m->notified = true;
        m->progress.device_version = grant.version;
        m->progress.resumed_at = grant.start_index;
        m->progress.confirmed_len = grant.start_index;
        m->progress.sent_len = grant.start_index;
    }
}

static void on_response(struct otam *m, const struct otam_event *event, uint8_t op)
{
    uint8_t result;

    if (!otam_response_decode(event->data, event->data_len, op, &result)) {
        fail(m, OTAM_ERR_PROTOCOL);
    } else if (result != OTAM_RESULT_SUCCESS) {
        fail_result(m, result);
    } else {
        m->notified = true;
    }
}

static void on_group(struct otam *m, const struct otam_event *event)
{
    bool is_early = m->progress.sent_len < group_end(m);

    /* An error may come early, success may not. */
    if (event->data_len != 1 || (event->data[0] == OTAM_RESULT_SUCCESS && is_early)) {
        fail(m, OTAM_ERR_PROTOCOL);
    } else if (event->data[0] != OTAM_RESULT_SUCCESS) {
        fail_result(m, event->data[0]);
    } else {
        m->progress.confirmed_len = m->progress.sent_len;
        if (m->progress.confirmed_len > m->best_len) {
            m->best_len = m->progress.confirmed_len;
            m->failures = 0;
        }
        save(m);
        report(m);
        go_on(m);
    }
}

/* Write and notification of a step may come in either order. */
static void step_if_answered(struct otam *m)
{
    if (!m->written || !m->notified) {
        return;
    }
    if (m->progress.state == OTAM_REQUESTING) {
        start(m);
    } else if (m->progress.state == OTAM_STARTING) {
        begin_sending(m);
    } else if (m->progress.state == OTAM_COMPLETING) {
        reset(m);
    }
}

static void on_control(struct otam *m, const struct otam_event *event)
{
    if (m->notified) {
        fail(m, OTAM_ERR_PROTOCOL);
        return;
    }
    if (m->progress.state == OTAM_REQUESTING) {
        on_grant(m, event);
    } else if (m->progress.state == OTAM_STARTING) {
        on_response(m, event, OTAM_OP_START);
    } else if (m->progress.state == OTAM_COMPLETING) {
        on_response(m, event, OTAM_OP_COMPLETE);
    } else {
        fail(m, OTAM_ERR_PROTOCOL);
    }
    step_if_answered(m);
}

static void on_notified(struct otam *m, const struct otam_event *event)
{
    if (m->progress.state == OTAM_RESETTING) {
        return; /* nothing it could say matters now */
    }
    if (event->channel == OTAM_CONTROL) {
        on_control(m, event);
    } else if (m->progress.state == OTAM_SENDING) {
        on_group(m, event);
    } else {
        fail(m, OTAM_ERR_PROTOCOL);
    }
}

static void on_reset_written(struct otam *m, bool ok)
{
    m->progress.reset_written = ok;
    if (ok) {
        /* A stock application forgets the reset when the link ends first: let the device end it. */
        wait_for(m, m->config.disconnect_ms);
    } else {
        disconnect(m);
    }
}

static void on_written(struct otam *m, const struct otam_event *event)
{
    bool is_control = m->progress.state == OTAM_REQUESTING || m->progress.state == OTAM_STARTING ||
                      m->progress.state == OTAM_COMPLETING;

    if (m->progress.state == OTAM_RESETTING) {
        on_reset_written(m, event->ok);
    } else if (!is_control || m->written) {
        fail(m, OTAM_ERR_PROTOCOL);
    } else if (!event->ok) {
        fail(m, OTAM_ERR_DEVICE);
    } else {
        m->written = true;
        step_if_answered(m);
    }
}

static void on_writable(struct otam *m)
{
    if (m->progress.state == OTAM_SENDING && m->held) {
        send_group(m);
    }
}

static void dispatch(struct otam *m, const struct otam_event *event)
{
    if (!is_connected(m)) {
        return; /* the rest of a connection that is over */
    }
    if (event->type == OTAM_EV_DISCONNECTED) {
        on_disconnected(m);
        return;
    }
    if (m->progress.state == OTAM_DISCONNECTING) {
        return;
    }
    switch (event->type) {
    case OTAM_EV_CONNECTED:
        on_connected(m, event);
        break;
    case OTAM_EV_SUBSCRIBED:
        on_subscribed(m, event);
        break;
    case OTAM_EV_FEATURE:
        on_feature(m, event);
        break;
    case OTAM_EV_WRITTEN:
        on_written(m, event);
        break;
    case OTAM_EV_WRITABLE:
        on_writable(m);
        break;
    case OTAM_EV_NOTIFIED:
        on_notified(m, event);
        break;
    case OTAM_EV_DISCONNECTED:
        break;
    }
}

/* ---- calls ------------------------------------------------------------------------------------ */

static bool go_inside(struct otam *m, uint32_t now_ms)
{
    if (m->inside) {
        m->misused = true;
        return false;
    }
    m->inside = true;
    m->now_ms = now_ms;
    return true;
}

/* What callbacks asked for is done once the state machine is at rest. */
static void go_outside(struct otam *m)
{
    if (!otam_finished(m) && !m->ending && (m->misused || m->stopping)) {
        end(m, m->misused ? OTAM_ERR_ORDER : OTAM_ERR_STOPPED);
    }
    m->inside = false;
}

static bool config_is_valid(const struct otam_config *config)
{
    const struct otam_transport *t = config->transport;
    const struct otam_host *h = config->host;

    if (t == NULL || h == NULL || t->connect == NULL || t->disconnect == NULL ||
        t->subscribe == NULL || t->read_feature == NULL || t->write == NULL ||
        t->write_command == NULL || h->read == NULL || config->attempts == 0) {
        return false;
    }
    /* Saved state names the image by its digest. */
    return (h->sha256_start == NULL) == (h->sha256_add == NULL) &&
           (h->sha256_start == NULL) == (h->sha256_end == NULL) &&
           (h->save == NULL) == (h->load == NULL) && (h->save == NULL) == (h->forget == NULL) &&
           (h->save == NULL || h->sha256_start != NULL);
}

enum otam_err otam_start(struct otam *ret, const struct otam_config *config, uint32_t now_ms)
{
    struct otam m;
    enum otam_err err;

    memset(&m, 0, sizeof m);
    if (!config_is_valid(config)) {
        return OTAM_ERR_ARG;
    }
    m.config = *config;
    m.can_resume = config->host->sha256_start != NULL;
    err = otam_file_check(&m);
    if (err != OTAM_OK) {
        return err;
    }
    load(&m);
    *ret = m;
    (void)go_inside(ret, now_ms);
    connect(ret);
    go_outside(ret);
    return OTAM_OK;
}

void otam_event(struct otam *m, const struct otam_event *event, uint32_t now_ms)
{
    if (go_inside(m, now_ms)) {
        dispatch(m, event);
        go_outside(m);
    }
}

static void on_timeout(struct otam *m)
{
    switch (m->progress.state) {
    case OTAM_BACKING_OFF:
        connect(m);
        break;
    case OTAM_DISCONNECTING:
        after_disconnect(m);
        break;
    case OTAM_RESETTING:
        disconnect(m);
        break;
    case OTAM_CONNECTING:
        fail(m, OTAM_ERR_CONNECT);
        break;
    case OTAM_SUBSCRIBING:
    case OTAM_READING:
    case OTAM_REQUESTING:
    case OTAM_STARTING:
    case OTAM_SENDING:
    case OTAM_COMPLETING:
        fail(m, OTAM_ERR_TIMEOUT);
        break;
    case OTAM_IDLE:
    case OTAM_DONE:
    case OTAM_FAILED:
        break;
    }
}

void otam_tick(struct otam *m, uint32_t now_ms)
{
    if (go_inside(m, now_ms)) {
        if (otam_wait_ms(m, now_ms) == 0) {
            on_timeout(m);
        }
        go_outside(m);
    }
}

uint32_t otam_wait_ms(const struct otam *m, uint32_t now_ms)
{
    uint32_t passed_ms = now_ms - m->since_ms;

    if (otam_finished(m) || m->wait_ms == UINT32_MAX) {
        return UINT32_MAX;
    }
    return passed_ms < m->wait_ms ? m->wait_ms - passed_ms : 0;
}

void otam_stop(struct otam *m, uint32_t now_ms)
{
    m->stopping = true;
    if (!m->inside) {
        (void)go_inside(m, now_ms);
        go_outside(m);
    }
}

enum otam_err otam_result(const struct otam *m)
{
    return otam_finished(m) ? m->result : OTAM_ERR_ORDER;
}

const struct otam_progress *otam_progress(const struct otam *m)
{
    return &m->progress;
}
