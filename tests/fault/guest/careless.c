/*
 * A caller of the verifier that ignores what it is told.
 * Layer: test; freestanding.
 */
#include "callers.h"

/* Looks at no result: what ends up in the slot is up to otav_commit() alone. */
void caller_careless(void)
{
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};

    (void)otav_open(&guest_ctx, &GUEST_INPUT->config, &GUEST_CRYPTO, &guest_flash_port, &transfer);
    (void)otav_feed(&guest_ctx, GUEST_INPUT->image, GUEST_INPUT->image_len);
    (void)otav_finish(&guest_ctx);
    (void)otav_commit(&guest_ctx);
}
