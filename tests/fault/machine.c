/*
 * The emulated machine: libunicorn for the core, a flash controller that keeps the rules of the real
 * one, and the guest's ELF file.
 * Layer: test, host; the only file of the campaign that knows libunicorn. What has happened is decided by
 * the place that was reached and by the flash, never by a value that the guest computes.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "elf_guest.h"

/* spec: ARM DDI 0403, T1 encodings of IT and NOP, T2 of NOP. */
#define IT_OPCODE   0xBF00u
#define NOP         0xBF00u
#define NOP_W_FIRST 0xF3AFu
#define NOP_W_LAST  0x8000u

enum { UNIT_LEN = 16, UNIT_COUNT = GUEST_SLOT_LEN / UNIT_LEN, RUN_LIMIT = 40000, NO_END = -2 };

/* Everything beside the core that changes while the guest runs. */
struct board {
    uint8_t ram[GUEST_RAM_LEN];
    uint8_t slot[GUEST_SLOT_LEN];
    bool erased[UNIT_COUNT];
    struct guest_flash controller;
    bool committed;
    uint32_t pc;
};

struct machine {
    uc_engine *uc;
    uc_context *power_on;
    struct board board;
    uint8_t rom[GUEST_ROM_LEN];
    uint8_t rom_kept[GUEST_ROM_LEN];
    uint8_t it_block_len[GUEST_ROM_LEN / 2]; /* bytes governed by an IT at this halfword, or 0 */
    _Alignas(uint32_t) uint8_t input[0x1000];
    uint32_t blank_start, blank_end;
    struct elf_guest elf;
    uint32_t accepted, refused;

    /* of the current run */
    enum outcome outcome;
    uint32_t executed, points, stop_after;
    uint32_t it_start, it_len; /* the IT block that execution is in */
};

struct snapshot {
    struct machine *machine;
    uc_context *core;
    struct board board;
};

static void check_uc(uc_err err, const char *what)
{
    if (err != UC_ERR_OK) {
        fprintf(stderr, "fault: %s: %s\n", what, uc_strerror(err));
        exit(EXIT_FAILURE);
    }
}

/* ---- symbols ---------------------------------------------------------------------------------- */

uint32_t machine_symbol(const struct machine *m, const char *name, uint32_t *ret_len)
{
    return elf_guest_symbol(&m->elf, name, ret_len);
}

const char *machine_where(const struct machine *m, uint32_t address)
{
    return elf_guest_where(&m->elf, address);
}

/* ---- flash controller ------------------------------------------------------------------------- */

static bool erase_page(struct board *board)
{
    if (board->controller.offset != 0) { /* the slot of the guest is one page */
        return false;
    }
    memset(board->slot, 0xFF, sizeof board->slot);
    for (unsigned i = 0; i < UNIT_COUNT; i++) {
        board->erased[i] = true;
    }
    return true;
}

static bool program_unit(struct machine *m)
{
    const struct guest_input *input = (const struct guest_input *)(const void *)m->input;
    struct board *board = &m->board;
    uint32_t offset = board->controller.offset;

    if (offset % UNIT_LEN != 0 || offset >= GUEST_SLOT_LEN || !board->erased[offset / UNIT_LEN]) {
        return false;
    }
    memcpy(board->slot + offset, board->controller.unit, UNIT_LEN);
    board->erased[offset / UNIT_LEN] = false;
    board->committed =
        board->committed || (offset == 0 && memcmp(board->slot, input->image, UNIT_LEN) == 0);
    return true;
}

static uint64_t controller_read(uc_engine *uc, uint64_t offset, unsigned size, void *user)
{
    struct machine *m = user;

    (void)uc;
    (void)size;
    return offset == offsetof(struct guest_flash, done) ? m->board.controller.done : 0;
}

static void controller_write(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value,
                             void *user)
{
    struct machine *m = user;
    struct guest_flash *c = &m->board.controller;

    (void)uc;
    if (size != sizeof(uint32_t) || offset % sizeof(uint32_t) != 0) {
        return;
    }
    if (offset < offsetof(struct guest_flash, command)) {
        memcpy((uint8_t *)c + offset, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    } else if (offset == offsetof(struct guest_flash, command)) {
        c->done = value == GUEST_FLASH_ERASE     ? erase_page(&m->board)
                  : value == GUEST_FLASH_PROGRAM ? program_unit(m)
                                                 : 0;
    }
}

/* ---- code ------------------------------------------------------------------------------------- */

static uint32_t halfword(const struct machine *m, uint32_t address)
{
    return address + 1 < GUEST_ROM_LEN
               ? (uint32_t)m->rom[address] | (uint32_t)m->rom[address + 1] << 8
               : 0;
}

uint32_t machine_insn_len(const struct machine *m, uint32_t address)
{
    return halfword(m, address) >> 11 >= 0x1D ? 4 : 2;
}

uint32_t machine_it_block_len(const struct machine *m, uint32_t address)
{
    return m->it_block_len[address / 2];
}

static uint32_t decode_it(const struct machine *m, uint32_t address)
{
    uint32_t opcode = halfword(m, address);
    uint32_t len = 0;

    if ((opcode & 0xFF00u) != IT_OPCODE || (opcode & 0xFu) == 0) {
        return 0;
    }
    for (int i = 4 - __builtin_ctz(opcode & 0xFu); i > 0; i--) {
        len += machine_insn_len(m, address + 2 + len);
    }
    return len;
}

static void end_run(struct machine *m, enum outcome outcome)
{
    m->outcome = outcome;
    (void)uc_emu_stop(m->uc);
}

/* In front of every instruction, but not of those in an IT block whose condition is false. */
static void on_instruction(uc_engine *uc, uint64_t address64, uint32_t size, void *user)
{
    struct machine *m = user;
    uint32_t address = (uint32_t)address64;

    (void)uc;
    (void)size;
    if (address - m->it_start < m->it_len) {
        return;
    }
    m->board.pc = address;
    if (address == m->accepted) {
        end_run(m, OUTCOME_ACCEPTED);
    } else if (address == m->refused) {
        end_run(m, OUTCOME_REFUSED);
    } else if (m->stop_after != 0 && m->points == m->stop_after) {
        end_run(m, OUTCOME_STOPPED);
    } else if (++m->executed > RUN_LIMIT) {
        end_run(m, OUTCOME_LIMIT);
    } else {
        m->points++;
        m->it_start = address + 2;
        m->it_len = address < GUEST_ROM_LEN ? m->it_block_len[address / 2] : 0;
    }
}

static void forget_code(struct machine *m, uint32_t start, uint32_t end)
{
    check_uc(uc_ctl_remove_cache(m->uc, (uint64_t)start, (uint64_t)end), "remove_cache");
}

static void put_halfword(struct machine *m, uint32_t address, uint32_t value)
{
    m->rom[address] = (uint8_t)value;
    m->rom[address + 1] = (uint8_t)(value >> 8);
}

void machine_blank_code(struct machine *m, uint32_t start, uint32_t end)
{
    m->blank_start = start;
    m->blank_end = end;
    while (start < end) {
        uint32_t len = machine_insn_len(m, start);

        put_halfword(m, start, len == 2 ? NOP : NOP_W_FIRST);
        if (len == 4) {
            put_halfword(m, start + 2, NOP_W_LAST);
        }
        start += len;
    }
    forget_code(m, m->blank_start, m->blank_end);
}

void machine_restore_code(struct machine *m)
{
    memcpy(m->rom + m->blank_start, m->rom_kept + m->blank_start, m->blank_end - m->blank_start);
    forget_code(m, m->blank_start, m->blank_end);
}

/* ---- life of a machine ------------------------------------------------------------------------ */

static void map(struct machine *m)
{
    uc_hook hook;

    check_uc(uc_mem_map_ptr(m->uc, 0, sizeof m->rom, UC_PROT_READ | UC_PROT_EXEC, m->rom), "rom");
    check_uc(uc_mem_map_ptr(m->uc, GUEST_RAM_ADDRESS, sizeof m->board.ram,
                            UC_PROT_READ | UC_PROT_WRITE, m->board.ram),
             "ram");
    check_uc(uc_mem_map_ptr(m->uc, GUEST_SLOT_ADDRESS, sizeof m->board.slot, UC_PROT_READ,
                            m->board.slot),
             "slot");
    check_uc(uc_mem_map_ptr(m->uc, GUEST_INPUT_ADDRESS, sizeof m->input, UC_PROT_READ, m->input),
             "input");
    check_uc(
        uc_mmio_map(m->uc, GUEST_FLASH_ADDRESS, 0x1000, controller_read, m, controller_write, m),
        "flash controller");
    check_uc(uc_hook_add(m->uc, &hook, UC_HOOK_CODE, (void *)(uintptr_t)on_instruction, m, 1, 0),
             "hook");
}

struct machine *machine_open(const char *elf_path)
{
    /* The engine wants its memory aligned to its pages. */
    struct machine *m = aligned_alloc(0x1000, (sizeof *m + 0xFFF) & ~(size_t)0xFFF);

    if (m == NULL) {
        abort();
    }
    memset(m, 0, sizeof *m);
    memset(m->rom, 0xFF, sizeof m->rom); /* erased flash traps; zeros would be one long slide */
    if (!elf_guest_load(elf_path, m->rom, sizeof m->rom, &m->elf)) {
        free(m);
        return NULL;
    }
    memcpy(m->rom_kept, m->rom, sizeof m->rom);
    for (uint32_t address = 0; address < GUEST_ROM_LEN; address += 2) {
        m->it_block_len[address / 2] = (uint8_t)decode_it(m, address);
    }
    m->accepted = machine_symbol(m, "accepted", NULL);
    m->refused = machine_symbol(m, "refused", NULL);
    check_uc(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &m->uc), "open");
    check_uc(uc_ctl_set_cpu_model(m->uc, UC_CPU_ARM_CORTEX_M4), "model");
    map(m);
    check_uc(uc_context_alloc(m->uc, &m->power_on), "context");
    check_uc(uc_context_save(m->uc, m->power_on), "context");
    return m;
}

void machine_close(struct machine *m)
{
    if (m == NULL) {
        return;
    }
    (void)uc_context_free(m->power_on);
    (void)uc_close(m->uc);
    elf_guest_free(&m->elf);
    free(m);
}

void machine_reset(struct machine *m, enum guest_path path, const uint8_t *image,
                   uint32_t image_len)
{
    struct guest_input *input = (struct guest_input *)(void *)m->input;
    uint32_t stack;
    uint32_t start;

    memset(&m->board, 0, sizeof m->board);
    memset(m->board.ram, 0xA5, sizeof m->board.ram);
    input->path = path;
    input->image_len = image_len;
    memcpy(input->image, image, image_len);
    if (path == PATH_BOOT) {
        memcpy(m->board.slot, image, image_len);
    }
    check_uc(uc_context_restore(m->uc, m->power_on), "restore");
    memcpy(&stack, m->rom, sizeof stack);
    memcpy(&start, m->rom + 4, sizeof start);
    check_uc(uc_reg_write(m->uc, UC_ARM_REG_SP, &stack), "stack pointer");
    m->board.pc = start & ~1u;
}

enum outcome machine_run(struct machine *m, uint32_t points)
{
    uc_err err;

    m->outcome = OUTCOME_FAULT;
    m->executed = 0;
    m->points = 0;
    m->stop_after = points;
    m->it_len = 0;
    err = uc_emu_start(m->uc, m->board.pc | 1u, (uint64_t)(uint32_t)NO_END, 0, 0);
    return err == UC_ERR_OK ? m->outcome : OUTCOME_FAULT;
}

void machine_jump(struct machine *m, uint32_t address)
{
    m->board.pc = address;
}

uint32_t machine_pc(const struct machine *m)
{
    return m->board.pc;
}

bool machine_slot_committed(const struct machine *m)
{
    return m->board.committed;
}

/* ---- snapshots -------------------------------------------------------------------------------- */

struct snapshot *snapshot_new(struct machine *m)
{
    struct snapshot *s = calloc(1, sizeof *s);

    if (s == NULL) {
        abort();
    }
    s->machine = m;
    check_uc(uc_context_alloc(m->uc, &s->core), "context");
    return s;
}

void snapshot_free(struct snapshot *s)
{
    (void)uc_context_free(s->core);
    free(s);
}

void machine_save(const struct machine *m, struct snapshot *ret)
{
    check_uc(uc_context_save(m->uc, ret->core), "save");
    ret->board = m->board;
}

void machine_load(struct machine *m, const struct snapshot *snapshot)
{
    check_uc(uc_context_restore(m->uc, snapshot->core), "load");
    m->board = snapshot->board;
}
