/* Which files this run has read: no output may take the place of one. */
#ifndef OTAIMG_READ_FILES_H
#define OTAIMG_READ_FILES_H

#include <stdbool.h>

/* Every reader calls it once it has opened a file; fd is not owned. What is not a regular file, as a
 * pipe, is left out. */
void read_files_note(int fd);

/* Whether path leads to such a file, by whatever name or link; false when nothing is there. */
bool read_files_has(const char *path);

#endif
