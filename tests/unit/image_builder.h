/*
 * Builds signed OTA images and files in memory, step by step, so that a test can put a defect
 * exactly where it wants it: records and fields before signing, bytes after signing, padding before
 * encryption, headers before and after their checksum.
 */
#ifndef TEST_IMAGE_BUILDER_H
#define TEST_IMAGE_BUILDER_H

#include <check.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <otav/otav_file.h>
#include <stdio.h>
#include <string.h>

#include "signer.h"

enum {
    IMAGE_FW_MAX = 40000,
    IMAGE_RECORD_MAX = 8,
    IMAGE_VALUE_MAX = 40,
    IMAGE_PLAIN_MAX = OTAV_META_LEN + IMAGE_FW_MAX + 64,
    IMAGE_FILE_MAX = OTAV_OTAU_LEN + OTAV_ZOTA_MAX_LEN + IMAGE_PLAIN_MAX
};

#define IMAGE_VERSION  0x01040200u
#define IMAGE_SEQUENCE 7u
#define IMAGE_ID       0x9B000000u

static const uint8_t image_aes_key[16] = {0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x00, 0x11,
                                          0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99};
static const uint8_t image_aes_iv[16] = {0};
static const uint8_t image_product[16] = {0x7d, 0x7c, 0x9f, 0x0e, 0x3b, 0x53, 0x4c, 0x1e,
                                          0x9a, 0x86, 0x0a, 0x8f, 0x5c, 0x1d, 0x2e, 0x3f};

/* ---- keys ------------------------------------------------------------------------------------- */

struct image_key {
    EVP_PKEY *pkey;
    struct signer *signer; /* of a key file: deterministic, so that every run sees the same bytes */
    uint8_t xy[OTAV_PUBLIC_KEY_LEN];
};

static inline void image_key_use(struct image_key *key, EVP_PKEY *pkey)
{
    uint8_t point[65];
    size_t len = 0;

    ck_assert_ptr_nonnull(pkey);
    key->pkey = pkey;
    key->signer = NULL;
    ck_assert(
        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len));
    ck_assert_uint_eq(len, sizeof point);
    memcpy(key->xy, point + 1, sizeof key->xy);
}

static inline void image_key_generate(struct image_key *key)
{
    image_key_use(key, EVP_EC_gen("P-256"));
}

/* A key file below tests/golden/microchip/keys. */
static inline void image_key_load(struct image_key *key, const char *name)
{
    const struct key_options options = {.pin_fd = -1, .passphrase_fd = -1};
    char uri[512];
    FILE *file;

    snprintf(uri, sizeof uri, "file:%s/golden/microchip/keys/%s", TEST_DATA_DIR, name);
    file = fopen(uri + strlen("file:"), "r");
    ck_assert_msg(file != NULL, "no key: %s", uri);
    image_key_use(key, PEM_read_PrivateKey(file, NULL, NULL, NULL));
    fclose(file);
    ck_assert_int_eq(signer_open(uri, &options, &key->signer), OX_OK);
}

static inline void image_key_free(struct image_key *key)
{
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
    if (key->signer != NULL) {
        signer_close(key->signer);
        key->signer = NULL;
    }
}

static inline void image_sha256(const uint8_t *bytes, size_t len, uint8_t ret[OTAV_SHA256_LEN])
{
    ck_assert_int_eq(EVP_Digest(bytes, len, ret, NULL, EVP_sha256(), NULL), 1);
}

/* Length byte and DER bytes of a signature over len bytes, as the metadata stores them. */
static inline void image_put_signature(const struct image_key *key, const uint8_t *bytes,
                                       size_t len, uint8_t *ret_len, uint8_t ret_der[72])
{
    uint8_t digest[OTAV_SHA256_LEN];
    uint8_t rs[OTAV_SIGNATURE_LEN];
    size_t der_len = 72;
    EVP_PKEY_CTX *ctx;

    image_sha256(bytes, len, digest);
    if (key->signer != NULL) {
        ck_assert_int_eq(signer_sign(key->signer, digest, rs), OX_OK);
        *ret_len = (uint8_t)otav_der_encode(rs, ret_der);
        return;
    }
    memset(ret_der, 0, 72);
    ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
    ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_sign(ctx, ret_der, &der_len, digest, sizeof digest), 1);
    EVP_PKEY_CTX_free(ctx);
    *ret_len = (uint8_t)der_len;
}

/* ---- metadata and firmware -------------------------------------------------------------------- */

struct image_record {
    uint16_t type;
    uint16_t len;
    uint8_t value[IMAGE_VALUE_MAX];
};

struct image {
    struct image_record records[IMAGE_RECORD_MAX]; /* ascending; written by image_write_area() */
    size_t record_count;
    uint8_t meta[OTAV_META_LEN];
    uint8_t fw[IMAGE_FW_MAX];
    uint32_t fw_len;
    uint8_t pad[32]; /* behind the firmware when encrypted: pad_len bytes */
    size_t pad_len;
};

/* Sets the record of a type, keeping the order; len 0xFFFF removes it. */
static inline void image_set_record(struct image *image, uint16_t type, const void *value,
                                    uint16_t len)
{
    size_t i = 0;

    while (i < image->record_count && image->records[i].type < type) {
        i++;
    }
    if (i < image->record_count && image->records[i].type == type) {
        image->record_count--;
        memmove(&image->records[i], &image->records[i + 1],
                (image->record_count - i) * sizeof image->records[0]);
    }
    if (len == 0xFFFF) {
        return;
    }
    ck_assert(image->record_count < IMAGE_RECORD_MAX && len <= IMAGE_VALUE_MAX);
    memmove(&image->records[i + 1], &image->records[i],
            (image->record_count - i) * sizeof image->records[0]);
    image->record_count++;
    image->records[i].type = type;
    image->records[i].len = len;
    memcpy(image->records[i].value, value, len);
}

static inline void image_set_u32s(struct image *image, uint16_t type, uint32_t first,
                                  uint32_t second, uint16_t len)
{
    uint8_t value[8];

    otav_store_u32(value, first);
    otav_store_u32(value + 4, second);
    image_set_record(image, type, value, len);
}

static inline void image_write_area(struct image *image)
{
    uint8_t *area = image->meta + OTAV_META_ATTRIBUTES_OFF;

    memset(area, 0, OTAV_META_ATTRIBUTES_LEN);
    for (size_t i = 0; i < image->record_count; i++) {
        ck_assert(otav_attributes_put(area, OTAV_META_ATTRIBUTES_LEN, image->records[i].type,
                                      image->records[i].value, image->records[i].len));
    }
}

/* An unsigned image with everything right; with_attributes: what strict asks for. */
static inline void image_init(struct image *image, uint32_t fw_len, bool with_attributes)
{
    memset(image, 0, sizeof *image);
    ck_assert_uint_le(fw_len, IMAGE_FW_MAX);
    otav_fields_init(otav_meta_fields, otav_meta_field_count, image->meta);
    memcpy(image->meta + OTAV_META_MANUFACTURER_OFF, "MCHP", 4);
    otav_store_u32(image->meta + OTAV_META_SEQUENCE_OFF, IMAGE_SEQUENCE);
    otav_store_u32(image->meta + OTAV_META_FW_REVISION_OFF, IMAGE_VERSION);
    otav_store_u32(image->meta + OTAV_META_FW_LEN_OFF, fw_len);
    image->meta[OTAV_META_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    image->meta[OTAV_META_FW_AUTH_METHOD_OFF] = OTAV_METHOD_ECDSA;
    image->fw_len = fw_len;
    for (uint32_t i = 0; i < fw_len; i++) {
        image->fw[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + 0x51);
    }
    image->pad_len = OTAV_BLOCK_LEN - fw_len % OTAV_BLOCK_LEN;
    memset(image->pad, (int)image->pad_len, image->pad_len);
    if (with_attributes) {
        image_set_record(image, OTAV_ATTR_PRODUCT, image_product, sizeof image_product);
        image_set_u32s(image, OTAV_ATTR_HARDWARE, 0x102, 4u << 16 | 1, 8);
        image_set_u32s(image, OTAV_ATTR_BINDING, IMAGE_SEQUENCE, IMAGE_ID, 8);
        image_set_u32s(image, OTAV_ATTR_COUNTER, 3, 0, 4);
    }
    image_write_area(image);
}

static inline void image_sign_meta(struct image *image, const struct image_key *key)
{
    uint8_t *meta = image->meta;

    memset(meta + OTAV_META_SIG_LEN_OFF, 0, OTAV_META_LEN - OTAV_META_SIG_LEN_OFF);
    image_put_signature(key, meta + OTAV_META_SIGNED_OFF, OTAV_META_LEN - OTAV_META_SIGNED_OFF,
                        meta + OTAV_META_SIG_LEN_OFF, meta + OTAV_META_SIG_OFF);
}

static inline void image_sign(struct image *image, const struct image_key *key)
{
    image_put_signature(key, image->fw, image->fw_len, image->meta + OTAV_META_FW_SIG_LEN_OFF,
                        image->meta + OTAV_META_FW_SIG_OFF);
    image_sign_meta(image, key);
}

/* ---- files ------------------------------------------------------------------------------------ */

struct image_file {
    uint8_t bytes[IMAGE_FILE_MAX];
    size_t len;
    size_t zota_off; /* 0 without Zigbee header in front */
    size_t payload_off;
    bool has_otau;
    bool has_zota;
};

static inline uint32_t image_sum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum += bytes[i];
    }
    return sum;
}

/* Metadata, firmware and padding, encrypted or not, to out; returns the length. */
static inline size_t image_payload(const struct image *image, bool encrypted, uint8_t *out)
{
    size_t len = OTAV_META_LEN + image->fw_len;
    EVP_CIPHER_CTX *ctx;
    int done = 0;

    memcpy(out, image->meta, OTAV_META_LEN);
    memcpy(out + OTAV_META_LEN, image->fw, image->fw_len);
    if (!encrypted) {
        return len;
    }
    memcpy(out + len, image->pad, image->pad_len);
    len += image->pad_len;
    ctx = EVP_CIPHER_CTX_new();
    ck_assert_int_eq(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, image_aes_key, image_aes_iv),
                     1);
    ck_assert_int_eq(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
    ck_assert_int_eq(EVP_EncryptUpdate(ctx, out, &done, out, (int)len), 1);
    ck_assert_uint_eq((size_t)done, len);
    EVP_CIPHER_CTX_free(ctx);
    return len;
}

/* Brings total length and checksum in line with the bytes. */
static inline void image_file_seal(struct image_file *file)
{
    if (file->has_zota) {
        otav_store_u32(file->bytes + file->zota_off + OTAV_ZOTA_TOTAL_LEN_OFF,
                       (uint32_t)(file->len - file->zota_off));
    }
    if (file->has_otau) {
        otav_store_u16(file->bytes + OTAV_OTAU_CHECKSUM_OFF, 0);
        otav_store_u16(file->bytes + OTAV_OTAU_CHECKSUM_OFF,
                       otav_file_checksum(image_sum(file->bytes, file->len)));
    }
}

static inline size_t image_put_zota(uint8_t *out, uint16_t field_control)
{
    size_t len = (size_t)OTAV_ZOTA_LEN + ((field_control & 1) != 0 ? 1 : 0) +
                 ((field_control & 2) != 0 ? 8 : 0) + ((field_control & 4) != 0 ? 4 : 0);

    memset(out, 0x5A, len);
    otav_store_u32(out + OTAV_ZOTA_MAGIC_OFF, 0x0BEEF11E);
    otav_store_u16(out + OTAV_ZOTA_HEADER_VERSION_OFF, 0x0100);
    otav_store_u16(out + OTAV_ZOTA_HEADER_LEN_OFF, (uint16_t)len);
    otav_store_u16(out + OTAV_ZOTA_FIELD_CONTROL_OFF, field_control);
    return len;
}

/* field_control: optional fields of the Zigbee header. */
static inline void image_file_build(struct image_file *file, const struct image *image,
                                    enum otav_file_kind kind, bool encrypted,
                                    uint16_t field_control)
{
    memset(file, 0, sizeof *file);
    file->has_otau = kind == OTAV_FILE_BLE || kind == OTAV_FILE_COMBO;
    file->has_zota = kind == OTAV_FILE_ZIGBEE || kind == OTAV_FILE_COMBO;
    if (file->has_otau) {
        file->bytes[OTAV_OTAU_HEADER_VERSION_OFF] = 1;
        file->bytes[OTAV_OTAU_ENCRYPTED_OFF] = encrypted ? 1 : 0;
        otav_store_u32(file->bytes + OTAV_OTAU_IMAGE_ID_OFF, IMAGE_ID);
        otav_store_u32(file->bytes + OTAV_OTAU_REVISION_OFF, IMAGE_VERSION);
        file->bytes[OTAV_OTAU_FILE_TYPE_OFF] = file->has_zota ? 2 : 1;
        file->len = OTAV_OTAU_LEN;
    }
    if (file->has_zota) {
        file->zota_off = file->len;
        file->len += image_put_zota(file->bytes + file->len, field_control);
    }
    file->payload_off = file->len;
    file->len += image_payload(image, encrypted, file->bytes + file->len);
    image_file_seal(file);
}

/* ---- devices ---------------------------------------------------------------------------------- */

/* A strict production device that takes what image_init() and one key make. */
static inline void image_config(struct otav_config *config, const struct image_key *key)
{
    memset(config, 0, sizeof *config);
    config->policy = OTAV_POLICY_STRICT;
    config->device_class = OTAV_CLASS_PRODUCTION;
    config->image_types = OTAV_ROLE_APPLICATION;
    config->key_count = 1;
    memcpy(config->keys[0].xy, key->xy, sizeof key->xy);
    config->keys[0].key_class = OTAV_CLASS_PRODUCTION;
    config->keys[0].roles = OTAV_ROLE_APPLICATION;
    config->has_identity = true;
    memcpy(config->product, image_product, sizeof image_product);
    config->hardware_class = 0x102;
    config->hardware_revision = 2;
    memcpy(config->manufacturer, "MCHP", 4);
    config->has_installed = true;
    config->installed_version = 0x01000000;
    config->counter_floor = 3;
    config->has_decrypt_key = true;
    memcpy(config->decrypt_key, image_aes_key, sizeof image_aes_key);
    memcpy(config->decrypt_iv, image_aes_iv, sizeof image_aes_iv);
}

/* Opens, feeds in pieces of part_len (0: all at once) and finishes; leaves ctx open. */
static inline enum otav_err image_run_file(struct otav_context *ctx,
                                           const struct otav_config *config,
                                           const struct otav_crypto *crypto, const uint8_t *bytes,
                                           size_t len, size_t part_len)
{
    enum otav_err err = otav_open_file(ctx, config, crypto, OTAV_INSTALL, (uint32_t)len,
                                       image_sum(bytes, len), NULL);

    for (size_t off = 0; err == OTAV_OK && off < len;) {
        size_t part = part_len == 0 || len - off < part_len ? len - off : part_len;

        err = otav_feed(ctx, bytes + off, part);
        off += part;
    }
    return err == OTAV_OK ? otav_finish(ctx) : err;
}

/* The verdict on a file, with what must hold beside it. */
static inline enum otav_err image_judge(const struct otav_config *config,
                                        const struct otav_crypto *crypto, const uint8_t *bytes,
                                        size_t len)
{
    static struct otav_context ctx;
    enum otav_err err;

    memset(&ctx, 0, sizeof ctx);
    err = image_run_file(&ctx, config, crypto, bytes, len, 0);
    ck_assert_uint_eq(otav_verdict(&ctx), err == OTAV_OK ? OTAV_ACCEPT : OTAV_REJECT);
    otav_close(&ctx);
    return err;
}

#endif
