/*
 * The two journals. Layer: above logs. Invariant: a unit is programmed only if the page was erased in
 * this very boot.
 */
#include "boot_journal.h"

_Static_assert(OTAB_JOURNAL1_ADDRESS == OTAB_JOURNAL0_ADDRESS + OTAV_PAGE_LEN &&
                   3 * OTAB_SLOT_PAGES <= 2 * OTAB_PAGE_UNITS,
               "all marks of a swap have room");

#define MARK_MAGIC UINT32_C(0x4B4D)

static void encode(uint32_t step, uint32_t swap_id, uint8_t ret[OTAV_UNIT_LEN])
{
    otav_store_u32(ret + OTAB_MARK_MAGIC, MARK_MAGIC | step << 16);
    otav_store_u32(ret + OTAB_MARK_SWAP_ID, swap_id);
    otav_store_u32(ret + OTAB_MARK_STEP_NOT, ~step);
    otav_store_u32(ret + OTAB_MARK_CHECK, otab_log_check(ret, OTAB_MARK_CHECK));
}

/* The step of a mark of this swap, 0 if it is none. */
static uint32_t step_of(const struct otab_boot *boot, const uint8_t *mark)
{
    uint32_t step = ~otav_load_u32(mark + OTAB_MARK_STEP_NOT);

    if (otav_load_u32(mark + OTAB_MARK_MAGIC) != (MARK_MAGIC | step << 16) ||
        otav_load_u32(mark + OTAB_MARK_SWAP_ID) != boot->state.swap_id ||
        otav_load_u32(mark + OTAB_MARK_CHECK) != otab_log_check(mark, OTAB_MARK_CHECK)) {
        return 0;
    }
    return step;
}

enum otav_err otab_journal_begin(struct otab_boot *boot)
{
    enum otav_err err = otab_flash_erase(boot, OTAB_JOURNAL1_ADDRESS);

    boot->journal_next = 0;
    boot->journal_step = boot->state.base;
    return err == OTAV_OK ? otab_flash_erase(boot, OTAB_JOURNAL0_ADDRESS) : err;
}

enum otav_err otab_journal_mark(struct otab_boot *boot)
{
    uint8_t mark[OTAV_UNIT_LEN];
    uint32_t address = OTAB_JOURNAL0_ADDRESS + boot->journal_next * OTAV_UNIT_LEN;

    boot->journal_next++;
    boot->journal_step++;
    encode(boot->journal_step, boot->state.swap_id, mark);
    return otab_flash_program(boot, address, mark);
}

static enum otav_err take_higher(struct otab_boot *boot, const uint8_t *mark, void *arg)
{
    uint32_t step = step_of(boot, mark);

    if (step > boot->journal_step) {
        boot->journal_step = step;
        boot->journal_page = *(const uint32_t *)arg;
    }
    return OTAV_OK;
}

enum otav_err otab_journal_find(struct otab_boot *boot)
{
    uint32_t page = OTAB_JOURNAL0_ADDRESS;
    enum otav_err err;

    boot->journal_step = boot->state.base;
    err = otab_log_each(boot, page, OTAV_UNIT_LEN, take_higher, &page);
    if (err == OTAV_OK) {
        page = OTAB_JOURNAL1_ADDRESS;
        err = otab_log_each(boot, page, OTAV_UNIT_LEN, take_higher, &page);
    }
    return err;
}
