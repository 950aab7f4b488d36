/*
 * The live application, which runs under the bootloader of the MPS2 board: what a signed copy of it
 * does stands in its vector table, in words that Armv7-M reserves. Shared with the host.
 */
#ifndef LIVE_H
#define LIVE_H

enum {
    LIVE_NUMBER_OFF = 0x1C,  /* u32, printed: tells copies apart */
    LIVE_CONDUCT_OFF = 0x20, /* u32, enum live_conduct */
};

/* What it does after it printed its line; all but LIVE_STOP only while on trial, else it stops. */
enum live_conduct {
    LIVE_STOP,    /* ends the emulator */
    LIVE_CONFIRM, /* confirms, resets */
    LIVE_RESET,   /* resets */
    LIVE_FAULT,   /* runs an undefined instruction, with a handler that resets */
    LIVE_HANG     /* waits for ever, in its handlers too */
};

/* Where it leaves the FPGA's counter as its first instruction read it. */
#define LIVE_COUNTER_ADDRESS 0x20000000u

enum { LIVE_EXIT_STOP = 0, LIVE_EXIT_BROKEN = 1 };

#endif
