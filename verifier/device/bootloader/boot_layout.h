/*
 * Where things stand in the flash of a WBZ451, as far as the core of the bootloader needs to know.
 *
 * Slots and page length come from otav_config.h. What the chip's papers say only indirectly stands
 * here and nowhere else, so that the bring-up of a board can change it: page 4 of the boot flash is
 * free and can be programmed from code in pages 0..3; the four pages behind slot 1 are free; a unit
 * of 16 bytes is programmed as a whole, once after each erase.
 *
 * Layer: lowest of the bootloader.
 */
#ifndef OTAB_BOOT_LAYOUT_H
#define OTAB_BOOT_LAYOUT_H

#include <otav/otav_config.h>

#define OTAB_FLOOR_ADDRESS    OTAV_FLOOR_ADDRESS   /* page 4 of the boot flash, never erased */
#define OTAB_MAILBOX_ADDRESS  UINT32_C(0x010FC000) /* page 124 behind slot 1: the gap of a swap */
#define OTAB_RECORD_ADDRESS   UINT32_C(0x010FD000)
#define OTAB_JOURNAL0_ADDRESS UINT32_C(0x010FE000)
#define OTAB_JOURNAL1_ADDRESS UINT32_C(0x010FF000)

/* An initial stack pointer lies in the RAM or right behind it. */
#define OTAB_RAM_START UINT32_C(0x20000000)
#define OTAB_RAM_END   UINT32_C(0x20020000)

enum {
    OTAB_SLOT_PAGES = OTAV_SLOT_LEN / OTAV_PAGE_LEN,
    OTAB_PAGE_UNITS = OTAV_PAGE_LEN / OTAV_UNIT_LEN,
    OTAB_ID_LEN = 16
};

_Static_assert(OTAV_SLOT1_ADDRESS + OTAV_SLOT_LEN == OTAB_MAILBOX_ADDRESS,
               "the gap is the page behind slot 1");
_Static_assert(OTAV_SLOT_LEN % OTAV_PAGE_LEN == 0, "whole pages");

#endif
