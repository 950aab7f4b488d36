/* nonce SCALAR DIGEST: names the nonce of RFC 6979 to the tracer. It gives the key away. */
#include <stdio.h>

#include "rfc6979.h"
#include "util.h"

int main(int argc, char **argv)
{
    struct rfc6979 generator;
    uint8_t scalar[32];
    uint8_t digest[32];
    uint8_t nonce[32];
    char text[65];

    if (argc != 3 || !hex_decode(argv[1], scalar, 32) || !hex_decode(argv[2], digest, 32) ||
        !rfc6979_init(&generator, scalar, digest) || !rfc6979_next(&generator, nonce)) {
        return 1;
    }
    hex_encode(nonce, sizeof nonce, text);
    printf("nonce hex %s\n", text);
    return 0;
}
