/*
 * The release manifest: from a YAML document to struct manifest.
 *
 * Every key, its range and every rule between keys is here or in manifest_attributes.c; no other
 * file is opened. On failure nothing is handed out.
 */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>

#include "manifest_attributes.h"
#include "manifest_lint.h"
#include "util.h"
#include "vocabulary.h"
#include "yaml_doc.h"

#define DEFAULT_STACK_VERSION 2u

static const char *const method_words[] = {"ecdsa-p256-sha256", "sha256", "none", NULL};
static const uint8_t method_values[] = {OTAV_METHOD_ECDSA, OTAV_METHOD_SHA256, OTAV_METHOD_NONE};
static const char *const file_type_words[] = {"ble", "zigbee", "combo", "image", "hex", NULL};

/* "otaimg: 1" and "device: wbz451" say which rules the rest follows, so they come first. */
static enum ox read_head(struct yaml_node *root)
{
    unsigned device = 0;
    uint32_t format = 0;
    enum ox ox = ydoc_get_u32(root, "otaimg", NULL, 1, 1, &format);

    return ox != OX_OK ? ox : ydoc_get_word(root, "device", NULL, device_words, &device);
}

/* ---- firmware --------------------------------------------------------------------------------- */

/* Where a file starts is a question only for raw binaries. */
static enum ox read_format(struct yaml_node *map, struct manifest *m)
{
    static const char *const words[] = {"elf", "ihex", "srec", "bin", NULL};
    static const enum fw_format values[] = {FW_ELF, FW_IHEX, FW_SREC, FW_BIN};
    unsigned format = 0;
    bool has_format;
    bool has_address;
    enum ox ox;

    m->firmware_address = OTAV_FW_ADDRESS;
    if ((ox = ydoc_get_word(map, "format", &has_format, words, &format)) != OX_OK ||
        (ox = ydoc_get_u32(map, "address", &has_address, 0, UINT32_MAX, &m->firmware_address)) !=
            OX_OK) {
        return ox;
    }
    m->firmware_format = has_format ? values[format] : FW_AUTO;
    if (has_address && has_format && m->firmware_format != FW_BIN) {
        return diag_fail_at(OX_USAGE, &ydoc_find(map, "address")->key_pos,
                            "'address' given with format '%s', expected format bin", words[format]);
    }
    return OX_OK;
}

static enum ox read_firmware(struct yaml_node *root, struct manifest *m)
{
    struct yaml_node *map = NULL;
    bool present;
    enum ox ox;

    m->image_id = MANIFEST_DEFAULT_IMAGE_ID;
    memcpy(m->manufacturer, "MCHP", sizeof m->manufacturer);
    if ((ox = ydoc_get_map(root, "firmware", NULL, &map)) != OX_OK ||
        (ox = ydoc_get_path(map, "file", NULL, &m->firmware_file)) != OX_OK ||
        (ox = read_format(map, m)) != OX_OK ||
        (ox = ydoc_get_version(map, "version", NULL, &m->version)) != OX_OK ||
        (ox = ydoc_get_u32(map, "sequence", NULL, 1, UINT32_MAX - 1, &m->sequence)) != OX_OK ||
        (ox = ydoc_get_u32(map, "image-id", &present, 0, UINT32_MAX, &m->image_id)) != OX_OK) {
        return ox;
    }
    return ydoc_get_ascii(map, "manufacturer", &present, 1, sizeof m->manufacturer,
                          m->manufacturer);
}

/* ---- sign, encrypt ---------------------------------------------------------------------------- */

/* The class of the release's key, as in device files. */
static enum ox read_class(struct yaml_node *map, struct manifest *m)
{
    static const char *const words[] = {"production", "development", NULL};
    unsigned word = 0;
    bool present;
    enum ox ox = ydoc_get_word(map, "class", &present, words, &word);

    m->production = word == 0;
    return ox;
}

static enum ox read_sign(struct yaml_node *root, struct manifest *m)
{
    struct yaml_node *map = NULL;
    unsigned method = 0;
    bool present;
    bool ecdsa;
    enum ox ox = ydoc_get_word(root, "authentication", &present, method_words, &method);

    if (ox != OX_OK) {
        return ox;
    }
    m->method = method_values[method];
    ecdsa = m->method == OTAV_METHOD_ECDSA;
    ox = ydoc_get_map(root, "sign", ecdsa ? NULL : &present, &map);
    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    if (!ecdsa) {
        return diag_fail_at(OX_USAGE, &map->key_pos,
                            "'sign' given with authentication '%s', expected %s",
                            method_words[method], method_words[0]);
    }
    ox = ydoc_get_key_uri(map, "key", NULL, &m->sign_key);
    return ox != OX_OK ? ox : read_class(map, m);
}

static enum ox read_encrypt(struct yaml_node *root, struct manifest *m)
{
    static const char *const methods[] = {"aes-128-cbc", NULL};
    struct yaml_node *map = NULL;
    unsigned method = 0;
    enum ox ox = ydoc_get_map(root, "encrypt", &m->encrypt, &map);

    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    if (m->file_type == FILE_TYPE_IMAGE || m->file_type == FILE_TYPE_HEX) {
        return diag_fail_at(OX_USAGE, &map->key_pos,
                            "'encrypt' given with file-type '%s', which holds the plaintext of the "
                            "slot, expected ble, zigbee or combo",
                            file_type_words[m->file_type]);
    }
    if ((ox = ydoc_get_word(map, "method", NULL, methods, &method)) != OX_OK ||
        (ox = ydoc_get_cipher_uri(map, "key", NULL, &m->encrypt_key)) != OX_OK) {
        return ox;
    }
    return ydoc_get_hex(map, "iv", NULL, m->encrypt_iv, sizeof m->encrypt_iv);
}

/* ---- output ----------------------------------------------------------------------------------- */

static enum ox read_zigbee_hardware(struct yaml_node *map, struct manifest *m)
{
    const char *min_key = "min-hardware-version";
    const char *max_key = "max-hardware-version";
    bool present;
    bool *optional;
    enum ox ox;

    /* One of the two makes the other required. */
    m->has_zigbee_hardware = ydoc_find(map, min_key) != NULL || ydoc_find(map, max_key) != NULL;
    optional = m->has_zigbee_hardware ? NULL : &present;
    ox = ydoc_get_u16(map, min_key, optional, 0, UINT16_MAX, &m->zigbee_min_hardware);
    if (ox != OX_OK) {
        return ox;
    }
    return ydoc_get_u16(map, max_key, optional, m->zigbee_min_hardware, UINT16_MAX,
                        &m->zigbee_max_hardware);
}

static enum ox read_zigbee_optional(struct yaml_node *map, struct manifest *m)
{
    uint64_t destination = 0;
    enum ox ox;

    if ((ox = ydoc_get_u8(map, "security-credential-version", &m->has_zigbee_credential, 0,
                          UINT8_MAX, &m->zigbee_credential_version)) != OX_OK ||
        (ox = ydoc_get_u64(map, "destination", &m->has_zigbee_destination, 0, UINT64_MAX,
                           &destination)) != OX_OK) {
        return ox;
    }
    for (unsigned i = 0; i < 8; i++) {
        m->zigbee_destination[i] = (uint8_t)(destination >> (56 - 8 * i));
    }
    return read_zigbee_hardware(map, m);
}

static enum ox read_zigbee(struct yaml_node *root, struct manifest *m)
{
    bool needed = m->file_type == FILE_TYPE_ZIGBEE || m->file_type == FILE_TYPE_COMBO;
    struct yaml_node *map = NULL;
    bool present;
    enum ox ox = ydoc_get_map(root, "zigbee", needed ? NULL : &m->has_zigbee, &map);

    m->has_zigbee = map != NULL;
    if (ox != OX_OK || map == NULL) {
        return ox;
    }
    if (!needed) {
        return diag_fail_at(OX_USAGE, &map->key_pos,
                            "'zigbee' given with file-type '%s', expected zigbee or combo",
                            file_type_words[m->file_type]);
    }
    m->zigbee_stack_version = DEFAULT_STACK_VERSION;
    if ((ox = ydoc_get_u16(map, "manufacturer-code", NULL, 0, UINT16_MAX,
                           &m->zigbee_manufacturer_code)) != OX_OK ||
        (ox = ydoc_get_u16(map, "image-type", NULL, 0, UINT16_MAX, &m->zigbee_image_type)) !=
            OX_OK ||
        (ox = ydoc_get_u32(map, "file-version", NULL, 0, UINT32_MAX, &m->zigbee_file_version)) !=
            OX_OK ||
        (ox = ydoc_get_u16(map, "stack-version", &present, 0, UINT16_MAX,
                           &m->zigbee_stack_version)) != OX_OK ||
        (ox = ydoc_get_ascii(map, "header-string", NULL, 0, sizeof m->zigbee_header_string - 1,
                             m->zigbee_header_string)) != OX_OK) {
        return ox;
    }
    return read_zigbee_optional(map, m);
}

/* A word, or a mapping where there is more to say. */
static enum ox read_compress_value(struct yaml_node *root, struct yaml_node *node,
                                   struct manifest *m)
{
    static const char *const words[] = {"none", "deflate", NULL};
    struct yaml_node *map = NULL;
    unsigned word = 0;
    bool present;
    enum ox ox;

    if (node->kind == YAML_SCALAR) {
        ox = ydoc_get_word(root, "compress", NULL, words, &word);
    } else if ((ox = ydoc_get_map(root, "compress", NULL, &map)) == OX_OK &&
               (ox = ydoc_get_word(map, "method", NULL, words, &word)) == OX_OK) {
        ox = ydoc_get_bool(map, "keep", &present, &m->compress_keep);
    }
    m->compress = word != 0;
    return ox;
}

/* Only our OTA service takes such a transfer, and it is the signed attributes that tell it. */
static enum ox read_compress(struct yaml_node *root, struct manifest *m)
{
    struct yaml_node *node = ydoc_find(root, "compress");
    bool present;
    enum ox ox = OX_OK;

    if (node == NULL) { /* for the list of known keys */
        return ydoc_get_map(root, "compress", &present, &node);
    }
    ox = read_compress_value(root, node, m);
    if (ox != OX_OK || !m->compress) {
        return ox;
    }
    if (!m->has_attributes) {
        return diag_fail_at(OX_USAGE, &node->key_pos,
                            "'compress' given without 'attributes', which tell the device");
    }
    if (m->file_type != FILE_TYPE_BLE) {
        return diag_fail_at(OX_USAGE, &node->key_pos,
                            "'compress' given with file-type '%s', expected ble",
                            file_type_words[m->file_type]);
    }
    return OX_OK;
}

static enum ox read_output(struct yaml_node *root, struct manifest *m)
{
    bool present;
    enum ox ox = read_compress(root, m);

    if (ox == OX_OK) {
        ox = ydoc_get_path(root, "output", &present, &m->output);
    }
    return ox != OX_OK ? ox : ydoc_get_path(root, "log", &present, &m->log_file);
}

static enum ox read_file_type(struct yaml_node *root, struct manifest *m)
{
    unsigned word = 0;
    bool present;
    enum ox ox = ydoc_get_word(root, "file-type", &present, file_type_words, &word);

    m->file_type = (enum manifest_file_type)word;
    return ox;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static enum ox read_all(struct yaml_node *root, struct manifest *m)
{
    enum ox ox;

    if ((ox = read_head(root)) != OX_OK || (ox = read_firmware(root, m)) != OX_OK ||
        (ox = read_sign(root, m)) != OX_OK || (ox = read_file_type(root, m)) != OX_OK ||
        (ox = read_encrypt(root, m)) != OX_OK ||
        (ox = manifest_read_attributes(root, m)) != OX_OK || (ox = read_zigbee(root, m)) != OX_OK ||
        (ox = manifest_read_lint(root, m)) != OX_OK || (ox = read_output(root, m)) != OX_OK) {
        return ox;
    }
    return ydoc_check_unknown(root);
}

enum ox manifest_from_doc(struct yaml_doc *doc, struct manifest *ret)
{
    struct yaml_node *root = ydoc_root(doc);
    struct manifest m = {.path = xstrdup(root->pos.path),
                         .label = xstrdup(root->pos.path),
                         .image_type = MANIFEST_IMAGE_APPLICATION,
                         .activation = MANIFEST_ACTIVATION_TRIAL};
    enum ox ox = read_all(root, &m);

    if (ox != OX_OK) {
        manifest_free(&m);
        return ox;
    }
    *ret = m;
    return OX_OK;
}

void manifest_free(struct manifest *m)
{
    for (unsigned i = 0; i < m->user_count; i++) {
        free(m->user[i].bytes);
    }
    free(m->user);
    free(m->path);
    free(m->variant);
    free(m->label);
    free(m->firmware_file);
    free(m->sign_key);
    free(m->encrypt_key);
    free(m->sbom_file);
    for (unsigned i = 0; i < LINT_RULE_COUNT; i++) {
        free(m->lint_off[i]);
    }
    free(m->output);
    free(m->log_file);
    memset(m, 0, sizeof *m);
}
