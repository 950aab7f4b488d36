/*
 * Running a program: fork, exec, and one loop that reads what it says.
 *
 * Layer: processes only; what the output means is signer_exec.c's. Invariant: the program is reaped
 * before exec_program_run() returns, and no descriptor stays open. Between fork and exec only
 * async-signal-safe functions are called, with all signals blocked: this process's handlers must not
 * run in the child, as they remove files.
 */
#include "exec_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    STATUS_FD = 3, /* in the child: errno of a failed start goes here */
    POLL_MS = 20,  /* how often the program's end is looked for while its pipes are open */
};

struct pipes {
    int input[2];
    int output[2];
    int errors[2];
    int status[2];
};

struct run {
    const struct exec_program *program;
    struct exec_result *result;
    struct pipes pipes;
    struct timespec deadline;
    pid_t pid;
    bool output_open;
    bool errors_open;
};

/* ---- descriptors ------------------------------------------------------------------------------ */

static void close_end(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void close_pipe(int ends[2])
{
    close_end(&ends[0]);
    close_end(&ends[1]);
}

static void close_pipes(struct pipes *pipes)
{
    close_pipe(pipes->input);
    close_pipe(pipes->output);
    close_pipe(pipes->errors);
    close_pipe(pipes->status);
}

/* The input fits the pipe, so this cannot block, and as the read end is open, it cannot raise
 * SIGPIPE either: a program that does not read is no special case. */
static bool put_input(const struct exec_program *program, int fd)
{
    return write(fd, program->input, program->input_len) == (ssize_t)program->input_len;
}

static bool open_pipes(const struct exec_program *program, struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(pipes->input, O_CLOEXEC) != 0 || pipe2(pipes->output, O_CLOEXEC) != 0 ||
        pipe2(pipes->errors, O_CLOEXEC) != 0 || pipe2(pipes->status, O_CLOEXEC) != 0 ||
        fcntl(pipes->output[0], F_SETFL, O_NONBLOCK) != 0 ||
        fcntl(pipes->errors[0], F_SETFL, O_NONBLOCK) != 0 || !put_input(program, pipes->input[1])) {
        return false;
    }
    close_end(&pipes->input[1]);
    return true;
}

/* ---- the child, between fork and exec ---------------------------------------------------------- */

static void close_from(int first, long limit)
{
    if (close_range((unsigned)first, ~0U, 0) == 0) {
        return;
    }
    for (long fd = first; fd < limit; fd++) { /* a kernel before 5.9 */
        (void)close((int)fd);
    }
}

/* First out of the way of 0..3, as any of the pipes may have one of those numbers. */
static bool place_descriptors(const struct pipes *pipes, long limit)
{
    int input = fcntl(pipes->input[0], F_DUPFD, STATUS_FD + 1);
    int output = fcntl(pipes->output[1], F_DUPFD, STATUS_FD + 1);
    int errors = fcntl(pipes->errors[1], F_DUPFD, STATUS_FD + 1);
    int status = fcntl(pipes->status[1], F_DUPFD, STATUS_FD + 1);

    if (input < 0 || output < 0 || errors < 0 || status < 0 ||
        dup3(status, STATUS_FD, O_CLOEXEC) < 0 || dup2(input, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0) {
        return false;
    }
    close_from(STATUS_FD + 1, limit);
    return true;
}

/* Handlers and ignored signals are this process's business, not the program's. */
static void reset_signals(void)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        (void)sigaction(number, &plain, NULL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void become(const struct run *run, long limit)
{
    char *const argv[] = {run->program->path, NULL};
    int status = run->pipes.status[1];
    int error;

    if (setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
        place_descriptors(&run->pipes, limit)) {
        status = STATUS_FD;
        reset_signals();
        (void)execve(run->program->path, argv, run->program->environment);
    }
    error = errno;
    (void)!write(status, &error, sizeof error);
    _exit(127);
}

/* ---- the parent ------------------------------------------------------------------------------- */

/* 0, or the errno with which the program did not start. */
static int start(struct run *run)
{
    long limit = sysconf(_SC_OPEN_MAX);
    int error = 0;
    ssize_t len;
    sigset_t all;
    sigset_t old;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    run->pid = fork();
    if (run->pid == 0) {
        become(run, limit);
    }
    if (run->pid < 0) {
        error = errno;
    }
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    close_end(&run->pipes.input[0]);
    close_end(&run->pipes.output[1]);
    close_end(&run->pipes.errors[1]);
    close_end(&run->pipes.status[1]);
    if (run->pid < 0) {
        return error;
    }
    do { /* until exec closes the pipe */
        len = read(run->pipes.status[0], &error, sizeof error);
    } while (len < 0 && errno == EINTR);
    if (len == (ssize_t)sizeof error) {
        (void)waitpid(run->pid, NULL, 0);
        return error;
    }
    return 0;
}

static int milliseconds_left(const struct run *run)
{
    struct timespec now;
    long left;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    left = (long)(run->deadline.tv_sec - now.tv_sec) * 1000 +
           (run->deadline.tv_nsec - now.tv_nsec) / 1000000;
    return left > 0 ? (int)left : 0;
}

/* Takes what is there; *open becomes false at the end. False: there is more than the limit. */
static bool take_output(struct run *run)
{
    struct exec_result *r = run->result;
    uint8_t bytes[EXEC_OUTPUT_MAX + 1];
    ssize_t len;

    while (run->output_open &&
           (len = read(run->pipes.output[0], bytes, sizeof bytes - r->output_len)) >= 0) {
        run->output_open = len > 0;
        if (r->output_len + (size_t)len > sizeof r->output) {
            return false;
        }
        memcpy(r->output + r->output_len, bytes, (size_t)len);
        r->output_len += (size_t)len;
    }
    return true;
}

/* Keeps the end of it; at most a few pipes full a call, so that the deadline is seen. */
static void take_errors(struct run *run)
{
    struct exec_result *r = run->result;
    char bytes[EXEC_OUTPUT_MAX];
    ssize_t len;

    for (int i = 0; run->errors_open && i < 64; i++) {
        size_t keep;

        len = read(run->pipes.errors[0], bytes, sizeof bytes);
        if (len < 0) {
            return;
        }
        run->errors_open = len > 0;
        keep = sizeof bytes - (size_t)len;
        keep = keep < r->errors_len ? keep : r->errors_len;
        memmove(r->errors, r->errors + r->errors_len - keep, keep);
        memcpy(r->errors + keep, bytes, (size_t)len);
        r->errors_len = keep + (size_t)len;
    }
}

static void wait_for_news(const struct run *run)
{
    struct pollfd fds[] = {{.fd = run->output_open ? run->pipes.output[0] : -1, .events = POLLIN},
                           {.fd = run->errors_open ? run->pipes.errors[0] : -1, .events = POLLIN}};
    int pause = run->output_open || run->errors_open ? POLL_MS : 1;
    int left = milliseconds_left(run);

    (void)poll(fds, 2, left < pause ? left : pause);
}

static void kill_group(const struct run *run)
{
    (void)kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void judge(struct exec_result *result, int status)
{
    result->end = WIFSIGNALED(status) ? EXEC_SIGNALLED : EXEC_EXITED;
    result->number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* A grandchild may hold the pipes open, so that the end of the program is what ends this, not the
 * end of its output. */
static void attend(struct run *run)
{
    bool ended = false;
    int status = 0;

    while (!ended) {
        wait_for_news(run);
        ended = waitpid(run->pid, &status, WNOHANG) == run->pid;
        take_errors(run);
        if (!take_output(run)) {
            run->result->end = EXEC_TOO_VERBOSE;
        } else if (ended) {
            judge(run->result, status);
        } else if (milliseconds_left(run) == 0) {
            run->result->end = EXEC_TIMED_OUT;
        } else {
            continue;
        }
        if (!ended) {
            kill_group(run);
            take_errors(run);
        }
        return;
    }
}

static void run_and_attend(struct run *run)
{
    int error = open_pipes(run->program, &run->pipes) ? start(run) : errno;

    run->result->end = EXEC_NO_START;
    run->result->number = error;
    if (error == 0) {
        (void)clock_gettime(CLOCK_MONOTONIC, &run->deadline);
        run->deadline.tv_sec += (time_t)run->program->timeout;
        attend(run);
    }
    close_pipes(&run->pipes);
}

void exec_program_run(const struct exec_program *program, struct exec_result *ret)
{
    struct run run = {.program = program, .result = ret, .output_open = true, .errors_open = true};
    struct sigaction plain = {.sa_handler = SIG_DFL};
    struct sigaction old;

    memset(ret, 0, sizeof *ret);
    /* Where SIGCHLD is ignored, children cannot be waited for. */
    (void)sigaction(SIGCHLD, &plain, &old);
    run_and_attend(&run);
    (void)sigaction(SIGCHLD, &old, NULL);
    ret->errors[ret->errors_len] = '\0';
}
