/*
 * Images for the tests of the bootloader. Layer: test.
 */
#include "boot_images.h"

#include <boot_image.h>
#include <stdlib.h>
#include <string.h>

#include "signing.h"

#define APP_STACK 0x2001F000u

enum { SEQUENCE = 7, IMAGE_ID = 0x1B000000, HARDWARE_CLASS = 0x102, ENCODING_DEFLATE = 1 };

/* Firmware that repeats: so many new bytes, then what was that far back, or one less far. */
enum { REPEAT_LEN = 1024, REPEAT_NEW_LEN = 300 };

static const uint8_t manufacturer[4] = {'M', 'C', 'H', 'P'};
static const uint8_t product[16] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE,
                                    0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};

static void put(uint8_t *area, uint16_t type, const void *value, uint16_t len)
{
    if (!otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, type, value, len)) {
        abort();
    }
}

static void put_u32s(uint8_t *area, uint16_t type, uint32_t first, uint32_t second, uint16_t len)
{
    uint8_t value[8];

    otav_store_u32(value, first);
    otav_store_u32(value + 4, second);
    put(area, type, value, len);
}

static void put_attributes(const struct image_spec *spec, uint8_t *area)
{
    uint8_t id[16];

    memcpy(id, product, sizeof id);
    id[0] = (uint8_t)(id[0] ^ (spec->other_product ? 1 : 0));
    put(area, OTAV_ATTR_PRODUCT, id, sizeof id);
    put_u32s(area, OTAV_ATTR_HARDWARE, HARDWARE_CLASS, 4u << 16 | 1, 8);
    put_u32s(area, OTAV_ATTR_BINDING, SEQUENCE, IMAGE_ID, 8);
    put_u32s(area, OTAV_ATTR_COUNTER, spec->counter, 0, 4);
    if (spec->activation != ACTIVATION_ABSENT) {
        put_u32s(area, OTAV_ATTR_ACTIVATION, (uint32_t)spec->activation, 0, 4);
    }
    if (spec->revoke != 0) {
        put_u32s(area, OTAV_ATTR_REVOKE_KEYS, spec->revoke, 0, 4);
    }
    if (spec->encoded_len != 0) {
        put_u32s(area, OTAV_ATTR_ENCODING, ENCODING_DEFLATE, spec->encoded_len, 8);
    }
}

static void fill_densely(const struct image_spec *spec, uint8_t *fw)
{
    uint32_t state = spec->fill;

    for (uint32_t i = 0; i < spec->fw_len; i++) {
        state = state * 1664525u + 1013904223u;
        fw[i] = spec->repeats && i % REPEAT_LEN >= REPEAT_NEW_LEN
                    ? fw[i - REPEAT_NEW_LEN + (state >> 31)]
                    : (uint8_t)(state >> 24);
    }
}

/* The first and the last unit, and one in every page: never erased ones. */
static void fill_sparsely(const struct image_spec *spec, uint8_t *fw)
{
    memset(fw, 0xFF, spec->fw_len);
    for (uint32_t off = 0; off < spec->fw_len; off += OTAV_PAGE_LEN) {
        for (uint32_t i = off; i < off + OTAV_UNIT_LEN && i < spec->fw_len; i++) {
            fw[i] = (uint8_t)(spec->fill + i * 3 + off / OTAV_PAGE_LEN);
        }
    }
    fw[spec->fw_len - 1] = spec->fill;
}

/* By default the entry is what stands behind them. */
static void put_vectors(const struct image_spec *spec, uint8_t *fw)
{
    uint32_t entry = spec->entry != 0 ? spec->entry : OTAV_FW_ADDRESS + OTAB_VECTORS_LEN;

    if (spec->fw_len > OTAB_VECTORS_LEN) {
        otav_store_u32(fw, APP_STACK);
        otav_store_u32(fw + 4, entry | 1);
    }
}

static void sign(enum guest_key key, const uint8_t *bytes, size_t len, uint8_t *ret_len,
                 uint8_t ret_der[72])
{
    uint8_t rs[OTAV_SIGNATURE_LEN];

    image_sign_bytes(key, bytes, len, rs);
    *ret_len = (uint8_t)otav_der_encode(rs, ret_der);
}

void image_make(const struct image_spec *spec, struct boot_image *ret)
{
    uint8_t digest[OTAV_SHA256_LEN];
    uint8_t *meta = ret->bytes;

    memset(ret->bytes, 0, OTAV_META_LEN);
    ret->len = OTAV_META_LEN + spec->fw_len;
    otav_fields_init(otav_meta_fields, otav_meta_field_count, meta);
    memcpy(meta + OTAV_META_MANUFACTURER_OFF, manufacturer, sizeof manufacturer);
    otav_store_u32(meta + OTAV_META_SEQUENCE_OFF, SEQUENCE);
    otav_store_u32(meta + OTAV_META_FW_REVISION_OFF, spec->version);
    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, spec->fw_len);
    meta[OTAV_META_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    meta[OTAV_META_FW_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    if (!spec->stock) {
        put_attributes(spec, meta + OTAV_META_ATTRIBUTES_OFF);
    }
    if (spec->dense) {
        fill_densely(spec, ret->bytes + OTAV_META_LEN);
    } else {
        fill_sparsely(spec, ret->bytes + OTAV_META_LEN);
    }
    put_vectors(spec, ret->bytes + OTAV_META_LEN);
    sign(spec->key, ret->bytes + OTAV_META_LEN, spec->fw_len, meta + OTAV_META_FW_SIG_LEN_OFF,
         meta + OTAV_META_FW_SIG_OFF);
    sign(spec->key, meta + OTAV_META_SIGNED_OFF, OTAV_META_LEN - OTAV_META_SIGNED_OFF,
         meta + OTAV_META_SIG_LEN_OFF, meta + OTAV_META_SIG_OFF);
    image_hash(meta, OTAV_META_LEN, digest);
    memcpy(ret->id, digest, OTAB_ID_LEN);
}

void image_device(enum otav_policy policy, struct otav_config *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->policy = (uint8_t)policy;
    ret->device_class = OTAV_CLASS_PRODUCTION;
    ret->image_types = OTAV_ROLE_APPLICATION;
    ret->key_count = KEY_TRUSTED_COUNT;
    for (unsigned i = 0; i < KEY_TRUSTED_COUNT; i++) {
        signing_public_key((enum guest_key)i, ret->keys[i].xy);
        ret->keys[i].key_class =
            i == KEY_DEVELOPMENT ? OTAV_CLASS_DEVELOPMENT : OTAV_CLASS_PRODUCTION;
        ret->keys[i].roles = OTAV_ROLE_APPLICATION;
    }
    ret->has_identity = true;
    memcpy(ret->product, product, sizeof product);
    ret->hardware_class = HARDWARE_CLASS;
    ret->hardware_revision = 2;
    memcpy(ret->manufacturer, manufacturer, sizeof manufacturer);
}
