/*
 * Running the otaimg program: files take its output, so that no pipe can fill up while a test does
 * something else.
 */
#include "cli.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm.h"
#include "util.h"

#define ARGS_MAX 24

static pid_t child;
static char *out_text;
static char *err_text;
static size_t out_len;

static void replace_stream(int fd, const char *name, int flags)
{
    char *path = name[0] == '/' ? xstrdup(name) : hsm_path(name);
    int file = open(path, flags, 0600);

    if (file < 0 || dup2(file, fd) != fd) {
        _exit(126);
    }
    (void)close(file);
    free(path);
}

void cli_start(const char *const *args)
{
    const char *argv[ARGS_MAX + 2] = {"otaimg"};
    size_t count = 0;

    while (args[count] != NULL) {
        ck_assert_uint_lt(count, ARGS_MAX);
        argv[count + 1] = args[count];
        count++;
    }
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        replace_stream(STDIN_FILENO, "/dev/null", O_RDONLY);
        replace_stream(STDOUT_FILENO, "cli.out", O_WRONLY | O_CREAT | O_TRUNC);
        replace_stream(STDERR_FILENO, "cli.err", O_WRONLY | O_CREAT | O_TRUNC);
        /* execv() leaves the texts alone, whatever its type says. */
        (void)execv(OTAIMG_PATH, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
}

char *cli_read_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    long len;
    char *text;

    ck_assert_msg(file != NULL, "cannot open '%s'", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    len = ftell(file);
    ck_assert_int_ge(len, 0);
    rewind(file);
    text = xcalloc((size_t)len + 1, 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)len, file), (size_t)len);
    (void)fclose(file);
    if (ret_len != NULL) {
        *ret_len = (size_t)len;
    }
    return text;
}

int cli_wait(void)
{
    char *out = hsm_path("cli.out");
    char *err = hsm_path("cli.err");
    int status = 0;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    free(out_text);
    free(err_text);
    out_text = cli_read_file(out, &out_len);
    err_text = cli_read_file(err, NULL);
    free(out);
    free(err);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d: %s", WTERMSIG(status), err_text);
    return WEXITSTATUS(status);
}

int cli_run(const char *const *args)
{
    cli_start(args);
    return cli_wait();
}

const char *cli_out(size_t *ret_len)
{
    if (ret_len != NULL) {
        *ret_len = out_len;
    }
    return out_text;
}

const char *cli_err(void)
{
    return err_text;
}

void cli_expect_one_error(const char *part)
{
    const char *line = strchr(err_text, '\n');
    const char *found = strstr(err_text, part);

    ck_assert_msg(strncmp(err_text, "otaimg: ", 8) == 0 && line != NULL, "no error: '%s'",
                  err_text);
    ck_assert_msg(found != NULL && found < line, "'%s' is not in '%s'", part, err_text);
    for (line++; *line != '\0'; line = strchr(line, '\n') + 1) {
        ck_assert_msg(strncmp(line, "hint: ", 6) == 0 && strchr(line, '\n') != NULL,
                      "more than an error and hints: '%s'", err_text);
    }
    ck_assert_str_eq(out_text, "");
}

void cli_expect_output(const char *text)
{
    ck_assert_str_eq(err_text, "");
    ck_assert_str_eq(out_text, text);
}
