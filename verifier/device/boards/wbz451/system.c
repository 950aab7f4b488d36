/*
 * Watchdog, random numbers, software reset.
 * Layer: board. Invariant: every wait ends, but the one for the reset itself.
 */
#include "cpu.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"

void wbz451_kick(void *user)
{
    (void)user;
    WDT_CLEAR = WDT_CLEAR_KEY;
}

void wbz451_watchdog_on(void)
{
    WDT_CON |= WDT_CON_ON;
    wbz451_kick(NULL);
}

uint32_t wbz451_random(void *user)
{
    uint32_t word = 0;

    (void)user;
    CFG_PMD3 &= ~CFG_PMD3_TRNG;
    TRNG_CTRLA = TRNG_CTRLA_ENABLE;
    for (uint32_t i = 0; i < WBZ451_TRNG_POLLS; i++) {
        if ((TRNG_INTFLAG & TRNG_INTFLAG_READY) != 0) {
            word = TRNG_DATA;
            break;
        }
    }
    TRNG_CTRLA = 0;
    return word;
}

_Noreturn void wbz451_software_reset(void)
{
    (void)cpu_interrupts_off();
    CFG_SYSKEY = 0;
    CFG_SYSKEY = WBZ451_UNLOCK_FIRST;
    CFG_SYSKEY = WBZ451_UNLOCK_SECOND;
    CRU_RSWRST_SET = 1;
    for (;;) {
        (void)CRU_RSWRST;
    }
}
