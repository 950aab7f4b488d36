/*
 * Workload: what a bootloader does with a slot, and everything that takes: parser, policy, attributes,
 * both signatures, both answers. The bytes are a struct otav_config, the slot, and room for the
 * context, which must be zeros. The verdict goes to the first word of the result.
 * Layer: test; freestanding.
 */
#include <otav/otav.h>
#include <otav/otav_soft.h>

#include "io.h"

static uint32_t read_slot(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    const volatile uint8_t *slot = user; /* no memcpy(): it counts for the verifier */

    for (size_t i = 0; i < len; i++) {
        ret_bytes[i] = slot[offset + i];
    }
    return OTAV_ACCEPT;
}

void workload(struct measure_io *io)
{
    const struct otav_flash flash = {.user = io->bytes + MEASURE_SLOT_OFF, .read = read_slot};
    struct otav_context *ctx = (void *)(io->bytes + MEASURE_CONTEXT_OFF);
    const struct otav_config *config = (const void *)io->bytes;

    if (otav_verify_slot(ctx, config, &otav_crypto_soft_no_aes, &flash, OTAV_BOOT) == OTAV_OK) {
        *(uint32_t *)(void *)io->result = otav_verdict(ctx);
    }
}
