/* An OTA file again with other signatures: everything else stays as it is. */
#ifndef OTAIMG_SIGNED_COPY_H
#define OTAIMG_SIGNED_COPY_H

#include "ota_file.h"
#include "release_log.h"

/* Writes output: headers and firmware of file, which is held in memory and decrypted, with this
 * metadata; encrypted with the file's cipher and IV if encrypt says so. The result is checked under
 * the key xy before it appears, and then its line is in log (NULL = none; entry lacks the output). OX_IO, and what check_authentic() refuses. */
enum ox signed_copy_write(const struct ota_file *file, bool encrypt,
                          const uint8_t metadata[OTAV_META_LEN],
                          const uint8_t xy[OTAV_PUBLIC_KEY_LEN], struct release_log *log,
                          struct release_log_entry *entry, const char *output);

#endif
