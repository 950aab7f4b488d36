/*
 * Refusing published sample keys: wherever a key is used for signing or trusted, it goes through here.
 */
#include "key_policy.h"

#include <stddef.h>

#include "diag.h"
#include "pubkey.h"

enum ox key_policy_check(const char *name, const uint8_t xy[64], const struct key_options *options,
                         enum known_key *ret_known)
{
    const char *what = NULL;
    enum known_key known;
    uint8_t id[32];

    pubkey_id(xy, id);
    known = known_key_find(id, &what);
    if (known == KNOWN_KEY_SAMPLE && !options->allow_sample_key) {
        (void)diag_fail(OX_POLICY, "%s: this is %s, whose private half is published", name, what);
        diag_hint("anyone can sign with it; --allow-sample-key takes it all the same");
        return OX_POLICY;
    }
    if (ret_known != NULL) {
        *ret_known = known;
    }
    return OX_OK;
}
