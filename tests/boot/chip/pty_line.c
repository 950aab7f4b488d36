/*
 * The line. Layer: test, host. Invariant: the chip runs only while there is something for it to do,
 * so that its time is not the host's and a slow host breaks no request.
 */
#include "pty_line.h"

#include <fcntl.h>
#include <otav/otav_format.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ERASE = 0x05, PROGRAM = 0x11 }; /* the commands that more follows */
enum {
    POLL_MS = 5,
    NOISE_LEN = 3,
    QUIET_POLLS = 1000,
    DROP_POLLS = 600000, /* more than the device waits for the rest of a request */
    BREAK_MS = 300
};

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

static void connect_line(struct line *line)
{
    line->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    must(line->master >= 0 && grantpt(line->master) == 0 && unlockpt(line->master) == 0, "pty");
    /* Held open, so that the line is not hung up while nobody else has it open. */
    line->slave = open(ptsname(line->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    must(line->slave >= 0, "terminal");
    (void)unlink(line->path);
    must(symlink(ptsname(line->master), line->path) == 0, line->path);
}

static void disconnect_line(struct line *line)
{
    (void)unlink(line->path);
    (void)close(line->slave);
    (void)close(line->master);
    line->master = -1;
    line->slave = -1;
    line->held_len = 0;
}

void line_open(struct line *line, struct chip *chip, const char *path)
{
    *line = (struct line){.chip = chip, .path = path, .outcome = CHIP_QUIET};
    connect_line(line);
}

void line_close(struct line *line)
{
    if (line->master >= 0) {
        disconnect_line(line);
    }
}

/* ---- faults ----------------------------------------------------------------------------------- */

static bool hits(const struct line *line, enum line_fault fault, unsigned count)
{
    return line->fault == fault && count == line->at;
}

/* What is left of a request. */
static size_t disturb_request(struct line *line, size_t len)
{
    line->requests++;
    if (hits(line, LINE_FLIPS_BIT, line->requests)) {
        line->held[len - 1] ^= 0x10;
    } else if (hits(line, LINE_CUTS_REQUEST, line->requests)) {
        len /= 2;
    }
    return line->fault == LINE_SILENT ? 0 : len;
}

static size_t disturb_reply(struct line *line, uint8_t *bytes, size_t len)
{
    static const uint8_t noise[NOISE_LEN] = {0xA5, 0x00, 0xFF};

    line->replies++;
    if (hits(line, LINE_LOSES_REPLY, line->replies)) {
        return 0;
    }
    if (hits(line, LINE_ADDS_NOISE, line->replies)) {
        memmove(bytes + sizeof noise, bytes, len);
        memcpy(bytes, noise, sizeof noise);
        return len + sizeof noise;
    }
    if (line->fault == LINE_NOT_KNOWN && line->replies >= line->at) {
        bytes[0] = 3;
    } else if (line->fault == LINE_FAILS && line->replies >= line->at) {
        bytes[0] = 2;
    } else if (line->fault == LINE_OTHER_DEVICE && len == 8) {
        bytes[4] ^= 0x80;
    }
    return len;
}

/* Whether the line broke. */
static bool break_line(struct line *line)
{
    bool for_good = hits(line, LINE_BREAKS_FOR_GOOD, line->requests);

    if (!for_good && !hits(line, LINE_BREAKS, line->requests)) {
        return false;
    }
    disconnect_line(line);
    line->fault = LINE_GOOD;
    if (!for_good) {
        (void)poll(NULL, 0, BREAK_MS);
        connect_line(line);
    }
    return true;
}

/* ---- service ---------------------------------------------------------------------------------- */

static void run_chip(struct line *line, uint32_t quiet_polls)
{
    uint8_t reply[64];
    size_t len;

    if (line->outcome != CHIP_QUIET) {
        return; /* it was reset */
    }
    chip_settings(line->chip)->quiet_polls = quiet_polls;
    line->outcome = chip_run(line->chip);
    len = chip_uart_receive(line->chip, reply, sizeof reply - NOISE_LEN);
    if (len > 0) {
        len = disturb_reply(line, reply, len);
        must(write(line->master, reply, len) == (ssize_t)len, "reply");
    }
}

/* Length of the request that is held, 0: more of it has to come to tell. */
static size_t request_len(const struct line *line)
{
    static const size_t words_len = 4, program_len = 16;
    size_t len = words_len;

    if (line->held_len < words_len) {
        len = 0;
    } else if (line->held[2] == ERASE) {
        len = 2 * words_len;
    } else if (line->held[2] == PROGRAM) {
        len = line->held_len < program_len ? 0 : program_len + otav_load_u32(line->held + 8);
        must(len <= sizeof line->held, "length of a request");
    }
    return len <= line->held_len ? len : 0;
}

/* Requests are carried whole: in how many pieces the terminal passes one on is not the line's doing. */
static void carry(struct line *line)
{
    ssize_t count =
        read(line->master, line->held + line->held_len, sizeof line->held - line->held_len);
    size_t len;

    line->held_len += count > 0 ? (size_t)count : 0;
    while ((len = request_len(line)) > 0) {
        size_t left = disturb_request(line, len);

        if (break_line(line)) {
            break;
        }
        chip_uart_send(line->chip, line->held, left);
        line->held_len -= len;
        memmove(line->held, line->held + len, line->held_len);
        run_chip(line, left > 0 && left < len ? DROP_POLLS : QUIET_POLLS);
    }
}

int line_serve(struct line *line, pid_t process)
{
    int status = 0;

    while (waitpid(process, &status, WNOHANG) == 0) {
        struct pollfd entry = {.fd = line->master, .events = POLLIN};

        if (poll(&entry, 1, POLL_MS) == 1) {
            carry(line);
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
