/*
 * The placeholder application. Layer: beside the flash simulator. Invariant: what it makes passes for
 * nothing but itself.
 */
#include "placeholder.h"

#include <otav/otav_attributes.h>
#include <string.h>

#include "boot_image.h"

enum { SEQUENCE = 1, SIGNATURE_BYTE = 0x11, FIRMWARE_BYTE = 0xA5 };

static bool put_attributes(const struct otav_config *config, uint8_t *area)
{
    uint8_t hardware[8] = {0};
    uint8_t binding[8];
    uint8_t counter[4];

    otav_store_u32(hardware, config->hardware_class);
    otav_store_u16(hardware + 4, config->hardware_revision);
    otav_store_u16(hardware + 6, config->hardware_revision);
    otav_store_u32(binding, SEQUENCE);
    otav_store_u32(binding + 4, config->image_id);
    otav_store_u32(counter, config->counter_floor);
    return otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, OTAV_ATTR_PRODUCT, config->product,
                               sizeof config->product) &&
           otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, OTAV_ATTR_HARDWARE, hardware,
                               sizeof hardware) &&
           otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, OTAV_ATTR_BINDING, binding,
                               sizeof binding) &&
           otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, OTAV_ATTR_COUNTER, counter,
                               sizeof counter);
}

/* The digest, then a signature of one byte repeated, whose place is zero until then. */
static bool sign(const struct otav_crypto *crypto, const uint8_t *bytes, size_t len,
                 uint8_t ret_digest[OTAV_SHA256_LEN], uint8_t *ret_len, uint8_t *ret_der)
{
    uint8_t rs[OTAV_SIGNATURE_LEN];
    struct otav_sha256_state state;
    bool ok;

    if (crypto->sha256_begin(crypto->user, &state) != OTAV_ACCEPT) {
        return false;
    }
    ok = crypto->sha256_update(crypto->user, &state, bytes, len) == OTAV_ACCEPT &&
         crypto->sha256_final(crypto->user, &state, ret_digest) == OTAV_ACCEPT;
    crypto->sha256_end(crypto->user, &state);
    memset(rs, SIGNATURE_BYTE, sizeof rs);
    *ret_len = (uint8_t)otav_der_encode(rs, ret_der);
    return ok;
}

bool placeholder_make(struct placeholder *ret, const struct otav_config *config,
                      const struct otav_crypto *crypto, uint8_t ret_image[PLACEHOLDER_LEN])
{
    uint8_t *meta = ret_image;
    uint8_t *firmware = ret_image + OTAV_META_LEN;

    memset(meta, 0, OTAV_META_LEN);
    memset(firmware, FIRMWARE_BYTE, PLACEHOLDER_FW_LEN);
    otav_store_u32(firmware, OTAB_RAM_END);
    otav_store_u32(firmware + 4, (OTAV_FW_ADDRESS + OTAB_VECTORS_LEN) | 1);
    otav_fields_init(otav_meta_fields, otav_meta_field_count, meta);
    memcpy(meta + OTAV_META_MANUFACTURER_OFF, config->manufacturer, sizeof config->manufacturer);
    otav_store_u32(meta + OTAV_META_SEQUENCE_OFF, SEQUENCE);
    otav_store_u32(meta + OTAV_META_FW_REVISION_OFF,
                   config->has_installed ? config->installed_version : 0);
    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, PLACEHOLDER_FW_LEN);
    meta[OTAV_META_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    meta[OTAV_META_FW_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    if (config->has_identity && !put_attributes(config, meta + OTAV_META_ATTRIBUTES_OFF)) {
        return false;
    }
    ret->made = sign(crypto, firmware, PLACEHOLDER_FW_LEN, ret->firmware_digest,
                     meta + OTAV_META_FW_SIG_LEN_OFF, meta + OTAV_META_FW_SIG_OFF) &&
                sign(crypto, meta + OTAV_META_SIGNED_OFF, OTAV_META_LEN - OTAV_META_SIGNED_OFF,
                     ret->metadata_digest, meta + OTAV_META_SIG_LEN_OFF, meta + OTAV_META_SIG_OFF);
    return ret->made;
}

bool placeholder_signed(const struct placeholder *placeholder,
                        const uint8_t digest[OTAV_SHA256_LEN], const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    uint8_t differs = 0;

    for (unsigned i = 0; i < OTAV_SIGNATURE_LEN; i++) {
        differs = (uint8_t)(differs | (rs[i] ^ SIGNATURE_BYTE));
    }
    return placeholder->made && differs == 0 &&
           (memcmp(digest, placeholder->firmware_digest, OTAV_SHA256_LEN) == 0 ||
            memcmp(digest, placeholder->metadata_digest, OTAV_SHA256_LEN) == 0);
}
