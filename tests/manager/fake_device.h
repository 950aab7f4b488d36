/*
 * A device for the manager's tests, written from the profile's description: it takes an image as a
 * stock device does (or resumes, where that is turned on), notes what the manager does wrong, and
 * misbehaves where a rule says so. Time is virtual.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <otam/otam.h>

enum fake_op {
    FAKE_CONNECT,
    FAKE_SUBSCRIBE_CONTROL,
    FAKE_SUBSCRIBE_DATA,
    FAKE_READ,
    FAKE_REQUEST,
    FAKE_START,
    FAKE_DATA,  /* one write */
    FAKE_GROUP, /* the acknowledgement of a group */
    FAKE_COMPLETE,
    FAKE_RESET,
    FAKE_DISCONNECT,
    FAKE_OP_COUNT
};

enum fake_action {
    FAKE_HONEST,
    FAKE_SILENT,       /* says nothing; data: the write is lost */
    FAKE_MUTE,         /* answers the write, but does not notify */
    FAKE_DROP,         /* the link ends instead */
    FAKE_DROP_AFTER,   /* does it and answers, then the link ends before the answer is heard */
    FAKE_ATT_ERROR,    /* the operation is answered with an error */
    FAKE_REFUSE,       /* the transport does not start it */
    FAKE_LATER,        /* data: no room now */
    FAKE_ANSWER,       /* these bytes instead of its notification or value */
    FAKE_NOTIFY_FIRST, /* the notification comes before the answer to the write */
    FAKE_EXTRA         /* does it, and these bytes come as another notification */
};

/* Applies to the from-th operation of its kind and the next count - 1. */
struct fake_rule {
    enum fake_op op;
    unsigned from; /* 1 = the first */
    unsigned count;
    enum fake_action action;
    enum otam_channel channel; /* of what EXTRA says */
    uint8_t bytes[48];
    size_t bytes_len;
};

#define FAKE_ALWAYS 1000000u

enum { FAKE_RULE_MAX = 4, FAKE_QUEUE_MAX = 4096 };

struct fake_queued {
    struct otam_event event;
    uint8_t bytes[48];
};

struct fake_device {
    /* what it is */
    uint16_t att_mtu;
    uint16_t ll_len;
    bool resumes;
    uint32_t version;
    const uint8_t *image; /* that it expects to get, for complete */
    uint32_t image_len;
    struct fake_rule rules[FAKE_RULE_MAX];
    unsigned rule_count;

    /* what happened */
    unsigned count[FAKE_OP_COUNT];
    const char *violation; /* the first thing the manager did wrong; NULL = nothing */
    uint8_t request[64];   /* the last one */
    size_t request_len;
    uint32_t taken_len; /* bytes of all data writes */
    uint32_t connect_ms[16];
    bool installed; /* complete was answered with success for the right image */
    bool reset;

    /* where it is */
    bool connected;
    bool subscribed[2];
    enum { FAKE_IDLE, FAKE_REQUESTED, FAKE_STARTED } state;
    uint32_t announced_len;
    uint32_t received_len;
    bool unacknowledged;
    bool deaf; /* a write was lost: nothing more is heard on this connection */
    uint32_t kept_len;
    uint8_t kept_digest[OTAM_DIGEST_LEN];
    uint8_t flash[OTAM_IMAGE_MAX_LEN];

    struct fake_queued queue[FAKE_QUEUE_MAX];
    unsigned head;
    unsigned tail;
    uint32_t now_ms;
};

extern const struct otam_transport fake_transport; /* ctx: struct fake_device */

/* The next event for the manager, valid until the next call; NULL: none. */
const struct otam_event *fake_next_event(struct fake_device *d);

/* The link is gone; if the manager is told is up to the caller. */
void fake_unplug(struct fake_device *d);

void fake_notify(struct fake_device *d, enum otam_channel channel, const uint8_t *bytes,
                 size_t len);

/* Longest write that wastes no part of a packet, found by trying. */
uint16_t fake_best_chunk(uint16_t att_mtu, uint16_t ll_len);

#endif
