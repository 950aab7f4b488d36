/*
 * The device's inflate: the same output and the same verdicts as zlib's.
 * Layer: test, host.
 */
#include "unit.h"

#include <otav/otav_format.h>
#include <otav/otav_inflate.h>
#include <zlib.h>

#include "judge.h"

enum { INPUT_MAX = 0x80000, STREAM_MAX = INPUT_MAX + 4096, SMALL_LEN = 600 };

static uint8_t input[INPUT_MAX];
static uint8_t stream[STREAM_MAX];

/* ---- inputs ----------------------------------------------------------------------------------- */

static size_t read_input(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len = 0;

    if (file != NULL) {
        len = fread(input, 1, sizeof input, file);
        (void)fclose(file);
    }
    return len;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static size_t make_zeros(void)
{
    memset(input, 0, 70000);
    return 70000;
}

static size_t make_noise(void)
{
    uint32_t state = 1;

    for (size_t i = 0; i < 70000; i++) {
        input[i] = (uint8_t)next_random(&state);
    }
    return 70000;
}

/* Repeats at distances up to the largest one, and literals of very different frequency. */
static size_t make_far_repeats(void)
{
    size_t len = make_noise();
    uint32_t state = 2;

    for (size_t i = 300; i + 300 < len; i += 40 + next_random(&state) % 400) {
        size_t from = i > 32768 ? i - 32768 + next_random(&state) % 40 : 0;

        memcpy(input + i, input + from, 3 + next_random(&state) % 256);
        memset(input + i + 260, (int)(next_random(&state) % 3), 30);
    }
    return len;
}

static size_t make_firmware_small(void)
{
    return read_input(TEST_FIRMWARE "/small.bin");
}

static size_t make_firmware_medium(void)
{
    return read_input(TEST_FIRMWARE "/medium.bin");
}

static size_t make_firmware_large(void)
{
    return read_input(TEST_FIRMWARE "/large.bin");
}

static size_t make_text(void)
{
    return read_input(TEST_DATA_DIR "/../README.md");
}

static size_t make_one_byte(void)
{
    input[0] = 'x';
    return 1;
}

static size_t (*const inputs[])(void) = {
    make_firmware_small, make_firmware_medium, make_firmware_large, make_text,
    make_zeros,          make_noise,           make_far_repeats,    make_one_byte};

enum { INPUT_COUNT = sizeof inputs / sizeof inputs[0] };

/* ---- streams of zlib -------------------------------------------------------------------------- */

static size_t deflate_input(size_t len, int level, int strategy, int window_bits, int memory)
{
    z_stream z = {
        .next_in = input, .avail_in = (uInt)len, .next_out = stream, .avail_out = sizeof stream};

    ck_assert_int_eq(deflateInit2(&z, level, Z_DEFLATED, -window_bits, memory, strategy), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    return z.total_out;
}

static void expect_result(struct judge_result *ours, size_t len)
{
    ck_assert(ours->accepted);
    ck_assert_uint_eq(ours->len, len);
    ck_assert_mem_eq(ours->bytes, input, len);
    free(ours->bytes);
}

static void expect_input_cut(size_t stream_len, size_t len, judge_cut *cut, void *user)
{
    struct judge_result ours = {.bytes = malloc(len + 1)};

    judge_ours_cut(stream, stream_len, (uint32_t)len, cut, user, &ours);
    expect_result(&ours, len);
}

static void expect_input(size_t stream_len, size_t len, size_t piece_len)
{
    struct judge_result ours = {.bytes = malloc(len + 1)};

    judge_ours(stream, stream_len, (uint32_t)len, piece_len, &ours);
    expect_result(&ours, len);
}

START_TEST(test_levels_and_strategies_give_the_input)
{
    size_t len = inputs[_i]();

    for (int level = 0; level <= 9; level++) {
        for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
            expect_input(deflate_input(len, level, strategy, MAX_WBITS, 8), len, 4096);
        }
    }
}
END_TEST

START_TEST(test_windows_give_the_input)
{
    size_t len = inputs[_i]();

    for (int window_bits = 9; window_bits <= MAX_WBITS; window_bits++) {
        for (int memory = 1; memory <= 9; memory += 4) {
            expect_input(deflate_input(len, 9, Z_DEFAULT_STRATEGY, window_bits, memory), len, 1000);
        }
    }
}
END_TEST

START_TEST(test_pieces_of_any_size_give_the_input)
{
    static const size_t pieces[] = {0, 1, 2, 3, 5, 7, 16, 255, 256, 257, 65536};
    size_t len = inputs[_i]();

    len = len < 20000 ? len : 20000;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        for (int level = 0; level <= 9; level += 3) {
            expect_input(deflate_input(len, level, Z_DEFAULT_STRATEGY, MAX_WBITS, 8), len,
                         pieces[i]);
        }
    }
}
END_TEST

/* A stream of len bytes of text, with a kind of block for each kind: stored, dynamic, fixed, and dynamic
 * without copies. */
static size_t deflate_text(int kind, size_t len)
{
    static const int levels[] = {0, 9, 9, 1};
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FIXED,
                                     Z_HUFFMAN_ONLY};

    ck_assert_uint_ge(make_text(), len);
    return deflate_input(len, levels[kind], strategies[kind], MAX_WBITS, 8);
}

/* Bit i of the number cuts behind byte i. */
static size_t cut_at_bits(void *user, size_t offset)
{
    uint32_t cuts = *(const uint32_t *)user >> offset;

    return cuts == 0 ? SIZE_MAX : offset + (size_t)__builtin_ctz(cuts) + 1;
}

START_TEST(test_every_chunking_of_a_short_stream_gives_the_input)
{
    size_t len = 8;
    size_t stream_len = deflate_text(_i, len);

    ck_assert_uint_ge(stream_len, len);
    ck_assert_uint_le(stream_len, 16);
    for (uint32_t cuts = 0; cuts < 1u << (stream_len - 1); cuts++) {
        expect_input_cut(stream_len, len, cut_at_bits, &cuts);
    }
}
END_TEST

/* At both of two offsets; the same twice is a piece without a byte. */
static size_t cut_twice(void *user, size_t offset)
{
    size_t *cuts = user;
    size_t cut = cuts[0];

    (void)offset;
    cuts[0] = cuts[1];
    cuts[1] = SIZE_MAX;
    return cut;
}

START_TEST(test_every_two_cuts_give_the_input)
{
    size_t len = SMALL_LEN / 2;
    size_t stream_len = deflate_text(_i, len);

    for (size_t first = 0; first <= stream_len; first++) {
        for (size_t second = first; second <= stream_len; second += TEST_STEP) {
            size_t cuts[] = {first, second};

            expect_input_cut(stream_len, len, cut_twice, cuts);
        }
    }
}
END_TEST

/* ---- damage ----------------------------------------------------------------------------------- */

static size_t make_small_stream(int kind)
{
    return deflate_text(kind, SMALL_LEN);
}

START_TEST(test_every_truncation_is_refused)
{
    size_t stream_len = make_small_stream(_i);

    for (size_t len = 0; len < stream_len; len++) {
        struct judge_result ours = {.bytes = malloc(SMALL_LEN + 1)};

        judge_ours(stream, len, SMALL_LEN, 64, &ours);
        ck_assert_msg(!ours.accepted, "first %zu bytes accepted", len);
        ck_assert(judge_agree(stream, len, SMALL_LEN, 0));
        free(ours.bytes);
    }
}
END_TEST

START_TEST(test_every_flipped_bit_is_judged_as_by_zlib)
{
    size_t stream_len = make_small_stream(_i);

    for (size_t bit = 0; bit < 8 * stream_len; bit++) {
        stream[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_msg(judge_agree(stream, stream_len, SMALL_LEN, 1 + bit % 9), "bit %zu", bit);
        stream[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

START_TEST(test_every_changed_byte_is_judged_as_by_zlib)
{
    size_t stream_len = make_small_stream(_i);

    for (size_t i = 0; i < stream_len; i++) {
        uint8_t byte = stream[i];

        for (unsigned change = 1; change < 256; change += 6) {
            stream[i] = (uint8_t)(byte ^ change);
            ck_assert_msg(judge_agree(stream, stream_len, SMALL_LEN, 100), "byte %zu", i);
        }
        stream[i] = byte;
    }
}
END_TEST

/* ---- made by hand ----------------------------------------------------------------------------- */

static size_t bit_len;

/* Bits beyond the 32 of value are 0. */
static void put_bits(unsigned value, unsigned count)
{
    for (unsigned i = 0; i < count; i++, bit_len++) {
        if (bit_len % 8 == 0) {
            stream[bit_len / 8] = 0;
        }
        stream[bit_len / 8] |= (uint8_t)((i < 32 ? value >> i & 1 : 0) << bit_len % 8);
    }
}

/* A code, whose first bit is the highest. */
static void put_code(unsigned code, unsigned count)
{
    while (count > 0) {
        count--;
        put_bits(code >> count & 1, 1);
    }
}

static void begin_stream(void)
{
    bit_len = 0;
}

enum { STORED, FIXED, DYNAMIC, RESERVED };

static void put_head(bool is_last, unsigned type)
{
    put_bits(is_last, 1);
    put_bits(type, 2);
}

static void put_fixed_literal(unsigned byte)
{
    put_code(byte < 144 ? 0x30 + byte : 0x190 + byte - 144, byte < 144 ? 8 : 9);
}

static void put_fixed_end(void)
{
    put_code(0, 7);
}

static void align(void)
{
    put_bits(0, (8 - bit_len % 8) % 8);
}

static void expect_verdict(bool accepted, uint32_t decoded_len)
{
    size_t stream_len = (bit_len + 7) / 8;

    for (size_t piece_len = 0; piece_len < 4; piece_len++) {
        struct judge_result ours = {.bytes = malloc((size_t)decoded_len + 1)};

        judge_ours(stream, stream_len, decoded_len, piece_len, &ours);
        ck_assert_int_eq(ours.accepted, accepted);
        ck_assert(judge_agree(stream, stream_len, decoded_len, piece_len));
        free(ours.bytes);
    }
}

START_TEST(test_reserved_block_type_is_refused)
{
    begin_stream();
    put_head(true, RESERVED);
    put_bits(0, 32);
    expect_verdict(false, 0);
}
END_TEST

START_TEST(test_empty_stream_gives_nothing)
{
    begin_stream();
    put_head(true, FIXED);
    put_fixed_end();
    expect_verdict(true, 0);
    expect_verdict(false, 1);
}
END_TEST

START_TEST(test_stored_length_without_its_complement_is_refused)
{
    for (unsigned bit = 0; bit < 16; bit++) {
        begin_stream();
        put_head(true, STORED);
        align();
        put_bits(1, 16);
        put_bits(0xFFFEu ^ 1u << bit, 16);
        put_bits('x', 8);
        expect_verdict(false, 1);
        begin_stream();
        put_head(true, STORED);
        align();
        put_bits(0, 16);
        put_bits(0xFFFFu ^ 1u << bit, 16);
        expect_verdict(false, 0);
    }
}
END_TEST

START_TEST(test_stored_block_behind_bits_begins_at_the_next_byte)
{
    begin_stream();
    put_head(false, FIXED);
    put_fixed_literal('a');
    put_fixed_end();
    put_head(true, STORED);
    align();
    put_bits(2, 16);
    put_bits(0xFFFD, 16);
    put_bits('b', 8);
    put_bits('c', 8);
    expect_verdict(true, 3);
    expect_verdict(false, 2);
    expect_verdict(false, 4);
}
END_TEST

/* A copy of length 3 (symbol 257) behind three literals, from a distance with a fixed code. */
static void make_copy(unsigned distance_symbol, unsigned extra, unsigned extra_count)
{
    begin_stream();
    put_head(true, FIXED);
    put_fixed_literal('a');
    put_fixed_literal('b');
    put_fixed_literal('c');
    put_code(1, 7);
    put_code(distance_symbol, 5);
    put_bits(extra, extra_count);
    put_fixed_end();
}

START_TEST(test_distance_up_to_the_first_byte_is_the_limit)
{
    make_copy(2, 0, 0);
    expect_verdict(true, 6);
    make_copy(3, 0, 0);
    expect_verdict(false, 6);
    make_copy(29, 0x1FFF, 13);
    expect_verdict(false, 6);
}
END_TEST

START_TEST(test_distance_symbols_without_meaning_are_refused)
{
    make_copy(30, 0, 0);
    expect_verdict(false, 6);
    make_copy(31, 0, 0);
    expect_verdict(false, 6);
}
END_TEST

START_TEST(test_length_symbols_without_meaning_are_refused)
{
    for (unsigned symbol = 286; symbol < 288; symbol++) {
        begin_stream();
        put_head(true, FIXED);
        put_fixed_literal('a');
        put_code(0xC0 + symbol - 280, 8);
        put_code(0, 5);
        put_fixed_end();
        expect_verdict(false, 4);
    }
}
END_TEST

START_TEST(test_output_of_another_length_is_refused)
{
    make_copy(0, 0, 0);
    for (uint32_t len = 0; len < 300; len++) {
        expect_verdict(len == 6, len);
    }
}
END_TEST

/* 258 bytes for every twelve bits: the output is what stops it. */
START_TEST(test_bomb_ends_at_the_announced_length)
{
    begin_stream();
    put_head(true, FIXED);
    put_fixed_literal(0);
    for (unsigned i = 0; i < 20000; i++) {
        put_code(0xC5, 8);
        put_code(0, 5);
    }
    put_fixed_end();
    expect_verdict(false, 4096);
    expect_verdict(true, 1 + 20000 * 258);
}
END_TEST

START_TEST(test_empty_blocks_without_end_are_refused)
{
    for (unsigned kind = STORED; kind <= FIXED; kind++) {
        begin_stream();
        for (unsigned i = 0; i < 10000; i++) {
            put_head(false, kind);
            if (kind == FIXED) {
                put_fixed_end();
            } else {
                align();
                put_bits(0, 16);
                put_bits(0xFFFF, 16);
            }
        }
        expect_verdict(false, 0);
        expect_verdict(false, 1);
    }
}
END_TEST

START_TEST(test_bytes_behind_the_last_block_are_refused)
{
    make_copy(2, 0, 0);
    align();
    expect_verdict(true, 6);
    put_bits(0, 8);
    expect_verdict(false, 6);
    put_bits(0, 24);
    expect_verdict(false, 6);
}
END_TEST

START_TEST(test_bits_behind_the_last_block_do_not_count)
{
    make_copy(2, 0, 0);
    put_bits(0xFF, (8 - bit_len % 8) % 8);
    expect_verdict(true, 6);
}
END_TEST

/* ---- codes made by hand ----------------------------------------------------------------------- */

/* A block whose lengths are all sent as they are: the code for lengths has 16 codes of four bits. */
static void begin_codes(unsigned literal_count, unsigned distance_count)
{
    begin_stream();
    put_head(true, DYNAMIC);
    put_bits(literal_count - 257, 5);
    put_bits(distance_count - 1, 5);
    put_bits(15, 4);
    for (unsigned i = 0; i < 19; i++) {
        put_bits(i < 3 ? 0 : 4, 3); /* 16, 17, 18 are never used */
    }
}

static void put_length(unsigned length)
{
    put_code(length, 4);
}

/* Codes with the given lengths for 0, 1, 2, 255, 256 and 257, and for the first two distances. */
static void make_codes(const unsigned lengths[6], const unsigned distances[2])
{
    begin_codes(258, 2);
    for (unsigned i = 0; i < 258; i++) {
        put_length(i < 3 ? lengths[i] : i < 255 ? 0 : lengths[i - 252]);
    }
    put_length(distances[0]);
    put_length(distances[1]);
}

START_TEST(test_complete_codes_are_taken)
{
    static const unsigned lengths[] = {2, 2, 0, 0, 2, 2};
    static const unsigned distances[] = {1, 1};

    make_codes(lengths, distances);
    put_code(0, 2); /* 0 */
    put_code(1, 2); /* 1 */
    put_code(3, 2); /* 257, from distance 2 */
    put_code(1, 1);
    put_code(2, 2);
    expect_verdict(true, 5);
}
END_TEST

START_TEST(test_oversubscribed_codes_are_refused)
{
    static const unsigned good[] = {2, 2, 0, 0, 2, 2};
    static const unsigned bad[][6] = {
        {1, 1, 0, 0, 1, 0}, {2, 2, 2, 0, 2, 2}, {1, 1, 0, 0, 15, 0}, {1, 2, 2, 15, 15, 0}};
    static const unsigned distances[] = {1, 1};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_codes(bad[i], distances);
        put_bits(0, 64);
        expect_verdict(false, 1);
    }
    begin_codes(257, 3);
    for (unsigned i = 0; i < 257; i++) {
        put_length(i == 256 || i < 3 ? 2 : 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        put_length(1);
    }
    put_bits(3, 2);
    expect_verdict(false, 0);
    make_codes(good, distances);
    put_code(2, 2);
    expect_verdict(true, 0);
}
END_TEST

START_TEST(test_incomplete_codes_are_refused)
{
    static const unsigned bad[][6] = {
        {2, 2, 0, 0, 2, 0}, {0, 0, 0, 0, 2, 0}, {0, 0, 0, 0, 15, 0}, {1, 0, 0, 0, 2, 0}};
    static const unsigned distances[] = {1, 1};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_codes(bad[i], distances);
        put_bits(0xFF, 8);
        expect_verdict(false, 0);
    }
}
END_TEST

START_TEST(test_incomplete_distances_are_refused)
{
    static const unsigned lengths[] = {2, 2, 0, 0, 2, 2};
    static const unsigned bad[][2] = {{2, 2}, {0, 2}, {15, 15}, {1, 2}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make_codes(lengths, bad[i]);
        put_code(2, 2);
        expect_verdict(false, 0);
    }
}
END_TEST

START_TEST(test_single_code_of_one_bit_is_taken)
{
    static const unsigned lengths[] = {0, 0, 0, 0, 1, 0};
    static const unsigned distances[] = {1, 0};

    make_codes(lengths, distances);
    put_code(0, 1);
    expect_verdict(true, 0);
    make_codes(lengths, distances);
    put_code(1, 1);
    put_bits(0xFFFF, 16);
    expect_verdict(false, 0);
}
END_TEST

START_TEST(test_missing_distances_are_refused_when_used)
{
    static const unsigned lengths[] = {2, 2, 0, 0, 2, 2};
    static const unsigned distances[] = {0, 0};

    make_codes(lengths, distances);
    put_code(0, 2);
    put_code(2, 2);
    expect_verdict(true, 1);
    make_codes(lengths, distances);
    put_code(0, 2);
    put_code(3, 2);
    put_bits(0, 16);
    expect_verdict(false, 4);
}
END_TEST

START_TEST(test_code_without_end_of_block_is_refused)
{
    static const unsigned lengths[] = {1, 1, 0, 0, 0, 0};
    static const unsigned distances[] = {1, 1};

    make_codes(lengths, distances);
    put_bits(0, 16);
    expect_verdict(false, 1);
}
END_TEST

START_TEST(test_too_many_symbols_are_refused)
{
    static const struct {
        unsigned literals, distances;
    } sizes[] = {{287, 1}, {288, 1}, {257, 31}, {257, 32}};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        begin_codes(sizes[i].literals, sizes[i].distances);
        for (unsigned k = 0; k < sizes[i].literals + sizes[i].distances; k++) {
            put_length(k == 256);
        }
        put_code(0, 1);
        expect_verdict(false, 0);
    }
}
END_TEST

/* A code for lengths with the given lengths for 16, 17, 18 and 0, which come first; all others are
 * not there. */
static void begin_runs(unsigned of_16, unsigned of_17, unsigned of_18, unsigned of_0)
{
    begin_stream();
    put_head(true, DYNAMIC);
    put_bits(0, 10);
    put_bits(0, 4);
    put_bits(of_16, 3);
    put_bits(of_17, 3);
    put_bits(of_18, 3);
    put_bits(of_0, 3);
}

START_TEST(test_code_for_lengths_that_is_not_complete_is_refused)
{
    static const unsigned bad[][4] = {{0, 0, 0, 0}, {0, 0, 0, 1}, {1, 1, 0, 1},
                                      {2, 2, 2, 0}, {7, 7, 7, 7}, {1, 1, 1, 1}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin_runs(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
        for (unsigned k = 0; k < 20; k++) {
            put_bits(0, 32);
        }
        expect_verdict(false, 0);
    }
}
END_TEST

START_TEST(test_repetition_of_nothing_is_refused)
{
    begin_runs(1, 0, 0, 1);
    put_code(1, 1); /* 16 */
    put_bits(0, 2);
    put_bits(0, 32);
    put_bits(0, 32);
    expect_verdict(false, 0);
}
END_TEST

START_TEST(test_run_beyond_the_last_length_is_refused)
{
    begin_runs(0, 0, 1, 1);
    put_code(1, 1); /* 18: 138 zeros, twice */
    put_bits(127, 7);
    put_code(1, 1);
    put_bits(127, 7);
    put_bits(0, 32);
    expect_verdict(false, 0);
}
END_TEST

/* ---- points ----------------------------------------------------------------------------------- */

struct output {
    uint8_t bytes[INPUT_MAX];
    uint32_t len;
};

static enum otav_err write_output(void *user, const uint8_t *bytes, size_t len)
{
    struct output *output = user;

    ck_assert_uint_le(len, sizeof output->bytes - output->len);
    memcpy(output->bytes + output->len, bytes, len);
    output->len += (uint32_t)len;
    return OTAV_OK;
}

static enum otav_err read_output(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    const struct output *output = user;

    ck_assert_uint_le(offset + len, output->len);
    memcpy(ret_bytes, output->bytes + offset, len);
    return OTAV_OK;
}

/* With flushes of that kind where the slot reaches multiples of step; points: bytes up to each. */
static size_t deflate_with_flushes(size_t len, uint32_t step, int flush, uint32_t points[8])
{
    z_stream z = {.next_in = input, .next_out = stream, .avail_out = sizeof stream};
    unsigned count = 0;

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    for (size_t end = step - OTAV_META_LEN; end < len; end += step) {
        z.avail_in = (uInt)(end - z.total_in);
        ck_assert_int_eq(deflate(&z, flush), Z_OK);
        ck_assert_uint_lt(count, 8);
        points[count] = (uint32_t)z.total_out;
        count++;
    }
    z.avail_in = (uInt)(len - z.total_in);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    return z.total_out;
}

static void expect_rest(const struct otav_decoder_point *point, const struct output *so_far,
                        size_t stream_len, size_t len)
{
    static struct output output;
    const struct otav_decoder_io io = {&output, write_output, read_output};
    struct otav_inflate inflate;

    output.len = point->decoded_len;
    memcpy(output.bytes, so_far->bytes, output.len);
    otav_inflate_begin(&inflate, &io, (uint32_t)len);
    otav_inflate_resume(&inflate, point);
    ck_assert_int_eq(
        otav_inflate_feed(&inflate, stream + point->encoded_len, stream_len - point->encoded_len),
        OTAV_OK);
    ck_assert_int_eq(otav_inflate_end(&inflate), OTAV_OK);
    ck_assert_uint_eq(output.len, len);
    ck_assert_mem_eq(output.bytes, input, len);
}

START_TEST(test_points_are_where_the_output_goes_on_from)
{
    static const size_t pieces[] = {1, 2, 3, 7, 64, 1000, STREAM_MAX};
    static struct output output;
    const struct otav_decoder_io io = {&output, write_output, read_output};
    struct otav_inflate inflate;
    const size_t len = make_far_repeats();
    uint32_t points[8];
    size_t stream_len = deflate_with_flushes(len, OTAV_DECODER_POINT_LEN, Z_SYNC_FLUSH, points);

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct otav_decoder_point point = {0, 0};
        uint32_t last = 0;

        output.len = 0;
        otav_inflate_begin(&inflate, &io, (uint32_t)len);
        for (size_t off = 0; off < stream_len; off += pieces[i]) {
            size_t part = stream_len - off < pieces[i] ? stream_len - off : pieces[i];
            uint32_t count = 0;

            ck_assert_int_eq(otav_inflate_feed(&inflate, stream + off, part), OTAV_OK);
            otav_inflate_point(&inflate, &point);
            while (count < len / OTAV_DECODER_POINT_LEN && points[count] <= off + part) {
                count++;
            }
            ck_assert_uint_eq(point.encoded_len, count == 0 ? 0 : points[count - 1]);
            ck_assert_uint_eq(point.decoded_len,
                              count == 0 ? 0 : count * OTAV_DECODER_POINT_LEN - OTAV_META_LEN);
            if (count > last) {
                expect_rest(&point, &output, stream_len, len);
                last = count;
            }
        }
        ck_assert_uint_eq(last, len / OTAV_DECODER_POINT_LEN);
        ck_assert_int_eq(otav_inflate_end(&inflate), OTAV_OK);
    }
}
END_TEST

/* A flush inside a page, and one that does not end with a byte. */
START_TEST(test_points_are_nowhere_else)
{
    static struct output output;
    const struct otav_decoder_io io = {&output, write_output, read_output};
    struct otav_inflate inflate;
    const size_t len = make_far_repeats();

    for (unsigned i = 0; i < 2; i++) {
        struct otav_decoder_point point = {1, 1};
        uint32_t points[8];
        size_t stream_len = deflate_with_flushes(
            len, i == 0 ? OTAV_DECODER_POINT_LEN - 256 : OTAV_DECODER_POINT_LEN,
            i == 0 ? Z_SYNC_FLUSH : Z_PARTIAL_FLUSH, points);

        output.len = 0;
        otav_inflate_begin(&inflate, &io, (uint32_t)len);
        ck_assert_int_eq(otav_inflate_feed(&inflate, stream, stream_len), OTAV_OK);
        otav_inflate_point(&inflate, &point);
        ck_assert_uint_eq(point.encoded_len, 0);
        ck_assert_uint_eq(point.decoded_len, 0);
        ck_assert_int_eq(otav_inflate_end(&inflate), OTAV_OK);
    }
}
END_TEST

/* An empty block where the slot reaches whole pages is a point, unless it is the last block. */
START_TEST(test_points_are_not_behind_the_last_block)
{
    static struct output output;
    const struct otav_decoder_io io = {&output, write_output, read_output};
    const unsigned len = OTAV_DECODER_POINT_LEN - OTAV_META_LEN;
    struct otav_inflate inflate;

    for (unsigned last = 0; last < 2; last++) {
        struct otav_decoder_point point = {1, 1};

        begin_stream();
        put_head(false, STORED);
        align();
        put_bits(len, 16);
        put_bits(~len, 16);
        put_bits(0, 8 * len);
        put_head(last == 1, STORED);
        align();
        put_bits(0xFFFF0000, 32);
        output.len = 0;
        otav_inflate_begin(&inflate, &io, len);
        ck_assert_int_eq(otav_inflate_feed(&inflate, stream, bit_len / 8), OTAV_OK);
        otav_inflate_point(&inflate, &point);
        ck_assert_uint_eq(point.encoded_len, last == 1 ? 0 : bit_len / 8);
        ck_assert_uint_eq(point.decoded_len, last == 1 ? 0 : len);
    }
}
END_TEST

/* ---- callbacks -------------------------------------------------------------------------------- */

/* An output whose call number failing gives an error. */
struct failing_output {
    struct output output;
    unsigned failing, count;
};

static enum otav_err outcome(struct failing_output *io)
{
    io->count++;
    ck_assert_uint_le(io->count, io->failing);
    return io->count < io->failing ? OTAV_OK : OTAV_ERR_FLASH_READ;
}

static enum otav_err write_failing(void *user, const uint8_t *bytes, size_t len)
{
    (void)write_output(&((struct failing_output *)user)->output, bytes, len);
    return outcome(user);
}

static enum otav_err read_failing(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    (void)read_output(&((struct failing_output *)user)->output, offset, ret_bytes, len);
    return outcome(user);
}

START_TEST(test_error_of_a_callback_is_the_last_word)
{
    static struct failing_output io;
    const struct otav_decoder_io calls = {&io, write_failing, read_failing};
    size_t len = 6000;
    size_t stream_len;
    struct otav_inflate inflate;

    ck_assert_uint_ge(make_firmware_medium(), len);
    stream_len = deflate_input(len, 9, Z_DEFAULT_STRATEGY, MAX_WBITS, 8);
    do {
        io.failing++;
        io.count = 0;
        io.output.len = 0;
        otav_inflate_begin(&inflate, &calls, (uint32_t)len);
        for (size_t i = 0; i < stream_len; i += 16) {
            (void)otav_inflate_feed(&inflate, stream + i,
                                    stream_len - i < 16 ? stream_len - i : 16);
        }
        ck_assert_int_eq(otav_inflate_end(&inflate),
                         io.count < io.failing ? OTAV_OK : OTAV_ERR_FLASH_READ);
    } while (io.count == io.failing);
    ck_assert_uint_gt(io.failing, len / OTAV_INFLATE_BUFFER_LEN * 2);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_points_are_where_the_output_goes_on_from);
    tcase_add_test(tc, test_points_are_nowhere_else);
    tcase_add_test(tc, test_points_are_not_behind_the_last_block);
    tcase_add_test(tc, test_error_of_a_callback_is_the_last_word);
    tcase_add_loop_test(tc, test_levels_and_strategies_give_the_input, 0, INPUT_COUNT);
    tcase_add_loop_test(tc, test_windows_give_the_input, 0, INPUT_COUNT);
    tcase_add_loop_test(tc, test_pieces_of_any_size_give_the_input, 0, INPUT_COUNT);
    tcase_add_loop_test(tc, test_every_chunking_of_a_short_stream_gives_the_input, 0, 4);
    tcase_add_loop_test(tc, test_every_two_cuts_give_the_input, 0, 4);
    tcase_add_loop_test(tc, test_every_truncation_is_refused, 0, 4);
    tcase_add_loop_test(tc, test_every_flipped_bit_is_judged_as_by_zlib, 0, 4);
    tcase_add_loop_test(tc, test_every_changed_byte_is_judged_as_by_zlib, 0, 4);
    tcase_add_test(tc, test_reserved_block_type_is_refused);
    tcase_add_test(tc, test_empty_stream_gives_nothing);
    tcase_add_test(tc, test_stored_length_without_its_complement_is_refused);
    tcase_add_test(tc, test_stored_block_behind_bits_begins_at_the_next_byte);
    tcase_add_test(tc, test_distance_up_to_the_first_byte_is_the_limit);
    tcase_add_test(tc, test_distance_symbols_without_meaning_are_refused);
    tcase_add_test(tc, test_length_symbols_without_meaning_are_refused);
    tcase_add_test(tc, test_output_of_another_length_is_refused);
    tcase_add_test(tc, test_bomb_ends_at_the_announced_length);
    tcase_add_test(tc, test_empty_blocks_without_end_are_refused);
    tcase_add_test(tc, test_bytes_behind_the_last_block_are_refused);
    tcase_add_test(tc, test_bits_behind_the_last_block_do_not_count);
    tcase_add_test(tc, test_complete_codes_are_taken);
    tcase_add_test(tc, test_oversubscribed_codes_are_refused);
    tcase_add_test(tc, test_incomplete_codes_are_refused);
    tcase_add_test(tc, test_incomplete_distances_are_refused);
    tcase_add_test(tc, test_single_code_of_one_bit_is_taken);
    tcase_add_test(tc, test_missing_distances_are_refused_when_used);
    tcase_add_test(tc, test_code_without_end_of_block_is_refused);
    tcase_add_test(tc, test_too_many_symbols_are_refused);
    tcase_add_test(tc, test_code_for_lengths_that_is_not_complete_is_refused);
    tcase_add_test(tc, test_repetition_of_nothing_is_refused);
    tcase_add_test(tc, test_run_beyond_the_last_length_is_refused);
}

int main(void)
{
    return unit_main("inflate", add_tests);
}
