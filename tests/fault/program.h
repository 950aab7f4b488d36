/*
 * The guest's ELF file: its code as it lies in ROM, where the instructions stand, and its symbols.
 */
#ifndef FAULT_PROGRAM_H
#define FAULT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/guest.h"

struct symbol {
    uint32_t address;
    uint32_t len;
    char *name;
};

struct program {
    uint8_t rom[GUEST_ROM_LEN];
    bool starts_insn[GUEST_ROM_LEN / 2]; /* by halfword: the first one of an instruction */
    struct symbol *symbols;
    size_t symbol_count;
};

/* Fills ret, which program_free() releases; false with a message on stderr. */
bool program_load(struct program *ret, const char *elf_path);
void program_free(struct program *program);

/* Address of a symbol; ends the program when there is none. *ret_len (may be NULL): its size. */
uint32_t program_symbol(const struct program *program, const char *name, uint32_t *ret_len);
/* "function+0x12", valid until the next call. */
const char *program_where(const struct program *program, uint32_t address);

/* Length in bytes of the instruction at address of a ROM. */
uint32_t program_insn_len(const uint8_t rom[GUEST_ROM_LEN], uint32_t address);

#endif
