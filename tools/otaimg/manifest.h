/*
 * The release manifest (RELEASE.yaml): what `build` makes an OTA file from.
 * schemas/manifest.schema.json describes the same keys for editors.
 */
#ifndef OTAIMG_MANIFEST_H
#define OTAIMG_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "fw_image.h"
#include "lint_rules.h"
#include <otav/otav_config.h>

#define MANIFEST_DEFAULT_IMAGE_ID 0x9B000000u

/* From here on a release closes a security hole: kinds security and both. */
enum { MANIFEST_KIND_SECURITY = 2 };

/* Values of the image-type and activation attributes unless the manifest says otherwise. */
enum { MANIFEST_IMAGE_APPLICATION = 1, MANIFEST_ACTIVATION_TRIAL = 1 };

enum manifest_file_type {
    FILE_TYPE_BLE,
    FILE_TYPE_ZIGBEE,
    FILE_TYPE_COMBO,
    FILE_TYPE_IMAGE,
    FILE_TYPE_HEX
};

struct manifest_user_attribute {
    uint16_t type; /* 0x8800..0x8FFF, ascending, no duplicates */
    uint16_t len;
    uint8_t *bytes;
};

struct manifest {
    char *path;
    char *variant; /* name in 'variants' (manifest_set.h); NULL = none */
    char *label;   /* for messages: "PATH", or "PATH (VARIANT)" */

    char *firmware_file;            /* firmware.file */
    enum fw_format firmware_format; /* firmware.format: elf, ihex, srec, bin; default by content */
    uint32_t firmware_address;      /* firmware.address of a raw binary; default OTAV_FW_ADDRESS */
    uint32_t version;               /* firmware.version */
    uint32_t sequence;              /* firmware.sequence, 1..0xFFFFFFFE */
    uint32_t image_id;              /* firmware.image-id, default 0x9B000000 */
    uint8_t manufacturer[4];        /* firmware.manufacturer, 1..4 printable ASCII, default MCHP */

    uint8_t method;  /* authentication: OTAV_METHOD_*; default ecdsa-p256-sha256 */
    char *sign_key;  /* sign.key: URI; required for ECDSA, an error for the others */
    bool production; /* sign.class: production (default) or development; false without a key */

    bool encrypt; /* encrypt: present. encrypt.method must be aes-128-cbc */
    char *encrypt_key;
    uint8_t encrypt_iv[16];

    bool
        has_attributes; /* attributes: present; then product, hardware, security-counter required */
    uint8_t product[16];
    uint32_t hardware_class;
    uint16_t hardware_min_revision; /* <= max */
    uint16_t hardware_max_revision;
    uint32_t security_counter; /* 0..0xFFFEFFFF */
    bool has_min_installed;
    uint32_t min_installed_version; /* below version */
    uint8_t image_type;             /* 1 application (default, not written), 2, 3 */
    uint8_t activation;             /* 1 trial (default), 2 permanent */
    bool has_min_battery;
    uint8_t min_battery;  /* 0..100 */
    uint32_t revoke_keys; /* attributes.revoke-keys: list of 0..3 as a mask, 0 = none */
    bool has_release;
    uint8_t release_kind; /* 1 feature, 2 security, 3 both */
    bool release_mandatory;
    bool has_support_end;
    uint32_t support_end_days;
    char *sbom_file;             /* NULL = none */
    uint8_t source_revision_len; /* 0, 20 or 32 */
    uint8_t source_revision[32];
    unsigned user_count;
    struct manifest_user_attribute *user;

    bool compress;      /* compress: deflate; needs attributes and file-type ble */
    bool compress_keep; /* compress.keep: also when it makes the file longer */

    enum manifest_file_type file_type; /* default ble */

    bool has_zigbee; /* required for zigbee and combo, an error for the others */
    uint16_t zigbee_manufacturer_code;
    uint16_t zigbee_image_type;
    uint32_t zigbee_file_version;
    uint16_t zigbee_stack_version; /* default 2 */
    char zigbee_header_string[33]; /* at most 32 bytes of printable ASCII */
    bool has_zigbee_credential;
    uint8_t zigbee_credential_version;
    bool has_zigbee_destination;
    uint8_t zigbee_destination[8]; /* most significant byte first */
    bool has_zigbee_hardware;      /* both or none */
    uint16_t zigbee_min_hardware;
    uint16_t zigbee_max_hardware;

    char *lint_off[LINT_RULE_COUNT]; /* lint.off: reason by rule, NULL = not turned off */

    char *output;   /* NULL = not given */
    char *log_file; /* log: audit log, NULL = none */
};

struct yaml_doc;

/* Checks everything that can be checked without opening other files; doc may be freed afterwards.
 * OX_USAGE with file:line:column. manifest_set.h reads files. */
enum ox manifest_from_doc(struct yaml_doc *doc, struct manifest *ret);
void manifest_free(struct manifest *m);

#endif
