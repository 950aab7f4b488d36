/*
 * Two slots exchange their first pages over the gap page behind slot 1.
 *
 * With n pages: steps 1..n shift slot 1 up by one page, the last page first; steps n+1..3n move, for
 * each page from the first on, slot 0's to slot 1 and the shifted one to slot 0. Every page of slot 0
 * is erased once, of slot 1 twice, the gap once for the swap and once when it becomes the mailbox
 * again. A step only destroys what an earlier step has moved on.
 *
 * Layer: above journal and boot record.
 */
#ifndef OTAB_BOOT_SWAP_H
#define OTAB_BOOT_SWAP_H

#include "boot_journal.h"
#include "boot_state.h"

/* Records an open swap of so many pages, 1..124, and does it. The state's id and fallback name what
 * is in slot 0 and slot 1 before it, and are exchanged behind it: the new state is not yet written. */
enum otav_err otab_swap(struct otab_boot *boot, enum otab_kind kind, uint32_t pages);

/* For a state, just loaded, that says a swap is open: takes the place it has come to into the boot
 * record. Nothing else may be written before. */
enum otav_err otab_swap_restart(struct otab_boot *boot);

/* Then the rest of it. */
enum otav_err otab_swap_resume(struct otab_boot *boot);

#endif
