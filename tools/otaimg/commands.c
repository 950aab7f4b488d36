/* The commands in the order of the help. To add one: its cmd_*.c, a line here and in commands.h. */
#include <stddef.h>

#include "commands.h"

/* clang-format off */
const struct command *const all_commands[] = {
    &command_init,
    &command_build,
    &command_lint,
    &command_sign,
    &command_resign,
    &command_prepare,
    &command_answer,
    &command_attach,
    &command_verify,
    &command_inspect,
    &command_estimate,
#if OTAIMG_SIMULATE
    &command_simulate,
#endif
    &command_extract,
    &command_compare,
    &command_send,
    &command_merge,
    &command_which_key,
    &command_keys_list,
    &command_keys_show,
    &command_keys_generate,
    &command_keys_export,
    &command_log_verify,
    NULL};
/* clang-format on */
