/*
 * The OTA file format of the BZ2 family, defined once.
 *
 * Every binary record is one list of fields: offset, size, type, rule, name, meaning and source.
 * Offsets and sizes as constants (OTAV_<RECORD>_<FIELD>_OFF / _LEN), the tables that decode, encode
 * and check walk, and the names that the inspector prints all come from these lists.
 *
 * All integers are little-endian. "spec:" cites vendor documentation, "observed:" what the vendor's
 * generator writes (reproduced byte for byte by tests/golden), "attributes:" and "provisioning:"
 * schemas/README.md.
 *
 * Layer: format (lowest). Nothing here allocates, prints or keeps state.
 */
#ifndef OTAV_FORMAT_H
#define OTAV_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- field lists ------------------------------------------------------------------------------ */

/* How the bytes of a field are to be read; only the inspector tells DEC, HEX and the like apart. */
enum otav_type {
    OTAV_DEC,      /* unsigned number of 1, 2 or 4 bytes */
    OTAV_HEX,      /* the same, shown in hexadecimal */
    OTAV_VERSION,  /* u32 a << 24 | b << 16 | c << 8 | d, shown as a.b.c.d */
    OTAV_TEXT,     /* ASCII, zero padded */
    OTAV_BYTES,    /* byte string */
    OTAV_ZERO,     /* filler */
    OTAV_UUID,     /* 16 bytes in text order */
    OTAV_SECONDS,  /* u64 seconds since 1970-01-01T00:00:00Z */
    OTAV_DAYS,     /* u32 days since 1970-01-01 */
    OTAV_SIGNATURE /* DER ECDSA signature or SHA-256 digest, zero padded */
};

/* What a value must fulfil for the record to be well-formed. */
enum otav_rule {
    OTAV_ANY,    /* everything, or judged elsewhere (policy) */
    OTAV_IS,     /* equal to the argument; a filler: every byte */
    OTAV_RANGE,  /* argument = low 16 bits minimum, high 16 bits maximum */
    OTAV_MAX,    /* at most the argument */
    OTAV_EITHER, /* argument = two values of 16 bits */
    OTAV_LIVE,   /* neither 0 nor 0xFFFFFFFF */
    OTAV_WHEN    /* optional field: present when the bits of the argument are set (Zigbee) */
};

#define OTAV_RANGE_ARG(min, max) ((uint32_t)(min) | ((uint32_t)(max) << 16))
#define OTAV_EITHER_ARG(a, b)    ((uint32_t)(a) | ((uint32_t)(b) << 16))

struct otav_field {
    unsigned offset : 12; /* bytes from the start of the record */
    unsigned size : 12;   /* bytes */
    unsigned type : 4;    /* enum otav_type */
    unsigned rule : 4;    /* enum otav_rule */
    uint32_t arg;         /* what the rule asks for */
};

/* The words for a field; a table of its own, so that a device does not carry them. */
struct otav_field_doc {
    const char *name;    /* as in inspect --json and wbz451_ota.ksy */
    const char *meaning; /* "0=none|1=sha256" for enumerations, else a phrase */
    const char *source;
};

/* OTAU file header, 16 bytes; read by the phone app, never sent to the device.
 * X(record, FIELD, offset, size, type, rule, argument, "name", "meaning", "source") */
#define OTAV_OTAU_FIELDS(X)                                                                        \
    X(OTAU, HEADER_VERSION, 0, 1, DEC, IS, 1, "header_version", "version of this header",          \
      "observed: generator v1.06")                                                                 \
    X(OTAU, ENCRYPTED, 1, 1, DEC, MAX, 1, "encrypted", "0=plain|1=aes-128-cbc",                    \
      "spec: BLE OTA DFU Image File Definition")                                                   \
    X(OTAU, CHECKSUM, 2, 2, HEX, ANY, 0, "checksum",                                               \
      "two's complement of the 16-bit sum of all other bytes of the file",                         \
      "observed: generator v1.06")                                                                 \
    X(OTAU, IMAGE_ID, 4, 4, HEX, ANY, 0, "image_id", "flash image id",                             \
      "spec: BLE OTA DFU Image File Definition")                                                   \
    X(OTAU, REVISION, 8, 4, VERSION, ANY, 0, "revision", "firmware revision",                      \
      "spec: BLE OTA DFU Image File Definition")                                                   \
    X(OTAU, FILE_TYPE, 12, 1, DEC, RANGE, OTAV_RANGE_ARG(1, 2), "file_type", "1=ble|2=combo",      \
      "observed: generator v1.06")                                                                 \
    X(OTAU, RESERVED, 13, 3, ZERO, IS, 0, "reserved", "zero", "observed: generator v1.06")

/* Zigbee OTA upgrade file header: 56 bytes, then the optional fields below. */
#define OTAV_ZOTA_FIELDS(X)                                                                        \
    X(ZOTA, MAGIC, 0, 4, HEX, IS, 0x0BEEF11E, "magic", "upgrade file identifier",                  \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, HEADER_VERSION, 4, 2, HEX, IS, 0x0100, "header_version", "version of this header",     \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, HEADER_LEN, 6, 2, DEC, RANGE, OTAV_RANGE_ARG(56, 69), "header_length",                 \
      "bytes, optional fields included", "spec: ZCL OTA upgrade, file header")                     \
    X(ZOTA, FIELD_CONTROL, 8, 2, HEX, MAX, 7, "field_control",                                     \
      "bit 0 credential version, bit 1 destination, bit 2 hardware versions",                      \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, MANUFACTURER_CODE, 10, 2, HEX, ANY, 0, "manufacturer_code", "Zigbee manufacturer",     \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, IMAGE_TYPE, 12, 2, HEX, ANY, 0, "image_type", "manufacturer's image type",             \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, FILE_VERSION, 14, 4, HEX, ANY, 0, "file_version", "release of the file",               \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, STACK_VERSION, 18, 2, HEX, ANY, 0, "stack_version", "Zigbee stack, 2 = PRO",           \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, HEADER_STRING, 20, 32, TEXT, ANY, 0, "header_string", "manufacturer's text",           \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOTA, TOTAL_LEN, 52, 4, DEC, ANY, 0, "total_image_size",                                     \
      "bytes of this header and the payload", "observed: generator v1.06")

/* Optional fields in the order in which they follow; offsets count from the end of the one before. */
#define OTAV_ZOPT_FIELDS(X)                                                                        \
    X(ZOPT, CREDENTIAL_VERSION, 0, 1, DEC, WHEN, 1, "security_credential_version",                 \
      "security credential", "spec: ZCL OTA upgrade, file header")                                 \
    X(ZOPT, DESTINATION, 0, 8, BYTES, WHEN, 2, "destination",                                      \
      "EUI64 of the only receiver, most significant byte first", "observed: generator v1.06")      \
    X(ZOPT, MIN_HARDWARE, 0, 2, HEX, WHEN, 4, "min_hardware_version", "lowest hardware version",   \
      "spec: ZCL OTA upgrade, file header")                                                        \
    X(ZOPT, MAX_HARDWARE, 0, 2, HEX, WHEN, 4, "max_hardware_version", "highest hardware version",  \
      "spec: ZCL OTA upgrade, file header")

/* Metadata, 512 bytes, in front of the firmware in the file and in the slot. */
#define OTAV_META_FIELDS(X)                                                                        \
    X(META, FILLER0, 0x00, 8, ZERO, IS, 0, "filler0", "zero", "observed: generator v1.06")         \
    X(META, MANUFACTURER, 0x08, 4, TEXT, ANY, 0, "manufacturer_id", "manufacturer",                \
      "spec: BZ2 bootloader services, metadata header")                                            \
    X(META, FILLER1, 0x0C, 4, ZERO, IS, 0, "filler1", "zero", "observed: generator v1.06")         \
    X(META, SEQUENCE, 0x10, 4, DEC, LIVE, 0, "sequence", "image sequence number",                  \
      "spec: BZ2 bootloader services, metadata header")                                            \
    X(META, REVISION, 0x14, 1, DEC, IS, 2, "metadata_revision", "layout of this header",           \
      "spec: BZ2 bootloader services, metadata header")                                            \
    X(META, CONTAINER, 0x15, 1, DEC, IS, 1, "container_index", "container",                        \
      "observed: generator v1.06")                                                                 \
    X(META, AUTH_METHOD, 0x16, 1, DEC, MAX, 2, "metadata_auth_method",                             \
      "0=none|1=sha256|2=ecdsa-p256-sha256", "spec: BZ2 bootloader services, metadata header")     \
    X(META, AUTH_KEY, 0x17, 1, DEC, IS, 0, "metadata_auth_key", "key index",                       \
      "observed: generator v1.06")                                                                 \
    X(META, DECRYPT_METHOD, 0x18, 1, DEC, IS, 0, "payload_decrypt_method", "none",                 \
      "observed: generator v1.06")                                                                 \
    X(META, DECRYPT_KEY, 0x19, 1, DEC, IS, 0, "payload_decrypt_key", "key index",                  \
      "observed: generator v1.06")                                                                 \
    X(META, PAYLOAD_LEN, 0x1A, 2, DEC, IS, 85, "payload_length", "bytes from 0x1C to 0x70",        \
      "spec: BZ2 bootloader services, metadata header")                                            \
    X(META, FW_REVISION, 0x1C, 4, VERSION, ANY, 0, "firmware_revision", "firmware version",        \
      "spec: BZ2 bootloader services, metadata header")                                            \
    X(META, FW_LEN, 0x20, 4, DEC, ANY, 0, "firmware_length", "bytes of firmware",                  \
      "spec: BZ2 bootloader services, metadata header")                                            \
    X(META, FW_AUTH_METHOD, 0x24, 1, DEC, MAX, 2, "firmware_auth_method",                          \
      "0=none|1=sha256|2=ecdsa-p256-sha256", "spec: BZ2 bootloader services, metadata header")     \
    X(META, FW_AUTH_KEY, 0x25, 1, DEC, IS, 0, "firmware_auth_key", "key index",                    \
      "observed: generator v1.06")                                                                 \
    X(META, FW_DECRYPT_METHOD, 0x26, 1, DEC, IS, 0, "firmware_decrypt_method", "none",             \
      "observed: generator v1.06")                                                                 \
    X(META, FW_DECRYPT_KEY, 0x27, 1, DEC, IS, 0, "firmware_decrypt_key", "key index",              \
      "observed: generator v1.06")                                                                 \
    X(META, FW_SIG_LEN, 0x28, 1, DEC, MAX, 72, "firmware_signature_length", "bytes used",          \
      "observed: generator v1.06")                                                                 \
    X(META, FW_SIG, 0x29, 72, SIGNATURE, ANY, 0, "firmware_signature",                             \
      "over the firmware, padding included", "observed: generator v1.06")                          \
    X(META, ATTRIBUTES, 0x71, 326, BYTES, ANY, 0, "attributes",                                    \
      "attribute area; zero in stock files", "attributes: area")                                   \
    X(META, SIG_LEN, 0x1B7, 1, DEC, MAX, 72, "metadata_signature_length", "bytes used",            \
      "observed: generator v1.06")                                                                 \
    X(META, SIG, 0x1B8, 72, SIGNATURE, ANY, 0, "metadata_signature",                               \
      "over metadata bytes 20 to 511 with its own length and bytes zero",                          \
      "observed: generator v1.06")

/* Head of the attribute area. */
#define OTAV_AREA_FIELDS(X)                                                                        \
    X(AREA, MAGIC, 0, 4, TEXT, ANY, 0, "magic", "OTAA", "attributes: area")                        \
    X(AREA, VERSION, 4, 1, DEC, IS, 1, "version", "version of the area", "attributes: area")       \
    X(AREA, RECORD_COUNT, 5, 1, DEC, ANY, 0, "record_count", "records", "attributes: area")        \
    X(AREA, RECORDS_LEN, 6, 2, DEC, MAX, 318, "records_length", "bytes of all records",            \
      "attributes: area")

/* Attribute records. X(ATTRIBUTE, type, value size in bytes (0 = see attributes.c), "name")
 * Types without bit 15 are enforced and stand first, so that their index is type - 1. */
#define OTAV_ATTRIBUTES(X)                                                                         \
    X(PRODUCT, 0x0001, 16, "product")                                                              \
    X(HARDWARE, 0x0002, 8, "hardware")                                                             \
    X(BINDING, 0x0003, 8, "header_binding")                                                        \
    X(COUNTER, 0x0004, 4, "security_counter")                                                      \
    X(MIN_INSTALLED, 0x0005, 4, "min_installed_version")                                           \
    X(IMAGE_TYPE, 0x0006, 4, "image_type")                                                         \
    X(MIN_BATTERY, 0x0007, 4, "min_battery")                                                       \
    X(ACTIVATION, 0x0008, 4, "activation")                                                         \
    X(REVOKE_KEYS, 0x0009, 4, "revoke_keys")                                                       \
    X(ENCODING, 0x000A, 8, "encoding")                                                             \
    X(BUILD_TIME, 0x8010, 8, "build_time")                                                         \
    X(RELEASE, 0x8011, 8, "release")                                                               \
    X(SBOM, 0x8020, 36, "sbom")                                                                    \
    X(SOURCE_REVISION, 0x8021, 0, "source_revision")

#define OTAV_ATTRIBUTE_ENFORCED_COUNT 10
#define OTAV_ATTRIBUTE_INFORMATIVE    0x8000u /* type bit: skipped when unknown, never judged */
#define OTAV_ATTRIBUTE_USER_MIN       0x8800u
#define OTAV_ATTRIBUTE_USER_MAX       0x8FFFu

/* Values of the attribute records; the record is the attribute's name. */
#define OTAV_PRODUCT_FIELDS(X)                                                                     \
    X(PRODUCT, ID, 0, 16, UUID, ANY, 0, "id", "product", "attributes: 0x0001")
#define OTAV_HARDWARE_FIELDS(X)                                                                    \
    X(HARDWARE, CLASS, 0, 4, HEX, ANY, 0, "class", "hardware class", "attributes: 0x0002")         \
    X(HARDWARE, MIN_REVISION, 4, 2, DEC, ANY, 0, "min_revision", "lowest hardware revision",       \
      "attributes: 0x0002")                                                                        \
    X(HARDWARE, MAX_REVISION, 6, 2, DEC, ANY, 0, "max_revision", "highest hardware revision",      \
      "attributes: 0x0002")
#define OTAV_BINDING_FIELDS(X)                                                                     \
    X(BINDING, SEQUENCE, 0, 4, DEC, ANY, 0, "sequence", "sequence number of the metadata",         \
      "attributes: 0x0003")                                                                        \
    X(BINDING, IMAGE_ID, 4, 4, HEX, ANY, 0, "image_id", "flash image id of the file header",       \
      "attributes: 0x0003")
#define OTAV_COUNTER_FIELDS(X)                                                                     \
    X(COUNTER, VALUE, 0, 4, DEC, MAX, 0xFFFEFFFF, "value", "security counter", "attributes: 0x0004")
#define OTAV_MIN_INSTALLED_FIELDS(X)                                                               \
    X(MIN_INSTALLED, VERSION, 0, 4, VERSION, ANY, 0, "version",                                    \
      "version that must be installed before", "attributes: 0x0005")
#define OTAV_IMAGE_TYPE_FIELDS(X)                                                                  \
    X(IMAGE_TYPE, VALUE, 0, 1, DEC, RANGE, OTAV_RANGE_ARG(1, 3), "value",                          \
      "1=application|2=bootloader|3=secondary", "attributes: 0x0006")                              \
    X(IMAGE_TYPE, RESERVED, 1, 3, ZERO, IS, 0, "reserved", "zero", "attributes: 0x0006")
#define OTAV_MIN_BATTERY_FIELDS(X)                                                                 \
    X(MIN_BATTERY, PERCENT, 0, 1, DEC, MAX, 100, "percent", "lowest charge for the update",        \
      "attributes: 0x0007")                                                                        \
    X(MIN_BATTERY, RESERVED, 1, 3, ZERO, IS, 0, "reserved", "zero", "attributes: 0x0007")
#define OTAV_ACTIVATION_FIELDS(X)                                                                  \
    X(ACTIVATION, VALUE, 0, 1, DEC, RANGE, OTAV_RANGE_ARG(1, 2), "value", "1=trial|2=permanent",   \
      "attributes: 0x0008")                                                                        \
    X(ACTIVATION, RESERVED, 1, 3, ZERO, IS, 0, "reserved", "zero", "attributes: 0x0008")
#define OTAV_REVOKE_KEYS_FIELDS(X)                                                                 \
    X(REVOKE_KEYS, MASK, 0, 4, HEX, MAX, 0xF, "mask", "bit n = key n of the device",               \
      "attributes: 0x0009")
#define OTAV_ENCODING_FIELDS(X)                                                                    \
    X(ENCODING, VALUE, 0, 1, DEC, IS, 1, "value", "1=deflate", "attributes: 0x000A")               \
    X(ENCODING, RESERVED, 1, 3, ZERO, IS, 0, "reserved", "zero", "attributes: 0x000A")             \
    X(ENCODING, ENCODED_LEN, 4, 4, DEC, ANY, 0, "encoded_length", "bytes sent for the firmware",   \
      "attributes: 0x000A")
#define OTAV_BUILD_TIME_FIELDS(X)                                                                  \
    X(BUILD_TIME, TIME, 0, 8, SECONDS, ANY, 0, "time", "build time", "attributes: 0x8010")
#define OTAV_RELEASE_FIELDS(X)                                                                     \
    X(RELEASE, KIND, 0, 1, DEC, RANGE, OTAV_RANGE_ARG(1, 3), "kind",                               \
      "1=feature|2=security|3=both", "attributes: 0x8011")                                         \
    X(RELEASE, FLAGS, 1, 1, HEX, MAX, 1, "flags", "bit 0 mandatory", "attributes: 0x8011")         \
    X(RELEASE, RESERVED, 2, 2, ZERO, IS, 0, "reserved", "zero", "attributes: 0x8011")              \
    X(RELEASE, SUPPORT_END, 4, 4, DAYS, ANY, 0, "support_end", "end of support",                   \
      "attributes: 0x8011")
#define OTAV_SBOM_FIELDS(X)                                                                        \
    X(SBOM, FORMAT, 0, 1, DEC, RANGE, OTAV_RANGE_ARG(1, 2), "format",                              \
      "1=cyclonedx-json|2=spdx-json", "attributes: 0x8020")                                        \
    X(SBOM, RESERVED, 1, 3, ZERO, IS, 0, "reserved", "zero", "attributes: 0x8020")                 \
    X(SBOM, SHA256, 4, 32, BYTES, ANY, 0, "sha256", "SHA-256 of the SBOM file",                    \
      "attributes: 0x8020")

/* Provisioning record, 384 bytes: what the factory fixes in a device (otav_provision.h). The words of
 * otav_config.h stand for themselves: no damaged bit turns one into the other. */
#define OTAV_PROVISION_FIELDS(X)                                                                   \
    X(PROVISION, MAGIC, 0x00, 4, HEX, IS, 0x5250544F, "magic", "OTPR", "provisioning: record")     \
    X(PROVISION, VERSION, 0x04, 1, DEC, IS, 1, "version", "version of the record",                 \
      "provisioning: record")                                                                      \
    X(PROVISION, POLICY, 0x05, 1, HEX, EITHER,                                                     \
      OTAV_EITHER_ARG(OTAV_POLICY_STRICT, OTAV_POLICY_STOCK), "policy", "0x35=strict|0xCA=stock",  \
      "provisioning: record")                                                                      \
    X(PROVISION, DEVICE_CLASS, 0x06, 1, HEX, EITHER,                                               \
      OTAV_EITHER_ARG(OTAV_CLASS_PRODUCTION, OTAV_CLASS_DEVELOPMENT), "device_class",              \
      "0x5C=production|0xA3=development", "provisioning: record")                                  \
    X(PROVISION, KEY_COUNT, 0x07, 1, DEC, RANGE, OTAV_RANGE_ARG(1, OTAV_KEY_MAX_COUNT),            \
      "key_count", "keys in use, from the first on", "provisioning: record")                       \
    X(PROVISION, HAS_IDENTITY, 0x08, 1, DEC, MAX, 1, "has_identity",                               \
      "0=hardware and product are zero|1=they are known", "provisioning: record")                  \
    X(PROVISION, HAS_DECRYPT_KEY, 0x09, 1, DEC, MAX, 1, "has_decrypt_key",                         \
      "0=key and IV are zero|1=they are here", "provisioning: record")                             \
    X(PROVISION, HARDWARE_REVISION, 0x0A, 2, DEC, ANY, 0, "hardware_revision",                     \
      "hardware revision", "provisioning: record")                                                 \
    X(PROVISION, HARDWARE_CLASS, 0x0C, 4, HEX, ANY, 0, "hardware_class", "hardware class",         \
      "provisioning: record")                                                                      \
    X(PROVISION, PRODUCT, 0x10, 16, UUID, ANY, 0, "product", "product", "provisioning: record")    \
    X(PROVISION, MANUFACTURER, 0x20, 4, TEXT, ANY, 0, "manufacturer", "manufacturer",              \
      "provisioning: record")                                                                      \
    X(PROVISION, RESERVED, 0x24, 12, ZERO, IS, 0, "reserved", "zero", "provisioning: record")      \
    X(PROVISION, KEYS, 0x30, 272, BYTES, ANY, 0, "keys",                                           \
      "4 keys of 68 bytes; those not in use are zero", "provisioning: record")                     \
    X(PROVISION, DECRYPT_KEY, 0x140, 16, BYTES, ANY, 0, "decrypt_key",                             \
      "AES-128 key for encrypted transfers: secret", "provisioning: record")                       \
    X(PROVISION, DECRYPT_IV, 0x150, 16, BYTES, ANY, 0, "decrypt_iv", "its initial vector",         \
      "provisioning: record")                                                                      \
    X(PROVISION, SHA256, 0x160, 32, BYTES, ANY, 0, "sha256", "SHA-256 of all bytes before",        \
      "provisioning: record")

/* A key of the provisioning record. */
#define OTAV_PROVISION_KEY_FIELDS(X)                                                               \
    X(PROVISION_KEY, XY, 0x00, 64, BYTES, ANY, 0, "xy", "X and Y, big-endian",                     \
      "provisioning: key")                                                                         \
    X(PROVISION_KEY, CLASS, 0x40, 1, HEX, EITHER,                                                  \
      OTAV_EITHER_ARG(OTAV_CLASS_PRODUCTION, OTAV_CLASS_DEVELOPMENT), "class",                     \
      "0x5C=production|0xA3=development", "provisioning: key")                                     \
    X(PROVISION_KEY, ROLES, 0x41, 1, HEX, RANGE, OTAV_RANGE_ARG(1, 7), "roles",                    \
      "bit 0 application, bit 1 bootloader, bit 2 secondary", "provisioning: key")                 \
    X(PROVISION_KEY, RESERVED, 0x42, 2, ZERO, IS, 0, "reserved", "zero", "provisioning: key")

/* Every record, for code that works on all of them. */
#define OTAV_ALL_FIELDS(X)                                                                         \
    OTAV_OTAU_FIELDS(X)                                                                            \
    OTAV_ZOTA_FIELDS(X)                                                                            \
    OTAV_ZOPT_FIELDS(X)                                                                            \
    OTAV_META_FIELDS(X)                                                                            \
    OTAV_AREA_FIELDS(X)                                                                            \
    OTAV_PRODUCT_FIELDS(X)                                                                         \
    OTAV_HARDWARE_FIELDS(X)                                                                        \
    OTAV_BINDING_FIELDS(X)                                                                         \
    OTAV_COUNTER_FIELDS(X)                                                                         \
    OTAV_MIN_INSTALLED_FIELDS(X)                                                                   \
    OTAV_IMAGE_TYPE_FIELDS(X)                                                                      \
    OTAV_MIN_BATTERY_FIELDS(X)                                                                     \
    OTAV_ACTIVATION_FIELDS(X)                                                                      \
    OTAV_REVOKE_KEYS_FIELDS(X)                                                                     \
    OTAV_ENCODING_FIELDS(X)                                                                        \
    OTAV_BUILD_TIME_FIELDS(X)                                                                      \
    OTAV_RELEASE_FIELDS(X)                                                                         \
    OTAV_SBOM_FIELDS(X)                                                                            \
    OTAV_PROVISION_FIELDS(X)                                                                       \
    OTAV_PROVISION_KEY_FIELDS(X)

/* OTAV_<RECORD>_<FIELD>_OFF and _LEN of every field. */
#define OTAV_X_CONSTANTS(rec, id, off, len, type, rule, arg, name, meaning, source)                \
    OTAV_##rec##_##id##_OFF = (off), OTAV_##rec##_##id##_LEN = (len),
enum { OTAV_ALL_FIELDS(OTAV_X_CONSTANTS) };

/* Attribute types: OTAV_ATTR_<ATTRIBUTE>. */
#define OTAV_X_ATTR_TYPE(id, type, len, name) OTAV_ATTR_##id = (type),
enum { OTAV_ATTRIBUTES(OTAV_X_ATTR_TYPE) };

enum {
    OTAV_OTAU_LEN = 16,
    OTAV_ZOTA_LEN = 56,     /* without optional fields */
    OTAV_ZOTA_MAX_LEN = 69, /* with all of them */
    OTAV_META_LEN = 512,
    OTAV_META_SIGNED_OFF = 20, /* first byte under the metadata signature */
    OTAV_AREA_LEN = 8,
    OTAV_PROVISION_LEN = 384,
    OTAV_PROVISION_KEY_LEN = 68,
    OTAV_RECORD_HEAD_LEN = 4, /* type u16, length u16 */
    OTAV_BLOCK_LEN = 16,      /* AES block, CBC padding */
    OTAV_UNIT_LEN = 16,       /* smallest program unit of the flash */
    OTAV_SHA256_LEN = 32,
    OTAV_PUBLIC_KEY_LEN = 64,
    OTAV_SIGNATURE_LEN = 64, /* r || s */
    OTAV_METHOD_NONE = 0,
    OTAV_METHOD_SHA256 = 1,
    OTAV_METHOD_ECDSA = 2,
    OTAV_FW_LEN_FORBIDDEN = 492 /* a signature over that many bytes could be one over metadata */
};

/* Tables made from the lists; docs run parallel to fields and live in an object of their own. */
struct otav_table {
    const struct otav_field *fields;
    const struct otav_field_doc *docs;
    uint8_t field_count;
};

/* The fields of the metadata that have a rule: the others have no row on a device. */
extern const struct otav_field otav_meta_fields[];
extern const uint8_t otav_meta_field_count;

/* Tables with names, for inspectors (fields_doc.c; nothing on a device refers to it). */
extern const struct otav_table otav_otau_table;
extern const struct otav_table otav_zota_table;
extern const struct otav_table otav_zopt_table;
extern const struct otav_table otav_meta_table;
extern const struct otav_table otav_area_table;
extern const struct otav_table otav_provision_table;
extern const struct otav_table otav_provision_key_table;

struct otav_attribute_doc {
    uint16_t type;
    const char *name;
    struct otav_table values; /* field_count 0: plain byte string */
};
/* By type; NULL when unknown. */
const struct otav_attribute_doc *otav_attribute_find(uint16_t type);
const struct otav_attribute_doc *otav_attribute_find_name(const char *name);

/* ---- bytes ------------------------------------------------------------------------------------ */

static inline uint16_t otav_load_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | (uint16_t)(p[1] << 8));
}

/* One instruction in the end, which the compiler sees too late to inline it for size. */
static inline __attribute__((always_inline)) uint32_t otav_load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16) | ((uint32_t)p[3] << 24);
}

static inline void otav_store_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void otav_store_u32(uint8_t *p, uint32_t v)
{
    otav_store_u16(p, (uint16_t)v);
    otav_store_u16(p + 2, (uint16_t)(v >> 16));
}

/* Value of a number field of 1, 2 or 4 bytes. */
uint32_t otav_field_get(const struct otav_field *field, const uint8_t *record);

/* Writes a number field; higher bytes of value are cut off. */
void otav_field_set(const struct otav_field *field, uint8_t *record, uint32_t value);

/* Whether the bytes from start to before end are all byte. */
bool otav_bytes_are(const uint8_t *bytes, size_t start, size_t end, uint8_t byte);

/* Whether the field fulfils its rule. */
bool otav_field_ok(const struct otav_field *field, const uint8_t *record);

/* Index of the first of count fields that does not fulfil its rule; count if all do. */
uint8_t otav_fields_check(const struct otav_field *fields, uint8_t count, const uint8_t *record);

/* Fills record (record_len bytes, zero before) with what the rules fix: magic, versions, sizes. */
void otav_fields_init(const struct otav_field *fields, uint8_t count, uint8_t *record);

/* The 512 bytes of metadata: whether the constant fields look like plaintext metadata (most of them
 * are right; a few wrong bytes do not matter). Tells plain from encrypted where no header says so. */
bool otav_meta_looks_plain(const uint8_t meta[OTAV_META_LEN]);

/* ---- DER signatures --------------------------------------------------------------------------- */

/* Strict DER SEQUENCE { INTEGER r, INTEGER s } of der_len bytes to r || s (32 + 32, big-endian).
 * der has cap bytes (72): those behind der_len must be zero. r and s are positive and at most 32
 * bytes; 1..n-1 is the verifier's business. False on anything else, ret_rs untouched. */
bool otav_der_decode(const uint8_t *der, size_t cap, size_t der_len,
                     uint8_t ret_rs[OTAV_SIGNATURE_LEN]);

/* The only DER encoding of r || s; returns its length, 8..72. The rest of ret_der is zero. */
size_t otav_der_encode(const uint8_t rs[OTAV_SIGNATURE_LEN], uint8_t ret_der[72]);

#endif
