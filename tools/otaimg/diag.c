/*
 * Diagnostics: every line that goes to stderr is written here, in one shape.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

static FILE *stream_override;
static _Thread_local FILE *thread_stream;
static bool is_quiet;       /* set before there are threads */
static bool progress_shown; /* on the terminal, so of no thread that has a stream of its own */

static FILE *output(void)
{
    if (thread_stream != NULL) {
        return thread_stream;
    }
    return stream_override != NULL ? stream_override : stderr;
}

static void clear_progress(void)
{
    if (thread_stream == NULL && progress_shown) {
        (void)fputs("\r\033[K", output());
        progress_shown = false;
    }
}

/* File names and key labels may hold terminal control codes: nothing is printed as it is. */
static void put_line(const char *prefix, const struct src_pos *pos, const char *format,
                     va_list args)
{
    char *message = NULL;

    clear_progress();
    (void)fputs(prefix, output());
    if (pos != NULL && pos->path != NULL) {
        put_printable(output(), pos->path);
        if (pos->line > 0) {
            (void)fprintf(output(), ":%u", pos->line);
        }
        if (pos->line > 0 && pos->column > 0) {
            (void)fprintf(output(), ":%u", pos->column);
        }
        (void)fputs(": ", output());
    }
    if (vasprintf(&message, format, args) < 0) {
        put_printable(output(), format);
    } else {
        put_printable(output(), message);
        free(message);
    }
    (void)fputc('\n', output());
}

enum ox diag_fail(enum ox code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_line("otaimg: ", NULL, format, args);
    va_end(args);
    return code;
}

enum ox diag_fail_at(enum ox code, const struct src_pos *pos, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_line("otaimg: ", pos, format, args);
    va_end(args);
    return code;
}

void diag_warn(const char *format, ...)
{
    va_list args;

    if (is_quiet) {
        return;
    }
    va_start(args, format);
    put_line("otaimg: warning: ", NULL, format, args);
    va_end(args);
}

void diag_hint(const char *format, ...)
{
    va_list args;

    if (is_quiet) {
        return;
    }
    va_start(args, format);
    put_line("hint: ", NULL, format, args);
    va_end(args);
}

static bool draws_progress(void)
{
    return !is_quiet && thread_stream == NULL && stream_override == NULL &&
           isatty(STDERR_FILENO) != 0;
}

void diag_progress(const char *what, uint64_t done, uint64_t total)
{
    if (total == 0 || !draws_progress()) {
        return;
    }
    if (done >= total) {
        clear_progress();
        return;
    }
    (void)fprintf(stderr, "\r\033[K%s %u%%", what, (unsigned)(done * 100 / total));
    (void)fflush(stderr);
    progress_shown = true;
}

void diag_set_quiet(bool quiet)
{
    is_quiet = quiet;
}

void diag_set_stream(FILE *stream)
{
    stream_override = stream;
}

void diag_set_thread_stream(FILE *stream)
{
    thread_stream = stream;
}

void diag_replay(const char *text)
{
    clear_progress();
    (void)fputs(text, output());
}

void diag_progress_count(const char *what, unsigned done, unsigned total)
{
    if (!draws_progress()) {
        return;
    }
    if (done >= total) {
        clear_progress();
        return;
    }
    (void)fprintf(stderr, "\r\033[K%s %u/%u", what, done, total);
    (void)fflush(stderr);
    progress_shown = true;
}
