/* Names of temporary files that exist now, removed whatever ends the program. For outfile.c only. */
#ifndef OTAIMG_OUTFILE_NAMES_H
#define OTAIMG_OUTFILE_NAMES_H

/* Creates a file that must not exist yet and notes its name. The descriptor, or -1 and errno
 * (EMFILE when too many names are noted). */
int outfile_names_create(const char *name, unsigned mode);

/* Renames the file and forgets the name; on failure (-1 and errno) it stays noted. */
int outfile_names_rename(const char *name, const char *target);

/* Removes the file and forgets the name. */
void outfile_names_remove(const char *name);

#endif
