/*
 * A virtual device at an AF_UNIX socket.
 *
 * Layer: above the virtual device and att_socket.c. Invariant: a message that no manager sends, or that
 * is longer than the MTU allows, ends the connection and does not reach the service.
 */
#include "sim_listen.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 100, ATT_HEAD_LEN = 3, LL_LEN = 251 };

static bool notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    const struct sim_listen *listen = user;
    struct att_message message = {.type = ATT_NOTIFIED,
                                  .flag = attr == OTAS_DATA ? OTAM_DATA : OTAM_CONTROL,
                                  .body_len = len};

    memcpy(message.body, bytes, len);
    return att_send(listen->fd, &message) == ATT_IO_DONE;
}

static void reset(void *user, uint32_t after_ms)
{
    struct sim_listen *listen = user;

    (void)after_ms;
    listen->is_told_to_reset = true;
}

struct vdev_host sim_listen_host(struct sim_listen *listen)
{
    return (struct vdev_host){.user = listen, .notify = notify, .reset = reset};
}

/* A manager that takes no answer is gone, or about to be. */
static void answer(const struct sim_listen *listen, enum att_type type, uint8_t att_error,
                   const uint8_t *bytes, size_t len)
{
    struct att_message message = {
        .type = (uint8_t)type, .flag = att_error == OTAS_ATT_OK, .body_len = len};

    if (len > 0) {
        memcpy(message.body, bytes, len);
    }
    (void)att_send(listen->fd, &message);
}

static void subscribe(struct sim_listen *listen, uint8_t channel)
{
    static const uint8_t enable[] = {1, 0};
    enum otas_attr attr = channel == OTAM_DATA ? OTAS_DATA_CCCD : OTAS_CONTROL_CCCD;

    answer(listen, ATT_SUBSCRIBED, otas_write(&listen->device->server, attr, enable, sizeof enable),
           NULL, 0);
}

static void read_feature(struct sim_listen *listen)
{
    uint8_t value[OTAS_VALUE_MAX_LEN];
    size_t len = 0;
    uint8_t error = otas_read(&listen->device->server, OTAS_FEATURE, value, &len);

    answer(listen, ATT_FEATURE, error, value, len);
}

/* false: not a message of a manager. */
static bool take(struct sim_listen *listen, const struct att_message *message)
{
    struct otas_server *server = &listen->device->server;

    if (message->body_len + ATT_HEAD_LEN > listen->att_mtu) {
        return false;
    }
    switch (message->type) {
    case ATT_SUBSCRIBE:
        subscribe(listen, message->flag);
        return true;
    case ATT_READ_FEATURE:
        read_feature(listen);
        return true;
    case ATT_WRITE:
        answer(listen, ATT_WRITTEN,
               otas_write(server, OTAS_CONTROL, message->body, message->body_len), NULL, 0);
        return true;
    case ATT_WRITE_COMMAND:
        listen->data_len += (uint32_t)message->body_len;
        (void)otas_write(server, OTAS_DATA, message->body, message->body_len);
        return true;
    default:
        return false;
    }
}

static void serve_connection(struct sim_listen *listen)
{
    struct pollfd entry = {.fd = listen->fd, .events = POLLIN};
    bool is_up = true;

    otas_connected(&listen->device->server, listen->att_mtu, true);
    while (is_up && !listen->is_told_to_reset) {
        struct att_message message;
        enum att_io io;

        (void)poll(&entry, 1, TICK_MS);
        io = att_receive(listen->fd, &message);
        otas_tick(&listen->device->server, att_link_now_ms());
        if (io == ATT_IO_DONE) {
            is_up = take(listen, &message) &&
                    (listen->go_on == NULL || listen->go_on(listen->user, listen->data_len));
        } else {
            is_up = io == ATT_IO_LATER;
        }
    }
    otas_disconnected(&listen->device->server);
}

enum ox sim_listen_serve(struct sim_listen *listen, int listen_fd)
{
    listen->is_told_to_reset = false;
    while (!listen->is_told_to_reset) {
        enum ox ox = att_accept(listen_fd, listen->att_mtu, LL_LEN, &listen->fd);

        if (ox != OX_OK) {
            return ox;
        }
        serve_connection(listen);
        (void)close(listen->fd);
    }
    return OX_OK;
}
