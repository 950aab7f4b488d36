/*
 * Watchdog and reset.
 * Layer: board. Registers: Arm Cortex-M System Design Kit, APB watchdog; Armv7-M, AIRCR.
 */
#include "board_boot.h"

#define WATCHDOG_LOAD    (*(volatile uint32_t *)0x40008000u)
#define WATCHDOG_CONTROL (*(volatile uint32_t *)0x40008008u)
#define WATCHDOG_LOCK    (*(volatile uint32_t *)0x40008C00u)
#define SCB_AIRCR        (*(volatile uint32_t *)0xE000ED0Cu)

enum { CLOCK_HZ = 25000000, UNLOCK = 0x1ACCE551, INTERRUPT_AND_RESET = 3 };

void board_kick(void *user)
{
    (void)user;
    WATCHDOG_LOCK = UNLOCK;
    WATCHDOG_LOAD = (uint32_t)BOARD_WATCHDOG_S * CLOCK_HZ;
    WATCHDOG_CONTROL = INTERRUPT_AND_RESET;
    WATCHDOG_LOCK = 0;
}

void board_system_reset(void)
{
    __asm__ volatile("cpsid i\n\tdsb" ::: "memory");
    SCB_AIRCR = 0x05FA0004u; /* key, SYSRESETREQ */
    for (;;) {
    }
}
