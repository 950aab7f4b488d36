/*
 * The resume journal. Layer: above the bootloader's record format. Invariant: mails of the application
 * survive, no unit is programmed that an interrupted write may have touched, and the end of the page
 * stays free for mails.
 */
#include "otas_journal.h"

#include <string.h>

#include <otab_mail.h>

/* Where a mark's pages stand in its lengths. */
enum { PAGES_SHIFT = 24 };

_Static_assert(OTAV_SLOT_LEN / OTAV_PAGE_LEN <= UINT8_MAX, "a mark has eight bits for pages");

enum { KIND_ID = 0x44495352, KIND_UNIT = 0x4E555352, KIND_MARK = 0x4B4D5352 };

enum {
    END = OTAV_PAGE_LEN - 8 * OTAB_MAIL_LEN, /* of the journal: room for four mails behind it */
    LOOK_TIMES = 16                          /* at a unit that may read differently each time */
};

/* ---- records ---------------------------------------------------------------------------------- */

static bool read(const struct otav_flash *mailbox, uint32_t off, uint8_t *ret, size_t len)
{
    return mailbox->read(mailbox->user, off, ret, len) == OTAV_ACCEPT;
}

static void put(struct otas_journal *journal, const struct otav_flash *mailbox, uint32_t kind,
                uint32_t number, const uint8_t bytes[OTAV_UNIT_LEN])
{
    uint8_t record[OTAB_MAIL_LEN];

    if (journal->dead || journal->next + sizeof record > END) {
        journal->dead = true;
        return;
    }
    otab_mail_encode(kind, number, bytes, record);
    for (uint32_t off = 0; off < sizeof record && !journal->dead; off += OTAV_UNIT_LEN) {
        journal->dead = mailbox->program(mailbox->user, journal->next + off, record + off,
                                         OTAV_UNIT_LEN) != OTAV_ACCEPT;
    }
    journal->next += sizeof record;
}

/* ---- the page --------------------------------------------------------------------------------- */

/* Whether the page holds a mail that the bootloader has not read yet. */
static bool has_mail(const struct otav_flash *mailbox, bool *ret)
{
    uint8_t record[OTAB_MAIL_LEN];
    bool found = false;

    for (uint32_t off = 0; off < OTAV_PAGE_LEN; off += sizeof record) {
        uint32_t type;

        if (!read(mailbox, off, record, sizeof record)) {
            return false;
        }
        type = otav_load_u32(record + OTAB_MAIL_TYPE);
        found |=
            (type == OTAB_MAIL_INSTALL || type == OTAB_MAIL_CONFIRM || type == OTAB_MAIL_DFU) &&
            otab_log_is_checked(record, OTAB_MAIL_CHECK);
    }
    *ret = found;
    return true;
}

/* The first record that no write has touched: one unit behind the last that ever shows is left out. */
static bool find_free(const struct otav_flash *mailbox, uint32_t *ret)
{
    uint8_t unit[OTAV_UNIT_LEN];
    uint32_t end = 0;

    for (unsigned i = 0; i < LOOK_TIMES; i++) {
        for (uint32_t off = end; off < OTAV_PAGE_LEN; off += sizeof unit) {
            if (!read(mailbox, off, unit, sizeof unit)) {
                return false;
            }
            if (!otab_is_blank(unit, sizeof unit)) {
                end = off + OTAV_UNIT_LEN;
            }
        }
    }
    *ret = (end + OTAV_UNIT_LEN + OTAB_MAIL_LEN - 1) / OTAB_MAIL_LEN * OTAB_MAIL_LEN;
    return true;
}

void otas_journal_begin(struct otas_journal *journal, const struct otav_flash *mailbox,
                        const uint8_t id[OTAS_TRANSFER_ID_LEN])
{
    bool keep = true;

    memset(journal, 0, sizeof *journal);
    if (!has_mail(mailbox, &keep)) {
        journal->dead = true;
    } else if (keep) {
        journal->dead = !find_free(mailbox, &journal->next);
    } else {
        journal->dead = mailbox->erase(mailbox->user, 0, OTAV_PAGE_LEN) != OTAV_ACCEPT;
    }
    put(journal, mailbox, KIND_ID, 0, id);
}

void otas_journal_mark(struct otas_journal *journal, const struct otav_flash *mailbox,
                       const uint8_t id[OTAS_TRANSFER_ID_LEN],
                       const struct otav_checkpoint *checkpoint)
{
    const uint32_t lengths = checkpoint->taken_len | checkpoint->plain_len / OTAV_PAGE_LEN
                                                         << PAGES_SHIFT;
    const uint32_t needed = 3 * OTAB_MAIL_LEN; /* unit, mark, and an id that makes it void */

    if (!journal->dead && journal->next + needed > END) {
        otas_journal_begin(journal, mailbox, id);
    }
    if (!journal->marked) {
        put(journal, mailbox, KIND_UNIT, 0, checkpoint->withheld);
    }
    put(journal, mailbox, KIND_MARK, lengths, checkpoint->previous);
    journal->marked |= !journal->dead;
}

void otas_journal_end(struct otas_journal *journal, const struct otav_flash *mailbox)
{
    static const uint8_t nobody[OTAS_TRANSFER_ID_LEN];

    put(journal, mailbox, KIND_ID, 0, nobody);
    journal->marked = false;
}

/* ---- looking back ----------------------------------------------------------------------------- */

struct search {
    const uint8_t *id;
    bool is_ours; /* what follows belongs to id */
    bool has_unit;
    bool has_mark;
    struct otav_checkpoint *found;
};

static void look_at(struct search *search, const uint8_t record[OTAB_MAIL_LEN])
{
    const uint8_t *bytes = record + OTAB_MAIL_ID;
    uint32_t lengths = otav_load_u32(record + OTAB_MAIL_NONCE);

    switch (otav_load_u32(record + OTAB_MAIL_TYPE)) {
    case KIND_ID:
        search->is_ours = memcmp(bytes, search->id, OTAS_TRANSFER_ID_LEN) == 0;
        search->has_unit = false;
        search->has_mark = false;
        break;
    case KIND_UNIT:
        memcpy(search->found->withheld, bytes, OTAV_UNIT_LEN);
        search->has_unit = true;
        break;
    case KIND_MARK:
        search->found->taken_len = lengths & ((1u << PAGES_SHIFT) - 1);
        search->found->plain_len = (lengths >> PAGES_SHIFT) * OTAV_PAGE_LEN;
        memcpy(search->found->previous, bytes, OTAV_BLOCK_LEN);
        search->has_mark = true;
        break;
    default:
        break;
    }
}

bool otas_journal_find(const struct otav_flash *mailbox, const uint8_t id[OTAS_TRANSFER_ID_LEN],
                       struct otas_journal *ret_journal, struct otav_checkpoint *ret)
{
    struct otav_checkpoint found;
    struct search search = {.id = id, .found = &found};
    struct otas_journal journal = {.marked = true};
    uint8_t record[OTAB_MAIL_LEN];

    for (uint32_t off = 0; off < OTAV_PAGE_LEN; off += sizeof record) {
        if (!read(mailbox, off, record, sizeof record)) {
            return false;
        }
        if (otab_log_is_checked(record, OTAB_MAIL_CHECK)) {
            look_at(&search, record);
        }
    }
    if (!search.is_ours || !search.has_unit || !search.has_mark ||
        !find_free(mailbox, &journal.next)) {
        return false;
    }
    *ret = found;
    *ret_journal = journal;
    return true;
}
