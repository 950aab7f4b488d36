/*
 * Running the otaimg program as a user does: exit code, standard output and standard error, with an
 * empty standard input. The output is kept in the folder of hsm_setup_folder().
 */
#ifndef TEST_CLI_H
#define TEST_CLI_H

#include <stddef.h>

/* Exit code; fails the test when a signal ended the program. args: NULL-ended, without "otaimg". */
int cli_run(const char *const *args);
#define CLI(...) cli_run((const char *const[]){__VA_ARGS__, NULL})

/* The same in two steps, for tests that do something in between; one at a time. */
void cli_start(const char *const *args);
int cli_wait(void);

/* What the last run printed; valid until the next run. *ret_len may be NULL. */
const char *cli_out(size_t *ret_len);
const char *cli_err(void);

/* Fails the test unless standard error is one error line that has this text in it, followed by
 * nothing but hints, and standard output is empty. */
void cli_expect_one_error(const char *part);
/* Fails the test unless standard output is exactly this, and standard error empty. */
void cli_expect_output(const char *text);

/* A whole file; caller frees. */
char *cli_read_file(const char *path, size_t *ret_len);

#endif
