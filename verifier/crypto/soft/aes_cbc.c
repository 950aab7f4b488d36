/*
 * AES-128-CBC decryption, bitsliced, two blocks at a time. Layer: crypto back end, device and host.
 *
 * plane[i] holds bit i of all 32 bytes: row r of the state in byte r, and there column c of block b
 * in bit 4b + c. So rows turn by rotating a word, columns by rotating nibbles.
 * Invariant: no address and no branch depends on key or data; only len does decide anything.
 */
#include "aes_cbc.h"

#include <otav/otav_error.h>

enum { ROUND_COUNT = 10 };

/* What the inverse S-box adds to its input, spec: FIPS 197, 5.3.2. It is added to the round keys
 * instead, which the columns that follow do not change: their coefficients add up to 1. */
#define AFFINE UINT32_C(0x63636363)

struct aes {
    /* Round keys, last one first. Both blocks have the same, so word i holds plane i in the lower
     * nibbles and plane i + 4 in the upper ones. */
    uint32_t key[ROUND_COUNT + 1][4];
    uint8_t iv[16];
};

_Static_assert(sizeof(struct aes) <= sizeof(struct otav_aes_state), "state too large");

static struct aes *aes_of(struct otav_aes_state *state)
{
    return (struct aes *)(void *)state->opaque;
}

static uint32_t ror32(uint32_t x, unsigned count)
{
    return x >> count | x << (32 - count);
}

static uint32_t load_le32(const uint8_t bytes[4])
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_le32(uint8_t bytes[4], uint32_t x)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap32(x);
#endif
    __builtin_memcpy(bytes, &x, sizeof x); /* one store: at -Os four bytes would stay four */
}

/* ---- bits and planes -------------------------------------------------------------------------- */

/* Exchanges the bits of *x under mask << count with those of *y under mask. */
static void swap_bits(uint32_t *x, uint32_t *y, unsigned count, uint32_t mask)
{
    uint32_t difference = (*x >> count ^ *y) & mask;

    *y ^= difference;
    *x ^= difference << count;
}

/* Four columns of one block to four words of planes as in struct aes, and back. */
static void transpose(uint32_t words[4])
{
    swap_bits(&words[0], &words[1], 1, 0x55555555);
    swap_bits(&words[2], &words[3], 1, 0x55555555);
    swap_bits(&words[0], &words[2], 2, 0x33333333);
    swap_bits(&words[1], &words[3], 2, 0x33333333);
}

/* Two times four such words to the planes of two blocks, and back. */
static void merge(uint32_t planes[8])
{
    for (size_t i = 0; i < 4; i++) {
        swap_bits(&planes[i], &planes[i + 4], 4, 0x0F0F0F0F);
    }
}

/* ---- the rounds ------------------------------------------------------------------------------- */

/* The inverse S-box but for the constant, see AFFINE. The circuit: Boyar, Peralta, "A depth-16
 * circuit for the AES S-box", 2011; u0 is the high bit. */
static void invert_sbox(uint32_t planes[8])
{
    uint32_t u0 = planes[7], u1 = planes[6], u2 = planes[5], u3 = planes[4];
    uint32_t u4 = planes[3], u5 = planes[2], u6 = planes[1], u7 = planes[0];

    uint32_t t23 = u0 ^ u3, t22 = u1 ^ u3, t2 = u0 ^ u1, t1 = u3 ^ u4;
    uint32_t t24 = u4 ^ u7, r5 = u6 ^ u7, t8 = u1 ^ t23, t19 = t22 ^ r5;
    uint32_t t9 = u7 ^ t1, t10 = t2 ^ t24, t13 = t2 ^ r5, t3 = t1 ^ r5;
    uint32_t t25 = u2 ^ t1, r13 = u1 ^ u6, t17 = u2 ^ t19, t20 = t24 ^ r13;
    uint32_t t4 = u4 ^ t8, r17 = u2 ^ u5, r18 = u5 ^ u6, r19 = u2 ^ u4;
    uint32_t y5 = u0 ^ r17, t6 = t22 ^ r17, t16 = r13 ^ r19, t27 = t1 ^ r18;
    uint32_t t15 = t10 ^ t27, t14 = t10 ^ r18, t26 = t3 ^ t16;

    uint32_t m1 = t13 & t6, m2 = t23 & t8, m3 = t14 ^ m1, m4 = t19 & y5;
    uint32_t m5 = m4 ^ m1, m6 = t3 & t16, m7 = t22 & t9, m8 = t26 ^ m6;
    uint32_t m9 = t20 & t17, m10 = m9 ^ m6, m11 = t1 & t15, m12 = t4 & t27;
    uint32_t m13 = m12 ^ m11, m14 = t2 & t10, m15 = m14 ^ m11, m16 = m3 ^ m2;
    uint32_t m17 = m5 ^ t24, m18 = m8 ^ m7, m19 = m10 ^ m15, m20 = m16 ^ m13;
    uint32_t m21 = m17 ^ m15, m22 = m18 ^ m13, m23 = m19 ^ t25, m24 = m22 ^ m23;
    uint32_t m25 = m22 & m20, m26 = m21 ^ m25, m27 = m20 ^ m21, m28 = m23 ^ m25;
    uint32_t m29 = m28 & m27, m30 = m26 & m24, m31 = m20 & m23, m32 = m27 & m31;
    uint32_t m33 = m27 ^ m25, m34 = m21 & m22, m35 = m24 & m34, m36 = m24 ^ m25;
    uint32_t m37 = m21 ^ m29, m38 = m32 ^ m33, m39 = m23 ^ m30, m40 = m35 ^ m36;
    uint32_t m41 = m38 ^ m40, m42 = m37 ^ m39, m43 = m37 ^ m38, m44 = m39 ^ m40;
    uint32_t m45 = m42 ^ m41, m46 = m44 & t6, m47 = m40 & t8, m48 = m39 & y5;
    uint32_t m49 = m43 & t16, m50 = m38 & t9, m51 = m37 & t17, m52 = m42 & t15;
    uint32_t m53 = m45 & t27, m54 = m41 & t10, m55 = m44 & t13, m56 = m40 & t23;
    uint32_t m57 = m39 & t19, m58 = m43 & t3, m59 = m38 & t22, m60 = m37 & t20;
    uint32_t m61 = m42 & t1, m62 = m45 & t4, m63 = m41 & t2;

    uint32_t p0 = m52 ^ m61, p1 = m58 ^ m59, p2 = m54 ^ m62, p3 = m47 ^ m50;
    uint32_t p4 = m48 ^ m56, p5 = m46 ^ m51, p6 = m49 ^ m60, p7 = p0 ^ p1;
    uint32_t p8 = m50 ^ m53, p9 = m55 ^ m63, p10 = m57 ^ p4, p11 = p0 ^ p3;
    uint32_t p12 = m46 ^ m48, p13 = m49 ^ m51, p14 = m49 ^ m62, p15 = m54 ^ m59;
    uint32_t p16 = m57 ^ m61, p17 = m58 ^ p2, p18 = m63 ^ p5, p19 = p2 ^ p3;
    uint32_t p20 = p4 ^ p6, p22 = p2 ^ p7, p23 = p7 ^ p8, p24 = p5 ^ p7;
    uint32_t p25 = p6 ^ p10, p26 = p9 ^ p11, p27 = p10 ^ p18, p28 = p11 ^ p25;
    uint32_t p29 = p15 ^ p20;

    planes[7] = p13 ^ p22;
    planes[6] = p26 ^ p29;
    planes[5] = p17 ^ p28;
    planes[4] = p12 ^ p22;
    planes[3] = p23 ^ p27;
    planes[2] = p19 ^ p24;
    planes[1] = p14 ^ p23;
    planes[0] = p9 ^ p16;
}

/* Row r turns right by r columns: by one or three in two steps, by two in the second alone. */
static uint32_t turn_rows(uint32_t plane)
{
    uint32_t difference = (plane ^ plane >> 1) & 0x55005500;

    plane ^= difference ^ difference << 1;
    difference = (plane ^ plane >> 2) & 0x22331100;
    return plane ^ difference ^ difference << 2;
}

static void add_key(uint32_t planes[8], const uint32_t key[4])
{
    for (size_t i = 0; i < 4; i++) {
        uint32_t low = key[i] & 0x0F0F0F0F;
        uint32_t high = key[i] & 0xF0F0F0F0;

        planes[i] = planes[i] ^ low ^ low << 4;
        planes[i + 4] = planes[i + 4] ^ high ^ high >> 4;
    }
}

static void turn_all_rows(uint32_t planes[8])
{
    for (size_t i = 0; i < 8; i++) {
        planes[i] = turn_rows(planes[i]);
    }
}

/* First the matrix (5, 0, 4, 0), then that of the forward direction: their product is the inverse. */
static void invert_columns(uint32_t q[8])
{
    uint32_t d[8];
    uint32_t e0 = q[0] ^ ror32(q[0], 16), e1 = q[1] ^ ror32(q[1], 16);
    uint32_t e2 = q[2] ^ ror32(q[2], 16), e3 = q[3] ^ ror32(q[3], 16);
    uint32_t e4 = q[4] ^ ror32(q[4], 16), e5 = q[5] ^ ror32(q[5], 16);
    uint32_t e6 = q[6] ^ ror32(q[6], 16), e7 = q[7] ^ ror32(q[7], 16);
    uint32_t e67 = e6 ^ e7;

    /* 4e, by the polynomial */
    q[0] ^= e6;
    q[1] ^= e67;
    q[2] ^= e0 ^ e7;
    q[3] ^= e1 ^ e6;
    q[4] ^= e2 ^ e67;
    q[5] ^= e3 ^ e7;
    q[6] ^= e4;
    q[7] ^= e5;
    for (size_t i = 0; i < 8; i++) {
        d[i] = q[i] ^ ror32(q[i], 8);
        q[i] = ror32(q[i], 8) ^ ror32(d[i], 16);
    }
    /* 2d */
    q[0] ^= d[7];
    q[1] ^= d[0] ^ d[7];
    q[2] ^= d[1];
    q[3] ^= d[2] ^ d[7];
    q[4] ^= d[3] ^ d[7];
    q[5] ^= d[4];
    q[6] ^= d[5];
    q[7] ^= d[6];
}

static void decrypt_planes(const struct aes *aes, uint32_t planes[8])
{
    add_key(planes, aes->key[0]);
    for (size_t i = 1;; i++) {
        invert_sbox(planes);
        turn_all_rows(planes);
        add_key(planes, aes->key[i]);
        if (i == ROUND_COUNT) {
            return;
        }
        invert_columns(planes);
    }
}

/* ---- key schedule ----------------------------------------------------------------------------- */

/* The linear part of the S-box, for four bytes. spec: FIPS 197, 5.1.1 */
static uint32_t affine(uint32_t x)
{
    uint32_t sum = x;

    for (unsigned i = 0; i < 4; i++) {
        x = (x & 0x7F7F7F7F) << 1 | (x >> 7 & 0x01010101);
        sum ^= x;
    }
    return sum;
}

/* The S-box of four bytes: its affine map on both sides of its own inverse leaves the inversion, and
 * then comes the affine map. */
static uint32_t substitute(uint32_t x)
{
    uint32_t planes[8];

    x = affine(x);
    for (unsigned i = 0; i < 8; i++) {
        planes[i] = x >> i; /* other bits are computed along and dropped */
    }
    invert_sbox(planes);
    x = 0;
    for (unsigned i = 0; i < 8; i++) {
        x |= (planes[i] & 0x01010101) << i;
    }
    return affine(x) ^ AFFINE;
}

static void keep_key(uint32_t kept[4], const uint32_t key[4], uint32_t constant)
{
    for (size_t i = 0; i < 4; i++) {
        kept[i] = key[i] ^ constant;
    }
    transpose(kept);
}

uint32_t otav_soft_aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                                 const uint8_t iv[16])
{
    struct aes *aes = aes_of(state);
    uint32_t words[4];
    uint32_t rcon = 1;

    (void)user;
    for (size_t i = 0; i < 4; i++) {
        words[i] = load_le32(key + 4 * i);
    }
    for (size_t i = 0; i < 16; i++) {
        aes->iv[i] = iv[i];
    }
    keep_key(aes->key[ROUND_COUNT], words, 0);
    for (size_t round = ROUND_COUNT; round-- > 0;) {
        words[0] ^= substitute(ror32(words[3], 8)) ^ rcon;
        words[1] ^= words[0];
        words[2] ^= words[1];
        words[3] ^= words[2];
        keep_key(aes->key[round], words, AFFINE);
        rcon = rcon << 1 ^ (rcon >> 7) * 0x11B;
    }
    return OTAV_ACCEPT;
}

/* ---- chaining --------------------------------------------------------------------------------- */

/* One or two blocks, in place. */
static void decrypt_blocks(struct aes *aes, uint8_t *bytes, size_t len)
{
    uint32_t chain[12]; /* what came before each word, and what comes before the next blocks */
    uint32_t planes[8];

    for (size_t i = 0; i < 4; i++) {
        chain[i] = load_le32(aes->iv + 4 * i);
    }
    for (size_t i = 0; i < 8; i++) {
        chain[i + 4] = load_le32(bytes + (4 * i) % len);
        planes[i] = chain[i + 4];
    }
    transpose(planes);
    transpose(planes + 4);
    merge(planes);
    decrypt_planes(aes, planes);
    merge(planes);
    transpose(planes);
    transpose(planes + 4);
    for (size_t i = 0; i < len / 4; i++) {
        store_le32(bytes + 4 * i, planes[i] ^ chain[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        store_le32(aes->iv + 4 * i, chain[len / 4 + i]);
    }
}

uint32_t otav_soft_aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                   size_t len)
{
    (void)user;
    if (len % 16 != 0) {
        return OTAV_REJECT;
    }
    while (len > 0) {
        size_t part_len = len > 16 ? 32 : 16;

        decrypt_blocks(aes_of(state), bytes, part_len);
        bytes += part_len;
        len -= part_len;
    }
    return OTAV_ACCEPT;
}

void otav_soft_aes_cbc_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    for (size_t i = 0; i < OTAV_AES_STATE_WORDS; i++) {
        state->opaque[i] = 0;
    }
}
