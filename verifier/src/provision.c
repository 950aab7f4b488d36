/*
 * The provisioning record, read and written. Layer: above policy, which says whether a configuration
 * makes sense; beside the path of an image. Invariant: decode takes exactly what encode writes, and
 * gives back exactly what encode was given.
 */
#include <otav/otav_provision.h>

#include <string.h>

#include "policy.h"
#include "secure.h"

#define FIELD_ROW(rec, id, off, len, type, rule, arg, name, meaning, source)                       \
    {(off), (len), OTAV_##type, OTAV_##rule, (arg)},

static const struct otav_field record_fields[] = {OTAV_PROVISION_FIELDS(FIELD_ROW)};
static const struct otav_field key_fields[] = {OTAV_PROVISION_KEY_FIELDS(FIELD_ROW)};

enum {
    RECORD_FIELD_COUNT = sizeof record_fields / sizeof record_fields[0],
    KEY_FIELD_COUNT = sizeof key_fields / sizeof key_fields[0],
    HEAD_FIELD_COUNT = 2 /* magic and version: they decide what the rest means */
};

_Static_assert(OTAV_PROVISION_KEYS_LEN == OTAV_KEY_MAX_COUNT * OTAV_PROVISION_KEY_LEN, "keys");
_Static_assert(OTAV_PROVISION_SHA256_OFF + OTAV_SHA256_LEN == OTAV_PROVISION_LEN, "length");
_Static_assert(OTAV_PROVISION_LEN % OTAV_UNIT_LEN == 0, "whole program units");

static enum otav_err hash_record(const struct otav_crypto *crypto, const uint8_t *bytes,
                                 uint8_t ret_digest[OTAV_SHA256_LEN])
{
    struct otav_sha256_state state;
    enum otav_err err = OTAV_ERR_CRYPTO;

    if (crypto->sha256_begin(crypto->user, &state) == OTAV_ACCEPT) {
        if (crypto->sha256_update(crypto->user, &state, bytes, OTAV_PROVISION_SHA256_OFF) ==
                OTAV_ACCEPT &&
            crypto->sha256_final(crypto->user, &state, ret_digest) == OTAV_ACCEPT) {
            err = OTAV_OK;
        }
        crypto->sha256_end(crypto->user, &state);
    }
    return err;
}

/* Keys stand stride bytes apart, in a record and in a configuration. */
static bool has_key_twice(const uint8_t *first, size_t stride, uint8_t count)
{
    for (uint8_t i = 1; i < count; i++) {
        for (uint8_t k = 0; k < i; k++) {
            if (memcmp(first + i * stride, first + k * stride, OTAV_PUBLIC_KEY_LEN) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* ---- decode ----------------------------------------------------------------------------------- */

static const uint8_t *key_at(const uint8_t *bytes, uint8_t index)
{
    return bytes + OTAV_PROVISION_KEYS_OFF + (size_t)index * OTAV_PROVISION_KEY_LEN;
}

static bool keys_ok(const uint8_t *bytes)
{
    uint8_t count = bytes[OTAV_PROVISION_KEY_COUNT_OFF];

    for (uint8_t i = 0; i < count; i++) {
        if (otav_fields_check(key_fields, KEY_FIELD_COUNT, key_at(bytes, i)) < KEY_FIELD_COUNT) {
            return false;
        }
    }
    return !has_key_twice(key_at(bytes, 0), OTAV_PROVISION_KEY_LEN, count) &&
           otav_bytes_are(key_at(bytes, count), 0,
                          (size_t)(OTAV_KEY_MAX_COUNT - count) * OTAV_PROVISION_KEY_LEN, 0);
}

/* Hardware revision, hardware class and product are neighbours. */
static bool identity_ok(const uint8_t *bytes)
{
    if (bytes[OTAV_PROVISION_HAS_IDENTITY_OFF] != 0) {
        return true;
    }
    return bytes[OTAV_PROVISION_POLICY_OFF] == OTAV_POLICY_STOCK &&
           otav_bytes_are(bytes, OTAV_PROVISION_HARDWARE_REVISION_OFF,
                          OTAV_PROVISION_MANUFACTURER_OFF, 0);
}

static bool decrypt_key_ok(const uint8_t *bytes)
{
    return bytes[OTAV_PROVISION_HAS_DECRYPT_KEY_OFF] != 0 ||
           otav_bytes_are(bytes, OTAV_PROVISION_DECRYPT_KEY_OFF,
                          OTAV_PROVISION_DECRYPT_IV_OFF + OTAV_PROVISION_DECRYPT_IV_LEN, 0);
}

static enum otav_err check_record(const uint8_t *bytes, const struct otav_crypto *crypto)
{
    uint8_t digest[OTAV_SHA256_LEN];

    if (otav_bytes_are(bytes, 0, OTAV_PROVISION_LEN, 0xFF) ||
        otav_bytes_are(bytes, 0, OTAV_PROVISION_LEN, 0)) {
        return OTAV_ERR_NOT_PROVISIONED;
    }
    if (otav_fields_check(record_fields, HEAD_FIELD_COUNT, bytes) < HEAD_FIELD_COUNT) {
        return OTAV_ERR_PROVISION;
    }
    if (hash_record(crypto, bytes, digest) != OTAV_OK) {
        return OTAV_ERR_CRYPTO;
    }
    if (memcmp(digest, bytes + OTAV_PROVISION_SHA256_OFF, sizeof digest) != 0) {
        return OTAV_ERR_PROVISION_DIGEST;
    }
    if (otav_fields_check(record_fields, RECORD_FIELD_COUNT, bytes) < RECORD_FIELD_COUNT ||
        !keys_ok(bytes) || !identity_ok(bytes) || !decrypt_key_ok(bytes)) {
        return OTAV_ERR_PROVISION;
    }
    return OTAV_OK;
}

static void read_key(const uint8_t *bytes, struct otav_key *ret)
{
    memcpy(ret->xy, bytes + OTAV_PROVISION_KEY_XY_OFF, sizeof ret->xy);
    ret->key_class = bytes[OTAV_PROVISION_KEY_CLASS_OFF];
    ret->roles = bytes[OTAV_PROVISION_KEY_ROLES_OFF];
}

enum otav_err otav_provision_decode(const uint8_t bytes[OTAV_PROVISION_LEN],
                                    const struct otav_crypto *crypto, struct otav_config *ret)
{
    enum otav_err err = check_record(bytes, crypto);

    if (err != OTAV_OK) {
        return err;
    }
    memset(ret, 0, sizeof *ret);
    ret->policy = bytes[OTAV_PROVISION_POLICY_OFF];
    ret->device_class = bytes[OTAV_PROVISION_DEVICE_CLASS_OFF];
    ret->image_types = OTAV_ROLE_APPLICATION;
    ret->key_count = bytes[OTAV_PROVISION_KEY_COUNT_OFF];
    for (uint8_t i = 0; i < ret->key_count; i++) {
        read_key(key_at(bytes, i), &ret->keys[i]);
    }
    ret->has_identity = bytes[OTAV_PROVISION_HAS_IDENTITY_OFF] != 0;
    memcpy(ret->product, bytes + OTAV_PROVISION_PRODUCT_OFF, sizeof ret->product);
    ret->hardware_class = otav_load_u32(bytes + OTAV_PROVISION_HARDWARE_CLASS_OFF);
    ret->hardware_revision = otav_load_u16(bytes + OTAV_PROVISION_HARDWARE_REVISION_OFF);
    memcpy(ret->manufacturer, bytes + OTAV_PROVISION_MANUFACTURER_OFF, sizeof ret->manufacturer);
    ret->has_decrypt_key = bytes[OTAV_PROVISION_HAS_DECRYPT_KEY_OFF] != 0;
    memcpy(ret->decrypt_key, bytes + OTAV_PROVISION_DECRYPT_KEY_OFF, sizeof ret->decrypt_key);
    memcpy(ret->decrypt_iv, bytes + OTAV_PROVISION_DECRYPT_IV_OFF, sizeof ret->decrypt_iv);
    return OTAV_OK;
}

/* ---- encode ----------------------------------------------------------------------------------- */

/* Whether the record can hold all of it. */
static bool fits_record(const struct otav_config *config)
{
    if (config->image_types != OTAV_ROLE_APPLICATION || config->has_image_id ||
        config->has_installed || config->counter_floor != 0) {
        return false;
    }
    for (uint8_t i = 0; i < config->key_count; i++) {
        if (config->keys[i].revoked) {
            return false;
        }
    }
    return !has_key_twice(config->keys[0].xy, sizeof config->keys[0], config->key_count);
}

static void write_keys(const struct otav_config *config, uint8_t *bytes)
{
    for (uint8_t i = 0; i < config->key_count; i++) {
        uint8_t *key = bytes + OTAV_PROVISION_KEYS_OFF + (size_t)i * OTAV_PROVISION_KEY_LEN;

        memcpy(key + OTAV_PROVISION_KEY_XY_OFF, config->keys[i].xy, OTAV_PUBLIC_KEY_LEN);
        key[OTAV_PROVISION_KEY_CLASS_OFF] = config->keys[i].key_class;
        key[OTAV_PROVISION_KEY_ROLES_OFF] = config->keys[i].roles;
    }
}

static void write_record(const struct otav_config *config, uint8_t *bytes)
{
    memset(bytes, 0, OTAV_PROVISION_LEN);
    otav_fields_init(record_fields, RECORD_FIELD_COUNT, bytes);
    bytes[OTAV_PROVISION_POLICY_OFF] = config->policy;
    bytes[OTAV_PROVISION_DEVICE_CLASS_OFF] = config->device_class;
    bytes[OTAV_PROVISION_KEY_COUNT_OFF] = config->key_count;
    write_keys(config, bytes);
    if (config->has_identity) {
        bytes[OTAV_PROVISION_HAS_IDENTITY_OFF] = 1;
        otav_store_u16(bytes + OTAV_PROVISION_HARDWARE_REVISION_OFF, config->hardware_revision);
        otav_store_u32(bytes + OTAV_PROVISION_HARDWARE_CLASS_OFF, config->hardware_class);
        memcpy(bytes + OTAV_PROVISION_PRODUCT_OFF, config->product, sizeof config->product);
    }
    memcpy(bytes + OTAV_PROVISION_MANUFACTURER_OFF, config->manufacturer,
           sizeof config->manufacturer);
    if (config->has_decrypt_key) {
        bytes[OTAV_PROVISION_HAS_DECRYPT_KEY_OFF] = 1;
        memcpy(bytes + OTAV_PROVISION_DECRYPT_KEY_OFF, config->decrypt_key,
               sizeof config->decrypt_key);
        memcpy(bytes + OTAV_PROVISION_DECRYPT_IV_OFF, config->decrypt_iv,
               sizeof config->decrypt_iv);
    }
}

enum otav_err otav_provision_encode(const struct otav_config *config,
                                    const struct otav_crypto *crypto,
                                    uint8_t ret_bytes[OTAV_PROVISION_LEN])
{
    if (otav_config_check(config) != OTAV_OK || !fits_record(config)) {
        return OTAV_ERR_CONFIG;
    }
    write_record(config, ret_bytes);
    if (hash_record(crypto, ret_bytes, ret_bytes + OTAV_PROVISION_SHA256_OFF) != OTAV_OK) {
        otav_wipe(ret_bytes, OTAV_PROVISION_LEN);
        return OTAV_ERR_CRYPTO;
    }
    return OTAV_OK;
}
