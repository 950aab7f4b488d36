/*
 * A virtual device at an AF_UNIX socket: the messages of att_socket.h into its OTA service and back.
 */
#ifndef OTAIMG_SIM_LISTEN_H
#define OTAIMG_SIM_LISTEN_H

#include <virtual_device.h>

#include "att_socket.h"

/* Caller-owned; in place while the device is used. */
struct sim_listen {
    struct vdev *device; /* made with sim_listen_host() */
    uint16_t att_mtu;    /* of every connection */

    /* After each message, with the bytes of data that came so far in all connections: false ends this
     * connection. NULL: go on. */
    bool (*go_on)(void *user, uint32_t data_len);
    void *user;

    int fd; /* private, as all below */
    uint32_t data_len;
    bool is_told_to_reset;
};

/* What the device says goes to the manager that is connected. */
struct vdev_host sim_listen_host(struct sim_listen *listen);

/* Serves one manager after the other at listen_fd (att_listen()), on a device that runs, until one tells
 * it to reset, which is up to the caller then. OX_IO. */
enum ox sim_listen_serve(struct sim_listen *listen, int listen_fd);

#endif
