/* ECDSA P-256 signatures as other programs write them. */
#ifndef OTAIMG_SIGNATURE_TEXT_H
#define OTAIMG_SIGNATURE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_TEXT_MAX_LEN 4096

/* For messages: what signature_text_read() takes. */
#define SIGNATURE_TEXT_EXPECTED                                                                    \
    "a P-256 signature as DER or 64 raw bytes, binary, hex, base64 or base64url"

/* Reads DER or r || s, either of them in binary or as text in hex, base64 or base64url (padding
 * optional); white space around and inside text is skipped. False for everything else: ret_rs is
 * untouched then. r and s are not checked against the group order: verifying does. */
bool signature_text_read(const uint8_t *bytes, size_t len, uint8_t ret_rs[64]);

#endif
