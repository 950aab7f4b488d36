/*
 * Function calls on an emulated Cortex-M4.
 * Layer: test, host; the only file here that knows libunicorn. Code may be read and run
 * only, the rest read and written only, and nothing else is mapped.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "elf_guest.h"

#define ROM_LEN    0x8000u
#define RAM_BASE   0x20000000u
#define RAM_LEN    0x4000u
#define STACK_END  (RAM_BASE + RAM_LEN - 64u) /* arguments beyond r3 lie above */
#define STACK_LEN  0x3000u
#define RETURN_TO  0x80u /* no code there; the emulator stops */
#define PAINT      0xA5u
#define IT_OPCODE  0xBF00u
#define ALIGNED(x) _Alignas(4096) x

struct machine {
    ALIGNED(uint8_t rom[ROM_LEN]);
    ALIGNED(uint8_t ram[RAM_LEN]);
    uc_engine *uc;
    struct elf_guest elf;
    uint64_t counted;
    uint32_t block_end; /* of the IT block that is counted already */
};

static const int preserved[] = {UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
                                UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11};

enum { PRESERVED_COUNT = sizeof preserved / sizeof preserved[0] };

static bool start(struct machine *m)
{
    return uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &m->uc) == UC_ERR_OK &&
           uc_ctl_set_cpu_model(m->uc, UC_CPU_ARM_CORTEX_M4) == UC_ERR_OK &&
           uc_mem_map_ptr(m->uc, 0, ROM_LEN, UC_PROT_READ | UC_PROT_EXEC, m->rom) == UC_ERR_OK &&
           uc_mem_map_ptr(m->uc, RAM_BASE, RAM_LEN, UC_PROT_READ | UC_PROT_WRITE, m->ram) ==
               UC_ERR_OK;
}

struct machine *machine_open(const char *elf)
{
    struct machine *m = aligned_alloc(4096, sizeof *m);

    if (m == NULL) {
        abort();
    }
    memset(m, 0, sizeof *m);
    if (!elf_guest_load(elf, m->rom, sizeof m->rom, &m->elf) || !start(m)) {
        machine_close(m);
        return NULL;
    }
    return m;
}

void machine_close(struct machine *m)
{
    if (m == NULL) {
        return;
    }
    if (m->uc != NULL) {
        (void)uc_close(m->uc);
    }
    elf_guest_free(&m->elf);
    free(m);
}

uint32_t *machine_cell(struct machine *m, unsigned index)
{
    return (uint32_t *)(void *)(m->ram + (size_t)index * CELL_LEN);
}

uint32_t machine_cell_address(unsigned index)
{
    return RAM_BASE + index * CELL_LEN;
}

uint32_t machine_symbol(const struct machine *m, const char *name)
{
    return elf_guest_symbol(&m->elf, name, NULL);
}

bool machine_call(struct machine *m, uint32_t function, const uint32_t arguments[ARGUMENT_COUNT])
{
    static const int in_registers[] = {UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3};
    const uint32_t stack_end = STACK_END;
    const uint32_t return_to = RETURN_TO | 1;
    uint32_t value;
    uc_err err;

    for (unsigned i = 0; i < 4; i++) {
        (void)uc_reg_write(m->uc, in_registers[i], &arguments[i]);
    }
    memcpy(m->ram + (STACK_END - RAM_BASE), &arguments[4], sizeof arguments[4]);
    for (unsigned i = 0; i < PRESERVED_COUNT; i++) {
        value = 0x5EED0000u + i;
        (void)uc_reg_write(m->uc, preserved[i], &value);
    }
    (void)uc_reg_write(m->uc, UC_ARM_REG_SP, &stack_end);
    (void)uc_reg_write(m->uc, UC_ARM_REG_LR, &return_to);
    err = uc_emu_start(m->uc, function | 1, RETURN_TO, 0, 0);
    (void)uc_reg_read(m->uc, UC_ARM_REG_PC, &value);
    if (err != UC_ERR_OK || value != RETURN_TO) {
        (void)fprintf(stderr, "arith: stopped at 0x%x: %s\n", value, uc_strerror(err));
        return false;
    }
    (void)uc_reg_read(m->uc, UC_ARM_REG_SP, &value);
    if (value != STACK_END) {
        (void)fprintf(stderr, "arith: sp has moved by %d\n", (int)(value - STACK_END));
        return false;
    }
    for (unsigned i = 0; i < PRESERVED_COUNT; i++) {
        (void)uc_reg_read(m->uc, preserved[i], &value);
        if (value != 0x5EED0000u + i) {
            (void)fprintf(stderr, "arith: r%u is changed\n", i + 4);
            return false;
        }
    }
    return true;
}

static uint32_t halfword(const struct machine *m, uint32_t address)
{
    return m->rom[address] | (uint32_t)m->rom[address + 1] << 8;
}

static bool is_it(uint32_t opcode)
{
    return (opcode & 0xFF00u) == IT_OPCODE && (opcode & 0xF) != 0;
}

/* The emulator leaves out hooks of instructions whose condition fails, so IT blocks are counted as a
 * whole. */
static void count(uc_engine *uc, uint64_t address, uint32_t len, void *user)
{
    struct machine *m = user;
    uint32_t opcode;

    (void)uc;
    if (address < m->block_end && m->block_end - address <= 16) {
        return;
    }
    m->block_end = 0;
    m->counted++;
    opcode = halfword(m, (uint32_t)address);
    if (is_it(opcode)) {
        uint32_t next = (uint32_t)address + len;

        for (int left = 4 - __builtin_ctz(opcode & 0xF); left > 0; left--) {
            next += halfword(m, next) >= 0xE800u ? 4 : 2;
            m->counted++;
        }
        m->block_end = next;
    }
}

bool machine_measure(struct machine *m, uint32_t function, const uint32_t arguments[ARGUMENT_COUNT],
                     struct cost *ret)
{
    uint8_t *stack = m->ram + (STACK_END - RAM_BASE) - STACK_LEN;
    uc_hook hook;
    uint32_t untouched = 0;
    bool ok;

    memset(stack, PAINT, STACK_LEN);
    m->counted = 0;
    m->block_end = 0;
    (void)uc_ctl_remove_cache(m->uc, (uint64_t)0,
                              (uint64_t)ROM_LEN); /* hooks count when translated */
    if (uc_hook_add(m->uc, &hook, UC_HOOK_CODE, (void *)(uintptr_t)count, m, 1, 0) != UC_ERR_OK) {
        return false;
    }
    ok = machine_call(m, function, arguments);
    (void)uc_hook_del(m->uc, hook);
    (void)uc_ctl_remove_cache(m->uc, (uint64_t)0, (uint64_t)ROM_LEN);
    while (untouched < STACK_LEN && stack[untouched] == PAINT) {
        untouched++;
    }
    ret->instructions = m->counted;
    ret->stack_len = STACK_LEN - untouched;
    return ok;
}
