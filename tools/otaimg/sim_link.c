/*
 * The simulated link.
 * Layer: above link_model and the virtual device, below sim_run. Invariants: the clock never goes
 * back; the manager gets its events from sim_link_advance() only; what happens depends on nothing but
 * the calls and the seed.
 */
#include "sim_link.h"

#include <string.h>

enum { L2CAP_ATT_LEN = 7 };

/* ---- helpers ---------------------------------------------------------------------------------- */

static uint64_t next_random(struct sim_link *link)
{
    link->random ^= link->random << 13;
    link->random ^= link->random >> 7;
    link->random ^= link->random << 17;
    return link->random * UINT64_C(0x2545F4914F6CDD1D);
}

static bool is_lost(struct sim_link *link)
{
    return (next_random(link) >> 33) % SIM_LOSS_ALL < link->config.loss_ppm;
}

uint64_t sim_link_flash_us(const struct sim_link *link, const unsigned before[NVM_OP_COUNT])
{
    const struct link_flash *flash = &link->config.flash;
    const unsigned *calls = link->config.device->flash.calls;
    uint64_t programmed = (uint64_t)(calls[NVM_PROGRAM] - before[NVM_PROGRAM]) * OTAV_UNIT_LEN;
    uint64_t us = (uint64_t)(calls[NVM_ERASE] - before[NVM_ERASE]) * flash->erase_us;

    return flash->row_len == 0 ? us : us + programmed * flash->program_us / flash->row_len;
}

/* Seeds that are close to each other give sequences that are not; never 0. */
static uint64_t spread(uint64_t seed)
{
    seed = (seed + UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xBF58476D1CE4E5B9);
    seed = (seed ^ seed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (seed ^ seed >> 31) | 1;
}

void sim_link_init(struct sim_link *link, const struct sim_link_config *config)
{
    memset(link, 0, sizeof *link);
    link->config = *config;
    link->random = spread(config->seed);
    link->device_up_us = SIM_NEVER;
    link->silence_us = SIM_NEVER;
}

/* ---- queues ----------------------------------------------------------------------------------- */

static bool push_up(struct sim_link *link, enum sim_up_kind kind, enum otam_channel channel,
                    const uint8_t *bytes, size_t len)
{
    struct sim_up *up;

    if (link->up_count == SIM_UP_MAX || len > sizeof up->bytes) {
        return false;
    }
    up = &link->up[(link->up_head + link->up_count++) % SIM_UP_MAX];
    up->kind = kind;
    up->channel = channel;
    /* What the host decides in an event goes out in the next one. */
    up->ready_us = link->in_event ? link->anchor_us : link->now_us;
    up->len = (uint16_t)len;
    up->frame_len = (uint16_t)(len + L2CAP_ATT_LEN);
    memcpy(up->bytes, bytes, len);
    return true;
}

static bool push_down(struct sim_link *link, const struct otam_event *event, const uint8_t *bytes,
                      size_t len)
{
    struct sim_down *down;

    if (link->down_count == SIM_DOWN_MAX || len > sizeof down->bytes) {
        return false;
    }
    down = &link->down[(link->down_head + link->down_count++) % SIM_DOWN_MAX];
    down->event = *event;
    down->ready_us = SIM_NEVER; /* known when the device is through */
    down->frame_len = (uint16_t)(L2CAP_ATT_LEN + len);
    memcpy(down->bytes, bytes, len);
    down->event.data = down->bytes;
    down->event.data_len = len;
    return true;
}

bool sim_link_notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    struct sim_link *link = user;
    const struct otam_event event = {.type = OTAM_EV_NOTIFIED,
                                     .channel = attr == OTAS_DATA ? OTAM_DATA : OTAM_CONTROL};

    return link->state == SIM_LINK_UP && push_down(link, &event, bytes, len);
}

/* ---- the device's end ------------------------------------------------------------------------- */

static void answer(struct sim_link *link, enum otam_event_type type, uint8_t error,
                   const uint8_t *bytes, size_t len)
{
    const struct otam_event event = {.type = type, .ok = error == OTAS_ATT_OK};

    (void)push_down(link, &event, bytes, len);
}

static void handle(struct sim_link *link, const struct sim_up *up)
{
    static const uint8_t enable[] = {1, 0};
    struct otas_server *server = &link->config.device->server;
    uint8_t value[OTAS_VALUE_MAX_LEN] = {0};
    size_t len = 0;
    uint8_t error;

    switch (up->kind) {
    case SIM_UP_SUBSCRIBE:
        error = otas_write(server, up->channel == OTAM_DATA ? OTAS_DATA_CCCD : OTAS_CONTROL_CCCD,
                           enable, sizeof enable);
        answer(link, OTAM_EV_SUBSCRIBED, error, value, 0);
        break;
    case SIM_UP_READ:
        error = otas_read(server, OTAS_FEATURE, value, &len);
        answer(link, OTAM_EV_FEATURE, error, value, len);
        break;
    case SIM_UP_WRITE:
        error = otas_write(server, OTAS_CONTROL, up->bytes, up->len);
        answer(link, OTAM_EV_WRITTEN, error, value, 0);
        break;
    case SIM_UP_COMMAND:
        link->data_count++;
        (void)otas_write(server, OTAS_DATA, up->bytes, up->len);
        if (link->config.breaks(link->config.user)) {
            sim_link_break(link);
        }
        break;
    }
}

/* What the device did since `before` takes time, and its answers are ready behind that. */
static void settle(struct sim_link *link, const unsigned before[NVM_OP_COUNT])
{
    if (link->config.device->flash.powerless) {
        sim_link_break(link);
    }
    if (link->device_us < link->now_us) {
        link->device_us = link->now_us;
    }
    link->device_us += sim_link_flash_us(link, before);
    for (unsigned i = 0; i < link->down_count; i++) {
        struct sim_down *down = &link->down[(link->down_head + i) % SIM_DOWN_MAX];

        if (down->ready_us == SIM_NEVER) {
            down->ready_us = link->device_us;
        }
    }
}

static void arrive(struct sim_link *link, const struct sim_up *up)
{
    unsigned before[NVM_OP_COUNT];

    memcpy(before, link->config.device->flash.calls, sizeof before);
    handle(link, up);
    settle(link, before);
}

void sim_link_tick(struct sim_link *link)
{
    unsigned before[NVM_OP_COUNT];

    memcpy(before, link->config.device->flash.calls, sizeof before);
    otas_tick(&link->config.device->server, (uint32_t)(link->now_us / 1000));
    settle(link, before);
}

static void tell_device(struct sim_link *link)
{
    if (link->device_linked) {
        link->device_linked = false;
        otas_disconnected(&link->config.device->server);
    }
}

/* ---- connection events ------------------------------------------------------------------------ */

static uint16_t piece_len(const struct sim_link *link, uint16_t frame_len)
{
    return frame_len < link->config.link.ll_len ? frame_len : link->config.link.ll_len;
}

static void take_up(struct sim_link *link, struct sim_up *up)
{
    up->frame_len = (uint16_t)(up->frame_len - piece_len(link, up->frame_len));
    if (up->frame_len == 0) {
        link->up_head = (link->up_head + 1) % SIM_UP_MAX;
        link->up_count--;
        arrive(link, up);
    }
}

static void take_down(struct sim_link *link, struct sim_down *down)
{
    down->frame_len = (uint16_t)(down->frame_len - piece_len(link, down->frame_len));
    if (down->frame_len == 0) {
        link->down_head = (link->down_head + 1) % SIM_DOWN_MAX;
        link->down_count--;
        link->config.deliver(link->config.user, &down->event);
    }
}

/* One packet each way, the next at *used_us of this event; false: the event is over. */
static bool exchange(struct sim_link *link, uint64_t start_us, uint64_t *used_us)
{
    const struct link *l = &link->config.link;
    struct sim_up *up = &link->up[link->up_head];
    struct sim_down *down = &link->down[link->down_head];
    uint64_t at_us = start_us + *used_us;
    bool has_up = link->up_count > 0 && up->ready_us <= at_us;
    bool has_down = link->down_count > 0 && down->ready_us <= at_us;
    uint32_t us =
        link_exchange_us(l->phy, l->encrypted, has_up ? piece_len(link, up->frame_len) : 0);

    if (has_down) {
        us += link_air_us(l->phy, l->encrypted, piece_len(link, down->frame_len)) -
              link_air_us(l->phy, l->encrypted, 0);
    }
    if ((!has_up && !has_down) || (*used_us > 0 && *used_us + us > l->interval_us - l->guard_us)) {
        return false;
    }
    *used_us += us;
    link->now_us = start_us + *used_us;
    link->packet_count++;
    if (is_lost(link)) {
        link->lost_count++;
        link->silence_us = link->silence_us == SIM_NEVER ? start_us : link->silence_us;
        return false; /* the rest of the event as well: nobody answers */
    }
    link->silence_us = SIM_NEVER;
    if (has_up) {
        take_up(link, up);
    }
    if (has_down && link->state == SIM_LINK_UP) {
        take_down(link, down);
    }
    return link->state == SIM_LINK_UP;
}

static void connection_event(struct sim_link *link)
{
    const struct link *l = &link->config.link;
    uint64_t start_us = link->anchor_us;
    uint64_t used_us = 0;
    bool had_room = link->up_count < SIM_UP_MAX;

    link->now_us = start_us;
    link->anchor_us += l->interval_us;
    link->in_event = true;
    for (unsigned i = 0; l->packets_max == 0 || i < l->packets_max; i++) {
        if (!exchange(link, start_us, &used_us)) {
            break;
        }
    }
    if (!had_room && link->up_count < SIM_UP_MAX && link->state == SIM_LINK_UP) {
        const struct otam_event event = {.type = OTAM_EV_WRITABLE};

        link->config.deliver(link->config.user, &event);
    }
    link->in_event = false;
    if (link->silence_us != SIM_NEVER && link->now_us - link->silence_us >= SIM_SUPERVISION_US) {
        sim_link_break(link);
        link->change_us = link->now_us;
    }
}

/* First event at or after us. */
static uint64_t event_from(const struct sim_link *link, uint64_t us)
{
    uint64_t interval_us = link->config.link.interval_us;

    return us <= link->anchor_us ? link->anchor_us
                                 : link->anchor_us + (us - link->anchor_us + interval_us - 1) /
                                                         interval_us * interval_us;
}

static uint64_t next_event_us(const struct sim_link *link)
{
    uint64_t ready_us = SIM_NEVER;

    if (link->up_count > 0) {
        ready_us = link->up[link->up_head].ready_us;
    }
    if (link->down_count > 0 && link->down[link->down_head].ready_us < ready_us) {
        ready_us = link->down[link->down_head].ready_us;
    }
    return ready_us == SIM_NEVER ? SIM_NEVER : event_from(link, ready_us);
}

/* ---- state ------------------------------------------------------------------------------------ */

static void become(struct sim_link *link, enum sim_link_state state, uint64_t change_us)
{
    link->state = state;
    link->change_us = change_us;
    link->up_count = 0;
    link->down_count = 0;
    link->silence_us = SIM_NEVER;
}

void sim_link_break(struct sim_link *link)
{
    if (link->state == SIM_LINK_UP) {
        become(link, SIM_LINK_LOST, link->now_us + SIM_SUPERVISION_US);
    }
}

void sim_link_close(struct sim_link *link)
{
    if (link->state == SIM_LINK_UP || link->state == SIM_LINK_LOST) {
        become(link, SIM_LINK_CLOSING, link->now_us);
    }
}

uint64_t sim_link_next_us(const struct sim_link *link)
{
    uint64_t us = SIM_NEVER;

    switch (link->state) {
    case SIM_LINK_DOWN:
        break;
    case SIM_LINK_UP:
        us = next_event_us(link);
        break;
    case SIM_LINK_CONNECTING:
        us = link->device_up_us > link->change_us ? link->device_up_us : link->change_us;
        break;
    case SIM_LINK_LOST:
    case SIM_LINK_CLOSING:
        us = link->change_us;
        break;
    }
    return us < link->now_us ? link->now_us : us;
}

static void come_up(struct sim_link *link)
{
    const struct link *l = &link->config.link;
    const struct otam_event event = {
        .type = OTAM_EV_CONNECTED, .att_mtu = l->att_mtu, .ll_len = l->ll_len};

    become(link, SIM_LINK_UP, 0);
    link->anchor_us = link->now_us + l->interval_us;
    link->device_us = link->now_us;
    link->device_linked = true;
    otas_connected(&link->config.device->server, l->att_mtu, l->encrypted);
    link->config.deliver(link->config.user, &event);
}

static void go_down(struct sim_link *link)
{
    const struct otam_event event = {.type = OTAM_EV_DISCONNECTED};

    become(link, SIM_LINK_DOWN, 0);
    tell_device(link);
    link->config.deliver(link->config.user, &event);
}

void sim_link_advance(struct sim_link *link)
{
    uint64_t us = sim_link_next_us(link);

    if (link->state == SIM_LINK_UP) {
        link->anchor_us = us == SIM_NEVER ? link->anchor_us : event_from(link, us);
        connection_event(link);
        return;
    }
    link->now_us = us;
    if (link->state == SIM_LINK_CONNECTING) {
        come_up(link);
    } else {
        go_down(link);
    }
}

/* ---- transport -------------------------------------------------------------------------------- */

static bool connect(void *ctx)
{
    struct sim_link *link = ctx;

    if (link->state != SIM_LINK_DOWN) {
        return false;
    }
    become(link, SIM_LINK_CONNECTING, link->now_us + link->config.link.interval_us);
    return true;
}

static bool disconnect(void *ctx)
{
    struct sim_link *link = ctx;

    if (link->state == SIM_LINK_CONNECTING) {
        become(link, SIM_LINK_CLOSING, link->now_us);
    }
    sim_link_close(link);
    return true;
}

static bool push_request(struct sim_link *link, enum sim_up_kind kind, enum otam_channel channel,
                         const uint8_t *bytes, size_t len)
{
    /* A link that nobody knows to be lost takes what it is given. */
    return link->state == SIM_LINK_LOST ||
           (link->state == SIM_LINK_UP && push_up(link, kind, channel, bytes, len));
}

static bool subscribe(void *ctx, enum otam_channel channel)
{
    static const uint8_t enable[] = {1, 0};

    return push_request(ctx, SIM_UP_SUBSCRIBE, channel, enable, sizeof enable);
}

static bool read_feature(void *ctx)
{
    static const uint8_t nothing[1];

    return push_request(ctx, SIM_UP_READ, OTAM_CONTROL, nothing, 0);
}

static bool write(void *ctx, const uint8_t *data, size_t data_len)
{
    return push_request(ctx, SIM_UP_WRITE, OTAM_CONTROL, data, data_len);
}

static enum otam_tx write_command(void *ctx, const uint8_t *data, size_t data_len)
{
    struct sim_link *link = ctx;

    if (link->state == SIM_LINK_UP && link->up_count == SIM_UP_MAX) {
        return OTAM_TX_LATER;
    }
    return push_request(link, SIM_UP_COMMAND, OTAM_DATA, data, data_len) ? OTAM_TX_TAKEN
                                                                         : OTAM_TX_FAILED;
}

const struct otam_transport sim_link_transport = {
    .connect = connect,
    .disconnect = disconnect,
    .subscribe = subscribe,
    .read_feature = read_feature,
    .write = write,
    .write_command = write_command,
};
