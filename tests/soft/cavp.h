/* Reader for the response files of NIST's Cryptographic Algorithm Validation Program. */
#ifndef SOFT_CAVP_H
#define SOFT_CAVP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CAVP_VALUE_MAX = 8192 };

/* One line "name = value". bytes: value read as hexadecimal, as many as len says; number: read as
 * decimal. */
struct cavp_line {
    char name[32];
    uint8_t bytes[CAVP_VALUE_MAX];
    size_t len;
    unsigned long number;
};

/* Ends the program when the vectors are not installed: 77 = skipped, 1 where CI=true. */
void cavp_need(void);
/* path: below the folder of the vectors. The caller closes the stream. */
FILE *cavp_open(const char *path);
/* The next line that sets something; false at the end. */
bool cavp_next(FILE *file, struct cavp_line *ret);

#endif
