/*
 * Operations of the flash controller that nobody asked whether they may be.
 * Layer: test; freestanding.
 */
#include "raw_flash.h"

#include "cpu.h"
#include "wbz451.h"

void guest_operate(uint32_t address, uint32_t operation)
{
    uint32_t primask = cpu_interrupts_off();

    NVM_CON_CLR = NVM_CON_WREN;
    NVM_CON_CLR = NVM_CON_OP_MASK;
    NVM_CON_SET = operation;
    NVM_CON_SET = NVM_CON_WREN;
    NVM_ADDR = address;
    NVM_KEY = 0;
    NVM_KEY = WBZ451_UNLOCK_FIRST;
    NVM_KEY = WBZ451_UNLOCK_SECOND;
    NVM_CON_SET = NVM_CON_WR;
    while ((NVM_CON & NVM_CON_WR) != 0) {
    }
    cpu_interrupts_restore(primask);
}
