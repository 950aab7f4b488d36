/*
 * Pages that are written unit by unit: where one ends, and the check word of short records.
 * Layer: above flash, below the boot record, the journals, page 4 and the mailbox.
 */
#ifndef OTAB_BOOT_LOG_H
#define OTAB_BOOT_LOG_H

#include "boot_flash.h"

/* *ret: index of the unit behind the last one of the page that does not read as erased, 0..256. A
 * unit whose programming was interrupted may read differently each time: those behind the end are
 * read 16 times. One more may have been touched, so a caller for whom the last operation of the boot
 * before is in doubt leaves out one unit. Uses the buffer. OTAV_ERR_FLASH_READ */
enum otav_err otab_log_end(struct otab_boot *boot, uint32_t page, uint32_t *ret);

/* Looks at one record; arg is the caller's. The buffer is in use. */
typedef enum otav_err otab_log_visit(struct otab_boot *boot, const uint8_t *record, void *arg);

/* Shows every record of len bytes (a divisor of the buffer's) of a page in order, until one visit
 * does not give OTAV_OK, which is then the result. Uses the buffer. OTAV_ERR_FLASH_READ */
enum otav_err otab_log_each(struct otab_boot *boot, uint32_t page, uint32_t len,
                            otab_log_visit *visit, void *arg);

/* A word over len bytes (a multiple of 4) that finds torn records. No protection against forgery. */
uint32_t otab_log_check(const uint8_t *bytes, size_t len);

/* Whether that word over len bytes and its complement, little-endian, are what follows them. */
bool otab_log_is_checked(const uint8_t *bytes, size_t len);

#endif
