/*
 * AES-128-CBC decryption, bitsliced, two blocks at a time. Layer: crypto back end, device and host.
 *
 * plane[i] holds bit i of all 32 bytes: row r of the state in byte r, and there column c of block b
 * in bit 4b + c. So rows turn by rotating a word, columns by rotating nibbles.
 * Invariant: no address and no branch depends on key or data; only len does decide anything.
 */
#include "aes_cbc.h"

#include <otav/otav_error.h>

#include "wipe.h"

enum { ROUND_COUNT = 10 };

/* What the inverse S-box adds to its input, spec: FIPS 197, 5.3.2. It is added to the round keys
 * instead, which the columns that follow do not change: their coefficients add up to 1. */
#define AFFINE UINT32_C(0x63636363)

struct aes {
    /* Round keys, last one first. Both blocks have the same, so word i holds plane i in the lower
     * nibbles and plane i + 4 in the upper ones. */
    uint32_t key[ROUND_COUNT + 1][4];
    uint32_t before[4]; /* the block before the next one, at first the IV */
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

/* What rows to turn: all but the upper one, or none. */
struct turn {
    uint32_t first_mask;
    uint32_t second_mask;
};

/* Row r turns right by r columns: by one or three in two steps, by two in the second alone. */
static inline uint32_t turn_rows(uint32_t plane, struct turn turn)
{
    uint32_t difference = (plane ^ plane >> 1) & turn.first_mask;

    plane ^= difference ^ difference << 1;
    difference = (plane ^ plane >> 2) & turn.second_mask;
    return plane ^ difference ^ difference << 2;
}

static void turn_rows_and_add_key(uint32_t planes[8], const uint32_t key[4], struct turn turn)
{
    for (size_t i = 0; i < 4; i++) {
        uint32_t low = key[i] & 0x0F0F0F0F;
        uint32_t high = key[i] & 0xF0F0F0F0;

        planes[i] = turn_rows(planes[i], turn) ^ low ^ low << 4;
        planes[i + 4] = turn_rows(planes[i + 4], turn) ^ high ^ high >> 4;
    }
}

/* The sum of each byte and the one below, or two below, in its column. */
static inline uint32_t add_below(uint32_t plane)
{
    return plane ^ ror32(plane, 8);
}

static inline uint32_t add_second_below(uint32_t plane)
{
    return plane ^ ror32(plane, 16);
}

/* A plane of the column times (2, 3, 1, 1): twice the sum, whose plane before is doubled, and the three
 * bytes below. sum: add_below(plane). */
static inline uint32_t mix(uint32_t doubled, uint32_t plane, uint32_t sum)
{
    return doubled ^ ror32(plane ^ ror32(sum, 8), 8);
}

/* First the column times (5, 0, 4, 0), then as in the forward direction: together that is the inverse.
 * Doubling moves each plane to the next one, and the top one to 0, 1, 3 and 4, spec: FIPS 197, 4.2. In
 * this order of the planes everything stays in registers. */
static void invert_columns(uint32_t planes[8])
{
    uint32_t q0 = planes[0], q1 = planes[1], q2 = planes[2], q3 = planes[3];
    uint32_t q4 = planes[4], q5 = planes[5], q6 = planes[6], q7 = planes[7];
    uint32_t s6 = add_second_below(q6), s7 = add_second_below(q7), both = s6 ^ s7;
    uint32_t sum, last, top;

    q7 ^= add_second_below(q5);
    q6 ^= add_second_below(q4);
    q5 ^= add_second_below(q3) ^ s7;
    q4 ^= add_second_below(q2) ^ both;
    q3 ^= add_second_below(q1) ^ s6;
    q2 ^= add_second_below(q0) ^ s7;
    q1 ^= both;
    q0 ^= s6;

    top = add_below(q7);
    sum = add_below(q0);
    planes[0] = mix(top, q0, sum);
    last = sum ^ top;
    sum = add_below(q1);
    planes[1] = mix(last, q1, sum);
    last = sum;
    sum = add_below(q2);
    planes[2] = mix(last, q2, sum);
    last = sum ^ top;
    sum = add_below(q3);
    planes[3] = mix(last, q3, sum);
    last = sum ^ top;
    sum = add_below(q4);
    planes[4] = mix(last, q4, sum);
    last = sum;
    sum = add_below(q5);
    planes[5] = mix(last, q5, sum);
    last = sum;
    sum = add_below(q6);
    planes[6] = mix(last, q6, sum);
    planes[7] = mix(sum, q7, top);
}

static void decrypt_planes(const struct aes *aes, uint32_t planes[8])
{
    struct turn turn = {0, 0};

    for (size_t i = 0;; i++) {
        turn_rows_and_add_key(planes, aes->key[i], turn);
        if (i == ROUND_COUNT) {
            return;
        }
        if (i > 0) {
            invert_columns(planes);
        }
        invert_sbox(planes);
        turn = (struct turn){0x55005500, 0x22331100};
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
    otav_soft_wipe(planes, sizeof planes);
    return affine(x) ^ AFFINE;
}

/* The key of the next round. */
static void expand_key(uint32_t words[4], uint32_t rcon)
{
    words[0] ^= substitute(ror32(words[3], 8)) ^ rcon;
    words[1] ^= words[0];
    words[2] ^= words[1];
    words[3] ^= words[2];
}

uint32_t otav_soft_aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                                 const uint8_t iv[16])
{
    struct aes *aes = aes_of(state);
    uint32_t words[4];
    uint32_t constant = 0; /* the last key to be used is no input of an S-box */
    uint32_t rcon = 1;

    (void)user;
    for (size_t i = 0; i < 4; i++) {
        words[i] = load_le32(key + 4 * i);
        aes->before[i] = load_le32(iv + 4 * i);
    }
    for (size_t round = ROUND_COUNT;; round--) {
        for (size_t i = 0; i < 4; i++) {
            aes->key[round][i] = words[i] ^ constant;
        }
        transpose(aes->key[round]);
        if (round == 0) {
            break;
        }
        constant = AFFINE;
        expand_key(words, rcon);
        rcon = rcon << 1 ^ (rcon >> 7) * 0x11B;
    }
    otav_soft_wipe(words, sizeof words);
    return OTAV_ACCEPT;
}

/* ---- chaining --------------------------------------------------------------------------------- */

/* One or two blocks, in place. planes is room to work in, which the caller wipes. */
static void decrypt_blocks(struct aes *aes, uint32_t planes[8], uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < 8; i++) {
        planes[i] = load_le32(bytes + (4 * i & (len - 1))); /* a single block goes twice */
    }
    transpose(planes);
    transpose(planes + 4);
    merge(planes);
    decrypt_planes(aes, planes);
    merge(planes);
    transpose(planes);
    transpose(planes + 4);
    for (size_t i = 0; i < len / 4; i++) {
        uint32_t *before = &aes->before[i % 4];
        uint32_t word = load_le32(bytes + 4 * i);

        store_le32(bytes + 4 * i, planes[i] ^ *before);
        *before = word;
    }
}

uint32_t otav_soft_aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                   size_t len)
{
    uint32_t planes[8];

    (void)user;
    if (len % 16 != 0) {
        return OTAV_REJECT;
    }
    while (len > 0) {
        size_t part_len = len > 16 ? 32 : 16;

        decrypt_blocks(aes_of(state), planes, bytes, part_len);
        bytes += part_len;
        len -= part_len;
    }
    otav_soft_wipe(planes, sizeof planes);
    return OTAV_ACCEPT;
}

void otav_soft_aes_cbc_end(void *user, struct otav_aes_state *state)
{
    (void)user;
    otav_soft_wipe(state, sizeof *state);
}
