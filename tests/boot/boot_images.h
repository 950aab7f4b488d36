/*
 * Images for the tests of the bootloader, and the device that takes them. Keys and signatures are the
 * same in every run; two sources of them: boot_signing_fast.c for fast_crypto, boot_signing_ecdsa.c for
 * crypto as devices have it.
 */
#ifndef BOOT_IMAGES_H
#define BOOT_IMAGES_H

#include <boot.h>

#include "standin.h"

enum { IMAGE_MAX_LEN = OTAV_SLOT_LEN };

enum image_activation { ACTIVATION_ABSENT = 0, ACTIVATION_TRIAL = 1, ACTIVATION_PERMANENT = 2 };

struct image_spec {
    uint32_t version;
    uint32_t counter;
    uint32_t fw_len;
    enum guest_key key;
    enum image_activation activation;
    bool stock;         /* no attributes at all */
    bool other_product; /* not the device's */
    uint32_t revoke;    /* keys; 0: no such attribute */
    uint8_t fill;       /* makes firmwares differ */
    uint32_t entry;     /* in the vectors that the firmware begins with; 0: right behind them */
    bool dense;         /* no unit of the firmware is erased */
    bool repeats; /* of a dense one: much of it is there before, so that it can be compressed */
    uint32_t encoded_len; /* bytes that travel for the firmware; 0: no such attribute */
};

struct boot_image {
    uint8_t bytes[IMAGE_MAX_LEN];
    uint32_t len;
    uint8_t id[OTAB_ID_LEN];
};

/* Firmware of mostly erased units, so that long images take few operations, unless dense. */
void image_make(const struct image_spec *spec, struct boot_image *ret);

/* A device of the given policy that knows the stand-in keys. */
void image_device(enum otav_policy policy, struct otav_config *ret);

/* r || s over len bytes, and the digest of which an image's id is the beginning. */
void image_sign_bytes(enum guest_key key, const uint8_t *bytes, size_t len,
                      uint8_t ret_rs[OTAV_SIGNATURE_LEN]);
void image_hash(const uint8_t *bytes, size_t len, uint8_t ret_digest[OTAV_SHA256_LEN]);

#endif
