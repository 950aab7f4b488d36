/*
 * Reads response files of NIST's CAVP, from where Debian's python3-cryptography-vectors has them.
 * Layer: test, host.
 */
#include "cavp.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/usr/lib/python3/dist-packages/cryptography_vectors"

enum { EXIT_SKIPPED = 77 };

void cavp_need(void)
{
    const char *ci = getenv("CI");

    if (access(FOLDER, R_OK) != 0) {
        printf("no vectors: the package python3-cryptography-vectors is needed\n");
        exit(ci != NULL && strcmp(ci, "true") == 0 ? EXIT_FAILURE : EXIT_SKIPPED);
    }
}

FILE *cavp_open(const char *path)
{
    char full[PATH_MAX];
    FILE *file;

    (void)snprintf(full, sizeof full, FOLDER "/%s", path);
    file = fopen(full, "r");
    if (file == NULL) {
        perror(full);
        exit(EXIT_FAILURE);
    }
    return file;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c | 0x20);

    return at == NULL ? -1 : (int)(at - digits);
}

static size_t read_hex(const char *text, uint8_t ret[CAVP_VALUE_MAX])
{
    size_t len = 0;
    int high;
    int low;

    while (len < CAVP_VALUE_MAX && (high = hex_digit(text[0])) >= 0 &&
           (low = hex_digit(text[1])) >= 0) {
        ret[len++] = (uint8_t)(16 * high + low);
        text += 2;
    }
    return len;
}

bool cavp_next(FILE *file, struct cavp_line *ret)
{
    char line[CAVP_LINE_MAX];

    while (fgets(line, sizeof line, file) != NULL) {
        const char *value = strstr(line, " = ");

        if (line[0] == '[') {
            (void)sscanf(line, "%31s", ret->section);
        } else if (value != NULL && sscanf(line, "%31[A-Za-z]", ret->name) == 1) {
            value += 3;
            memcpy(ret->text, value, strlen(value) + 1);
            ret->len = read_hex(value, ret->bytes);
            ret->number = strtoul(value, NULL, 10);
            return true;
        }
    }
    return false;
}
