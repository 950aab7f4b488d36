/*
 * Putting an image into a device: what is sent, how it went. Each way to a device is one function;
 * cmd_send.c chooses it by its option.
 */
#ifndef OTAIMG_SEND_H
#define OTAIMG_SEND_H

#include <stdint.h>

#include "exits.h"

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

#endif
