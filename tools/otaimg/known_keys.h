/*
 * Keys whose private half is public knowledge. Sample keys published by vendors are refused unless
 * --allow-sample-key is given; the test keys of this repository always count as development keys.
 */
#ifndef OTAIMG_KNOWN_KEYS_H
#define OTAIMG_KNOWN_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "exits.h"
#include "key_options.h"

enum known_key { KNOWN_KEY_NO, KNOWN_KEY_SAMPLE, KNOWN_KEY_DEVELOPMENT };

/* id = SHA-256 of the SubjectPublicKeyInfo; *ret_name (may be NULL) = what the key is. */
enum known_key known_key_find(const uint8_t id[32], const char **ret_name);

/* OX_POLICY, with a message that calls the key by source (URI or path), when id is that of a published
 * sample key and --allow-sample-key was not given. */
enum ox known_key_refuse_sample(const uint8_t id[32], const char *source,
                                const struct key_options *options);

/* The AES key that the stock generator uses unless told otherwise. */
bool known_aes_key(const uint8_t key[16]);

#endif
