/*
 * The streaming state machine: the first error sticks and wipes, the result does not depend on how
 * the input was cut, nothing is read past the input, every failing port call ends in REJECT.
 */
#include "unit.h"

#include <otav/otav_openssl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_crypto.h"
#include "flash_sim.h"
#include "image_builder.h"

static struct image_key signer;
static struct otav_config config;
static struct otav_context ctx;
static struct flash_sim sim;
static struct otav_flash flash;
static struct image image;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_config(&config, &signer);
    flash = flash_sim_port(&sim);
    memset(&ctx, 0, sizeof ctx);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&signer);
}

/* ---- running a transfer ----------------------------------------------------------------------- */

/* A transfer to be fed in any way: payload without file header. */
struct transfer_case {
    const char *what;
    uint32_t fw_len;
    bool encrypted;
    bool attributes;
    int meta_flip;  /* byte of the signed metadata to damage, or -1 */
    int fw_flip;    /* byte of the firmware to damage, or -1 */
    int pad_flip;   /* byte of the padding to damage, or -1 */
    int len_change; /* bytes appended or cut off */
    int announced;  /* announced length minus the real one, or NOT_ANNOUNCED */
    enum otav_err err;
};

enum { NOT_ANNOUNCED = 9999 };

static const struct transfer_case transfer_cases[] = {
    {"plain", 48, false, true, -1, -1, -1, 0, 0, OTAV_OK},
    {"plain, ends inside a unit", 100, false, false, -1, -1, -1, 0, NOT_ANNOUNCED, OTAV_OK},
    {"plain, shorter than a unit", 5, false, false, -1, -1, -1, 0, NOT_ANNOUNCED, OTAV_OK},
    {"encrypted", 48, true, true, -1, -1, -1, 0, 0, OTAV_OK},
    {"encrypted, ends inside a block", 41, true, false, -1, -1, -1, 0, NOT_ANNOUNCED, OTAV_OK},
    {"metadata damaged", 48, false, true, 0x120, -1, -1, 0, 0, OTAV_ERR_METADATA_SIGNATURE},
    {"encrypted, metadata damaged", 48, true, true, 0x1C, -1, -1, 0, 0,
     OTAV_ERR_METADATA_SIGNATURE},
    {"filler damaged", 48, true, true, 0, -1, -1, 0, 0, OTAV_ERR_DECRYPT},
    {"firmware damaged", 48, false, true, -1, 47, -1, 0, 0, OTAV_ERR_FIRMWARE_SIGNATURE},
    {"encrypted, firmware damaged", 48, true, true, -1, 0, -1, 0, 0, OTAV_ERR_FIRMWARE_SIGNATURE},
    {"firmware damaged and cut", 48, false, true, -1, 0, -1, -1, 0, OTAV_ERR_TRUNCATED},
    {"firmware damaged, bytes behind", 48, false, true, -1, 0, -1, 3, 0,
     OTAV_ERR_FIRMWARE_SIGNATURE},
    {"first byte of padding damaged", 48, true, true, -1, -1, 0, 0, 0, OTAV_ERR_PADDING},
    {"last byte of padding damaged", 48, true, true, -1, -1, 15, 0, 0, OTAV_ERR_PADDING},
    {"cut in the metadata", 16, false, true, -1, -1, -1, -17, NOT_ANNOUNCED, OTAV_ERR_TRUNCATED},
    {"cut by one", 48, false, true, -1, -1, -1, -1, NOT_ANNOUNCED, OTAV_ERR_TRUNCATED},
    {"cut by one unit", 48, false, true, -1, -1, -1, -16, NOT_ANNOUNCED, OTAV_ERR_TRUNCATED},
    {"cut inside a unit, stock", 100, false, false, -1, -1, -1, -2, NOT_ANNOUNCED,
     OTAV_ERR_TRUNCATED},
    {"encrypted, cut by one", 48, true, true, -1, -1, -1, -1, NOT_ANNOUNCED, OTAV_ERR_TRUNCATED},
    {"encrypted, cut by the padding", 48, true, true, -1, -1, -1, -16, NOT_ANNOUNCED,
     OTAV_ERR_TRUNCATED},
    {"one byte behind", 48, false, true, -1, -1, -1, 1, NOT_ANNOUNCED, OTAV_ERR_TRAILING},
    {"one byte behind, stock", 100, false, false, -1, -1, -1, 1, NOT_ANNOUNCED, OTAV_ERR_TRAILING},
    {"encrypted, one byte behind", 48, true, true, -1, -1, -1, 1, NOT_ANNOUNCED, OTAV_ERR_TRAILING},
    {"encrypted, one block behind", 48, true, true, -1, -1, -1, 16, NOT_ANNOUNCED,
     OTAV_ERR_TRAILING},
    {"more announced", 48, false, true, -1, -1, -1, 0, 16, OTAV_ERR_TRUNCATED},
    {"less announced", 48, true, true, -1, -1, -1, 0, -16, OTAV_ERR_TRAILING},
};

#define CASE_COUNT (sizeof transfer_cases / sizeof transfer_cases[0])

static uint8_t payload[IMAGE_PLAIN_MAX];
static size_t payload_len;
static struct otav_transfer transfer;

static void prepare(const struct transfer_case *c)
{
    image_init(&image, c->fw_len, c->attributes);
    image_sign(&image, &signer);
    if (c->meta_flip >= 0) {
        image.meta[c->meta_flip] ^= 1;
    }
    if (c->fw_flip >= 0) {
        image.fw[c->fw_flip] ^= 1;
    }
    if (c->pad_flip >= 0) {
        image.pad[c->pad_flip] ^= 1;
    }
    memset(payload, 0x33, sizeof payload);
    payload_len = image_payload(&image, c->encrypted, payload);
    memset(payload + payload_len, 0x33, 32);
    payload_len = (size_t)((int)payload_len + c->len_change);
    memset(&transfer, 0, sizeof transfer);
    transfer.purpose = OTAV_INSTALL;
    transfer.encrypted = c->encrypted;
    if (c->announced != NOT_ANNOUNCED) {
        transfer.has_len = true;
        transfer.len = (uint32_t)((int)payload_len + c->announced);
    }
    config.policy = c->attributes ? OTAV_POLICY_STRICT : OTAV_POLICY_STOCK;
    config.counter_floor = c->attributes ? 3 : 0;
}

struct outcome {
    enum otav_err err;
    uint32_t verdict;
    uint16_t detail;
    uint8_t key_index;
    enum otav_state state;
    uint32_t highest;
    uint8_t slot[4096];
};

/* Feeds payload with the given cuts (ascending offsets) and commits when there is a flash. */
static void run(const size_t *cuts, size_t cut_count, bool with_flash, struct outcome *ret)
{
    size_t off = 0;

    memset(ret, 0, sizeof *ret);
    flash_sim_fill(&sim, 0x6B);
    ret->err =
        otav_open(&ctx, &config, &otav_crypto_openssl, with_flash ? &flash : NULL, &transfer);
    for (size_t i = 0; i <= cut_count && ret->err == OTAV_OK; i++) {
        size_t end = i < cut_count ? cuts[i] : payload_len;

        ret->err = otav_feed(&ctx, payload + off, end - off);
        off = end;
    }
    if (ret->err == OTAV_OK) {
        ret->err = otav_finish(&ctx);
    }
    if (ret->err == OTAV_OK && with_flash) {
        ret->err = otav_commit(&ctx);
    }
    ret->verdict = otav_verdict(&ctx);
    ret->detail = otav_get_detail(&ctx);
    ret->key_index = otav_get_key_index(&ctx);
    ret->state = otav_get_state(&ctx);
    ret->highest = sim.highest;
    memcpy(ret->slot, sim.bytes, sizeof ret->slot);
    otav_close(&ctx);
}

/* A damaged image may have had more of it written before the end when it came in smaller pieces;
 * only what is written of an accepted one, and that nothing was before the metadata, is fixed. */
static void check_same(const struct outcome *a, const struct outcome *b, const char *what,
                       size_t cut)
{
    ck_assert_msg(a->err == b->err, "%s, cut at %zu: %s instead of %s", what, cut,
                  otav_err_name(b->err), otav_err_name(a->err));
    ck_assert_msg(a->verdict == b->verdict && a->detail == b->detail && a->state == b->state &&
                      a->key_index == b->key_index,
                  "%s, cut at %zu", what, cut);
    ck_assert_msg(a->err != OTAV_OK || memcmp(a->slot, b->slot, sizeof a->slot) == 0,
                  "%s, cut at %zu: slot differs", what, cut);
    ck_assert_msg(a->highest == b->highest, "%s, cut at %zu: written up to %x, not %x", what, cut,
                  (unsigned)b->highest, (unsigned)a->highest);
}

START_TEST(test_stream_result_of_each_case)
{
    for (size_t i = 0; i < CASE_COUNT; i++) {
        const struct transfer_case *c = &transfer_cases[i];
        struct outcome got;

        prepare(c);
        for (unsigned with_flash = 0; with_flash < 2; with_flash++) {
            run(NULL, 0, with_flash != 0, &got);
            ck_assert_msg(got.err == c->err, "%s: %s", c->what, otav_err_name(got.err));
            ck_assert_uint_eq(got.verdict, c->err == OTAV_OK ? OTAV_ACCEPT : OTAV_REJECT);
            ck_assert_int_eq(got.state, c->err != OTAV_OK ? OTAV_FAILED
                                        : with_flash      ? OTAV_COMMITTED
                                                          : OTAV_VERIFIED);
        }
    }
}
END_TEST

/* Invariant 2: the result does not depend on how the input was cut. */
START_TEST(test_stream_one_cut_anywhere_changes_nothing)
{
    const struct transfer_case *c = &transfer_cases[(size_t)_i / 2];
    bool with_flash = _i % 2 != 0;
    struct outcome whole;
    struct outcome got;

    prepare(c);
    run(NULL, 0, with_flash, &whole);
    for (size_t cut = 0; cut <= payload_len; cut += TEST_STEP) {
        run(&cut, 1, with_flash, &got);
        check_same(&whole, &got, c->what, cut);
    }
}
END_TEST

START_TEST(test_stream_many_cuts_change_nothing)
{
    static size_t cuts[2 * IMAGE_PLAIN_MAX];
    struct outcome whole;
    struct outcome got;
    uint32_t state = 12345;

    for (size_t i = 0; i < 2 * CASE_COUNT; i++) {
        const struct transfer_case *c = &transfer_cases[i / 2];

        prepare(c);
        run(NULL, 0, i % 2 != 0, &whole);
        for (size_t k = 0; k < payload_len; k++) {
            cuts[k] = k + 1; /* byte by byte */
        }
        run(cuts, payload_len - 1, i % 2 != 0, &got);
        check_same(&whole, &got, c->what, 0);
        for (unsigned round = 0; round < 20; round++) {
            size_t count = 0;

            for (size_t off = 0; off <= payload_len;) {
                state = state * 1664525u + 1013904223u;
                off += (state >> 16) % (round * 7 + 3) + (round < 10 ? 1 : 0);
                cuts[count] = off;
                count += off <= payload_len ? 1 : 0;
            }
            run(cuts, count, i % 2 != 0, &got);
            check_same(&whole, &got, c->what, round);
        }
    }
}
END_TEST

/* Pages and work buffers are crossed in every alignment. */
START_TEST(test_stream_large_image_cut_at_random)
{
    static const struct transfer_case cases[] = {
        {"large", 20000, false, true, -1, -1, -1, 0, 0, OTAV_OK},
        {"large, stock", 20001, false, false, -1, -1, -1, 0, 0, OTAV_OK},
        {"large, encrypted", 20016, true, true, -1, -1, -1, 0, 0, OTAV_OK},
        {"large, encrypted, stock", 20007, true, false, -1, -1, -1, 0, 0, OTAV_OK}};
    static size_t cuts[2 * IMAGE_PLAIN_MAX];
    struct outcome got;
    uint32_t state = 99;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        prepare(&cases[i]);
        for (unsigned round = 0; round < 30; round++) {
            size_t count = 0;

            for (size_t off = 0; off <= payload_len;) {
                state = state * 1664525u + 1013904223u;
                off += (state >> 12) % (1u << (round % 15 + 1)) + 1;
                cuts[count] = off;
                count += off <= payload_len ? 1 : 0;
            }
            run(cuts, count, true, &got);
            ck_assert_msg(got.err == OTAV_OK, "%s: %s", cases[i].what, otav_err_name(got.err));
            ck_assert_mem_eq(sim.bytes, image.meta, OTAV_META_LEN);
            ck_assert_mem_eq(sim.bytes + OTAV_META_LEN, image.fw, image.fw_len);
            ck_assert_uint_eq(sim.bytes[OTAV_META_LEN + image.fw_len], 0xFF);
        }
    }
}
END_TEST

/* One piece of more than a gigabyte is judged like many small ones. */
START_TEST(test_stream_huge_piece_changes_nothing)
{
    size_t len = ((size_t)1 << 32) + 4096; /* 32-bit arithmetic wraps as well */
    uint8_t *bytes =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    ck_assert_ptr_ne(bytes, MAP_FAILED);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        enum otav_err expected = transfer_cases[i].err;

        prepare(&transfer_cases[i]);
        if (transfer_cases[i].encrypted || payload_len < OTAV_META_LEN) {
            continue;
        }
        if (expected == OTAV_OK || expected == OTAV_ERR_TRUNCATED) {
            expected =
                transfer_cases[i].len_change < 0 ? OTAV_ERR_FIRMWARE_SIGNATURE : OTAV_ERR_TRAILING;
        }
        memset(bytes, 0, sizeof payload);
        memcpy(bytes, payload, payload_len);
        ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, &transfer), OTAV_OK);
        ck_assert_msg(otav_feed(&ctx, bytes, len) == expected, "%s", transfer_cases[i].what);
        otav_close(&ctx);
    }
    munmap(bytes, len);
}
END_TEST

/* ---- invariant 1: the first error sticks, nothing stays in memory ----------------------------- */

static bool contains(const void *memory, size_t len, const uint8_t *bytes, size_t bytes_len)
{
    return memmem(memory, len, bytes, bytes_len) != NULL;
}

/* Nothing but the error itself is left in a failed context. */
static void check_failed(enum otav_err err)
{
    static struct otav_context expected;

    memset(&expected, 0, sizeof expected);
    expected.state = OTAV_FAILED;
    expected.error = err;
    expected.detail = otav_get_detail(&ctx);
    expected.key_index = 0xFF;
    ck_assert_mem_eq(&ctx, &expected, sizeof ctx);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
    ck_assert_ptr_null(otav_get_metadata(&ctx));
    ck_assert_uint_eq(otav_get_key_index(&ctx), 0xFF);
    ck_assert_int_eq(otav_feed(&ctx, payload, 1), err);
    ck_assert_int_eq(otav_feed(&ctx, NULL, 0), err);
    ck_assert_int_eq(otav_finish(&ctx), err);
    ck_assert_int_eq(otav_commit(&ctx), err);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, &transfer),
                     OTAV_ERR_STATE);
    ck_assert_int_eq(otav_get_state(&ctx), OTAV_FAILED);
}

static void check_zero(void)
{
    const uint8_t *bytes = (const uint8_t *)&ctx;

    for (size_t i = 0; i < sizeof ctx; i++) {
        ck_assert_msg(bytes[i] == 0, "byte %zu of a closed context", i);
    }
}

START_TEST(test_stream_first_error_sticks_and_wipes)
{
    for (size_t i = 0; i < 2 * CASE_COUNT; i++) {
        const struct transfer_case *c = &transfer_cases[i / 2];
        struct fake_crypto fake;
        struct otav_crypto crypto = fake_crypto_init(&fake, &otav_crypto_openssl);
        enum otav_err err;

        prepare(c);
        flash_sim_fill(&sim, 0x6B);
        ck_assert_int_eq(otav_open(&ctx, &config, &crypto, i % 2 != 0 ? &flash : NULL, &transfer),
                         OTAV_OK);
        err = otav_feed(&ctx, payload, payload_len);
        err = err == OTAV_OK ? otav_finish(&ctx) : err;
        ck_assert_int_eq(err, c->err);
        if (err != OTAV_OK) {
            check_failed(err);
        }
        otav_close(&ctx);
        check_zero();
        ck_assert_uint_eq(fake.sha256_open, 0);
        ck_assert_uint_eq(fake.aes_open, 0);
    }
}
END_TEST

/* The search above would find something: an open context does hold plaintext and withheld unit. */
START_TEST(test_stream_open_context_holds_what_is_wiped_later)
{
    prepare(&transfer_cases[3]);
    flash_sim_fill(&sim, 0);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, payload, OTAV_META_LEN + 20), OTAV_OK);
    ck_assert(contains(&ctx, sizeof ctx, image.meta, OTAV_META_LEN));
    ck_assert_mem_eq(ctx.withheld, image.meta, sizeof ctx.withheld);
    ck_assert(contains(&ctx, sizeof ctx, payload + OTAV_META_LEN + 16, 4));
    ck_assert_uint_eq(otav_get_key_index(&ctx), 0);
    ck_assert_mem_eq(otav_get_metadata(&ctx), image.meta, OTAV_META_LEN);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_ERR_TRUNCATED);
    check_failed(OTAV_ERR_TRUNCATED);
}
END_TEST

/* ---- states ----------------------------------------------------------------------------------- */

static void open_plain(void)
{
    prepare(&transfer_cases[0]);
    flash_sim_fill(&sim, 0);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
}

START_TEST(test_stream_closed_context_refuses_calls)
{
    ck_assert_int_eq(otav_feed(&ctx, payload, 1), OTAV_ERR_STATE);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_ERR_STATE);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_ERR_STATE);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
    ck_assert_int_eq(otav_get_state(&ctx), OTAV_CLOSED);
    otav_close(&ctx);
    check_zero();
}
END_TEST

START_TEST(test_stream_calls_out_of_order_fail)
{
    open_plain();
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, &transfer),
                     OTAV_ERR_STATE);
    ck_assert_int_eq(otav_get_state(&ctx), OTAV_METADATA);
    ck_assert_ptr_null(otav_get_metadata(&ctx));
    ck_assert_int_eq(otav_commit(&ctx), OTAV_ERR_STATE);
    check_failed(OTAV_ERR_STATE);
    otav_close(&ctx);

    open_plain();
    ck_assert_int_eq(otav_feed(&ctx, payload, payload_len - 1), OTAV_OK);
    ck_assert_int_eq(otav_get_state(&ctx), OTAV_PAYLOAD);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_ERR_STATE);
    check_failed(OTAV_ERR_STATE);
    otav_close(&ctx);

    open_plain();
    ck_assert_int_eq(otav_feed(&ctx, payload, payload_len), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_ERR_STATE);
    check_failed(OTAV_ERR_STATE);
    otav_close(&ctx);

    open_plain();
    ck_assert_int_eq(otav_feed(&ctx, payload, payload_len), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, payload, 1), OTAV_ERR_STATE);
    check_failed(OTAV_ERR_STATE);
    otav_close(&ctx);

    open_plain();
    ck_assert_int_eq(otav_feed(&ctx, payload, payload_len), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_OK);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
    ck_assert_mem_eq(otav_get_metadata(&ctx), payload, OTAV_META_LEN);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_ERR_STATE);
    check_failed(OTAV_ERR_STATE);
}
END_TEST

START_TEST(test_stream_commit_without_flash_fails)
{
    prepare(&transfer_cases[0]);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, &transfer), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, payload, payload_len), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_OK);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
    ck_assert_int_eq(otav_commit(&ctx), OTAV_ERR_STATE);
    check_failed(OTAV_ERR_STATE);
}
END_TEST

START_TEST(test_stream_nothing_fed_is_truncated)
{
    open_plain();
    ck_assert_int_eq(otav_feed(&ctx, NULL, 0), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_ERR_TRUNCATED);
    check_failed(OTAV_ERR_TRUNCATED);
}
END_TEST

START_TEST(test_stream_bad_arguments_leave_the_context_alone)
{
    struct otav_crypto broken;
    struct otav_flash half = flash;
    struct otav_transfer bad_purpose;

    prepare(&transfer_cases[0]);
    ck_assert_int_eq(otav_open(NULL, &config, &otav_crypto_openssl, NULL, &transfer), OTAV_ERR_ARG);
    ck_assert_int_eq(otav_open(&ctx, NULL, &otav_crypto_openssl, NULL, &transfer), OTAV_ERR_ARG);
    ck_assert_int_eq(otav_open(&ctx, &config, NULL, NULL, &transfer), OTAV_ERR_ARG);
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, NULL), OTAV_ERR_ARG);
    half.erase = NULL;
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &half, &transfer),
                     OTAV_ERR_ARG);
    half = flash;
    half.program = NULL;
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &half, &transfer),
                     OTAV_ERR_ARG);
    bad_purpose = transfer;
    bad_purpose.purpose = OTAV_INSTALL ^ 1;
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, &bad_purpose),
                     OTAV_ERR_ARG);

#define WITHOUT(callback)                                                                          \
    broken = otav_crypto_openssl;                                                                  \
    broken.callback = NULL;                                                                        \
    ck_assert_int_eq(otav_open(&ctx, &config, &broken, NULL, &transfer), OTAV_ERR_ARG)
    WITHOUT(sha256_begin);
    WITHOUT(sha256_update);
    WITHOUT(sha256_final);
    WITHOUT(sha256_end);
    WITHOUT(ecdsa_p256_verify);
    WITHOUT(aes_cbc_begin);
    WITHOUT(aes_cbc_decrypt);
    WITHOUT(aes_cbc_end);
    check_zero();

    ck_assert_int_eq(otav_feed(NULL, payload, 1), OTAV_ERR_ARG);
    ck_assert_int_eq(otav_feed(&ctx, NULL, 1), OTAV_ERR_ARG);
    ck_assert_int_eq(otav_finish(NULL), OTAV_ERR_ARG);
    ck_assert_int_eq(otav_commit(NULL), OTAV_ERR_ARG);
    ck_assert_uint_eq(otav_verdict(NULL), OTAV_REJECT);
}
END_TEST

/* ---- ports that fail -------------------------------------------------------------------------- */

static const uint32_t failures[] = {OTAV_REJECT,       0, UINT32_MAX, OTAV_OK, OTAV_ACCEPT ^ 1,
                                    OTAV_REJECT ^ 0x10};

static enum otav_err run_with(const struct otav_crypto *crypto)
{
    enum otav_err err = otav_open(&ctx, &config, crypto, NULL, &transfer);

    if (err == OTAV_OK) {
        err = otav_feed(&ctx, payload, payload_len);
    }
    return err == OTAV_OK ? otav_finish(&ctx) : err;
}

/* Every callback fails at its nth call, once and for good, in every way; the run without fault ends
 * the search. */
START_TEST(test_stream_every_crypto_call_fails_cleanly)
{
    struct fake_crypto fake;
    struct otav_crypto crypto = fake_crypto_init(&fake, &otav_crypto_openssl);

    prepare(&transfer_cases[3]);
    for (enum fake_callback callback = 0; callback < FAKE_CALLBACK_COUNT; callback++) {
        for (size_t i = 0; i < 2 * sizeof failures / sizeof failures[0]; i++) {
            unsigned nth = 1;

            for (;; nth++) {
                enum otav_err err;

                fake_crypto_plan(&fake, callback, nth, i % 2 != 0, failures[i / 2]);
                err = run_with(&crypto);
                if (err == OTAV_OK) {
                    ck_assert_uint_lt(fake.calls[callback], nth);
                    otav_close(&ctx);
                    break;
                }
                ck_assert_int_eq(err, callback != FAKE_ECDSA ? OTAV_ERR_CRYPTO
                                      : nth == 1             ? OTAV_ERR_METADATA_SIGNATURE
                                                             : OTAV_ERR_FIRMWARE_SIGNATURE);
                check_failed(err);
                otav_close(&ctx);
                ck_assert_uint_eq(fake.sha256_open, 0);
                ck_assert_uint_eq(fake.aes_open, 0);
            }
            ck_assert_uint_ge(nth, 2);
        }
    }
}
END_TEST

START_TEST(test_stream_no_decrypt_key_fails_at_open)
{
    prepare(&transfer_cases[3]);
    config.has_decrypt_key = false;
    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, NULL, &transfer),
                     OTAV_ERR_NO_DECRYPT_KEY);
    check_failed(OTAV_ERR_NO_DECRYPT_KEY);
}
END_TEST

/* ---- invariant 4: no read past the input ------------------------------------------------------ */

START_TEST(test_stream_input_ends_at_a_page_that_cannot_be_read)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(map, MAP_FAILED);
    ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
    for (size_t i = 0; i < 2 * CASE_COUNT; i++) {
        prepare(&transfer_cases[i / 2]);
        for (size_t part = 1; part <= payload_len; part = part < 20 ? part + 1 : part + 97) {
            enum otav_err err = otav_open(&ctx, &config, &otav_crypto_openssl,
                                          i % 2 != 0 ? &flash : NULL, &transfer);

            flash_sim_fill(&sim, 0);
            for (size_t off = 0; off < payload_len && err == OTAV_OK;) {
                size_t len = payload_len - off < part ? payload_len - off : part;

                memcpy(map + page - len, payload + off, len);
                err = otav_feed(&ctx, map + page - len, len);
                off += len;
            }
            err = err == OTAV_OK ? otav_finish(&ctx) : err;
            ck_assert_int_eq(err, transfer_cases[i / 2].err);
            otav_close(&ctx);
        }
    }
    munmap(map, 2 * page);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_stream_result_of_each_case);
    tcase_add_loop_test(tc, test_stream_one_cut_anywhere_changes_nothing, 0, 2 * (int)CASE_COUNT);
    tcase_add_test(tc, test_stream_many_cuts_change_nothing);
    tcase_add_test(tc, test_stream_large_image_cut_at_random);
    tcase_add_test(tc, test_stream_huge_piece_changes_nothing);
    tcase_add_test(tc, test_stream_first_error_sticks_and_wipes);
    tcase_add_test(tc, test_stream_open_context_holds_what_is_wiped_later);
    tcase_add_test(tc, test_stream_closed_context_refuses_calls);
    tcase_add_test(tc, test_stream_calls_out_of_order_fail);
    tcase_add_test(tc, test_stream_commit_without_flash_fails);
    tcase_add_test(tc, test_stream_nothing_fed_is_truncated);
    tcase_add_test(tc, test_stream_bad_arguments_leave_the_context_alone);
    tcase_add_test(tc, test_stream_every_crypto_call_fails_cleanly);
    tcase_add_test(tc, test_stream_no_decrypt_key_fails_at_open);
    tcase_add_test(tc, test_stream_input_ends_at_a_page_that_cannot_be_read);
}

int main(void)
{
    return unit_main("stream", add_tests);
}
