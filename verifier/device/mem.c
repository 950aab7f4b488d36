/*
 * The three functions that the compiler and the verifier call, for a device whose C library is larger
 * than it is useful: byte by byte, 56 bytes of code in all. Add it to the sources of a bootloader.
 * Layer: device; freestanding.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

/* Not to become a call of the function that it is the body of. */
#define PLAIN_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))

PLAIN_LOOP void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    const unsigned char *source = from;
    unsigned char *target = to;

    while (len-- > 0) {
        *target++ = *source++;
    }
    return to;
}

PLAIN_LOOP void *memset(void *to, int value, size_t len)
{
    unsigned char *target = to;

    while (len-- > 0) {
        *target++ = (unsigned char)value;
    }
    return to;
}

PLAIN_LOOP int memcmp(const void *a, const void *b, size_t len)
{
    const unsigned char *left = a;
    const unsigned char *right = b;

    while (len-- > 0) {
        int difference = *left++ - *right++;

        if (difference != 0) {
            return difference;
        }
    }
    return 0;
}
