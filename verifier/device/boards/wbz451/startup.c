/*
 * Vectors, reset, the short way out of deep sleep, faults.
 * Layer: board. Invariants: on the short way nothing of the retained RAM is touched, and the token is
 * right only if both readings of the reset's cause and the state agree; a fault is a reset.
 */
#include <otav/otav_error.h>

#include "cpu.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"

extern uint8_t wbz451_stack_end[];
extern uint32_t wbz451_bss_start[];
extern uint32_t wbz451_bss_end[];

void wbz451_reset(void);

uint32_t wbz451_reset_cause;

/* Until the hand-over nothing in main flash or RAM is executed, wherever a jump goes wrong. */
static void close_data(void)
{
    MPU_RBAR = WBZ451_MAIN_FLASH | MPU_RBAR_REGION;
    MPU_RASR = MPU_RASR_DATA | MPU_RASR_16_MB;
    MPU_RBAR = WBZ451_RAM | MPU_RBAR_REGION | 1;
    MPU_RASR = MPU_RASR_DATA | MPU_RASR_512_MB;
    MPU_CTRL = MPU_CTRL_ON;
}

/* 0 if the chip woke from deep sleep and nothing else happened. */
static uint32_t other_than_wake(void)
{
    return (CRU_RCON & (CRU_RCON_DPSLP | WBZ451_OTHER_CAUSES)) ^ CRU_RCON_DPSLP;
}

/* Slot 0 was locked from the last verified boot until now, so that it is not verified again. */
static void wake_up(void)
{
    uint32_t settled;

    if (other_than_wake() != 0) {
        return;
    }
    settled = wbz451_settled();
    if (settled == OTAV_ACCEPT) {
        wbz451_handover(WBZ451_HANDOVER ^ other_than_wake() ^ (cpu_forget(settled) ^ OTAV_ACCEPT));
    }
}

/* Volatile: the compiler may not call memset here, nor leave it out. */
static void clear(volatile uint32_t *start, const volatile uint32_t *end)
{
    while (start < end) {
        *start++ = 0;
    }
}

void wbz451_forget_ram(void)
{
    clear(wbz451_bss_start, __builtin_frame_address(0));
}

void wbz451_reset(void)
{
    (void)cpu_interrupts_off();
    SCB_CPACR |= SCB_CPACR_FPU;
    close_data();
    cpu_barrier();
    wake_up();
    clear(wbz451_bss_start, wbz451_bss_end);
    wbz451_reset_cause = CRU_RCON;
    CRU_RCON_CLR = CRU_RCON_DPSLP | WBZ451_OTHER_CAUSES;
    wbz451_flash_init();
    wbz451_main();
}

/* NMI, HardFault, MemManage, BusFault, UsageFault; interrupts are never enabled. */
__attribute__((section(".vectors"), used)) static const struct {
    uint8_t *stack_end;
    void (*handlers[6])(void);
} vectors = {wbz451_stack_end,
             {wbz451_reset, wbz451_software_reset, wbz451_software_reset, wbz451_software_reset,
              wbz451_software_reset, wbz451_software_reset}};
