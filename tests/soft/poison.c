/*
 * poison aes|table: AES with key, IV and data marked as undefined, for valgrind's memcheck, which then
 * complains about every branch and address that depends on them. `table` does not decrypt but looks up
 * a byte of a table, to see that this is found.
 * Layer: test, host; meaningless without valgrind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include <otav/otav_error.h>

#include "aes_cbc.h"

enum { BYTES_LEN = 7 * 16 };

struct secrets {
    uint8_t key[16];
    uint8_t iv[16];
    uint8_t bytes[BYTES_LEN];
};

/* Public again: what leaves this program may decide what it prints. */
static unsigned sum(const uint8_t *bytes, size_t len)
{
    unsigned total = 0;

    for (size_t i = 0; i < len; i++) {
        total += bytes[i];
    }
    VALGRIND_MAKE_MEM_DEFINED(&total, sizeof total);
    return total;
}

static unsigned decrypt(struct secrets *s)
{
    struct otav_aes_state state;
    unsigned total;

    if (otav_soft_aes_cbc_begin(NULL, &state, s->key, s->iv) != OTAV_ACCEPT ||
        otav_soft_aes_cbc_decrypt(NULL, &state, s->bytes, 16) != OTAV_ACCEPT ||
        otav_soft_aes_cbc_decrypt(NULL, &state, s->bytes + 16, BYTES_LEN - 16) != OTAV_ACCEPT) {
        exit(EXIT_FAILURE);
    }
    total = sum(s->bytes, sizeof s->bytes);
    otav_soft_aes_cbc_end(NULL, &state);
    return total;
}

static unsigned look_up(const struct secrets *s)
{
    static uint8_t table[256];

    for (size_t i = 0; i < sizeof table; i++) {
        table[i] = (uint8_t)(i * 7);
    }
    return sum(&table[s->key[0]], 1);
}

int main(int argc, char **argv)
{
    struct secrets s;

    if (argc != 2 || RUNNING_ON_VALGRIND == 0) {
        return EXIT_FAILURE;
    }
    memset(&s, 0x5A, sizeof s);
    VALGRIND_MAKE_MEM_UNDEFINED(&s, sizeof s);
    printf("%u\n", strcmp(argv[1], "table") == 0 ? look_up(&s) : decrypt(&s));
    return EXIT_SUCCESS;
}
