/*
 * The WBZ451 as the bootloader sees it. Polled, no interrupts, no allocation; .bss is zero and there
 * is no initialised data.
 *
 * Callbacks of the platform take a user pointer that they do not look at, and return OTAV_ACCEPT when
 * they did their work. Addresses are absolute.
 */
#ifndef WBZ451_BOARD_H
#define WBZ451_BOARD_H

#include <otav/otav_soft.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- start and end ---------------------------------------------------------------------------- */

/* What a program of this board brings. main: after reset with .bss cleared, FPU on, interrupts off.
 * settled: OTAV_ACCEPT if a wake from deep sleep may run the application as it is (no swap open,
 * nothing on trial); called before C start-up, so it has a stack and nothing else. */
_Noreturn void wbz451_main(void);
uint32_t wbz451_settled(void);

/* The only argument with which wbz451_handover() hands over. */
#define WBZ451_HANDOVER 0x6B93D45Cu

/* Locks flash until the next reset, looks twice whether that holds, and jumps to the application in
 * slot 0 with SERCOM0, CMCC and the interrupt controller as after a reset, VTOR on its vectors, MSP
 * from them, CONTROL and PRIMASK 0. Any other token, or a lock that stays open: software reset. */
_Noreturn void wbz451_handover(uint32_t token);
_Noreturn void wbz451_software_reset(void);

/* Bits of RCON at the start of this boot; the register itself is cleared, so that the next wake from
 * deep sleep is recognised. */
extern uint32_t wbz451_reset_cause;

/* Clears the bootloader's RAM: .bss and the stack below the caller. */
void wbz451_forget_ram(void);

/* ---- clock, watchdog, random ------------------------------------------------------------------ */

/* To 64 MHz. false: crystal, PLL or switch did not come in time and the chip stays at 8 MHz; SERCOM0
 * has no clock then. */
bool wbz451_clock_init(void);
void wbz451_kick(void *user);
/* Until the next reset, unless software switches it off; its period is the configuration words'. */
void wbz451_watchdog_on(void);
/* A word of the TRNG; 0 if it gives none. */
uint32_t wbz451_random(void *user);

/* ---- flash ------------------------------------------------------------------------------------ */

/* Clears error flags of before a reset. */
void wbz451_flash_init(void);
/* Any range of boot or main flash, from the cells and not from a cache. */
uint32_t wbz451_flash_read(void *user, uint32_t address, uint8_t *ret_bytes, size_t len);
/* The same where it is, for core and ICM: all of it is mapped. */
const uint8_t *wbz451_flash_at(void *user, uint32_t address, size_t len);
/* One page of the two slots or behind slot 1; never boot flash or application data. Checks that it
 * reads all ones. OTAV_REJECT: not such a page, error flags, or not blank. */
uint32_t wbz451_flash_erase(void *user, uint32_t address);
/* One erased unit of those pages or of boot page 4. Reads it back. OTAV_REJECT: not such a unit, not
 * erased, error flags, or it reads otherwise, which is how a protected boot page shows. */
uint32_t wbz451_flash_program(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN]);

/* Closes boot flash, slot 0 and everything from the boot record up until the next reset. */
void wbz451_flash_lock(void);
/* 0 when all three locks read as wbz451_flash_lock() wrote them. */
uint32_t wbz451_flash_open_locks(void);

/* Code cache on, wait states for 64 MHz. */
void wbz451_cache_init(void);
/* What flash held before is forgotten, in every cache. */
void wbz451_cache_invalidate(void);
/* Only what is between flash and the bus: for an application's context, which owns the code cache. */
void wbz451_flash_cache_invalidate(void);
void wbz451_cache_off(void);

/* ---- crypto, SHA-256 by the ICM ----------------------------------------------------------------------- */

/* Memory that the ICM reads and writes, and whether it failed once: then it is not asked again.
 * Zero-initialise. */
struct wbz451_icm {
    _Alignas(128) uint8_t result[OTAV_SHA256_LEN];
    _Alignas(64) volatile uint32_t descriptor[4];
    bool failed;
    _Alignas(64) uint8_t copy[512]; /* of sources that it cannot read */
};

/* *ret: the same with hashing by the ICM, in software wherever that fails. icm stays in use as long as
 * *ret. */
void wbz451_crypto_init(struct wbz451_icm *icm, struct otav_crypto *ret);

/* ---- UART, 115200 8N1 ------------------------------------------------------------------------- */

/* SERCOM0 on PA5 (out) and PA6 (in); needs the clock at 64 MHz. false: it does not come up. */
bool wbz451_uart_init(void);
/* false: it stays busy. */
bool wbz451_uart_put(uint8_t byte);
/* false: none there. A byte with a parity, frame or overflow error is dropped. */
bool wbz451_uart_get(uint8_t *ret_byte);
/* Waits until the last byte is out, and switches SERCOM0 off. */
void wbz451_uart_off(void);

/* ---- serial DFU ------------------------------------------------------------------------------- */

/* Whether the DFU pin is held, looked at twice. Leaves the port as it was. */
bool wbz451_dfu_pin(void);

/* Serves the stock tool's commands on the UART: version, device id, blank check, and, unless slot 1 has
 * to stay as it is, erase and program in slot 1; until it is told to reset, or the line stays quiet
 * between two requests for so many looks at it. */
_Noreturn void wbz451_serial_dfu(uint32_t patience, bool may_write);

#endif
