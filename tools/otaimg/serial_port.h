/* A serial port at 115200 8N1, raw, without flow control, for one program at a time. */
#ifndef OTAIMG_SERIAL_PORT_H
#define OTAIMG_SERIAL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "exits.h"

struct serial_port {
    const char *path; /* the caller's */
    int fd;           /* -1: closed */
    struct termios before;
};

/* What became of a transfer. */
enum serial_result {
    SERIAL_DONE,
    SERIAL_SILENT, /* not all of it in time */
    SERIAL_LOST    /* the port is gone */
};

/* OX_IO with a message: no such port, no terminal device, in use. */
enum ox serial_open(const char *path, struct serial_port *ret);
/* The same without a message; false leaves *port closed. For a port that was lost. */
bool serial_reopen(struct serial_port *port);
/* Gives the port back as it was. Closed is fine. */
void serial_close(struct serial_port *port);

/* All len bytes, each wait for room at most so many milliseconds. */
enum serial_result serial_send(const struct serial_port *port, const uint8_t *bytes, size_t len,
                               unsigned timeout_ms);
/* Exactly len bytes within so many milliseconds in all. */
enum serial_result serial_receive(const struct serial_port *port, uint8_t *ret_bytes, size_t len,
                                  unsigned timeout_ms);
/* Drops what comes until the line was quiet for so many milliseconds, at most 20 times as long. */
enum serial_result serial_drain(const struct serial_port *port, unsigned quiet_ms);

/* Milliseconds of a clock that nobody sets. */
uint64_t serial_now(void);
void serial_sleep(unsigned ms);

#endif
