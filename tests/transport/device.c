/*
 * A device process at an AF_UNIX socket: a virtual device as DEVICE.yaml says what it is.
 *
 *   device SOCKET DEVICE.yaml SLOT [mtu=N] [resume=0] [key=HEX] [battery=PERCENT]
 *     [hold=BYTES] [drop=BYTES]
 *
 * Serves one manager after the other until it is told to reset. Then the bootloader runs, the
 * application confirms what is on trial, the bootloader runs again; the content of slot 0 goes to the
 * file SLOT. hold: from this many bytes on, it says "holding" and nothing to the manager until the
 * connection ends or SIGUSR1 comes, once. drop: there it ends the connection, once. Layer: test.
 */
#include <otas_boot.h>
#include <otav/otav_openssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_file.h"
#include "sim_listen.h"
#include "util.h"

struct process {
    struct sim_listen listen;
    struct vdev_options options;
    uint32_t hold_len; /* 0: never */
    uint32_t drop_len;
};

static bool is_reached(uint32_t len, uint32_t *at_len)
{
    bool is = *at_len != 0 && len >= *at_len;

    *at_len = is ? 0 : *at_len;
    return is;
}

static void wake(int number)
{
    (void)number; /* ends the wait */
}

static void hold(const struct process *process)
{
    struct pollfd entry = {.fd = process->listen.fd, .events = POLLRDHUP};
    const struct sigaction interrupt = {.sa_handler = wake};

    (void)sigaction(SIGUSR1, &interrupt, NULL);
    (void)puts("holding");
    (void)fflush(stdout);
    (void)poll(&entry, 1, -1);
}

static bool go_on(void *user, uint32_t data_len)
{
    struct process *process = user;

    if (is_reached(data_len, &process->hold_len)) {
        hold(process);
    }
    return !is_reached(data_len, &process->drop_len);
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

static bool set(struct process *process, const char *option)
{
    struct otav_config *config = &process->options.config;
    unsigned long value = strtoul(option + strcspn(option, "=") + 1, NULL, 10);

    if (strncmp(option, "mtu=", 4) == 0) {
        process->listen.att_mtu = (uint16_t)value;
    } else if (strncmp(option, "resume=", 7) == 0) {
        process->options.resume = value != 0;
    } else if (strncmp(option, "battery=", 8) == 0) {
        process->options.battery = (uint8_t)value;
    } else if (strncmp(option, "hold=", 5) == 0) {
        process->hold_len = (uint32_t)value;
    } else if (strncmp(option, "drop=", 5) == 0) {
        process->drop_len = (uint32_t)value;
    } else if (strncmp(option, "key=", 4) == 0) {
        config->has_decrypt_key = true;
        return hex_decode(option + 4, config->decrypt_key, sizeof config->decrypt_key);
    } else {
        return false;
    }
    return true;
}

static int fail(const char *what)
{
    (void)fprintf(stderr, "device: %s\n", what);
    return 1;
}

/* The reset that was asked for, and what the new application does. */
static int finish(struct vdev *device, const char *path)
{
    struct otas_status status = {OTAS_NOTHING, 0, 0, 0};
    const uint8_t *slot = device->flash.bytes[nvm_page(OTAV_SLOT0_ADDRESS)];
    FILE *out;

    if (!vdev_boot(device) || vdev_status(device, &status) != OTAV_OK ||
        status.event != OTAS_ON_TRIAL) {
        return fail("nothing on trial");
    }
    if (vdev_confirm(device) != OTAV_OK || !vdev_boot(device)) {
        return fail("not confirmed");
    }
    otas_boot_report(&device->report, &status);
    if (status.event != OTAS_COMPLETED) {
        return fail("not completed");
    }
    out = fopen(path, "wb");
    if (out == NULL || fwrite(slot, 1, OTAV_SLOT_LEN, out) != OTAV_SLOT_LEN || fclose(out) != 0) {
        return fail("cannot write the slot");
    }
    return device->flash.violation == NULL ? 0 : fail(device->flash.violation);
}

int main(int argc, char **argv)
{
    static struct vdev device;
    static struct process process = {
        .options = {
            .crypto = &otav_crypto_openssl, .resume = true, .battery = 80, .min_battery = 20}};
    static struct device_file file;
    static const struct key_options keys;
    struct vdev_host host = sim_listen_host(&process.listen);
    int listen_fd = -1;
    int result;

    if (argc < 4 || device_file_load(argv[2], &keys, &file) != OX_OK) {
        return 2;
    }
    process.listen =
        (struct sim_listen){.device = &device, .att_mtu = 247, .go_on = go_on, .user = &process};
    process.options.config = file.config;
    for (int i = 4; i < argc; i++) {
        if (!set(&process, argv[i])) {
            return fail("unknown option");
        }
    }
    vdev_init(&device, &process.options, &host);
    if (!vdev_install_placeholder(&device) || !vdev_boot(&device)) {
        return fail("does not boot");
    }
    if (att_listen(argv[1], &listen_fd) != OX_OK) {
        return 1;
    }
    print_uuids();
    (void)puts("listening");
    (void)fflush(stdout);
    result = sim_listen_serve(&process.listen, listen_fd) == OX_OK ? finish(&device, argv[3]) : 1;
    (void)close(listen_fd);
    vdev_close(&device);
    device_file_free(&file);
    return result;
}
