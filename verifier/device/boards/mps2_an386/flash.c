/*
 * A flash made of RAM: pages of 4096 bytes that erase to ones, units of 16 bytes that are programmed
 * once after each erase.
 * Layer: board. Invariants: nothing is changed but by whole operations, application data and boot
 * page 5 not at all; an operation is counted before it changes anything, so that who watches the
 * counter and cuts the power meets every moment of it.
 */
#include <otav/otav_error.h>
#include <string.h>

#include "board_boot.h"

#define CONTROL ((volatile struct board_flash_control *)(BOARD_PSRAM + LAYOUT_CONTROL_OFF))

static bool is_in(uint32_t address, uint32_t start, uint32_t len)
{
    return address >= start && address - start < len;
}

static bool is_floor_page(uint32_t address)
{
    return is_in(address, OTAV_FLOOR_ADDRESS, OTAV_PAGE_LEN);
}

static bool is_update_page(uint32_t address)
{
    return is_in(address, OTAV_SLOT0_ADDRESS, OTAV_SLOT_LEN) ||
           is_in(address, OTAV_SLOT1_ADDRESS,
                 LAYOUT_CHIP_MAIN + LAYOUT_CHIP_MAIN_LEN - OTAV_SLOT1_ADDRESS);
}

static uint8_t *cells(uint32_t address)
{
    return (uint8_t *)(address < LAYOUT_CHIP_MAIN ? LAYOUT_BOOT(address) : LAYOUT_MAIN(address));
}

static uint32_t refuse(void)
{
    CONTROL->refused++;
    return OTAV_REJECT;
}

/* Bytes of the operation that are done: all of them unless power fails in it. */
static uint32_t start_operation(uint32_t len)
{
    CONTROL->operations++;
    return CONTROL->operations == CONTROL->cut_at ? len / 2 : len;
}

/* To be watched from outside, every store has to be there. */
static void change(volatile uint8_t *at, const uint8_t *unit, uint32_t len)
{
    uint32_t done = start_operation(len);

    for (uint32_t i = 0; i < done; i++) {
        at[i] = unit == NULL ? 0xFF : unit[i];
    }
    if (done < len) {
        board_exit(BOARD_EXIT_POWER_CUT);
    }
}

uint32_t board_flash_read(void *user, uint32_t address, uint8_t *ret_bytes, size_t len)
{
    (void)user;
    memcpy(ret_bytes, cells(address), len);
    return OTAV_ACCEPT;
}

uint32_t board_flash_erase(void *user, uint32_t address)
{
    (void)user;
    if (!is_update_page(address) || address % OTAV_PAGE_LEN != 0) {
        return refuse();
    }
    change(cells(address), NULL, OTAV_PAGE_LEN);
    return OTAV_ACCEPT;
}

static bool is_blank(const uint8_t unit[OTAV_UNIT_LEN])
{
    uint8_t all = 0xFF;

    for (unsigned i = 0; i < OTAV_UNIT_LEN; i++) {
        all &= unit[i];
    }
    return all == 0xFF;
}

uint32_t board_flash_program(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN])
{
    (void)user;
    if ((!is_update_page(address) && !is_floor_page(address)) || address % OTAV_UNIT_LEN != 0 ||
        !is_blank(cells(address)) || is_blank(unit)) {
        return refuse();
    }
    change(cells(address), unit, OTAV_UNIT_LEN);
    return OTAV_ACCEPT;
}

uint32_t board_random(void *user)
{
    (void)user;
    return ++CONTROL->random;
}
