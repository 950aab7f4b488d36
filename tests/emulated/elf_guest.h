/* ELF files of programs that run in an emulator: their bytes and their symbols. */
#ifndef EMULATED_ELF_GUEST_H
#define EMULATED_ELF_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
    uint32_t address;
    uint32_t len;
    char *name;
};

struct elf_guest {
    struct elf_symbol *symbols;
    size_t symbol_count;
    size_t loaded_len; /* bytes of the segments, as flash holds them */
};

/* Reads the segments into memory, which holds what the processor sees from address 0 on, and the
 * symbols into *ret; elf_guest_free() ends it. false with a message on stderr: not readable, or a
 * segment beyond memory_len. */
bool elf_guest_load(const char *path, uint8_t *memory, size_t memory_len, struct elf_guest *ret);
void elf_guest_free(struct elf_guest *guest);

/* Whether it marks where code ($t) or data ($d) begins, at the addresses of other symbols.
 * spec: AAELF32, mapping symbols */
bool elf_guest_is_mapping(const struct elf_symbol *symbol);

/* Address of a symbol; ends the program when the guest has none. *ret_len (may be NULL): its size. */
uint32_t elf_guest_symbol(const struct elf_guest *guest, const char *name, uint32_t *ret_len);
/* "function+0x12", valid until the next call. */
const char *elf_guest_where(const struct elf_guest *guest, uint32_t address);

#endif
