/* The reading commands of the tool over a file in memory. */
#ifndef FUZZ_READ_H
#define FUZZ_READ_H

#include "fuzz_input.h"

/* Lists, inspects and checks the file; nothing is printed. */
void fuzz_read_file(const struct fuzz_input *input);

#endif
