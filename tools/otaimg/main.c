/*
 * otaimg: finds the command, parses its command line, runs it; the result is the exit code.
 */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "crypto_memory.h"
#include "diag.h"
#include "passphrase.h"
#include "secret.h"

static void print_usage(void)
{
    printf("usage: otaimg <command> [options]\n\n"
           "Builds, signs, verifies and takes apart OTA files for WBZ451 (PIC32CX-BZ2).\n\n"
           "commands:\n");
    command_print_list();
    printf("\n'otaimg <command> --help' tells more; 'otaimg --version' prints the version.\n"
           "exit codes: 0 done, 1 different, 2 usage, 3 input/output, 4 key or token,\n"
           "  10 malformed, 11 not authentic, 13 wrong device, 14 rollback, 15 cannot decrypt,\n"
           "  16 refused by policy, 70 internal error\n");
}

static enum ox run(const struct command *command, int argc, char **argv)
{
    struct args *args = NULL;
    bool help = false;
    enum ox ox = args_parse(command, argc, argv, &args, &help);

    if (ox != OX_OK) {
        return ox;
    }
    if (help) {
        command_print_help(command);
    } else {
        ox = command->run(args);
    }
    args_free(args);
    return ox;
}

/* "keys" alone is half a command. */
static int unknown_command(int argc, char **argv)
{
    if (!command_is_group(argv[1])) {
        (void)diag_fail(OX_USAGE, "unknown command '%s'", argv[1]);
    } else if (argc < 3) {
        (void)diag_fail(OX_USAGE, "'%s' is half a command, expected another word", argv[1]);
    } else {
        (void)diag_fail(OX_USAGE, "unknown command '%s %s'", argv[1], argv[2]);
    }
    diag_hint("see 'otaimg --help' for the commands");
    return OX_USAGE;
}

/* Output that could not be written is a failure, also for a command that only prints. */
static enum ox flush_output(enum ox ox)
{
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && ox == OX_OK) {
        return diag_fail(OX_IO, "cannot write to standard output");
    }
    return ox;
}

int main(int argc, char **argv)
{
    const struct command *command;
    int words = 0;
    enum ox ox;

    secret_take_environment();
    crypto_memory_wipe_freed();
    if (argc < 2) {
        (void)diag_fail(OX_USAGE, "no command given");
        diag_hint("see 'otaimg --help'");
        return OX_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage();
        return (int)flush_output(OX_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("otaimg %s\n", OTAIMG_VERSION);
        return (int)flush_output(OX_OK);
    }
    command = command_find(argc - 1, argv + 1, &words);
    if (command == NULL) {
        return unknown_command(argc, argv);
    }
    ox = run(command, argc - 1 - words, argv + 1 + words);
    secret_wipe_environment();
    passphrase_wipe_all();
    return (int)flush_output(ox);
}
