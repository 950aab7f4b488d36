/* The `keys` commands, for commands.c. */
#ifndef OTAIMG_CMD_KEYS_H
#define OTAIMG_CMD_KEYS_H

#include "command.h"

extern const struct command command_keys_list;
extern const struct command command_keys_show;
extern const struct command command_keys_generate;
extern const struct command command_keys_export;

#endif
