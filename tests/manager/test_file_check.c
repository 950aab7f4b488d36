/*
 * What the manager makes of the file before it connects: damaged headers, lengths, checksums and
 * hosts that fail. Nothing may reach the transport.
 */
#include "unit.h"

#include "bench.h"

/* Start fails, nobody was called, and the manager was left alone. */
static void expect_refused(struct bench *b, enum otam_err err)
{
    enum otam_err got;

    memset(&b->m, 0xA5, sizeof b->m);
    got = bench_start(b);
    ck_assert_msg(got == err, "%s, expected %s", otam_err_text(got), otam_err_text(err));
    ck_assert_uint_eq(b->device.count[FAKE_CONNECT], 0);
    ck_assert_uint_eq(b->reports, 0);
    for (size_t i = 0; i < sizeof b->m; i++) {
        ck_assert_uint_eq(((const uint8_t *)&b->m)[i], 0xA5);
    }
}

START_TEST(test_file_check_flip_of_every_byte_is_refused)
{
    struct bench *b = bench_new(1024);

    for (uint32_t at = 0; at < b->file_len; at++) {
        b->file[at] ^= 0x10;
        expect_refused(b, at == 2 || at == 3 || (at >= 4 && at < 12) || at >= 16
                              ? OTAM_ERR_FILE_CHECKSUM
                              : OTAM_ERR_FILE_HEADER);
        b->file[at] ^= 0x10;
    }
}
END_TEST

START_TEST(test_file_check_every_truncation_is_refused)
{
    struct bench *b = bench_new(1024);

    for (b->file_len = 0; b->file_len < 1040; b->file_len++) {
        enum otam_err err = OTAM_ERR_FILE_CHECKSUM;

        if (b->file_len < 16) {
            err = OTAM_ERR_FILE_HEADER;
        } else if (b->file_len <= 16 + 512 || b->file_len % 16 != 0) {
            err = OTAM_ERR_FILE_LENGTH;
        }
        expect_refused(b, err);
    }
}
END_TEST

START_TEST(test_file_check_lengths)
{
    static const struct {
        uint32_t image_len;
        enum otam_err err;
    } cases[] = {{512, OTAM_ERR_FILE_LENGTH},
                 {527, OTAM_ERR_FILE_LENGTH},
                 {529, OTAM_ERR_FILE_LENGTH},
                 {OTAM_IMAGE_MAX_LEN + 16, OTAM_ERR_FILE_LENGTH}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refused(bench_new(cases[i].image_len), cases[i].err);
    }
    ck_assert_int_eq(bench_start(bench_new(528)), OTAM_OK);
    ck_assert_int_eq(bench_start(bench_new(OTAM_IMAGE_MAX_LEN)), OTAM_OK);
}
END_TEST

START_TEST(test_file_check_header_values)
{
    static const struct {
        uint32_t at;
        uint8_t value;
        bool ok;
    } cases[] = {{0, 2, false},  {0, 0, false},  {1, 0, true},   {1, 2, false}, {12, 0, false},
                 {12, 3, false}, {13, 1, false}, {14, 1, false}, {15, 1, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = bench_new(1024);

        b->file[cases[i].at] = cases[i].value;
        bench_seal(b);
        if (cases[i].ok) {
            ck_assert_int_eq(bench_start(b), OTAM_OK);
        } else {
            expect_refused(b, OTAM_ERR_FILE_HEADER);
        }
    }
}
END_TEST

/* A sum of zero has no complement in 16 bits: the field is zero too. */
START_TEST(test_file_check_checksum_zero)
{
    struct bench *b = bench_new(1024);

    for (unsigned i = 0; i < 0x10000 && (b->file[2] | b->file[3]) != 0; i++) {
        b->file[16 + i % 1024]++;
        bench_seal(b);
    }
    ck_assert_uint_eq(b->file[2] | b->file[3], 0);
    ck_assert_int_eq(bench_start(b), OTAM_OK);
}
END_TEST

/* ---- combo files ------------------------------------------------------------------------------ */

static struct bench *combo_bench(uint32_t zota_len)
{
    struct bench *b = bench_new(1040);
    static const uint8_t start[] = {0x1e, 0xf1, 0xee, 0x0b, 0x00, 0x01};
    uint8_t *zota = b->file + OTAM_HEADER_LEN;

    memmove(zota + zota_len, zota, 1040);
    memset(zota, 0, zota_len);
    memcpy(zota, start, sizeof start);
    zota[6] = (uint8_t)zota_len;
    zota[52] = (uint8_t)(zota_len + 1040);
    zota[53] = (uint8_t)((zota_len + 1040) >> 8);
    b->file[12] = 2;
    b->file_len += zota_len;
    b->device.image = zota + zota_len;
    bench_seal(b);
    return b;
}

START_TEST(test_file_check_zigbee_header_is_not_sent)
{
    static const uint32_t lens[] = {56, 57, 69};

    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        struct bench *b = combo_bench(lens[i]);
        uint8_t digest[OTAV_SHA256_LEN];

        b->device.resumes = true;
        ck_assert_int_eq(bench_run(b), OTAM_OK);
        bench_expect_installed(b);
        ck_assert_int_eq(digest_bytes(b->device.image, 1040, digest), OX_OK);
        ck_assert_mem_eq(b->device.request + 19, digest, OTAM_DIGEST_LEN);
        ck_assert_uint_eq(b->device.request[16], 2);
    }
}
END_TEST

START_TEST(test_file_check_zigbee_header_is_checked)
{
    static const uint8_t checked[] = {0, 1, 2, 3, 6, 7, 52, 53, 54, 55};
    struct bench *b;

    for (size_t i = 0; i < sizeof checked; i++) {
        b = combo_bench(56);
        b->file[16 + checked[i]] ^= 0x80;
        bench_seal(b);
        expect_refused(b, OTAM_ERR_FILE_HEADER);
    }
    expect_refused(combo_bench(55), OTAM_ERR_FILE_HEADER);
    expect_refused(combo_bench(70), OTAM_ERR_FILE_HEADER);
    b = combo_bench(69); /* longer than the rest of the file */
    b->file_len = 16 + 60;
    b->file[16 + 52] = 60;
    b->file[16 + 53] = 0;
    expect_refused(b, OTAM_ERR_FILE_HEADER);
    for (uint32_t len = 16; len < 16 + 56; len++) {
        b = combo_bench(56);
        b->file_len = len;
        expect_refused(b, OTAM_ERR_FILE_HEADER);
    }
}
END_TEST

/* ---- hosts ------------------------------------------------------------------------------------ */

START_TEST(test_file_check_read_failure_at_every_call)
{
    struct bench *b = combo_bench(56);
    unsigned reads;

    ck_assert_int_eq(bench_start(b), OTAM_OK);
    reads = 200000 - b->reads_left;
    ck_assert_uint_gt(reads, 5);
    for (unsigned left = 0; left < reads; left++) {
        b = combo_bench(56);
        b->reads_left = left;
        expect_refused(b, OTAM_ERR_FILE_READ);
    }
    b = combo_bench(56);
    b->reads_left = reads + 2;
    ck_assert_int_eq(bench_run(b), OTAM_ERR_FILE_READ);
    ck_assert_uint_eq(b->device.count[FAKE_CONNECT], 1);
}
END_TEST

START_TEST(test_file_check_digest_failure_is_refused)
{
    struct bench *b = bench_new(1024);

    b->digest_err = OTAM_ERR_FILE_READ;
    expect_refused(b, OTAM_ERR_FILE_READ);
}
END_TEST

#define EXPECT_ARG(change)                                                                         \
    do {                                                                                           \
        struct bench *b = bench_new(1024);                                                         \
        struct otam_transport transport = fake_transport;                                          \
                                                                                                   \
        b->config.transport = &transport;                                                          \
        change;                                                                                    \
        expect_refused(b, OTAM_ERR_ARG);                                                           \
    } while (0)

START_TEST(test_file_check_incomplete_configuration_is_refused)
{
    EXPECT_ARG(b->config.transport = NULL);
    EXPECT_ARG(b->config.host = NULL);
    EXPECT_ARG(b->config.attempts = 0);
    EXPECT_ARG(transport.connect = NULL);
    EXPECT_ARG(transport.disconnect = NULL);
    EXPECT_ARG(transport.subscribe = NULL);
    EXPECT_ARG(transport.read_feature = NULL);
    EXPECT_ARG(transport.write = NULL);
    EXPECT_ARG(transport.write_command = NULL);
    EXPECT_ARG(b->host.read = NULL);
    EXPECT_ARG(b->host.sha256_start = NULL);
    EXPECT_ARG(b->host.sha256_add = NULL);
    EXPECT_ARG(b->host.sha256_end = NULL);
    EXPECT_ARG(b->host.save = NULL);
    EXPECT_ARG(b->host.load = NULL);
    EXPECT_ARG(b->host.forget = NULL);
}
END_TEST

START_TEST(test_file_check_every_error_and_state_has_words)
{
    for (int err = OTAM_OK; err < OTAM_ERR_COUNT; err++) {
        ck_assert_str_ne(otam_err_text((enum otam_err)err), "unknown error");
    }
    ck_assert_str_eq(otam_err_text(OTAM_ERR_COUNT), "unknown error");
    ck_assert_str_eq(otam_err_text(OTAM_ERR_LINK_LOST), "connection lost");
    ck_assert_str_eq(otam_state_name(OTAM_IDLE), "idle");
    ck_assert_str_eq(otam_state_name(OTAM_SENDING), "sending");
    ck_assert_str_eq(otam_state_name(OTAM_FAILED), "failed");
    ck_assert_str_eq(otam_state_name((enum otam_state)(OTAM_FAILED + 1)), "unknown state");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_file_check_flip_of_every_byte_is_refused);
    tcase_add_test(tc, test_file_check_every_truncation_is_refused);
    tcase_add_test(tc, test_file_check_lengths);
    tcase_add_test(tc, test_file_check_header_values);
    tcase_add_test(tc, test_file_check_checksum_zero);
    tcase_add_test(tc, test_file_check_zigbee_header_is_not_sent);
    tcase_add_test(tc, test_file_check_zigbee_header_is_checked);
    tcase_add_test(tc, test_file_check_read_failure_at_every_call);
    tcase_add_test(tc, test_file_check_digest_failure_is_refused);
    tcase_add_test(tc, test_file_check_incomplete_configuration_is_refused);
    tcase_add_test(tc, test_file_check_every_error_and_state_has_words);
}

int main(void)
{
    return unit_main("manager_file_check", add_tests);
}
