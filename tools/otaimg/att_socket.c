/*
 * The operations of a BLE link as messages of an AF_UNIX socket.
 * Layer: processes only; what is written and notified is the manager's and the device's affair.
 * Invariant: no length from the peer is used unchecked, and nothing but att_link_run() and
 * att_accept() waits.
 */
#include "att_socket.h"

#include <errno.h>
#include <otav/otav_format.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"

enum { HEAD_LEN = 2, CONNECTED_LEN = 4 };

/* ---- messages --------------------------------------------------------------------------------- */

static enum att_io io_error(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ATT_IO_LATER : ATT_IO_GONE;
}

enum att_io att_send(int fd, const struct att_message *message)
{
    uint8_t packet[HEAD_LEN + OTAM_VALUE_MAX_LEN];

    packet[0] = message->type;
    packet[1] = message->flag;
    memcpy(packet + HEAD_LEN, message->body, message->body_len);
    return send(fd, packet, HEAD_LEN + message->body_len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0
               ? io_error()
               : ATT_IO_DONE;
}

enum att_io att_receive(int fd, struct att_message *ret)
{
    uint8_t packet[HEAD_LEN + OTAM_VALUE_MAX_LEN + 1]; /* one more, to see what is too long */
    ssize_t len = recv(fd, packet, sizeof packet, MSG_DONTWAIT);

    if (len < 0) {
        return io_error();
    }
    if (len < HEAD_LEN || len == (ssize_t)sizeof packet) {
        return ATT_IO_GONE;
    }
    ret->type = packet[0];
    ret->flag = packet[1];
    ret->body_len = (size_t)len - HEAD_LEN;
    memcpy(ret->body, packet + HEAD_LEN, ret->body_len);
    return ATT_IO_DONE;
}

static bool make_address(const char *path, struct sockaddr_un *ret)
{
    size_t len = strlen(path);

    if (len >= sizeof ret->sun_path) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    ret->sun_family = AF_UNIX;
    memcpy(ret->sun_path, path, len + 1);
    return true;
}

/* ---- device ----------------------------------------------------------------------------------- */

enum ox att_listen(const char *path, int *ret_fd)
{
    struct sockaddr_un address;
    int fd;

    if (!make_address(path, &address)) {
        return diag_fail(OX_IO, "'%s' is too long for a socket, expected up to %zu bytes", path,
                         sizeof address.sun_path - 1);
    }
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 1) != 0) {
        enum ox ox = diag_fail(OX_IO, "cannot listen on '%s': %s", path, strerror(errno));

        if (fd >= 0) {
            (void)close(fd);
        }
        return ox;
    }
    *ret_fd = fd;
    return OX_OK;
}

enum ox att_accept(int listen_fd, uint16_t att_mtu, uint16_t ll_len, int *ret_fd)
{
    const struct att_message connected = {.type = ATT_CONNECTED,
                                          .flag = 1,
                                          .body = {(uint8_t)att_mtu, (uint8_t)(att_mtu >> 8),
                                                   (uint8_t)ll_len, (uint8_t)(ll_len >> 8)},
                                          .body_len = CONNECTED_LEN};
    int fd;

    do {
        fd = accept(listen_fd, NULL, NULL);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return diag_fail(OX_IO, "cannot accept a connection: %s", strerror(errno));
    }
    /* A manager that is gone again shows when the device reads. */
    (void)att_send(fd, &connected);
    *ret_fd = fd;
    return OX_OK;
}

/* ---- manager: operations ---------------------------------------------------------------------- */

void att_link_init(struct att_link *ret, const char *path)
{
    *ret = (struct att_link){.path = path, .fd = -1};
}

static void close_link(struct att_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
    }
    link->fd = -1;
    link->is_over = true;
    link->is_held = false;
}

static bool link_connect(void *ctx)
{
    struct att_link *link = ctx;
    struct sockaddr_un address;

    link->error = ENAMETOOLONG;
    if (!make_address(link->path, &address)) {
        return false;
    }
    link->error = 0;
    link->is_over = false;
    link->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (link->fd < 0) {
        link->error = errno;
        return false;
    }
    if (connect(link->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        link->error = errno;
        close_link(link); /* no device there: told as the end of the connection */
    }
    return true;
}

static bool link_disconnect(void *ctx)
{
    close_link(ctx);
    return true;
}

/* An operation that waits for an answer finds room, as the one before was answered. */
static bool send_operation(const struct att_link *link, enum att_type type, uint8_t flag,
                           const uint8_t *data, size_t data_len)
{
    struct att_message message = {.type = (uint8_t)type, .flag = flag, .body_len = data_len};

    if (data_len > sizeof message.body) {
        return false;
    }
    if (data_len > 0) {
        memcpy(message.body, data, data_len);
    }
    return att_send(link->fd, &message) == ATT_IO_DONE;
}

static bool link_subscribe(void *ctx, enum otam_channel channel)
{
    return send_operation(ctx, ATT_SUBSCRIBE, (uint8_t)channel, NULL, 0);
}

static bool link_read_feature(void *ctx)
{
    return send_operation(ctx, ATT_READ_FEATURE, 0, NULL, 0);
}

static bool link_write(void *ctx, const uint8_t *data, size_t data_len)
{
    return send_operation(ctx, ATT_WRITE, 0, data, data_len);
}

static enum otam_tx link_write_command(void *ctx, const uint8_t *data, size_t data_len)
{
    struct att_link *link = ctx;
    struct att_message message = {.type = ATT_WRITE_COMMAND, .body_len = data_len};

    if (data_len > sizeof message.body) {
        return OTAM_TX_FAILED;
    }
    memcpy(message.body, data, data_len);
    switch (att_send(link->fd, &message)) {
    case ATT_IO_DONE:
        return OTAM_TX_TAKEN;
    case ATT_IO_LATER:
        link->is_held = true;
        return OTAM_TX_LATER;
    case ATT_IO_GONE:
        break;
    }
    /* Taken and lost: that the connection is over is about to be read. */
    return OTAM_TX_TAKEN;
}

const struct otam_transport att_link_transport = {link_connect,   link_disconnect,
                                                  link_subscribe, link_read_feature,
                                                  link_write,     link_write_command};

/* ---- manager: events -------------------------------------------------------------------------- */

uint32_t att_link_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/* false: not a message of a device. */
static bool event_of(const struct att_message *message, struct otam_event *ret)
{
    static const enum otam_event_type types[] = {
        OTAM_EV_CONNECTED, OTAM_EV_SUBSCRIBED, OTAM_EV_FEATURE, OTAM_EV_WRITTEN, OTAM_EV_NOTIFIED};

    if (message->type < ATT_CONNECTED || message->type > ATT_NOTIFIED ||
        (message->type == ATT_CONNECTED && message->body_len != CONNECTED_LEN)) {
        return false;
    }
    *ret = (struct otam_event){.type = types[message->type - ATT_CONNECTED],
                               .ok = message->flag == 1,
                               .channel = message->flag == OTAM_DATA ? OTAM_DATA : OTAM_CONTROL,
                               .data = message->body,
                               .data_len = message->body_len};
    if (ret->type == OTAM_EV_CONNECTED) {
        ret->att_mtu = otav_load_u16(message->body);
        ret->ll_len = otav_load_u16(message->body + 2);
    }
    return true;
}

static void on_readable(struct att_link *link, struct otam *m)
{
    struct att_message message;
    struct otam_event event;
    enum att_io io = att_receive(link->fd, &message);

    if (io == ATT_IO_GONE || (io == ATT_IO_DONE && !event_of(&message, &event))) {
        close_link(link);
    } else if (io == ATT_IO_DONE) {
        otam_event(m, &event, att_link_now_ms());
    }
}

static void tell_end(struct att_link *link, struct otam *m)
{
    const struct otam_event event = {.type = OTAM_EV_DISCONNECTED};

    link->is_over = false;
    otam_event(m, &event, att_link_now_ms());
}

static void wait_and_deliver(struct att_link *link, struct otam *m)
{
    struct pollfd entry = {.fd = link->fd,
                           .events = (short)(POLLIN | (link->is_held ? POLLOUT : 0))};
    uint32_t wait_ms = otam_wait_ms(m, att_link_now_ms());
    int ready = poll(&entry, 1, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);

    if (ready > 0 && (entry.revents & ~POLLOUT) != 0) {
        on_readable(link, m);
    } else if (ready > 0) {
        const struct otam_event event = {.type = OTAM_EV_WRITABLE};

        link->is_held = false;
        otam_event(m, &event, att_link_now_ms());
    }
    otam_tick(m, att_link_now_ms());
}

void att_link_run(struct att_link *link, struct otam *m)
{
    while (!otam_finished(m)) {
        if (link->is_over) {
            tell_end(link, m);
        } else {
            wait_and_deliver(link, m);
        }
    }
    close_link(link);
}
