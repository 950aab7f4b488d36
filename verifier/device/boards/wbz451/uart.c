/*
 * SERCOM0 as a polled UART.
 * Layer: board. Invariant: every wait ends; a byte that arrived with an error is never handed on.
 * spec: device pack, SERCOM USART with internal clock.
 */
#include "wbz451_board.h"
#include "wbz451_inferred.h"

static bool wait_synced(void)
{
    for (uint32_t i = 0; i < WBZ451_UART_POLLS; i++) {
        if (UART_SYNCBUSY == 0) {
            return true;
        }
    }
    return false;
}

static bool wait_flag(uint32_t flag)
{
    for (uint32_t i = 0; i < WBZ451_UART_POLLS; i++) {
        if ((UART_INTFLAG & flag) != 0) {
            return true;
        }
    }
    return false;
}

bool wbz451_uart_init(void)
{
    CFG_CON1_SET = CFG_CON1_SERCOM0_PADS;
    UART_CTRLA = UART_CTRLA_INTERNAL | UART_CTRLA_IBON | WBZ451_UART_TX_PADS | UART_CTRLA_RX_PAD1 |
                 UART_CTRLA_LSB_FIRST;
    UART_BAUD = WBZ451_UART_BAUD;
    UART_CTRLB = UART_CTRLB_TX_RX;
    if (!wait_synced()) {
        return false;
    }
    UART_CTRLA |= UART_CTRLA_ENABLE;
    return wait_synced();
}

bool wbz451_uart_put(uint8_t byte)
{
    if (!wait_flag(UART_INTFLAG_DRE)) {
        return false;
    }
    UART_DATA = byte;
    return true;
}

bool wbz451_uart_get(uint8_t *ret_byte)
{
    uint16_t errors;
    uint8_t byte;

    if ((UART_INTFLAG & UART_INTFLAG_RXC) == 0) {
        return false;
    }
    errors = UART_STATUS & UART_STATUS_ERRORS; /* of the byte that is read next */
    byte = (uint8_t)UART_DATA;
    if (errors != 0) {
        UART_STATUS = errors;
        return false;
    }
    *ret_byte = byte;
    return true;
}

void wbz451_uart_off(void)
{
    if ((UART_CTRLA & UART_CTRLA_ENABLE) == 0) {
        return;
    }
    (void)wait_flag(UART_INTFLAG_TXC); /* nothing was sent: the wait only costs its time */
    UART_CTRLA = 0;
    UART_BAUD = 0;
    UART_CTRLB = 0;
    (void)wait_synced();
    UART_INTENCLR = UART_INTENCLR_ALL;
}
