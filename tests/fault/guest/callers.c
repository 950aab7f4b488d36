/*
 * Callers of the verifier as its documentation asks for them.
 * Layer: test; freestanding.
 */
#include "callers.h"

void caller_install(void)
{
    const struct otav_transfer transfer = {
        .purpose = OTAV_INSTALL, .has_len = true, .len = GUEST_INPUT->image_len};

    if (otav_open(&guest_ctx, &GUEST_INPUT->config, &GUEST_CRYPTO, &guest_flash_port, &transfer) ==
            OTAV_OK &&
        otav_feed(&guest_ctx, GUEST_INPUT->image, GUEST_INPUT->image_len) == OTAV_OK &&
        otav_finish(&guest_ctx) == OTAV_OK && otav_verdict(&guest_ctx) == OTAV_ACCEPT &&
        otav_commit(&guest_ctx) == OTAV_OK && otav_verdict(&guest_ctx) == OTAV_ACCEPT) {
        accepted();
    }
}

void caller_boot(void)
{
    if (otav_verify_slot(&guest_ctx, &GUEST_INPUT->config, &GUEST_CRYPTO, &guest_flash_port,
                         OTAV_BOOT) == OTAV_OK &&
        otav_verdict(&guest_ctx) == OTAV_ACCEPT) {
        accepted();
    }
}
