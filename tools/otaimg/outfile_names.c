/*
 * The table of temporary files, and the exit and signal handlers that empty it.
 *
 * Layer: output, below outfile.c. Invariant: signals are blocked while a file and its entry are made
 * or dropped, so a handler sees both or neither. The handler only calls async-signal-safe functions
 * and allocates nothing. A forked child never removes its parent's files.
 */
#include "outfile_names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"

#define NAME_COUNT 8

static char names[NAME_COUNT][PATH_MAX]; /* "" = free */
static pid_t owner;

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define SIGNAL_COUNT (sizeof ending_signals / sizeof ending_signals[0])

static void remove_all(void)
{
    if (getpid() != owner) {
        return;
    }
    for (int i = 0; i < NAME_COUNT; i++) {
        if (names[i][0] != '\0') {
            (void)unlink(names[i]);
        }
    }
}

/* SA_RESETHAND has put the default action back; it takes the process when this handler returns. */
static void end_by_signal(int number)
{
    remove_all();
    (void)raise(number);
}

static void catch_signals(void)
{
    struct sigaction catch_it = {.sa_handler = end_by_signal, .sa_flags = (int)SA_RESETHAND};
    struct sigaction old;

    (void)sigemptyset(&catch_it.sa_mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaddset(&catch_it.sa_mask, ending_signals[i]);
    }
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        /* Under nohup, and where others have a say, the signal keeps its meaning. */
        if (sigaction(ending_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) {
            (void)sigaction(ending_signals[i], &catch_it, NULL);
        }
    }
    /* A file size limit must be an error of write(), not the end of the process. */
    (void)signal(SIGXFSZ, SIG_IGN);
}

/* Once per process: a child that makes files of its own starts with an empty table. */
static int adopt(void)
{
    static int registered;

    if (owner == getpid()) {
        return 0;
    }
    if (!registered && atexit(remove_all) != 0) {
        errno = ENOMEM;
        return -1;
    }
    registered = 1;
    memset(names, 0, sizeof names);
    owner = getpid();
    catch_signals();
    return 0;
}

static void block_signals(sigset_t *ret_old)
{
    sigset_t blocked;

    (void)sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        (void)sigaddset(&blocked, ending_signals[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &blocked, ret_old);
}

static void unblock_signals(const sigset_t *old)
{
    int error = errno;

    (void)sigprocmask(SIG_SETMASK, old, NULL);
    errno = error;
}

/* The entry of name ("" = a free one); NULL when there is none. */
static char *find(const char *name)
{
    for (int i = 0; i < NAME_COUNT; i++) {
        if (strcmp(names[i], name) == 0) {
            return names[i];
        }
    }
    return NULL;
}

static int create(const char *name, unsigned mode)
{
    size_t len = strlen(name);
    char *entry = find("");
    int fd;

    if (len >= PATH_MAX || entry == NULL) {
        errno = len >= PATH_MAX ? ENAMETOOLONG : EMFILE;
        return -1;
    }
    fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd >= 0) {
        memcpy(entry, name, len + 1);
    }
    return fd;
}

int outfile_names_create(const char *name, unsigned mode)
{
    sigset_t old;
    int fd;

    if (adopt() != 0) {
        return -1;
    }
    block_signals(&old);
    fd = create(name, mode);
    unblock_signals(&old);
    return fd;
}

static void forget(const char *name)
{
    char *entry = find(name);

    if (entry != NULL) {
        entry[0] = '\0';
    }
}

int outfile_names_rename(const char *name, const char *target)
{
    sigset_t old;
    int rc;

    block_signals(&old);
    rc = rename(name, target);
    if (rc == 0) {
        forget(name);
    }
    unblock_signals(&old);
    return rc;
}

int outfile_names_rename_both(const char *const pair[2], const char *const targets[2],
                              unsigned *ret_failed)
{
    sigset_t old;
    unsigned done = 0;

    block_signals(&old);
    while (done < 2 && rename(pair[done], targets[done]) == 0) {
        forget(pair[done]);
        done++;
    }
    if (done == 1) {
        int error = errno;

        (void)unlink(targets[0]);
        errno = error;
    }
    *ret_failed = done;
    unblock_signals(&old);
    return done == 2 ? 0 : -1;
}

void outfile_names_remove(const char *name)
{
    sigset_t old;

    block_signals(&old);
    (void)unlink(name);
    forget(name);
    unblock_signals(&old);
}
