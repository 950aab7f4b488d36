/*
 * Going on with a transfer that was interrupted. Nothing that was remembered is trusted: what stands in
 * the slot is judged and hashed again, so a wrong checkpoint can at most make the image fail.
 * A unit of its own: who only verifies does not link it.
 */
#ifndef OTAV_RESUME_H
#define OTAV_RESUME_H

#include "otav.h"

/* Where feeding goes on stands at a multiple of this. */
#define OTAV_RESUME_STEP 1024u

/* What the slot does not tell. */
struct otav_checkpoint {
    uint32_t taken_len; /* bytes of the transfer that were taken */
    uint32_t plain_len; /* of the slot: whole pages, no more than metadata and firmware */
    uint8_t previous[OTAV_BLOCK_LEN]; /* as they came, the 16 bytes before otav_checkpoint_start();
                                         not used for plain data */
    uint8_t withheld[OTAV_UNIT_LEN];  /* first unit of the metadata, plaintext */
};

/* The byte of the transfer that feeding goes on with. Those from there up to taken_len are passed over,
 * since an encoded transfer can only go on where its decoder can. */
static inline uint32_t otav_checkpoint_start(const struct otav_checkpoint *checkpoint)
{
    return checkpoint->taken_len - checkpoint->taken_len % OTAV_RESUME_STEP;
}

/* The last place of a transfer with flash that it could go on from: two pages apart, or where its
 * decoder passed a point. False, *ret untouched: there is none. previous is the caller's to fill. */
bool otav_get_checkpoint(const struct otav_context *ctx, struct otav_checkpoint *ret);

/* Opens a transfer as otav_open() does, with the first plain_len bytes in the slot already; feeding
 * goes on at otav_checkpoint_start(). flash->read is needed. Pages from plain_len on are erased when
 * reached. OTAV_OK: state PAYLOAD. OTAV_ERR_ARG (also: lengths not allowed, then FAILED), OTAV_ERR_STATE (open
 * already; or the first unit of the slot is not erased, then FAILED), OTAV_ERR_CONFIG; what otav_open()
 * and the judgement over metadata and firmware give, OTAV_ERR_FLASH_READ: ctx in FAILED. */
enum otav_err otav_resume(struct otav_context *ctx, const struct otav_config *config,
                          const struct otav_crypto *crypto, const struct otav_flash *flash,
                          const struct otav_transfer *transfer,
                          const struct otav_checkpoint *checkpoint);

#endif
