/*
 * Output that appears whole or not at all: a temporary file beside the target, fsync, rename.
 * A temporary file that was not finished is removed on close, on exit and on SIGINT/SIGTERM/SIGHUP.
 * The path "-" is standard output (written at finish, from a temporary file).
 * What this run has read (read_files.h), or writes already under the same name, is refused: OX_USAGE.
 */
#ifndef OTAIMG_OUTFILE_H
#define OTAIMG_OUTFILE_H

#include <stddef.h>
#include <stdint.h>

#include "exits.h"

struct outfile;

/* mode: permission bits of the new file before umask (0600 for secrets). OX_IO on failure. */
enum ox outfile_open(const char *path, unsigned mode, struct outfile **ret);
/* The same for a file that is to take the place of what was read from it. */
enum ox outfile_open_replacing(const char *path, unsigned mode, struct outfile **ret);
/* Whether outfile_open() would refuse path: for those who make files in another way. */
enum ox outfile_check(const char *path);
/* Whether what was read since it was opened lets the file appear. outfile_finish() asks as well; this
 * is for what has to happen before that and cannot be undone. */
enum ox outfile_recheck(const struct outfile *out);
enum ox outfile_write(struct outfile *out, const void *bytes, size_t len);
enum ox outfile_write_at(struct outfile *out, uint64_t offset, const void *bytes, size_t len);
/* Descriptor of the temporary file, for reading back what was written; not owned. */
int outfile_fd(const struct outfile *out);
/* Makes the file appear; the outfile is freed either way. */
enum ox outfile_finish(struct outfile *out);
/* Makes two files appear, or none; standard output comes first, since it cannot be taken back. Both
 * are freed either way. */
enum ox outfile_finish_both(struct outfile *first, struct outfile *second);
/* Drops it; NULL is fine. */
void outfile_abandon(struct outfile *out);

/* The whole of a small file at once. */
enum ox outfile_write_all(const char *path, unsigned mode, const void *bytes, size_t len);

#endif
