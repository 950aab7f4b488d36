/*
 * Callers with a hole that the campaign has to find: one comparison stands between a bad image and
 * its start.
 * Layer: test; freestanding, in the first self-test guest only.
 */
#include "callers.h"

void caller_install(void)
{
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};

    (void)otav_open(&guest_ctx, &GUEST_INPUT->config, &GUEST_CRYPTO, &guest_flash_port, &transfer);
    (void)otav_feed(&guest_ctx, GUEST_INPUT->image, GUEST_INPUT->image_len);
    if (otav_finish(&guest_ctx) == OTAV_OK) {
        (void)otav_commit(&guest_ctx);
        accepted();
    }
}

void caller_boot(void)
{
    if (otav_verify_slot(&guest_ctx, &GUEST_INPUT->config, &GUEST_CRYPTO, &guest_flash_port,
                         OTAV_BOOT) == OTAV_OK) {
        accepted();
    }
}
