/*
 * The flash controller: key, write enable, operations, protection, and power that fails in between.
 * Layer: test, host. Invariant: cells change here only, and only when an operation ends.
 * spec: DS70005504 section 24; Programming Specification 6.1.8.
 */
#include <string.h>

#include "chip_model.h"

enum {
    CON = 0x00,
    CON2 = 0x10,
    KEY = 0x20,
    ADDR = 0x30,
    DATA0 = 0x40,
    DATA3 = 0x70,
    SOURCE = 0xC0,
    PWPLT = 0xD0,
    PWPGTE = 0xE0,
    LBWP = 0xF0,
    ROW_LEN = 1024
};

#define OP_MASK 0xFu
#define LVDERR  (1u << 12)
#define WRERR   (1u << 13)
#define WREN    (1u << 14)
#define WR      (1u << 15)
#define ULOCK   (1u << 31)

#define CON2_RESET   0x011F4000u
#define CON2_TEMP    (1u << 14)
#define PWPLT_RESET  0x80000000u
#define PWPGTE_RESET 0x80FFFFFFu
#define LBWP_RESET   0x80FFFFFFu

enum { OP_NONE = 0, OP_QUAD = 2, OP_ROW = 3, OP_ERASE = 4 };

void chip_nvm_reset(struct chip *c)
{
    c->nvm = (struct nvm){.con = c->nvm.con & (WREN | WRERR | LVDERR),
                          .con2 = CON2_RESET,
                          .pwplt = PWPLT_RESET,
                          .pwpgte = PWPGTE_RESET,
                          .lbwp = LBWP_RESET};
    if ((c->parts.rcon & CHIP_POWER_ON) != 0) {
        c->nvm.con = 0;
    }
}

/* ---- cells ------------------------------------------------------------------------------------ */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void mark_changed(struct chip *c, uint32_t page)
{
    chip_page_changed(c, page);
    c->cells.stale_count += c->cells.stale[page] == 0;
    c->cells.stale[page] |= STALE_PCHE | STALE_BUS;
    if (c->parts.cmcc_on != 0) {
        c->cells.stale[page] |= STALE_CMCC;
    }
}

/* What is left when power fails between before and after. */
static void tear(struct chip *c, uint32_t at, const uint8_t *before, const uint8_t *after,
                 uint32_t len)
{
    struct cells *cells = &c->cells;
    uint32_t random = c->nvm.cut_seed;

    for (uint32_t i = 0; i < len; i++) {
        uint8_t mask = (uint8_t)next_random(&random);

        cells->bytes[at + i] = (uint8_t)((before[i] & mask) | (after[i] & ~mask));
    }
    if (c->nvm.cut == CHIP_CUT_UNSTABLE) {
        cells->torn_at = at;
        cells->torn_len = len;
        cells->torn_random = random;
        memcpy(cells->torn_before, before, len);
        memcpy(cells->torn_after, after, len);
    }
}

static bool is_begun(const struct chip *c)
{
    return c->nvm.operations != c->nvm.cut_at || c->nvm.cut != CHIP_CUT_BEFORE;
}

static bool is_completed(const struct chip *c)
{
    return c->nvm.operations != c->nvm.cut_at || c->nvm.cut == CHIP_CUT_AFTER;
}

/* Gives cells a content, as far as power lasts. */
static void change(struct chip *c, uint32_t at, const uint8_t *after, uint32_t len)
{
    uint8_t before[CHIP_PAGE_LEN];

    memcpy(before, c->cells.bytes + at, len);
    mark_changed(c, at / CHIP_PAGE_LEN);
    if (is_completed(c)) {
        memcpy(c->cells.bytes + at, after, len);
    } else if (c->nvm.cut != CHIP_CUT_BEFORE) {
        tear(c, at, before, after, len);
    }
}

static void settle(struct chip *c, uint32_t at)
{
    if (at / CHIP_PAGE_LEN == c->cells.torn_at / CHIP_PAGE_LEN) {
        c->cells.torn_len = 0;
    }
}

static void program_unit(struct chip *c, uint32_t at, const uint8_t bytes[CHIP_UNIT_LEN])
{
    uint8_t after[CHIP_UNIT_LEN];

    if (c->cells.programmed[at / CHIP_UNIT_LEN]) {
        chip_broken_rule(c, "second program of the unit at 0x%08x", c->nvm.addr);
    }
    for (unsigned i = 0; i < CHIP_UNIT_LEN; i++) {
        after[i] = c->cells.bytes[at + i] & bytes[i];
    }
    c->cells.programmed[at / CHIP_UNIT_LEN] =
        c->cells.programmed[at / CHIP_UNIT_LEN] || is_begun(c);
    change(c, at, after, CHIP_UNIT_LEN);
}

static void erase(struct chip *c, uint32_t page)
{
    uint8_t after[CHIP_PAGE_LEN];
    uint32_t at = page * CHIP_PAGE_LEN;

    if (!is_begun(c)) {
        return;
    }
    settle(c, at);
    memset(after, 0xFF, sizeof after);
    for (uint32_t i = at / CHIP_UNIT_LEN; i < (at + CHIP_PAGE_LEN) / CHIP_UNIT_LEN; i++) {
        c->cells.programmed[i] = !is_completed(c); /* half an erase makes no unit fit to program */
    }
    c->cells.erases[page]++;
    change(c, at, after, sizeof after);
}

/* ---- operations ------------------------------------------------------------------------------- */

static bool is_protected(const struct chip *c, uint32_t address)
{
    uint32_t offset = address - CHIP_MAIN;

    if (address < CHIP_BOOT_LEN) {
        return (c->nvm.lbwp >> address / CHIP_PAGE_LEN & 1u) != 0;
    }
    return offset < (c->nvm.pwplt & 0xFFF000u) || offset >= (c->nvm.pwpgte & 0xFFF000u);
}

/* Protected boot pages refuse to be programmed without a sign; everything else sets WRERR. */
static void refuse(struct chip *c, bool erasing)
{
    if (erasing || c->nvm.addr >= CHIP_BOOT_LEN) {
        c->nvm.con |= WRERR;
    }
}

static void program(struct chip *c, uint32_t address, const uint8_t *bytes, uint32_t len)
{
    uint32_t page = chip_page_of(address);
    uint32_t at = page * CHIP_PAGE_LEN + address % CHIP_PAGE_LEN;

    if (page == PAGES || is_protected(c, address)) {
        refuse(c, false);
        return;
    }
    for (uint32_t i = 0; i < len; i += CHIP_UNIT_LEN) {
        program_unit(c, at + i, bytes + i);
    }
}

static void program_row(struct chip *c)
{
    uint32_t from = c->nvm.source - CHIP_RAM;

    if (from > CHIP_RAM_LEN - ROW_LEN || from % 4 != 0) {
        chip_broken_rule(c, "row from 0x%08x", c->nvm.source);
        return;
    }
    program(c, c->nvm.addr & ~(uint32_t)(ROW_LEN - 1), c->ram + from, ROW_LEN);
}

static void erase_page(struct chip *c)
{
    uint32_t address = c->nvm.addr & ~(uint32_t)(CHIP_PAGE_LEN - 1);
    uint32_t page = chip_page_of(address);

    if (page == PAGES || is_protected(c, address)) {
        refuse(c, true);
        return;
    }
    erase(c, page);
}

static void finish(struct chip *c)
{
    struct nvm *nvm = &c->nvm;

    nvm->con &= ~WR;
    if (nvm->operations == c->settings.low_voltage_at) {
        nvm->con |= LVDERR;
        return;
    }
    switch (nvm->con & OP_MASK) {
    case OP_NONE:
        nvm->con &= ~(WRERR | LVDERR);
        break;
    case OP_QUAD:
        program(c, nvm->addr & ~(uint32_t)(CHIP_UNIT_LEN - 1), (const uint8_t *)nvm->data,
                CHIP_UNIT_LEN);
        break;
    case OP_ROW:
        program_row(c);
        break;
    case OP_ERASE:
        erase_page(c);
        break;
    default:
        chip_broken_rule(c, "flash operation %u", nvm->con & OP_MASK);
    }
    if (nvm->operations == nvm->cut_at) {
        chip_end_run(c, CHIP_POWER_CUT);
    }
}

/* ---- registers -------------------------------------------------------------------------------- */

/* Uses up the key; false, with a broken rule, if it was not given. */
static bool take_key(struct chip *c, const char *what)
{
    bool given = c->nvm.key_stage == 3;
    uint32_t primask = 0;

    (void)uc_reg_read(c->uc, UC_ARM_REG_PRIMASK, &primask);
    c->nvm.key_stage = 0;
    if (!given) {
        chip_broken_rule(c, "%s without the key", what);
    } else if ((primask & 1u) == 0) {
        chip_broken_rule(c, "%s with interrupts on", what);
    }
    return given;
}

static void write_key(struct nvm *nvm, uint32_t value)
{
    if (value == 0) {
        nvm->key_stage = 1;
    } else if (value == 0xAA996655u && nvm->key_stage == 1) {
        nvm->key_stage = 2;
    } else if (value == 0x556699AAu && nvm->key_stage == 2) {
        nvm->key_stage = 3;
    } else {
        nvm->key_stage = 0;
    }
}

static void start(struct chip *c)
{
    struct nvm *nvm = &c->nvm;

    if (!take_key(c, "WR")) {
        return;
    }
    if ((nvm->con & WREN) == 0 || (nvm->con2 & CON2_TEMP) == 0) {
        chip_broken_rule(c, "WR without WREN");
        return;
    }
    nvm->con |= WR;
    nvm->operations++;
    nvm->polls = c->settings.busy_polls;
}

static void write_con(struct chip *c, uint32_t offset, uint32_t value)
{
    struct nvm *nvm = &c->nvm;
    uint32_t wanted = chip_apply(nvm->con, offset, value);

    if ((wanted & WR) != 0) {
        start(c);
        return;
    }
    nvm->key_stage = 0;
    if (((wanted ^ nvm->con) & OP_MASK) != 0 && (nvm->con & WREN) != 0) {
        chip_broken_rule(c, "NVMOP changed while WREN is set");
        return;
    }
    nvm->con = (nvm->con & ~(OP_MASK | WREN)) | (wanted & (OP_MASK | WREN));
}

/* One-way: with ULOCK clear nothing is taken until the next reset. */
static void write_lock(struct chip *c, uint32_t *lock, uint32_t offset, uint32_t value)
{
    if (take_key(c, "write protection") && (*lock & ULOCK) != 0) {
        *lock = chip_apply(*lock, offset, value) & (ULOCK | 0xFFFFFFu);
    }
}

static void write_plain(struct chip *c, uint32_t offset, uint32_t value)
{
    struct nvm *nvm = &c->nvm;

    nvm->key_stage = 0; /* the key wants the protected write at once */
    if (offset == ADDR) {
        nvm->addr = value;
    } else if (offset == SOURCE) {
        nvm->source = value;
    } else if (offset >= DATA0 && offset <= DATA3 && offset % 0x10 == 0) {
        nvm->data[(offset - DATA0) / 0x10] = value;
    } else {
        chip_fault(c, "write to NVM+0x%x", offset);
    }
}

void chip_nvm_write(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    uint32_t base = offset & ~0xFu;

    if (len != 4 || offset % 4 != 0) {
        chip_broken_rule(c, "%u byte(s) to NVM+0x%x", len, offset);
    } else if ((c->nvm.con & WR) != 0) {
        chip_broken_rule(c, "write to NVM+0x%x during an operation", offset);
    } else if (offset == KEY) {
        write_key(&c->nvm, value);
    } else if (base == CON) {
        write_con(c, offset, value);
    } else if (base == PWPLT) {
        write_lock(c, &c->nvm.pwplt, offset, value);
    } else if (base == PWPGTE) {
        write_lock(c, &c->nvm.pwpgte, offset, value);
    } else if (base == LBWP) {
        write_lock(c, &c->nvm.lbwp, offset, value);
    } else {
        write_plain(c, offset, value);
    }
}

static uint32_t read_con(struct chip *c)
{
    uint32_t con = c->nvm.con;

    if ((con & WR) != 0 && chip_passed(&c->nvm.polls)) {
        finish(c);
        con = c->nvm.con;
    }
    return con;
}

uint32_t chip_nvm_read(struct chip *c, uint32_t offset, unsigned len)
{
    if (len != 4) {
        chip_broken_rule(c, "%u byte(s) from NVM+0x%x", len, offset);
    }
    switch (offset) {
    case CON:
        return read_con(c);
    case CON2:
        return c->nvm.con2;
    case KEY:
        return 0;
    case ADDR:
        return c->nvm.addr;
    case PWPLT:
        return c->nvm.pwplt;
    case PWPGTE:
        return c->nvm.pwpgte;
    case LBWP:
        return c->nvm.lbwp;
    default:
        chip_fault(c, "read of NVM+0x%x", offset);
        return 0;
    }
}
