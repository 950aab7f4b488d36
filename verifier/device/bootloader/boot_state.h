/*
 * The boot record: the state of updates, one entry of 128 bytes after the other in a locked page.
 *
 * Every entry is written twice. The newest is the valid one with the highest sequence, of several the
 * one written last. With one valid copy only it may have been in the making when power failed, so it
 * is written anew before anything rests on it; of two at least one is solid.
 *
 * A boot never adds to a page that an earlier boot wrote: its last operation may have been cut and read
 * as if it had not begun, and no boot can tell. The first entry of a boot moves the record over a journal
 * that holds no mark in use: it goes there with a sequence that no residue in the record page can have,
 * then the page is erased and gets the entry with the next higher sequence. Whenever the newest entry
 * stands in a journal, the move was interrupted and is done again from the erase; a tie between both
 * pages cannot happen. So does an entry for which the page has no room.
 *
 * Layer: above logs.
 */
#ifndef OTAB_BOOT_STATE_H
#define OTAB_BOOT_STATE_H

#include "boot_log.h"

enum otab_phase {
    OTAB_IDLE = 0x1D,     /* slot 0 is what shall run */
    OTAB_SWAPPING = 0x72, /* a swap is open */
    OTAB_ON_TRIAL = 0xB4, /* slot 0 must confirm, slot 1 holds the fallback */
    OTAB_COPYING = 0xCB   /* slot 0 is made anew from slot 1 */
};

enum otab_kind { OTAB_INSTALL = 0x39, OTAB_REVERT = 0xC6 };

enum {
    OTAB_STATE_HAS_VERSION = 1,
    OTAB_STATE_CONFIRMED = 2, /* floor and revocations of the image in slot 0 are due */
    OTAB_STATE_RAISED = 4,    /* and recorded: nothing in page 4 is in doubt */
    OTAB_ENTRY_LEN = 128
};

/* Fields of an entry, little-endian; bytes not named are zero. */
enum {
    OTAB_ENTRY_MAGIC = 0, /* u32 */
    OTAB_ENTRY_PHASE = 4,
    OTAB_ENTRY_KIND = 5,
    OTAB_ENTRY_FLAGS = 6,
    OTAB_ENTRY_BOOTS = 7,
    OTAB_ENTRY_PAGES = 8,    /* u16 */
    OTAB_ENTRY_BASE = 10,    /* u16 */
    OTAB_ENTRY_SWAP_ID = 12, /* u32 */
    OTAB_ENTRY_NONCE = 16,   /* u32 */
    OTAB_ENTRY_VERSION = 20, /* u32 */
    OTAB_ENTRY_IDS = 32,     /* struct otab_ids */
    OTAB_ENTRY_REASON = 96,  /* two u32 */
    OTAB_ENTRY_SEQUENCE = 112,
    OTAB_ENTRY_SEQUENCE_NOT = 116,
    OTAB_ENTRY_CHECK = 120, /* first 8 bytes of SHA-256 over bytes 0..115 */
    OTAB_ENTRY_CHECK_LEN = 8
};

/* Reads the entry at address into boot->state if it is whole; repairs nothing. For who only looks on.
 * Uses the buffer. OTAV_ERR_FLASH_READ, OTAV_ERR_CRYPTO */
enum otav_err otab_state_read_entry(struct otab_boot *boot, uint32_t address, bool *ret_valid);

/* Finds the newest entry in the record page and the journals, ends an interrupted move. *ret_solid
 * says whether two copies are valid; if not, the state must be written again before it is relied on.
 * Without any entry: state IDLE, sequence 0, solid. OTAV_ERR_FLASH_*, OTAV_ERR_CRYPTO, OTAV_ERR_STATE:
 * what was read is not what the entry says */
enum otav_err otab_state_load(struct otab_boot *boot, bool *ret_solid);

/* Writes boot->state as the next entry. OTAV_ERR_FLASH_*, OTAV_ERR_CRYPTO: the one before may still
 * hold; nothing may rest on the new one. */
enum otav_err otab_state_write(struct otab_boot *boot);

#endif
