/*
 * A bootloader for this board: reset, the portable core, the jump.
 * Layer: program. Invariants: an application runs only on what otab_boot() returned in this very
 * boot; a fault is a reset; a device without a provisioning record runs nothing. The machine has no
 * locks, caches, clocks or serial DFU: those are the chip's.
 */
#include <otav/otav_error.h>
#include <otav/otav_provision.h>
#include <otav/otav_soft.h>

#include "board_boot.h"

#define SCB_VTOR  (*(volatile uint32_t *)0xE000ED08u)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)

extern uint8_t boot_stack_end[];
extern uint32_t boot_bss_start[];
extern uint32_t boot_bss_end[];

static struct otab_boot boot;
static struct otav_config factory;

void boot_reset(void);

static const struct otab_platform platform = {.crypto = &otav_crypto_soft_no_aes,
                                              .read = board_flash_read,
                                              .erase = board_flash_erase,
                                              .program = board_flash_program,
                                              .kick = board_kick,
                                              .random = board_random};

static uint32_t decide(struct board_left *left)
{
    left->provision =
        otav_provision_decode((const uint8_t *)LAYOUT_PROVISION, platform.crypto, &factory);
    if (left->provision != OTAV_OK) {
        return OTAB_SERIAL_DFU;
    }
    return otab_boot(&boot, &platform, &factory, &left->report);
}

/* Volatile: the compiler may not call memset here, nor leave it out. */
static void clear(volatile uint32_t *start, const volatile uint32_t *end)
{
    while (start < end) {
        *start++ = 0;
    }
}

/* Of the bootloader's RAM nothing is left to the application: .bss, and the stack below the caller. */
static __attribute__((noinline)) void forget_ram(void)
{
    clear(boot_bss_start, __builtin_frame_address(0));
}

/* In the state that the chip's bootloader leaves. The entry is an address of the chip's flash, which the
 * core has checked. */
static _Noreturn void jump(void)
{
    const volatile uint32_t *vectors = (const volatile uint32_t *)LAYOUT_APPLICATION;
    uint32_t stack = vectors[0];
    uint32_t entry = LAYOUT_MAIN(vectors[1]);

    SCB_VTOR = LAYOUT_APPLICATION;
    __asm__ volatile(
        "dsb\n\tisb\n\tmsr control, %2\n\tisb\n\tmsr msp, %0\n\tcpsie i\n\tbx %1" ::"r"(stack),
        "r"(entry), "r"(0)
        : "memory");
    __builtin_unreachable();
}

static _Noreturn void wait_for_ever(const struct board_left *left)
{
    board_print("nothing runs: error ");
    board_print_number(left->provision != OTAV_OK ? left->provision : left->report.error);
    board_print("\n");
    board_exit(BOARD_EXIT_NOTHING_RUNS);
}

static _Noreturn void run(void)
{
    struct board_left left = {.magic = BOARD_LEFT_MAGIC};
    uint32_t action;

    board_kick(NULL);
    action = decide(&left);
    *(volatile struct board_left *)LAYOUT_LEFT = left;
    forget_ram();
    board_kick(NULL);
    if (action == OTAB_RUN_APPLICATION) {
        jump();
    }
    wait_for_ever(&left);
}

void boot_reset(void)
{
    __asm__ volatile("cpsid i");
    SCB_CPACR |= 0xFu << 20; /* full access to the FPU */
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    clear(boot_bss_start, boot_bss_end);
    run();
}

/* NMI (the watchdog's), HardFault, MemManage, BusFault, UsageFault. */
__attribute__((section(".vectors"), used)) static const struct {
    uint8_t *stack_end;
    void (*handlers[6])(void);
} vectors = {boot_stack_end,
             {boot_reset, board_system_reset, board_system_reset, board_system_reset,
              board_system_reset, board_system_reset}};
