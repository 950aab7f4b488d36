/*
 * What is in a slot: its identity and the verifier's word on it.
 * Layer: above flash and the verifier, below the decision.
 */
#ifndef OTAB_BOOT_IMAGE_H
#define OTAB_BOOT_IMAGE_H

#include "boot_flash.h"

enum { OTAB_VECTORS_LEN = 8 };

struct otab_image {
    uint8_t id[OTAB_ID_LEN]; /* first bytes of SHA-256 over the 512 bytes of metadata */
    uint32_t version;
    uint32_t counter;
    uint32_t revoke; /* keys to be revoked: never the one that signed */
    uint32_t pages;  /* metadata and firmware */
    bool permanent;  /* no trial: it asks for none, or it has no attributes */
};

/* Whether a core can start from the first two words of a firmware of fw_len bytes: a stack pointer in
 * the RAM, at a word, and a Thumb entry inside the firmware, at its place in slot 0. */
bool otab_vectors_fit(const uint8_t vectors[OTAB_VECTORS_LEN], uint32_t fw_len);

/* Verifies the slot at address; ret_verdict gets the verdict, asked for twice. *ret only if OTAV_OK.
 * Every error of otav_verify_slot(), OTAB_ERR_VECTORS. Uses the buffer. */
enum otav_err otab_image_verify(struct otab_boot *boot, uint32_t address, enum otav_purpose purpose,
                                struct otab_image *ret, uint32_t ret_verdict[2]);

/* Whether the slot at address seems to hold an image, and its id. The first unit of an unfinished
 * transfer is erased: no image. Uses the buffer. OTAV_ERR_FLASH_READ, OTAV_ERR_CRYPTO */
enum otav_err otab_image_peek(struct otab_boot *boot, uint32_t address, bool *ret_is_image,
                              uint8_t ret_id[OTAB_ID_LEN]);

#endif
