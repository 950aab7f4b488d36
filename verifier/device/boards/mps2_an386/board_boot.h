/*
 * The board as its bootloader and applications that run under it see it: flash in RAM, watchdog,
 * reset, what is left for the application. board.h has the emulator's services.
 *
 * Callbacks of the platform take a user pointer that they do not look at, and return OTAV_ACCEPT when
 * they did their work. Addresses are the chip's.
 */
#ifndef MPS2_BOARD_BOOT_H
#define MPS2_BOARD_BOOT_H

#include <boot.h>

#include "layout.h"

/* Exit codes of the emulator, beside the application's own. */
enum {
    BOARD_EXIT_NOTHING_RUNS = 64, /* the chip would wait for serial DFU */
    BOARD_EXIT_POWER_CUT = 65     /* as cut_at asked */
};

/* Shared with who made the file. Little-endian. */
struct board_flash_control {
    uint32_t operations; /* pages erased and units programmed since the file was made */
    uint32_t cut_at;     /* the operation of this number is half done when power fails; 0: none */
    uint32_t refused;    /* operations that a flash does not do */
    uint32_t random;     /* the last number given out: a counter that power does not reset */
};

uint32_t board_flash_read(void *user, uint32_t address, uint8_t *ret_bytes, size_t len);
/* A page of the slots or behind slot 1. */
uint32_t board_flash_erase(void *user, uint32_t address);
/* An erased unit of those pages or of boot page 4; all ones are refused, because an erased unit that
 * was programmed looks like one that was not. */
uint32_t board_flash_program(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN]);

/* Starts the watchdog, or starts its time anew: without a kick it is an NMI after BOARD_WATCHDOG_S
 * seconds of the emulator's clock, and a reset after as many more. */
enum { BOARD_WATCHDOG_S = 5 };
void board_kick(void *user);

uint32_t board_random(void *user);
_Noreturn void board_system_reset(void);

/* At LAYOUT_LEFT after each boot. */
#define BOARD_LEFT_MAGIC UINT32_C(0x5B4F7441)
struct board_left {
    uint32_t magic;
    uint32_t provision; /* enum otav_err: what the provisioning record says */
    struct otab_report report;
};

#endif
