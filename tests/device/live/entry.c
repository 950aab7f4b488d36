/*
 * Vectors, reset and exceptions of the live application.
 * Layer: test, device. Invariant: what the bootloader left is noted before anything can change it.
 */
#include "entry.h"

#include "board_boot.h"
#include "live.h"

#define REG(address) (*(volatile uint32_t *)(address))
#define SYST_CSR     REG(0xE000E010u)
#define SYST_RVR     REG(0xE000E014u)
#define SYST_CVR     REG(0xE000E018u)
#define NVIC_ISER(i) REG(0xE000E100u + 4 * (i))
#define NVIC_ICER(i) REG(0xE000E180u + 4 * (i))
#define NVIC_ISPR(i) REG(0xE000E200u + 4 * (i))
#define SCB_ICSR     REG(0xE000ED04u)
#define SCB_VTOR     REG(0xE000ED08u)
#define SCB_SHPR(i)  REG(0xE000ED18u + 4 * (i))
#define SCB_SHCSR    REG(0xE000ED24u)
#define SCB_CFSR     REG(0xE000ED28u)
#define SCB_HFSR     REG(0xE000ED2Cu)
#define MPU_CTRL     REG(0xE000ED94u)

enum {
    EXCEPTION_COUNT = 17, /* with the first interrupt */
    HARD_FAULT = 3,
    SVC = 11,
    PEND_SV = 14,
    SYS_TICK = 15,
    IRQ0 = 16,
    IRQ_WORDS = 8,
    TICKS = 3,
    TICK_LEN = 1000,
    RAM_WORDS_LEFT = 32 /* frames of what cleared the rest, with the report */
};
#define ICSR_PEND_SV_SET 0x10000000u
#define ICSR_PENDING     0x9443F000u /* NMI, PendSV, SysTick, interrupt, their number */
#define HFSR_FORCED      0x40000000u
#define SYST_ON          7u /* counts, interrupts, at the processor's clock */

extern uint8_t live_stack_end[];
extern uint32_t live_bss_start[];
extern uint32_t live_bss_end[];

struct vectors {
    uint8_t *stack_end;
    void (*handlers[EXCEPTION_COUNT - 1])(void);
};
extern const struct vectors vectors;

__attribute__((section(".entry"))) struct entry entry;
static volatile uint32_t taken[2][EXCEPTION_COUNT]; /* by the vectors in flash, by those in RAM */
static _Alignas(128) struct vectors moved;
static volatile bool started; /* zero at power-on */
static volatile bool hangs;

void live_reset(void);
void live_reset_on_chip(void); /* by the linker's script */
void live_start(void);

/* The counter first: what was executed until here is the bootloader's. */
__attribute__((naked)) void live_reset(void)
{
    __asm__ volatile("ldr r0, =0x40028018\n\t"
                     "ldr r0, [r0]\n\t"
                     "mov r1, sp\n\t"
                     "mrs r2, primask\n\t"
                     "mrs r3, faultmask\n\t"
                     "mrs r4, basepri\n\t"
                     "mrs r5, control\n\t"
                     "mrs r6, ipsr\n\t"
                     "ldr r7, =entry\n\t"
                     "stmia r7!, {r0, r1, r2, r3, r4, r5, r6}\n\t"
                     "b live_start\n\t"
                     ".ltorg");
}

void live_start(void)
{
    for (volatile uint32_t *word = live_bss_start; word < live_bss_end; word++) {
        *word = 0;
    }
    started = true;
    live_main();
}

/* ---- as promised ------------------------------------------------------------------------------ */

static bool interrupts_are_clean(void)
{
    uint32_t bits = 0;

    for (uint32_t i = 0; i < IRQ_WORDS; i++) {
        bits |= NVIC_ISER(i) | NVIC_ISPR(i);
    }
    return bits == 0;
}

static bool ram_is_clean(void)
{
    uint32_t words = 0;

    for (uint32_t at = LAYOUT_RAM_START; at < LAYOUT_STACK_END; at += 4) {
        words += REG(at) != 0 ? 1 : 0;
    }
    return words <= RAM_WORDS_LEFT;
}

const char *entry_complaint(void)
{
    const struct {
        bool good;
        const char *text;
    } promises[] = {
        {entry.sp == (uint32_t)live_stack_end, "MSP is not word 0"},
        {entry.primask == 0 && entry.faultmask == 0 && entry.basepri == 0, "masked"},
        {entry.control == 0, "CONTROL"},
        {entry.ipsr == 0, "in an exception"},
        {SCB_VTOR == LAYOUT_APPLICATION, "VTOR"},
        {(SYST_CSR & 7u) == 0, "SysTick is on"},
        {(SCB_ICSR & ICSR_PENDING) == 0, "an exception is pending"},
        {interrupts_are_clean(), "an interrupt is enabled or pending"},
        {SCB_SHCSR == 0 && SCB_CFSR == 0 && SCB_HFSR == 0, "a fault is left"},
        {SCB_SHPR(0) == 0 && SCB_SHPR(1) == 0 && SCB_SHPR(2) == 0, "priorities"},
        {MPU_CTRL == 0, "the MPU is on"},
        {ram_is_clean(), "the bootloader's RAM holds something"},
    };

    for (unsigned i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        if (!promises[i].good) {
            return promises[i].text;
        }
    }
    return "";
}

/* ---- exceptions ------------------------------------------------------------------------------- */

static uint32_t exception_number(void)
{
    uint32_t ipsr;

    __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
    return ipsr & 0x1FFu;
}

static void note(uint32_t table)
{
    if (!started) {
        board_print("an exception before its first instruction\n");
        board_exit(LIVE_EXIT_BROKEN);
    }
    taken[table][exception_number() % EXCEPTION_COUNT]++;
}

static void note_by_flash(void)
{
    note(0);
}

static void note_by_ram(void)
{
    note(1);
}

static _Noreturn void wait_for_ever(void)
{
    for (;;) {
    }
}

/* NMI is the watchdog's first call. */
static void on_fault(void)
{
    if (hangs) {
        wait_for_ever();
    }
    board_print(exception_number() == HARD_FAULT && (SCB_HFSR & HFSR_FORCED) != 0
                    ? "HardFault, escalated\n"
                    : "unexpected exception\n");
    board_system_reset();
}

static const char *take(uint32_t table)
{
    volatile const uint32_t *times = taken[table];

    __asm__ volatile("svc 7" ::: "memory");
    SCB_ICSR = ICSR_PEND_SV_SET;
    NVIC_ISER(0) = 1;
    NVIC_ISPR(0) = 1;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    SYST_RVR = TICK_LEN;
    SYST_CVR = 0;
    SYST_CSR = SYST_ON;
    while (times[SYS_TICK] < TICKS) {
    }
    SYST_CSR = 0;
    NVIC_ICER(0) = 1;
    if (times[SVC] != 1 || times[PEND_SV] != 1 || times[IRQ0] != 1 || exception_number() != 0) {
        return table == 0 ? "an exception is missing, with the bootloader's VTOR"
                          : "an exception is missing, with its own VTOR";
    }
    return "";
}

const char *exceptions_complaint(void)
{
    const char *complaint = take(0);

    if (complaint[0] != '\0') {
        return complaint;
    }
    moved = vectors;
    moved.handlers[SVC - 1] = note_by_ram;
    moved.handlers[PEND_SV - 1] = note_by_ram;
    moved.handlers[SYS_TICK - 1] = note_by_ram;
    moved.handlers[IRQ0 - 1] = note_by_ram;
    SCB_VTOR = (uint32_t)&moved;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    return take(1);
}

void entry_fault(void)
{
    __asm__ volatile("udf #0");
    __builtin_unreachable();
}

void entry_hang(void)
{
    hangs = true;
    wait_for_ever();
}

void entry_fault_and_hang(void)
{
    hangs = true;
    entry_fault();
}

/* In the reserved words 7 and 8: number and conduct, which the host fills in. */
__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    live_stack_end,
    {live_reset_on_chip, on_fault, on_fault, on_fault, on_fault, on_fault, 0, 0, 0, 0,
     note_by_flash, on_fault, 0, note_by_flash, note_by_flash, note_by_flash}};
