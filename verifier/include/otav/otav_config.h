/*
 * What a device is and what it takes: pinned by its owner, never read from an image.
 */
#ifndef OTAV_CONFIG_H
#define OTAV_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "otav_format.h"

/* Flash map of the WBZ451; a build may override the slot length. */
#ifndef OTAV_SLOT_LEN
/* Metadata, firmware and, if encrypted in transit, its padding block. */
#define OTAV_SLOT_LEN 0x7C000u
#endif
#define OTAV_SLOT0_ADDRESS 0x01000000u
#define OTAV_SLOT1_ADDRESS 0x01080000u
#define OTAV_FW_ADDRESS    (OTAV_SLOT0_ADDRESS + OTAV_META_LEN)
#define OTAV_PAGE_LEN      4096u

/* In a compressed transfer a byte begins at each multiple of this, four pages, in the slot: it can be taken
 * up there. */
#define OTAV_ENCODED_POINT_LEN 0x4000u

/* Boot flash: code, the page of floor and revocations, code again, and the provisioning record in its
 * last bytes. What follows up to the end of that page is not for code: configuration words. */
#define OTAV_BOOT_ADDRESS      0x00000000u
#define OTAV_BOOT_END          0x00005E00u
#define OTAV_FLOOR_ADDRESS     0x00004000u
#define OTAV_PROVISION_ADDRESS (OTAV_BOOT_END - OTAV_PROVISION_LEN)
/* Configuration words, where programming tools address them: the alternate set, then the main one. */
#define OTAV_FUSES_ADDRESS      0x00045E80u
#define OTAV_FUSES_MAIN_ADDRESS 0x00045F80u
#define OTAV_FUSES_END          0x00045FC0u

/* Bytes that otav_feed() handles at a time; multiple of 64, at least 512. */
#ifndef OTAV_WORK_LEN
#define OTAV_WORK_LEN 512u
#endif

#define OTAV_KEY_MAX_COUNT 4

enum otav_policy {
    OTAV_POLICY_STRICT = 0x35, /* required attributes present */
    OTAV_POLICY_STOCK = 0xCA   /* for images of other tools: attributes may be absent */
};

enum otav_class {
    OTAV_CLASS_PRODUCTION = 0x5C,
    OTAV_CLASS_DEVELOPMENT = 0xA3 /* a key of this class is refused by a production device */
};

/* Bit (image type - 1): what a key may sign, what a path takes. */
enum { OTAV_ROLE_APPLICATION = 1, OTAV_ROLE_BOOTLOADER = 2, OTAV_ROLE_SECONDARY = 4 };

struct otav_key {
    uint8_t xy[OTAV_PUBLIC_KEY_LEN]; /* X || Y, big-endian */
    uint8_t key_class;               /* enum otav_class */
    uint8_t roles;                   /* OTAV_ROLE_* bits */
    bool revoked;
};

struct otav_config {
    uint8_t policy;       /* enum otav_policy */
    uint8_t device_class; /* enum otav_class */
    uint8_t image_types;  /* OTAV_ROLE_* bits that this path takes; the normal one: application */
    uint8_t key_count;    /* 1..OTAV_KEY_MAX_COUNT */
    struct otav_key keys[OTAV_KEY_MAX_COUNT];

    bool has_identity; /* product and hardware below are known; required by strict */
    uint8_t product[16];
    uint32_t hardware_class;
    uint16_t hardware_revision;

    uint8_t manufacturer[4]; /* zero padded ASCII */
    bool has_image_id;       /* the image id must be image_id */
    uint32_t image_id;

    bool has_installed;         /* installed_version is that of a confirmed image */
    uint32_t installed_version; /* a << 24 | b << 16 | c << 8 | d */
    uint32_t counter_floor;     /* lowest security counter taken */

    bool has_decrypt_key;
    uint8_t decrypt_key[16]; /* AES-128 */
    uint8_t decrypt_iv[16];
};

#endif
