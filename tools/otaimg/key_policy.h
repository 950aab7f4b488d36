/* Refusing published sample keys, in one place and one wording. */
#ifndef OTAIMG_KEY_POLICY_H
#define OTAIMG_KEY_POLICY_H

#include <stdint.h>

#include "exits.h"
#include "key_options.h"
#include "known_keys.h"

/* OX_POLICY for a published sample key unless options allow it. name: what the user called the key.
 * *ret_known (may be NULL) = what the key is known as. */
enum ox key_policy_check(const char *name, const uint8_t xy[64], const struct key_options *options,
                         enum known_key *ret_known);

#endif
