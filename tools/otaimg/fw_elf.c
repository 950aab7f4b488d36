/*
 * ELF: the bytes that a flash programmer would write, at their physical (load) addresses.
 *
 * Layer: input; the only file that knows libelf. Only file bytes count: .bss adds nothing. Pieces
 * are ranges of the file that were checked against its length.
 */
#include <libelf.h>

#include "fw_impl.h"

struct elf_file {
    struct fw_image *image;
    struct src_pos pos;
    Elf *elf;
    const Elf32_Ehdr *header;
};

static enum ox fail_elf(const struct elf_file *file)
{
    return diag_fail_at(OX_MALFORMED, &file->pos, "the ELF file is damaged: %s", elf_errmsg(-1));
}

static enum ox check_header(struct elf_file *file)
{
    const char *ident = elf_getident(file->elf, NULL);

    if (elf_kind(file->elf) != ELF_K_ELF || ident == NULL) {
        return diag_fail_at(OX_MALFORMED, &file->pos, "the file is not an ELF file");
    }
    if (ident[EI_CLASS] != ELFCLASS32) {
        return diag_fail_at(OX_MALFORMED, &file->pos, "the ELF class is %d, expected %d (32-bit)",
                            ident[EI_CLASS], ELFCLASS32);
    }
    if (ident[EI_DATA] != ELFDATA2LSB) {
        return diag_fail_at(OX_MALFORMED, &file->pos,
                            "the ELF byte order is %d, expected %d (little-endian)", ident[EI_DATA],
                            ELFDATA2LSB);
    }
    file->header = elf32_getehdr(file->elf);
    if (file->header == NULL) {
        return fail_elf(file);
    }
    if (file->header->e_machine != EM_ARM) {
        return diag_fail_at(OX_MALFORMED, &file->pos, "the ELF machine is %u, expected %d (ARM)",
                            file->header->e_machine, EM_ARM);
    }
    if (file->header->e_type != ET_EXEC) {
        return diag_fail_at(OX_MALFORMED, &file->pos,
                            "the ELF type is %u, expected %d (linked executable)",
                            file->header->e_type, ET_EXEC);
    }
    return OX_OK;
}

/* Whether the section has bytes of the segment in the file. */
static bool is_loaded(const Elf32_Shdr *section, const Elf32_Phdr *segment)
{
    return (section->sh_flags & SHF_ALLOC) != 0 && section->sh_type != SHT_NOBITS &&
           section->sh_size > 0 && section->sh_offset >= segment->p_offset &&
           section->sh_offset - segment->p_offset < segment->p_filesz;
}

/* Bytes at the start of a segment that are nothing but ELF headers. Linkers let a segment begin at
 * file offset 0 when the page size allows; objcopy and programmers that go by sections leave the
 * headers out, and so must we: they would land in the metadata area. */
static uint32_t headers_len(const struct elf_file *file, const Elf32_Phdr *segment)
{
    uint32_t skip = segment->p_filesz;
    bool found = false;

    if (segment->p_offset >= file->header->e_ehsize) {
        return 0;
    }
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(file->elf, scn)) != NULL;) {
        const Elf32_Shdr *section = elf32_getshdr(scn);

        if (section != NULL && is_loaded(section, segment)) {
            uint32_t start = section->sh_offset - segment->p_offset;

            skip = start < skip ? start : skip;
            found = true;
        }
    }
    return found ? skip : 0;
}

static enum ox add_segment(const struct elf_file *file, const Elf32_Phdr *segment)
{
    uint32_t skip;

    if (segment->p_type != PT_LOAD || segment->p_filesz == 0) {
        return OX_OK;
    }
    if ((uint64_t)segment->p_offset + segment->p_filesz > file->image->file_len) {
        return diag_fail_at(OX_MALFORMED, &file->pos,
                            "the segment at 0x%08x goes past the end of the file",
                            segment->p_paddr);
    }
    if (segment->p_filesz > segment->p_memsz) {
        return diag_fail_at(OX_MALFORMED, &file->pos,
                            "the segment at 0x%08x has %u bytes in the file, expected at most %u",
                            segment->p_paddr, segment->p_filesz, segment->p_memsz);
    }
    skip = headers_len(file, segment);
    if (skip > UINT32_MAX - segment->p_paddr) {
        skip = 0; /* past the end of the address space: fw_add_range() says so */
    }
    return fw_add_range(file->image, segment->p_paddr + skip, (uint64_t)segment->p_offset + skip,
                        segment->p_filesz - skip);
}

static enum ox add_segments(const struct elf_file *file)
{
    const Elf32_Phdr *segments;
    size_t count;
    enum ox rc = OX_OK;

    if (elf_getphdrnum(file->elf, &count) != 0) {
        return fail_elf(file);
    }
    segments = count > 0 ? elf32_getphdr(file->elf) : NULL;
    if (count > 0 && segments == NULL) {
        return fail_elf(file);
    }
    for (size_t i = 0; rc == OX_OK && i < count; i++) {
        rc = add_segment(file, &segments[i]);
    }
    return rc;
}

enum ox fw_load_elf(struct fw_image *image)
{
    struct elf_file file = {image, {image->path, 0, 0}, NULL, NULL};
    enum ox rc;

    if (elf_version(EV_CURRENT) == EV_NONE) {
        return diag_fail(OX_INTERNAL, "libelf is too old: %s", elf_errmsg(-1));
    }
    file.elf = elf_begin(image->fd, ELF_C_READ, NULL);
    if (file.elf == NULL) {
        return fail_elf(&file);
    }
    rc = check_header(&file);
    if (rc == OX_OK) {
        rc = add_segments(&file);
    }
    (void)elf_end(file.elf);
    return rc;
}
