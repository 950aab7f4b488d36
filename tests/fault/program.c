/*
 * Reads the guest's ELF file.
 * Layer: test, host; the only file that knows libelf.
 */
#include "program.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool load_segments(struct program *p, Elf *elf, int fd)
{
    size_t count = 0;
    GElf_Phdr ph;

    if (elf_getphdrnum(elf, &count) != 0) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(elf, (int)i, &ph) == NULL) {
            return false;
        }
        if (ph.p_type != PT_LOAD || ph.p_filesz == 0) {
            continue;
        }
        if (ph.p_paddr > sizeof p->rom || ph.p_filesz > sizeof p->rom - ph.p_paddr ||
            pread(fd, p->rom + ph.p_paddr, ph.p_filesz, (off_t)ph.p_offset) !=
                (ssize_t)ph.p_filesz) {
            return false;
        }
    }
    return true;
}

/* spec: AAELF32, mapping symbols: code from a $t on, data from a $d on. */
static bool is_mapping(const char *name)
{
    return name[0] == '$';
}

static void add_symbol(struct program *p, const GElf_Sym *sym, const char *name)
{
    struct symbol *s;

    if (name == NULL || name[0] == '\0' || GELF_ST_TYPE(sym->st_info) == STT_FILE ||
        GELF_ST_TYPE(sym->st_info) == STT_SECTION) {
        return;
    }
    p->symbols = realloc(p->symbols, (p->symbol_count + 1) * sizeof *p->symbols);
    if (p->symbols == NULL) {
        abort();
    }
    s = &p->symbols[p->symbol_count++];
    s->address = (uint32_t)sym->st_value & ~1u;
    s->len = (uint32_t)sym->st_size;
    s->name = strdup(name);
}

static bool load_symbols(struct program *p, Elf *elf)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    GElf_Sym sym;

    while ((section = elf_nextscn(elf, section)) != NULL) {
        Elf_Data *data;

        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB) {
            continue;
        }
        data = elf_getdata(section, NULL);
        for (int i = 0; data != NULL && gelf_getsym(data, i, &sym) != NULL; i++) {
            add_symbol(p, &sym, elf_strptr(elf, header.sh_link, sym.st_name));
        }
    }
    return p->symbol_count > 0;
}

/* Where the stretch of code or data that begins at start ends. */
static uint32_t stretch_end(const struct program *p, uint32_t start)
{
    uint32_t end = GUEST_ROM_LEN;

    for (size_t i = 0; i < p->symbol_count; i++) {
        const struct symbol *s = &p->symbols[i];

        if (is_mapping(s->name) && s->address > start && s->address < end) {
            end = s->address;
        }
    }
    return end;
}

static void find_instructions(struct program *p)
{
    for (size_t i = 0; i < p->symbol_count; i++) {
        const struct symbol *s = &p->symbols[i];

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
    int fd = open(elf_path, O_RDONLY | O_CLOEXEC);
    Elf *elf;
    bool ok;

    memset(ret, 0, sizeof *ret);
    memset(ret->rom, 0xFF, sizeof ret->rom); /* erased flash traps; zeros would be one long slide */
    (void)elf_version(EV_CURRENT);
    elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
    ok = elf != NULL && load_segments(ret, elf, fd) && load_symbols(ret, elf);
    if (ok) {
        find_instructions(ret);
    } else {
        (void)fprintf(stderr, "fault: cannot load '%s'\n", elf_path);
        program_free(ret);
    }
    (void)elf_end(elf);
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

void program_free(struct program *p)
{
    for (size_t i = 0; i < p->symbol_count; i++) {
        free(p->symbols[i].name);
    }
    free(p->symbols);
    memset(p, 0, sizeof *p);
}

uint32_t program_symbol(const struct program *p, const char *name, uint32_t *ret_len)
{
    for (size_t i = 0; i < p->symbol_count; i++) {
        if (strcmp(p->symbols[i].name, name) == 0) {
            if (ret_len != NULL) {
                *ret_len = p->symbols[i].len;
            }
            return p->symbols[i].address;
        }
    }
    (void)fprintf(stderr, "fault: the guest has no '%s'\n", name);
    exit(EXIT_FAILURE);
}

const char *program_where(const struct program *p, uint32_t address)
{
    static char text[128];
    const struct symbol *best = NULL;

    for (size_t i = 0; i < p->symbol_count; i++) {
        const struct symbol *s = &p->symbols[i];

        if (!is_mapping(s->name) && s->address <= address &&
            (best == NULL || s->address >= best->address)) {
            best = s;
        }
    }
    (void)snprintf(text, sizeof text, "%s+0x%x", best == NULL ? "?" : best->name,
                   best == NULL ? address : address - best->address);
    return text;
}

uint32_t program_insn_len(const uint8_t rom[GUEST_ROM_LEN], uint32_t address)
{
    /* spec: ARM DDI 0403, A5.1: 0b11101, 0b11110 and 0b11111 begin a 32-bit instruction. */
    return address + 1 < GUEST_ROM_LEN && rom[address + 1] >> 3 >= 0x1D ? 4 : 2;
}
