/*
 * The resume journal: records of the shape of a mail (boot_mailbox.h) in the mailbox page, of kinds
 * that the bootloader does not know and passes over. Inside the service only.
 *
 *   "RSID"  0, transfer id              marks behind it belong to this transfer, none before it counts
 *   "RSUN"  0, withheld unit            once
 *   "RSMK"  lengths, previous block     bytes of the transfer before that place (24 bits), pages of the
 *                                       slot that they fill (8 bits)
 *
 * The second unit of a record, programmed last, holds the check words: a torn record is none. Nobody
 * trusts what stands here, see otav_resume.h.
 */
#ifndef OTAS_JOURNAL_H
#define OTAS_JOURNAL_H

#include <otav/otav_resume.h>

#include "otas.h"

/* The last mark of the transfer with that id; marks that follow go behind all that is there. False
 * when there is none or the flash cannot be read: results untouched. */
bool otas_journal_find(const struct otav_flash *mailbox, const uint8_t id[OTAS_TRANSFER_ID_LEN],
                       struct otas_journal *ret_journal, struct otav_checkpoint *ret);

/* A new transfer, of which nothing is in the slot: what was remembered of others is void. Erases the
 * page, unless it holds mails of the application. Failures leave the journal dead. */
void otas_journal_begin(struct otas_journal *journal, const struct otav_flash *mailbox,
                        const uint8_t id[OTAS_TRANSFER_ID_LEN]);

/* Adds a mark. A full page is begun again, or, if it holds mails, leaves the journal dead. */
void otas_journal_mark(struct otas_journal *journal, const struct otav_flash *mailbox,
                       const uint8_t id[OTAS_TRANSFER_ID_LEN],
                       const struct otav_checkpoint *checkpoint);

/* The marks are void from now on: the first unit of the slot is about to be programmed, and one that a
 * lost power left in doubt must not be programmed again. */
void otas_journal_end(struct otas_journal *journal, const struct otav_flash *mailbox);

#endif
