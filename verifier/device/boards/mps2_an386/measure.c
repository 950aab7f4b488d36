/*
 * Counting instructions with SysTick, and measuring the stack by painting it.
 * Layer: board.
 */
#include "board.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)

enum { INSTRUCTIONS_A_TICK = 40, PAINT_LEN = 64 * 1024, MARGIN = 64 };

#define PAINT    0xA5A5A5A5u
#define TICK_MAX 0xFFFFFFu

static uint32_t *painted_end;

void board_count_start(void)
{
    SYST_RVR = TICK_MAX;
    SYST_CVR = 0;
    SYST_CSR = 5; /* on, processor clock, no interrupt */
    while (SYST_CVR == 0) {
    }
}

uint32_t board_count(void)
{
    return (TICK_MAX - SYST_CVR) * INSTRUCTIONS_A_TICK;
}

/* Not the few bytes that this function itself may have under it. */
__attribute__((noinline)) void board_stack_paint(void)
{
    uint32_t *word = __builtin_frame_address(0);

    word -= MARGIN / 4;
    painted_end = word;
    for (uint32_t i = 0; i < PAINT_LEN / 4; i++) {
        *(volatile uint32_t *)--word = PAINT;
    }
}

uint32_t board_stack_used(void)
{
    const uint32_t *word = painted_end - PAINT_LEN / 4;

    while (word < painted_end && *word == PAINT) {
        word++;
    }
    return (uint32_t)(painted_end - word) * 4 + MARGIN;
}
