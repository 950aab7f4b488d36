/* A context's life and its decisions, inside the verifier only. */
#ifndef OTAV_CONTEXT_H
#define OTAV_CONTEXT_H

#include <otav/otav.h>

/* Opens ctx in the given state; the public openers differ in what they fill in around it. */
enum otav_err otav_context_open(struct otav_context *ctx, const struct otav_config *config,
                                const struct otav_crypto *crypto, const struct otav_flash *flash,
                                const struct otav_transfer *transfer, enum otav_state state);

/* Puts the context into FAILED with its first error and wipes everything; returns that error. */
enum otav_err otav_context_fail(struct otav_context *ctx, enum otav_err err, uint16_t detail);

/* Judges ctx->metadata, which is complete. OTAV_OK: PAYLOAD, fw_len is known and fits into the slot. */
enum otav_err otav_context_judge(struct otav_context *ctx);

/* Takes the next len bytes of firmware, none behind its end; checks the signature with the last. */
enum otav_err otav_context_hash(struct otav_context *ctx, const uint8_t *bytes, size_t len);

/* Ends in VERIFIED: the caller has seen that the data ends where it should. */
void otav_context_verified(struct otav_context *ctx);

#endif
