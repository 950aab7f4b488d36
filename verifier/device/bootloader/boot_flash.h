/*
 * Checked flash operations: every erased page is looked at, every programmed unit is read back.
 * Layer: above the platform's callbacks, below the logs.
 */
#ifndef OTAB_BOOT_FLASH_H
#define OTAB_BOOT_FLASH_H

#include "boot.h"

/* OTAV_ERR_FLASH_READ */
enum otav_err otab_flash_read(struct otab_boot *boot, uint32_t address, void *ret, size_t len);

/* Erases the page at address and checks that it reads as erased; kicks the watchdog; counts.
 * Uses the buffer. OTAV_ERR_FLASH_ERASE, OTAV_ERR_FLASH_READ */
enum otav_err otab_flash_erase(struct otab_boot *boot, uint32_t address);

/* Programs one erased unit and compares. OTAV_ERR_FLASH_PROGRAM, OTAV_ERR_FLASH_READ */
enum otav_err otab_flash_program(struct otab_boot *boot, uint32_t address,
                                 const uint8_t unit[OTAV_UNIT_LEN]);

/* Makes the page at to like the one at from, from its erase on; units that are erased stay so.
 * Uses the buffer. */
enum otav_err otab_flash_copy(struct otab_boot *boot, uint32_t from, uint32_t to);

/* Whether len bytes are all 0xFF. */
bool otab_is_blank(const uint8_t *bytes, size_t len);

#endif
