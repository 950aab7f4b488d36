/*
 * Commands and their options as data: parsing, --help and the completion test all read these tables.
 */
#ifndef OTAIMG_COMMAND_H
#define OTAIMG_COMMAND_H

#include <stdbool.h>

#include "exits.h"
#include "key_options.h"

struct option_spec {
    const char *name; /* without dashes; NULL ends the table */
    char letter;      /* short form, 0 = none */
    const char *arg;  /* name of the argument in help, NULL = flag */
    const char *help; /* one line */
    bool repeat;      /* may be given several times */
};

struct args;

struct command {
    const char *name;     /* "build"; "keys list" for a command of two words */
    const char *synopsis; /* "RELEASE.yaml [options]" */
    const char *summary;  /* one line, for the list of commands */
    const char *details;  /* paragraphs for --help, may be NULL */
    const struct option_spec *options;
    unsigned min_operands;
    unsigned max_operands;
    enum ox (*run)(const struct args *args);
};

/* Options that every command takes a key with share: put these into a table. */
#define KEY_OPTION_SPECS                                                                           \
    {"pin-fd", 0, "N", "read the token PIN from file descriptor N", false},                        \
        {"passphrase-fd", 0, "N", "read the key file's passphrase from file descriptor N", false}, \
        {"passphrase-file", 0, "PATH", "read the key file's passphrase from PATH", false},         \
    {                                                                                              \
        "allow-sample-key", 0, NULL, "take keys whose private half is published", false            \
    }

bool args_has(const struct args *args, const char *option);
/* Value of the last occurrence, NULL when not given. */
const char *args_value(const struct args *args, const char *option);
/* All values of a repeatable option. */
unsigned args_values(const struct args *args, const char *option, const char *const **ret);
unsigned args_operand_count(const struct args *args);
const char *args_operand(const struct args *args, unsigned index);
/* The shared key options; OX_USAGE for a descriptor that is not a number. */
enum ox args_key_options(const struct args *args, struct key_options *ret);

/* All commands in the order of the help, ended by a NULL entry (commands.c). */
extern const struct command *const all_commands[];

#endif
