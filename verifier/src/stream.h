/* What the parts of the streaming verifier share, inside the verifier only. */
#ifndef OTAV_STREAM_H
#define OTAV_STREAM_H

#include "context.h"

/* Leaves OTAV_HEADER: decryption is set up, metadata comes next. Fails the context on error. */
enum otav_err otav_stream_begin_payload(struct otav_context *ctx);

/* Takes the next len bytes behind the file header; does nothing for none. */
enum otav_err otav_stream_take(struct otav_context *ctx, const uint8_t *bytes, size_t len);

/* Takes the next len bytes of firmware: to the slot, if there is one, and the hash. */
enum otav_err otav_stream_take_firmware(struct otav_context *ctx, const uint8_t *bytes, size_t len);

/* encoded.c: prepares for the body of the transfer, with its decoder when the attributes say that it is
 * encoded. OTAV_ERR_ENCODING, OTAV_ERR_FW_LENGTH. */
enum otav_err otav_encoded_begin(struct otav_context *ctx);

/* encoded.c: takes the next len bytes of an encoded body. */
enum otav_err otav_encoded_take(struct otav_context *ctx, const uint8_t *bytes, size_t len);

/* commit.c: begins a slot with its metadata, of which the first unit is withheld. Port errors. */
enum otav_err otav_slot_begin(struct otav_context *ctx, const uint8_t metadata[OTAV_META_LEN]);

/* commit.c: takes the next plaintext bytes of the slot (a multiple of 16 but for the last piece),
 * erases pages as they are reached. Port errors. */
enum otav_err otav_slot_write(struct otav_context *ctx, const uint8_t *bytes, size_t len);

#endif
