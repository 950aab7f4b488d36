/*
 * DER signatures: one encoding per value, everything else refused, out-parameters untouched.
 */
#include "unit.h"

#include <otav/otav_format.h>

enum { CAP = OTAV_META_SIG_LEN };

/* A generator of one's own: the same numbers on every machine. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* r or s with a given number of leading zero bytes and a given first byte behind them. */
static void fill_half(uint8_t half[32], unsigned zeros, uint8_t first, uint32_t *state)
{
    for (unsigned i = 0; i < 32; i++) {
        half[i] = i < zeros ? 0 : (uint8_t)next_random(state);
    }
    if (zeros < 32) {
        half[zeros] = first;
    }
}

START_TEST(test_der_encode_decode_round_trips_at_every_length)
{
    static const uint8_t firsts[] = {0x01, 0x7F, 0x80, 0xFF};
    bool seen[CAP + 1] = {false};
    uint32_t state = 1;
    uint8_t rs[OTAV_SIGNATURE_LEN];
    uint8_t back[OTAV_SIGNATURE_LEN];
    uint8_t der[CAP];

    for (unsigned i = 0; i < 33 * 33 * 16; i++) {
        size_t len;

        fill_half(rs, i % 33, firsts[i / 33 % 4], &state);
        fill_half(rs + 32, i / 132 % 33, firsts[i / (132 * 33)], &state);
        len = otav_der_encode(rs, der);
        ck_assert_uint_ge(len, 8);
        ck_assert_uint_le(len, CAP);
        seen[len] = true;
        memset(back, 0xEE, sizeof back);
        ck_assert(otav_der_decode(der, CAP, len, back));
        ck_assert_mem_eq(back, rs, sizeof rs);
        for (size_t wrong = 0; i % 32 == 0 && wrong <= CAP; wrong++) {
            ck_assert(wrong == len || !otav_der_decode(der, CAP, wrong, back));
        }
    }
    for (size_t len = 8; len <= CAP; len++) {
        ck_assert_msg(seen[len], "no signature of %zu bytes was made", len);
    }
}
END_TEST

START_TEST(test_der_encode_known_values)
{
    static const uint8_t expected[8] = {0x30, 6, 2, 1, 1, 2, 1, 0};
    static const uint8_t padded[] = {0x30, 7, 2, 2, 0, 0x80, 2, 1, 0x7F};
    uint8_t rs[OTAV_SIGNATURE_LEN] = {0};
    uint8_t der[CAP];

    rs[31] = 1;
    memset(der, 0xEE, sizeof der);
    ck_assert_uint_eq(otav_der_encode(rs, der), sizeof expected);
    ck_assert_mem_eq(der, expected, sizeof expected);
    for (size_t i = sizeof expected; i < CAP; i++) {
        ck_assert_uint_eq(der[i], 0);
    }
    rs[31] = 0x80;
    rs[63] = 0x7F;
    ck_assert_uint_eq(otav_der_encode(rs, der), sizeof padded);
    ck_assert_mem_eq(der, padded, sizeof padded);
}
END_TEST

#define DER(...)                                                                                   \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

START_TEST(test_der_decode_strictness)
{
    static const struct {
        const char *what;
        bool ok;
        size_t len;
        uint8_t bytes[12];
    } rows[] = {
        {"plain", true, DER(0x30, 6, 2, 1, 1, 2, 1, 1)},
        {"zero r and s, left to the verifier", true, DER(0x30, 6, 2, 1, 0, 2, 1, 0)},
        {"needed leading zero", true, DER(0x30, 7, 2, 2, 0, 0x80, 2, 1, 1)},
        {"not a sequence", false, DER(0x31, 6, 2, 1, 1, 2, 1, 1)},
        {"sequence too short", false, DER(0x30, 5, 2, 1, 1, 2, 1, 1)},
        {"sequence too long", false, DER(0x30, 7, 2, 1, 1, 2, 1, 1)},
        {"long form of the sequence length", false, DER(0x30, 0x81, 6, 2, 1, 1, 2, 1, 1)},
        {"indefinite length", false, DER(0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0)},
        {"long form of an integer length", false, DER(0x30, 7, 2, 0x81, 1, 1, 2, 1, 1)},
        {"r not an integer", false, DER(0x30, 6, 3, 1, 1, 2, 1, 1)},
        {"s not an integer", false, DER(0x30, 6, 2, 1, 1, 4, 1, 1)},
        {"negative r", false, DER(0x30, 6, 2, 1, 0x80, 2, 1, 1)},
        {"negative s", false, DER(0x30, 6, 2, 1, 1, 2, 1, 0xFF)},
        {"r with a zero too many", false, DER(0x30, 7, 2, 2, 0, 1, 2, 1, 1)},
        {"s with a zero too many", false, DER(0x30, 7, 2, 1, 1, 2, 2, 0, 0x7F)},
        {"two zeros", false, DER(0x30, 7, 2, 2, 0, 0, 2, 1, 1)},
        {"empty r", false, DER(0x30, 6, 2, 0, 2, 2, 1, 1)},
        {"empty s", false, DER(0x30, 6, 2, 2, 1, 1, 2, 0)},
        {"r leaves the sequence", false, DER(0x30, 6, 2, 5, 1, 2, 1, 1)},
        {"s leaves the sequence", false, DER(0x30, 6, 2, 1, 1, 2, 2, 1)},
        {"third integer", false, DER(0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1)},
        {"byte behind s inside the sequence", false, DER(0x30, 7, 2, 1, 1, 2, 1, 1, 0)},
        {"only r", false, DER(0x30, 6, 2, 4, 1, 1, 1, 1)},
        {"too short", false, DER(0x30, 5, 2, 1, 1, 2, 0)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t der[CAP] = {0};
        uint8_t rs[OTAV_SIGNATURE_LEN];
        uint8_t before[OTAV_SIGNATURE_LEN];

        memcpy(der, rows[i].bytes, rows[i].len);
        memset(rs, 0xEE, sizeof rs);
        memset(before, 0xEE, sizeof before);
        ck_assert_msg(otav_der_decode(der, CAP, rows[i].len, rs) == rows[i].ok, "%s", rows[i].what);
        if (!rows[i].ok) {
            ck_assert_mem_eq(rs, before, sizeof rs);
        }
    }
}
END_TEST

START_TEST(test_der_decode_integers_of_33_bytes)
{
    uint8_t der[CAP] = {0x30, 38, 2, 33, 0, 0x80};
    uint8_t rs[OTAV_SIGNATURE_LEN];

    der[37] = 2;
    der[38] = 1;
    der[39] = 9;
    ck_assert(otav_der_decode(der, CAP, 40, rs));
    ck_assert_uint_eq(rs[0], 0x80);
    ck_assert_uint_eq(rs[63], 9);
    der[4] = 1; /* 33 bytes of value: beyond 2^256 */
    ck_assert(!otav_der_decode(der, CAP, 40, rs));
    der[4] = 0;
    der[3] = 34;
    ck_assert(!otav_der_decode(der, CAP, 40, rs));
}
END_TEST

START_TEST(test_der_decode_bytes_behind_must_be_zero)
{
    uint8_t der[CAP] = {0x30, 6, 2, 1, 1, 2, 1, 1};
    uint8_t rs[OTAV_SIGNATURE_LEN];

    ck_assert(otav_der_decode(der, CAP, 8, rs));
    ck_assert(otav_der_decode(der, 8, 8, rs));
    ck_assert(!otav_der_decode(der, 7, 8, rs));
    for (size_t i = 8; i < CAP; i++) {
        der[i] = 1;
        ck_assert_msg(!otav_der_decode(der, CAP, 8, rs), "byte %zu", i);
        der[i] = 0;
    }
}
END_TEST

/* Whatever is accepted is the one encoding of what it decodes to. */
static void check_canonical(const uint8_t der[CAP], size_t len)
{
    uint8_t rs[OTAV_SIGNATURE_LEN];
    uint8_t again[CAP];

    if (otav_der_decode(der, CAP, len, rs)) {
        ck_assert_uint_eq(otav_der_encode(rs, again), len);
        ck_assert_mem_eq(again, der, CAP);
    }
}

START_TEST(test_der_decode_every_byte_mutated_stays_canonical)
{
    static const unsigned zeros[][2] = {{0, 0}, {0, 1}, {1, 0}, {31, 31}, {20, 3}};
    uint32_t state = 77;

    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
        uint8_t rs[OTAV_SIGNATURE_LEN];
        uint8_t der[CAP];
        size_t len;

        fill_half(rs, zeros[i][0], 0x80, &state);
        fill_half(rs + 32, zeros[i][1], 0x7F, &state);
        len = otav_der_encode(rs, der);
        for (size_t k = 0; k < CAP; k++) {
            for (unsigned flip = 1; flip < 256; flip++) {
                der[k] ^= (uint8_t)flip;
                check_canonical(der, len);
                der[k] ^= (uint8_t)flip;
            }
        }
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_der_encode_decode_round_trips_at_every_length);
    tcase_add_test(tc, test_der_encode_known_values);
    tcase_add_test(tc, test_der_decode_strictness);
    tcase_add_test(tc, test_der_decode_integers_of_33_bytes);
    tcase_add_test(tc, test_der_decode_bytes_behind_must_be_zero);
    tcase_add_test(tc, test_der_decode_every_byte_mutated_stays_canonical);
}

int main(void)
{
    return unit_main("der", add_tests);
}
