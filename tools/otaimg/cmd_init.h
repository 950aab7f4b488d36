/* `otaimg init`: commented starting points for a manifest and a device file. */
#ifndef OTAIMG_CMD_INIT_H
#define OTAIMG_CMD_INIT_H

#include <stdbool.h>

#include "command.h"

extern const struct command command_init;

/* Writes the manifest and, unless device_path is NULL, a device file for the same, new product.
 * OX_IO when one of them exists and force is false (nothing is written then), or on failure. */
enum ox init_write(const char *manifest_path, const char *device_path, bool force);

#endif
