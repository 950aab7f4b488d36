/*
 * What the guest program and the machine it runs on agree about.
 */
#ifndef FAULT_GUEST_H
#define FAULT_GUEST_H

#include <otav/otav_config.h>
#include <stdint.h>

_Static_assert(sizeof(struct otav_config) == 356, "the same to host and guest");

#define GUEST_ROM_LEN      0x8000u
#define GUEST_RAM_ADDRESS  0x20000000u
#define GUEST_RAM_LEN      0x2000u
#define GUEST_SLOT_ADDRESS 0x01080000u
#define GUEST_SLOT_LEN     0x1000u

enum guest_key {
    KEY_RELEASE,     /* production, trusted */
    KEY_REVOKED,     /* production, revoked */
    KEY_DEVELOPMENT, /* of a class that a production device refuses */
    KEY_TRUSTED_COUNT,
    KEY_STRANGER = KEY_TRUSTED_COUNT, /* in no device */
    KEY_COUNT
};
#define GUEST_KEY_LEN 64u

/* Written by the machine before the guest starts; the guest only reads it. */
#define GUEST_INPUT_ADDRESS 0x30000000u
#define GUEST_IMAGE_MAX     1024u
struct guest_input {
    uint32_t path;             /* enum guest_path */
    struct otav_config config; /* as in flash: no stray write reaches it */
    uint32_t image_len;
    uint8_t image[GUEST_IMAGE_MAX];
};

enum guest_path {
    PATH_INSTALL,  /* a service that looks at every result */
    PATH_CARELESS, /* a service that looks at none and leaves it all to otav_commit() */
    PATH_BOOT,     /* a bootloader in front of a slot */
    PATH_ECDSA,    /* the crypto alone: the image is a struct guest_signature */
    GUEST_PATH_COUNT
};

struct guest_signature {
    uint8_t xy[GUEST_KEY_LEN];
    uint8_t digest[32];
    uint8_t rs[64];
};

/* The flash controller. */
#define GUEST_FLASH_ADDRESS 0x44000000u
#define GUEST_FLASH_ERASE   0x45524153u
#define GUEST_FLASH_PROGRAM 0x50524F47u
struct guest_flash {
    uint32_t offset;
    uint32_t unit[4];
    uint32_t command;
    uint32_t done; /* 1 after a command that was carried out */
};

/* A device of the release line: what the bad images are bad for. */
#define GUEST_HARDWARE_CLASS 0x102u
#define GUEST_INSTALLED      0x01030000u
#define GUEST_FLOOR          5u
#define GUEST_PRODUCT                                                                              \
    {                                                                                              \
        0x7d, 0x7c, 0x9f, 0x0e, 0x3b, 0x53, 0x4c, 0x1e, 0x9a, 0x86, 0x0a, 0x8f, 0x5c, 0x1d, 0x2e,  \
            0x3f                                                                                   \
    }

#endif
