/*
 * The core and the memory map of the emulated chip, and how a run starts and ends.
 * Layer: test, host. Invariant: what happened is decided by the place that the core reached and by
 * the model, never by a value that the program computes.
 */
#include "chip.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chip_model.h"

/* In the configuration words, where no code may be: functions of chip_call() return there. */
enum { RETURN_ADDRESS = 0x5FF0, GUARD_LEN = CHIP_BOOT_LEN - CHIP_BOOT_CODE_END };

#define NO_END ((uint64_t)0xFFFFFFFE)

void chip_check(uc_err err, const char *what)
{
    if (err != UC_ERR_OK) {
        (void)fprintf(stderr, "chip: %s: %s\n", what, uc_strerror(err));
        exit(EXIT_FAILURE);
    }
}

static uint32_t core_register(const struct chip *c, int name)
{
    uint32_t value = 0;

    chip_check(uc_reg_read(c->uc, name, &value), "register");
    return value;
}

static void set_core_register(struct chip *c, int name, uint32_t value)
{
    chip_check(uc_reg_write(c->uc, name, &value), "register");
}

/* ---- what a run leaves ------------------------------------------------------------------------ */

static void describe_end(struct chip *c)
{
    const struct parts *p = &c->parts;
    uint64_t gap = c->instructions - p->kicked_at;
    c->end = (struct chip_end){
        .pc = c->pc,
        .sp = core_register(c, UC_ARM_REG_SP),
        .vtor = p->system[0xD08 / 4],
        .control = core_register(c, UC_ARM_REG_CONTROL),
        .primask = core_register(c, UC_ARM_REG_PRIMASK),
        .lbwp = c->nvm.lbwp,
        .pwplt = c->nvm.pwplt,
        .pwpgte = c->nvm.pwpgte,
        .uart_on = (c->uart.ctrla & 2u) != 0,
        .code_cache_on = p->cmcc_on != 0,
        .watchdog_on = p->watchdog_on,
        .stale = c->cells.stale_count != 0,
        .port_b_changed =
            c->parts.port_b_analog != CHIP_PORT_B_ANALOG || c->parts.port_b_pull_ups != 0,
        .lowest_sp = c->lowest_sp,
        .instructions = c->instructions,
        .icm_blocks = c->icm_blocks,
        .longest_without_kick = gap > p->longest_without_kick ? gap : p->longest_without_kick,
    };
}

/* The first reason counts: what follows it in the same instant does not. */
void chip_end_run(struct chip *c, enum chip_outcome outcome)
{
    if (!c->ended) {
        c->ended = true;
        c->outcome = outcome;
        describe_end(c);
    }
    (void)uc_emu_stop(c->uc);
}

void chip_fault(struct chip *c, const char *format, ...)
{
    va_list args;
    char text[MESSAGE_LEN / 2];

    if (!c->ended) {
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        (void)snprintf(c->message, sizeof c->message, "%s, at or behind %s", text,
                       elf_guest_where(&c->elf, c->pc));
    }
    chip_end_run(c, CHIP_FAULT);
}

void chip_broken_rule(struct chip *c, const char *format, ...)
{
    va_list args;
    char text[MESSAGE_LEN / 2];

    if (c->broken_rules++ == 0) {
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        (void)snprintf(c->first_broken_rule, sizeof c->first_broken_rule, "%s, at %s", text,
                       elf_guest_where(&c->elf, c->pc));
    }
}

/* ---- memory ----------------------------------------------------------------------------------- */

uint32_t chip_page_of(uint32_t address)
{
    if (address < CHIP_BOOT_LEN) {
        return address / CHIP_PAGE_LEN;
    }
    return address - CHIP_MAIN < CHIP_MAIN_LEN ? BOOT_PAGES + (address - CHIP_MAIN) / CHIP_PAGE_LEN
                                               : PAGES;
}

static uint32_t cell_of(uint32_t address)
{
    uint32_t page = chip_page_of(address);

    if (page == PAGES) {
        (void)fprintf(stderr, "chip: no flash at 0x%08x\n", address);
        exit(EXIT_FAILURE);
    }
    return page * CHIP_PAGE_LEN + address % CHIP_PAGE_LEN;
}

uint32_t chip_address_of_page(uint32_t page)
{
    return page < BOOT_PAGES ? page * CHIP_PAGE_LEN
                             : CHIP_MAIN + (page - BOOT_PAGES) * CHIP_PAGE_LEN;
}

/* What was cut off reads as a new mixture each time. */
static void shake(struct cells *cells)
{
    for (uint32_t i = 0; i < cells->torn_len; i++) {
        uint8_t mask;

        cells->torn_random = cells->torn_random * 1664525u + 1013904223u;
        mask = (uint8_t)(cells->torn_random >> 16);
        cells->bytes[cells->torn_at + i] =
            (uint8_t)((cells->torn_before[i] & mask) | (cells->torn_after[i] & ~mask));
    }
}

static void refresh_page(struct chip *c, uint32_t page)
{
    uint32_t at = page * CHIP_PAGE_LEN;
    uint64_t address = chip_address_of_page(page);

    if ((c->cells.stale[page] & (STALE_PCHE | STALE_CMCC)) == 0 &&
        memcmp(c->view + at, c->cells.bytes + at, CHIP_PAGE_LEN) != 0) {
        memcpy(c->view + at, c->cells.bytes + at, CHIP_PAGE_LEN);
        chip_page_changed(c, page);
        chip_check(uc_ctl_remove_cache(c->uc, address, address + CHIP_PAGE_LEN), "remove_cache");
    }
}

static bool is_torn(const struct cells *cells, uint32_t page)
{
    return cells->torn_len != 0 && cells->torn_at / CHIP_PAGE_LEN == page;
}

/* Only what a cache held, and what reads differently each time, can look otherwise than before. */
void chip_drop_caches(struct chip *c, uint8_t who)
{
    if (c->cells.stale_count == 0 && c->cells.torn_len == 0) {
        return; /* as nearly always, and programs do this often */
    }
    shake(&c->cells);
    c->cells.stale_count = 0;
    for (uint32_t page = 0; page < PAGES; page++) {
        if (c->cells.stale[page] != 0 || is_torn(&c->cells, page)) {
            c->cells.stale[page] &= (uint8_t)~who;
            c->cells.stale_count += c->cells.stale[page] != 0;
            chip_page_changed(c, page);
            refresh_page(c, page);
        }
    }
}

void chip_page_changed(struct chip *c, uint32_t page)
{
    c->cells.changed_at[page] = ++c->cells.changes;
}

/* Nobody but the program has a part in what was cut off. */
static void forget_torn(struct chip *c, uint32_t at, size_t len)
{
    if (at < c->cells.torn_at + c->cells.torn_len && c->cells.torn_at < at + len) {
        c->cells.torn_len = 0;
    }
}

static void written(struct chip *c, uint32_t at, size_t len)
{
    for (uint32_t page = at / CHIP_PAGE_LEN; page * CHIP_PAGE_LEN < at + len; page++) {
        chip_page_changed(c, page);
        refresh_page(c, page);
    }
}

void chip_flash_write(struct chip *c, uint32_t address, const void *bytes, size_t len)
{
    uint32_t at = cell_of(address);

    forget_torn(c, at, len);
    memcpy(c->cells.bytes + at, bytes, len);
    for (size_t i = 0; i < len; i++) {
        if (((const uint8_t *)bytes)[i] != 0xFF) {
            c->cells.programmed[(at + i) / CHIP_UNIT_LEN] = true;
        }
    }
    written(c, at, len);
}

void chip_flash_fill(struct chip *c, uint32_t address, uint8_t byte, size_t len)
{
    uint32_t at = cell_of(address);

    forget_torn(c, at, len);
    memset(c->cells.bytes + at, byte, len);
    memset(c->cells.programmed + at / CHIP_UNIT_LEN, byte != 0xFF, len / CHIP_UNIT_LEN);
    written(c, at, len);
}

const uint8_t *chip_flash(const struct chip *c, uint32_t address)
{
    return c->cells.bytes + cell_of(address);
}

uint8_t *chip_ram(struct chip *c, uint32_t address)
{
    if (address - CHIP_RAM >= CHIP_RAM_LEN) {
        (void)fprintf(stderr, "chip: no RAM at 0x%08x\n", address);
        exit(EXIT_FAILURE);
    }
    return c->ram + (address - CHIP_RAM);
}

/* ---- hooks ------------------------------------------------------------------------------------ */

static bool is_late(const struct chip *c)
{
    bool on = c->parts.watchdog_on || !c->settings.watchdog_by_software;

    return on && c->settings.watchdog != 0 &&
           c->instructions - c->parts.kicked_at > c->settings.watchdog;
}

static void track_stack(struct chip *c)
{
    uint32_t sp = core_register(c, UC_ARM_REG_SP);

    c->lowest_sp = sp < c->lowest_sp ? sp : c->lowest_sp;
}

/* In front of every instruction, but not of those in an IT block whose condition is false. */
static void on_instruction(uc_engine *uc, uint64_t address, uint32_t len, void *user)
{
    struct chip *c = user;

    (void)uc;
    (void)len;
    c->pc = (uint32_t)address;
    if (c->settings.track_stack) {
        track_stack(c);
    }
    if (c->pc >= CHIP_MAIN && !chip_may_execute(c, c->pc)) {
        chip_fault(c, "the MPU forbids code at 0x%08x", c->pc);
    } else if (c->pc - CHIP_MAIN < CHIP_MAIN_LEN && !c->settings.runs_application) {
        chip_end_run(c, CHIP_APPLICATION);
    } else if (c->pc == RETURN_ADDRESS) {
        chip_end_run(c, CHIP_RETURNED);
    } else if (c->pc == c->stop_at || (c->watch != NULL && c->watch(c->watch_user, c->pc))) {
        chip_end_run(c, CHIP_REACHED);
    } else if (c->pc >= CHIP_BOOT_CODE_END && c->pc < CHIP_MAIN) {
        chip_fault(c, "code at 0x%08x", c->pc);
    } else if (is_late(c)) {
        chip_end_run(c, CHIP_WATCHDOG);
    } else if (++c->instructions > c->settings.limit) {
        chip_end_run(c, CHIP_LIMIT);
    }
}

static void on_guarded_read(uc_engine *uc, uc_mem_type type, uint64_t address, int len,
                            int64_t value, void *user)
{
    (void)uc;
    (void)type;
    (void)len;
    (void)value;
    chip_fault(user, "read of the configuration words at 0x%08x", (uint32_t)address);
}

static bool on_invalid(uc_engine *uc, uc_mem_type type, uint64_t address, int len, int64_t value,
                       void *user)
{
    (void)uc;
    (void)value;
    chip_fault(user, "access %d of %d byte(s) at 0x%08x", (int)type, len, (uint32_t)address);
    return false;
}

static void on_exception(uc_engine *uc, uint32_t number, void *user)
{
    (void)uc;
    chip_fault(user, "exception %u", number);
}

/* ---- registers -------------------------------------------------------------------------------- */

struct region {
    uint32_t address;
    uint32_t len;
};

/* As coarse as the engine maps; what no device of chip_parts.c covers traps as well. */
static const struct region regions[REGIONS] = {
    {0x40000C00, 0x400}, {0x41000000, 0x400},  {0x41002000, 0x400},  {0x41012400, 0x400},
    {0x41014000, 0x400}, {0x42002800, 0x400},  {0x42002C00, 0x400},  {0x44000000, 0x1000},
    {0x44012400, 0x400}, {0xE000E000, 0x1000}, {0x44002000, 0x1000},
};

static uint64_t on_read(uc_engine *uc, uint64_t offset, unsigned len, void *user)
{
    const struct port *port = user;
    uint32_t address = port->address + (uint32_t)offset;
    const struct device *device = chip_device_at(address);

    (void)uc;
    if (port->chip->ended) {
        return 0;
    }
    if (device == NULL) {
        chip_fault(port->chip, "read of 0x%08x", address);
        return 0;
    }
    return device->read(port->chip, address - device->start, len);
}

static void on_write(uc_engine *uc, uint64_t offset, unsigned len, uint64_t value, void *user)
{
    const struct port *port = user;
    uint32_t address = port->address + (uint32_t)offset;
    const struct device *device = chip_device_at(address);

    (void)uc;
    if (port->chip->ended) {
        return;
    }
    if (device == NULL) {
        chip_fault(port->chip, "write to 0x%08x", address);
        return;
    }
    device->write(port->chip, address - device->start, len, (uint32_t)value);
}

static void map(struct chip *c)
{
    uc_hook hook;

    chip_check(uc_mem_map_ptr(c->uc, 0, CHIP_BOOT_LEN, UC_PROT_READ | UC_PROT_EXEC, c->view),
               "boot");
    chip_check(uc_mem_map_ptr(c->uc, CHIP_MAIN, CHIP_MAIN_LEN, UC_PROT_READ | UC_PROT_EXEC,
                              c->view + CHIP_BOOT_LEN),
               "main flash");
    chip_check(uc_mem_map_ptr(c->uc, CHIP_RAM, CHIP_RAM_LEN, UC_PROT_ALL, c->ram), "ram");
    for (size_t i = 0; i < REGIONS; i++) {
        c->ports[i] = (struct port){c, regions[i].address};
        chip_check(uc_mmio_map(c->uc, regions[i].address, regions[i].len, on_read, &c->ports[i],
                               on_write, &c->ports[i]),
                   "registers");
    }
    chip_check(uc_hook_add(c->uc, &hook, UC_HOOK_CODE, (void *)(uintptr_t)on_instruction, c, 1, 0),
               "code hook");
    chip_check(uc_hook_add(c->uc, &hook, UC_HOOK_MEM_READ, (void *)(uintptr_t)on_guarded_read, c,
                           (uint64_t)CHIP_BOOT_CODE_END, (uint64_t)CHIP_BOOT_LEN - 1),
               "guard");
    chip_check(
        uc_hook_add(c->uc, &hook, UC_HOOK_MEM_INVALID, (void *)(uintptr_t)on_invalid, c, 1, 0),
        "memory hook");
    chip_check(uc_hook_add(c->uc, &hook, UC_HOOK_INTR, (void *)(uintptr_t)on_exception, c, 1, 0),
               "exception hook");
}

/* ---- life of a chip --------------------------------------------------------------------------- */

struct chip *chip_open(const char *elf_path)
{
    struct chip *c = aligned_alloc(0x1000, (sizeof *c + 0xFFF) & ~(size_t)0xFFF);

    if (c == NULL) {
        abort();
    }
    memset(c, 0, sizeof *c);
    memset(c->cells.bytes, 0xFF, sizeof c->cells.bytes);
    if (!elf_guest_load(elf_path, c->cells.bytes, CHIP_BOOT_CODE_END, &c->elf)) {
        free(c);
        return NULL;
    }
    memcpy(c->view, c->cells.bytes, sizeof c->view);
    c->settings = (struct chip_settings){.busy_polls = 3, .limit = 2000000000};
    c->stop_at = UINT32_MAX;
    chip_check(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &c->uc), "open");
    chip_check(uc_ctl_set_cpu_model(c->uc, UC_CPU_ARM_CORTEX_M4), "model");
    map(c);
    chip_check(uc_context_alloc(c->uc, &c->power_on), "context");
    chip_check(uc_context_save(c->uc, c->power_on), "context");
    chip_reset(c, CHIP_POWER_ON);
    return c;
}

void chip_close(struct chip *c)
{
    if (c == NULL) {
        return;
    }
    (void)uc_context_free(c->power_on);
    (void)uc_close(c->uc);
    elf_guest_free(&c->elf);
    free(c);
}

void chip_reset(struct chip *c, uint32_t causes)
{
    uint32_t kept = (causes & CHIP_DEEP_SLEEP) != 0 ? CHIP_RETAINED_LEN : 0;
    uint32_t start;
    uint32_t stack;

    c->ram_fill = (uint8_t) ~(c->ram_fill == 0 ? 0x5A : c->ram_fill);
    memset(c->ram + kept, c->ram_fill, sizeof c->ram - kept);
    chip_parts_reset(c, causes);
    chip_nvm_reset(c);
    c->uart = (struct uart){0};
    c->icm = (struct icm){0};
    c->instructions = 0;
    c->icm_blocks = 0;
    chip_check(uc_context_restore(c->uc, c->power_on), "restore");
    chip_drop_caches(c, STALE_PCHE | STALE_CMCC | STALE_BUS);
    memcpy(&stack, c->view, sizeof stack);
    memcpy(&start, c->view + sizeof stack, sizeof start);
    set_core_register(c, UC_ARM_REG_SP, stack);
    set_core_register(c, UC_ARM_REG_LR, 0xFFFFFFFF);
    c->pc = start & ~1u;
}

static enum chip_outcome run_from(struct chip *c, uint32_t address)
{
    uc_err err;

    c->ended = false;
    c->lowest_sp = UINT32_MAX;
    c->message[0] = '\0';
    err = uc_emu_start(c->uc, address | 1u, NO_END, 0, 0);
    if (!c->ended) {
        chip_fault(c, "%s", uc_strerror(err));
    }
    return c->outcome;
}

enum chip_outcome chip_run(struct chip *c)
{
    return run_from(c, c->pc);
}

enum chip_outcome chip_call(struct chip *c, const char *function, const uint32_t *args,
                            size_t arg_count, uint32_t *ret_result)
{
    enum chip_outcome outcome;

    for (unsigned i = 0; i < arg_count; i++) {
        chip_set_register(c, i, args[i]);
    }
    set_core_register(c, UC_ARM_REG_LR, RETURN_ADDRESS | 1);
    outcome = run_from(c, chip_symbol(c, function));
    if (ret_result != NULL) {
        *ret_result = core_register(c, UC_ARM_REG_R0);
    }
    return outcome;
}

void chip_use_process_stack(struct chip *c, uint32_t sp)
{
    set_core_register(c, UC_ARM_REG_CONTROL, 2);
    set_core_register(c, UC_ARM_REG_PSP, sp);
    set_core_register(c, UC_ARM_REG_SP, sp);
}

void chip_watch(struct chip *c, bool (*watch)(void *user, uint32_t pc), void *user)
{
    c->watch = watch;
    c->watch_user = user;
}

uint32_t chip_pc(const struct chip *c)
{
    return c->pc;
}

void chip_jump(struct chip *c, uint32_t address)
{
    c->pc = address & ~1u;
}

static int name_of(unsigned number)
{
    return number <= 12   ? UC_ARM_REG_R0 + (int)number
           : number == 13 ? UC_ARM_REG_SP
                          : UC_ARM_REG_LR;
}

uint32_t chip_register(const struct chip *c, unsigned number)
{
    return core_register(c, name_of(number));
}

void chip_set_register(struct chip *c, unsigned number, uint32_t value)
{
    set_core_register(c, name_of(number), value);
}

static void code_changed(struct chip *c)
{
    chip_check(uc_ctl_remove_cache(c->uc, (uint64_t)c->patched_at,
                                   (uint64_t)c->patched_at + c->patched_len),
               "remove_cache");
}

void chip_patch_code(struct chip *c, uint32_t address, const void *code, uint32_t len)
{
    memcpy(c->view + address, code, len);
    c->patched_at = address;
    c->patched_len = len;
    code_changed(c);
}

void chip_restore_code(struct chip *c)
{
    memcpy(c->view + c->patched_at, c->cells.bytes + c->patched_at, c->patched_len);
    code_changed(c);
}

void chip_stop_at(struct chip *c, uint32_t address)
{
    c->stop_at = address;
}

struct chip_settings *chip_settings(struct chip *c)
{
    return &c->settings;
}

uint32_t chip_symbol(const struct chip *c, const char *name)
{
    return elf_guest_symbol(&c->elf, name, NULL);
}

const char *chip_where(const struct chip *c, uint32_t address)
{
    return elf_guest_where(&c->elf, address);
}

const struct chip_end *chip_end(const struct chip *c)
{
    return &c->end;
}

const char *chip_message(const struct chip *c)
{
    return c->message;
}

unsigned chip_broken_rules(const struct chip *c)
{
    return c->broken_rules;
}

const char *chip_first_broken_rule(const struct chip *c)
{
    return c->first_broken_rule;
}

void chip_forget_broken_rules(struct chip *c)
{
    c->broken_rules = 0;
    c->first_broken_rule[0] = '\0';
}

uint32_t chip_operations(const struct chip *c)
{
    return c->nvm.operations;
}

uint32_t chip_erases(const struct chip *c, uint32_t address)
{
    return c->cells.erases[cell_of(address) / CHIP_PAGE_LEN];
}

uint32_t chip_kicks(const struct chip *c)
{
    return c->parts.kicks;
}

void chip_cut_at(struct chip *c, uint32_t operation, enum chip_cut cut, uint32_t seed)
{
    c->nvm.cut_at = operation;
    c->nvm.cut = cut;
    c->nvm.cut_seed = seed;
}
