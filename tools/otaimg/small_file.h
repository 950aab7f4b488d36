/* Text and signatures that other programs wrote: short files, read whole. */
#ifndef OTAIMG_SMALL_FILE_H
#define OTAIMG_SMALL_FILE_H

#include <stddef.h>

#include "exits.h"

/* All bytes of path ("-": standard input), with a zero behind them that *ret_len does not count;
 * malloced, caller frees. OX_IO; OX_MALFORMED for a file of more than max bytes. */
enum ox small_file_read(const char *path, size_t max, char **ret, size_t *ret_len);

#endif
