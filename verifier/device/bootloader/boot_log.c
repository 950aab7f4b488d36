/*
 * Pages that are written unit by unit. Layer: above flash. Invariant: no unit that a cut may have
 * left half programmed is taken for erased.
 */
#include "boot_log.h"

/* Units behind the end that are looked at closely: a unit in doubt stands at most an entry of the
 * boot record and the one left out (8 units each) behind the last that shows. */
enum { LOOK_UNITS = 24, LOOK_TIMES = 16 };

uint32_t otab_log_check(const uint8_t *bytes, size_t len)
{
    uint32_t word = 0x9E3779B9;

    for (size_t i = 0; i < len; i += 4) {
        word = (word ^ otav_load_u32(bytes + i)) * 0x85EBCA6B;
        word ^= word >> 15;
    }
    return word;
}

bool otab_log_is_checked(const uint8_t *bytes, size_t len)
{
    uint32_t check = otab_log_check(bytes, len);

    return otav_load_u32(bytes + len) == check && otav_load_u32(bytes + len + 4) == ~check;
}

enum otav_err otab_log_each(struct otab_boot *boot, uint32_t page, uint32_t len,
                            otab_log_visit *visit, void *arg)
{
    enum otav_err err = OTAV_OK;

    for (uint32_t off = 0; err == OTAV_OK && off < OTAV_PAGE_LEN; off += len) {
        uint32_t at = off % sizeof boot->buffer;

        if (at == 0) {
            err = otab_flash_read(boot, page + off, boot->buffer, sizeof boot->buffer);
        }
        if (err == OTAV_OK) {
            err = visit(boot, boot->buffer + at, arg);
        }
    }
    return err;
}

struct end {
    uint32_t seen; /* units */
    uint32_t end;
};

static enum otav_err see_unit(struct otab_boot *boot, const uint8_t *unit, void *arg)
{
    struct end *end = arg;

    (void)boot;
    end->seen++;
    if (!otab_is_blank(unit, OTAV_UNIT_LEN)) {
        end->end = end->seen;
    }
    return OTAV_OK;
}

enum otav_err otab_log_end(struct otab_boot *boot, uint32_t page, uint32_t *ret)
{
    struct end seen = {0, 0};
    enum otav_err err = otab_log_each(boot, page, OTAV_UNIT_LEN, see_unit, &seen);
    uint32_t end = seen.end;

    for (uint32_t i = end; err == OTAV_OK && i < OTAB_PAGE_UNITS && i < end + LOOK_UNITS; i++) {
        for (unsigned k = 0; err == OTAV_OK && k < LOOK_TIMES; k++) {
            err = otab_flash_read(boot, page + i * OTAV_UNIT_LEN, boot->buffer, OTAV_UNIT_LEN);
            if (err == OTAV_OK && !otab_is_blank(boot->buffer, OTAV_UNIT_LEN)) {
                end = i + 1;
                break;
            }
        }
    }
    if (err == OTAV_OK) {
        *ret = end;
    }
    return err;
}
