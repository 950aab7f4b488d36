/*
 * The flash of a WBZ451 that keeps the rules of the real one and loses its power where it is told.
 *
 * Rules: erase whole pages, program whole units that are erased, once; nobody touches the application
 * data, and of the boot flash only page 4 is programmed and none erased. A breach is kept in
 * `violation` and every call fails from then on, as it does once the power is gone.
 *
 * A torn operation leaves some of the old, some of the new, or bits that read differently each time
 * until the page is erased. A torn unit counts as programmed unless it reads as erased for good.
 */
#ifndef SIMULATOR_NVM_SIM_H
#define SIMULATOR_NVM_SIM_H

#include <boot.h>

enum {
    NVM_BOOT_PAGES = 6, /* from address 0 */
    NVM_MAIN_PAGES = 256,
    NVM_PAGES = NVM_BOOT_PAGES + NVM_MAIN_PAGES,
    NVM_FLOOR_PAGE = 4,
    NVM_TORN_MAX = 32, /* pages with bits in doubt at a time */
    NVM_UNITS = OTAV_PAGE_LEN / OTAV_UNIT_LEN
};

#define NVM_MAIN_ADDRESS UINT32_C(0x01000000)

enum nvm_cut {
    NVM_CUT_BEFORE,   /* the operation did not begin */
    NVM_CUT_AFTER,    /* it was done, and nobody heard of it */
    NVM_TORN_PREFIX,  /* a first part of it was done */
    NVM_TORN_SUBSET,  /* random bits of it; an erase also leaves noise */
    NVM_TORN_BITS,    /* random bits of it, others read differently each time */
    NVM_TORN_FLICKER, /* every unit reads as before or as after, differently each time */
    NVM_TORN_BOOT,    /* all of it reads as before or as after, differently from boot to boot */
    NVM_CUT_COUNT
};

enum nvm_op { NVM_READ, NVM_ERASE, NVM_PROGRAM, NVM_OP_COUNT };

/* What a page in doubt looks like: bits of `mask` come at random from `bytes` or `other`. */
struct nvm_torn {
    bool flicker;  /* per read of a unit, not per bit */
    bool per_boot; /* per restart: */
    bool is_other;
    uint8_t mask[OTAV_PAGE_LEN];
    uint8_t other[OTAV_PAGE_LEN];
};

struct nvm_sim {
    uint8_t bytes[NVM_PAGES][OTAV_PAGE_LEN];
    uint8_t programmed[NVM_PAGES][NVM_UNITS]; /* since the last erase, or torn */
    uint8_t torn_index[NVM_PAGES];            /* 0: stable; else index + 1 */
    struct nvm_torn torn[NVM_TORN_MAX];
    unsigned erases[NVM_PAGES];
    uint32_t version[NVM_PAGES]; /* differs whenever the content may */
    uint32_t next_version;
    unsigned op_count; /* erases and programs begun */
    unsigned kick_count;
    const char *violation;
    uint64_t random;

    unsigned cut_at; /* the operation at which the power goes, from 1; 0 = never */
    enum nvm_cut cut;
    bool powerless;

    enum nvm_op fail_op; /* fails at its nth call, once or from then on */
    unsigned fail_nth;   /* 0 = never */
    bool fail_forever;
    unsigned worn_page; /* index of a page that cannot be erased; 0: none */
    unsigned calls[NVM_OP_COUNT];
};

/* Everything erased, nothing counted. */
void nvm_init(struct nvm_sim *sim, uint64_t seed);

/* Brings sim to the content and counters of from, of which it was a copy or which was a copy of it:
 * only pages that changed since are copied. Cuts and failures are not taken over. */
void nvm_restore(struct nvm_sim *sim, const struct nvm_sim *from);

/* The power comes back. */
void nvm_restart(struct nvm_sim *sim);

/* Puts bytes anywhere, as a programming tool or the application would; behind it those units are
 * programmed. */
void nvm_put(struct nvm_sim *sim, uint32_t address, const void *bytes, size_t len);

/* Erases a page on behalf of the application: no rules, not counted. */
void nvm_wipe_page(struct nvm_sim *sim, uint32_t address);

/* Index of the page of an address, NVM_PAGES if there is none. */
unsigned nvm_page(uint32_t address);

uint64_t nvm_random(struct nvm_sim *sim);

/* Callbacks over sim. */
struct otab_platform nvm_platform(struct nvm_sim *sim, const struct otav_crypto *crypto);

#endif
