/*
 * Command lines by table: long and short options, values with or without '=', "--" ends options.
 * The same tables make the help, so what is printed is what is understood.
 */
#include "args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"

struct option_values {
    const struct option_spec *spec;
    const char **values; /* a flag has one NULL value for each time it was given */
    unsigned count;
};

struct args {
    struct option_values *options;
    unsigned option_count;
    const char **operands;
    unsigned operand_count;
};

/* Every command knows these. */
static const struct option_spec common_options[] = {
    {"quiet", 'q', NULL, "no warnings, hints or progress", false},
    {"help", 'h', NULL, "show this help", false},
    {NULL, 0, NULL, NULL, false}};

static struct option_values *find(const struct args *args, const char *name)
{
    for (unsigned i = 0; i < args->option_count; i++) {
        if (strcmp(args->options[i].spec->name, name) == 0) {
            return &args->options[i];
        }
    }
    return NULL;
}

static void add_specs(struct args *args, const struct option_spec *specs)
{
    for (; specs != NULL && specs->name != NULL; specs++) {
        args->options = xrealloc(args->options, (args->option_count + 1) * sizeof *args->options);
        args->options[args->option_count++] = (struct option_values){specs, NULL, 0};
    }
}

static enum ox add_value(struct option_values *option, const char *value)
{
    if (option->count > 0 && option->spec->arg != NULL && !option->spec->repeat) {
        return diag_fail(OX_USAGE, "option '--%s' is given twice", option->spec->name);
    }
    option->values = xrealloc(option->values, (option->count + 1) * sizeof *option->values);
    option->values[option->count++] = value;
    return OX_OK;
}

static struct option_values *find_letter(const struct args *args, char letter)
{
    for (unsigned i = 0; i < args->option_count; i++) {
        if (args->options[i].spec->letter == letter && letter != 0) {
            return &args->options[i];
        }
    }
    return NULL;
}

/* One option at argv[*i]; takes the following word as its value where there is no '='. */
static enum ox take_option(struct args *args, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    struct option_values *option;
    const char *value = NULL;

    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        char *name =
            equals != NULL ? xstrndup(word + 2, (size_t)(equals - word - 2)) : xstrdup(word + 2);

        option = find(args, name);
        free(name);
        value = equals != NULL ? equals + 1 : NULL;
    } else {
        option = find_letter(args, word[1]);
        value = word[1] != '\0' && word[2] != '\0' ? word + 2 : NULL;
    }
    if (option == NULL) {
        return diag_fail(OX_USAGE, "unknown option '%s'", word);
    }
    if (option->spec->arg == NULL) {
        return value == NULL
                   ? add_value(option, NULL)
                   : diag_fail(OX_USAGE, "option '--%s' takes no value", option->spec->name);
    }
    if (value == NULL) {
        if (*i + 1 >= argc) {
            return diag_fail(OX_USAGE, "option '--%s' needs a value: %s", option->spec->name,
                             option->spec->arg);
        }
        value = argv[++*i];
    }
    if (value[0] == '\0') {
        return diag_fail(OX_USAGE, "option '--%s' is empty, expected a value", option->spec->name);
    }
    return add_value(option, value);
}

static enum ox take_words(struct args *args, int argc, char **argv)
{
    bool options_end = false;

    for (int i = 0; i < argc; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0') {
            enum ox ox = take_option(args, argc, argv, &i);

            if (ox != OX_OK) {
                return ox;
            }
        } else {
            args->operands =
                xrealloc(args->operands, (args->operand_count + 1) * sizeof *args->operands);
            args->operands[args->operand_count++] = argv[i];
        }
    }
    return OX_OK;
}

enum ox args_parse(const struct command *command, int argc, char **argv, struct args **ret,
                   bool *ret_help)
{
    struct args *args = xcalloc(1, sizeof *args);
    enum ox ox;

    add_specs(args, command->options);
    add_specs(args, common_options);
    ox = take_words(args, argc, argv);
    *ret_help = ox == OX_OK && args_has(args, "help");
    if (ox == OX_OK && !*ret_help &&
        (args->operand_count < command->min_operands ||
         args->operand_count > command->max_operands)) {
        ox = diag_fail(OX_USAGE, "usage: otaimg %s %s", command->name, command->synopsis);
    }
    if (ox != OX_OK) {
        diag_hint("see 'otaimg %s --help'", command->name);
        args_free(args);
        return ox;
    }
    diag_set_quiet(args_has(args, "quiet"));
    *ret = args;
    return OX_OK;
}

void args_free(struct args *args)
{
    if (args == NULL) {
        return;
    }
    for (unsigned i = 0; i < args->option_count; i++) {
        free(args->options[i].values);
    }
    free(args->options);
    free(args->operands);
    free(args);
}

bool args_has(const struct args *args, const char *option)
{
    const struct option_values *found = find(args, option);

    return found != NULL && found->count > 0;
}

const char *args_value(const struct args *args, const char *option)
{
    const struct option_values *found = find(args, option);

    return found != NULL && found->count > 0 ? found->values[found->count - 1] : NULL;
}

unsigned args_values(const struct args *args, const char *option, const char *const **ret)
{
    const struct option_values *found = find(args, option);

    if (found == NULL) {
        return 0;
    }
    *ret = found->values;
    return found->count;
}

unsigned args_operand_count(const struct args *args)
{
    return args->operand_count;
}

const char *args_operand(const struct args *args, unsigned index)
{
    return index < args->operand_count ? args->operands[index] : NULL;
}

static enum ox descriptor(const struct args *args, const char *option, int *ret)
{
    const char *text = args_value(args, option);
    uint64_t fd;

    *ret = -1;
    if (text == NULL) {
        return OX_OK;
    }
    if (!parse_u64(text, 1 << 20, &fd)) {
        return diag_fail(OX_USAGE, "'--%s' is '%s', expected the number of an open descriptor",
                         option, text);
    }
    *ret = (int)fd;
    return OX_OK;
}

enum ox args_key_options(const struct args *args, struct key_options *ret)
{
    enum ox ox = descriptor(args, "pin-fd", &ret->pin_fd);

    if (ox == OX_OK) {
        ox = descriptor(args, "passphrase-fd", &ret->passphrase_fd);
    }
    ret->passphrase_file = args_value(args, "passphrase-file");
    ret->allow_sample_key = args_has(args, "allow-sample-key");
    return ox;
}

/* ---- finding and describing commands ---------------------------------------------------------- */

const struct command *command_find(int argc, char **argv, int *ret_words)
{
    for (const struct command *const *c = all_commands; *c != NULL; c++) {
        const char *space = strchr((*c)->name, ' ');

        if (space == NULL && argc > 0 && strcmp(argv[0], (*c)->name) == 0) {
            *ret_words = 1;
            return *c;
        }
        if (space != NULL && argc > 1 &&
            strncmp(argv[0], (*c)->name, (size_t)(space - (*c)->name)) == 0 &&
            argv[0][space - (*c)->name] == '\0' && strcmp(argv[1], space + 1) == 0) {
            *ret_words = 2;
            return *c;
        }
    }
    return NULL;
}

bool command_is_group(const char *word)
{
    size_t len = strlen(word);

    for (const struct command *const *c = all_commands; *c != NULL; c++) {
        if (strncmp((*c)->name, word, len) == 0 && (*c)->name[len] == ' ') {
            return true;
        }
    }
    return false;
}

static void print_options(const struct option_spec *specs)
{
    for (; specs != NULL && specs->name != NULL; specs++) {
        char *left = specs->arg != NULL ? xasprintf("--%s %s", specs->name, specs->arg)
                                        : xasprintf("--%s", specs->name);

        if (specs->letter != 0) {
            printf("  -%c, %-24s %s\n", specs->letter, left, specs->help);
        } else {
            printf("      %-24s %s\n", left, specs->help);
        }
        free(left);
    }
}

void command_print_help(const struct command *command)
{
    printf("usage: otaimg %s %s\n\n%s\n", command->name, command->synopsis, command->summary);
    if (command->details != NULL) {
        printf("\n%s\n", command->details);
    }
    printf("\noptions:\n");
    print_options(command->options);
    print_options(common_options);
}

void command_print_list(void)
{
    for (const struct command *const *c = all_commands; *c != NULL; c++) {
        printf("  %-14s %s\n", (*c)->name, (*c)->summary);
    }
}
