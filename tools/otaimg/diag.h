/*
 * The only place that writes to stderr.
 *
 * A message is one line: "otaimg: <where>: <what is wrong>, <what was expected>", lower case, no
 * full stop, user text in single quotes. Control characters in user text are printed as \xNN.
 * Callers never pass secrets.
 */
#ifndef OTAIMG_DIAG_H
#define OTAIMG_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "exits.h"

/* A place in a text file. path is not owned; line and column count from 1, 0 = unknown. */
struct src_pos {
    const char *path;
    unsigned line;
    unsigned column;
};

/* Prints "otaimg: MESSAGE" and returns code, so that a caller can write `return diag_fail(...)`. */
enum ox diag_fail(enum ox code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with "PATH:LINE:COLUMN: " (as far as known) in front of the message. */
enum ox diag_fail_at(enum ox code, const struct src_pos *pos, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints "warning: ..." lines; they never change the exit code. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints a "hint: ..." line after an error, only where an action exists. */
void diag_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Progress of long work in percent of total; drawn only when stderr is a terminal and not --quiet.
 * Call with done == total to remove the line. */
void diag_progress(const char *what, uint64_t done, uint64_t total);

/* --quiet: no warnings, hints or progress. */
void diag_set_quiet(bool quiet);

/* Where messages go; NULL = stderr. For tests. */
void diag_set_stream(FILE *stream);

/* Where the messages of this thread go, instead of that place; NULL = the same place again. Threads
 * with a stream of their own show no progress. */
void diag_set_thread_stream(FILE *stream);

/* Prints messages that another thread collected; they are lines already. */
void diag_replay(const char *text);

/* Progress of long work in pieces, "building 3/100", drawn and removed as by diag_progress(). */
void diag_progress_count(const char *what, unsigned done, unsigned total);

#endif
