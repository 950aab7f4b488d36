/*
 * A service whose resume journal trusts its index: it says a page more than is in flash. For the linker
 * to put around otas_journal_mark(): the campaign must find it. Layer: test.
 */
#include <otas_journal.h>

void mark(struct otas_journal *journal, const struct otav_flash *mailbox,
          const uint8_t id[OTAS_TRANSFER_ID_LEN],
          const struct otav_checkpoint *checkpoint) __asm__("__real_otas_journal_mark");
void mark_more(struct otas_journal *journal, const struct otav_flash *mailbox,
               const uint8_t id[OTAS_TRANSFER_ID_LEN],
               const struct otav_checkpoint *checkpoint) __asm__("__wrap_otas_journal_mark");

void mark_more(struct otas_journal *journal, const struct otav_flash *mailbox,
               const uint8_t id[OTAS_TRANSFER_ID_LEN], const struct otav_checkpoint *checkpoint)
{
    struct otav_checkpoint more = *checkpoint;

    more.plain_len += OTAV_PAGE_LEN;
    more.taken_len += OTAV_PAGE_LEN;
    mark(journal, mailbox, id, &more);
}
