/*
 * otaimg log verify: is the audit log what was written into it?
 */
#include "commands.h"

#include <stdio.h>

#include "diag.h"
#include "release_log.h"
#include "util.h"

static const struct option_spec options[] = {
    {"expect", 0, "HASH", "a line with this hash must be there, as it was printed before", false},
    {NULL, 0, NULL, NULL, false}};

/* Lines that were cut off at the end leave a good chain: only a hash kept elsewhere shows it. */
static enum ox check_expected(struct release_log *log, const char *path, const uint8_t *expected)
{
    unsigned line = release_log_find_hash(log, expected);
    unsigned count = release_log_count(log);

    if (line == 0) {
        return diag_fail(OX_DIFFERENT,
                         "%s: no line has the expected hash: lines were removed at the end, or "
                         "it is another log",
                         path);
    }
    printf("the expected hash is that of line %u, %u more since\n", line, count - line);
    return OX_OK;
}

static enum ox verify(const char *path, const uint8_t *expected)
{
    struct release_log *log = NULL;
    uint8_t hash[OTAV_SHA256_LEN];
    char text[2 * sizeof hash + 1];
    unsigned count;
    enum ox ox = release_log_open(path, false, &log);

    if (ox != OX_OK) {
        return ox;
    }
    count = release_log_count(log);
    release_log_hash(log, hash);
    hex_encode(hash, sizeof hash, text);
    put_printable(stdout, path);
    printf(": %u %s, hash of the last %s\n", count, count == 1 ? "line" : "lines", text);
    if (expected != NULL) {
        ox = check_expected(log, path, expected);
    }
    release_log_close(log);
    return ox;
}

static enum ox run(const struct args *args)
{
    const char *text = args_value(args, "expect");
    uint8_t expected[OTAV_SHA256_LEN];

    if (text != NULL && !hex_decode(text, expected, sizeof expected)) {
        return diag_fail(OX_USAGE, "--expect '%s': expected 64 hex digits", text);
    }
    return verify(args_operand(args, 0), text != NULL ? expected : NULL);
}

const struct command command_log_verify = {
    "log verify",
    "LOG [--expect HASH]",
    "check that an audit log is as it was written",
    "Finds lines that were altered, removed, repeated or put elsewhere. Prints the number of "
    "lines\n"
    "and the hash of the last one. Keep that hash where who can write the log cannot: only it, "
    "with\n"
    "--expect, shows that lines were cut off at the end or that the whole log was made anew.",
    options,
    1,
    1,
    run};
