/*
 * The boot record. Layer: above logs. Invariant: what a boot relies on stands in the flash in at least
 * one copy that no interrupted operation touched.
 */
#include "boot_state.h"

#include <string.h>

enum { PAGE_ENTRIES = OTAV_PAGE_LEN / OTAB_ENTRY_LEN };

#define ENTRY_MAGIC UINT32_C(0x3152424F)

_Static_assert(sizeof(struct otab_ids) == OTAB_ENTRY_REASON - OTAB_ENTRY_IDS, "ids have no gaps");
_Static_assert(OTAB_ENTRY_CHECK + OTAB_ENTRY_CHECK_LEN == OTAB_ENTRY_LEN, "entry");

/* ---- bytes ------------------------------------------------------------------------------------ */

static enum otav_err encode(struct otab_boot *boot, uint8_t ret[OTAB_ENTRY_LEN])
{
    const struct otab_state *state = &boot->state;
    uint8_t digest[OTAV_SHA256_LEN];
    enum otav_err err;

    memset(ret, 0, OTAB_ENTRY_LEN);
    otav_store_u32(ret + OTAB_ENTRY_MAGIC, ENTRY_MAGIC);
    ret[OTAB_ENTRY_PHASE] = state->phase;
    ret[OTAB_ENTRY_KIND] = state->kind;
    ret[OTAB_ENTRY_FLAGS] = state->flags;
    ret[OTAB_ENTRY_BOOTS] = state->boots;
    otav_store_u16(ret + OTAB_ENTRY_PAGES, state->pages);
    otav_store_u16(ret + OTAB_ENTRY_BASE, state->base);
    otav_store_u32(ret + OTAB_ENTRY_SWAP_ID, state->swap_id);
    otav_store_u32(ret + OTAB_ENTRY_NONCE, state->nonce);
    otav_store_u32(ret + OTAB_ENTRY_VERSION, state->version);
    memcpy(ret + OTAB_ENTRY_IDS, &state->ids, sizeof state->ids);
    otav_store_u32(ret + OTAB_ENTRY_REASON, state->reason[0]);
    otav_store_u32(ret + OTAB_ENTRY_REASON + 4, state->reason[1]);
    otav_store_u32(ret + OTAB_ENTRY_SEQUENCE, state->sequence);
    otav_store_u32(ret + OTAB_ENTRY_SEQUENCE_NOT, ~state->sequence);
    err = otab_digest(boot, ret, OTAB_ENTRY_SEQUENCE_NOT, digest);
    memcpy(ret + OTAB_ENTRY_CHECK, digest, OTAB_ENTRY_CHECK_LEN);
    return err;
}

static void decode(const uint8_t *entry, struct otab_state *ret)
{
    ret->sequence = otav_load_u32(entry + OTAB_ENTRY_SEQUENCE);
    ret->phase = entry[OTAB_ENTRY_PHASE];
    ret->kind = entry[OTAB_ENTRY_KIND];
    ret->flags = entry[OTAB_ENTRY_FLAGS];
    ret->boots = entry[OTAB_ENTRY_BOOTS];
    ret->pages = otav_load_u16(entry + OTAB_ENTRY_PAGES);
    ret->base = otav_load_u16(entry + OTAB_ENTRY_BASE);
    ret->swap_id = otav_load_u32(entry + OTAB_ENTRY_SWAP_ID);
    ret->nonce = otav_load_u32(entry + OTAB_ENTRY_NONCE);
    ret->version = otav_load_u32(entry + OTAB_ENTRY_VERSION);
    memcpy(&ret->ids, entry + OTAB_ENTRY_IDS, sizeof ret->ids);
    ret->reason[0] = otav_load_u32(entry + OTAB_ENTRY_REASON);
    ret->reason[1] = otav_load_u32(entry + OTAB_ENTRY_REASON + 4);
}

/* ---- finding the newest ----------------------------------------------------------------------- */

struct newest {
    uint32_t sequence;
    uint32_t page;
    uint32_t looked_at;
    unsigned copies; /* valid ones with the same content */
    uint8_t check[OTAB_ENTRY_CHECK_LEN];
};

/* Takes an entry if it is valid and not older than what was found. */
static enum otav_err take_entry(struct otab_boot *boot, const uint8_t *entry, void *arg)
{
    struct newest *newest = arg;
    uint32_t sequence = otav_load_u32(entry + OTAB_ENTRY_SEQUENCE);
    uint8_t digest[OTAV_SHA256_LEN];
    enum otav_err err;

    if (sequence != ~otav_load_u32(entry + OTAB_ENTRY_SEQUENCE_NOT) || sequence == 0 ||
        sequence < newest->sequence || otav_load_u32(entry + OTAB_ENTRY_MAGIC) != ENTRY_MAGIC) {
        return OTAV_OK;
    }
    err = otab_digest(boot, entry, OTAB_ENTRY_SEQUENCE_NOT, digest);
    if (err != OTAV_OK || memcmp(digest, entry + OTAB_ENTRY_CHECK, OTAB_ENTRY_CHECK_LEN) != 0) {
        return err;
    }
    if (sequence != newest->sequence || memcmp(newest->check, digest, OTAB_ENTRY_CHECK_LEN) != 0) {
        newest->copies = 0;
    }
    newest->sequence = sequence;
    newest->page = newest->looked_at;
    newest->copies++;
    memcpy(newest->check, digest, OTAB_ENTRY_CHECK_LEN);
    decode(entry, &boot->state);
    return OTAV_OK;
}

enum otav_err otab_state_read_entry(struct otab_boot *boot, uint32_t address, bool *ret_valid)
{
    struct newest newest = {.copies = 0};
    enum otav_err err = otab_flash_read(boot, address, boot->buffer, OTAB_ENTRY_LEN);

    if (err == OTAV_OK) {
        err = take_entry(boot, boot->buffer, &newest);
    }
    *ret_valid = newest.copies > 0;
    return err;
}

static enum otav_err find_newest(struct otab_boot *boot, struct newest *ret)
{
    static const uint32_t pages[] = {OTAB_RECORD_ADDRESS, OTAB_JOURNAL0_ADDRESS,
                                     OTAB_JOURNAL1_ADDRESS};
    enum otav_err err = OTAV_OK;

    for (unsigned i = 0; err == OTAV_OK && i < 3; i++) {
        ret->looked_at = pages[i];
        err = otab_log_each(boot, pages[i], OTAB_ENTRY_LEN, take_entry, ret);
    }
    return err;
}

/* A field that a fault left out of the decoding would count as recorded: made anew from the state, the
 * entry must be the one that was found. */
static enum otav_err check_state(struct otab_boot *boot, const struct newest *newest)
{
    uint8_t *entry = boot->buffer;
    enum otav_err err = encode(boot, entry);

    if (err == OTAV_OK &&
        memcmp(entry + OTAB_ENTRY_CHECK, newest->check, OTAB_ENTRY_CHECK_LEN) != 0) {
        err = OTAV_ERR_STATE;
    }
    return err;
}

/* First entry of a page of which no unit can have been touched: the unit at its end is left out. */
static enum otav_err find_room(struct otab_boot *boot, uint32_t page, uint32_t *ret)
{
    const uint32_t units = OTAB_ENTRY_LEN / OTAV_UNIT_LEN;
    uint32_t end = 0;
    enum otav_err err = otab_log_end(boot, page, &end);

    *ret = (end + units) / units;
    return err;
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* The state with the next sequence, twice, from the given entry of a page on. */
static enum otav_err write_pair(struct otab_boot *boot, uint32_t page, uint32_t *next)
{
    uint8_t *entry = boot->buffer;
    enum otav_err err;

    boot->state.sequence++;
    err = encode(boot, entry);
    for (unsigned copy = 0; err == OTAV_OK && copy < 2; copy++) {
        uint32_t address = page + *next * OTAB_ENTRY_LEN;

        (*next)++;
        for (uint32_t off = 0; err == OTAV_OK && off < OTAB_ENTRY_LEN; off += OTAV_UNIT_LEN) {
            err = otab_flash_program(boot, address + off, entry + off);
        }
    }
    return err;
}

/* From a journal to the record page, which holds nothing newer. */
static enum otav_err bring_home(struct otab_boot *boot)
{
    enum otav_err err = otab_flash_erase(boot, OTAB_RECORD_ADDRESS);

    boot->record_next = err == OTAV_OK ? 0 : PAGE_ENTRIES;
    return err == OTAV_OK ? write_pair(boot, OTAB_RECORD_ADDRESS, &boot->record_next) : err;
}

static enum otav_err write_over_journal(struct otab_boot *boot)
{
    uint32_t page = boot->journal_page ^ OTAB_JOURNAL0_ADDRESS ^ OTAB_JOURNAL1_ADDRESS;
    uint32_t next = 0;
    enum otav_err err = otab_flash_erase(boot, page);

    if (err == OTAV_OK) {
        boot->state.sequence++; /* above a residue of the next one in the record page */
        err = write_pair(boot, page, &next);
    }
    return err == OTAV_OK ? bring_home(boot) : err;
}

enum otav_err otab_state_write(struct otab_boot *boot)
{
    if (boot->record_next + 2 <= PAGE_ENTRIES) {
        return write_pair(boot, OTAB_RECORD_ADDRESS, &boot->record_next);
    }
    return write_over_journal(boot);
}

/* The newest stands in a journal. A single copy gets a pair behind it first: the record page is
 * erased only when the journal holds a solid one. Without room there were a dozen cuts in this very
 * place, and what they left has to do. */
static enum otav_err end_move(struct otab_boot *boot, const struct newest *newest)
{
    uint32_t next = 0;
    enum otav_err err = OTAV_OK;

    boot->report->flags |= OTAB_DID_RESUME;
    if (newest->copies < 2) {
        err = find_room(boot, newest->page, &next);
        if (err == OTAV_OK && next + 2 <= PAGE_ENTRIES) {
            err = write_pair(boot, newest->page, &next);
        }
    }
    return err == OTAV_OK ? bring_home(boot) : err;
}

enum otav_err otab_state_load(struct otab_boot *boot, bool *ret_solid)
{
    struct newest newest = {.page = OTAB_RECORD_ADDRESS, .copies = 0};
    enum otav_err err;

    boot->journal_page = OTAB_JOURNAL0_ADDRESS;
    boot->record_next = PAGE_ENTRIES;
    boot->state.phase = OTAB_IDLE;
    err = find_newest(boot, &newest);
    if (err == OTAV_OK && newest.copies > 0) {
        err = check_state(boot, &newest);
    }
    *ret_solid = newest.copies != 1;
    if (err == OTAV_OK && newest.page != OTAB_RECORD_ADDRESS) {
        *ret_solid = true;
        err = end_move(boot, &newest);
    }
    return err;
}
