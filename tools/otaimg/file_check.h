/*
 * Running the verifier over a file: the same code, in the same order, as on the device.
 */
#ifndef OTAIMG_FILE_CHECK_H
#define OTAIMG_FILE_CHECK_H

#include "file_verdict.h"

/* Would such a device take the file? Decrypts with the file's own cipher and IV (those of the
 * configuration are not used). Refusals are reported with their exit code.
 * *ret_key (may be NULL): index of the key that verified. */
enum ox check_file(const struct ota_file *file, const struct file_question *question,
                   uint8_t *ret_key);

/* Does the crypto that devices link come to the same verdict as OpenSSL? OX_INTERNAL with both if
 * not; a refusal on which they agree is OX_OK. */
enum ox check_device_crypto(const struct ota_file *file, const struct file_question *question);

/* Is the file well-formed and signed by this key, whatever device it is for? */
enum ox check_authentic(const struct ota_file *file, const uint8_t xy[OTAV_PUBLIC_KEY_LEN]);

/* For files that no verifier takes (method none or SHA-256), behind --allow-insecure: metadata
 * structure, SHA-256 digests where there are some, padding and length. */
enum ox check_unsigned(const struct ota_file *file);

/* Whether the payload is as long as its metadata and encryption make it, and its padding right. */
enum ox check_payload_length(const struct ota_file *file, const uint8_t metadata[OTAV_META_LEN],
                             bool *ret_ok);

/* SHA-256 that the metadata signature is over. */
enum ox check_metadata_digest(const uint8_t metadata[OTAV_META_LEN], uint8_t ret[OTAV_SHA256_LEN]);

#endif
