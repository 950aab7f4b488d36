/*
 * A program of the board that does nothing by itself: the test calls the board's functions one by
 * one, behind C start-up. It is settled, so that it wakes up the short way.
 * Layer: test; freestanding.
 */
#include <otav/otav_error.h>

#include "cpu.h"
#include "driver_guest.h"
#include "wbz451.h"

static struct wbz451_icm icm;
static struct otav_sha256_state state;

/* What a test reads and writes. */
uint8_t guest_digest[OTAV_SHA256_LEN];
_Alignas(64) uint8_t guest_bytes[GUEST_BYTES_LEN];

_Noreturn void wbz451_main(void)
{
    for (;;) {
    }
}

uint32_t wbz451_settled(void)
{
    return OTAV_ACCEPT;
}

uint32_t guest_sha256(const uint8_t *bytes, size_t len, size_t piece_len)
{
    struct otav_crypto crypto;
    uint32_t result;

    wbz451_crypto_init(&icm, &crypto);
    result = crypto.sha256_begin(crypto.user, &state);
    for (size_t at = 0; result == OTAV_ACCEPT && at < len; at += piece_len) {
        size_t rest = len - at;

        result = crypto.sha256_update(crypto.user, &state, bytes + at,
                                      rest < piece_len ? rest : piece_len);
    }
    if (result == OTAV_ACCEPT) {
        result = crypto.sha256_final(crypto.user, &state, guest_digest);
    }
    crypto.sha256_end(crypto.user, &state);
    return result;
}

uint32_t guest_echo(uint32_t count)
{
    while (count > 0) {
        uint8_t byte;

        if (wbz451_uart_get(&byte)) {
            if (!wbz451_uart_put(byte)) {
                return 0;
            }
            count--;
        }
    }
    return 1;
}

void guest_poke(uint32_t address, uint32_t value)
{
    WBZ451_REG32(address) = value;
}

uint32_t guest_peek(uint32_t address)
{
    return WBZ451_REG32(address);
}

void guest_poke_short(uint32_t address, uint32_t value)
{
    WBZ451_REG16(address) = (uint16_t)value;
}

void guest_poke_byte(uint32_t address, uint32_t value)
{
    WBZ451_REG8(address) = (uint8_t)value;
}

void guest_jump(uint32_t address)
{
    ((void (*)(void))address)();
}

void guest_interrupts_on(void)
{
    cpu_interrupts_restore(0);
}
