/*
 * Output files that appear whole or not at all.
 *
 * Layer: output. Invariant: a temporary name is in the table of outfile_names.c as long as the file
 * exists, so neither an exit nor a signal that can be caught leaves one behind.
 * Failures are reported once; a file that failed can only be dropped. No file takes the place of one
 * that was read, nor of another one that is open here.
 */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "outfile_names.h"
#include "read_files.h"
#include "util.h"

#define COPY_LEN      65536u
#define NAME_TRIES    100
#define NAME_PART_LEN 200 /* of the target's name in the temporary one: 255 is the usual limit */

struct outfile {
    char *path;   /* as given, for messages */
    char *target; /* what the temporary file is renamed to; NULL = standard output */
    char *temp;   /* NULL = nameless */
    int fd;
    uint64_t offset; /* of the next outfile_write() */
    bool failed;
    bool replaces;        /* what was read from it */
    struct outfile *next; /* in the list of open ones */
};

static struct outfile *open_files; /* those with a name */
static pthread_mutex_t open_files_lock = PTHREAD_MUTEX_INITIALIZER;

static enum ox fail(struct outfile *out, const char *doing)
{
    int error = errno;

    out->failed = true;
    return diag_fail(OX_IO, "cannot %s '%s': %s", doing, out->path, strerror(error));
}

/* A symbolic link stays one: the file that it leads to is replaced. */
static enum ox resolve_target(struct outfile *out)
{
    struct stat st;

    if (stat(out->path, &st) != 0) {
        if (errno != ENOENT) {
            return fail(out, "create");
        }
        if (lstat(out->path, &st) == 0) {
            return diag_fail(OX_IO, "'%s' is a symbolic link that leads nowhere", out->path);
        }
        out->target = path_real(out->path);
        return OX_OK;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)diag_fail(OX_IO, "'%s' is %s, expected a regular file or '-'", out->path,
                        S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
        return OX_IO;
    }
    out->target = path_real(out->path);
    return OX_OK;
}

/* ---- which files may be written --------------------------------------------------------------- */

static bool is_open(const char *target)
{
    const struct outfile *other;

    (void)pthread_mutex_lock(&open_files_lock);
    for (other = open_files; other != NULL && strcmp(other->target, target) != 0;) {
        other = other->next;
    }
    (void)pthread_mutex_unlock(&open_files_lock);
    return other != NULL;
}

static void list(struct outfile *out)
{
    (void)pthread_mutex_lock(&open_files_lock);
    out->next = open_files;
    open_files = out;
    (void)pthread_mutex_unlock(&open_files_lock);
}

static void unlist(const struct outfile *out)
{
    struct outfile **link;

    (void)pthread_mutex_lock(&open_files_lock);
    for (link = &open_files; *link != NULL && *link != out;) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = out->next;
    }
    (void)pthread_mutex_unlock(&open_files_lock);
}

static enum ox refuse_read(const char *path)
{
    return read_files_has(path)
               ? diag_fail(OX_USAGE,
                           "%s: would replace what was read from it, expected another file", path)
               : OX_OK;
}

static enum ox refuse_open(const char *path, const char *target)
{
    return is_open(target)
               ? diag_fail(OX_USAGE, "%s: would be written twice, expected another file", path)
               : OX_OK;
}

enum ox outfile_check(const char *path)
{
    char *target = path_real(path);
    enum ox ox = refuse_read(path);

    if (ox == OX_OK) {
        ox = refuse_open(path, target);
    }
    free(target);
    return ox;
}

enum ox outfile_recheck(const struct outfile *out)
{
    return out->target == NULL || out->replaces ? OX_OK : refuse_read(out->path);
}

/* ---- opening ---------------------------------------------------------------------------------- */

/* Length of the part of path that names its folder, with the slash. */
static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* The kernel applies umask (and default access lists), which mkstemp() would not let it do. */
static int create_at(const char *folder, size_t len, const char *base, unsigned mode,
                     char **ret_name)
{
    for (int i = 0; i < NAME_TRIES; i++) {
        uint32_t number = 0;
        char *name;
        int fd;

        if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number) {
            return -1;
        }
        name = xasprintf("%.*s.%.*s.%08x", (int)len, folder, NAME_PART_LEN, base, number);
        fd = outfile_names_create(name, mode);
        if (fd >= 0) {
            *ret_name = name;
            return fd;
        }
        free(name);
        if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

static enum ox create_beside_target(struct outfile *out, unsigned mode)
{
    size_t len = folder_len(out->target);

    if (out->target[len] == '\0') {
        errno = ENOENT; /* "" or "folder/" that does not exist: rename() would say so too late */
        return fail(out, "create");
    }
    out->fd = create_at(out->target, len, out->target + len, mode, &out->temp);
    return out->fd >= 0 ? OX_OK : fail(out, "create");
}

/* Standard output is written at the end, from a file that has no name any more. */
static enum ox create_nameless(struct outfile *out)
{
    const char *folder = getenv("TMPDIR");
    char *prefix = xasprintf("%s/", folder != NULL && folder[0] != '\0' ? folder : "/tmp");
    char *name = NULL;

    out->fd = create_at(prefix, strlen(prefix), "otaimg", 0600, &name);
    if (out->fd < 0) {
        (void)diag_fail(OX_IO, "cannot create a temporary file in '%s': %s", prefix,
                        strerror(errno));
    } else {
        outfile_names_remove(name);
    }
    free(prefix);
    free(name);
    return out->fd >= 0 ? OX_OK : OX_IO;
}

static enum ox create_named(struct outfile *out, unsigned mode)
{
    enum ox ox = resolve_target(out);

    if (ox == OX_OK) {
        ox = out->replaces ? refuse_open(out->path, out->target) : outfile_check(out->path);
    }
    if (ox == OX_OK) {
        ox = create_beside_target(out, mode);
    }
    if (ox == OX_OK) {
        list(out);
    }
    return ox;
}

static enum ox open_with(const char *path, unsigned mode, bool replaces, struct outfile **ret)
{
    struct outfile *out = xcalloc(1, sizeof *out);
    enum ox rc;

    out->path = xstrdup(path);
    out->fd = -1;
    out->replaces = replaces;
    rc = strcmp(path, "-") == 0 ? create_nameless(out) : create_named(out, mode);
    if (rc != OX_OK) {
        outfile_abandon(out);
        return rc;
    }
    *ret = out;
    return OX_OK;
}

enum ox outfile_open(const char *path, unsigned mode, struct outfile **ret)
{
    return open_with(path, mode, false, ret);
}

enum ox outfile_open_replacing(const char *path, unsigned mode, struct outfile **ret)
{
    return open_with(path, mode, true, ret);
}

enum ox outfile_write_at(struct outfile *out, uint64_t offset, const void *bytes, size_t len)
{
    const uint8_t *next = bytes;

    if (out->failed) {
        return OX_IO;
    }
    while (len > 0) {
        ssize_t put = pwrite(out->fd, next, len, (off_t)offset);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return fail(out, "write");
        }
        next += put;
        offset += (uint64_t)put;
        len -= (size_t)put;
    }
    return OX_OK;
}

enum ox outfile_write(struct outfile *out, const void *bytes, size_t len)
{
    enum ox rc = outfile_write_at(out, out->offset, bytes, len);

    out->offset += len;
    return rc;
}

int outfile_fd(const struct outfile *out)
{
    return out->fd;
}

static enum ox write_stdout(struct outfile *out, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(STDOUT_FILENO, bytes, len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            out->failed = true;
            return diag_fail(OX_IO, "cannot write to standard output: %s", strerror(errno));
        }
        bytes += put;
        len -= (size_t)put;
    }
    return OX_OK;
}

static enum ox copy_to_stdout(struct outfile *out)
{
    uint8_t *buffer = xmalloc(COPY_LEN);
    uint64_t offset = 0;
    enum ox rc = OX_OK;

    while (rc == OX_OK) {
        ssize_t got = pread(out->fd, buffer, COPY_LEN, (off_t)offset);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            rc = fail(out, "read back");
        } else if (got == 0) {
            break;
        } else {
            rc = write_stdout(out, buffer, (size_t)got);
            offset += (uint64_t)got;
        }
    }
    wipe_free(buffer, COPY_LEN);
    return rc;
}

/* A folder that may be written but not read cannot be synced: the file is complete all the same.
 * File systems that cannot sync folders say EINVAL. */
static enum ox sync_folder(struct outfile *out)
{
    size_t len = folder_len(out->target);
    char *folder = len > 0 ? xstrndup(out->target, len) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum ox rc = OX_OK;

    free(folder);
    if (fd < 0) {
        return errno == EACCES ? OX_OK : fail(out, "sync the folder of");
    }
    if (fsync(fd) != 0 && errno != EINVAL) {
        rc = fail(out, "sync the folder of");
    }
    (void)close(fd);
    return rc;
}

/* All that can fail for want of space is behind us when this has returned. */
static enum ox sync_bytes(struct outfile *out)
{
    int fd = out->fd;

    if (fsync(fd) != 0) {
        return fail(out, "write");
    }
    out->fd = -1;
    return close(fd) == 0 ? OX_OK : fail(out, "write");
}

static enum ox appear(struct outfile *out)
{
    if (sync_bytes(out) != OX_OK) {
        return OX_IO;
    }
    if (outfile_names_rename(out->temp, out->target) != 0) {
        return fail(out, "create");
    }
    free(out->temp);
    out->temp = NULL;
    return sync_folder(out);
}

static enum ox show(struct outfile *out)
{
    if (out->failed) {
        return OX_IO;
    }
    return out->target != NULL ? appear(out) : copy_to_stdout(out);
}

enum ox outfile_finish(struct outfile *out)
{
    enum ox rc = outfile_recheck(out);

    if (rc == OX_OK) {
        rc = show(out);
    }
    outfile_abandon(out);
    return rc;
}

static enum ox appear_both(struct outfile *pair[2])
{
    const char *const names[] = {pair[0]->temp, pair[1]->temp};
    const char *const targets[] = {pair[0]->target, pair[1]->target};
    unsigned failed = 0;

    if (pair[0]->failed || pair[1]->failed || sync_bytes(pair[0]) != OX_OK ||
        sync_bytes(pair[1]) != OX_OK) {
        return OX_IO;
    }
    if (outfile_names_rename_both(names, targets, &failed) != 0) {
        return fail(pair[failed], "create");
    }
    for (unsigned i = 0; i < 2; i++) {
        free(pair[i]->temp);
        pair[i]->temp = NULL;
    }
    return sync_folder(pair[0]) == OX_OK ? sync_folder(pair[1]) : OX_IO;
}

static enum ox show_both(struct outfile *pair[2])
{
    unsigned earlier = pair[0]->target == NULL ? 0 : 1;
    enum ox rc;

    if (pair[earlier]->target != NULL) {
        return appear_both(pair);
    }
    rc = pair[1 - earlier]->failed ? OX_IO : show(pair[earlier]);
    return rc == OX_OK ? show(pair[1 - earlier]) : rc;
}

enum ox outfile_finish_both(struct outfile *first, struct outfile *second)
{
    struct outfile *pair[] = {first, second};
    enum ox rc = outfile_recheck(first);

    if (rc == OX_OK) {
        rc = outfile_recheck(second);
    }
    if (rc == OX_OK) {
        rc = show_both(pair);
    }
    outfile_abandon(first);
    outfile_abandon(second);
    return rc;
}

void outfile_abandon(struct outfile *out)
{
    if (out == NULL) {
        return;
    }
    unlist(out);
    if (out->fd >= 0) {
        (void)close(out->fd);
    }
    if (out->temp != NULL) {
        outfile_names_remove(out->temp);
    }
    free(out->path);
    free(out->target);
    free(out->temp);
    free(out);
}

enum ox outfile_write_all(const char *path, unsigned mode, const void *bytes, size_t len)
{
    struct outfile *out = NULL;
    enum ox rc = outfile_open(path, mode, &out);

    if (rc != OX_OK) {
        return rc;
    }
    rc = outfile_write(out, bytes, len);
    if (rc != OX_OK) {
        outfile_abandon(out);
        return rc;
    }
    return outfile_finish(out);
}
