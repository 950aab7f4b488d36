/*
 * SERCOM0 as a UART with a wire of queues. Layer: test, host. spec: device pack, SERCOM USART.
 */
#include "chip_model.h"

enum {
    CTRLA = 0x00,
    CTRLB = 0x04,
    BAUD = 0x0C,
    INTENCLR = 0x14,
    INTFLAG = 0x18,
    STATUS = 0x1A,
    SYNCBUSY = 0x1C,
    DATA = 0x28
};

#define ENABLE        2u
#define DRE           1u
#define TXC           2u
#define RXC           4u
#define CON1          (0x10 / 4)
#define CON1_PADS     (1u << 17)
#define PCLKGEN1      (0x60 / 4)
#define PCLKGEN1_MASK 0xF000u
#define PCLKGEN1_REFO 0x9000u
#define REFO_ON       0x8000u
#define BAUD_115200   63648u

static bool push(struct queue *q, uint8_t byte)
{
    if (q->count == QUEUE_LEN) {
        return false;
    }
    q->bytes[(q->head + q->count++) % QUEUE_LEN] = byte;
    return true;
}

static bool pop(struct queue *q, uint8_t *ret)
{
    if (q->count == 0) {
        return false;
    }
    *ret = q->bytes[q->head];
    q->head = (q->head + 1) % QUEUE_LEN;
    q->count--;
    return true;
}

void chip_uart_send(struct chip *c, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        (void)push(&c->uart.in, ((const uint8_t *)bytes)[i]);
    }
}

size_t chip_uart_receive(struct chip *c, void *ret_bytes, size_t max_len)
{
    size_t len = 0;

    while (len < max_len && pop(&c->uart.out, (uint8_t *)ret_bytes + len)) {
        len++;
    }
    return len;
}

static void write_ctrla(struct chip *c, uint32_t value)
{
    const uint32_t *cfg = c->parts.cfg;

    if ((value & ENABLE) != 0 && (c->uart.ctrla & ENABLE) == 0 &&
        (!chip_is_fast(c) || (cfg[PCLKGEN1] & PCLKGEN1_MASK) != PCLKGEN1_REFO ||
         (c->parts.refo1con & REFO_ON) == 0 || (cfg[CON1] & CON1_PADS) == 0 ||
         c->uart.baud != BAUD_115200 || (value & ~ENABLE) != 0x40100104u)) {
        chip_broken_rule(c, "UART enabled without clock, pads, speed or frame");
    }
    c->uart.ctrla = value;
    c->uart.polls = c->settings.busy_polls;
}

static void write_data(struct chip *c, uint32_t value)
{
    if ((c->uart.ctrla & ENABLE) == 0 || c->uart.polls != 0) {
        chip_broken_rule(c, "byte to a UART that does not take one");
    }
    (void)push(&c->uart.out, (uint8_t)value);
    c->uart.sent = true;
    c->uart.polls = c->settings.busy_polls;
}

void chip_uart_write(struct chip *c, uint32_t offset, unsigned len, uint32_t value)
{
    (void)len;
    switch (offset) {
    case CTRLA:
        write_ctrla(c, value);
        break;
    case CTRLB:
        c->uart.ctrlb = value;
        break;
    case BAUD:
        c->uart.baud = value;
        break;
    case DATA:
        write_data(c, value);
        break;
    case INTENCLR:
    case STATUS:
        break;
    default:
        chip_fault(c, "write to SERCOM0+0x%x", offset);
    }
}

/* Looks that find nothing to read; one that ends the run is repeated by the next. */
static void count_quiet(struct chip *c)
{
    c->uart.quiet_polls = c->uart.in.count > 0 ? 0 : c->uart.quiet_polls + 1;
    if (c->settings.quiet_polls != 0 && c->uart.quiet_polls == c->settings.quiet_polls) {
        c->uart.quiet_polls = 0;
        chip_end_run(c, CHIP_QUIET);
    }
}

static uint32_t flags(struct chip *c)
{
    bool ready = chip_passed(&c->uart.polls);

    count_quiet(c);
    if ((c->uart.ctrla & ENABLE) == 0) {
        return 0;
    }
    return (ready ? DRE | (c->uart.sent ? TXC : 0u) : 0u) | (c->uart.in.count > 0 ? RXC : 0u);
}

static uint32_t read_data(struct chip *c)
{
    uint8_t byte = 0;

    if (!pop(&c->uart.in, &byte)) {
        chip_broken_rule(c, "byte read from a UART that has none");
    }
    return byte;
}

uint32_t chip_uart_read(struct chip *c, uint32_t offset, unsigned len)
{
    (void)len;
    switch (offset) {
    case CTRLA:
        return c->uart.ctrla;
    case INTFLAG:
        return flags(c);
    case STATUS:
        return 0;
    case SYNCBUSY:
        return chip_passed(&c->uart.polls) ? 0 : ENABLE;
    case DATA:
        return read_data(c);
    default:
        chip_fault(c, "read of SERCOM0+0x%x", offset);
        return 0;
    }
}
