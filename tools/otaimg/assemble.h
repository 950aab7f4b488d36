/*
 * The bytes of headers and metadata from a manifest, and the signatures over them.
 */
#ifndef OTAIMG_ASSEMBLE_H
#define OTAIMG_ASSEMBLE_H

#include <otav/otav_file.h>

#include "manifest.h"
#include "signer.h"

#define ASSEMBLE_HEADER_MAX_LEN (OTAV_OTAU_LEN + OTAV_ZOTA_MAX_LEN)

/* Bytes of firmware with its 0xFF padding: up to 16 in OTA files, none in plain stock images. */
uint32_t assemble_fw_len(const struct manifest *m, uint32_t data_len);

/* Metadata with the method of m and empty signatures. sbom is hashed and recognised here. encoded_len:
 * bytes of the stream that m compresses the firmware to, not used otherwise. OX_IO, OX_USAGE,
 * OX_MALFORMED (attributes that do not fit). */
enum ox assemble_metadata(const struct manifest *m, uint32_t fw_len, uint32_t encoded_len,
                          uint8_t ret[OTAV_META_LEN]);

/* Empties both signature fields and their lengths. */
void assemble_clear_signatures(uint8_t metadata[OTAV_META_LEN]);

/* Metadata as it counts for the content of a release, whoever signs it and whatever file holds it:
 * method ECDSA, empty signature fields, firmware length rounded up to 16. Returns that length. */
uint32_t assemble_content_metadata(const uint8_t metadata[OTAV_META_LEN],
                                   uint8_t ret[OTAV_META_LEN]);

/* One signature r || s into its field. The firmware's goes first: the metadata's covers it. */
void assemble_put_firmware_signature(uint8_t metadata[OTAV_META_LEN],
                                     const uint8_t rs[OTAV_SIGNATURE_LEN]);
void assemble_put_metadata_signature(uint8_t metadata[OTAV_META_LEN],
                                     const uint8_t rs[OTAV_SIGNATURE_LEN]);

/* Method and both signatures or digests into metadata; signer is NULL for methods without key. */
enum ox assemble_signatures(uint8_t metadata[OTAV_META_LEN], uint8_t method,
                            const uint8_t fw_digest[OTAV_SHA256_LEN], struct signer *signer);

/* File headers for a payload of payload_len bytes, checksum zero; returns their length. */
size_t assemble_headers(const struct manifest *m, uint32_t payload_len,
                        uint8_t ret[ASSEMBLE_HEADER_MAX_LEN]);

/* Bytes of X(metadata | body_len bytes of firmware, as it is sent). */
uint32_t assemble_payload_len(const struct manifest *m, uint32_t body_len);

#endif
