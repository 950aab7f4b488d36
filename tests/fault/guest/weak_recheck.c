/*
 * A second look at the rules that sees nothing, in place of the verifier's: the campaign has to notice
 * that every rule is left to one piece of code.
 * Layer: test; freestanding, in the third self-test guest only (linked with --wrap).
 */
#include "../../../verifier/src/policy.h"

uint32_t __wrap_otav_policy_recheck(const struct otav_config *config,
                                    const struct otav_transfer *transfer,
                                    const uint8_t metadata[OTAV_META_LEN], uint8_t key_index);

uint32_t __wrap_otav_policy_recheck(const struct otav_config *config,
                                    const struct otav_transfer *transfer,
                                    const uint8_t metadata[OTAV_META_LEN], uint8_t key_index)
{
    (void)config;
    (void)transfer;
    (void)metadata;
    (void)key_index;
    return 0;
}
