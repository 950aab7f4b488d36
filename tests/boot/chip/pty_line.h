/*
 * A serial line between a program that opens a terminal and the UART of an emulated chip, with faults
 * on it. Layer: test, host.
 */
#ifndef PTY_LINE_H
#define PTY_LINE_H

#include <sys/types.h>

#include "chip.h"

/* What happens to requests and replies, counted from 1 each. */
enum line_fault {
    LINE_GOOD,
    LINE_LOSES_REPLY,  /* number at */
    LINE_ADDS_NOISE,   /* to reply number at, in front of it */
    LINE_FLIPS_BIT,    /* in the last byte of request number at */
    LINE_CUTS_REQUEST, /* drops the second half of request number at */
    LINE_BREAKS,       /* at request number at, and is back a moment later */
    LINE_BREAKS_FOR_GOOD,
    LINE_SILENT,
    LINE_NOT_KNOWN,   /* every reply from number at on says: command not known */
    LINE_FAILS,       /* every reply from number at on says: failed */
    LINE_OTHER_DEVICE /* the device names another id */
};

enum { LINE_REQUEST_MAX = 16 + 4096 };

struct line {
    struct chip *chip;
    const char *path; /* a symbolic link to the terminal, as long as the line is not broken */
    int master, slave;
    enum line_fault fault;
    unsigned at;
    unsigned requests, replies;
    uint8_t held[LINE_REQUEST_MAX]; /* what came of the request that comes */
    size_t held_len;
    enum chip_outcome outcome; /* of the chip's last run */
};

void line_open(struct line *line, struct chip *chip, const char *path);
void line_close(struct line *line);

/* Carries bytes until the process ends; its exit code. */
int line_serve(struct line *line, pid_t process);

#endif
