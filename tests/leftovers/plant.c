/*
 * Leaves 32 bytes in its memory in the way the first argument says; "none" leaves nothing. They come
 * from a file, since arguments are in memory as well. The tracer must find all but the last.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SECRET_LEN = 32 };

static uint8_t kept[SECRET_LEN];

static void put(uint8_t *place, const uint8_t secret[SECRET_LEN])
{
    memcpy(place, secret, SECRET_LEN);
    __asm__ volatile("" : : "r"(place) : "memory"); /* the copy is not optimised away */
}

static __attribute__((noinline)) void leave_on_stack(const uint8_t secret[SECRET_LEN])
{
    uint8_t frame[1024];

    put(frame + 64, secret);
}

static void leave_freed(const uint8_t secret[SECRET_LEN])
{
    uint8_t *chunk = malloc(SECRET_LEN);

    if (chunk != NULL) {
        put(chunk, secret);
        free(chunk); /* the allocator's links overwrite half of it */
    }
}

static void leave_reversed(const uint8_t secret[SECRET_LEN])
{
    uint8_t reversed[SECRET_LEN];

    for (size_t i = 0; i < SECRET_LEN; i++) {
        reversed[i] = secret[SECRET_LEN - 1 - i];
    }
    put(kept, reversed);
    explicit_bzero(reversed, sizeof reversed);
}

static void leave_hex(const uint8_t secret[SECRET_LEN])
{
    static char text[2 * SECRET_LEN + 1];

    for (size_t i = 0; i < SECRET_LEN; i++) {
        (void)snprintf(text + 2 * i, 3, "%02X", secret[i]);
    }
}

static void leave_mapped(const uint8_t secret[SECRET_LEN])
{
    uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page != MAP_FAILED) {
        put(page + 4096 - SECRET_LEN, secret);
    }
}

int main(int argc, char **argv)
{
    uint8_t secret[SECRET_LEN];
    int fd = argc == 3 ? open(argv[2], O_RDONLY) : -1;

    if (fd < 0 || read(fd, secret, sizeof secret) != SECRET_LEN) {
        return 1;
    }
    if (strcmp(argv[1], "static") == 0) {
        put(kept, secret);
    } else if (strcmp(argv[1], "stack") == 0) {
        leave_on_stack(secret);
    } else if (strcmp(argv[1], "freed") == 0) {
        leave_freed(secret);
    } else if (strcmp(argv[1], "reversed") == 0) {
        leave_reversed(secret);
    } else if (strcmp(argv[1], "hex") == 0) {
        leave_hex(secret);
    } else if (strcmp(argv[1], "mapped") == 0) {
        leave_mapped(secret);
    } else if (strcmp(argv[1], "none") != 0) {
        return 1;
    }
    explicit_bzero(secret, sizeof secret);
    return 0;
}
