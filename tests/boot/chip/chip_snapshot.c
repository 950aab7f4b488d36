/*
 * The whole state of a chip between two instructions, kept and brought back.
 * Layer: test, host. Invariant: the pages of a snapshot and of the chip differ at most where the chip
 * was changed since the snapshot's mark, so that only those are copied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chip_model.h"

enum { PAGE_UNITS = CHIP_PAGE_LEN / CHIP_UNIT_LEN };

struct page {
    uint8_t view[CHIP_PAGE_LEN];
    uint8_t bytes[CHIP_PAGE_LEN];
    bool programmed[PAGE_UNITS];
    uint8_t stale;
    uint32_t erases;
};

struct chip_snapshot {
    struct chip *chip;
    uc_context *core;
    struct page pages[PAGES];
    uint32_t stale_count;
    uint64_t mark; /* cells.changes when pages and chip were the same */
    uint8_t ram[CHIP_RAM_LEN];
    struct nvm nvm;
    struct uart uart;
    struct icm icm;
    struct parts parts;
    uint8_t ram_fill;
    uint32_t pc;
    uint64_t instructions;
};

static void save_page(const struct chip *c, uint32_t page, struct page *ret)
{
    memcpy(ret->view, c->view + (size_t)page * CHIP_PAGE_LEN, CHIP_PAGE_LEN);
    memcpy(ret->bytes, c->cells.bytes + (size_t)page * CHIP_PAGE_LEN, CHIP_PAGE_LEN);
    memcpy(ret->programmed, c->cells.programmed + (size_t)page * PAGE_UNITS,
           sizeof ret->programmed);
    ret->stale = c->cells.stale[page];
    ret->erases = c->cells.erases[page];
}

static void load_page(struct chip *c, uint32_t page, const struct page *from)
{
    uint8_t *view = c->view + (size_t)page * CHIP_PAGE_LEN;
    uint64_t address = chip_address_of_page(page);

    if (memcmp(view, from->view, CHIP_PAGE_LEN) != 0) {
        memcpy(view, from->view, CHIP_PAGE_LEN);
        chip_check(uc_ctl_remove_cache(c->uc, address, address + CHIP_PAGE_LEN), "remove_cache");
    }
    memcpy(c->cells.bytes + (size_t)page * CHIP_PAGE_LEN, from->bytes, CHIP_PAGE_LEN);
    memcpy(c->cells.programmed + (size_t)page * PAGE_UNITS, from->programmed,
           sizeof from->programmed);
    c->cells.stale[page] = from->stale;
    c->cells.erases[page] = from->erases;
    chip_page_changed(c, page);
}

struct chip_snapshot *chip_snapshot_new(struct chip *c)
{
    struct chip_snapshot *s = calloc(1, sizeof *s);

    if (s == NULL) {
        abort();
    }
    s->chip = c;
    chip_check(uc_context_alloc(c->uc, &s->core), "context");
    for (uint32_t page = 0; page < PAGES; page++) {
        save_page(c, page, &s->pages[page]);
    }
    chip_save(s);
    return s;
}

void chip_snapshot_free(struct chip_snapshot *s)
{
    (void)uc_context_free(s->core);
    free(s);
}

void chip_save(struct chip_snapshot *ret)
{
    const struct chip *c = ret->chip;

    if (c->cells.torn_len != 0) {
        (void)fprintf(stderr, "chip: no snapshot of cells that read differently each time\n");
        exit(EXIT_FAILURE);
    }
    for (uint32_t page = 0; page < PAGES; page++) {
        if (c->cells.changed_at[page] > ret->mark) {
            save_page(c, page, &ret->pages[page]);
        }
    }
    ret->stale_count = c->cells.stale_count;
    ret->mark = c->cells.changes;
    chip_check(uc_context_save(c->uc, ret->core), "save");
    memcpy(ret->ram, c->ram, sizeof ret->ram);
    ret->nvm = c->nvm;
    ret->uart = c->uart;
    ret->icm = c->icm;
    ret->parts = c->parts;
    ret->ram_fill = c->ram_fill;
    ret->pc = c->pc;
    ret->instructions = c->instructions;
}

void chip_load(struct chip_snapshot *s)
{
    struct chip *c = s->chip;

    for (uint32_t page = 0; page < PAGES; page++) {
        if (c->cells.changed_at[page] > s->mark) {
            load_page(c, page, &s->pages[page]);
        }
    }
    s->mark = c->cells.changes;
    c->cells.stale_count = s->stale_count;
    c->cells.torn_len = 0;
    chip_check(uc_context_restore(c->uc, s->core), "load");
    memcpy(c->ram, s->ram, sizeof s->ram);
    c->nvm = s->nvm;
    c->uart = s->uart;
    c->icm = s->icm;
    c->parts = s->parts;
    c->ram_fill = s->ram_fill;
    c->pc = s->pc;
    c->instructions = s->instructions;
}
