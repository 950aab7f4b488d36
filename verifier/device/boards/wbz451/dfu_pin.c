/*
 * The pin that asks for serial DFU.
 * Layer: board. Invariant: the port is left as it was; one disturbed look is not enough.
 */
#include "wbz451_board.h"
#include "wbz451_inferred.h"

/* Low after a while; always false without a pin. */
static bool is_low(void)
{
    uint32_t pins = 0;

    for (uint32_t i = 0; i < WBZ451_DFU_PIN_READS; i++) {
        pins = GPIOB_PORT;
    }
    return (~pins & WBZ451_DFU_PIN) != 0;
}

bool wbz451_dfu_pin(void)
{
    uint32_t analog = GPIOB_ANSEL & WBZ451_DFU_PIN;
    bool held;

    GPIOB_ANSEL_CLR = WBZ451_DFU_PIN;
    GPIOB_CNPU_SET = WBZ451_DFU_PIN;
    held = is_low();
    held = is_low() && held;
    GPIOB_CNPU_CLR = WBZ451_DFU_PIN;
    GPIOB_ANSEL_SET = analog;
    return held;
}
