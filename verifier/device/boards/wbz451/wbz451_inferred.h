/*
 * Everything about the WBZ451 that this board's code assumes although no source says it outright.
 * A bring-up checks these on a board, in this order, and changes them here only.
 */
#ifndef WBZ451_INFERRED_H
#define WBZ451_INFERRED_H

#include "wbz451.h"

/* The configuration words (0x45E80..0x45FBF for the tools) share boot page 5 with the authenticate
 * entry: the page is never erased, and code ends in front of them. */
#define WBZ451_BOOT_END 0x00005E00u

/* NVMPWPLT and NVMPWPGTE hold 24 bits: taken as an offset into main flash. Cutting the address to 24
 * bits is right if they are addresses, too. */
#define WBZ451_PROTECT_FIELD(address) ((address)&0x00FFFFFFu)

/* Wait states at 64 MHz: the data sheet's table, while the stock code uses one less. ADRWS stays at
 * its reset value: clearing it from flash is an erratum of revision A0. */
#define WBZ451_WAIT_STATES 2u

/* Cached flash stays as it was after an erase or program until it is invalidated by hand. */
#define WBZ451_CACHE_KEEPS_OLD_FLASH 1

/* An application may be entered in any state between the reset's and the stock bootloader's: clocks
 * at 64 MHz or untouched, SERCOM0 off, nothing switched off in PMD1 and PMD3. */

/* WDTCON.ON is set by a write to the lower half of the register, without the unlock sequence, and is
 * 0 after every reset. */

/* Bit n of NVMLBWP is boot page n of 4096 bytes. */
#define WBZ451_BOOT_PAGE_BIT(address) (1u << ((address) / WBZ451_FLASH_PAGE_LEN))

/* A key opens the one write that follows it. */

/* The core has its MPU, with two regions at least. Without one the writes to it do nothing. */

/* Each of these beside the wake from deep sleep makes a boot a full one. If POR_CORE is set on every
 * wake, waking is only slower; then it may leave this list. */
#define WBZ451_OTHER_CAUSES                                                                        \
    (CRU_RCON_POR | CRU_RCON_BOR | CRU_RCON_WDTO | CRU_RCON_DMTO | CRU_RCON_SWR | CRU_RCON_EXTR |  \
     CRU_RCON_CMR | CRU_RCON_VBAT | CRU_RCON_POR_CORE | CRU_RCON_POR_IO)

/* The lower 32 KB of RAM are what deep sleep retains: the bootloader keeps out of them. */
#define WBZ451_RETAINED_RAM_END 0x20008000u

/* TXPO 0: RTS and CTS are not wired. The stock code's 2 would wait for CTS. */
#define WBZ451_UART_TX_PADS 0u

/* 65536 - 65536 * 16 * 115200 / 64 MHz; SERCOM0 gets REFO1, which gets the 64 MHz. */
#define WBZ451_UART_BAUD 63648u

/* The ICM fetches from where the vendor's driver lets it: 64-byte aligned addresses, in main flash or
 * RAM. Nothing says that it sees boot flash. */
#define WBZ451_ICM_SOURCE_ALIGN 64u
#define WBZ451_ICM_SOURCE_START WBZ451_MAIN_FLASH

/* A software reset happens when RSWRST is read behind the write that asks for it. */

/* Polls until a wait is given up, all far above what is known: crystal and PLL (the stock code waits
 * 8000 times for the crystal), one flash operation (10 ms for a page are 640,000 cycles), the ICM to
 * begin and for each block (106 cycles), one word of the TRNG (84 cycles). */
#define WBZ451_CLOCK_POLLS     8000u
#define WBZ451_NVM_POLLS       4000000u
#define WBZ451_ICM_POLLS       10000u
#define WBZ451_ICM_BLOCK_POLLS 200u
#define WBZ451_TRNG_POLLS      10000u
#define WBZ451_UART_POLLS      100000u
#define WBZ451_CACHE_POLLS     10000u

/* The pin of port B that asks for serial DFU when it is low at a reset: the stock bootloader's default,
 * a button to ground. 0: no pin. Pins are inputs after a reset, and the pull-up has done its work after
 * this many reads of the port (at least 10 cycles each); so long apart are both looks. */
#define WBZ451_DFU_PIN       (1u << 4)
#define WBZ451_DFU_PIN_READS 2000u

/* Serial DFU that nobody begins within about a minute ends with a reset: who asked for it gets the
 * application back, and what kept an application from running is tried again. A look at the quiet
 * line takes about 25 cycles. */
#define WBZ451_DFU_PATIENCE 150000000u

/* A DFU request whose bytes stop coming for this long is dropped: far more than a byte's 87
 * microseconds at 115200 baud, far less than the 5 s that the stock host waits. */
#define WBZ451_DFU_POLLS 500000u

#endif
