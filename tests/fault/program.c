/*
 * Finds the instructions of the guest.
 * Layer: test, host.
 */
#include "program.h"

#include <string.h>

/* Where the stretch of code or data that begins at start ends. */
static uint32_t stretch_end(const struct program *p, uint32_t start)
{
    uint32_t end = GUEST_ROM_LEN;

    for (size_t i = 0; i < p->elf.symbol_count; i++) {
        const struct elf_symbol *s = &p->elf.symbols[i];

        if (elf_guest_is_mapping(s) && s->address > start && s->address < end) {
            end = s->address;
        }
    }
    return end;
}

static void find_instructions(struct program *p)
{
    for (size_t i = 0; i < p->elf.symbol_count; i++) {
        const struct elf_symbol *s = &p->elf.symbols[i];

        if (strncmp(s->name, "$t", 2) != 0) {
            continue;
        }
        for (uint32_t at = s->address, end = stretch_end(p, at); at < end;) {
            p->starts_insn[at / 2] = true;
            at += program_insn_len(p->rom, at);
        }
    }
}

bool program_load(struct program *ret, const char *elf_path)
{
    memset(ret, 0, sizeof *ret);
    memset(ret->rom, 0xFF, sizeof ret->rom); /* erased flash traps; zeros would be one long slide */
    if (!elf_guest_load(elf_path, ret->rom, sizeof ret->rom, &ret->elf)) {
        return false;
    }
    find_instructions(ret);
    return true;
}

uint32_t program_insn_len(const uint8_t rom[GUEST_ROM_LEN], uint32_t address)
{
    /* spec: ARM DDI 0403, A5.1: 0b11101, 0b11110 and 0b11111 begin a 32-bit instruction. */
    return address + 1 < GUEST_ROM_LEN && rom[address + 1] >> 3 >= 0x1D ? 4 : 2;
}
