/* Parsing a command line against a command's table. */
#ifndef OTAIMG_ARGS_H
#define OTAIMG_ARGS_H

#include "command.h"

/* argv: what follows the command's words. OX_USAGE with a message; *ret_help is true when --help
 * was asked for (then *ret may be incomplete). Free with args_free(). */
enum ox args_parse(const struct command *command, int argc, char **argv, struct args **ret,
                   bool *ret_help);
void args_free(struct args *args);

/* The command that argv starts with, and how many words it takes; NULL when there is none. */
const struct command *command_find(int argc, char **argv, int *ret_words);

/* Whether word is the first of commands of two words. */
bool command_is_group(const char *word);

/* Texts for --help. */
void command_print_help(const struct command *command);
void command_print_list(void);

#endif
