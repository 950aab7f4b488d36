/*
 * The bytes of headers and metadata from a manifest. Offsets and constant fields come from the
 * field lists in otav_format.h.
 */
#include "assemble.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "file_check.h"
#include "sbom.h"
#include "timestamp.h"
#include "util.h"

enum { ENCODING_DEFLATE = 1 };

/* ---- metadata --------------------------------------------------------------------------------- */

uint32_t assemble_fw_len(const struct manifest *m, uint32_t data_len)
{
    bool slot_image = m->file_type == FILE_TYPE_IMAGE || m->file_type == FILE_TYPE_HEX;
    uint32_t over = data_len % OTAV_BLOCK_LEN;

    return over == 0 || (slot_image && !m->has_attributes) ? data_len
                                                           : data_len + OTAV_BLOCK_LEN - over;
}

uint32_t assemble_payload_len(const struct manifest *m, uint32_t body_len)
{
    uint32_t pad = m->encrypt ? OTAV_BLOCK_LEN - body_len % OTAV_BLOCK_LEN : 0;

    return OTAV_META_LEN + body_len + pad;
}

static enum ox put(uint8_t *area, uint16_t type, const uint8_t *value, size_t len)
{
    const struct otav_attribute_doc *doc = otav_attribute_find(type);

    if (otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, type, value, (uint16_t)len)) {
        return OX_OK;
    }
    return diag_fail(OX_MALFORMED,
                     "attributes do not fit: 0x%04X (%s) with %zu bytes, the area has %u bytes in "
                     "all",
                     type, doc != NULL ? doc->name : "user", len,
                     (unsigned)OTAV_META_ATTRIBUTES_LEN);
}

static enum ox put_u32(uint8_t *area, uint16_t type, uint32_t value)
{
    uint8_t bytes[4];

    otav_store_u32(bytes, value);
    return put(area, type, bytes, sizeof bytes);
}

static enum ox put_identity(const struct manifest *m, uint8_t *area)
{
    uint8_t hardware[8];
    uint8_t binding[8];
    enum ox ox = put(area, OTAV_ATTR_PRODUCT, m->product, sizeof m->product);

    otav_store_u32(hardware + OTAV_HARDWARE_CLASS_OFF, m->hardware_class);
    otav_store_u16(hardware + OTAV_HARDWARE_MIN_REVISION_OFF, m->hardware_min_revision);
    otav_store_u16(hardware + OTAV_HARDWARE_MAX_REVISION_OFF, m->hardware_max_revision);
    otav_store_u32(binding + OTAV_BINDING_SEQUENCE_OFF, m->sequence);
    otav_store_u32(binding + OTAV_BINDING_IMAGE_ID_OFF, m->image_id);
    if (ox == OX_OK) {
        ox = put(area, OTAV_ATTR_HARDWARE, hardware, sizeof hardware);
    }
    if (ox == OX_OK) {
        ox = put(area, OTAV_ATTR_BINDING, binding, sizeof binding);
    }
    return ox == OX_OK ? put_u32(area, OTAV_ATTR_COUNTER, m->security_counter) : ox;
}

static enum ox put_conditions(const struct manifest *m, uint8_t *area)
{
    enum ox ox = OX_OK;

    if (m->has_min_installed) {
        ox = put_u32(area, OTAV_ATTR_MIN_INSTALLED, m->min_installed_version);
    }
    if (ox == OX_OK && m->image_type != 1) {
        ox = put_u32(area, OTAV_ATTR_IMAGE_TYPE, m->image_type);
    }
    if (ox == OX_OK && m->has_min_battery) {
        ox = put_u32(area, OTAV_ATTR_MIN_BATTERY, m->min_battery);
    }
    if (ox == OX_OK) {
        ox = put_u32(area, OTAV_ATTR_ACTIVATION, m->activation);
    }
    if (ox == OX_OK && m->revoke_keys != 0) {
        ox = put_u32(area, OTAV_ATTR_REVOKE_KEYS, m->revoke_keys);
    }
    return ox;
}

static enum ox put_encoding(const struct manifest *m, uint32_t encoded_len, uint8_t *area)
{
    uint8_t bytes[8] = {0};

    if (!m->compress) {
        return OX_OK;
    }
    bytes[OTAV_ENCODING_VALUE_OFF] = ENCODING_DEFLATE;
    otav_store_u32(bytes + OTAV_ENCODING_ENCODED_LEN_OFF, encoded_len);
    return put(area, OTAV_ATTR_ENCODING, bytes, sizeof bytes);
}

/* The only time that goes into a file, so that the same input gives the same bytes. */
static enum ox put_build_time(uint8_t *area)
{
    uint8_t bytes[8];
    uint64_t seconds = 0;
    bool set = false;
    enum ox ox = timestamp_source_date(&set, &seconds);

    if (ox != OX_OK || !set) {
        return ox;
    }
    otav_store_u32(bytes, (uint32_t)seconds);
    otav_store_u32(bytes + 4, (uint32_t)(seconds >> 32));
    return put(area, OTAV_ATTR_BUILD_TIME, bytes, sizeof bytes);
}

static enum ox put_release(const struct manifest *m, uint8_t *area)
{
    uint8_t bytes[8] = {0};

    if (!m->has_release) {
        return OX_OK;
    }
    bytes[OTAV_RELEASE_KIND_OFF] = m->release_kind;
    bytes[OTAV_RELEASE_FLAGS_OFF] = m->release_mandatory ? 1 : 0;
    otav_store_u32(bytes + OTAV_RELEASE_SUPPORT_END_OFF,
                   m->has_support_end ? m->support_end_days : 0);
    return put(area, OTAV_ATTR_RELEASE, bytes, sizeof bytes);
}

static enum ox put_sbom(const struct manifest *m, uint8_t *area)
{
    uint8_t bytes[OTAV_SBOM_SHA256_OFF + OTAV_SBOM_SHA256_LEN] = {0};
    enum ox ox;

    if (m->sbom_file == NULL) {
        return OX_OK;
    }
    ox = sbom_read(m->sbom_file, &bytes[OTAV_SBOM_FORMAT_OFF], bytes + OTAV_SBOM_SHA256_OFF);
    return ox == OX_OK ? put(area, OTAV_ATTR_SBOM, bytes, sizeof bytes) : ox;
}

static enum ox put_informative(const struct manifest *m, uint8_t *area)
{
    enum ox ox = put_build_time(area);

    if (ox == OX_OK) {
        ox = put_release(m, area);
    }
    if (ox == OX_OK) {
        ox = put_sbom(m, area);
    }
    if (ox == OX_OK && m->source_revision_len > 0) {
        ox = put(area, OTAV_ATTR_SOURCE_REVISION, m->source_revision, m->source_revision_len);
    }
    for (unsigned i = 0; ox == OX_OK && i < m->user_count; i++) {
        ox = put(area, m->user[i].type, m->user[i].bytes, m->user[i].len);
    }
    return ox;
}

enum ox assemble_metadata(const struct manifest *m, uint32_t fw_len, uint32_t encoded_len,
                          uint8_t ret[OTAV_META_LEN])
{
    uint8_t *area = ret + OTAV_META_ATTRIBUTES_OFF;
    enum ox ox = OX_OK;

    memset(ret, 0, OTAV_META_LEN);
    otav_fields_init(otav_meta_fields, otav_meta_field_count, ret);
    ret[OTAV_META_AUTH_METHOD_OFF] = m->method;
    ret[OTAV_META_FW_AUTH_METHOD_OFF] = m->method;
    memcpy(ret + OTAV_META_MANUFACTURER_OFF, m->manufacturer, sizeof m->manufacturer);
    otav_store_u32(ret + OTAV_META_SEQUENCE_OFF, m->sequence);
    otav_store_u32(ret + OTAV_META_FW_REVISION_OFF, m->version);
    otav_store_u32(ret + OTAV_META_FW_LEN_OFF, fw_len);
    if (m->has_attributes) {
        ox = put_identity(m, area);
        if (ox == OX_OK) {
            ox = put_conditions(m, area);
        }
        if (ox == OX_OK) {
            ox = put_encoding(m, encoded_len, area);
        }
        if (ox == OX_OK) {
            ox = put_informative(m, area);
        }
    }
    return ox;
}

/* ---- signatures ------------------------------------------------------------------------------- */

uint32_t assemble_content_metadata(const uint8_t metadata[OTAV_META_LEN],
                                   uint8_t ret[OTAV_META_LEN])
{
    uint32_t len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);

    len += (OTAV_BLOCK_LEN - len % OTAV_BLOCK_LEN) % OTAV_BLOCK_LEN;
    memcpy(ret, metadata, OTAV_META_LEN);
    assemble_clear_signatures(ret);
    ret[OTAV_META_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    ret[OTAV_META_FW_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    otav_store_u32(ret + OTAV_META_FW_LEN_OFF, len);
    return len;
}

static void put_signature(uint8_t *field_len, uint8_t *field, const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    memset(field, 0, OTAV_META_SIG_LEN);
    *field_len = (uint8_t)otav_der_encode(rs, field);
}

void assemble_put_firmware_signature(uint8_t metadata[OTAV_META_LEN],
                                     const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    put_signature(&metadata[OTAV_META_FW_SIG_LEN_OFF], metadata + OTAV_META_FW_SIG_OFF, rs);
}

void assemble_put_metadata_signature(uint8_t metadata[OTAV_META_LEN],
                                     const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    put_signature(&metadata[OTAV_META_SIG_LEN_OFF], metadata + OTAV_META_SIG_OFF, rs);
}

void assemble_clear_signatures(uint8_t metadata[OTAV_META_LEN])
{
    metadata[OTAV_META_SIG_LEN_OFF] = 0;
    memset(metadata + OTAV_META_SIG_OFF, 0, OTAV_META_SIG_LEN);
    metadata[OTAV_META_FW_SIG_LEN_OFF] = 0;
    memset(metadata + OTAV_META_FW_SIG_OFF, 0, OTAV_META_SIG_LEN);
}

static enum ox put_digests(uint8_t metadata[OTAV_META_LEN],
                           const uint8_t fw_digest[OTAV_SHA256_LEN])
{
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox;

    metadata[OTAV_META_FW_SIG_LEN_OFF] = OTAV_SHA256_LEN;
    memcpy(metadata + OTAV_META_FW_SIG_OFF, fw_digest, OTAV_SHA256_LEN);
    ox = check_metadata_digest(metadata, digest);
    if (ox == OX_OK) {
        metadata[OTAV_META_SIG_LEN_OFF] = OTAV_SHA256_LEN;
        memcpy(metadata + OTAV_META_SIG_OFF, digest, OTAV_SHA256_LEN);
    }
    return ox;
}

/* The order matters: the metadata signature covers the firmware signature. */
static enum ox sign_both(uint8_t metadata[OTAV_META_LEN], const uint8_t fw_digest[OTAV_SHA256_LEN],
                         struct signer *signer)
{
    uint8_t digest[OTAV_SHA256_LEN];
    uint8_t rs[OTAV_SIGNATURE_LEN];
    enum ox ox = signer_sign(signer, fw_digest, rs);

    if (ox != OX_OK) {
        return ox;
    }
    assemble_put_firmware_signature(metadata, rs);
    ox = check_metadata_digest(metadata, digest);
    if (ox == OX_OK) {
        ox = signer_sign(signer, digest, rs);
    }
    if (ox == OX_OK) {
        assemble_put_metadata_signature(metadata, rs);
    }
    return ox;
}

enum ox assemble_signatures(uint8_t metadata[OTAV_META_LEN], uint8_t method,
                            const uint8_t fw_digest[OTAV_SHA256_LEN], struct signer *signer)
{
    assemble_clear_signatures(metadata);
    metadata[OTAV_META_AUTH_METHOD_OFF] = method;
    metadata[OTAV_META_FW_AUTH_METHOD_OFF] = method;
    switch (method) {
    case OTAV_METHOD_ECDSA:
        return sign_both(metadata, fw_digest, signer);
    case OTAV_METHOD_SHA256:
        return put_digests(metadata, fw_digest);
    default:
        return OX_OK;
    }
}

/* ---- file headers ----------------------------------------------------------------------------- */

static size_t put_otau(const struct manifest *m, uint8_t *ret)
{
    otav_fields_init(otav_otau_table.fields, otav_otau_table.field_count, ret);
    ret[OTAV_OTAU_ENCRYPTED_OFF] = m->encrypt ? 1 : 0;
    otav_store_u32(ret + OTAV_OTAU_IMAGE_ID_OFF, m->image_id);
    otav_store_u32(ret + OTAV_OTAU_REVISION_OFF, m->version);
    ret[OTAV_OTAU_FILE_TYPE_OFF] = m->file_type == FILE_TYPE_COMBO ? 2 : 1;
    return OTAV_OTAU_LEN;
}

/* The optional fields, in the order of their list. */
static size_t put_zota_options(const struct manifest *m, uint8_t *ret, uint16_t *ret_control)
{
    uint8_t *p = ret;

    if (m->has_zigbee_credential) {
        *p++ = m->zigbee_credential_version;
        *ret_control |= 1;
    }
    if (m->has_zigbee_destination) {
        memcpy(p, m->zigbee_destination, sizeof m->zigbee_destination);
        p += sizeof m->zigbee_destination;
        *ret_control |= 2;
    }
    if (m->has_zigbee_hardware) {
        otav_store_u16(p, m->zigbee_min_hardware);
        otav_store_u16(p + 2, m->zigbee_max_hardware);
        p += 4;
        *ret_control |= 4;
    }
    return (size_t)(p - ret);
}

static size_t put_zota(const struct manifest *m, uint32_t payload_len, uint8_t *ret)
{
    uint16_t control = 0;
    size_t len = OTAV_ZOTA_LEN + put_zota_options(m, ret + OTAV_ZOTA_LEN, &control);

    otav_fields_init(otav_zota_table.fields, otav_zota_table.field_count, ret);
    otav_store_u16(ret + OTAV_ZOTA_HEADER_LEN_OFF, (uint16_t)len);
    otav_store_u16(ret + OTAV_ZOTA_FIELD_CONTROL_OFF, control);
    otav_store_u16(ret + OTAV_ZOTA_MANUFACTURER_CODE_OFF, m->zigbee_manufacturer_code);
    otav_store_u16(ret + OTAV_ZOTA_IMAGE_TYPE_OFF, m->zigbee_image_type);
    otav_store_u32(ret + OTAV_ZOTA_FILE_VERSION_OFF, m->zigbee_file_version);
    otav_store_u16(ret + OTAV_ZOTA_STACK_VERSION_OFF, m->zigbee_stack_version);
    memcpy(ret + OTAV_ZOTA_HEADER_STRING_OFF, m->zigbee_header_string,
           strlen(m->zigbee_header_string));
    otav_store_u32(ret + OTAV_ZOTA_TOTAL_LEN_OFF, (uint32_t)len + payload_len);
    return len;
}

size_t assemble_headers(const struct manifest *m, uint32_t payload_len,
                        uint8_t ret[ASSEMBLE_HEADER_MAX_LEN])
{
    size_t len = 0;

    memset(ret, 0, ASSEMBLE_HEADER_MAX_LEN);
    if (m->file_type == FILE_TYPE_BLE || m->file_type == FILE_TYPE_COMBO) {
        len += put_otau(m, ret);
    }
    if (m->file_type == FILE_TYPE_ZIGBEE || m->file_type == FILE_TYPE_COMBO) {
        len += put_zota(m, payload_len, ret + len);
    }
    return len;
}
