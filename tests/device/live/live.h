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

/* What it does. The last five only while on trial, after it printed its line; then as LIVE_STOP. */
enum live_conduct {
    LIVE_STOP,    /* prints its line, ends the emulator */
    LIVE_COUNT,   /* prints only how far the machine's counter was at the first instruction */
    LIVE_CONFIRM, /* confirms, resets */
    LIVE_RESET,   /* resets */
    LIVE_FAULT,   /* runs an undefined instruction, with a handler that resets */
    LIVE_HANG,    /* waits for ever, in its handlers too */
    LIVE_STUCK    /* runs an undefined instruction, and its handlers wait for ever */
};

/* The FPGA's counter: 25 MHz of the emulator's clock since the last reset. */
#define LIVE_COUNTER_HZ 25000000u

enum { LIVE_EXIT_STOP = 0, LIVE_EXIT_BROKEN = 1 };

#endif
