/*
 * SHA-256 block function in little code: schedule and rounds as two rolled loops.
 * Layer: crypto back end, hosts and cores without assembly of their own.
 */
#include "sha256.h"

static void expand(uint32_t w[64], const uint8_t block[64])
{
    for (size_t i = 0; i < 16; i++) {
        w[i] = otav_load_be32(block + 4 * i);
    }
    for (size_t i = 16; i < 64; i++) {
        uint32_t x = w[i - 15];
        uint32_t y = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] + (otav_ror32(x, 7) ^ otav_ror32(x, 18) ^ x >> 3) +
               (otav_ror32(y, 17) ^ otav_ror32(y, 19) ^ y >> 10);
    }
}

void otav_sha256_block(uint32_t chain[8], const uint8_t block[64])
{
    uint32_t w[64];
    uint32_t a = chain[0], b = chain[1], c = chain[2], d = chain[3];
    uint32_t e = chain[4], f = chain[5], g = chain[6], h = chain[7];

    expand(w, block);
    for (size_t i = 0; i < 64; i++) {
        /* One rotation of a sum is left to the addition, where it is free. */
        uint32_t sum = e ^ otav_ror32(e, 5) ^ otav_ror32(e, 19);

        h += w[i] + otav_sha256_k[i] + (((f ^ g) & e) ^ g) + otav_ror32(sum, 6);
        d += h;
        sum = a ^ otav_ror32(a, 11) ^ otav_ror32(a, 20);
        h += (((a ^ b) & c) + (a & b)) + otav_ror32(sum, 2);
        sum = h;
        h = g;
        g = f;
        f = e;
        e = d;
        d = c;
        c = b;
        b = a;
        a = sum;
    }
    chain[0] += a;
    chain[1] += b;
    chain[2] += c;
    chain[3] += d;
    chain[4] += e;
    chain[5] += f;
    chain[6] += g;
    chain[7] += h;
}
