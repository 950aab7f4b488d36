/*
 * The operations of a BLE link as messages of an AF_UNIX socket, so that a manager and a device can be
 * two processes. A connection of the socket is a connection of the link: whoever dies drops it.
 *
 * A message is one packet of a SOCK_SEQPACKET socket: type u8 | flag u8 | body. flag is 1 for success
 * in answers, and the channel (enum otam_channel) in subscribe and notified; else 0. The body is the
 * value written, read or notified; of connected: ATT MTU u16 | link-layer length u16, little-endian.
 *
 * Both ends distrust each other's lengths: a message that is none ends the connection.
 */
#ifndef OTAIMG_ATT_SOCKET_H
#define OTAIMG_ATT_SOCKET_H

#include <otam/otam.h>

#include "exits.h"

enum att_type {
    /* manager to device */
    ATT_SUBSCRIBE = 1,
    ATT_READ_FEATURE,
    ATT_WRITE,         /* with response, to the control characteristic */
    ATT_WRITE_COMMAND, /* without, to the data characteristic */
    /* device to manager */
    ATT_CONNECTED = 0x81, /* the first message */
    ATT_SUBSCRIBED,
    ATT_FEATURE,
    ATT_WRITTEN,
    ATT_NOTIFIED
};

struct att_message {
    uint8_t type; /* enum att_type, or anything else that the peer sent */
    uint8_t flag;
    uint8_t body[OTAM_VALUE_MAX_LEN];
    size_t body_len;
};

enum att_io {
    ATT_IO_DONE,
    ATT_IO_LATER, /* no message there, or no room for one */
    ATT_IO_GONE   /* the connection is over */
};

/* Neither blocks. */
enum att_io att_send(int fd, const struct att_message *message);
enum att_io att_receive(int fd, struct att_message *ret);

/* ---- device ----------------------------------------------------------------------------------- */

/* Listens on path, which must not exist and stays behind. The caller closes *ret_fd. OX_IO. */
enum ox att_listen(const char *path, int *ret_fd);

/* Waits for a manager and tells it the connection's values; the caller closes *ret_fd. OX_IO. */
enum ox att_accept(int listen_fd, uint16_t att_mtu, uint16_t ll_len, int *ret_fd);

/* ---- manager ---------------------------------------------------------------------------------- */

/* Context of att_link_transport. */
struct att_link {
    const char *path; /* of the device, not owned */
    int fd;           /* -1: not connected */
    bool is_over;     /* the end of the connection is still to be told */
    bool is_held;     /* a write found no room */
    int error;        /* errno of the last attempt to connect, 0 = it worked */
};

/* Connects when the manager asks for it. */
void att_link_init(struct att_link *ret, const char *path);

extern const struct otam_transport att_link_transport;

/* Milliseconds of the clock that att_link_run() lives by, for otam_start(). */
uint32_t att_link_now_ms(void);

/* Waits for events and deadlines until the manager has finished; no connection stays open. */
void att_link_run(struct att_link *link, struct otam *m);

#endif
