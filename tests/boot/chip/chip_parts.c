/*
 * The smaller peripherals: configuration, watchdog, clock and reset, radio clock, caches, TRNG,
 * identity, system control space. Registers that no case names trap.
 * Layer: test, host. spec: device pack; DS70005504 sections 9, 13, 16, 19, 35.
 */
#include "chip_model.h"

#define CFG_CON1     0x10u
#define CFG_PCLKGEN1 0x60u
#define CFG_CON2     0x20u
#define CFG_SYSKEY   0xB0u
#define CFG_PMD3     0xE0u
#define CFG_MISCSTAT 0x100u
#define CLDORDY      (1u << 9)
#define PMD3_TRNG    (1u << 6)

#define WDT_ON (1u << 15)

#define OSWEN       1u
#define OSCCON_SPLL 0x100u
#define SPLL_64MHZ  0xC0000108u

#define CHECON_RESET     0x0700010Fu
#define CHECON_WAIT_MASK 0xFu
#define INVALIDATE_I     (1u << 20)
#define INVALIDATE_D     (1u << 21)
#define INVALIDATE_A     (1u << 22)
#define INVALIDATE_MASK  (INVALIDATE_I | INVALIDATE_D | INVALIDATE_A)

#define PORT_B_ANSEL      0x00u
#define PORT_B_PORT       0x20u
#define PORT_B_CNPU       0x50u
#define MPU_CONTROL       0xD94u
#define MPU_NUMBER        0xD98u
#define MPU_ADDRESS       0xD9Cu
#define MPU_ATTRIBUTES    0xDA0u
#define MPU_DEFAULT_MAP   4u
#define MPU_ADDRESS_VALID (1u << 4)
#define MPU_NEVER_EXECUTE (1u << 28)

#define CRYSTAL   1u
#define RADIO_PLL 2u
#define DPLL_OFF  2u

#define DEVICE_ID 0x20009B8Fu /* revision A2 */

enum { MHZ_64_WAIT_STATES = 2 };

uint32_t chip_apply(uint32_t old, uint32_t offset, uint32_t value)
{
    switch (offset & 0xCu) {
    case 0x4:
        return old & ~value;
    case 0x8:
        return old | value;
    case 0xC:
        return old ^ value;
    default:
        return value;
    }
}

bool chip_passed(uint32_t *polls)
{
    if (*polls == 0) {
        return true;
    }
    --*polls;
    return false;
}

static void need_len(struct chip *c, unsigned len, unsigned expected, const char *what)
{
    if (len != expected) {
        chip_broken_rule(c, "%u byte(s) at a time to %s", len, what);
    }
}

/* ---- CFG -------------------------------------------------------------------------------------- */

static void write_syskey(struct parts *p, uint32_t value)
{
    if (value == 0) {
        p->syskey_stage = 1;
    } else if (value == 0xAA996655u && p->syskey_stage == 1) {
        p->syskey_stage = 2;
    } else if (value == 0x556699AAu && p->syskey_stage == 2) {
        p->syskey_stage = 3;
    } else {
        p->syskey_stage = 0;
    }
}

static void write_cfg(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    uint32_t base = offset & ~0xFu;

    need_len(c, len, 4, "CFG");
    if (offset == CFG_SYSKEY) {
        write_syskey(&c->parts, value);
    } else if (base == CFG_CON1 || base == CFG_PCLKGEN1 || base == CFG_PMD3) {
        c->parts.cfg[base / 4] = chip_apply(c->parts.cfg[base / 4], offset, value);
    } else {
        chip_fault(c, "write to CFG+0x%x", offset);
    }
}

static uint32_t read_cfg(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "CFG");
    switch (offset) {
    case CFG_CON1:
    case CFG_CON2:
    case CFG_PCLKGEN1:
    case CFG_PMD3:
        return c->parts.cfg[offset / 4];
    case CFG_MISCSTAT:
        return chip_passed(&c->parts.polls) ? CLDORDY : 0;
    default:
        chip_fault(c, "read of CFG+0x%x", offset);
        return 0;
    }
}

/* ---- watchdog --------------------------------------------------------------------------------- */

static void write_wdt(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    uint64_t gap = c->instructions - c->parts.kicked_at;

    if (offset == 0 && len == 2 && (value & ~WDT_ON) == 0) {
        c->parts.watchdog_on = (value & WDT_ON) != 0;
        return;
    }
    if (offset != 2 || len != 2 || value != 0x5743u) {
        chip_broken_rule(c, "%u byte(s) 0x%x to WDT+%u", len, value, offset);
        return;
    }
    if (gap > c->parts.longest_without_kick) {
        c->parts.longest_without_kick = gap;
    }
    c->parts.kicked_at = c->instructions;
    c->parts.kicks++;
}

static uint32_t read_wdt(struct chip *c, uint32_t offset, unsigned len)
{
    if (offset == 0 && len == 2) {
        return c->parts.watchdog_on ? WDT_ON : 0;
    }
    chip_fault(c, "read of WDT+0x%x", offset);
    return 0;
}

/* ---- CRU -------------------------------------------------------------------------------------- */

static bool is_radio_locked(const struct chip *c)
{
    return !c->settings.no_pll && (c->parts.dpll2 & DPLL_OFF) == 0;
}

bool chip_is_fast(const struct chip *c)
{
    return c->parts.osccon == OSCCON_SPLL && c->parts.spllcon == SPLL_64MHZ && is_radio_locked(c);
}

static void check_unlocked(struct chip *c, uint32_t offset)
{
    if (c->parts.syskey_stage != 3) {
        chip_broken_rule(c, "write to CRU+0x%x under SYSKEY", offset);
    }
}

static void write_cru(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    struct parts *p = &c->parts;
    uint32_t base = offset & ~0xFu;

    need_len(c, len, 4, "CRU");
    if (base == 0x30) {
        p->rcon = chip_apply(p->rcon, offset, value);
        return;
    }
    if (base == 0x70) {
        p->refo1con = chip_apply(p->refo1con, offset, value);
        return;
    }
    check_unlocked(c, offset);
    if (base == 0x00) {
        p->osccon = chip_apply(p->osccon, offset, value);
        p->polls = c->settings.busy_polls;
    } else if (base == 0x20) {
        p->spllcon = chip_apply(p->spllcon, offset, value);
    } else if (base == 0x40 && p->syskey_stage == 3) {
        p->rswrst = chip_apply(p->rswrst, offset, value);
    } else if (offset == 0x150) {
        p->pb3div = value;
    } else if (base != 0x40) {
        chip_fault(c, "write to CRU+0x%x", offset);
    }
}

static uint32_t read_osccon(struct chip *c)
{
    if ((c->parts.osccon & OSWEN) != 0 && chip_passed(&c->parts.polls)) {
        c->parts.osccon &= ~OSWEN;
    }
    return c->parts.osccon;
}

static uint32_t read_cru(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "CRU");
    switch (offset) {
    case 0x00:
        return read_osccon(c);
    case 0x30:
        return c->parts.rcon;
    case 0x40:
        if ((c->parts.rswrst & 1u) != 0) {
            chip_end_run(c, CHIP_RESET);
        }
        return c->parts.rswrst;
    case 0x70:
        return c->parts.refo1con;
    default:
        chip_fault(c, "read of CRU+0x%x", offset);
        return 0;
    }
}

/* ---- radio clock ------------------------------------------------------------------------------ */

static void write_radio(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    need_len(c, len, 4, "the radio");
    if (offset == 0) {
        c->parts.radio0 = value;
    } else if (offset == 4) {
        c->parts.radio1 = value;
    } else {
        chip_fault(c, "write to radio+0x%x", offset);
    }
}

static uint32_t read_radio(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "the radio");
    switch (offset) {
    case 0x04:
        return c->parts.radio1;
    case 0x24:
        return CRYSTAL | (is_radio_locked(c) && chip_passed(&c->parts.polls) ? RADIO_PLL : 0);
    default:
        chip_fault(c, "read of radio+0x%x", offset);
        return 0;
    }
}

static void write_dpll(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    (void)offset;
    need_len(c, len, 1, "DPLL_RG2");
    c->parts.dpll2 = value;
    c->parts.polls = c->settings.busy_polls;
}

static uint32_t read_dpll(struct chip *c, uint32_t offset, unsigned len)
{
    (void)offset;
    need_len(c, len, 1, "DPLL_RG2");
    return c->parts.dpll2;
}

/* ---- caches ----------------------------------------------------------------------------------- */

static void write_checon(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    need_len(c, len, 4, "CHECON");
    if (offset != 0) {
        chip_fault(c, "write to PCHE+0x%x", offset);
    } else if (chip_is_fast(c) && (value & CHECON_WAIT_MASK) < MHZ_64_WAIT_STATES) {
        chip_broken_rule(c, "%u wait state(s) at 64 MHz", value & CHECON_WAIT_MASK);
    }
    c->parts.checon = value;
    c->parts.invalidate_polls = c->settings.busy_polls;
}

static uint32_t read_checon(struct chip *c, uint32_t offset, unsigned len)
{
    uint32_t *checon = &c->parts.checon;

    need_len(c, len, 4, "CHECON");
    if (offset != 0) {
        chip_fault(c, "read of PCHE+0x%x", offset);
    }
    if ((*checon & INVALIDATE_MASK) != 0 && chip_passed(&c->parts.invalidate_polls)) {
        const uint32_t core = INVALIDATE_I | INVALIDATE_D;
        uint8_t who = (uint8_t)(((*checon & core) == core ? STALE_PCHE : 0) |
                                ((*checon & INVALIDATE_A) != 0 ? STALE_BUS : 0));

        *checon &= ~INVALIDATE_MASK;
        chip_drop_caches(c, who);
    }
    return *checon;
}

static void write_cmcc(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    need_len(c, len, 4, "CMCC");
    if (offset != 8 && c->parts.cmcc_on != 0) {
        chip_broken_rule(c, "CMCC+0x%x written while it is on", offset);
    }
    if (offset == 4) {
        c->parts.cmcc_cfg = value;
    } else if (offset == 8) {
        c->parts.cmcc_on = value & 1u;
    } else if (offset == 0x20 && value == 1) {
        chip_drop_caches(c, STALE_CMCC);
    } else {
        chip_fault(c, "write to CMCC+0x%x", offset);
    }
}

static uint32_t read_cmcc(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "CMCC");
    if (offset != 0xC) {
        chip_fault(c, "read of CMCC+0x%x", offset);
    }
    return c->parts.cmcc_on;
}

/* ---- TRNG, DSU -------------------------------------------------------------------------------- */

static void write_trng(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    need_len(c, len, 1, "TRNG");
    if (offset != 0) {
        chip_fault(c, "write to TRNG+0x%x", offset);
    } else if ((c->parts.cfg[CFG_PMD3 / 4] & PMD3_TRNG) != 0) {
        chip_broken_rule(c, "the TRNG is off in PMD3");
    }
    c->parts.trng_on = value & 2u;
    c->parts.polls = c->settings.busy_polls;
}

static uint32_t read_trng(struct chip *c, uint32_t offset, unsigned len)
{
    bool ready = c->parts.trng_on != 0 && !c->settings.trng_dead;

    if (offset == 0x0A && len == 1) {
        return ready && chip_passed(&c->parts.polls);
    }
    if (offset != 0x20 || len != 4 || !ready || c->parts.polls != 0) {
        chip_fault(c, "read of TRNG+0x%x", offset);
        return 0;
    }
    c->parts.trng_word = c->parts.trng_word * 1664525u + 1013904223u;
    return c->parts.trng_word;
}

static void write_dsu(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    (void)len;
    (void)value;
    chip_fault(c, "write to DSU+0x%x", offset);
}

static uint32_t read_dsu(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "DSU");
    if (offset != 0x18) {
        chip_fault(c, "read of DSU+0x%x", offset);
    }
    return DEVICE_ID;
}

/* ---- system control space --------------------------------------------------------------------- */

/* spec: ARM DDI 0403, B3.5. A region is chosen by the number register or along with its address. */
static void write_mpu(struct chip *c, uint32_t offset, uint32_t value)
{
    uint32_t *number = &c->parts.system[MPU_NUMBER / 4];

    if (offset == MPU_ADDRESS && (value & MPU_ADDRESS_VALID) != 0) {
        *number = value & 0xFu;
    }
    if (*number >= MPU_REGIONS) {
        chip_broken_rule(c, "MPU region %u", *number);
    } else if (offset == MPU_ADDRESS) {
        c->parts.mpu_start[*number] = value & ~0x1Fu;
    } else if (offset == MPU_ATTRIBUTES) {
        c->parts.mpu_attributes[*number] = value;
    }
}

static bool is_in_region(const struct parts *p, unsigned region, uint32_t address)
{
    uint32_t len_log2 = (p->mpu_attributes[region] >> 1 & 0x1Fu) + 1;
    uint32_t start = p->mpu_start[region];

    return (p->mpu_attributes[region] & 1u) != 0 &&
           (uint64_t)address >> len_log2 == (uint64_t)start >> len_log2;
}

/* Of overlapping regions the highest counts; nobody is without the right to read here. */
bool chip_may_execute(const struct chip *c, uint32_t address)
{
    const struct parts *p = &c->parts;
    unsigned region = MPU_REGIONS;

    if ((p->system[MPU_CONTROL / 4] & 1u) == 0) {
        return true;
    }
    while (region > 0 && !is_in_region(p, region - 1, address)) {
        region--;
    }
    return region > 0 ? (p->mpu_attributes[region - 1] & MPU_NEVER_EXECUTE) == 0
                      : (p->system[MPU_CONTROL / 4] & MPU_DEFAULT_MAP) != 0;
}

static void write_system(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    need_len(c, len, 4, "the system control space");
    c->parts.system[offset / 4] = value;
    if (offset >= MPU_CONTROL && offset <= MPU_ATTRIBUTES) {
        write_mpu(c, offset, value);
    }
}

static uint32_t read_system(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "the system control space");
    return c->parts.system[offset / 4];
}

/* ---- port B ----------------------------------------------------------------------------------- */

static void write_port_b(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    uint32_t base = offset & ~0xFu;

    need_len(c, len, 4, "port B");
    if (base == PORT_B_ANSEL) {
        c->parts.port_b_analog = chip_apply(c->parts.port_b_analog, offset, value);
    } else if (base == PORT_B_CNPU) {
        c->parts.port_b_pull_ups = chip_apply(c->parts.port_b_pull_ups, offset, value);
    } else {
        chip_fault(c, "write to port B+0x%x", offset);
    }
}

/* An open pin reads high by its pull-up only. */
static uint32_t read_pins(struct chip *c)
{
    c->parts.port_b_looks++;
    if (c->parts.port_b_looks == c->settings.pin_glitch) {
        return 0;
    }
    return c->parts.port_b_pull_ups & ~c->parts.port_b_analog & ~c->settings.pins_low;
}

static uint32_t read_port_b(struct chip *c, uint32_t offset, unsigned len)
{
    need_len(c, len, 4, "port B");
    switch (offset) {
    case PORT_B_ANSEL:
        return c->parts.port_b_analog;
    case PORT_B_PORT:
        return read_pins(c);
    default:
        chip_fault(c, "read of port B+0x%x", offset);
        return 0;
    }
}

/* ---- map -------------------------------------------------------------------------------------- */

static const struct device devices[] = {
    {0x40000C00, 0x40000C30, chip_uart_read, chip_uart_write},
    {0x41000000, 0x41000100, read_dsu, write_dsu},
    {0x41002000, 0x41002040, read_cmcc, write_cmcc},
    {0x410124BA, 0x410124BB, read_dpll, write_dpll},
    {0x41014000, 0x41014100, read_radio, write_radio},
    {0x42002800, 0x42002840, read_trng, write_trng},
    {0x42002C00, 0x42002C60, chip_icm_read, chip_icm_write},
    {0x44000000, 0x44000120, read_cfg, write_cfg},
    {0x44000500, 0x44000504, read_wdt, write_wdt},
    {0x44000600, 0x44000700, chip_nvm_read, chip_nvm_write},
    {0x44000A00, 0x44000C00, read_cru, write_cru},
    {0x44002300, 0x44002400, read_port_b, write_port_b},
    {0x44012400, 0x44012440, read_checon, write_checon},
    {0xE000E000, 0xE000F000, read_system, write_system},
};

const struct device *chip_device_at(uint32_t address)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (address >= devices[i].start && address < devices[i].end) {
            return &devices[i];
        }
    }
    return NULL;
}

void chip_parts_reset(struct chip *c, uint32_t causes)
{
    uint32_t kept = (causes & CHIP_POWER_ON) != 0 ? 0 : c->parts.rcon;
    uint32_t word = c->parts.trng_word;

    c->parts = (struct parts){.rcon = kept | causes,
                              .osccon = 0, /* FRC; a switch to the SPLL shows as its own value */
                              .checon = CHECON_RESET,
                              .dpll2 = DPLL_OFF,
                              .port_b_analog = CHIP_PORT_B_ANALOG,
                              .trng_word = word};
}
