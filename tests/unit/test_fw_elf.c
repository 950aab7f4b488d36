/* ELF: physical addresses, file bytes only, and every damaged header. */
#include "fw_unit.h"

#include <elf.h>

/* A linked executable made by hand: header, three program headers, 16 bytes of data, and two
 * section headers behind them when a test asks for sections. */
struct test_elf {
    Elf32_Ehdr header;
    Elf32_Phdr segment[3];
    uint8_t data[16];
    Elf32_Shdr section[2];
};

#define DATA_OFF ((Elf32_Off)offsetof(struct test_elf, data))

static struct test_elf make_elf(void)
{
    struct test_elf e;

    memset(&e, 0, sizeof e);
    memcpy(e.header.e_ident, ELFMAG, SELFMAG);
    e.header.e_ident[EI_CLASS] = ELFCLASS32;
    e.header.e_ident[EI_DATA] = ELFDATA2LSB;
    e.header.e_ident[EI_VERSION] = EV_CURRENT;
    e.header.e_type = ET_EXEC;
    e.header.e_machine = EM_ARM;
    e.header.e_version = EV_CURRENT;
    e.header.e_ehsize = sizeof e.header;
    e.header.e_phoff = (Elf32_Off)offsetof(struct test_elf, segment);
    e.header.e_phentsize = sizeof e.segment[0];
    e.header.e_phnum = 3;
    e.header.e_shentsize = sizeof e.section[0];
    /* .text where it runs; .data loaded into flash, running in RAM; .bss without file bytes. */
    e.segment[0] = (Elf32_Phdr){PT_LOAD, DATA_OFF, 0x01000200, 0x01000200, 12, 12, PF_R | PF_X, 4};
    e.segment[1] =
        (Elf32_Phdr){PT_LOAD, DATA_OFF + 12, 0x20000000, 0x0100020C, 4, 8, PF_R | PF_W, 4};
    e.segment[2] = (Elf32_Phdr){PT_LOAD, 0, 0x20000008, 0x20000008, 0, 64, PF_R | PF_W, 4};
    memcpy(e.data, "0123456789abWXYZ", 16);
    return e;
}

static void put_elf(const struct test_elf *e)
{
    put_file("f", e, offsetof(struct test_elf, section));
}

static void expect_elf_fail(const struct test_elf *e, const char *message)
{
    put_elf(e);
    expect_fail("f", FW_AUTO, OX_MALFORMED, message);
}

START_TEST(test_fw_elf_load_addresses_are_physical)
{
    struct test_elf e = make_elf();
    struct fw_image *image;
    struct seen seen;

    put_elf(&e);
    image = load_ok("f", FW_AUTO);
    ck_assert_int_eq(fw_get_format(image), FW_ELF);
    expect_bytes(image, 0x010001FF,
                 "\xFF"
                 "0123456789abWXYZ"
                 "\xFF",
                 18);
    expect_bytes(image, 0x20000000, "\xFF\xFF\xFF\xFF", 4);
    seen = see_all(image);
    ck_assert_uint_eq(seen.total, 16);
    ck_assert_uint_eq(seen.count, 1);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_elf_descending_segments_are_sorted)
{
    struct test_elf e = make_elf();
    struct fw_image *image;

    e.segment[1].p_paddr = 0x01000100;
    put_elf(&e);
    image = load_ok("f", FW_ELF);
    expect_bytes(image, 0x01000100, "WXYZ\xFF", 5);
    expect_bytes(image, 0x01000200, "0123", 4);
    ck_assert_uint_eq(see_all(image).count, 2);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_elf_wrong_kind_fails)
{
    struct test_elf e = make_elf();

    e.header.e_ident[EI_CLASS] = ELFCLASS64;
    expect_elf_fail(&e, "otaimg: f: the ELF class is 2, expected 1 (32-bit)\n");
    e = make_elf();
    e.header.e_ident[EI_DATA] = ELFDATA2MSB;
    expect_elf_fail(&e, "otaimg: f: the ELF byte order is 2, expected 1 (little-endian)\n");
    e = make_elf();
    e.header.e_machine = EM_RISCV;
    expect_elf_fail(&e, "otaimg: f: the ELF machine is 243, expected 40 (ARM)\n");
    e = make_elf();
    e.header.e_type = ET_REL;
    expect_elf_fail(&e, "otaimg: f: the ELF type is 1, expected 2 (linked executable)\n");
    e = make_elf();
    e.header.e_type = ET_DYN;
    expect_elf_fail(&e, "otaimg: f: the ELF type is 3, expected 2 (linked executable)\n");
    put_text("f", "!<arch>\n");
    expect_fail("f", FW_ELF, OX_MALFORMED, "otaimg: f: the file is not an ELF file\n");
}
END_TEST

START_TEST(test_fw_elf_without_data_fails)
{
    struct test_elf e = make_elf();

    e.header.e_phnum = 0;
    expect_elf_fail(&e, "otaimg: f: the file holds no data\n");
    e = make_elf();
    e.segment[0].p_type = PT_NOTE;
    e.segment[1].p_filesz = 0;
    expect_elf_fail(&e, "otaimg: f: the file holds no data\n");
}
END_TEST

START_TEST(test_fw_elf_bad_segment_fails)
{
    struct test_elf e = make_elf();

    e.segment[1].p_filesz = 5;
    expect_elf_fail(&e, "otaimg: f: the segment at 0x0100020c goes past the end of the file\n");
    e = make_elf();
    e.segment[1].p_offset = 0xFFFFFFFF;
    expect_elf_fail(&e, "otaimg: f: the segment at 0x0100020c goes past the end of the file\n");
    e = make_elf();
    e.segment[0].p_memsz = 11;
    expect_elf_fail(&e, "otaimg: f: the segment at 0x01000200 has 12 bytes in the file, expected "
                        "at most 11\n");
    e = make_elf();
    e.segment[1].p_paddr = 0xFFFFFFFD;
    expect_elf_fail(&e, "otaimg: f: data at 0xfffffffd goes past address 0xffffffff\n");
    e = make_elf();
    e.segment[1].p_paddr = 0x0100020B;
    expect_elf_fail(&e, "otaimg: f: data at 0x0100020b is in two segments\n");
}
END_TEST

/* GNU ld lets the first segment start at file offset 0 when its pages allow. */
START_TEST(test_fw_elf_headers_in_segment_are_left_out)
{
    struct test_elf e = make_elf();
    struct fw_image *image;

    e.segment[0].p_offset = 0;
    e.segment[0].p_paddr = 0x01000200 - DATA_OFF;
    e.segment[0].p_filesz = DATA_OFF + 12;
    e.segment[0].p_memsz = DATA_OFF + 12;
    e.header.e_shoff = (Elf32_Off)offsetof(struct test_elf, section);
    e.header.e_shnum = 2;
    e.section[1].sh_type = SHT_PROGBITS;
    e.section[1].sh_flags = SHF_ALLOC;
    e.section[1].sh_offset = DATA_OFF;
    e.section[1].sh_size = 12;
    put_file("f", &e, sizeof e);
    image = load_ok("f", FW_AUTO);
    ck_assert_uint_eq(see_all(image).total, 16);
    expect_bytes(image, 0x010001FE,
                 "\xFF\xFF"
                 "0123456789abWXYZ"
                 "\xFF",
                 19);
    fw_free(image);

    /* Without sections nobody can tell; the bytes are kept and the layout check sees them. */
    e.header.e_shnum = 0;
    e.header.e_shoff = 0;
    put_elf(&e);
    image = load_ok("f", FW_AUTO);
    ck_assert_uint_eq(see_all(image).total, 16 + DATA_OFF);
    expect_bytes(image, 0x01000200 - DATA_OFF, ELFMAG, SELFMAG);
    fw_free(image);
}
END_TEST

START_TEST(test_fw_elf_truncated_anywhere_fails)
{
    struct test_elf e = make_elf();

    ck_assert_uint_eq(
        count_valid_truncations((const uint8_t *)&e, offsetof(struct test_elf, section), FW_ELF),
        0);
}
END_TEST

/* ELF has no checksum, so a mutant may load; it must be an image that can be walked. */
START_TEST(test_fw_elf_mutated_anywhere_stays_sound)
{
    struct test_elf e = make_elf();

    e.header.e_shoff = (Elf32_Off)offsetof(struct test_elf, section);
    e.header.e_shnum = 2;
    e.section[1].sh_type = SHT_PROGBITS;
    e.section[1].sh_flags = SHF_ALLOC;
    e.section[1].sh_offset = DATA_OFF;
    e.section[1].sh_size = 12;
    ck_assert_uint_gt(count_silent_mutants((const uint8_t *)&e, sizeof e, FW_ELF), 16 * 8);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tc, test_fw_elf_load_addresses_are_physical);
    tcase_add_test(tc, test_fw_elf_descending_segments_are_sorted);
    tcase_add_test(tc, test_fw_elf_wrong_kind_fails);
    tcase_add_test(tc, test_fw_elf_without_data_fails);
    tcase_add_test(tc, test_fw_elf_bad_segment_fails);
    tcase_add_test(tc, test_fw_elf_headers_in_segment_are_left_out);
    tcase_add_test(tc, test_fw_elf_truncated_anywhere_fails);
    tcase_add_test(tc, test_fw_elf_mutated_anywhere_stays_sound);
}

int main(void)
{
    return unit_main("fw_elf", add_tests);
}
