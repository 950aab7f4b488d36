/*
 * The rules of policy.c a second time, in other words: a fault that disarms a check there, once or for
 * as long as the device runs, disarms none here.
 * Layer: policy. Guards: shares no instruction with the first judgement but those that read one record
 * of attributes; a unit of its own, so that no compiler concludes from the one what the other finds.
 */
#include "policy.h"

#include <string.h>

static uint32_t differ(const uint8_t a[4], const uint8_t b[4])
{
    return otav_load_u32(a) ^ otav_load_u32(b);
}

/* All ones when value is below floor, else 0. */
static uint32_t below(uint32_t value, uint32_t floor)
{
    return (uint32_t)(((uint64_t)value - floor) >> 32);
}

static uint32_t misfit_of_key(const struct otav_config *config, const struct otav_key *key)
{
    /* A product: either factor may be 0, the device's for every key, the key's for every device. */
    return (uint32_t)key->revoked | (uint32_t)((config->device_class ^ OTAV_CLASS_DEVELOPMENT) *
                                               (key->key_class ^ OTAV_CLASS_PRODUCTION));
}

static uint32_t misfit_of_product(const struct otav_config *config, const uint8_t *product)
{
    uint32_t misfit = !config->has_identity;

    for (unsigned i = 0; i < sizeof config->product; i += 4) {
        misfit |= differ(product + i, config->product + i);
    }
    return misfit;
}

static uint32_t misfit_of_hardware(const struct otav_config *config, const uint8_t *hardware)
{
    uint32_t revision = config->hardware_revision;

    return (uint32_t)!config->has_identity |
           (otav_load_u32(hardware + OTAV_HARDWARE_CLASS_OFF) ^ config->hardware_class) |
           below(revision, otav_load_u16(hardware + OTAV_HARDWARE_MIN_REVISION_OFF)) |
           below(otav_load_u16(hardware + OTAV_HARDWARE_MAX_REVISION_OFF), revision);
}

static uint32_t misfit_of_binding(const struct otav_transfer *transfer, const uint8_t *metadata,
                                  const uint8_t *binding)
{
    uint32_t misfit =
        differ(binding + OTAV_BINDING_SEQUENCE_OFF, metadata + OTAV_META_SEQUENCE_OFF);

    if (transfer->has_image_id) {
        misfit |= otav_load_u32(binding + OTAV_BINDING_IMAGE_ID_OFF) ^ transfer->image_id;
    }
    return misfit;
}

/* What is optional, or is so to the stock policy. */
static uint32_t misfit_of_attributes(const struct otav_config *config,
                                     const struct otav_transfer *transfer, const uint8_t *metadata,
                                     const struct otav_attributes *a)
{
    uint32_t misfit = 0;

    for (unsigned type = OTAV_ATTR_PRODUCT; type <= OTAV_ATTR_COUNTER; type++) {
        misfit |= a->value[type - 1] == NULL ? config->policy ^ OTAV_POLICY_STOCK : 0u;
    }
    if (OTAV_ATTR_VALUE(a, PRODUCT) != NULL) {
        misfit |= misfit_of_product(config, OTAV_ATTR_VALUE(a, PRODUCT));
    }
    if (OTAV_ATTR_VALUE(a, HARDWARE) != NULL) {
        misfit |= misfit_of_hardware(config, OTAV_ATTR_VALUE(a, HARDWARE));
    }
    if (OTAV_ATTR_VALUE(a, BINDING) != NULL) {
        misfit |= misfit_of_binding(transfer, metadata, OTAV_ATTR_VALUE(a, BINDING));
    }
    return misfit;
}

static uint32_t value_of(const uint8_t *value)
{
    return value == NULL ? 0 : otav_load_u32(value);
}

static uint32_t misfit_of_age(const struct otav_config *config,
                              const struct otav_transfer *transfer, const uint8_t *metadata,
                              const struct otav_attributes *a)
{
    uint32_t misfit = below(value_of(OTAV_ATTR_VALUE(a, COUNTER)), config->counter_floor);

    if (transfer->purpose != OTAV_BOOT) {
        uint32_t installed = config->has_installed ? config->installed_version : 0;

        misfit |= below(installed, value_of(OTAV_ATTR_VALUE(a, MIN_INSTALLED)));
        if (config->has_installed) {
            misfit |= ~below(installed, otav_load_u32(metadata + OTAV_META_FW_REVISION_OFF));
        }
    }
    return misfit;
}

/* Walks through the records of an area that was parsed before, and may have been parsed wrong. */
static void find_attributes(const uint8_t *area, struct otav_attributes *ret)
{
    struct otav_record record;
    uint16_t offset = 0;

    memset(ret, 0, sizeof *ret);
    while (otav_attributes_next(area, OTAV_META_ATTRIBUTES_LEN, &offset, &record)) {
        if (record.type - 1u < OTAV_ATTRIBUTE_ENFORCED_COUNT) {
            ret->value[record.type - 1u] = record.value;
        }
    }
}

uint32_t otav_policy_recheck(const struct otav_config *config, const struct otav_transfer *transfer,
                             const uint8_t metadata[OTAV_META_LEN], uint8_t key_index)
{
    const struct otav_key *key = &config->keys[key_index];
    struct otav_attributes attributes;
    const uint8_t *area = metadata + OTAV_META_ATTRIBUTES_OFF;
    const uint8_t *type;
    uint16_t detail;
    uint32_t misfit =
        otav_attributes_parse(area, OTAV_META_ATTRIBUTES_LEN, config->policy != OTAV_POLICY_STOCK,
                              &attributes, &detail) ^
        OTAV_OK;

    find_attributes(area, &attributes); /* not as parsed: both judgements would rest on that */
    type = OTAV_ATTR_VALUE(&attributes, IMAGE_TYPE);
    misfit |= (uint32_t)(metadata[OTAV_META_AUTH_METHOD_OFF] ^ OTAV_METHOD_ECDSA);
    misfit |= (uint32_t)(metadata[OTAV_META_FW_AUTH_METHOD_OFF] ^ OTAV_METHOD_ECDSA);
    misfit |= misfit_of_key(config, key);
    misfit |= misfit_of_attributes(config, transfer, metadata, &attributes);
    misfit |= misfit_of_age(config, transfer, metadata, &attributes);
    misfit |= ((config->image_types & key->roles) >> (type == NULL ? 0 : type[0] - 1) & 1) ^ 1;
    misfit |= differ(metadata + OTAV_META_MANUFACTURER_OFF, config->manufacturer);
    if (config->has_image_id && transfer->has_image_id) {
        misfit |= transfer->image_id ^ config->image_id;
    }
    return misfit;
}
