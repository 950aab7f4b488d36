/*
 * A device reduced to its decision: takes the image that lies in the input and runs into accepted()
 * or refused(). This file is the platform: start and flash.
 * Layer: test; freestanding. Everything from guest_main() on is attacked, as is the verifier.
 */
#include "callers.h"

#include <string.h>

#define SLOT  ((const uint8_t *)GUEST_SLOT_ADDRESS)
#define FLASH ((volatile struct guest_flash *)GUEST_FLASH_ADDRESS)

extern uint8_t guest_stack_end[];
extern uint8_t guest_bss_start[];
extern uint8_t guest_bss_end[];

void guest_main(void);
void guest_reset(void);

struct otav_context guest_ctx;

/* ---- where it ends ---------------------------------------------------------------------------- */

/* The machine stops at the first instruction of either. They stand in sections of their own, which
 * the linker script keeps away from all other code: running over the end of a function is no call. */
__attribute__((noinline, section(".verdict.accepted"))) void accepted(void)
{
    for (;;) {
    }
}

__attribute__((noinline, section(".verdict.refused"))) void refused(void)
{
    for (;;) {
    }
}

/* ---- flash ------------------------------------------------------------------------------------ */

static uint32_t flash_read(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    (void)user;
    memcpy(ret_bytes, SLOT + offset, len);
    return OTAV_ACCEPT;
}

static uint32_t flash_erase(void *user, uint32_t offset, size_t len)
{
    (void)user;
    (void)len; /* the verifier erases page by page */
    FLASH->offset = offset;
    FLASH->command = GUEST_FLASH_ERASE;
    return FLASH->done == 1 ? OTAV_ACCEPT : OTAV_REJECT;
}

static uint32_t flash_program(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)user;
    for (size_t i = 0; i < len; i += OTAV_UNIT_LEN) {
        FLASH->offset = offset + (uint32_t)i;
        for (unsigned k = 0; k < 4; k++) {
            FLASH->unit[k] = otav_load_u32(bytes + i + 4 * k);
        }
        FLASH->command = GUEST_FLASH_PROGRAM;
        if (FLASH->done != 1) {
            return OTAV_REJECT;
        }
    }
    return OTAV_ACCEPT;
}

const struct otav_flash guest_flash_port = {NULL, flash_read, flash_erase, flash_program, NULL};

/* ---- start ------------------------------------------------------------------------------------ */

/* The campaign starts at the first instruction of this function. */
__attribute__((noinline)) void guest_main(void)
{
    switch (GUEST_INPUT->path) {
    case PATH_INSTALL:
        caller_install();
        break;
    case PATH_CARELESS:
        caller_careless();
        break;
    case PATH_BOOT:
        caller_boot();
        break;
    case PATH_ECDSA:
        caller_ecdsa();
        break;
    }
    refused();
}

void guest_reset(void)
{
    memset(guest_bss_start, 0, (size_t)(guest_bss_end - guest_bss_start));
    guest_main();
    __builtin_trap(); /* a skipped call of refused() ends here */
}

__attribute__((section(".vectors"), used)) static const struct {
    uint8_t *stack_end;
    void (*reset)(void);
} vectors = {guest_stack_end, guest_reset};
