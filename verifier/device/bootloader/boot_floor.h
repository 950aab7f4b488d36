/*
 * Page 4 of the boot flash: raises of the security counter's floor and revocations of keys. It is never
 * erased, so neither can be taken back.
 *
 * Records of one unit, each twice in neighbouring units. The floor is the highest value, revocations
 * are the union, of complete pairs. A record without its twin was in the making when power failed: it
 * is written again as a new pair, never beside the one found, because that unit may be touched.
 *
 * Layer: above logs.
 */
#ifndef OTAB_BOOT_FLOOR_H
#define OTAB_BOOT_FLOOR_H

#include "boot_log.h"

enum otab_floor_kind { OTAB_FLOOR_RAISE = 0x5341524F, OTAB_FLOOR_REVOKE = 0x4B56524F };

/* Fields of a record, little-endian u32. */
enum {
    OTAB_FLOOR_KIND = 0,
    OTAB_FLOOR_VALUE = 4,
    OTAB_FLOOR_VALUE_NOT = 8,
    OTAB_FLOOR_CHECK = 12, /* otab_log_check() over the bytes before */
    OTAB_FLOOR_PAIRS = OTAB_PAGE_UNITS / 2
};

/* Reads the page into boot->config and boot->revoked; makes single records complete. in_doubt: a
 * write may have been interrupted, one unit behind the end is left out. What cannot be made complete
 * (page full, port) holds for this boot. OTAV_ERR_FLASH_READ: nothing is known; OTAV_ERR_STATE: boot does
 * not hold what was read. */
enum otav_err otab_floor_load(struct otab_boot *boot, bool in_doubt);

/* Records a floor or revocations and takes them into boot->config. OTAB_ERR_FLOOR_FULL or
 * enum otav_err, OTAV_OK. */
uint32_t otab_floor_add(struct otab_boot *boot, enum otab_floor_kind kind, uint32_t value);

#endif
