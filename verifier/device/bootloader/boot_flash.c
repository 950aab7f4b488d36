/*
 * Checked flash operations. Layer: above the platform's callbacks. Invariant: OTAV_OK means that the
 * flash was read after the operation and holds what it should.
 */
#include "boot_flash.h"

#include <string.h>

bool otab_is_blank(const uint8_t *bytes, size_t len)
{
    uint8_t all = 0xFF;

    for (size_t i = 0; i < len; i++) {
        all &= bytes[i];
    }
    return all == 0xFF;
}

enum otav_err otab_flash_read(struct otab_boot *boot, uint32_t address, void *ret, size_t len)
{
    const struct otab_platform *platform = boot->platform;

    return platform->read(platform->user, address, ret, len) == OTAV_ACCEPT ? OTAV_OK
                                                                            : OTAV_ERR_FLASH_READ;
}

enum otav_err otab_flash_erase(struct otab_boot *boot, uint32_t address)
{
    const struct otab_platform *platform = boot->platform;
    enum otav_err err = OTAV_OK;

    platform->kick(platform->user);
    boot->report->erase_count++;
    if (platform->erase(platform->user, address) != OTAV_ACCEPT) {
        return OTAV_ERR_FLASH_ERASE;
    }
    for (uint32_t off = 0; err == OTAV_OK && off < OTAV_PAGE_LEN; off += sizeof boot->buffer) {
        err = otab_flash_read(boot, address + off, boot->buffer, sizeof boot->buffer);
        if (err == OTAV_OK && !otab_is_blank(boot->buffer, sizeof boot->buffer)) {
            err = OTAV_ERR_FLASH_ERASE;
        }
    }
    return err;
}

enum otav_err otab_flash_program(struct otab_boot *boot, uint32_t address,
                                 const uint8_t unit[OTAV_UNIT_LEN])
{
    const struct otab_platform *platform = boot->platform;
    uint8_t now[OTAV_UNIT_LEN];
    enum otav_err err;

    if (platform->program(platform->user, address, unit) != OTAV_ACCEPT) {
        return OTAV_ERR_FLASH_PROGRAM;
    }
    err = otab_flash_read(boot, address, now, sizeof now);
    if (err == OTAV_OK && memcmp(now, unit, sizeof now) != 0) {
        err = OTAV_ERR_FLASH_PROGRAM;
    }
    return err;
}

enum otav_err otab_flash_copy(struct otab_boot *boot, uint32_t from, uint32_t to)
{
    enum otav_err err = otab_flash_erase(boot, to);

    for (uint32_t off = 0; err == OTAV_OK && off < OTAV_PAGE_LEN; off += OTAV_UNIT_LEN) {
        const uint8_t *unit = boot->buffer + off % sizeof boot->buffer;

        if (unit == boot->buffer) {
            err = otab_flash_read(boot, from + off, boot->buffer, sizeof boot->buffer);
        }
        if (err == OTAV_OK && !otab_is_blank(unit, OTAV_UNIT_LEN)) {
            err = otab_flash_program(boot, to + off, unit);
        }
    }
    return err;
}
