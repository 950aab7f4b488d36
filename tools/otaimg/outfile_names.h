/* Names of temporary files that exist now, removed whatever ends the program. For outfile.c only. */
#ifndef OTAIMG_OUTFILE_NAMES_H
#define OTAIMG_OUTFILE_NAMES_H

/* Creates a file that must not exist yet and notes its name. The descriptor, or -1 and errno
 * (EMFILE when too many names are noted). */
int outfile_names_create(const char *name, unsigned mode);

/* Renames the file and forgets the name; on failure (-1 and errno) it stays noted. */
int outfile_names_rename(const char *name, const char *target);
/* Two files as one step as far as signals go: both are renamed, or none is and *ret_failed (0 or 1) is
 * the one that could not be. What stood at targets[0] is lost when the second fails. */
int outfile_names_rename_both(const char *const pair[2], const char *const targets[2],
                              unsigned *ret_failed);

/* Removes the file and forgets the name. */
void outfile_names_remove(const char *name);

#endif
