/*
 * Everything that is in an OTA file as a list of records and fields, made by walking the format's
 * field tables. `inspect` prints it, as text or JSON; `compare` compares two of them.
 */
#ifndef OTAIMG_LISTING_H
#define OTAIMG_LISTING_H

#include "ota_file.h"

/* What stands between a field and a silent change. */
enum protection {
    PROTECT_NONE,
    PROTECT_CHECKSUM,  /* against damage only */
    PROTECT_BINDING,   /* repeated in a signed attribute */
    PROTECT_SIGNATURE, /* under the metadata signature, or the signature itself */
};

struct listing_field {
    struct otav_field field; /* rule, type and size; offset within the record */
    const struct otav_field_doc *doc;
    uint32_t offset;      /* in the file; in the plaintext for encrypted payloads */
    const uint8_t *bytes; /* field.size of them, in the listing */
    char *value;
    char *meaning; /* word for the value, NULL = none */
    bool ok;       /* fulfils its rule */
    enum protection protection;
};

struct listing_record {
    const char *name; /* "otau", "zigbee", "metadata", "attributes", or an attribute's name */
    char *user_name;  /* owned name of a user or unknown attribute */
    uint32_t offset;
    uint32_t len;
    bool is_attribute;
    uint16_t attribute_type;
    const uint8_t *bytes;
    unsigned field_count;
    struct listing_field *fields;
};

struct listing {
    uint8_t header[OTAV_FILE_PREFIX_LEN];
    uint8_t metadata[OTAV_META_LEN];
    bool has_metadata;    /* readable and plausible */
    uint32_t fw_len;      /* 0 when unknown */
    struct ota_body body; /* with fw_len: how the firmware is sent */
    enum otav_err fw_err; /* OTAV_OK unless compressed firmware cannot be inflated */
    bool has_fw_digest;
    uint8_t fw_digest[OTAV_SHA256_LEN];
    enum otav_err attributes_err; /* OTAV_OK also when there are none */
    uint16_t attributes_offset;
    unsigned record_count;
    struct listing_record *records;
};

/* Lists what can be read. Damage does not stop it: what is wrong is in file->err, the fields' ok and
 * attributes_err. Failures are those of reading and of the decryption key. */
enum ox listing_make(const struct ota_file *file, struct listing *ret);
void listing_free(struct listing *listing);

/* Whether an encrypted payload consists of whole blocks, without which none of it has a meaning. */
bool listing_whole_blocks(const struct ota_file *file);

/* NULL when there is none. */
const struct listing_record *listing_find(const struct listing *listing, const char *name);

const char *protection_name(enum protection protection);

#endif
