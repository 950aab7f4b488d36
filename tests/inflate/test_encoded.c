/*
 * Compressed transfers through the verifier into a simulated slot: the result is that of a plain
 * transfer, or nothing.
 * Layer: test, host.
 */
#include "unit.h"

#include <otav/otav_inflate.h>
#include <otav/otav_openssl.h>
#include <zlib.h>

#include "flash_sim.h"
#include "image_builder.h"

enum { FW_LEN = 9008 };

static struct image_key key;
static struct image image;
static struct image sent; /* the image with the body of the transfer in the place of the firmware */
static uint32_t stream_len;
static uint8_t payload[IMAGE_PLAIN_MAX];
static size_t payload_len;
static struct otav_config config;
static struct otav_inflate memory;
static const struct otav_decoder decoder = OTAV_INFLATE_DECODER(&memory);
static struct otav_context ctx;
static struct flash_sim sim;
static const struct otav_flash flash = {&sim, flash_sim_read, flash_sim_erase, flash_sim_program,
                                        NULL};

static void deflate_firmware(void)
{
    z_stream z = {.next_in = image.fw,
                  .avail_in = image.fw_len,
                  .next_out = sent.fw,
                  .avail_out = sizeof sent.fw};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    stream_len = (uint32_t)z.total_out;
}

/* Signs with an attribute that says encoded_len, and makes the bytes of the transfer. */
static void seal(uint32_t encoded_len, bool encrypted)
{
    image_set_u32s(&image, OTAV_ATTR_ENCODING, 1, encoded_len, 8);
    image_write_area(&image);
    image_sign(&image, &key);
    memcpy(sent.meta, image.meta, sizeof sent.meta);
    sent.pad_len = OTAV_BLOCK_LEN - sent.fw_len % OTAV_BLOCK_LEN;
    memset(sent.pad, (int)sent.pad_len, sent.pad_len);
    payload_len = image_payload(&sent, encrypted, payload);
}

static void make_transfer(bool encrypted)
{
    uint32_t state = 1;

    image_init(&image, FW_LEN, true);
    for (uint32_t i = 0; i < FW_LEN; i++) { /* something to refer to, near and far */
        state = state * 1664525u + 1013904223u;
        image.fw[i] = i % 1000 < 300 ? (uint8_t)(state >> 24) : image.fw[i - (state >> 31) - 290];
    }
    memset(&sent, 0, sizeof sent);
    deflate_firmware();
    sent.fw_len = (stream_len + 15) / 16 * 16;
    seal(stream_len, encrypted);
}

static void setup(void)
{
    image_key_load(&key, "test-p256.pem");
    image_config(&config, &key);
    flash_sim_fill(&sim, 0x11);
    make_transfer(false);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&key);
}

static enum otav_err run(const struct otav_flash *to, bool encrypted, size_t len, size_t part_len)
{
    const struct otav_transfer transfer = {
        .purpose = OTAV_INSTALL, .encrypted = encrypted, .decoder = &decoder};
    enum otav_err err;

    otav_close(&ctx);
    err = otav_open(&ctx, &config, &otav_crypto_openssl, to, &transfer);
    for (size_t off = 0; err == OTAV_OK && off < len; off += part_len) {
        err = otav_feed(&ctx, payload + off, len - off < part_len ? len - off : part_len);
    }
    err = err == OTAV_OK ? otav_finish(&ctx) : err;
    ck_assert_uint_eq(otav_verdict(&ctx), err == OTAV_OK ? OTAV_ACCEPT : OTAV_REJECT);
    return err;
}

/* All but the error, which inflate sets behind a callback that wiped it. */
static void expect_wiped(void)
{
    static const struct otav_inflate zeros;
    struct otav_inflate rest;

    memcpy(&rest, &memory, sizeof rest);
    rest.error = 0;
    ck_assert_mem_eq(&rest, &zeros, sizeof zeros);
}

START_TEST(test_encoded_transfer_ends_as_a_plain_one)
{
    static const size_t parts[] = {1, 7, 16, 509, 4096, sizeof payload};
    struct otav_context slot = {0};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (unsigned encrypted = 0; encrypted < 2; encrypted++) {
            make_transfer(encrypted != 0);
            flash_sim_fill(&sim, 0x11);
            ck_assert_int_eq(run(&flash, encrypted != 0, payload_len, parts[i]), OTAV_OK);
            ck_assert_int_eq(otav_commit(&ctx), OTAV_OK);
            ck_assert_mem_eq(sim.bytes, image.meta, OTAV_META_LEN);
            ck_assert_mem_eq(sim.bytes + OTAV_META_LEN, image.fw, FW_LEN);
            ck_assert_uint_gt(sim.calls[FLASH_READ], 0);
            expect_wiped();
            ck_assert_int_eq(
                otav_verify_slot(&slot, &config, &otav_crypto_openssl, &flash, OTAV_BOOT), OTAV_OK);
            otav_close(&slot);
        }
    }
}
END_TEST

START_TEST(test_encoded_transfer_without_decoder_is_refused_before_the_first_erase)
{
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};

    ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer), OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, payload, payload_len), OTAV_ERR_ENCODING);
    ck_assert_uint_eq(sim.calls[FLASH_ERASE], 0);
}
END_TEST

START_TEST(test_encoded_every_truncation_is_refused)
{
    for (size_t len = OTAV_META_LEN; len < payload_len; len += 3) {
        flash_sim_fill(&sim, 0x11);
        ck_assert_int_eq(run(&flash, false, len, 1000), OTAV_ERR_TRUNCATED);
        ck_assert_uint_eq(sim.first_unit_programs, 0);
        expect_wiped();
    }
}
END_TEST

START_TEST(test_encoded_every_flipped_byte_is_refused)
{
    unsigned not_well_formed = 0;

    for (size_t i = OTAV_META_LEN; i < OTAV_META_LEN + stream_len - 1; i++) {
        enum otav_err err;

        flash_sim_fill(&sim, 0x11);
        payload[i] ^= 0xFF;
        err = run(&flash, false, payload_len, 1000);
        payload[i] ^= 0xFF;
        ck_assert_msg(err == OTAV_ERR_DEFLATE || err == OTAV_ERR_FIRMWARE_SIGNATURE ||
                          err == OTAV_ERR_TRUNCATED || err == OTAV_ERR_TRAILING,
                      "byte %zu: %s", i, otav_err_name(err));
        not_well_formed += err == OTAV_ERR_DEFLATE;
        ck_assert_uint_eq(sim.first_unit_programs, 0);
        expect_wiped();
    }
    ck_assert_uint_gt(not_well_formed, 0);
}
END_TEST

START_TEST(test_encoded_bytes_behind_the_stream_must_be_zeros)
{
    for (uint32_t i = stream_len; i < sent.fw_len; i++) {
        payload[OTAV_META_LEN + i] = 1;
        ck_assert_int_eq(run(&flash, false, payload_len, 100), OTAV_ERR_PADDING);
        payload[OTAV_META_LEN + i] = 0;
        flash_sim_fill(&sim, 0x11);
    }
    payload[payload_len] = 0;
    ck_assert_int_eq(run(&flash, false, payload_len + 1, 100), OTAV_ERR_TRAILING);
}
END_TEST

START_TEST(test_encoded_length_must_be_that_of_the_stream)
{
    seal(stream_len - 1, false);
    ck_assert_int_eq(run(&flash, false, payload_len, 100), OTAV_ERR_TRUNCATED);
    flash_sim_fill(&sim, 0x11);
    seal(stream_len + 1, false);
    ck_assert_int_eq(run(&flash, false, payload_len, 100), OTAV_ERR_TRAILING);
    flash_sim_fill(&sim, 0x11);
    seal(0, false);
    ck_assert_int_eq(run(&flash, false, payload_len, 100), OTAV_ERR_FW_LENGTH);
    seal(OTAV_SLOT_LEN - OTAV_META_LEN + 1, false);
    ck_assert_int_eq(run(&flash, false, payload_len, 100), OTAV_ERR_FW_LENGTH);
    seal(UINT32_MAX, false);
    ck_assert_int_eq(run(&flash, false, payload_len, 100), OTAV_ERR_FW_LENGTH);
    ck_assert_uint_eq(sim.calls[FLASH_ERASE], 0);
}
END_TEST

START_TEST(test_encoded_every_flash_call_fails_cleanly)
{
    static const enum otav_err errors[] = {OTAV_ERR_FLASH_READ, OTAV_ERR_FLASH_ERASE,
                                           OTAV_ERR_FLASH_PROGRAM};
    const enum flash_op op = (enum flash_op)_i;
    unsigned calls;

    ck_assert_int_eq(run(&flash, false, payload_len, 333), OTAV_OK);
    calls = sim.calls[op];
    ck_assert_uint_gt(calls, 0);
    for (unsigned n = 1; n <= calls; n++) {
        flash_sim_fill(&sim, 0x11);
        sim.fail_active = true;
        sim.fail_op = op;
        sim.fail_nth = n;
        sim.fail_result = OTAV_REJECT;
        ck_assert_int_eq(run(&flash, false, payload_len, 333), errors[op]);
        ck_assert_uint_eq(sim.first_unit_programs, 0);
        expect_wiped();
    }
}
END_TEST

START_TEST(test_encoded_transfer_without_flash_has_nothing_to_read_from)
{
    ck_assert_int_eq(run(NULL, false, payload_len, 333), OTAV_ERR_FLASH_READ);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_encoded_transfer_ends_as_a_plain_one);
    tcase_add_test(tc, test_encoded_transfer_without_decoder_is_refused_before_the_first_erase);
    tcase_add_test(tc, test_encoded_every_truncation_is_refused);
    tcase_add_test(tc, test_encoded_every_flipped_byte_is_refused);
    tcase_add_test(tc, test_encoded_bytes_behind_the_stream_must_be_zeros);
    tcase_add_test(tc, test_encoded_length_must_be_that_of_the_stream);
    tcase_add_loop_test(tc, test_encoded_every_flash_call_fails_cleanly, 0, FLASH_OP_COUNT);
    tcase_add_test(tc, test_encoded_transfer_without_flash_has_nothing_to_read_from);
}

int main(void)
{
    return unit_main("encoded", add_tests);
}
