/*
 * The emulated machine: libunicorn for the core, and a flash controller that keeps the rules of the
 * real one.
 * Layer: test, host; the only file that knows libunicorn. What has happened is decided by
 * the place that was reached and by the flash, never by a value that the guest computes.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "program.h"

/* spec: ARM DDI 0403, T1 encodings of IT and NOP, T2 of NOP. */
#define IT_OPCODE   0xBF00u
#define NOP         0xBF00u
#define NOP_W_FIRST 0xF3AFu
#define NOP_W_LAST  0x8000u

#define NO_END UINT32_C(0xFFFFFFFE)

enum { UNIT_LEN = 16, UNIT_COUNT = GUEST_SLOT_LEN / UNIT_LEN };
enum { IT_LEN_MAX = 2 + 4 * 4 }; /* an IT and what it governs */

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
    struct program program;                  /* with the ROM as it was */
    uint8_t it_block_len[GUEST_ROM_LEN / 2]; /* bytes governed by an IT at this halfword, or 0 */
    _Alignas(uint32_t) uint8_t input[0x1000];
    uint32_t blank_start, blank_end;
    uint32_t accepted, refused;
    bool watched[GUEST_ROM_LEN / 2];
    uint32_t visits[GUEST_ROM_LEN / 2];

    /* of the current run */
    enum outcome outcome;
    uint32_t executed, points, stop_after, limit;
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
        (void)fprintf(stderr, "fault: %s: %s\n", what, uc_strerror(err));
        exit(EXIT_FAILURE);
    }
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
    return program_insn_len(m->rom, address);
}

const struct program *machine_program(const struct machine *m)
{
    return &m->program;
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

static bool is_watched(const struct machine *m, uint32_t address)
{
    return address < GUEST_ROM_LEN && m->watched[address / 2];
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
    } else if (m->stop_after != 0 && m->points == m->stop_after && is_watched(m, address)) {
        end_run(m, OUTCOME_STOPPED);
    } else if (++m->executed > m->limit) {
        end_run(m, OUTCOME_LIMIT);
    } else if (address < GUEST_ROM_LEN) {
        m->points += is_watched(m, address);
        m->visits[address / 2]++;
        m->it_start = address + 2;
        m->it_len = m->it_block_len[address / 2];
    }
}

static void put_halfword(struct machine *m, uint32_t address, uint32_t value)
{
    m->rom[address] = (uint8_t)value;
    m->rom[address + 1] = (uint8_t)(value >> 8);
}

/* The emulator goes by the code as it is now, and so must what is known about IT blocks. */
static void code_changed(struct machine *m)
{
    uint32_t first = m->blank_start < IT_LEN_MAX ? 0 : m->blank_start - IT_LEN_MAX;

    for (uint32_t address = first; address < m->blank_end; address += 2) {
        m->it_block_len[address / 2] = (uint8_t)decode_it(m, address);
    }
    check_uc(uc_ctl_remove_cache(m->uc, (uint64_t)m->blank_start, (uint64_t)m->blank_end),
             "remove_cache");
}

void machine_blank_code(struct machine *m, uint32_t start, uint32_t end)
{
    uint32_t address = start;

    while (address < end) {
        bool is_wide = machine_insn_len(m, address) == 4 && end - address >= 4;

        put_halfword(m, address, is_wide ? NOP_W_FIRST : NOP);
        if (is_wide) {
            put_halfword(m, address + 2, NOP_W_LAST);
        }
        address += is_wide ? 4 : 2;
    }
    m->blank_start = start;
    m->blank_end = end;
    code_changed(m);
}

void machine_restore_code(struct machine *m)
{
    memcpy(m->rom + m->blank_start, m->program.rom + m->blank_start, m->blank_end - m->blank_start);
    code_changed(m);
}

/* ---- registers -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int id;
    uint32_t lowest_bit;
} registers[REGISTER_COUNT] = {
    {"r0", UC_ARM_REG_R0, 0},   {"r1", UC_ARM_REG_R1, 0},
    {"r2", UC_ARM_REG_R2, 0},   {"r3", UC_ARM_REG_R3, 0},
    {"r4", UC_ARM_REG_R4, 0},   {"r5", UC_ARM_REG_R5, 0},
    {"r6", UC_ARM_REG_R6, 0},   {"r7", UC_ARM_REG_R7, 0},
    {"r8", UC_ARM_REG_R8, 0},   {"r9", UC_ARM_REG_R9, 0},
    {"r10", UC_ARM_REG_R10, 0}, {"r11", UC_ARM_REG_R11, 0},
    {"r12", UC_ARM_REG_R12, 0}, {"sp", UC_ARM_REG_SP, 0},
    {"lr", UC_ARM_REG_LR, 0},   {"flags", UC_ARM_REG_APSR_NZCV, 28},
};

unsigned machine_flip_count(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        count += 32 - registers[i].lowest_bit;
    }
    return count;
}

struct flip machine_flip_at(unsigned index)
{
    unsigned reg = index / 32; /* only the last register has fewer bits */

    return (struct flip){registers[reg].name, (enum machine_register)reg,
                         registers[reg].lowest_bit + index % 32};
}

void machine_flip(struct machine *m, struct flip flip)
{
    uint32_t value = 0;

    check_uc(uc_reg_read(m->uc, registers[flip.reg].id, &value), "register");
    value ^= UINT32_C(1) << flip.bit;
    check_uc(uc_reg_write(m->uc, registers[flip.reg].id, &value), "register");
}

uint32_t machine_lr(const struct machine *m)
{
    uint32_t value = 0;

    check_uc(uc_reg_read(m->uc, UC_ARM_REG_LR, &value), "register");
    return value & ~1u;
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
    if (!program_load(&m->program, elf_path)) {
        free(m);
        return NULL;
    }
    memcpy(m->rom, m->program.rom, sizeof m->rom);
    for (uint32_t address = 0; address < GUEST_ROM_LEN; address += 2) {
        m->it_block_len[address / 2] = (uint8_t)decode_it(m, address);
    }
    m->accepted = elf_guest_symbol(&m->program.elf, "accepted", NULL);
    m->refused = elf_guest_symbol(&m->program.elf, "refused", NULL);
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
    elf_guest_free(&m->program.elf);
    free(m);
}

void machine_provision(struct machine *m, const struct otav_config *config)
{
    ((struct guest_input *)(void *)m->input)->config = *config;
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
    m->points = is_watched(m, m->board.pc) ? 0 : 1;
    m->stop_after = points;
    m->it_len = 0;
    err = uc_emu_start(m->uc, m->board.pc | 1u, NO_END, 0, 0);
    return err == UC_ERR_OK ? m->outcome : OUTCOME_FAULT;
}

void machine_jump(struct machine *m, uint32_t address)
{
    m->board.pc = address;
}

void machine_watch(struct machine *m, uint32_t start, uint32_t end, bool watched)
{
    for (uint32_t address = start; address < end; address += 2) {
        m->watched[address / 2] = watched;
    }
}

bool machine_is_watched(const struct machine *m, uint32_t address)
{
    return is_watched(m, address);
}

void machine_clear_visits(struct machine *m)
{
    memset(m->visits, 0, sizeof m->visits);
}

const uint32_t *machine_visits(const struct machine *m)
{
    return m->visits;
}

void machine_limit(struct machine *m, uint32_t instructions)
{
    m->limit = instructions;
}

uint32_t machine_executed(const struct machine *m)
{
    return m->executed;
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
