/*
 * The audit log: one locked file, verified as a whole before anything is asked of it.
 *
 * Layer: release log. Invariant: under the lock of the file, lines[] is what stands in it, and every
 * line holds the digest of the one before.
 */
#include "release_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <otav/otav_attributes.h>

#include "diag.h"
#include "digest.h"
#include "read_files.h"
#include "release_log_line.h"
#include "util.h"

/* About 200000 releases; more is not a log of ours. */
#define MAX_LEN (256u << 20)

struct release_log {
    char *path;
    int fd;
    bool for_writing;
    bool created; /* by this run */
    size_t len;
    struct log_line *lines;
    unsigned count;
    uint8_t previous[OTAV_SHA256_LEN]; /* what the next line must hold */
    pthread_mutex_t mutex;             /* lines, count, previous and the end of the file */
};

static enum ox fail(const struct release_log *log, const char *doing)
{
    return diag_fail(OX_IO, "cannot %s '%s': %s", doing, log->path, strerror(errno));
}

/* ---- reading and verifying -------------------------------------------------------------------- */

static enum ox broken(const struct release_log *log, const char *what)
{
    const struct src_pos pos = {log->path, log->count + 1, 0};

    return diag_fail_at(log->for_writing ? OX_POLICY : OX_DIFFERENT, &pos, "%s", what);
}

static enum ox broken_at(const struct release_log *log, char *what)
{
    enum ox ox = broken(log, what);

    free(what);
    return ox;
}

/* Says what happened to the lines where one with another number than expected stands; rest is the
 * text from that line on. */
static enum ox report_number(const struct release_log *log, const struct log_line *line,
                             const char *rest, size_t len)
{
    const unsigned wanted = log->count + 1;
    const unsigned long long number = line->number;
    char *start = NULL;
    bool later;

    for (unsigned i = 0; i < log->count; i++) {
        if (memcmp(log->lines[i].hash, line->hash, sizeof line->hash) == 0) {
            return broken_at(log, xasprintf("repeats line %u", i + 1));
        }
    }
    start = xasprintf("{\"otaimg-log\":1,\"number\":%u,", wanted);
    later = memmem(rest, len, start, strlen(start)) != NULL;
    free(start);
    return broken_at(
        log, later || number < wanted
                 ? xasprintf("has number %llu, expected %u: lines are out of order", number, wanted)
                 : xasprintf("has number %llu, expected %u: lines before it were "
                             "removed",
                             number, wanted));
}

static void keep_line(struct release_log *log, const struct log_line *line)
{
    /* Room for a power of two. */
    if ((log->count & (log->count + 1)) == 0) {
        log->lines = xrealloc(log->lines, (2 * (size_t)log->count + 1) * sizeof *log->lines);
    }
    log->lines[log->count++] = *line;
}

static enum ox take_line(struct release_log *log, const char *rest, size_t len)
{
    const char *end = memchr(rest, '\n', len);
    const size_t line_len = end != NULL ? (size_t)(end - rest) : 0;
    struct log_line line;
    const char *wrong;

    if (end == NULL) {
        (void)broken(log, "is cut off, expected a line end");
        diag_hint("a run that was killed may leave such a line; its output never appeared");
        return log->for_writing ? OX_POLICY : OX_DIFFERENT;
    }
    wrong = log_line_read(rest, line_len, &line);
    if (wrong != NULL) {
        return broken(log, wrong);
    }
    if (line.number != log->count + 1) {
        return report_number(log, &line, rest, len);
    }
    if (memcmp(line.previous, log->previous, sizeof line.previous) != 0) {
        return broken(log, "was not written behind the line that now stands before it");
    }
    keep_line(log, &line);
    return digest_bytes((const uint8_t *)rest, line_len, log->previous);
}

static enum ox verify_text(struct release_log *log, const char *text)
{
    enum ox ox = OX_OK;

    for (size_t at = 0; ox == OX_OK && at < log->len;) {
        ox = take_line(log, text + at, log->len - at);
        if (ox == OX_OK) {
            at += (size_t)((const char *)memchr(text + at, '\n', log->len - at) - (text + at)) + 1;
        }
    }
    return ox;
}

static enum ox read_text(struct release_log *log, char *text)
{
    for (size_t at = 0; at < log->len;) {
        ssize_t got = pread(log->fd, text + at, log->len - at, (off_t)at);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(log, "read");
        }
        if (got == 0) {
            return diag_fail(OX_IO, "'%s' became shorter while it was read", log->path);
        }
        at += (size_t)got;
    }
    return OX_OK;
}

static enum ox load(struct release_log *log)
{
    char *text = xmalloc(log->len + 1);
    enum ox ox = read_text(log, text);

    if (ox == OX_OK) {
        ox = verify_text(log, text);
    }
    free(text);
    return ox;
}

/* ---- opening ---------------------------------------------------------------------------------- */

/* A run that waited for the lock may hold a file that the other one removed, or that was moved away:
 * false then. */
static bool is_still_there(const struct release_log *log, const struct stat *held)
{
    struct stat named;

    return stat(log->path, &named) == 0 && named.st_dev == held->st_dev &&
           named.st_ino == held->st_ino;
}

/* O_NONBLOCK: a pipe would wait for its other end, only to be refused. */
static int open_or_create(struct release_log *log)
{
    const int flags = (log->for_writing ? O_RDWR | O_APPEND : O_RDONLY) | O_CLOEXEC | O_NONBLOCK;
    int fd;

    do {
        fd = open(log->path, flags);
        if (fd < 0 && errno == ENOENT && log->for_writing) {
            fd = open(log->path, flags | O_CREAT | O_EXCL, 0666);
            log->created = fd >= 0;
        }
    } while (fd < 0 && errno == EEXIST);
    return fd;
}

static enum ox open_locked(struct release_log *log, struct stat *ret)
{
    for (;;) {
        int locked;

        log->fd = open_or_create(log);
        if (log->fd < 0) {
            return fail(log, "open");
        }
        do {
            locked = flock(log->fd, log->for_writing ? LOCK_EX : LOCK_SH);
        } while (locked != 0 && errno == EINTR);
        if (locked != 0) {
            return fail(log, "lock");
        }
        if (fstat(log->fd, ret) != 0) {
            return fail(log, "read");
        }
        if (!S_ISREG(ret->st_mode)) {
            return diag_fail(OX_IO, "'%s' is not a regular file", log->path);
        }
        if (is_still_there(log, ret)) {
            read_files_note(log->fd);
            return OX_OK;
        }
        (void)close(log->fd);
        log->fd = -1;
        log->created = false;
    }
}

enum ox release_log_open(const char *path, bool for_writing, struct release_log **ret)
{
    struct release_log *log = xcalloc(1, sizeof *log);
    struct stat st = {.st_size = 0};
    enum ox ox;

    log->path = xstrdup(path);
    log->fd = -1;
    log->for_writing = for_writing;
    (void)pthread_mutex_init(&log->mutex, NULL);
    ox = open_locked(log, &st);
    if (ox == OX_OK && st.st_size > (off_t)MAX_LEN) {
        ox =
            diag_fail(OX_IO, "'%s' is longer than %u MiB, too long for a log", path, MAX_LEN >> 20);
    }
    if (ox == OX_OK) {
        log->len = (size_t)st.st_size;
        ox = load(log);
    }
    if (ox != OX_OK) {
        release_log_close(log);
        return ox;
    }
    *ret = log;
    return OX_OK;
}

void release_log_close(struct release_log *log)
{
    struct stat st;

    if (log == NULL) {
        return;
    }
    if (log->fd >= 0) {
        /* Under the lock: whoever waits for it sees that the file is gone and makes a new one. */
        if (log->created && fstat(log->fd, &st) == 0 && st.st_size == 0 &&
            is_still_there(log, &st)) {
            (void)unlink(log->path);
        }
        (void)close(log->fd);
    }
    (void)pthread_mutex_destroy(&log->mutex);
    free(log->lines);
    free(log->path);
    free(log);
}

/* ---- questions -------------------------------------------------------------------------------- */

static void lock(struct release_log *log)
{
    (void)pthread_mutex_lock(&log->mutex);
}

static void unlock(struct release_log *log)
{
    (void)pthread_mutex_unlock(&log->mutex);
}

static bool same_release_line(const struct release_facts *a, const struct release_facts *b)
{
    if (a->has_product != b->has_product) {
        return false;
    }
    return a->has_product
               ? memcmp(a->product, b->product, sizeof a->product) == 0 &&
                     a->hardware_class == b->hardware_class && a->image_type == b->image_type
               : a->image_id == b->image_id;
}

static bool same_number(const struct release_facts *a, const struct release_facts *b)
{
    return a->version == b->version && a->sequence == b->sequence;
}

typedef bool is_match(const struct release_facts *logged, const struct release_facts *release);

static bool is_same_number_of_line(const struct release_facts *logged,
                                   const struct release_facts *release)
{
    return same_release_line(logged, release) && same_number(logged, release);
}

static bool is_encrypted_of_number(const struct release_facts *logged,
                                   const struct release_facts *release)
{
    return logged->encrypted && same_number(logged, release);
}

/* The newest line of another content that matches; the mutex is held. */
static bool find(const struct release_log *log, const struct release_facts *release,
                 is_match *matches, struct release_log_match *ret)
{
    for (unsigned i = log->count; i > 0; i--) {
        const struct release_facts *logged = &log->lines[i - 1].release;

        if (memcmp(logged->content, release->content, sizeof logged->content) != 0 &&
            matches(logged, release)) {
            *ret = (struct release_log_match){i, *logged};
            return true;
        }
    }
    return false;
}

static bool find_locked(struct release_log *log, const struct release_facts *release,
                        is_match *matches, struct release_log_match *ret)
{
    bool found;

    lock(log);
    found = find(log, release, matches, ret);
    unlock(log);
    return found;
}

static enum ox refuse(const struct release_log *log, const struct release_facts *release)
{
    struct release_log_match match;
    struct src_pos pos = {log->path, 0, 0};
    char version[VERSION_TEXT_LEN];

    if (!find(log, release, is_same_number_of_line, &match)) {
        return OX_OK;
    }
    pos.line = match.line;
    format_version(release->version, version);
    (void)diag_fail_at(OX_POLICY, &pos,
                       "version %s with sequence %u was signed with other content, expected a new "
                       "version or sequence",
                       version, release->sequence);
    return OX_POLICY;
}

enum ox release_log_refuse_other_content(struct release_log *log,
                                         const struct release_facts *release)
{
    enum ox ox;

    lock(log);
    ox = refuse(log, release);
    unlock(log);
    return ox;
}

bool release_log_last(struct release_log *log, const struct release_facts *release,
                      struct release_log_match *ret)
{
    return find_locked(log, release, same_release_line, ret);
}

bool release_log_find_encrypted(struct release_log *log, const struct release_facts *release,
                                struct release_log_match *ret)
{
    return find_locked(log, release, is_encrypted_of_number, ret);
}

unsigned release_log_count(struct release_log *log)
{
    unsigned count;

    lock(log);
    count = log->count;
    unlock(log);
    return count;
}

void release_log_hash(struct release_log *log, uint8_t ret[OTAV_SHA256_LEN])
{
    lock(log);
    if (log->count > 0) {
        memcpy(ret, log->lines[log->count - 1].hash, OTAV_SHA256_LEN);
    } else {
        memset(ret, 0, OTAV_SHA256_LEN);
    }
    unlock(log);
}

unsigned release_log_find_hash(struct release_log *log, const uint8_t hash[OTAV_SHA256_LEN])
{
    unsigned line = 0;

    lock(log);
    for (unsigned i = 0; i < log->count && line == 0; i++) {
        line = memcmp(log->lines[i].hash, hash, OTAV_SHA256_LEN) == 0 ? i + 1 : 0;
    }
    unlock(log);
    return line;
}

/* ---- adding ----------------------------------------------------------------------------------- */

/* The name of a new file must survive as well. File systems that cannot sync folders say EINVAL, and
 * a folder may be one that cannot be read. */
static enum ox sync_folder(const struct release_log *log)
{
    const char *slash = strrchr(log->path, '/');
    char *folder =
        slash != NULL ? xstrndup(log->path, (size_t)(slash - log->path) + 1) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum ox ox = OX_OK;

    free(folder);
    if (fd < 0) {
        return errno == EACCES ? OX_OK : fail(log, "sync the folder of");
    }
    if (fsync(fd) != 0 && errno != EINVAL) {
        ox = fail(log, "sync the folder of");
    }
    (void)close(fd);
    return ox;
}

/* One write, so that a run that is killed leaves the whole line or none on most file systems. */
static enum ox put_line(const struct release_log *log, const char *text, size_t len)
{
    ssize_t put;
    enum ox ox = OX_OK;

    do {
        put = write(log->fd, text, len);
    } while (put < 0 && errno == EINTR);
    if (put >= 0 && (size_t)put < len) {
        ox = diag_fail(OX_IO, "cannot write '%s': no room for a whole line", log->path);
    } else if (put < 0 || fsync(log->fd) != 0) {
        ox = fail(log, "write");
    } else if (log->len == 0) {
        ox = sync_folder(log);
    }
    if (ox != OX_OK && put > 0 && ftruncate(log->fd, (off_t)log->len) != 0) {
        (void)fail(log, "remove an incomplete line from");
    }
    return ox;
}

/* Another program may have ignored the lock. */
static enum ox check_end(const struct release_log *log)
{
    struct stat st;

    if (fstat(log->fd, &st) != 0) {
        return fail(log, "read");
    }
    return (size_t)st.st_size == log->len
               ? OX_OK
               : diag_fail(OX_IO, "'%s' was changed by another program meanwhile", log->path);
}

static enum ox append(struct release_log *log, const struct release_log_entry *entry)
{
    struct log_line line = {.number = (uint64_t)log->count + 1};
    uint8_t next[OTAV_SHA256_LEN];
    char *text = NULL;
    size_t len = 0;
    enum ox ox;

    memcpy(line.previous, log->previous, sizeof line.previous);
    ox = log_line_make(entry, &line, &text, &len);
    if (ox == OX_OK) {
        ox = digest_bytes((const uint8_t *)text, len - 1, next);
    }
    if (ox == OX_OK) {
        ox = check_end(log);
    }
    if (ox == OX_OK) {
        ox = put_line(log, text, len);
    }
    if (ox == OX_OK) {
        log->len += len;
        memcpy(log->previous, next, sizeof next);
        keep_line(log, &line);
    }
    free(text);
    return ox;
}

enum ox release_log_append(struct release_log *log, const struct release_log_entry *entry)
{
    enum ox ox;

    lock(log);
    /* Again: another thread may have added such a line since. */
    ox = refuse(log, &entry->release);
    if (ox == OX_OK) {
        ox = append(log, entry);
    }
    unlock(log);
    return ox;
}

/* ---- what goes into a line -------------------------------------------------------------------- */

enum ox release_facts_from_metadata(const uint8_t metadata[OTAV_META_LEN], uint32_t image_id,
                                    struct release_facts *ret)
{
    struct release_facts r = {.image_type = 1, .image_id = image_id};
    struct otav_attributes attributes;
    const uint8_t *hardware;
    uint16_t offset = 0;

    if (otav_attributes_parse(metadata + OTAV_META_ATTRIBUTES_OFF, OTAV_META_ATTRIBUTES_LEN, false,
                              &attributes, &offset) != OTAV_OK) {
        return diag_fail(OX_MALFORMED, "attributes not well-formed, at byte %u of their area",
                         offset);
    }
    r.version = otav_load_u32(metadata + OTAV_META_FW_REVISION_OFF);
    r.sequence = otav_load_u32(metadata + OTAV_META_SEQUENCE_OFF);
    hardware = OTAV_ATTR_VALUE(&attributes, HARDWARE);
    r.has_product = OTAV_ATTR_VALUE(&attributes, PRODUCT) != NULL && hardware != NULL;
    if (r.has_product) {
        memcpy(r.product, OTAV_ATTR_VALUE(&attributes, PRODUCT), sizeof r.product);
        r.hardware_class = otav_load_u32(hardware);
    }
    if (OTAV_ATTR_VALUE(&attributes, IMAGE_TYPE) != NULL) {
        r.image_type = OTAV_ATTR_VALUE(&attributes, IMAGE_TYPE)[0];
    }
    r.has_counter = OTAV_ATTR_VALUE(&attributes, COUNTER) != NULL;
    if (r.has_counter) {
        r.security_counter = otav_load_u32(OTAV_ATTR_VALUE(&attributes, COUNTER));
    }
    *ret = r;
    return OX_OK;
}

enum ox release_log_input(const char *name, struct release_log_file *ret)
{
    struct release_log_file file = {.name = name};
    struct stat st;
    enum ox ox = OX_OK;

    if (stat(name, &st) != 0) {
        return diag_fail(OX_IO, "cannot open '%s': %s", name, strerror(errno));
    }
    file.has_digest = S_ISREG(st.st_mode);
    if (file.has_digest) {
        ox = digest_file(name, file.sha256);
    }
    if (ox == OX_OK) {
        *ret = file;
    }
    return ox;
}

enum ox release_log_append_output(struct release_log *log, struct release_log_entry *entry,
                                  const char *path, int fd)
{
    enum ox ox;

    entry->output.name = path;
    entry->output.has_digest = true;
    ox = digest_fd(path, fd, entry->output.sha256);
    return ox == OX_OK ? release_log_append(log, entry) : ox;
}
