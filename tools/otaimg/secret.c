/*
 * PINs and passphrases from a descriptor, a file, the environment or the terminal.
 *
 * Layer: used by whatever opens a key. Invariant: a secret exists only in the caller's struct
 * secret, which is wiped on every failure; the terminal's echo is restored however the prompt ends.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "diag.h"
#include "read_files.h"
#include "util.h"

enum read_result { READ_DONE, READ_FAILED, READ_TOO_LONG };

/* Ends the text, without the line's end. */
static void terminate(struct secret *s)
{
    if (s->len > 0 && s->text[s->len - 1] == '\n') {
        s->len--;
    }
    if (s->len > 0 && s->text[s->len - 1] == '\r') {
        s->len--;
    }
    s->text[s->len] = '\0';
}

/* One line. Byte by byte, since several secrets may follow each other on one descriptor. */
static enum read_result read_line(int fd, struct secret *ret)
{
    for (ret->len = 0;;) {
        char c = '\0';
        ssize_t count = read(fd, &c, 1);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return READ_FAILED;
        }
        if (count == 0 || c == '\n') {
            break;
        }
        if (ret->len == SECRET_MAX_LEN) {
            wipe(&c, 1);
            return READ_TOO_LONG;
        }
        ret->text[ret->len++] = c;
        wipe(&c, 1);
    }
    terminate(ret);
    return READ_DONE;
}

/* Where a secret came from, for messages: "descriptor 3", "file 'pin.txt'". */
static enum ox check(const struct secret_source *source, const char *origin,
                     enum read_result result, struct secret *s)
{
    switch (result) {
    case READ_FAILED:
        return diag_fail(OX_KEY, "cannot read the %s from %s: %s", source->what, origin,
                         strerror(errno));
    case READ_TOO_LONG:
        return diag_fail(OX_KEY, "the %s from %s is too long, expected at most %d characters",
                         source->what, origin, SECRET_MAX_LEN);
    case READ_DONE:
        break;
    }
    if (s->len == 0) {
        return diag_fail(OX_KEY, "the %s from %s is empty", source->what, origin);
    }
    if (memchr(s->text, '\0', s->len) != NULL) {
        return diag_fail(OX_KEY, "the %s from %s contains a zero byte", source->what, origin);
    }
    return OX_OK;
}

static enum ox from_descriptor(const struct secret_source *source, struct secret *ret)
{
    char origin[40];

    (void)snprintf(origin, sizeof origin, "descriptor %d", source->fd);
    return check(source, origin, read_line(source->fd, ret), ret);
}

static enum ox from_file(const struct secret_source *source, struct secret *ret)
{
    int fd = open(source->file, O_RDONLY | O_CLOEXEC);
    enum read_result result = fd >= 0 ? read_line(fd, ret) : READ_FAILED;
    char *origin = xasprintf("'%s'", source->file);
    enum ox ox = check(source, origin, result, ret);

    free(origin);
    if (fd >= 0) {
        read_files_note(fd);
        (void)close(fd);
    }
    return ox;
}

/* ---- environment ------------------------------------------------------------------------------ */

/* Where the values are that secret_take_environment() took: still in the block that the process was
 * started with, so that there is one copy to wipe. */
static struct taken {
    const char *name;
    char *value; /* NULL = none, or used */
} taken[] = {{SECRET_PIN_ENV, NULL}, {SECRET_PASSPHRASE_ENV, NULL}};

#define TAKEN_COUNT (sizeof taken / sizeof taken[0])

void secret_take_environment(void)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++) {
        taken[i].value = getenv(taken[i].name);
        if (taken[i].value != NULL) {
            secret_harden();
            (void)unsetenv(taken[i].name);
        }
    }
}

static struct taken *find_taken(const char *name)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++) {
        if (taken[i].value != NULL && strcmp(taken[i].name, name) == 0) {
            return &taken[i];
        }
    }
    return NULL;
}

static char *environment_value(const char *name)
{
    const struct taken *found = find_taken(name);

    return found != NULL ? found->value : getenv(name);
}

/* In place: /proc/PID/environ shows the block that the process started with. */
static void forget(const char *name)
{
    char *value = environment_value(name);
    struct taken *found = find_taken(name);

    if (value != NULL) {
        wipe(value, strlen(value));
    }
    if (found != NULL) {
        found->value = NULL;
    }
    (void)unsetenv(name);
}

void secret_wipe_environment(void)
{
    for (size_t i = 0; i < TAKEN_COUNT; i++) {
        if (taken[i].value != NULL) {
            forget(taken[i].name);
        }
    }
}

bool secret_in_environment(const char *name)
{
    return environment_value(name) != NULL;
}

static enum ox from_environment(const struct secret_source *source, const char *value,
                                struct secret *ret)
{
    size_t len = strlen(value);
    enum read_result result = len <= SECRET_MAX_LEN ? READ_DONE : READ_TOO_LONG;

    if (result == READ_DONE) {
        memcpy(ret->text, value, len);
        ret->len = len;
        terminate(ret);
    }
    forget(source->env);
    return check(source, source->env, result, ret);
}

/* ---- terminal --------------------------------------------------------------------------------- */

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define STOP_SIGNAL_COUNT (sizeof stop_signals / sizeof stop_signals[0])

static volatile sig_atomic_t caught_signal;

static void note_signal(int number)
{
    caught_signal = number;
}

struct signal_state {
    sigset_t mask;
    struct sigaction actions[STOP_SIGNAL_COUNT];
};

/* They stay blocked but for the wait in read_terminal(): one that came just before it would leave
 * the prompt waiting. */
static void catch_signals(struct signal_state *old)
{
    struct sigaction note;
    sigset_t stop;

    memset(&note, 0, sizeof note);
    note.sa_handler = note_signal;
    (void)sigemptyset(&note.sa_mask);
    (void)sigemptyset(&stop);
    for (size_t i = 0; i < STOP_SIGNAL_COUNT; i++) {
        (void)sigaddset(&stop, stop_signals[i]);
    }
    caught_signal = 0;
    (void)sigprocmask(SIG_BLOCK, &stop, &old->mask);
    for (size_t i = 0; i < STOP_SIGNAL_COUNT; i++) {
        (void)sigaction(stop_signals[i], &note, &old->actions[i]);
    }
}

static void release_signals(const struct signal_state *old)
{
    for (size_t i = 0; i < STOP_SIGNAL_COUNT; i++) {
        (void)sigaction(stop_signals[i], &old->actions[i], NULL);
    }
    (void)sigprocmask(SIG_SETMASK, &old->mask, NULL);
    if (caught_signal != 0) {
        (void)raise(caught_signal);
    }
}

/* Like read_line(), but a signal ends it. A terminal gives a line per read(). */
static enum read_result read_terminal(int fd, const sigset_t *mask, struct secret *ret)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    ssize_t count = ppoll(&wait, 1, NULL, mask) > 0 ? read(fd, ret->text, sizeof ret->text) : -1;

    if (count < 0) {
        return READ_FAILED;
    }
    if ((size_t)count == sizeof ret->text && ret->text[SECRET_MAX_LEN] != '\n') {
        return READ_TOO_LONG;
    }
    ret->len = (size_t)count;
    terminate(ret);
    return READ_DONE;
}

static enum read_result prompt(int tty, const char *what, struct secret *ret)
{
    struct signal_state old_signals;
    struct termios old_mode;
    struct termios silent;
    enum read_result result;
    int read_errno;

    if (tcgetattr(tty, &old_mode) != 0) {
        return READ_FAILED;
    }
    silent = old_mode;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    catch_signals(&old_signals);
    (void)tcsetattr(tty, TCSAFLUSH, &silent);
    (void)dprintf(tty, "%s: ", what);
    result = read_terminal(tty, &old_signals.mask, ret);
    read_errno = errno;
    (void)tcsetattr(tty, TCSAFLUSH, &old_mode);
    (void)dprintf(tty, "\n");
    release_signals(&old_signals);
    errno = read_errno;
    return result;
}

static enum ox ask_again(const struct secret_source *source, int tty, const struct secret *first)
{
    char *what = xasprintf("%s, again", source->what);
    struct secret second = {.len = 0};
    enum ox ox = check(source, "the terminal", prompt(tty, what, &second), &second);

    if (ox == OX_OK && strcmp(first->text, second.text) != 0) {
        ox = diag_fail(OX_KEY, "the two entries of the %s differ", source->what);
    }
    secret_wipe(&second);
    free(what);
    return ox;
}

static enum ox from_terminal(const struct secret_source *source, struct secret *ret)
{
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    enum ox ox;

    if (tty < 0) {
        (void)diag_fail(OX_KEY, "no %s given, and there is no terminal to ask on", source->what);
        if (source->env != NULL) {
            diag_hint("set %s, or give a file or a descriptor", source->env);
        }
        return OX_KEY;
    }
    ox = check(source, "the terminal", prompt(tty, source->what, ret), ret);
    if (ox == OX_OK && source->confirm) {
        ox = ask_again(source, tty, ret);
    }
    (void)close(tty);
    return ox;
}

void secret_harden(void)
{
    static const struct rlimit none = {0, 0};

    /* Both: the limit does not hold for dumps that go to a program, and a debugger of the same user
     * is kept out by the second only. Neither can fail in a way that another try would mend. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

enum ox secret_get(const struct secret_source *source, struct secret *ret)
{
    const char *value = source->env != NULL ? environment_value(source->env) : NULL;
    enum ox ox;

    secret_harden();
    if (source->fd >= 0) {
        ox = from_descriptor(source, ret);
    } else if (source->file != NULL) {
        ox = from_file(source, ret);
    } else if (value != NULL) {
        ox = from_environment(source, value, ret);
    } else {
        ox = from_terminal(source, ret);
    }
    if (ox != OX_OK) {
        secret_wipe(ret);
    }
    return ox;
}

void secret_wipe(struct secret *s)
{
    wipe(s, sizeof *s);
}
