/*
 * A caller of the crypto alone.
 * Layer: test; freestanding. No part of the product, so not attacked: what a caller makes of the
 * answer is the matter of the other paths.
 */
#include <p256.h>

#include "callers.h"

__attribute__((noinline, section(".test"))) void caller_ecdsa(void)
{
    const struct guest_signature *s =
        (const struct guest_signature *)(const void *)GUEST_INPUT->image;

    if (otav_p256_verify(s->xy, s->digest, s->rs) == OTAV_ACCEPT) {
        accepted();
    }
}
