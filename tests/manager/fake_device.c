/*
 * The device of fake_device.h.
 * Layer: test. Knows the profile, and nothing of the manager but its public header.
 */
#include "fake_device.h"

#include <string.h>

#define GROUP 1024u

static uint32_t u32_at(const uint8_t *at)
{
    return at[0] | ((uint32_t)at[1] << 8) | ((uint32_t)at[2] << 16) | ((uint32_t)at[3] << 24);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static void violation(struct fake_device *d, const char *text)
{
    if (d->violation == NULL) {
        d->violation = text;
    }
}

uint16_t fake_best_chunk(uint16_t att_mtu, uint16_t ll_len)
{
    uint16_t limit = (uint16_t)(att_mtu - 3 > 512 ? 512 : att_mtu - 3);

    for (uint16_t len = limit; len > 0; len--) {
        if ((len + 7) % (ll_len == 0 ? 251 : ll_len) == 0) {
            return len;
        }
    }
    return limit;
}

/* ---- events ----------------------------------------------------------------------------------- */

static void push(struct fake_device *d, struct otam_event event, const uint8_t *bytes, size_t len)
{
    struct fake_queued *queued = &d->queue[d->tail % FAKE_QUEUE_MAX];

    queued->event = event;
    if (len > 0) {
        memcpy(queued->bytes, bytes, len);
    }
    queued->event.data = queued->bytes;
    queued->event.data_len = len;
    d->tail++;
}

const struct otam_event *fake_next_event(struct fake_device *d)
{
    return d->head == d->tail ? NULL : &d->queue[d->head++ % FAKE_QUEUE_MAX].event;
}

void fake_notify(struct fake_device *d, enum otam_channel channel, const uint8_t *bytes, size_t len)
{
    push(d, (struct otam_event){.type = OTAM_EV_NOTIFIED, .channel = channel}, bytes, len);
}

void fake_unplug(struct fake_device *d)
{
    d->connected = false;
    d->state = FAKE_IDLE;
    d->unacknowledged = false;
    d->deaf = false;
    memset(d->subscribed, 0, sizeof d->subscribed);
    if (!d->resumes) {
        d->kept_len = 0;
    }
    d->head = d->tail;
}

static void drop(struct fake_device *d)
{
    fake_unplug(d);
    push(d, (struct otam_event){.type = OTAM_EV_DISCONNECTED}, NULL, 0);
}

/* ---- rules ------------------------------------------------------------------------------------ */

static const struct fake_rule honest = {.action = FAKE_HONEST};

/* Counts the operation; the rule for it, or honest. */
static const struct fake_rule *rule_for(struct fake_device *d, enum fake_op op)
{
    unsigned nth = ++d->count[op];

    for (unsigned i = 0; i < d->rule_count; i++) {
        const struct fake_rule *rule = &d->rules[i];

        if (rule->op == op && nth >= rule->from && nth - rule->from < rule->count) {
            return rule;
        }
    }
    return &honest;
}

static bool is(const struct fake_rule *rule, enum fake_action action)
{
    return rule->action == action;
}

/* What a rule makes of an operation that has no notification; true: nothing is left to do. */
static bool bent(struct fake_device *d, const struct fake_rule *rule)
{
    if (is(rule, FAKE_DROP)) {
        drop(d);
        return true;
    }
    return is(rule, FAKE_SILENT);
}

static void say_extra(struct fake_device *d, const struct fake_rule *rule)
{
    if (is(rule, FAKE_EXTRA)) {
        fake_notify(d, rule->channel, rule->bytes, rule->bytes_len);
    }
    if (is(rule, FAKE_DROP_AFTER)) {
        drop(d);
    }
}

static void answer_att(struct fake_device *d, const struct fake_rule *rule,
                       enum otam_event_type type)
{
    if (!bent(d, rule)) {
        push(d, (struct otam_event){.type = type, .ok = !is(rule, FAKE_ATT_ERROR)}, NULL, 0);
        say_extra(d, rule);
    }
}

/* Answers a control write: the write itself, and a notification of len bytes. */
static void answer_control(struct fake_device *d, const struct fake_rule *rule,
                           const uint8_t *bytes, size_t len)
{
    bool is_error = is(rule, FAKE_ATT_ERROR);
    struct otam_event written = {.type = OTAM_EV_WRITTEN, .ok = !is_error};

    if (bent(d, rule)) {
        return;
    }
    if (is(rule, FAKE_ANSWER)) {
        bytes = rule->bytes;
        len = rule->bytes_len;
    }
    if (!is(rule, FAKE_NOTIFY_FIRST)) {
        push(d, written, NULL, 0);
    }
    if (!is(rule, FAKE_MUTE) && !is_error) {
        fake_notify(d, OTAM_CONTROL, bytes, len);
    }
    if (is(rule, FAKE_NOTIFY_FIRST)) {
        push(d, written, NULL, 0);
    }
    say_extra(d, rule);
}

/* ---- profile ---------------------------------------------------------------------------------- */

static uint8_t take_request(struct fake_device *d, const uint8_t *data, size_t len)
{
    bool wants_resume = len == 35;

    if ((len != 14 && len != 19 && len != 35) || (wants_resume && !d->resumes)) {
        return 2;
    }
    if (u32_at(data + 1) == 0 || u32_at(data + 1) > 507904 || u32_at(data + 1) % 16 != 0) {
        return 4;
    }
    if (data[13] > 1 || data[16] > 3) {
        return 2;
    }
    d->announced_len = u32_at(data + 1);
    if (!wants_resume || memcmp(d->kept_digest, data + 19, sizeof d->kept_digest) != 0) {
        d->kept_len = 0;
    }
    if (wants_resume) {
        memcpy(d->kept_digest, data + 19, sizeof d->kept_digest);
    }
    d->received_len = d->kept_len;
    d->state = FAKE_REQUESTED;
    return 0;
}

static void on_request(struct fake_device *d, const struct fake_rule *rule, const uint8_t *data,
                       size_t len)
{
    uint8_t answer[13] = {1, 2};

    memcpy(d->request, data, len);
    d->request_len = len;
    answer[2] = take_request(d, data, len);
    if (answer[2] == 0) {
        answer[3] = 0x00;
        answer[4] = 0x04;
        put_u32(answer + 5, d->received_len);
        put_u32(answer + 9, d->version);
    }
    answer_control(d, rule, answer, sizeof answer);
}

static void on_start(struct fake_device *d, const struct fake_rule *rule, const uint8_t *data,
                     size_t len)
{
    uint8_t answer[3] = {1, 3, 0};

    if (len != 2 || data[1] != 1) {
        answer[2] = 2;
        violation(d, "odd start");
    } else if (d->state != FAKE_REQUESTED) {
        answer[2] = 1;
        violation(d, "start without request");
    } else {
        d->state = FAKE_STARTED;
    }
    answer_control(d, rule, answer, sizeof answer);
}

static void on_complete(struct fake_device *d, const struct fake_rule *rule, size_t len)
{
    uint8_t answer[3] = {1, 4, 0};

    if (len != 1 || d->state != FAKE_STARTED || d->received_len < d->announced_len ||
        d->unacknowledged) {
        violation(d, "complete before the end");
    } else if (d->announced_len != d->image_len || memcmp(d->flash, d->image, d->image_len) != 0) {
        answer[2] = 3;
        d->kept_len = 0;
    } else if (!is(rule, FAKE_DROP)) {
        d->installed = true;
    }
    answer_control(d, rule, answer, sizeof answer);
}

static void on_reset(struct fake_device *d, const struct fake_rule *rule, size_t len)
{
    if (len != 1) {
        violation(d, "odd reset");
    }
    d->reset = true;
    answer_att(d, rule, OTAM_EV_WRITTEN);
    if (is(rule, FAKE_HONEST)) {
        /* Reboots half a second later, which the virtual clock need not show. */
        d->connected = false;
        push(d, (struct otam_event){.type = OTAM_EV_DISCONNECTED}, NULL, 0);
    }
}

static void acknowledge(struct fake_device *d)
{
    const struct fake_rule *rule = rule_for(d, FAKE_GROUP);
    static const uint8_t success[1] = {0};

    d->unacknowledged = true;
    d->kept_len = d->received_len - d->received_len % GROUP;
    if (is(rule, FAKE_MUTE) || bent(d, rule)) {
        return;
    }
    d->unacknowledged = false;
    if (is(rule, FAKE_ANSWER)) {
        fake_notify(d, OTAM_DATA, rule->bytes, rule->bytes_len);
    } else {
        fake_notify(d, OTAM_DATA, success, sizeof success);
    }
    say_extra(d, rule);
}

static void check_cut(struct fake_device *d, size_t len)
{
    size_t room = GROUP - d->received_len % GROUP;
    size_t best = fake_best_chunk(d->att_mtu, d->ll_len);

    if (room > d->announced_len - d->received_len) {
        room = d->announced_len - d->received_len;
    }
    if (len != (room < best ? room : best)) {
        violation(d, "fragment of another length");
    }
}

static void take_data(struct fake_device *d, const uint8_t *data, size_t len)
{
    static const uint8_t wrong_state[1] = {1};

    if (d->state != FAKE_STARTED || d->unacknowledged || d->received_len + len > d->announced_len) {
        violation(d, "data when none is due");
        fake_notify(d, OTAM_DATA, wrong_state, sizeof wrong_state);
        return;
    }
    check_cut(d, len);
    memcpy(d->flash + d->received_len, data, len);
    d->received_len += (uint32_t)len;
    d->taken_len += (uint32_t)len;
    if (d->received_len % GROUP == 0 || d->received_len == d->announced_len) {
        acknowledge(d);
    }
}

/* ---- transport -------------------------------------------------------------------------------- */

static bool fake_connect(void *ctx)
{
    struct fake_device *d = ctx;
    const struct fake_rule *rule = rule_for(d, FAKE_CONNECT);

    if (d->connected) {
        violation(d, "connected twice");
    }
    if (d->count[FAKE_CONNECT] <= 16) {
        d->connect_ms[d->count[FAKE_CONNECT] - 1] = d->now_ms;
    }
    if (is(rule, FAKE_REFUSE)) {
        return false;
    }
    if (!bent(d, rule)) {
        d->connected = true;
        push(d,
             (struct otam_event){
                 .type = OTAM_EV_CONNECTED, .att_mtu = d->att_mtu, .ll_len = d->ll_len},
             NULL, 0);
        say_extra(d, rule);
    }
    return true;
}

static bool fake_disconnect(void *ctx)
{
    struct fake_device *d = ctx;
    const struct fake_rule *rule = rule_for(d, FAKE_DISCONNECT);

    fake_unplug(d);
    if (is(rule, FAKE_REFUSE)) {
        return false;
    }
    if (!is(rule, FAKE_SILENT)) {
        push(d, (struct otam_event){.type = OTAM_EV_DISCONNECTED}, NULL, 0);
    }
    return true;
}

static bool fake_subscribe(void *ctx, enum otam_channel channel)
{
    struct fake_device *d = ctx;
    const struct fake_rule *rule =
        rule_for(d, channel == OTAM_CONTROL ? FAKE_SUBSCRIBE_CONTROL : FAKE_SUBSCRIBE_DATA);

    if (is(rule, FAKE_REFUSE)) {
        return false;
    }
    d->subscribed[channel] = true;
    answer_att(d, rule, OTAM_EV_SUBSCRIBED);
    return true;
}

static bool fake_read(void *ctx)
{
    struct fake_device *d = ctx;
    const struct fake_rule *rule = rule_for(d, FAKE_READ);
    uint8_t value[2] = {1, (uint8_t)(d->resumes ? 0x81 : 0x01)};
    struct otam_event event = {.type = OTAM_EV_FEATURE, .ok = !is(rule, FAKE_ATT_ERROR)};

    if (!d->subscribed[OTAM_CONTROL]) {
        violation(d, "feature read before the subscription");
    }
    if (is(rule, FAKE_REFUSE)) {
        return false;
    }
    if (is(rule, FAKE_ANSWER)) {
        push(d, event, rule->bytes, rule->bytes_len);
    } else if (!bent(d, rule)) {
        push(d, event, value, sizeof value);
        say_extra(d, rule);
    }
    return true;
}

static bool fake_write(void *ctx, const uint8_t *data, size_t len)
{
    struct fake_device *d = ctx;
    static const enum fake_op ops[] = {FAKE_REQUEST, FAKE_START, FAKE_COMPLETE, FAKE_RESET};
    const struct fake_rule *rule;
    enum fake_op op;

    if (!d->connected || !d->subscribed[OTAM_CONTROL] || len > (size_t)d->att_mtu - 3 ||
        data[0] < 2 || data[0] > 5) {
        violation(d, "odd control write");
        return false;
    }
    op = ops[data[0] - 2];
    rule = rule_for(d, op);
    if (is(rule, FAKE_REFUSE)) {
        return false;
    }
    if (op == FAKE_REQUEST) {
        on_request(d, rule, data, len);
    } else if (op == FAKE_START) {
        on_start(d, rule, data, len);
    } else if (op == FAKE_COMPLETE) {
        on_complete(d, rule, len);
    } else {
        on_reset(d, rule, len);
    }
    return true;
}

static enum otam_tx fake_write_command(void *ctx, const uint8_t *data, size_t len)
{
    struct fake_device *d = ctx;
    const struct fake_rule *rule = rule_for(d, FAKE_DATA);

    if (!d->connected && d->head != d->tail) {
        return OTAM_TX_TAKEN; /* goes nowhere: that the link is gone is still to be heard */
    }
    if (!d->connected || !d->subscribed[OTAM_DATA] || len == 0 || len > (size_t)d->att_mtu - 3) {
        violation(d, "odd data write");
        return OTAM_TX_FAILED;
    }
    if (is(rule, FAKE_REFUSE)) {
        return OTAM_TX_FAILED;
    }
    if (is(rule, FAKE_LATER)) {
        push(d, (struct otam_event){.type = OTAM_EV_WRITABLE}, NULL, 0);
        return OTAM_TX_LATER;
    }
    if (is(rule, FAKE_DROP)) {
        drop(d);
    } else if (is(rule, FAKE_SILENT) || d->deaf) {
        d->deaf = true;
    } else {
        take_data(d, data, len);
        say_extra(d, rule);
    }
    return OTAM_TX_TAKEN;
}

const struct otam_transport fake_transport = {fake_connect, fake_disconnect, fake_subscribe,
                                              fake_read,    fake_write,      fake_write_command};
