/*
 * A verdict that trusts the state alone, in place of the verifier's: the campaign has to notice that
 * the tokens are no longer looked at.
 * Layer: test; freestanding, in the second self-test guest only (linked with --wrap).
 */
#include <otav/otav.h>

uint32_t __wrap_otav_verdict(const struct otav_context *ctx);

uint32_t __wrap_otav_verdict(const struct otav_context *ctx)
{
    return otav_get_state(ctx) == OTAV_VERIFIED || otav_get_state(ctx) == OTAV_COMMITTED
               ? OTAV_ACCEPT
               : OTAV_REJECT;
}
