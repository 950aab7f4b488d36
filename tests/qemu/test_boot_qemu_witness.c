/*
 * Two emulators as witnesses of one boot:  test_boot_qemu_witness BOOTLOADER LIVE
 *
 * From reset to the application's first instruction, QEMU and Unicorn execute the same number of
 * instructions and leave the same flash; also when power is cut.
 * Layer: test, host. Unicorn's hook of instructions leaves out those in IT blocks whose condition is
 * false, QEMU's clock does not: they are found in the blocks, whose bounds Unicorn also tells.
 */
#include "bench.h"

#include <unicorn/unicorn.h>

#include "elf_guest.h"

enum { CODE_LEN = 0x4000, RAM_LEN = 0x400000, PORTS_LEN = 0x10000 };

#define RAM        0x20000000u
#define PORTS      0x40000000u
#define SYSTEM     0xE000E000u
#define SYSTEM_LEN 0x1000u
#define MAP_UNIT   0x1000u

struct witness {
    uc_engine *uc;
    uint8_t code[CODE_LEN];
    uint8_t *psram;
    uint32_t application; /* where it starts */
    uint64_t count;
    uint32_t next;      /* behind the last instruction that was counted */
    uint32_t block_end; /* of the block it is in */
};

static struct bench bench;
static struct witness witness;

static void check_uc(uc_err err)
{
    ck_assert_msg(err == UC_ERR_OK, "unicorn: %s", uc_strerror(err));
}

/* ---- counting --------------------------------------------------------------------------------- */

static uint32_t instruction_len(const struct witness *w, uint32_t address)
{
    return (otav_load_u16(w->code + address) >> 11) >= 0x1D ? 4 : 2;
}

static void count_up_to(struct witness *w, uint32_t end)
{
    while (w->next < end) {
        w->next += instruction_len(w, w->next);
        w->count++;
    }
}

static void on_block(uc_engine *uc, uint64_t address, uint32_t len, void *user)
{
    struct witness *w = user;

    count_up_to(w, w->block_end);
    if (address == w->application) {
        check_uc(uc_emu_stop(uc));
        return;
    }
    w->next = (uint32_t)address;
    w->block_end = (uint32_t)address + len;
}

static void on_instruction(uc_engine *uc, uint64_t address, uint32_t len, void *user)
{
    struct witness *w = user;

    (void)uc;
    if (address != w->application) {
        count_up_to(w, (uint32_t)address + len);
    }
}

/* A breakpoint: it asks the emulator for something. Only for the end, when power is cut. */
static void on_exception(uc_engine *uc, uint32_t number, void *user)
{
    (void)number;
    (void)user;
    check_uc(uc_emu_stop(uc));
}

/* ---- the machine, as far as the bootloader needs it ------------------------------------------- */

static void map(struct witness *w)
{
    uc_hook hook;

    check_uc(uc_mem_map_ptr(w->uc, 0, CODE_LEN, UC_PROT_READ | UC_PROT_EXEC, w->code));
    check_uc(uc_mem_map(w->uc, RAM, RAM_LEN, UC_PROT_READ | UC_PROT_WRITE));
    check_uc(uc_mem_map_ptr(w->uc, BOARD_PSRAM, BOARD_PSRAM_LEN, UC_PROT_ALL, w->psram));
    check_uc(uc_mem_map(w->uc, PORTS, PORTS_LEN, UC_PROT_READ | UC_PROT_WRITE));
    check_uc(uc_mem_map(w->uc, SYSTEM, SYSTEM_LEN, UC_PROT_READ | UC_PROT_WRITE));
    check_uc(uc_hook_add(w->uc, &hook, UC_HOOK_BLOCK, (void *)(uintptr_t)on_block, w, 1, 0));
    check_uc(uc_hook_add(w->uc, &hook, UC_HOOK_CODE, (void *)(uintptr_t)on_instruction, w, 1, 0));
    check_uc(uc_hook_add(w->uc, &hook, UC_HOOK_INTR, (void *)(uintptr_t)on_exception, w, 1, 0));
}

static void witness_open(struct witness *w)
{
    struct elf_guest elf;

    memset(w, 0, sizeof *w);
    ck_assert(elf_guest_load(bench_bootloader(), w->code, sizeof w->code, &elf));
    elf_guest_free(&elf);
    w->psram = aligned_alloc(MAP_UNIT, BOARD_PSRAM_LEN);
    ck_assert_ptr_nonnull(w->psram);
    check_uc(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &w->uc));
    check_uc(uc_ctl_set_cpu_model(w->uc, UC_CPU_ARM_CORTEX_M4));
    map(w);
}

static void witness_close(struct witness *w)
{
    (void)uc_close(w->uc);
    free(w->psram);
}

/* The next boot of the bench's flash, in a copy of it. */
static uint64_t witness_boot(struct witness *w)
{
    uint32_t stack = otav_load_u32(w->code);
    uint32_t reset = otav_load_u32(w->code + 4);

    memcpy(w->psram, bench.psram, BOARD_PSRAM_LEN);
    w->count = 0;
    w->next = 0;
    w->block_end = 0;
    check_uc(uc_reg_write(w->uc, UC_ARM_REG_SP, &stack));
    check_uc(uc_emu_start(w->uc, reset, UINT64_MAX, 0, 0));
    return w->count;
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void set_up(void)
{
    static struct image image;

    bench_open(&bench);
    bench.counts = true;
    bench_image(&bench, 1, LIVE_COUNT, &image);
    bench_put(&bench, OTAV_SLOT0_ADDRESS, &image);
    witness_open(&witness);
    witness.application = LAYOUT_MAIN(otav_load_u32(image.fw + 4)) & ~1u;
}

static void tear_down(void)
{
    witness_close(&witness);
    bench_check(&bench);
    bench_close(&bench);
}

/* Instructions from the counter, which is finer than they are. The application's second one reads it. */
static uint64_t qemu_boot(void)
{
    const uint64_t ns_per_tick = 1000000000 / LIVE_COUNTER_HZ;
    unsigned long counter;

    bench_run(&bench);
    ck_assert_int_eq(bench.exit_code, LIVE_EXIT_STOP);
    ck_assert_int_eq(sscanf(bench.output, "counter %lu\n", &counter), 1);
    return (counter * ns_per_tick + BENCH_INSTRUCTION_NS - 1) / BENCH_INSTRUCTION_NS - 2;
}

static void check_boot(const char *name)
{
    uint64_t unicorn = witness_boot(&witness);
    uint64_t qemu = qemu_boot();

    printf("%-13s %9llu instructions in QEMU, %9llu in Unicorn\n", name, (unsigned long long)qemu,
           (unsigned long long)unicorn);
    ck_assert_uint_eq(qemu, unicorn);
    ck_assert(memcmp(bench.psram, witness.psram, BOARD_PSRAM_LEN) == 0);
}

static void stage(void)
{
    static struct image image;

    bench_image(&bench, 2, LIVE_COUNT, &image);
    bench_put(&bench, OTAV_SLOT1_ADDRESS, &image);
}

START_TEST(test_witness_boots_agree)
{
    check_boot("first boot");
    check_boot("verified boot");
    stage();
    check_boot("install");
    check_boot("revert");
}
END_TEST

/* Each goes on where the one before was cut. */
START_TEST(test_witness_cuts_agree)
{
    volatile struct board_flash_control *control = bench_control(&bench);

    (void)qemu_boot();
    stage();
    for (uint32_t cut = 1; cut < 700; cut += 97) {
        control->cut_at = control->operations + cut;
        (void)witness_boot(&witness);
        bench_run(&bench);
        ck_assert_int_eq(bench.exit_code, BOARD_EXIT_POWER_CUT);
        ck_assert(memcmp(bench.psram, witness.psram, BOARD_PSRAM_LEN) == 0);
    }
    check_boot("recovery");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, test_witness_boots_agree);
    tcase_add_test(tcase, test_witness_cuts_agree);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: test_boot_qemu_witness BOOTLOADER LIVE\n");
        return EXIT_FAILURE;
    }
    bench_use(argv[1], argv[2]);
    return unit_main("boot_qemu_witness", add_tests);
}
