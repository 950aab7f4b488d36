/* Software bill of materials: what kind of file it is, and its digest. */
#ifndef OTAIMG_SBOM_H
#define OTAIMG_SBOM_H

#include <stdint.h>

#include "exits.h"

/* *ret_format: 1 CycloneDX JSON, 2 SPDX JSON. OX_IO; OX_USAGE when it is neither. */
enum ox sbom_read(const char *path, uint8_t *ret_format, uint8_t ret_sha256[32]);

#endif
