/*
 * The emulated core: libunicorn, and the guest's ELF file.
 * Layer: test, host; the only file here that knows libunicorn. Instructions are counted
 * block by block, those in IT blocks whose condition is false included: they take their time, too.
 */
#include "core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "elf_guest.h"

enum {
    PAGE_LEN = 0x1000,
    IO_LEN = (sizeof(struct measure_io) + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN
};

/* Where workload() returns to: outside of everything that is mapped. */
#define RETURN_ADDRESS UINT32_C(0x30000000)

#define PAINT 0xA5

struct core {
    uc_engine *uc;
    uint8_t rom[MEASURE_ROM_LEN];
    uint8_t stack[MEASURE_STACK_LEN];
    uint8_t io[IO_LEN];
    struct elf_guest elf;
    uint32_t entry;
    uint64_t instructions;
    uint64_t trace;
};

static void check_uc(uc_err err, const char *what)
{
    if (err != UC_ERR_OK) {
        (void)fprintf(stderr, "measure: %s: %s\n", what, uc_strerror(err));
        exit(EXIT_FAILURE);
    }
}

/* FNV-1a, a word at a time. */
static void add_to_trace(struct core *core, uint64_t value)
{
    core->trace = (core->trace ^ value) * UINT64_C(0x100000001b3);
}

/* In front of every run of instructions without a branch. spec: ARM DDI 0403, A5.1: the first
 * halfword tells the length. */
static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
    struct core *core = user;

    (void)uc;
    add_to_trace(core, address);
    for (uint32_t i = 0; i < size && address + i + 1 < sizeof core->rom;) {
        i += core->rom[address + i + 1] >= 0xE8 ? 4 : 2;
        core->instructions++;
    }
}

static void on_access(uc_engine *uc, uc_mem_type type, uint64_t address, int len, int64_t value,
                      void *user)
{
    (void)uc;
    (void)len;
    (void)value;
    add_to_trace(user, address << 1 | (type == UC_MEM_WRITE));
}

static void map(struct core *core)
{
    uc_hook block;
    uc_hook access;

    check_uc(uc_mem_map_ptr(core->uc, 0, sizeof core->rom, UC_PROT_READ | UC_PROT_EXEC, core->rom),
             "rom");
    check_uc(uc_mem_map_ptr(core->uc, MEASURE_STACK_ADDRESS, sizeof core->stack,
                            UC_PROT_READ | UC_PROT_WRITE, core->stack),
             "stack");
    check_uc(uc_mem_map_ptr(core->uc, MEASURE_IO_ADDRESS, sizeof core->io,
                            UC_PROT_READ | UC_PROT_WRITE, core->io),
             "io");
    check_uc(uc_hook_add(core->uc, &block, UC_HOOK_BLOCK, (void *)(uintptr_t)on_block, core, 1, 0),
             "hook of blocks");
    check_uc(uc_hook_add(core->uc, &access, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
                         (void *)(uintptr_t)on_access, core, 1, 0),
             "hook of accesses");
}

struct core *core_open(const char *elf_path)
{
    /* The engine wants its memory aligned to its pages; all parts are whole pages long. */
    struct core *core =
        aligned_alloc(PAGE_LEN, (sizeof *core + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN);

    if (core == NULL) {
        abort();
    }
    memset(core, 0, sizeof *core);
    memset(core->rom, 0xFF, sizeof core->rom);
    if (!elf_guest_load(elf_path, core->rom, sizeof core->rom, &core->elf)) {
        free(core);
        return NULL;
    }
    core->entry = elf_guest_symbol(&core->elf, "workload", NULL);
    check_uc(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &core->uc), "open");
    check_uc(uc_ctl_set_cpu_model(core->uc, UC_CPU_ARM_CORTEX_M4), "model");
    map(core);
    return core;
}

void core_close(struct core *core)
{
    if (core != NULL) {
        (void)uc_close(core->uc);
        elf_guest_free(&core->elf);
        free(core);
    }
}

size_t core_flash_len(const struct core *core)
{
    return core->elf.loaded_len;
}

const uint8_t *core_stack(const struct core *core)
{
    return core->stack;
}

static uint32_t written_len(const struct core *core)
{
    uint32_t free_len = 0;

    while (free_len < sizeof core->stack && core->stack[free_len] == PAINT) {
        free_len++;
    }
    return (uint32_t)sizeof core->stack - free_len;
}

bool core_call(struct core *core, struct measure_io *io, struct core_run *ret)
{
    uint32_t sp = MEASURE_STACK_ADDRESS + MEASURE_STACK_LEN;
    uint32_t lr = RETURN_ADDRESS | 1;
    uint32_t io_address = MEASURE_IO_ADDRESS;
    uint32_t pc = 0;
    uc_err err;

    memset(core->stack, PAINT, sizeof core->stack);
    memcpy(core->io, io, sizeof *io);
    core->instructions = 0;
    core->trace = UINT64_C(0xcbf29ce484222325);
    check_uc(uc_reg_write(core->uc, UC_ARM_REG_SP, &sp), "sp");
    check_uc(uc_reg_write(core->uc, UC_ARM_REG_LR, &lr), "lr");
    check_uc(uc_reg_write(core->uc, UC_ARM_REG_R0, &io_address), "r0");
    err = uc_emu_start(core->uc, core->entry | 1, RETURN_ADDRESS, 0, 0);
    check_uc(uc_reg_read(core->uc, UC_ARM_REG_PC, &pc), "pc");
    if (err != UC_ERR_OK || (pc & ~1u) != RETURN_ADDRESS) {
        (void)fprintf(stderr, "measure: stopped at 0x%x: %s\n", pc, uc_strerror(err));
        return false;
    }
    memcpy(io, core->io, sizeof *io);
    ret->instructions = core->instructions;
    ret->stack_len = written_len(core);
    ret->trace = core->trace;
    return true;
}
