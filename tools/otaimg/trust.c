/*
 * Verifying a file against what the command line names.
 */
#include "trust.h"

#include <string.h>

#include <otav/otav_attributes.h>

#include "device_file.h"
#include "diag.h"
#include "file_check.h"
#include "known_keys.h"

enum ox trust_from_args(const struct args *args, struct trust *ret)
{
    bool none = args_has(args, "allow-insecure");

    *ret = (struct trust){.device_path = args_value(args, "device"),
                          .key_uri = args_value(args, "verify-key"),
                          .purpose = OTAV_INSTALL};
    if (ret->device_path != NULL && ret->key_uri != NULL) {
        return diag_fail(OX_USAGE, "'--device' and '--verify-key' exclude each other");
    }
    if (ret->device_path == NULL && ret->key_uri == NULL) {
        if (!none) {
            return diag_fail(OX_USAGE,
                             "nothing to verify against, expected --device DEVICE.yaml or "
                             "--verify-key URI");
        }
        ret->none = true;
    }
    return OX_OK;
}

static enum ox tell_own_revocation(const struct trust *trust, const char *path, unsigned key)
{
    if (trust->own_revocation == OWN_REVOCATION_WARN) {
        diag_warn(
            "%s: 'revoke-keys' names key %u of %s, which signed it: the device keeps that key",
            path, key, trust->device_path);
        return OX_OK;
    }
    return diag_fail(OX_POLICY,
                     "%s: 'revoke-keys' names key %u of %s, which signs it and would be kept, "
                     "expected other keys, or another one that signs",
                     path, key, trust->device_path);
}

/* The verdict is about the image: which keys to keep, a device decides after the update. */
static enum ox check_revocation(const struct trust *trust, const struct ota_file *file,
                                const struct otav_config *config, unsigned key)
{
    uint8_t metadata[OTAV_META_LEN];
    struct otav_attributes attributes;
    const uint8_t *mask;
    uint16_t at;
    enum ox ox;

    if (trust->own_revocation == OWN_REVOCATION_IGNORE) {
        return OX_OK;
    }
    ox = ota_file_metadata(file, metadata);
    if (ox != OX_OK ||
        otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN,
                              config->policy != OTAV_POLICY_STOCK, &attributes, &at) != OTAV_OK) {
        return ox;
    }
    mask = OTAV_ATTR_VALUE(&attributes, REVOKE_KEYS);
    return mask != NULL && (otav_load_u32(mask) & 1u << key) != 0
               ? tell_own_revocation(trust, file->source.path, key)
               : OX_OK;
}

static enum ox check_device(const struct trust *trust, struct ota_file *file,
                            const struct key_options *keys, uint8_t ret_id[32])
{
    struct file_question question;
    struct device_file device;
    uint8_t key_index = 0;
    enum ox ox = device_file_load(trust->device_path, keys, &device);

    if (ox != OX_OK) {
        return ox;
    }
    if (file->cipher == NULL && file->err == OTAV_OK && file->file.encrypted &&
        device.decrypt_key_uri != NULL) {
        memcpy(file->iv, device.config.decrypt_iv, sizeof file->iv);
        ox = cipher_open(device.decrypt_key_uri, keys, &file->cipher);
    }
    question =
        (struct file_question){&device.config, (enum otav_purpose)trust->purpose, device.inflates};
    if (ox == OX_OK && trust->device_crypto) {
        ox = check_device_crypto(file, &question);
    }
    if (ox == OX_OK) {
        ox = check_file(file, &question, &key_index);
    }
    if (ox == OX_OK) {
        ox = check_revocation(trust, file, &device.config, key_index);
    }
    if (ox == OX_OK && ret_id != NULL) {
        pubkey_id(device.config.keys[key_index].xy, ret_id);
    }
    device_file_free(&device);
    return ox;
}

static enum ox check_key(const struct trust *trust, const struct ota_file *file,
                         const struct key_options *keys, uint8_t ret_id[32])
{
    uint8_t xy[PUBKEY_LEN];
    uint8_t id[32];
    enum ox ox = pubkey_load(trust->key_uri, keys, xy);

    if (ox == OX_OK) {
        pubkey_id(xy, id);
        ox = known_key_refuse_sample(id, trust->key_uri, keys);
    }
    if (ox == OX_OK) {
        ox = check_authentic(file, xy);
    }
    if (ox == OX_OK && ret_id != NULL) {
        memcpy(ret_id, id, sizeof id);
    }
    return ox;
}

enum ox trust_check(const struct trust *trust, struct ota_file *file,
                    const struct key_options *keys, uint8_t ret_id[32])
{
    enum ox ox;

    if (trust->device_path != NULL) {
        return check_device(trust, file, keys, ret_id);
    }
    ox = ota_file_require_readable(file);
    if (ox != OX_OK) {
        return ox;
    }
    if (trust->key_uri != NULL) {
        return check_key(trust, file, keys, ret_id);
    }
    if (ret_id != NULL) {
        memset(ret_id, 0, 32);
    }
    return check_unsigned(file);
}
