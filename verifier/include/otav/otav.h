/*
 * otav: takes an OTA image apart and says whether a device may have it.
 *
 * The image arrives in pieces of any size:  otav_open - otav_feed* - otav_finish - otav_commit -
 * otav_close. otav_verify_slot() does the same for an image that is in flash already. Host tool,
 * OTA service and bootloader use these functions with the same sources, so they agree.
 *
 * Order of checks, first error wins: file header, decryption, metadata structure, method, metadata
 * signature and key class, required attributes, product / hardware / type / manufacturer, rollback,
 * firmware signature, end of data.
 *
 * Invariants: the first error sticks and wipes secrets; results do not depend on how the input was
 * cut; nothing is erased before the metadata signature verified and nothing that makes a slot
 * bootable is written before VERIFIED; out-parameters stay untouched on failure.
 *
 * Limits: firmware up to OTAV_SLOT_LEN - 512 bytes; no allocation, no recursion, no global state.
 */
#ifndef OTAV_H
#define OTAV_H

#include "otav_attributes.h"
#include "otav_config.h"
#include "otav_decoder.h"
#include "otav_error.h"
#include "otav_port.h"

enum otav_state {
    OTAV_CLOSED = 0,
    OTAV_HEADER,    /* waiting for the file header (otav_open_file only) */
    OTAV_METADATA,  /* collecting the 512 bytes of metadata */
    OTAV_PAYLOAD,   /* metadata judged, firmware streaming through */
    OTAV_VERIFIED,  /* everything checked; the slot, if any, is not bootable yet */
    OTAV_COMMITTED, /* the withheld unit is written */
    OTAV_FAILED     /* the first error stays */
};

/* Install judges version and min-installed-version as well; boot leaves them out, so that a revert
 * can boot an older image whose counter is still good. */
enum otav_purpose { OTAV_INSTALL = 0x3A, OTAV_BOOT = 0xC5 };

/* What is known about a transfer before its first byte. */
struct otav_transfer {
    uint8_t purpose;   /* enum otav_purpose */
    bool encrypted;    /* AES-128-CBC over metadata and firmware */
    bool has_len;      /* len is known; otherwise the metadata decides */
    uint32_t len;      /* bytes that will be fed, padding included */
    bool has_image_id; /* image_id from the update request or file header */
    uint32_t image_id;
    bool in_slot;     /* no transfer any more: what was encoded is plain */
    bool has_version; /* version from the update request or file header */
    uint32_t version;
    const struct otav_decoder *decoder; /* of an encoded transfer; NULL: it is refused */
};

/* Caller-owned; fields are for the verifier only. Zero-initialise before the first otav_open(). */
struct otav_context {
    uint32_t error; /* enum otav_err, the first one */
    uint16_t state; /* enum otav_state */
    uint16_t detail;
    uint8_t key_index;
    bool sha256_open;
    bool aes_open;
    const struct otav_config *config;
    const struct otav_crypto *crypto;
    const struct otav_flash *flash;
    const struct otav_decoder *decoder; /* of the transfer, once it is known to be encoded */
    enum otav_err (*header)(struct otav_context *ctx, const uint8_t **bytes, size_t *len);
    struct otav_transfer transfer;
    uint32_t file_sum;    /* byte sum of the whole file, from otav_open_file() */
    uint32_t file_len;    /* its length */
    uint32_t fw_len;      /* from the metadata */
    uint32_t body_len;    /* bytes of the transfer that are the firmware, encoded or not */
    uint32_t encoded_len; /* of them those that the decoder has yet to take */
    uint32_t skip_len;    /* and before these, bytes that it has taken in another session */
    uint32_t taken_len;   /* plaintext bytes of the transfer taken so far, metadata included */
    uint32_t plain_len;   /* bytes of the image handled so far: metadata, and firmware hashed */
    uint32_t erased_len;  /* pages of the slot erased so far */
    uint32_t written_len; /* bytes programmed so far, behind the withheld unit */
    uint32_t meta_token;  /* set when the metadata was accepted */
    uint32_t fw_token;    /* set when the firmware was accepted */
    struct otav_sha256_state sha256;
    struct otav_aes_state aes;
    uint32_t work_len;               /* bytes waiting in work for a whole unit or block */
    uint8_t metadata[OTAV_META_LEN]; /* plaintext */
    uint8_t withheld[OTAV_UNIT_LEN]; /* first unit of the slot, until commit */
    uint8_t work[OTAV_WORK_LEN];
};

/* Opens a transfer without file header, as a device sees it. flash may be NULL: verify only.
 * config, crypto and flash must stay valid until otav_close().
 * OTAV_ERR_ARG, OTAV_ERR_STATE (open already), OTAV_ERR_CONFIG: ctx untouched;
 * OTAV_ERR_NO_DECRYPT_KEY, OTAV_ERR_CRYPTO: ctx in FAILED. */
enum otav_err otav_open(struct otav_context *ctx, const struct otav_config *config,
                        const struct otav_crypto *crypto, const struct otav_flash *flash,
                        const struct otav_transfer *transfer);

/* Takes the next len bytes, any number. Any error of the format, decryption, policy, authentication,
 * device, rollback or port class; after the first one every call returns that one. */
enum otav_err otav_feed(struct otav_context *ctx, const uint8_t *bytes, size_t len);

/* Ends the data: checks firmware signature, padding and length. OTAV_OK: state VERIFIED. */
enum otav_err otav_finish(struct otav_context *ctx);

/* Writes the withheld first unit, which makes the slot bootable. Only from VERIFIED with a flash. */
enum otav_err otav_commit(struct otav_context *ctx);

/* Wipes everything; allowed in any state, and on a zeroed context. */
void otav_close(struct otav_context *ctx);

/* OTAV_ACCEPT only in state VERIFIED or COMMITTED with both signatures checked, else OTAV_REJECT. */
uint32_t otav_verdict(const struct otav_context *ctx);

enum otav_state otav_get_state(const struct otav_context *ctx);

/* Offset in the record at fault (file header, metadata or attribute area) for OTAV_ERR_HEADER,
 * OTAV_ERR_METADATA and OTAV_ERR_ATTRIBUTES*; attribute type for OTAV_ERR_ATTRIBUTE_MISSING. */
uint16_t otav_get_detail(const struct otav_context *ctx);

/* The plaintext metadata once it was accepted (PAYLOAD or later), else NULL. Valid until close. */
const uint8_t *otav_get_metadata(const struct otav_context *ctx);

/* Index in config->keys of the key that verified, once the metadata was accepted, else 0xFF. */
uint8_t otav_get_key_index(const struct otav_context *ctx);

/* Verifies what is in a slot (plaintext, no file header): reads flash->read only. Bytes behind the
 * firmware are ignored. The context ends in VERIFIED or FAILED and must be closed by the caller. */
enum otav_err otav_verify_slot(struct otav_context *ctx, const struct otav_config *config,
                               const struct otav_crypto *crypto, const struct otav_flash *flash,
                               enum otav_purpose purpose);

#endif
