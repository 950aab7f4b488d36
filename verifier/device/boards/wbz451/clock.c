/*
 * From the 8 MHz of the reset to 64 MHz: crystal, radio PLL, system PLL.
 * Layer: board. Invariants: every wait ends; wait states are those of the reset, the most there are,
 * until wbz451_cache_init(). The order and values are observed in the stock bootloader.
 */
#include "wbz451_board.h"
#include "wbz451_inferred.h"

static bool wait_for(const volatile uint32_t *reg, uint32_t mask, uint32_t value)
{
    for (uint32_t i = 0; i < WBZ451_CLOCK_POLLS; i++) {
        if ((*reg & mask) == value) {
            return true;
        }
    }
    return false;
}

/* Sets a bit that skips the chip's own wait if the state does not come. */
static bool wait_or_bypass(uint32_t state, uint32_t bypass)
{
    if (!wait_for(&RADIO_STATUS1, state, state)) {
        RADIO_CONTROL1 |= bypass;
        return wait_for(&RADIO_STATUS1, state, state);
    }
    return true;
}

static bool start_radio_pll(void)
{
    if (!wait_for(&CFG_MISCSTAT, CFG_MISCSTAT_CLDORDY, CFG_MISCSTAT_CLDORDY) ||
        !wait_or_bypass(RADIO_STATUS1_CRYSTAL, RADIO_BYPASS_CRYSTAL)) {
        return false;
    }
    RADIO_DPLL2 = (uint8_t)(RADIO_DPLL2 & ~RADIO_DPLL2_OFF);
    return wait_or_bypass(RADIO_STATUS1_CRYSTAL | RADIO_STATUS1_PLL, RADIO_BYPASS_PLL);
}

/* With SYSKEY open. PB3DIV: its value after power-on is wrong, an erratum of all revisions. */
static bool switch_clock(void)
{
    CRU_SPLLCON = CRU_SPLLCON_64MHZ;
    CRU_OSCCON = CRU_OSCCON_TO_SPLL;
    CRU_OSCCON_SET = CRU_OSCCON_OSWEN;
    if (!wait_for(&CRU_OSCCON, CRU_OSCCON_OSWEN, 0)) {
        return false;
    }
    CRU_PB3DIV = CRU_PB3DIV_10;
    CRU_REFO1CON = CRU_REFO1CON_SPLL;
    CRU_REFO1CON_SET = CRU_REFO1CON_ON;
    CFG_PCLKGEN1 = CFG_PCLKGEN1_SERCOM0;
    return true;
}

bool wbz451_clock_init(void)
{
    bool done;

    if (!start_radio_pll()) {
        return false;
    }
    CFG_SYSKEY = 0;
    CFG_SYSKEY = WBZ451_UNLOCK_FIRST;
    CFG_SYSKEY = WBZ451_UNLOCK_SECOND;
    done = switch_clock();
    CFG_SYSKEY = WBZ451_SYSKEY_RELOCK;
    if (done) {
        RADIO_CONTROL1 |= RADIO_CONTROL1_STOCK;
        RADIO_CONTROL0 = RADIO_CONTROL0_STOCK;
    }
    return done;
}
