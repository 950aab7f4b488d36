/* Releases as a HEX file for a programmer: the input's records with signed metadata in slot 0. */
#ifndef OTAIMG_HEX_RELEASE_H
#define OTAIMG_HEX_RELEASE_H

#include "fw_image.h"
#include "ota_file.h"
#include "outfile.h"

/* Every record of image, old metadata replaced by the new; padding up to fw_len is written out. */
enum ox hex_release_write(const struct fw_image *image, const uint8_t metadata[OTAV_META_LEN],
                          uint32_t data_len, uint32_t fw_len, struct outfile *out);

/* SHA-256 of what that writes. */
enum ox hex_release_digest(const struct fw_image *image, const uint8_t metadata[OTAV_META_LEN],
                           uint32_t data_len, uint32_t fw_len, uint8_t ret[OTAV_SHA256_LEN]);

/* Opens what was written, for checking it. fd is that of the temporary file. */
enum ox hex_release_open(const char *name, int fd, struct ota_file *ret);

#endif
