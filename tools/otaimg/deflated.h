/*
 * Firmware as raw deflate (RFC 1951), as a compressed transfer carries it.
 */
#ifndef OTAIMG_DEFLATED_H
#define OTAIMG_DEFLATED_H

#include <stdint.h>

#include "exits.h"

/* Deflates the len bytes of a firmware, at least one. At each multiple of OTAV_ENCODED_POINT_LEN in the
 * slot a byte of the stream begins; what was before can still be referred to. The device's inflate made
 * the same firmware of it. *ret: *ret_len bytes, and zeros up to a multiple of 16; malloced, caller
 * frees. OX_INTERNAL. */
enum ox deflated_make(const uint8_t *firmware, uint32_t len, uint8_t **ret, uint32_t *ret_len);

#endif
