/*
 * otab: the core of a bootloader for the WBZ451. It decides which image runs: verifies, swaps slots
 * page by page over a gap page, boots a new image on trial, confirms or reverts it, raises the floor
 * of the security counter, recovers a damaged slot, and says what it did.
 *
 * It owns no hardware: flash, watchdog, random numbers and crypto are callbacks. Power may fail at any
 * instruction; README.md beside this file gives the argument, the records and the states.
 *
 * Invariants: OTAB_RUN_APPLICATION only after slot 0 verified in this very call; the floor never
 * falls; application data (PDS) and boot flash outside of page 4 are never touched; every loop is
 * bounded; no heap, no globals.
 *
 * Limits: two judged images are remembered; two cuts one right behind the other in page 4, or in a
 * journal that holds the boot record, of which both units read as erased 16 times, are not seen.
 */
#ifndef OTAB_BOOT_H
#define OTAB_BOOT_H

#include <otav/otav.h>

#include "boot_layout.h"

/* Addresses are absolute. Callbacks return OTAV_ACCEPT when done. read: any range, from the flash and
 * not from a cache; erase: one page; program: one unit that is erased. */
struct otab_platform {
    void *user;
    const struct otav_crypto *crypto;
    uint32_t (*read)(void *user, uint32_t address, uint8_t *ret, size_t len);
    uint32_t (*erase)(void *user, uint32_t address);
    uint32_t (*program)(void *user, uint32_t address, const uint8_t unit[OTAV_UNIT_LEN]);
    void (*kick)(void *user);       /* watchdog; per page worked on, per signature check */
    uint32_t (*random)(void *user); /* or a counter: makes nonces differ */

    /* May be NULL. Where the len bytes at address can be read without a copy, until the next call of the
     * platform; NULL: nowhere. */
    const uint8_t *(*at)(void *user, uint32_t address, size_t len);
};

/* Each other's complement. Whatever is not OTAB_RUN_APPLICATION must not run one. */
#define OTAB_RUN_APPLICATION UINT32_C(0x3C5AA596)
#define OTAB_SERIAL_DFU      UINT32_C(0xC3A55A69)

/* Reasons in a report, beside enum otav_err. */
enum otab_err {
    OTAB_ERR_CONFIRM = 0x0901,       /* a confirm for another image or trial was ignored */
    OTAB_ERR_NOT_CONFIRMED = 0x0902, /* the image on trial did not confirm and was reverted */
    OTAB_ERR_FLOOR_FULL = 0x0903,    /* a raise or revocation has no room in page 4 */
    OTAB_ERR_FALLBACK_LOST =
        0x0904,                /* not confirmed, but slot 1 no longer holds what to go back to */
    OTAB_ERR_REQUEST = 0x0905, /* an install request names no image in slot 1 */
    OTAB_ERR_VECTORS = 0x0906 /* it verifies, but its vectors cannot be started: see boot_image.h */
};

/* Numbers as in the PSA Firmware Update API; WRITING, CANDIDATE and STAGED are the application's. */
enum otab_update_state {
    OTAB_READY = 0,
    OTAB_WRITING = 1,
    OTAB_CANDIDATE = 2,
    OTAB_STAGED = 3,
    OTAB_FAILED = 4,   /* slot 1's image was refused */
    OTAB_TRIAL = 5,    /* the image runs once and must confirm */
    OTAB_REJECTED = 6, /* the image was reverted */
    OTAB_UPDATED = 7   /* the image is confirmed since this boot */
};

/* What happened in this boot: bits of otab_report.flags. */
enum {
    OTAB_DID_INSTALL = 0x01,
    OTAB_DID_REVERT = 0x02,
    OTAB_DID_CONFIRM = 0x04,
    OTAB_DID_RECOVER = 0x08, /* slot 0 was made anew from slot 1 */
    OTAB_DID_RESUME = 0x10,  /* something interrupted was brought to its end */
    OTAB_DID_RAISE = 0x20,   /* floor or revocations were recorded */
    OTAB_ASKED_DFU = 0x40,   /* serial DFU because it was asked for: the application would run */
    OTAB_UNFINISHED = 0x80   /* a port failed in the middle: slot 1 has to stay as it is, and the
                              * next reset tries again */
};

/* For the application, which also reads the nonce here: it must name it to confirm. */
struct otab_report {
    uint32_t action;            /* OTAB_RUN_APPLICATION or OTAB_SERIAL_DFU */
    uint32_t error;             /* the last reason: enum otav_err or otab_err, 0 = none */
    uint32_t nonce;             /* of the trial */
    uint32_t floor;             /* lowest security counter taken */
    uint32_t version;           /* newest confirmed one, 0 = none */
    uint8_t id[OTAB_ID_LEN];    /* of the image in slot 0, zeros when none verified */
    uint8_t tried[OTAB_ID_LEN]; /* of the image that error is about, zeros when none */
    uint8_t state;              /* enum otab_update_state */
    uint8_t flags;              /* OTAB_DID_* */
    uint16_t erase_count;       /* pages erased in this boot */
};

/* Neighbours in the boot record as well. */
struct otab_ids {
    uint8_t slot0[OTAB_ID_LEN];     /* what is in slot 0; what was there while a swap is open */
    uint8_t fallback[OTAB_ID_LEN];  /* slot 1, likewise; zeros: slot 1 holds no fallback */
    uint8_t judged[2][OTAB_ID_LEN]; /* newest first */
};

/* Content of the boot record, see boot_state.h. */
struct otab_state {
    uint32_t sequence; /* 0: there is no record */
    uint8_t phase;     /* enum otab_phase */
    uint8_t kind;      /* enum otab_kind, of the swap */
    uint8_t flags;     /* OTAB_STATE_* */
    uint8_t boots;     /* used on trial */
    uint16_t pages;    /* that the swap moves */
    uint16_t base;     /* steps of the swap that were done before its journals were begun */
    uint32_t swap_id;
    uint32_t nonce;
    uint32_t version;
    struct otab_ids ids;
    uint32_t reason[2]; /* why ids.judged were judged; 0: none there */
};

/* Caller-owned, about 3 KB; fields are for the bootloader only. otab_boot() sets all of them. */
struct otab_boot {
    struct otab_state state;
    const struct otab_platform *platform;
    struct otab_report *report;
    uint32_t record_next;  /* entry of the boot record page that is written next */
    uint32_t journal_page; /* address of the journal that holds the last mark */
    uint32_t journal_next; /* unit of both journals that is written next */
    uint32_t journal_step; /* last step marked */
    uint32_t floor_next;   /* pair of page 4 that is written next */
    uint32_t revoked;      /* bit n: key n */
    uint32_t verdict[2];   /* on what is in slot 0 now, asked for twice */
    uint8_t buffer[OTAV_META_LEN];
    struct otav_sha256_state sha256;
    struct otav_config config;
    struct otav_context ctx; /* last: who only reads records can do without its memory */
};

/* Decides, does what the decision needs, and says what to start. factory comes from
 * otav_provision_decode(); what it says about installed version, floor and revocations is replaced by
 * what the flash says. *ret_report is set in any case. Returns OTAB_RUN_APPLICATION, or
 * OTAB_SERIAL_DFU when the application asked for it, once, when nothing may run, or when a port failed
 * where going on would lose something: OTAB_UNFINISHED, the next reset tries again, and a page of
 * slot 1 that fails once more ends a swap that has not reached slot 0. */
uint32_t otab_boot(struct otab_boot *boot, const struct otab_platform *platform,
                   const struct otav_config *factory, struct otab_report *ret_report);

#endif
