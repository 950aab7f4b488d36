/*
 * A BLE link on a virtual clock, between a manager and a virtual device: connection events, packets
 * that fit one, packets that are lost and repeated, and the time that the device's flash takes. It is
 * the transport of the manager; what the device notifies goes in by sim_link_notify().
 *
 * Times are microseconds since the start. Left out: advertising, pairing, discovery, the MTU exchange
 * (they take no time), and what the device calculates.
 */
#ifndef OTAIMG_SIM_LINK_H
#define OTAIMG_SIM_LINK_H

#include <otam/otam.h>
#include <virtual_device.h>

#include "link_model.h"

/* Without a packet for so long, either side takes the link for lost. */
#define SIM_SUPERVISION_US UINT64_C(2000000)
#define SIM_NEVER          UINT64_MAX

enum { SIM_UP_MAX = 64, SIM_DOWN_MAX = 8, SIM_DOWN_LEN = 16, SIM_LOSS_ALL = 1000000 };

enum sim_link_state {
    SIM_LINK_DOWN,
    SIM_LINK_CONNECTING,
    SIM_LINK_UP,
    SIM_LINK_LOST, /* nobody has noticed yet */
    SIM_LINK_CLOSING
};

enum sim_up_kind { SIM_UP_SUBSCRIBE, SIM_UP_READ, SIM_UP_WRITE, SIM_UP_COMMAND };

/* On the way to the device. */
struct sim_up {
    enum sim_up_kind kind;
    enum otam_channel channel;
    uint64_t ready_us;  /* not before */
    uint16_t frame_len; /* bytes still to be sent, headers included */
    uint16_t len;
    uint8_t bytes[OTAM_VALUE_MAX_LEN];
};

/* On the way to the manager. */
struct sim_down {
    struct otam_event event;
    uint64_t ready_us;
    uint16_t frame_len;
    uint8_t bytes[SIM_DOWN_LEN];
};

struct sim_link_config {
    struct link link;
    struct link_flash flash;
    uint32_t loss_ppm; /* packets that are lost, per million; less than SIM_LOSS_ALL */
    uint64_t seed;
    struct vdev *device;
    void *user;
    void (*deliver)(void *user, const struct otam_event *event); /* to the manager */
    /* The device took a write of data; true: the link breaks before it can answer. */
    bool (*breaks)(void *user);
};

/* Caller-owned; now_us and the counters may be read, device_up_us is set by who boots the device. */
struct sim_link {
    uint64_t now_us;
    uint64_t device_up_us; /* from then on the device can be connected to; SIM_NEVER: it is off */
    uint64_t packet_count; /* exchanges */
    uint64_t lost_count;
    unsigned data_count; /* writes of data that reached the device */

    struct sim_link_config config;
    uint64_t random;
    enum sim_link_state state;
    bool device_linked;
    bool in_event;
    uint64_t anchor_us;  /* of the next connection event */
    uint64_t change_us;  /* when CONNECTING, LOST or CLOSING may end */
    uint64_t device_us;  /* until then the device is busy */
    uint64_t silence_us; /* of the first packet lost in a row; SIM_NEVER: none */
    unsigned up_head;
    unsigned up_count;
    unsigned down_head;
    unsigned down_count;
    struct sim_up up[SIM_UP_MAX];
    struct sim_down down[SIM_DOWN_MAX];
};

extern const struct otam_transport sim_link_transport; /* ctx: struct sim_link */

/* At time 0, link down, device off. */
void sim_link_init(struct sim_link *link, const struct sim_link_config *config);

/* vdev_host.notify, with user = link. */
bool sim_link_notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len);

/* When something happens next; SIM_NEVER: nothing. */
uint64_t sim_link_next_us(const struct sim_link *link);

/* Lets it happen; now_us is that time or a little later. */
void sim_link_advance(struct sim_link *link);

/* The device's time passes: otas_tick() at now_us. */
void sim_link_tick(struct sim_link *link);

/* The device is gone, or out of range: both sides notice by silence. */
void sim_link_break(struct sim_link *link);

/* The device, or the manager's side, ends the connection. */
void sim_link_close(struct sim_link *link);

/* Time that erases and programs of the device since `before` took. */
uint64_t sim_link_flash_us(const struct sim_link *link, const unsigned before[NVM_OP_COUNT]);

#endif
