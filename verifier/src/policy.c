/*
 * What a device accepts: every rule over metadata and signatures, in the documented order.
 * Layer: policy, above attributes. Pure functions of configuration and bytes: the image never
 * chooses how it is checked.
 */
#include "policy.h"

#include <string.h>

#include "secure.h"

#define META_DEC_U32(metadata, FIELD) otav_load_u32((metadata) + OTAV_META_##FIELD##_OFF)

enum otav_err otav_config_check(const struct otav_config *config)
{
    const uint8_t all_roles = OTAV_ROLE_APPLICATION | OTAV_ROLE_BOOTLOADER | OTAV_ROLE_SECONDARY;

    if ((config->policy != OTAV_POLICY_STRICT && config->policy != OTAV_POLICY_STOCK) ||
        (config->device_class != OTAV_CLASS_PRODUCTION &&
         config->device_class != OTAV_CLASS_DEVELOPMENT) ||
        config->image_types == 0 || (config->image_types & ~all_roles) != 0 ||
        config->key_count == 0 || config->key_count > OTAV_KEY_MAX_COUNT ||
        (config->policy == OTAV_POLICY_STRICT && !config->has_identity)) {
        return OTAV_ERR_CONFIG;
    }
    for (uint8_t i = 0; i < config->key_count; i++) {
        const struct otav_key *key = &config->keys[i];

        if ((key->key_class != OTAV_CLASS_PRODUCTION && key->key_class != OTAV_CLASS_DEVELOPMENT) ||
            key->roles == 0 || (key->roles & ~all_roles) != 0) {
            return OTAV_ERR_CONFIG;
        }
    }
    return OTAV_OK;
}

/* ---- structure -------------------------------------------------------------------------------- */

static enum otav_err judge_length(const struct otav_config *config,
                                  const struct otav_transfer *transfer, uint32_t fw_len)
{
    uint32_t room = OTAV_SLOT_LEN - OTAV_META_LEN;

    if (transfer->encrypted) {
        room -= OTAV_BLOCK_LEN; /* stock services store the padding as well */
    }
    if (fw_len == 0 || fw_len > room || fw_len == OTAV_FW_LEN_FORBIDDEN) {
        return OTAV_ERR_FW_LENGTH;
    }
    if (config->policy != OTAV_POLICY_STOCK && fw_len % OTAV_BLOCK_LEN != 0) {
        return OTAV_ERR_FW_LENGTH;
    }
    return OTAV_OK;
}

static enum otav_err judge_structure(const struct otav_config *config,
                                     const struct otav_transfer *transfer, const uint8_t *metadata,
                                     uint16_t *ret_detail)
{
    uint8_t bad = otav_fields_check(otav_meta_fields, otav_meta_field_count, metadata);

    if (bad < otav_meta_field_count) {
        /* A filler, and those are the first rules: in an encrypted transfer the mark of a wrong key. */
        if (transfer->encrypted && otav_meta_fields[bad].type == OTAV_ZERO) {
            return OTAV_ERR_DECRYPT;
        }
        *ret_detail = otav_meta_fields[bad].offset;
        return OTAV_ERR_METADATA;
    }
    if (transfer->has_version && transfer->version != META_DEC_U32(metadata, FW_REVISION)) {
        return OTAV_ERR_HEADER_REVISION;
    }
    return judge_length(config, transfer, META_DEC_U32(metadata, FW_LEN));
}

static enum otav_err judge_method(const uint8_t *metadata, uint16_t *ret_detail)
{
    if (metadata[OTAV_META_AUTH_METHOD_OFF] != OTAV_METHOD_ECDSA) {
        *ret_detail = OTAV_META_AUTH_METHOD_OFF;
        return OTAV_ERR_METHOD;
    }
    if (metadata[OTAV_META_FW_AUTH_METHOD_OFF] != OTAV_METHOD_ECDSA) {
        *ret_detail = OTAV_META_FW_AUTH_METHOD_OFF;
        return OTAV_ERR_METHOD;
    }
    return OTAV_OK;
}

/* ---- metadata signature and key --------------------------------------------------------------- */

/* SHA-256 of metadata bytes 20..511 with the signature's length and bytes as zero. */
static enum otav_err hash_metadata(const struct otav_crypto *crypto,
                                   struct otav_sha256_state *state, const uint8_t *metadata,
                                   uint8_t ret_digest[OTAV_SHA256_LEN])
{
    uint8_t no_signature[OTAV_META_LEN - OTAV_META_SIG_LEN_OFF];
    enum otav_err err = OTAV_ERR_CRYPTO;

    memset(no_signature, 0, sizeof no_signature);
    if (crypto->sha256_begin(crypto->user, state) == OTAV_ACCEPT) {
        if (crypto->sha256_update(crypto->user, state, metadata + OTAV_META_SIGNED_OFF,
                                  OTAV_META_SIG_LEN_OFF - OTAV_META_SIGNED_OFF) == OTAV_ACCEPT &&
            crypto->sha256_update(crypto->user, state, no_signature, sizeof no_signature) ==
                OTAV_ACCEPT &&
            crypto->sha256_final(crypto->user, state, ret_digest) == OTAV_ACCEPT) {
            err = OTAV_OK;
        }
        crypto->sha256_end(crypto->user, state);
    }
    return err;
}

/* token when result is OTAV_ACCEPT, else another word. To be kept in a volatile variable and compared
 * as such: behind a comparison of the result the compiler would put a constant in the token's place,
 * and a jump over that comparison would be all it takes. */
static uint32_t token_of(uint32_t result, uint32_t token)
{
    return result ^ (OTAV_ACCEPT ^ token);
}

static enum otav_err judge_signature(const struct otav_config *config,
                                     const struct otav_crypto *crypto, const uint8_t *metadata,
                                     struct otav_sha256_state *state, struct otav_judgement *ret)
{
    uint8_t digest[OTAV_SHA256_LEN];
    uint8_t rs[OTAV_SIGNATURE_LEN];
    volatile uint32_t token = 0;
    uint8_t index;

    if (!otav_der_decode(metadata + OTAV_META_SIG_OFF, OTAV_META_SIG_LEN,
                         metadata[OTAV_META_SIG_LEN_OFF], rs)) {
        return OTAV_ERR_METADATA_SIGNATURE;
    }
    if (hash_metadata(crypto, state, metadata, digest) != OTAV_OK) {
        return OTAV_ERR_CRYPTO;
    }
    for (index = 0; index < config->key_count; index++) {
        token =
            token_of(crypto->ecdsa_p256_verify(crypto->user, config->keys[index].xy, digest, rs),
                     OTAV_TOKEN_METADATA);
        if (token == OTAV_TOKEN_METADATA) {
            break;
        }
    }
    if (index >= config->key_count || token != OTAV_TOKEN_METADATA) {
        return OTAV_ERR_METADATA_SIGNATURE;
    }
    ret->key_index = index;
    ret->token = token;
    return OTAV_OK;
}

static enum otav_err judge_key(const struct otav_config *config, uint8_t key_index)
{
    const struct otav_key *key = &config->keys[key_index];

    if (key->revoked) {
        return OTAV_ERR_KEY_REVOKED;
    }
    /* A damaged class counts as production. */
    if (config->device_class != OTAV_CLASS_DEVELOPMENT && key->key_class != OTAV_CLASS_PRODUCTION) {
        return OTAV_ERR_KEY_CLASS;
    }
    return OTAV_OK;
}

/* ---- attributes ------------------------------------------------------------------------------- */

static enum otav_err judge_attributes(const struct otav_config *config, const uint8_t *metadata,
                                      struct otav_attributes *ret, uint16_t *ret_detail)
{
    enum otav_err err =
        otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN,
                              config->policy != OTAV_POLICY_STOCK, ret, ret_detail);

    if (err != OTAV_OK) {
        return err;
    }
    for (uint16_t type = OTAV_ATTR_PRODUCT;
         config->policy != OTAV_POLICY_STOCK && type <= OTAV_ATTR_COUNTER; type++) {
        if (ret->value[type - 1] == NULL) {
            *ret_detail = type;
            return OTAV_ERR_ATTRIBUTE_MISSING;
        }
    }
    return OTAV_OK;
}

static enum otav_err judge_binding(const struct otav_transfer *transfer, const uint8_t *metadata,
                                   const struct otav_attributes *attributes)
{
    const uint8_t *binding = OTAV_ATTR_VALUE(attributes, BINDING);

    if (OTAV_ATTR_VALUE(attributes, ENCODING) != NULL && transfer->decoder == NULL &&
        !transfer->in_slot) {
        return OTAV_ERR_ENCODING;
    }
    if (binding == NULL) {
        return OTAV_OK;
    }
    if (otav_load_u32(binding + OTAV_BINDING_SEQUENCE_OFF) != META_DEC_U32(metadata, SEQUENCE)) {
        return OTAV_ERR_BINDING;
    }
    if (transfer->has_image_id &&
        otav_load_u32(binding + OTAV_BINDING_IMAGE_ID_OFF) != transfer->image_id) {
        return OTAV_ERR_BINDING;
    }
    return OTAV_OK;
}

/* ---- device ----------------------------------------------------------------------------------- */

static bool hardware_fits(const struct otav_config *config, const uint8_t *hardware)
{
    return config->has_identity &&
           otav_load_u32(hardware + OTAV_HARDWARE_CLASS_OFF) == config->hardware_class &&
           config->hardware_revision >= otav_load_u16(hardware + OTAV_HARDWARE_MIN_REVISION_OFF) &&
           config->hardware_revision <= otav_load_u16(hardware + OTAV_HARDWARE_MAX_REVISION_OFF);
}

static enum otav_err judge_device(const struct otav_config *config,
                                  const struct otav_transfer *transfer, const uint8_t *metadata,
                                  const struct otav_attributes *attributes, uint8_t key_index)
{
    const uint8_t *product = OTAV_ATTR_VALUE(attributes, PRODUCT);
    const uint8_t *hardware = OTAV_ATTR_VALUE(attributes, HARDWARE);
    const uint8_t *type = OTAV_ATTR_VALUE(attributes, IMAGE_TYPE);
    unsigned role = type == NULL ? OTAV_ROLE_APPLICATION : 1u << (type[0] - 1);

    if (product != NULL &&
        (!config->has_identity || memcmp(product, config->product, sizeof config->product) != 0)) {
        return OTAV_ERR_PRODUCT;
    }
    if (hardware != NULL && !hardware_fits(config, hardware)) {
        return OTAV_ERR_HARDWARE;
    }
    if ((config->image_types & role) == 0 || (config->keys[key_index].roles & role) == 0) {
        return OTAV_ERR_IMAGE_TYPE;
    }
    if (memcmp(metadata + OTAV_META_MANUFACTURER_OFF, config->manufacturer,
               sizeof config->manufacturer) != 0) {
        return OTAV_ERR_MANUFACTURER;
    }
    if (config->has_image_id && transfer->has_image_id && transfer->image_id != config->image_id) {
        return OTAV_ERR_IMAGE_ID;
    }
    return OTAV_OK;
}

/* ---- rollback --------------------------------------------------------------------------------- */

static uint32_t attribute_u32(const uint8_t *value)
{
    return value == NULL ? 0 : otav_load_u32(value);
}

static enum otav_err judge_rollback(const struct otav_config *config,
                                    const struct otav_transfer *transfer, const uint8_t *metadata,
                                    const struct otav_attributes *attributes)
{
    uint32_t installed = config->has_installed ? config->installed_version : 0;

    if (transfer->purpose != OTAV_BOOT) {
        if (config->has_installed && META_DEC_U32(metadata, FW_REVISION) <= installed) {
            return OTAV_ERR_VERSION;
        }
        if (installed < attribute_u32(OTAV_ATTR_VALUE(attributes, MIN_INSTALLED))) {
            return OTAV_ERR_MIN_INSTALLED;
        }
    }
    if (attribute_u32(OTAV_ATTR_VALUE(attributes, COUNTER)) < config->counter_floor) {
        return OTAV_ERR_COUNTER;
    }
    return OTAV_OK;
}

/* ---- all of it -------------------------------------------------------------------------------- */

/* What needs no crypto, before the signature. */
static enum otav_err judge_form(const struct otav_config *config,
                                const struct otav_transfer *transfer, const uint8_t *metadata,
                                uint16_t *ret_detail)
{
    enum otav_err err = judge_structure(config, transfer, metadata, ret_detail);

    return err == OTAV_OK ? judge_method(metadata, ret_detail) : err;
}

/* What needs no crypto, behind the signature. */
static enum otav_err judge_content(const struct otav_config *config,
                                   const struct otav_transfer *transfer, const uint8_t *metadata,
                                   uint8_t key_index, uint16_t *ret_detail)
{
    struct otav_attributes attributes;
    enum otav_err err = judge_key(config, key_index);

    if (err == OTAV_OK) {
        err = judge_attributes(config, metadata, &attributes, ret_detail);
    }
    if (err == OTAV_OK) {
        err = judge_binding(transfer, metadata, &attributes);
    }
    if (err == OTAV_OK) {
        err = judge_device(config, transfer, metadata, &attributes, key_index);
    }
    if (err == OTAV_OK) {
        err = judge_rollback(config, transfer, metadata, &attributes);
    }
    return err;
}

enum otav_err otav_policy_judge(const struct otav_config *config, const struct otav_crypto *crypto,
                                const struct otav_transfer *transfer,
                                const uint8_t metadata[OTAV_META_LEN],
                                struct otav_sha256_state *state, struct otav_judgement *ret,
                                uint16_t *ret_detail)
{
    struct otav_judgement judgement = {0xFF, META_DEC_U32(metadata, FW_LEN), 0};
    enum otav_err err = judge_form(config, transfer, metadata, ret_detail);

    /* A caller that skipped the loads of its arguments would have bytes of the image for callbacks. */
    if (otav_config_check(config) != OTAV_OK) {
        return OTAV_ERR_CONFIG;
    }
    if (err == OTAV_OK) {
        err = judge_signature(config, crypto, metadata, state, &judgement);
    }
    if (err == OTAV_OK) {
        err = judge_content(config, transfer, metadata, judgement.key_index, ret_detail);
    }
    if (err == OTAV_OK) {
        /* What the second look finds makes the token worthless, whatever becomes of the comparison. */
        judgement.token ^= otav_policy_recheck(config, transfer, metadata, judgement.key_index);
        judgement.token = otav_bind(judgement.token, crypto);
        *ret = judgement;
    }
    return err;
}

enum otav_err otav_policy_judge_firmware(const struct otav_config *config,
                                         const struct otav_crypto *crypto,
                                         const uint8_t metadata[OTAV_META_LEN], uint8_t key_index,
                                         const uint8_t digest[OTAV_SHA256_LEN], uint32_t *ret_token)
{
    uint8_t rs[OTAV_SIGNATURE_LEN];
    volatile uint32_t token;

    if (key_index >= config->key_count ||
        !otav_der_decode(metadata + OTAV_META_FW_SIG_OFF, OTAV_META_FW_SIG_LEN,
                         metadata[OTAV_META_FW_SIG_LEN_OFF], rs)) {
        return OTAV_ERR_FIRMWARE_SIGNATURE;
    }
    token =
        token_of(crypto->ecdsa_p256_verify(crypto->user, config->keys[key_index].xy, digest, rs),
                 OTAV_TOKEN_FIRMWARE);
    /* Before the comparison, which leaves the right token in a register. */
    *ret_token = otav_bind(token, crypto);
    return token == OTAV_TOKEN_FIRMWARE ? OTAV_OK : OTAV_ERR_FIRMWARE_SIGNATURE;
}
