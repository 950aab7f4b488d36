/*
 * The way out: locks, peripherals as after a reset, jump.
 * Layer: board. Invariant: no instruction of the application runs unless the token was right and all
 * locks read closed, each looked at twice, so that one wrong branch is not enough.
 */
#include "cpu.h"
#include "layout.h"
#include "wbz451_board.h"

static void quiet(void)
{
    wbz451_uart_off();
    wbz451_cache_invalidate();
    wbz451_cache_off();
    for (uint32_t i = 0; i < NVIC_WORDS; i++) {
        NVIC_ICER(i) = 0xFFFFFFFFu;
        NVIC_ICPR(i) = 0xFFFFFFFFu;
    }
}

static _Noreturn void jump(void)
{
    const volatile uint32_t *vectors = (const volatile uint32_t *)LAYOUT_APPLICATION;
    uint32_t stack = vectors[0];
    uint32_t entry = vectors[1];

    SCB_VTOR = LAYOUT_APPLICATION;
    MPU_CTRL = 0;
    cpu_barrier();
    __asm__ volatile("msr control, %2\n\tisb\n\tmsr msp, %0\n\tcpsie i\n\tbx %1" ::"r"(stack),
                     "r"(entry), "r"(0));
    __builtin_unreachable();
}

_Noreturn void wbz451_handover(uint32_t token)
{
    wbz451_kick(NULL);
    wbz451_flash_lock();
    if (cpu_forget(token) != WBZ451_HANDOVER || wbz451_flash_open_locks() != 0) {
        wbz451_software_reset();
    }
    quiet();
    if (cpu_forget(token) != WBZ451_HANDOVER || wbz451_flash_open_locks() != 0) {
        wbz451_software_reset();
    }
    jump();
}
