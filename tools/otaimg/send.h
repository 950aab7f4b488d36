/*
 * Putting an image into a device: what is sent, how it went. Each way to a device is one function;
 * cmd_send.c chooses it by its option.
 */
#ifndef OTAIMG_SEND_H
#define OTAIMG_SEND_H

#include <otam/otam.h>

#include "exits.h"
#include "source.h"

/* A slot's content in plaintext: metadata and firmware. Borrowed. */
struct send_image {
    const uint8_t *bytes;
    uint32_t len;
};

struct send_result {
    uint32_t device_id; /* 0: the device does not say */
    uint32_t version;   /* of the device's side of the protocol */
    uint32_t pages;
    uint32_t repeated; /* requests that had to be made again */
};

/* To a bootloader in serial DFU at the end of a serial port, page by page into slot 1, the first page
 * last, so that the device takes no part for the whole; then has it reset. A disturbed page is erased
 * and sent again, a port that is lost is opened again and the transfer goes on with that page.
 * timeout_ms: how long the device may take for an answer. OX_IO (no port, no answer, refused),
 * OX_WRONG_DEVICE; the device then holds no image in slot 1, or the old one if it never agreed. */
enum ox send_serial(const char *port, const struct send_image *image, unsigned timeout_ms,
                    struct send_result *ret);

/* How an OTA file goes to the service of an application that runs, by the manager (otam.h). */
struct send_link_options {
    unsigned timeout_ms; /* for a connection and each answer; 0: the manager's own times */
    unsigned attempts;   /* connections without progress before giving up; 0: the manager's own */
    const char *state_path; /* --state, NULL = none */
    const char *adapter;    /* send_ble(): "hci0"; NULL: the first that is on */
};

/* The file as it is, encrypted or not, to a device process at an AF_UNIX socket (att_socket.h), or to
 * the device with this address through BlueZ. *ret: how it went at the end.
 * OX_MALFORMED: not a file for this way, nothing was sent. OX_WRONG_DEVICE: the device has no such
 * service, or takes no firmware. OX_IO: no link, or the device refused or failed. OX_USAGE: the state
 * file is none. */
enum ox send_unix(const char *path, const struct source *file,
                  const struct send_link_options *options, struct otam_progress *ret);
enum ox send_ble(const char *address, const struct source *file,
                 const struct send_link_options *options, struct otam_progress *ret);

#endif
