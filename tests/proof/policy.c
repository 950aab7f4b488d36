/*
 * What Eva runs the policy on: every metadata, every transfer, every configuration that
 * otav_config_check() takes, every answer of the crypto port. Attributes and signatures are what
 * parser.c is about; here they are functions that may give whatever those may give.
 * Layer: proof; never linked.
 */
#include "../../verifier/src/policy.c"
#include "../../verifier/src/recheck.c"

#include <otav/otav_attributes.h>

#include "ports.h"

/* The value of an image type, once parsed; other values may be anything at any place of the area. */
static uint8_t image_type[4];

/* NULL: absent */
static const uint8_t *any_value(const uint8_t *area, size_t area_len, unsigned type)
{
    const uint8_t *value =
        area + Frama_C_size_t_interval(OTAV_AREA_LEN + OTAV_RECORD_HEAD_LEN, area_len);

    if (type == OTAV_ATTR_IMAGE_TYPE) {
        image_type[0] = (uint8_t)Frama_C_interval(1, 3);
        value = image_type;
    }
    return any_bool() ? value : NULL;
}

enum otav_err otav_attributes_parse(const uint8_t *area, size_t area_len, bool rest_must_be_zero,
                                    struct otav_attributes *ret, uint16_t *ret_offset)
{
    if (rest_must_be_zero && any_bool()) {
        *ret_offset = (uint16_t)Frama_C_interval(0, OTAV_META_ATTRIBUTES_LEN);
        return any_bool() ? OTAV_ERR_ATTRIBUTES : OTAV_ERR_ATTRIBUTE_UNKNOWN;
    }
    /*@ loop unroll OTAV_ATTRIBUTE_ENFORCED_COUNT; */
    for (unsigned i = 0; i < OTAV_ATTRIBUTE_ENFORCED_COUNT; i++) {
        ret->value[i] = any_value(area, area_len, i + 1);
    }
    return OTAV_OK;
}

/* Every type once; *offset counts them. */
bool otav_attributes_next(const uint8_t *area, size_t area_len, uint16_t *offset,
                          struct otav_record *ret)
{
    if (*offset >= OTAV_ATTRIBUTE_ENFORCED_COUNT) {
        return false;
    }
    ret->type = ++*offset;
    ret->value = any_value(area, area_len, ret->type);
    return true;
}

bool otav_der_decode(const uint8_t *der, size_t cap, size_t der_len,
                     uint8_t ret_rs[OTAV_SIGNATURE_LEN])
{
    /*@ assert readable: \valid_read(der + (0 .. cap - 1)); */
    fill(ret_rs, OTAV_SIGNATURE_LEN);
    return any_bool();
}

void prove_policy(void)
{
    struct otav_config config;
    struct otav_transfer transfer;
    struct otav_sha256_state state;
    struct otav_judgement judgement;
    uint8_t metadata[OTAV_META_LEN];
    uint8_t digest[OTAV_SHA256_LEN];
    uint32_t token;
    uint16_t detail;

    any_config(&config);
    any_transfer(&transfer);
    fill(metadata, sizeof metadata);
    fill(digest, sizeof digest);
    if (otav_config_check(&config) == OTAV_OK) {
        (void)otav_policy_judge(&config, &crypto, &transfer, metadata, &state, &judgement, &detail);
        (void)otav_policy_judge_firmware(&config, &crypto, metadata,
                                         (uint8_t)Frama_C_interval(0, 0xFF), digest, &token);
    }
}
