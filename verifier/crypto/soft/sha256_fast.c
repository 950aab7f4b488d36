/*
 * SHA-256 block function in few instructions: eight rounds unrolled, so that no variable ever moves, and
 * two words of schedule at a time. Layer: crypto back end, hosts and cores without assembly of their own.
 */
#include "sha256.h"

static uint32_t sigma0(uint32_t x)
{
    return otav_ror32(x, 7) ^ otav_ror32(x, 18) ^ x >> 3;
}

static uint32_t sigma1(uint32_t x)
{
    return otav_ror32(x, 17) ^ otav_ror32(x, 19) ^ x >> 10;
}

static void expand(uint32_t w[64], const uint8_t block[64])
{
    uint32_t x, even, odd;

    for (size_t i = 0; i < 16; i++) {
        w[i] = otav_load_be32(block + 4 * i);
    }
    /* Values that the next word needs again stay in registers. */
    x = w[0];
    even = w[14];
    odd = w[15];
    for (uint32_t *p = w; p < w + 48; p += 2) {
        uint32_t y = p[1];

        even = x + sigma0(y) + p[9] + sigma1(even);
        p[16] = even;
        x = p[2];
        odd = y + sigma0(x) + p[10] + sigma1(odd);
        p[17] = odd;
    }
}

/* One round; the caller passes the variables in turned order. xy holds a ^ b of this round and then
 * of the next: maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, and b ^ c is a ^ b of the round before. One
 * rotation of each sum is left to the addition, where it is free. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
    do {                                                                                           \
        (h) += w[i] + k[i] + ((((f) ^ (g)) & (e)) ^ (g));                                          \
        t = (e) ^ otav_ror32(e, 5) ^ otav_ror32(e, 19);                                            \
        (h) += otav_ror32(t, 6);                                                                   \
        (d) += (h);                                                                                \
        t = (a) ^ otav_ror32(a, 11) ^ otav_ror32(a, 20);                                           \
        (h) += otav_ror32(t, 2);                                                                   \
        t = (a) ^ (b);                                                                             \
        xy &= t;                                                                                   \
        (h) += xy ^ (b);                                                                           \
        xy = t;                                                                                    \
    } while (0)

void otav_sha256_block(uint32_t chain[8], const uint8_t block[64])
{
    uint32_t schedule[64];
    const uint32_t *w = schedule;
    const uint32_t *k = otav_sha256_k;
    uint32_t a = chain[0], b = chain[1], c = chain[2], d = chain[3];
    uint32_t e = chain[4], f = chain[5], g = chain[6], h = chain[7];
    uint32_t xy = b ^ c;
    uint32_t t;

    expand(schedule, block);
    for (; w < schedule + 64; w += 8, k += 8) {
        ROUND(a, b, c, d, e, f, g, h, 0);
        ROUND(h, a, b, c, d, e, f, g, 1);
        ROUND(g, h, a, b, c, d, e, f, 2);
        ROUND(f, g, h, a, b, c, d, e, 3);
        ROUND(e, f, g, h, a, b, c, d, 4);
        ROUND(d, e, f, g, h, a, b, c, 5);
        ROUND(c, d, e, f, g, h, a, b, 6);
        ROUND(b, c, d, e, f, g, h, a, 7);
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
