/*
 * The swap. Layer: above journal and boot record. Invariant: a step is begun when the mark of the step
 * before is solid; at every moment both images are whole, in pages that the last mark tells.
 */
#include "boot_swap.h"

#include <string.h>

static enum otav_err do_step(struct otab_boot *boot, uint32_t step)
{
    uint32_t pages = boot->state.pages;
    uint32_t slot0 = OTAV_SLOT0_ADDRESS;
    uint32_t slot1 = OTAV_SLOT1_ADDRESS;

    if (step <= pages) {
        slot1 += (pages - step) * OTAV_PAGE_LEN;
        return otab_flash_copy(boot, slot1, slot1 + OTAV_PAGE_LEN);
    }
    step -= pages + 1;
    slot0 += step / 2 * OTAV_PAGE_LEN;
    slot1 += step / 2 * OTAV_PAGE_LEN;
    return step % 2 == 0 ? otab_flash_copy(boot, slot0, slot1)
                         : otab_flash_copy(boot, slot1 + OTAV_PAGE_LEN, slot0);
}

static void exchange_ids(struct otab_ids *ids)
{
    uint8_t id[OTAB_ID_LEN];

    memcpy(id, ids->slot0, sizeof id);
    memcpy(ids->slot0, ids->fallback, sizeof id);
    memcpy(ids->fallback, id, sizeof id);
}

enum otav_err otab_swap_resume(struct otab_boot *boot)
{
    enum otav_err err = OTAV_OK;

    if (boot->state.pages == 0 || boot->state.pages > OTAB_SLOT_PAGES) {
        return OTAV_ERR_STATE;
    }
    while (err == OTAV_OK && boot->journal_step < 3u * boot->state.pages) {
        err = do_step(boot, boot->journal_step + 1);
        if (err == OTAV_OK) {
            err = otab_journal_mark(boot);
        }
    }
    /* What is in the gap is no mail. The swap stays open until it is gone; shorter images were never
     * in that page, whose mail does no harm if the page is worn out. */
    if (err == OTAV_OK) {
        err = otab_flash_erase(boot, OTAB_MAILBOX_ADDRESS);
        if (err != OTAV_OK && boot->state.pages < OTAB_SLOT_PAGES) {
            err = OTAV_OK;
        }
    }
    if (err == OTAV_OK) {
        exchange_ids(&boot->state.ids);
    }
    return err;
}

/* Records the swap under an id that no swap and no restart had before; marks of others are void. */
static enum otav_err open_journal(struct otab_boot *boot, uint32_t base)
{
    enum otav_err err;

    boot->state.base = (uint16_t)base;
    boot->state.swap_id = boot->state.sequence + 1;
    err = otab_state_write(boot);
    return err == OTAV_OK ? otab_journal_begin(boot) : err;
}

enum otav_err otab_swap_restart(struct otab_boot *boot)
{
    enum otav_err err = otab_journal_find(boot);

    return err == OTAV_OK ? open_journal(boot, boot->journal_step) : err;
}

enum otav_err otab_swap(struct otab_boot *boot, enum otab_kind kind, uint32_t pages)
{
    enum otav_err err;

    boot->state.phase = OTAB_SWAPPING;
    boot->state.kind = (uint8_t)kind;
    boot->state.pages = (uint16_t)pages;
    boot->state.boots = 0;
    boot->state.nonce = boot->platform->random(boot->platform->user);
    err = open_journal(boot, 0);
    return err == OTAV_OK ? otab_swap_resume(boot) : err;
}
