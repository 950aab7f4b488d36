/*
 * The flash cache (PCHE) and the code cache behind the core (CMCC).
 * Layer: board. Invariant: after wbz451_cache_invalidate() neither holds anything read before.
 * spec: DS70005504 sections 9.5, 9.12.
 */
#include "cpu.h"
#include "wbz451_board.h"
#include "wbz451_inferred.h"

void wbz451_cache_off(void)
{
    CMCC_CTRL = 0;
    for (uint32_t i = 0; CMCC_STATUS != 0 && i < WBZ451_CACHE_POLLS; i++) {
    }
}

/* CMCC may be changed only while it is off. */
static void start_code_cache(void)
{
    wbz451_cache_off();
    CMCC_MAINTENANCE0 = CMCC_INVALIDATE_ALL;
    CMCC_CTRL = 1;
}

void wbz451_cache_init(void)
{
    PCHE_CHECON =
        (PCHE_CHECON & ~(PCHE_WAIT_MASK | PCHE_PREFETCH_MASK)) | WBZ451_WAIT_STATES | PCHE_PREFETCH;
    wbz451_cache_off();
    CMCC_CFG = CMCC_CFG_SIZE | CMCC_CFG_NO_DATA;
    start_code_cache();
}

void wbz451_flash_cache_invalidate(void)
{
    PCHE_CHECON |= PCHE_INVALIDATE_ALL;
    for (uint32_t i = 0; (PCHE_CHECON & PCHE_INVALIDATE_ALL) != 0 && i < WBZ451_CACHE_POLLS; i++) {
    }
    cpu_barrier();
}

void wbz451_cache_invalidate(void)
{
    wbz451_flash_cache_invalidate();
    start_code_cache();
    cpu_barrier();
}
