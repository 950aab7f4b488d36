/*
 * The guest's code as it lies in ROM, and where its instructions stand.
 */
#ifndef FAULT_PROGRAM_H
#define FAULT_PROGRAM_H

#include "elf_guest.h"
#include "guest/guest.h"

struct program {
    uint8_t rom[GUEST_ROM_LEN];
    bool starts_insn[GUEST_ROM_LEN / 2]; /* by halfword: the first one of an instruction */
    struct elf_guest elf;
};

/* Fills ret, which elf_guest_free(&ret->elf) ends; false with a message on stderr. */
bool program_load(struct program *ret, const char *elf_path);

/* Length in bytes of the instruction at address of a ROM. */
uint32_t program_insn_len(const uint8_t rom[GUEST_ROM_LEN], uint32_t address);

#endif
