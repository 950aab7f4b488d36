/*
 * Vector table and start-up code.
 *
 * The bootloader jumps here with the table still its own, so the first thing that needs the table
 * (an interrupt) must come after VTOR was set. Invariant: no variable is used before its section
 * was set up.
 */
#include <stdint.h>

#include "app.h"

#define SCB_VTOR  (*(volatile uint32_t *)0xE000ED08u)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88u)

#define EXCEPTION_COUNT 16
#define IRQ_COUNT       40

extern uint32_t stack_top;
extern uint32_t data_load;
extern uint32_t data_start;
extern uint32_t data_end;
extern uint32_t bss_start;
extern uint32_t bss_end;

typedef void handler(void); /* a function type, not a struct */

union vector {
    uint32_t *stack;
    handler *handler;
};

_Noreturn void reset_handler(void);
_Noreturn void default_handler(void);

extern const union vector vectors[EXCEPTION_COUNT + IRQ_COUNT];

/* An interrupt or fault that nobody asked for: stay here, the watchdog brings the device back. */
_Noreturn void default_handler(void)
{
    for (;;) {
    }
}

_Noreturn void reset_handler(void)
{
    const uint32_t *from = &data_load;

    for (uint32_t *to = &data_start; to < &data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
    SCB_CPACR |= 0xFu << 20; /* the compiler may use the FPU */
    __asm volatile("dsb\n\tisb\n\tcpsie i" ::: "memory");
    app_main();
}

#define DEFAULT_4                                                                                  \
    {.handler = default_handler}, {.handler = default_handler}, {.handler = default_handler},      \
    {                                                                                              \
        .handler = default_handler                                                                 \
    }
#define DEFAULT_20 DEFAULT_4, DEFAULT_4, DEFAULT_4, DEFAULT_4, DEFAULT_4

__attribute__((section(".vectors"), used))
const union vector vectors[EXCEPTION_COUNT + IRQ_COUNT] = {
    {.stack = &stack_top},
    {.handler = reset_handler},
    {.handler = default_handler}, /* NMI */
    {.handler = default_handler}, /* HardFault */
    {.handler = default_handler}, /* MemManage */
    {.handler = default_handler}, /* BusFault */
    {.handler = default_handler}, /* UsageFault */
    {.handler = 0},
    {.handler = 0},
    {.handler = 0},
    {.handler = 0},
    {.handler = default_handler}, /* SVCall */
    {.handler = default_handler}, /* DebugMonitor */
    {.handler = 0},
    {.handler = default_handler}, /* PendSV */
    {.handler = systick_handler},
    DEFAULT_20, /* IRQ 0..19 */
    DEFAULT_20, /* IRQ 20..39 */
};
