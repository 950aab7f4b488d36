/*
 * A lock between the processes of one user, for modules that cannot share a token by themselves.
 *
 * It is held while tokens are looked for and during C_Login, not in between: a build that waits for
 * a PIN, or works for long, keeps nobody waiting. The file lies in /tmp, whose name all processes of
 * a user agree on ($XDG_RUNTIME_DIR is not set for all of them), and is named by user and module,
 * not by token: which tokens there are is known only after they were read. It is never removed, as
 * another process may be waiting for it.
 *
 * Invariant: the file is the user's own and nobody else's to open; a link, or a file that somebody
 * else put there or could hold the lock of, is refused.
 */
#include "p11.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "util.h"

static enum ox wait_for(int fd, const char *path)
{
    int result;

    do {
        result = flock(fd, LOCK_EX);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        return diag_fail(OX_IO, "cannot lock '%s': %s", path, strerror(errno));
    }
    return OX_OK;
}

static enum ox check_file(int fd, const char *path)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return diag_fail(OX_IO, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
        return diag_fail(OX_IO, "lock file '%s' is not a file of this user, expected that", path);
    }
    if ((st.st_mode & 077) != 0) {
        return diag_fail(OX_IO, "lock file '%s' has mode %04o, expected 0600", path,
                         (unsigned)st.st_mode & 07777);
    }
    return OX_OK;
}

static enum ox open_failed(const char *path, int error)
{
    if (error == ELOOP) {
        return diag_fail(OX_IO, "lock file '%s' is a link, expected a file of this user", path);
    }
    return diag_fail(OX_IO, "cannot open the lock file '%s': %s", path, strerror(error));
}

static enum ox lock_file(const char *path, int *ret_lock)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    enum ox result = OX_OK;

    if (fd < 0) {
        return open_failed(path, errno);
    }
    result = check_file(fd, path);
    if (result == OX_OK) {
        result = wait_for(fd, path);
    }
    if (result != OX_OK) {
        (void)close(fd);
        return result;
    }
    *ret_lock = fd;
    return OX_OK;
}

enum ox p11_lock(const char *path, int *ret_lock)
{
    const char *name = p11_quirks_of(path)->lock;
    char *file = NULL;
    enum ox result = OX_OK;

    if (name == NULL) {
        *ret_lock = -1;
        return OX_OK;
    }
    file = xasprintf("/tmp/otaimg-%lu-%s.lock", (unsigned long)geteuid(), name);
    result = lock_file(file, ret_lock);
    free(file);
    return result;
}

void p11_unlock(int lock)
{
    if (lock >= 0) {
        (void)close(lock); /* ends the lock */
    }
}
