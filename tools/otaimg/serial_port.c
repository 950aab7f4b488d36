/*
 * A serial port. Layer: host input and output. Invariant: every wait ends, and the port's settings are
 * put back when it is closed.
 */
#include "serial_port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "diag.h"

enum { DRAIN_TIMES_MAX = 20 };

uint64_t serial_now(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void serial_sleep(unsigned ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

/* ---- open and close --------------------------------------------------------------------------- */

static bool configure(struct serial_port *port)
{
    struct termios raw;

    if (tcgetattr(port->fd, &port->before) != 0) {
        return false;
    }
    raw = port->before;
    cfmakeraw(&raw);
    raw.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS | HUPCL);
    raw.c_cflag |= CLOCAL | CREAD;
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    return cfsetspeed(&raw, B115200) == 0 && tcsetattr(port->fd, TCSAFLUSH, &raw) == 0;
}

/* NULL: open. Else what is wrong; the port is closed. */
static const char *try_open(struct serial_port *port)
{
    const char *wrong = NULL;

    port->fd = open(port->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->fd < 0) {
        return strerror(errno);
    }
    if (isatty(port->fd) == 0) {
        wrong = "not a terminal";
    } else if (flock(port->fd, LOCK_EX | LOCK_NB) != 0) {
        wrong = "in use by another program";
    } else if (!configure(port)) {
        wrong = strerror(errno);
    }
    if (wrong != NULL) {
        (void)close(port->fd);
        port->fd = -1;
    }
    return wrong;
}

enum ox serial_open(const char *path, struct serial_port *ret)
{
    struct serial_port port = {.path = path, .fd = -1};
    const char *wrong = try_open(&port);

    if (wrong != NULL) {
        return diag_fail(OX_IO, "%s: %s, expected a serial port", path, wrong);
    }
    *ret = port;
    return OX_OK;
}

bool serial_reopen(struct serial_port *port)
{
    serial_close(port);
    return try_open(port) == NULL;
}

void serial_close(struct serial_port *port)
{
    if (port->fd >= 0) {
        (void)tcsetattr(port->fd, TCSAFLUSH, &port->before);
        (void)close(port->fd);
        port->fd = -1;
    }
}

/* ---- bytes ------------------------------------------------------------------------------------ */

/* Waits for events until a deadline; a port that hung up is lost even if bytes are left in it. */
static enum serial_result wait_for(const struct serial_port *port, short events, uint64_t deadline)
{
    for (;;) {
        struct pollfd entry = {.fd = port->fd, .events = events};
        uint64_t now = serial_now();
        int count = poll(&entry, 1, now < deadline ? (int)(deadline - now) : 0);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 || (entry.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
            return SERIAL_LOST;
        }
        return count == 0 ? SERIAL_SILENT : SERIAL_DONE;
    }
}

static bool is_retry(ssize_t count)
{
    return count < 0 && (errno == EAGAIN || errno == EINTR);
}

enum serial_result serial_send(const struct serial_port *port, const uint8_t *bytes, size_t len,
                               unsigned timeout_ms)
{
    enum serial_result result = SERIAL_DONE;

    while (result == SERIAL_DONE && len > 0) {
        ssize_t count;

        result = wait_for(port, POLLOUT, serial_now() + timeout_ms);
        if (result != SERIAL_DONE) {
            break;
        }
        count = write(port->fd, bytes, len);
        if (count > 0) {
            bytes += count;
            len -= (size_t)count;
        } else if (!is_retry(count)) {
            result = SERIAL_LOST;
        }
    }
    return result;
}

enum serial_result serial_receive(const struct serial_port *port, uint8_t *ret_bytes, size_t len,
                                  unsigned timeout_ms)
{
    uint64_t deadline = serial_now() + timeout_ms;
    enum serial_result result = SERIAL_DONE;

    while (result == SERIAL_DONE && len > 0) {
        ssize_t count;

        result = wait_for(port, POLLIN, deadline);
        if (result != SERIAL_DONE) {
            break;
        }
        count = read(port->fd, ret_bytes, len);
        if (count > 0) {
            ret_bytes += count;
            len -= (size_t)count;
        } else if (!is_retry(count)) {
            result = SERIAL_LOST;
        }
    }
    return result;
}

enum serial_result serial_drain(const struct serial_port *port, unsigned quiet_ms)
{
    uint64_t end = serial_now() + (uint64_t)DRAIN_TIMES_MAX * quiet_ms;
    enum serial_result result = SERIAL_DONE;
    uint8_t byte;

    while (result == SERIAL_DONE && serial_now() < end) {
        result = serial_receive(port, &byte, sizeof byte, quiet_ms);
    }
    return result == SERIAL_LOST ? SERIAL_LOST : SERIAL_DONE;
}
