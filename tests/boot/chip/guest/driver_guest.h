/* What the driver tests call besides the board itself. */
#ifndef DRIVER_GUEST_H
#define DRIVER_GUEST_H

#include "raw_flash.h"
#include "wbz451_board.h"

enum { GUEST_BYTES_LEN = 0x10200 };

/* SHA-256 through the board's crypto port, in pieces, into guest_digest. */
uint32_t guest_sha256(const uint8_t *bytes, size_t len, size_t piece_len);
/* Sends count bytes back; 0 if one could not be sent. */
uint32_t guest_echo(uint32_t count);

/* One access to a register. */
void guest_poke(uint32_t address, uint32_t value);
uint32_t guest_peek(uint32_t address);
void guest_poke_short(uint32_t address, uint32_t value);
void guest_poke_byte(uint32_t address, uint32_t value);
void guest_jump(uint32_t address);
void guest_interrupts_on(void);

extern uint8_t guest_digest[];
extern uint8_t guest_bytes[];

#endif
