/*
 * Running the verifier over a file, and saying in words why it refuses.
 */
#include "file_check.h"

#include <string.h>

#include "diag.h"
#include "digest.h"
#include "explain.h"
#include "util.h"

static enum ox report_refusal(const struct ota_file *file, const struct otav_config *config,
                              enum otav_err err, uint16_t detail)
{
    uint8_t metadata[OTAV_META_LEN];
    bool readable = file->err == OTAV_OK && ota_file_readable(file) &&
                    ota_file_raw_metadata(file, metadata) == OX_OK;
    enum ox ox = explain_refusal(file, config, readable ? metadata : NULL, err, detail);

    if (err == OTAV_ERR_NO_DECRYPT_KEY) {
        diag_hint("give the key with --decrypt-key URI and --decrypt-iv HEX");
    }
    wipe(metadata, sizeof metadata);
    return ox;
}

static enum ox report(const struct ota_file *file, const struct otav_config *config,
                      const struct file_verdict *verdict)
{
    if (verdict->err != OTAV_OK) {
        return report_refusal(file, config, verdict->err, verdict->detail);
    }
    return verdict->accepted
               ? OX_OK
               : diag_fail(OX_INTERNAL, "%s: no error, yet not accepted", file->source.path);
}

enum ox check_file(const struct ota_file *file, const struct file_question *question,
                   uint8_t *ret_key)
{
    struct file_verdict verdict;
    enum ox ox = file_verdict_openssl(file, question, &verdict);

    if (ox == OX_OK) {
        ox = report(file, question->config, &verdict);
    }
    if (ox == OX_OK && ret_key != NULL) {
        *ret_key = verdict.key_index;
    }
    return ox;
}

enum ox check_device_crypto(const struct ota_file *file, const struct file_question *question)
{
    struct file_verdict host;
    struct file_verdict device;
    enum ox ox = file_verdict_openssl(file, question, &host);

    if (ox == OX_OK) {
        ox = file_verdict_soft(file, question, &device);
    }
    if (ox != OX_OK) {
        return ox;
    }
    if (host.err != device.err || host.detail != device.detail ||
        host.accepted != device.accepted || host.key_index != device.key_index) {
        return diag_fail(OX_INTERNAL, "%s: the device's crypto says %s, OpenSSL %s",
                         file->source.path, otav_err_name(device.err), otav_err_name(host.err));
    }
    return OX_OK;
}

/* ---- authenticity alone ----------------------------------------------------------------------- */

/* A device that is made for exactly this image: what is left to judge is format and signatures. */
static void device_for_image(const uint8_t *metadata, const uint8_t *xy, struct otav_config *ret)
{
    struct otav_attributes attributes;
    uint16_t offset = 0;
    const uint8_t *value;

    memset(ret, 0, sizeof *ret);
    ret->policy = OTAV_POLICY_STOCK;
    ret->device_class = OTAV_CLASS_DEVELOPMENT;
    ret->image_types = OTAV_ROLE_APPLICATION | OTAV_ROLE_BOOTLOADER | OTAV_ROLE_SECONDARY;
    ret->key_count = 1;
    memcpy(ret->keys[0].xy, xy, OTAV_PUBLIC_KEY_LEN);
    ret->keys[0].key_class = OTAV_CLASS_DEVELOPMENT;
    ret->keys[0].roles = ret->image_types;
    memcpy(ret->manufacturer, metadata + OTAV_META_MANUFACTURER_OFF, sizeof ret->manufacturer);
    if (otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN, false,
                              &attributes, &offset) != OTAV_OK) {
        return; /* the verifier will say what is wrong */
    }
    value = OTAV_ATTR_VALUE(&attributes, PRODUCT);
    if (value != NULL) {
        ret->has_identity = true;
        memcpy(ret->product, value, sizeof ret->product);
    }
    value = OTAV_ATTR_VALUE(&attributes, HARDWARE);
    if (value != NULL) {
        ret->has_identity = true;
        ret->hardware_class = otav_load_u32(value);
        ret->hardware_revision = otav_load_u16(value + OTAV_HARDWARE_MIN_REVISION_OFF);
    }
}

enum ox check_authentic(const struct ota_file *file, const uint8_t xy[OTAV_PUBLIC_KEY_LEN])
{
    uint8_t metadata[OTAV_META_LEN];
    struct otav_config config;
    /* OTAV_BOOT: what was installed before does not matter here. */
    const struct file_question question = {&config, OTAV_BOOT, true};
    enum ox ox = ota_file_require(file);

    if (ox == OX_OK) {
        ox = ota_file_metadata(file, metadata);
    }
    if (ox == OX_OK) {
        device_for_image(metadata, xy, &config);
        ox = check_file(file, &question, NULL);
    }
    wipe(metadata, sizeof metadata);
    return ox;
}

/* ---- files without signatures ----------------------------------------------------------------- */

enum ox check_metadata_digest(const uint8_t metadata[OTAV_META_LEN], uint8_t ret[OTAV_SHA256_LEN])
{
    uint8_t copy[OTAV_META_LEN];

    memcpy(copy, metadata, sizeof copy);
    memset(copy + OTAV_META_SIG_LEN_OFF, 0, sizeof copy - OTAV_META_SIG_LEN_OFF);
    return digest_bytes(copy + OTAV_META_SIGNED_OFF, sizeof copy - OTAV_META_SIGNED_OFF, ret);
}

static enum ox check_digest(const struct ota_file *file, const char *what, uint8_t method,
                            uint8_t stored_len, const uint8_t *stored, const uint8_t *digest)
{
    if (method == OTAV_METHOD_SHA256 &&
        (stored_len != OTAV_SHA256_LEN || memcmp(stored, digest, OTAV_SHA256_LEN) != 0)) {
        return diag_fail(OX_AUTH, "%s: SHA-256 of the %s does not match", file->source.path, what);
    }
    return OX_OK;
}

struct padding_visit {
    struct ota_body body;
    uint8_t pad; /* behind the body */
    bool ok;
};

/* Zeros behind a stream, then the padding of the encryption. */
static enum ox visit_padding(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct padding_visit *v = user;

    for (size_t i = 0; i < len; i++) {
        uint32_t at = offset + (uint32_t)i;
        uint8_t expected = at < OTAV_META_LEN + v->body.len ? 0 : v->pad;

        v->ok = v->ok && (at < OTAV_META_LEN + v->body.sent_len || bytes[i] == expected);
    }
    return OX_OK;
}

enum ox check_payload_length(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN],
                             bool *ret_ok)
{
    uint32_t room = file->file.payload_len - OTAV_META_LEN;
    struct padding_visit v = {ota_file_body(file, metadata), 0, true};
    enum ox ox = OX_OK;

    if (file->source.is_slot) {
        *ret_ok = v.body.len <= room;
        return OX_OK;
    }
    if (file->file.encrypted) {
        v.pad = (uint8_t)(OTAV_BLOCK_LEN - v.body.len % OTAV_BLOCK_LEN);
    }
    v.ok = v.body.len <= room && room - v.body.len == v.pad;
    if (v.ok && (file->file.encrypted || v.body.compressed)) {
        ox = ota_file_for_each(file, visit_padding, &v);
    }
    *ret_ok = v.ok;
    return ox;
}

static enum ox check_length(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN])
{
    bool ok = false;
    enum ox ox = check_payload_length(file, metadata, &ok);

    if (ox == OX_OK && !ok) {
        ox = diag_fail(OX_MALFORMED,
                       "%s: payload of %u bytes does not fit %u bytes of firmware, or its padding "
                       "is wrong",
                       file->source.path, file->file.payload_len,
                       ota_file_body(file, metadata).sent_len);
    }
    return ox;
}

static enum ox check_digests(const struct ota_file *file, const uint8_t *metadata, uint32_t fw_len)
{
    uint8_t digest[OTAV_SHA256_LEN];
    enum ox ox = check_metadata_digest(metadata, digest);

    if (ox == OX_OK) {
        ox = check_digest(file, "metadata", metadata[OTAV_META_AUTH_METHOD_OFF],
                          metadata[OTAV_META_SIG_LEN_OFF], metadata + OTAV_META_SIG_OFF, digest);
    }
    if (ox == OX_OK) {
        ox = ota_file_firmware_digest(file, fw_len, digest);
    }
    if (ox == OX_OK) {
        ox = check_digest(file, "firmware", metadata[OTAV_META_FW_AUTH_METHOD_OFF],
                          metadata[OTAV_META_FW_SIG_LEN_OFF], metadata + OTAV_META_FW_SIG_OFF,
                          digest);
    }
    return ox;
}

enum ox check_unsigned(const struct ota_file *file)
{
    uint8_t metadata[OTAV_META_LEN];
    struct otav_config config;
    uint8_t bad;
    uint32_t fw_len;
    enum ox ox = ota_file_require(file);

    if (ox == OX_OK) {
        ox = ota_file_metadata(file, metadata);
    }
    if (ox != OX_OK) {
        return ox;
    }
    memset(&config, 0, sizeof config);
    config.policy = OTAV_POLICY_STOCK; /* any length that fits */
    bad = otav_fields_check(otav_meta_fields, otav_meta_field_count, metadata);
    fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);
    if (bad < otav_meta_field_count) {
        ox = explain_refusal(file, &config, metadata, OTAV_ERR_METADATA,
                             otav_meta_fields[bad].offset);
    } else if (fw_len == 0 || fw_len > OTAV_SLOT_LEN - OTAV_META_LEN) {
        ox = explain_refusal(file, &config, metadata, OTAV_ERR_FW_LENGTH, 0);
    } else {
        ox = check_length(file, metadata);
    }
    if (ox == OX_OK) {
        ox = check_digests(file, metadata, fw_len);
    }
    wipe(metadata, sizeof metadata);
    return ox;
}
