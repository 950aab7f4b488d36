/*
 * ELF files of emulated programs. Layer: test, host; the only file that knows libelf.
 */
#include "elf_guest.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool load_segments(Elf *elf, int fd, uint8_t *memory, size_t memory_len,
                          struct elf_guest *guest)
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
        if (ph.p_paddr > memory_len || ph.p_filesz > memory_len - ph.p_paddr ||
            pread(fd, memory + ph.p_paddr, ph.p_filesz, (off_t)ph.p_offset) !=
                (ssize_t)ph.p_filesz) {
            return false;
        }
        guest->loaded_len += ph.p_filesz;
    }
    return true;
}

bool elf_guest_is_mapping(const struct elf_symbol *symbol)
{
    return symbol->name[0] == '$';
}

static void add_symbol(struct elf_guest *guest, const GElf_Sym *sym, const char *name)
{
    struct elf_symbol *s;

    if (name == NULL || name[0] == '\0' || GELF_ST_TYPE(sym->st_info) == STT_FILE ||
        GELF_ST_TYPE(sym->st_info) == STT_SECTION) {
        return;
    }
    guest->symbols = realloc(guest->symbols, (guest->symbol_count + 1) * sizeof *guest->symbols);
    if (guest->symbols == NULL) {
        abort();
    }
    s = &guest->symbols[guest->symbol_count++];
    s->address = (uint32_t)sym->st_value & ~1u;
    s->len = (uint32_t)sym->st_size;
    s->name = strdup(name);
}

static bool load_symbols(Elf *elf, struct elf_guest *guest)
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
            add_symbol(guest, &sym, elf_strptr(elf, header.sh_link, sym.st_name));
        }
    }
    return guest->symbol_count > 0;
}

bool elf_guest_load(const char *path, uint8_t *memory, size_t memory_len, struct elf_guest *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf;
    bool ok;

    *ret = (struct elf_guest){0};
    (void)elf_version(EV_CURRENT);
    elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;
    ok = elf != NULL && load_segments(elf, fd, memory, memory_len, ret) && load_symbols(elf, ret);
    if (!ok) {
        (void)fprintf(stderr, "cannot load '%s'\n", path);
    }
    (void)elf_end(elf);
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

void elf_guest_free(struct elf_guest *guest)
{
    for (size_t i = 0; i < guest->symbol_count; i++) {
        free(guest->symbols[i].name);
    }
    free(guest->symbols);
    *guest = (struct elf_guest){0};
}

uint32_t elf_guest_symbol(const struct elf_guest *guest, const char *name, uint32_t *ret_len)
{
    for (size_t i = 0; i < guest->symbol_count; i++) {
        if (strcmp(guest->symbols[i].name, name) == 0) {
            if (ret_len != NULL) {
                *ret_len = guest->symbols[i].len;
            }
            return guest->symbols[i].address;
        }
    }
    (void)fprintf(stderr, "the guest has no '%s'\n", name);
    exit(EXIT_FAILURE);
}

const char *elf_guest_where(const struct elf_guest *guest, uint32_t address)
{
    static char text[128];
    const struct elf_symbol *best = NULL;

    for (size_t i = 0; i < guest->symbol_count; i++) {
        const struct elf_symbol *s = &guest->symbols[i];

        if (!elf_guest_is_mapping(s) && s->address <= address &&
            (best == NULL || s->address >= best->address)) {
            best = s;
        }
    }
    (void)snprintf(text, sizeof text, "%s+0x%x", best == NULL ? "?" : best->name,
                   best == NULL ? address : address - best->address);
    return text;
}
