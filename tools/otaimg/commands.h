/* One per cmd_*.c file. */
#ifndef OTAIMG_COMMANDS_H
#define OTAIMG_COMMANDS_H

#include "cmd_init.h"
#include "command.h"

extern const struct command command_build;
extern const struct command command_lint;
extern const struct command command_sign;
extern const struct command command_resign;
extern const struct command command_prepare;
extern const struct command command_answer;
extern const struct command command_attach;
extern const struct command command_verify;
extern const struct command command_inspect;
extern const struct command command_estimate;
extern const struct command command_extract;
extern const struct command command_compare;
extern const struct command command_send;
extern const struct command command_simulate;
extern const struct command command_merge;
extern const struct command command_which_key;
extern const struct command command_keys_list;
extern const struct command command_keys_show;
extern const struct command command_keys_generate;
extern const struct command command_keys_export;
extern const struct command command_log_verify;

#endif
