/*
 * The two journals, one behind the other: how far an open swap has come. Marks of one unit, named by
 * the swap's id, written in order of the steps.
 *
 * A step begins only when the mark of the step before was programmed and read back. After a restart the
 * last mark is in doubt: it may read as present now and as absent later, or the other way round, and
 * its step may be half redone by then. So a restart never adds to the journals. It takes what it reads,
 * which is right either way at that moment, into the boot record under a new id, which makes all marks
 * void, and begins both journals anew (boot_swap.c).
 *
 * Layer: above logs, beside the boot record, whose swap id names the marks.
 */
#ifndef OTAB_BOOT_JOURNAL_H
#define OTAB_BOOT_JOURNAL_H

#include "boot_log.h"

/* Fields of a mark, little-endian. */
enum {
    OTAB_MARK_MAGIC = 0,    /* u16 */
    OTAB_MARK_STEP = 2,     /* u16 */
    OTAB_MARK_SWAP_ID = 4,  /* u32 */
    OTAB_MARK_STEP_NOT = 8, /* u32 */
    OTAB_MARK_CHECK = 12    /* u32, otab_log_check() over the bytes before */
};

/* Both journals erased; the steps up to boot->state.base count as done. */
enum otav_err otab_journal_begin(struct otab_boot *boot);

/* boot->journal_step: the last step done, by marks of boot->state.swap_id or boot->state.base;
 * boot->journal_page: the journal that says so, which must not be erased. */
enum otav_err otab_journal_find(struct otab_boot *boot);

/* Records that the step behind boot->journal_step is done. */
enum otav_err otab_journal_mark(struct otab_boot *boot);

#endif
