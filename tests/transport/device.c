/*
 * A device process at an AF_UNIX socket: the OTA service over the simulated flash, as DEVICE.yaml says
 * what it takes.
 *
 *   device SOCKET DEVICE.yaml SLOT [mtu=N] [resume=0] [key=HEX] [battery=PERCENT]
 *     [hold=BYTES] [drop=BYTES]
 *
 * Serves one manager after the other until it is told to reset; then it writes the content of slot 1,
 * without erased pages at its end, to SLOT and exits. hold: from this many bytes on, it says "holding"
 * and nothing to the manager until the connection ends or SIGUSR1 comes, once. drop: there it ends the connection, once. Layer: test.
 */
#include <otav/otav_openssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "att_socket.h"
#include "device_file.h"
#include "peer.h"
#include "util.h"

enum { TICK_MS = 100, ATT_HEAD_LEN = 3 };

struct device {
    struct peer peer; /* first: its platform hands it to notify() */
    int fd;
    uint16_t mtu;
    uint32_t hold_len; /* 0: never */
    uint32_t drop_len;
    uint32_t taken_len;
};

static bool notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    struct device *device = user;
    struct att_message message = {.type = ATT_NOTIFIED,
                                  .flag = attr == OTAS_DATA ? OTAM_DATA : OTAM_CONTROL,
                                  .body_len = len};

    memcpy(message.body, bytes, len);
    return att_send(device->fd, &message) == ATT_IO_DONE;
}

static void answer(struct device *device, enum att_type type, uint8_t att_error,
                   const uint8_t *bytes, size_t len)
{
    struct att_message message = {
        .type = (uint8_t)type, .flag = att_error == OTAS_ATT_OK, .body_len = len};

    if (len > 0) {
        memcpy(message.body, bytes, len);
    }
    (void)att_send(device->fd, &message);
}

static uint8_t subscribe(struct device *device, uint8_t channel)
{
    static const uint8_t enable[] = {1, 0};

    return otas_write(&device->peer.server,
                      channel == OTAM_DATA ? OTAS_DATA_CCCD : OTAS_CONTROL_CCCD, enable,
                      sizeof enable);
}

static void take(struct device *device, const struct att_message *message)
{
    struct otas_server *server = &device->peer.server;
    uint8_t value[OTAS_VALUE_MAX_LEN];
    size_t len = 0;
    uint8_t error;

    switch (message->type) {
    case ATT_SUBSCRIBE:
        answer(device, ATT_SUBSCRIBED, subscribe(device, message->flag), NULL, 0);
        break;
    case ATT_READ_FEATURE:
        error = otas_read(server, OTAS_FEATURE, value, &len);
        answer(device, ATT_FEATURE, error, value, len);
        break;
    case ATT_WRITE:
        error = otas_write(server, OTAS_CONTROL, message->body, message->body_len);
        answer(device, ATT_WRITTEN, error, NULL, 0);
        break;
    case ATT_WRITE_COMMAND:
        device->taken_len += (uint32_t)message->body_len;
        (void)otas_write(server, OTAS_DATA, message->body, message->body_len);
        break;
    default:
        (void)fprintf(stderr, "device: message %u\n", message->type);
        exit(1);
    }
}

static bool is_reached(const struct device *device, uint32_t *at_len)
{
    bool is = *at_len != 0 && device->taken_len >= *at_len;

    *at_len = is ? 0 : *at_len;
    return is;
}

static void go_on(int number)
{
    (void)number; /* ends the wait */
}

static void hold(const struct device *device)
{
    struct pollfd entry = {.fd = device->fd, .events = POLLRDHUP};
    const struct sigaction interrupt = {.sa_handler = go_on};

    (void)sigaction(SIGUSR1, &interrupt, NULL);
    puts("holding");
    (void)fflush(stdout);
    (void)poll(&entry, 1, -1);
}

static void serve(struct device *device)
{
    struct pollfd entry = {.fd = device->fd, .events = POLLIN};
    struct att_message message;
    enum att_io io = ATT_IO_LATER;

    otas_connected(&device->peer.server, device->mtu, true);
    while (device->peer.reset_count == 0 && io != ATT_IO_GONE) {
        (void)poll(&entry, 1, TICK_MS);
        io = att_receive(device->fd, &message);
        otas_tick(&device->peer.server, att_link_now_ms());
        if (io != ATT_IO_DONE) {
            continue;
        }
        if (message.body_len + ATT_HEAD_LEN > device->mtu) {
            (void)fprintf(stderr, "device: a write of %zu bytes\n", message.body_len);
            exit(1);
        }
        take(device, &message);
        if (is_reached(device, &device->hold_len)) {
            hold(device);
        }
        if (is_reached(device, &device->drop_len)) {
            break;
        }
    }
    otas_disconnected(&device->peer.server);
}

static int write_slot(const struct peer *peer, const char *path)
{
    const uint8_t *slot = peer->sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS)];
    uint32_t len = OTAV_SLOT_LEN;
    FILE *out = fopen(path, "wb");

    while (len > 0 && slot[len - 1] == 0xFF) {
        len--;
    }
    if (out == NULL || fwrite(slot, 1, len, out) != len || fclose(out) != 0 ||
        !peer_device_intact(peer)) {
        (void)fprintf(stderr, "device: cannot write '%s', or flash is not as it should be\n", path);
        return 1;
    }
    return 0;
}

/* As the service has them, for a mock that is to show the same. */
static void print_uuids(void)
{
    static const uint8_t *const uuids[] = {otas_service_uuid, otas_attributes[OTAS_FEATURE].uuid,
                                           otas_attributes[OTAS_CONTROL].uuid,
                                           otas_attributes[OTAS_DATA].uuid};

    for (size_t i = 0; i < sizeof uuids / sizeof uuids[0]; i++) {
        uint8_t bytes[OTAS_UUID_LEN];
        char text[UUID_TEXT_LEN];

        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = uuids[i][sizeof bytes - 1 - k];
        }
        format_uuid(bytes, text);
        printf("uuid %s\n", text);
    }
}

static bool set(struct device *device, const char *option)
{
    struct otav_config *config = &device->peer.device;
    unsigned long value = strtoul(option + strcspn(option, "=") + 1, NULL, 10);

    if (strncmp(option, "mtu=", 4) == 0) {
        device->mtu = (uint16_t)value;
    } else if (strncmp(option, "resume=", 7) == 0) {
        device->peer.config.resume = value != 0;
    } else if (strncmp(option, "battery=", 8) == 0) {
        device->peer.battery = (uint8_t)value;
    } else if (strncmp(option, "hold=", 5) == 0) {
        device->hold_len = (uint32_t)value;
    } else if (strncmp(option, "drop=", 5) == 0) {
        device->drop_len = (uint32_t)value;
    } else if (strncmp(option, "key=", 4) == 0) {
        config->has_decrypt_key = true;
        return hex_decode(option + 4, config->decrypt_key, sizeof config->decrypt_key);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct device device = {.mtu = 247};
    static struct device_file file;
    static const struct key_options keys;
    int listen_fd = -1;

    if (argc < 4 || device_file_load(argv[2], &keys, &file) != OX_OK) {
        return 2;
    }
    peer_init(&device.peer, &otav_crypto_openssl, 1);
    device.peer.device = file.config;
    device.peer.platform.notify = notify;
    for (int i = 4; i < argc; i++) {
        if (!set(&device, argv[i])) {
            (void)fprintf(stderr, "device: '%s' is no option\n", argv[i]);
            return 2;
        }
    }
    if (att_listen(argv[1], &listen_fd) != OX_OK) {
        return 1;
    }
    print_uuids();
    puts("listening");
    (void)fflush(stdout);
    while (device.peer.reset_count == 0) {
        if (att_accept(listen_fd, device.mtu, 251, &device.fd) != OX_OK) {
            return 1;
        }
        serve(&device);
        (void)close(device.fd);
    }
    (void)close(listen_fd);
    device_file_free(&file);
    return write_slot(&device.peer, argv[3]);
}
