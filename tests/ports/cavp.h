/* Reader for the response files of NIST's Cryptographic Algorithm Validation Program. */
#ifndef PORTS_CAVP_H
#define PORTS_CAVP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CAVP_VALUE_MAX = 8192, CAVP_LINE_MAX = 2 * CAVP_VALUE_MAX + 64 };

/* One line "name = value". bytes: value read as hexadecimal, as many as len says; number: read as
 * decimal. section: the last heading in brackets, kept from line to line. */
struct cavp_line {
    char section[32];
    char name[32];
    char text[CAVP_LINE_MAX]; /* the value as it is written */
    uint8_t bytes[CAVP_VALUE_MAX];
    size_t len;
    unsigned long number;
};

/* Ends the program when the vectors are not installed: 77 = skipped, 1 where CI=true. */
void cavp_need(void);
/* path: below the folder of the vectors. The caller closes the stream. */
FILE *cavp_open(const char *path);
/* The next line that sets something; false at the end. *ret: zeros, or the line before. */
bool cavp_next(FILE *file, struct cavp_line *ret);

#endif
