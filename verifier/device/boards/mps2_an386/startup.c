/*
 * Reset, vectors and fault handler of the MPS2 AN386.
 * Layer: board. Invariant: a fault ends the program with a code of its own, never in a loop.
 */
#include "board.h"

enum { EXIT_FAULT = 99 };

#define CPACR (*(volatile uint32_t *)0xE000ED88u)

extern uint8_t board_stack_end[];
extern uint32_t board_bss_start[];
extern uint32_t board_bss_end[];

void board_reset(void);

void board_reset(void)
{
    CPACR |= 0xFu << 20; /* full access to the FPU, whose registers the crypto may use */
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    for (uint32_t *word = board_bss_start; word < board_bss_end; word++) {
        *(volatile uint32_t *)word = 0;
    }
    board_exit(board_main());
}

static void fault(void)
{
    board_print("fault\n");
    board_exit(EXIT_FAULT);
}

/* NMI, HardFault, MemManage, BusFault, UsageFault; interrupts are never enabled. */
__attribute__((section(".vectors"), used)) static const struct {
    uint8_t *stack_end;
    void (*handlers[6])(void);
} vectors = {board_stack_end, {board_reset, fault, fault, fault, fault, fault}};
