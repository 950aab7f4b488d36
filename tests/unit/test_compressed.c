/*
 * What the tool compresses and inflates: against zlib's inflate, and with the points where a transfer
 * can be taken up.
 * Layer: test, host.
 */
#include "unit.h"

#include <stdlib.h>

#include <zlib.h>

#include <otav/otav_config.h>

#include "deflated.h"
#include "inflated.h"

enum { FW_MAX = OTAV_SLOT_LEN - OTAV_META_LEN };

static uint8_t firmware[FW_MAX];
static uint8_t back[FW_MAX + 1];
static uint8_t *stream;
static uint32_t stream_len;

/* Words of a language of 2,000, most of them near: as compressible as firmware is. */
static void fill_firmware(void)
{
    uint32_t state = 1;

    for (size_t i = 0; i + 4 <= sizeof firmware; i += 4) {
        state = state * 1664525u + 1013904223u;
        otav_store_u32(firmware + i, (state >> 20) % 2000 * 2654435761u);
    }
}

static void teardown(void)
{
    free(stream);
    stream = NULL;
}

/* zlib's inflate over the whole stream, and output bytes when input byte `at` was taken. */
static size_t zlib_output_at(size_t at, bool *ret_ended)
{
    z_stream z = {
        .next_in = stream, .avail_in = (uInt)at, .next_out = back, .avail_out = sizeof back};
    int result;

    ck_assert_int_eq(inflateInit2(&z, -MAX_WBITS), Z_OK);
    result = inflate(&z, Z_SYNC_FLUSH);
    *ret_ended = result == Z_STREAM_END && z.avail_in == 0;
    ck_assert(result == Z_STREAM_END || result == Z_OK);
    (void)inflateEnd(&z);
    return z.total_out;
}

START_TEST(test_compressed_zlib_gives_the_firmware_back)
{
    static const uint32_t lens[] = {1, 2, 16, 512, 15871, 15872, 15873, 32256, 100000, FW_MAX};

    fill_firmware();
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        bool ended = false;

        ck_assert_int_eq(deflated_make(firmware, lens[i], &stream, &stream_len), OX_OK);
        ck_assert_uint_eq(zlib_output_at(stream_len, &ended), lens[i]);
        ck_assert(ended);
        ck_assert_mem_eq(back, firmware, lens[i]);
        for (uint32_t k = stream_len; k % OTAV_BLOCK_LEN != 0; k++) {
            ck_assert_uint_eq(stream[k], 0);
        }
        teardown();
    }
}
END_TEST

/* Behind the four bytes of an empty stored block that zlib puts there. */
START_TEST(test_compressed_byte_begins_at_each_point)
{
    unsigned found = 0;
    bool ended;

    fill_firmware();
    ck_assert_int_eq(deflated_make(firmware, 100000, &stream, &stream_len), OX_OK);
    for (uint32_t i = 4; i <= stream_len; i++) {
        if (memcmp(stream + i - 4, "\x00\x00\xFF\xFF", 4) == 0) {
            size_t len = zlib_output_at(i, &ended) + OTAV_META_LEN;

            found += len / OTAV_ENCODED_POINT_LEN == found + 1u ? 1 : 0;
            ck_assert_uint_eq(len % OTAV_ENCODED_POINT_LEN, 0);
        }
    }
    ck_assert_uint_eq(found, (100000 + OTAV_META_LEN) / OTAV_ENCODED_POINT_LEN);
    teardown();
}
END_TEST

/* zlib refuses to look back further than the window that it is told of. */
START_TEST(test_compressed_smallest_window_that_costs_nothing)
{
    z_stream z = {.avail_out = sizeof back};

    for (size_t i = 0; i < 4096; i++) {
        firmware[i] = (uint8_t)(i % 200 * 7);
    }
    ck_assert_int_eq(deflated_make(firmware, 4096, &stream, &stream_len), OX_OK);
    z.next_in = stream;
    z.avail_in = stream_len;
    z.next_out = back;
    ck_assert_int_eq(inflateInit2(&z, -9), Z_OK);
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    (void)inflateEnd(&z);
    teardown();
}
END_TEST

START_TEST(test_compressed_random_bytes_come_back_longer)
{
    uint32_t state = 7;
    bool ended = false;

    for (size_t i = 0; i < sizeof firmware; i++) {
        state = state * 1664525u + 1013904223u;
        firmware[i] = (uint8_t)(state >> 24);
    }
    ck_assert_int_eq(deflated_make(firmware, FW_MAX, &stream, &stream_len), OX_OK);
    ck_assert_uint_gt(stream_len, FW_MAX);
    ck_assert_uint_eq(zlib_output_at(stream_len, &ended), FW_MAX);
    ck_assert(ended);
    teardown();
}
END_TEST

/* ---- the host's decoder ----------------------------------------------------------------------- */

struct taken {
    size_t len;
    enum otav_err answer;
    struct inflated *wiped; /* by the callback, as a context that fails does */
};

static enum otav_err take(void *user, const uint8_t *bytes, size_t len)
{
    struct taken *taken = user;

    ck_assert_uint_le(taken->len + len, sizeof back);
    memcpy(back + taken->len, bytes, len);
    taken->len += len;
    if (taken->wiped != NULL) {
        taken->wiped->decoder.wipe(taken->wiped);
    }
    return taken->answer;
}

static enum otav_err inflate_in_pieces(struct inflated *inflated, struct taken *taken, uint32_t len,
                                       size_t piece)
{
    const struct otav_decoder_io io = {taken, take, NULL};
    enum otav_err err = OTAV_OK;

    inflated_init(inflated);
    inflated->decoder.begin(inflated->decoder.state, &io, len);
    for (size_t at = 0; err == OTAV_OK && at < stream_len; at += piece) {
        size_t rest = stream_len - at;

        err = inflated->decoder.feed(inflated->decoder.state, stream + at,
                                     rest < piece ? rest : piece);
    }
    return err == OTAV_OK ? inflated->decoder.end(inflated->decoder.state) : err;
}

/* Distances of nearly the whole window, over its end. */
START_TEST(test_inflated_reads_back_across_the_window)
{
    static struct inflated inflated;
    static const size_t pieces[] = {1, 100, 65536};
    uint32_t state = 3;

    for (size_t i = 0; i < 200000; i++) {
        state = state * 1664525u + 1013904223u;
        firmware[i] = i < 32500 ? (uint8_t)(state >> 24) : firmware[i - 32500];
    }
    ck_assert_int_eq(deflated_make(firmware, 200000, &stream, &stream_len), OX_OK);
    ck_assert_uint_lt(stream_len, 40000);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct taken taken = {.answer = OTAV_OK};

        ck_assert_int_eq(inflate_in_pieces(&inflated, &taken, 200000, pieces[i]), OTAV_OK);
        ck_assert_uint_eq(taken.len, 200000);
        ck_assert_mem_eq(back, firmware, 200000);
    }
    teardown();
}
END_TEST

START_TEST(test_inflated_wiped_by_its_caller_stays_wiped)
{
    static const uint8_t zeros[INFLATED_WINDOW_LEN];
    static struct inflated inflated;
    struct taken taken = {.answer = OTAV_ERR_FIRMWARE_SIGNATURE, .wiped = &inflated};

    fill_firmware();
    ck_assert_int_eq(deflated_make(firmware, 1000, &stream, &stream_len), OX_OK);
    ck_assert_int_eq(inflate_in_pieces(&inflated, &taken, 1000, stream_len),
                     OTAV_ERR_FIRMWARE_SIGNATURE);
    ck_assert_uint_lt(taken.len, 1000);
    ck_assert_mem_eq(inflated.window, zeros, sizeof zeros);
    teardown();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_compressed_zlib_gives_the_firmware_back);
    tcase_add_test(tc, test_compressed_byte_begins_at_each_point);
    tcase_add_test(tc, test_compressed_smallest_window_that_costs_nothing);
    tcase_add_test(tc, test_compressed_random_bytes_come_back_longer);
    tcase_add_test(tc, test_inflated_reads_back_across_the_window);
    tcase_add_test(tc, test_inflated_wiped_by_its_caller_stays_wiped);
}

int main(void)
{
    return unit_main("compressed", add_tests);
}
