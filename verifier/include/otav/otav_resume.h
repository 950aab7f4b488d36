/*
 * Going on with a transfer that was interrupted. Nothing that was remembered is trusted: what stands in
 * the slot is judged and hashed again, so a wrong checkpoint can at most make the image fail.
 * A unit of its own: who only verifies does not link it.
 */
#ifndef OTAV_RESUME_H
#define OTAV_RESUME_H

#include "otav.h"

/* What the slot does not tell. */
struct otav_checkpoint {
    uint32_t plain_len; /* bytes taken: whole pages, no more than metadata and firmware */
    uint8_t
        previous[OTAV_BLOCK_LEN];    /* the last 16 of them as they came; not used for plain data */
    uint8_t withheld[OTAV_UNIT_LEN]; /* first unit of the metadata, plaintext */
};

/* Opens a transfer as otav_open() does, with the first plain_len bytes in the slot already; feeding
 * goes on behind them. flash->read is needed. Pages from plain_len on are erased when reached.
 * OTAV_OK: state PAYLOAD. OTAV_ERR_ARG (also: plain_len not allowed, then FAILED), OTAV_ERR_STATE (open
 * already; or the first unit of the slot is not erased, then FAILED), OTAV_ERR_CONFIG; what otav_open()
 * and the judgement over metadata and firmware give, OTAV_ERR_FLASH_READ: ctx in FAILED. */
enum otav_err otav_resume(struct otav_context *ctx, const struct otav_config *config,
                          const struct otav_crypto *crypto, const struct otav_flash *flash,
                          const struct otav_transfer *transfer,
                          const struct otav_checkpoint *checkpoint);

#endif
