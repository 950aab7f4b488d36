/*
 * Images with a defect, built with the format tables of the verifier.
 * Layer: test, host.
 */
#include <otav/otav.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "signing.h"

enum { FW_LEN = 96, IMAGE_LEN = OTAV_META_LEN + FW_LEN, SEQUENCE = 7 };

enum defect {
    NOTHING,
    METADATA_DAMAGED,
    METADATA_SIGNATURE_DAMAGED,
    FIRMWARE_DAMAGED,
    FIRMWARE_SIGNATURE_OTHER,
    SIGNED_BY_STRANGER,
    SIGNED_WITH_REVOKED,
    SIGNED_WITH_DEVELOPMENT,
    METHOD_NONE,
    METHOD_SHA256,
    VERSION_INSTALLED,
    COUNTER_BELOW_FLOOR,
    COUNTER_MISSING,
    OTHER_PRODUCT,
    OTHER_HARDWARE,
    BOOTLOADER_IMAGE,
    OTHER_MANUFACTURER,
    OTHER_SEQUENCE,
    DEFECT_COUNT
};

/* flip: a byte of the signed image in which a bit is turned over, 0 = none. */
static const struct {
    const char *name;
    unsigned flip;
} defects[DEFECT_COUNT] = {
    [NOTHING] = {"good", 0},
    [METADATA_DAMAGED] = {"signed metadata damaged", OTAV_META_FW_REVISION_OFF},
    [METADATA_SIGNATURE_DAMAGED] = {"metadata signature damaged", OTAV_META_SIG_OFF + 20},
    [FIRMWARE_DAMAGED] = {"firmware damaged", OTAV_META_LEN + 40},
    [FIRMWARE_SIGNATURE_OTHER] = {"firmware signature of other firmware", 0},
    [SIGNED_BY_STRANGER] = {"signed by a stranger", 0},
    [SIGNED_WITH_REVOKED] = {"signed with the revoked key", 0},
    [SIGNED_WITH_DEVELOPMENT] = {"signed with the development key", 0},
    [METHOD_NONE] = {"method none", 0},
    [METHOD_SHA256] = {"method SHA-256", 0},
    [VERSION_INSTALLED] = {"version installed already", 0},
    [COUNTER_BELOW_FLOOR] = {"counter below the floor", 0},
    [COUNTER_MISSING] = {"no counter", 0},
    [OTHER_PRODUCT] = {"other product", 0},
    [OTHER_HARDWARE] = {"other hardware", 0},
    [BOOTLOADER_IMAGE] = {"bootloader image", 0},
    [OTHER_MANUFACTURER] = {"other manufacturer", 0},
    [OTHER_SEQUENCE] = {"bound to another sequence", 0},
};

static enum guest_key key_of(enum defect defect)
{
    return defect == SIGNED_BY_STRANGER        ? KEY_STRANGER
           : defect == SIGNED_WITH_REVOKED     ? KEY_REVOKED
           : defect == SIGNED_WITH_DEVELOPMENT ? KEY_DEVELOPMENT
                                               : KEY_RELEASE;
}

static uint8_t method_of(enum defect defect)
{
    return defect == METHOD_NONE     ? OTAV_METHOD_NONE
           : defect == METHOD_SHA256 ? OTAV_METHOD_SHA256
                                     : OTAV_METHOD_ECDSA;
}

static void put_u32s(uint8_t *area, uint16_t type, uint32_t first, uint32_t second, uint16_t len)
{
    uint8_t value[8];

    otav_store_u32(value, first);
    otav_store_u32(value + 4, second);
    if (!otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, type, value, len)) {
        abort();
    }
}

static void put_attributes(enum defect defect, uint8_t *area)
{
    uint8_t product[16] = GUEST_PRODUCT;

    product[7] = (uint8_t)(product[7] ^ (defect == OTHER_PRODUCT ? 1 : 0));
    if (!otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, OTAV_ATTR_PRODUCT, product,
                             sizeof product)) {
        abort();
    }
    put_u32s(area, OTAV_ATTR_HARDWARE, GUEST_HARDWARE_CLASS + (defect == OTHER_HARDWARE ? 1 : 0),
             4u << 16 | 1, 8);
    put_u32s(area, OTAV_ATTR_BINDING, SEQUENCE + (defect == OTHER_SEQUENCE ? 1 : 0), 0x9B000000, 8);
    if (defect != COUNTER_MISSING) {
        put_u32s(area, OTAV_ATTR_COUNTER, GUEST_FLOOR - (defect == COUNTER_BELOW_FLOOR ? 1 : 0), 0,
                 4);
    }
    put_u32s(area, OTAV_ATTR_IMAGE_TYPE, defect == BOOTLOADER_IMAGE ? 2 : 1, 0, 4);
}

static void sign(enum guest_key key, const uint8_t *bytes, size_t len, uint8_t *ret_len,
                 uint8_t ret_der[72])
{
    uint8_t rs[OTAV_SIGNATURE_LEN];

    signing_sign(key, bytes, len, rs);
    *ret_len = (uint8_t)otav_der_encode(rs, ret_der);
}

static void put_metadata(enum defect defect, uint8_t *meta)
{
    otav_fields_init(otav_meta_fields, otav_meta_field_count, meta);
    memcpy(meta + OTAV_META_MANUFACTURER_OFF, defect == OTHER_MANUFACTURER ? "ACME" : "MCHP", 4);
    otav_store_u32(meta + OTAV_META_SEQUENCE_OFF, SEQUENCE);
    otav_store_u32(meta + OTAV_META_FW_REVISION_OFF,
                   GUEST_INSTALLED + (defect == VERSION_INSTALLED ? 0 : 1));
    otav_store_u32(meta + OTAV_META_FW_LEN_OFF, FW_LEN);
    meta[OTAV_META_AUTH_METHOD_OFF] = method_of(defect);
    meta[OTAV_META_FW_AUTH_METHOD_OFF] = method_of(defect);
    put_attributes(defect, meta + OTAV_META_ATTRIBUTES_OFF);
}

static void sign_all(enum defect defect, uint8_t *meta, const uint8_t *fw)
{
    /* One byte less: a firmware signature that is genuine, but not this firmware's. */
    size_t signed_len = defect == FIRMWARE_SIGNATURE_OTHER ? FW_LEN - 1 : FW_LEN;

    sign(key_of(defect), fw, signed_len, meta + OTAV_META_FW_SIG_LEN_OFF,
         meta + OTAV_META_FW_SIG_OFF);
    sign(key_of(defect), meta + OTAV_META_SIGNED_OFF, OTAV_META_LEN - OTAV_META_SIGNED_OFF,
         meta + OTAV_META_SIG_LEN_OFF, meta + OTAV_META_SIG_OFF);
}

bool sample_build(unsigned index, struct sample *ret)
{
    enum defect defect = (enum defect)index;
    uint8_t *fw = ret->bytes + OTAV_META_LEN;

    if (index >= DEFECT_COUNT) {
        return false;
    }
    memset(ret, 0, sizeof *ret);
    ret->name = defects[defect].name;
    ret->at[PATH_INSTALL] = ret->at[PATH_CARELESS] = defect == NOTHING ? RUN_GOOD : RUN_BAD;
    /* A bootloader judges no version. */
    ret->at[PATH_BOOT] = defect == NOTHING || defect == VERSION_INSTALLED ? RUN_GOOD : RUN_BAD;
    ret->len = IMAGE_LEN;
    for (unsigned i = 0; i < FW_LEN; i++) {
        fw[i] = (uint8_t)(i * 37 + 11);
    }
    put_metadata(defect, ret->bytes);
    sign_all(defect, ret->bytes, fw);
    if (defects[defect].flip != 0) {
        ret->bytes[defects[defect].flip] ^= 0x10;
    }
    return true;
}
