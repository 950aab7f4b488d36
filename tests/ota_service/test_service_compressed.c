/*
 * Compressed transfers through the service: the slot ends as by a plain transfer, or without first
 * page, however the link and the power behave.
 * Layer: test, host.
 */
#include "unit.h"

#include <boot_mailbox.h>
#include <otav/otav_inflate.h>
#include <otav/otav_openssl.h>
#include <otav/otav_resume.h>
#include <zlib.h>

#include "image_builder.h"
#include "peer.h"

enum { FW_LEN = 37008, PLAIN_LEN = OTAV_META_LEN + FW_LEN, RESUME = 35, POINTS_MAX = 64 };

static struct image_key signer;
static struct image image;
static struct image travelling; /* the image with the stream in the place of the firmware */
static uint32_t stream_len;
static uint8_t plain[IMAGE_PLAIN_MAX];
static uint8_t air[IMAGE_PLAIN_MAX];
static uint32_t points[POINTS_MAX]; /* of the slot: bytes on the air up to each of them */
static unsigned point_count;
static struct peer_image sent;
static struct peer peer;
static struct nvm_sim start;
static struct otav_inflate memory;
static const struct otav_decoder decoder = OTAV_INFLATE_DECODER(&memory);

/* ---- images ----------------------------------------------------------------------------------- */

/* Something to refer to, near and far. */
static void fill_firmware(void)
{
    uint32_t state = 1;

    for (uint32_t i = 0; i < FW_LEN; i++) {
        state = state * 1664525u + 1013904223u;
        image.fw[i] = i % 1000 < 300 ? (uint8_t)(state >> 24) : image.fw[i - (state >> 31) - 290];
        if (i > 32768 && i % 100 < 20) {
            image.fw[i] = image.fw[i - 32768];
        }
    }
}

/* With a flush where the slot reaches a multiple of step. */
static void deflate_firmware(uint32_t step)
{
    z_stream z = {
        .next_in = image.fw, .next_out = travelling.fw, .avail_out = sizeof travelling.fw};

    point_count = 0;
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    while (z.total_in < image.fw_len) {
        uint32_t len = step - (uint32_t)(OTAV_META_LEN + z.total_in) % step;
        bool ends = len >= image.fw_len - z.total_in;

        z.avail_in = ends ? image.fw_len - (uInt)z.total_in : len;
        ck_assert_int_eq(deflate(&z, ends ? Z_FINISH : Z_SYNC_FLUSH), ends ? Z_STREAM_END : Z_OK);
        if (!ends && (uint32_t)(OTAV_META_LEN + z.total_in) % OTAV_DECODER_POINT_LEN == 0) {
            points[point_count] = OTAV_META_LEN + (uint32_t)z.total_out;
            point_count++;
        }
    }
    (void)deflateEnd(&z);
    stream_len = (uint32_t)z.total_out;
}

/* Signs for a stream of that length, and makes the bytes on the air of the one there is. */
static void seal(uint32_t encoded_len, bool encrypted)
{
    image_set_u32s(&image, OTAV_ATTR_ENCODING, 1, encoded_len, 8);
    image_write_area(&image);
    image_sign(&image, &signer);
    (void)image_payload(&image, false, plain);
    memcpy(travelling.meta, image.meta, sizeof travelling.meta);
    travelling.fw_len = (stream_len + 15) / 16 * 16;
    memset(travelling.fw + stream_len, 0, travelling.fw_len - stream_len);
    travelling.pad_len = OTAV_BLOCK_LEN;
    memset(travelling.pad, OTAV_BLOCK_LEN, OTAV_BLOCK_LEN);
    sent = (struct peer_image){air, (uint32_t)image_payload(&travelling, encrypted, air), IMAGE_ID,
                               IMAGE_VERSION, encrypted};
}

static void send_as(bool encrypted)
{
    deflate_firmware(OTAV_DECODER_POINT_LEN);
    seal(stream_len, encrypted);
}

/* ---- devices ---------------------------------------------------------------------------------- */

static void fresh_device(void)
{
    peer_init(&peer, &otav_crypto_openssl, 4);
    image_config(&peer.device, &signer);
    peer.config.decoder = &decoder;
    peer_connect(&peer, 247);
}

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_init(&image, FW_LEN, true);
    fill_firmware();
    send_as(true);
    fresh_device();
}

static void teardown(void)
{
    image_key_free(&signer);
}

static void come_back(bool reset)
{
    if (reset) {
        peer_restart(&peer);
    } else {
        otas_disconnected(&peer.server);
    }
    peer_connect(&peer, 247);
}

static void cut_at(uint32_t len, bool reset)
{
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start(&peer), 0);
    ck_assert_uint_eq(peer_send(&peer, &sent, peer_start_index(&peer), len, 244), 0);
    come_back(reset);
}

/* Where the service can go on when it took so many bytes. */
static uint32_t expected_index(uint32_t len)
{
    uint32_t taken = len / OTAS_GROUP_LEN * OTAS_GROUP_LEN;
    uint32_t index = 0;

    for (unsigned i = 0; i < point_count; i++) {
        if (points[i] <= taken && taken < sent.len) {
            index = points[i] / OTAS_GROUP_LEN * OTAS_GROUP_LEN;
        }
    }
    return index;
}

static void expect_slot(void)
{
    ck_assert(peer_slot_holds(&peer, plain, OTAV_META_LEN + image.fw_len));
    ck_assert_msg(peer_device_intact(&peer), "%s", peer.sim.violation);
}

static void expect_done(void)
{
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), 0);
    expect_slot();
}

/* Refused while it is sent or at its end, for that reason, with no page behind the firmware touched. */
static void expect_refused(uint32_t code)
{
    unsigned pages = (OTAV_META_LEN + image.fw_len + OTAV_PAGE_LEN - 1) / OTAV_PAGE_LEN;

    fresh_device();
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), OTAS_INVALID_PARAMETER);
    ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
    ck_assert_msg(peer_last_event(&peer).code == code, "%s for %s",
                  otav_err_name((enum otav_err)peer_last_event(&peer).code),
                  otav_err_name((enum otav_err)code));
    ck_assert(peer_slot_holds(&peer, plain, 0));
    ck_assert(peer_device_intact(&peer));
    ck_assert_uint_le(peer_slot_erases(&peer), pages + 1);
    for (unsigned i = pages; i < OTAB_SLOT_PAGES; i++) {
        ck_assert_uint_eq(peer.sim.erases[nvm_page(OTAV_SLOT1_ADDRESS) + i], 0);
    }
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
}

/* ---- whole transfers -------------------------------------------------------------------------- */

START_TEST(test_compressed_slot_equals_that_of_a_plain_transfer)
{
    static const uint16_t mtus[] = {23, 24, 64, 247, 517};
    static struct nvm_sim other;

    for (unsigned encrypted = 0; encrypted < 2; encrypted++) {
        send_as(encrypted != 0);
        ck_assert_uint_lt(sent.len, PLAIN_LEN * 3 / 4);
        for (unsigned i = 0; i < sizeof mtus / sizeof mtus[0]; i++) {
            fresh_device();
            peer_connect(&peer, mtus[i]);
            ck_assert_uint_eq(peer_update(&peer, &sent, i % 2 == 0 ? 19 : RESUME), 0);
            expect_slot();
            ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_STAGED);
            ck_assert_uint_eq(peer_slot_erases(&peer),
                              (PLAIN_LEN + OTAV_PAGE_LEN - 1) / OTAV_PAGE_LEN);
            if (i > 0) {
                ck_assert_mem_eq(peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS)],
                                 other.bytes[nvm_page(OTAV_SLOT1_ADDRESS)], OTAV_SLOT_LEN);
            }
            other = peer.sim;
        }
    }
}
END_TEST

START_TEST(test_compressed_without_decoder_is_refused_before_the_first_erase)
{
    for (unsigned i = 0; i < 2; i++) {
        fresh_device();
        if (i == 0) {
            peer.config.decoder = NULL;
        } else {
            peer.slot.read = NULL; /* nothing to refer back to */
        }
        ck_assert_uint_eq(peer_update(&peer, &sent, 19), OTAS_INVALID_PARAMETER);
        ck_assert_uint_eq(peer_last_event(&peer).code, OTAV_ERR_ENCODING);
        ck_assert_uint_eq(peer_slot_erases(&peer), 0);
    }
}
END_TEST

START_TEST(test_compressed_metadata_is_judged_first)
{
    travelling.fw[0] = 0xFF; /* no block begins with it: what is refused is the metadata */
    peer.device.product[0] ^= 1;
    seal(stream_len, true);
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), OTAS_INVALID_PARAMETER);
    ck_assert_uint_eq(peer_last_event(&peer).code, OTAV_ERR_PRODUCT);
    ck_assert_uint_eq(peer_slot_erases(&peer), 0);
}
END_TEST

/* All of it in the first group: there is no index to go on with, and nothing goes wrong. */
START_TEST(test_compressed_points_in_the_first_group_are_no_use)
{
    memset(image.fw, 0, image.fw_len);
    send_as(true);
    ck_assert_uint_lt(sent.len, OTAS_GROUP_LEN);
    ck_assert_uint_eq(point_count, 2);
    expect_done();
    fill_firmware(); /* one point there, one behind */
    memset(image.fw, 0, 30000);
    send_as(true);
    ck_assert_uint_gt(sent.len, (uint32_t)(3 * OTAS_GROUP_LEN));
    ck_assert_uint_lt(points[0], OTAS_GROUP_LEN);
    fresh_device();
    cut_at(OTAS_GROUP_LEN, true);
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    expect_done();
}
END_TEST

/* ---- lost links ------------------------------------------------------------------------------- */

/* From the loop: plain or encrypted, link or power. */
START_TEST(test_compressed_equals_uninterrupted_at_every_fragment)
{
    unsigned cases = 0;
    unsigned resumed = 0;

    send_as(_i % 2 == 1);
    ck_assert_uint_eq(point_count, 2);
    for (uint32_t at = 0; at <= sent.len; at += at % 1024 < 976 ? 244 : 1024 - at % 1024) {
        uint32_t index = expected_index(at);

        fresh_device();
        cut_at(at, _i / 2 == 1);
        memset(&memory, 0xA5, sizeof memory);
        ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
        ck_assert_uint_eq(peer_start_index(&peer), index);
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, index, sent.len, 100), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        expect_slot();
        cases++;
        resumed += index > 0;
    }
    ck_assert_uint_gt(resumed, cases / 4);
    printf("cut behind fragments: %u, resumed: %u\n", cases, resumed);
}
END_TEST

/* Again and again, and with each cut behind another group. */
START_TEST(test_compressed_many_cuts_in_one_transfer)
{
    uint32_t last = 0;

    for (uint32_t at = 3000; at < sent.len; at += 1700) {
        ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
        ck_assert_uint_ge(peer_start_index(&peer), last);
        last = peer_start_index(&peer);
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, last, at, 244), 0);
        come_back(at % 2 == 0);
    }
    ck_assert_uint_gt(last, 0);
    expect_done();
}
END_TEST

/* Flushes elsewhere, as other clients may have them, are no points. */
START_TEST(test_compressed_resumes_at_whole_pages_only)
{
    deflate_firmware(1000);
    seal(stream_len, true);
    cut_at(stream_len / 4 * 3, true);
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    expect_done();
    deflate_firmware(128); /* of which some are */
    seal(stream_len, true);
    fresh_device();
    cut_at(stream_len / 4 * 3, true);
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start_index(&peer), expected_index(stream_len / 4 * 3));
    ck_assert_uint_gt(peer_start_index(&peer), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    expect_done();
}
END_TEST

/* An empty last block where a group ends, at a point of the slot, and more blocks behind it: these stay
 * out whether the link was lost there or not. */
START_TEST(test_compressed_blocks_behind_the_last_stay_out_when_resumed)
{
    static const uint8_t empty[] = {0x00, 0x00, 0x00, 0xFF, 0xFF};
    uint8_t *at = travelling.fw + points[0] - OTAV_META_LEN;
    uint32_t added = sizeof empty;

    while ((points[0] + added) % OTAS_GROUP_LEN != 0) {
        added += sizeof empty;
    }
    memmove(at + added, at, OTAV_META_LEN + stream_len - points[0]);
    for (uint32_t i = 0; i < added; i++) {
        at[i] = empty[i % sizeof empty];
    }
    stream_len += added;
    seal(stream_len, true);
    expect_done(); /* the blocks that were added are in order */
    at[added - sizeof empty] = 0x01;
    seal(stream_len, true);
    expect_refused(OTAV_ERR_TRAILING);
    fresh_device();
    cut_at(points[0] + added, true);
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), OTAS_OPERATION_FAILED);
    ck_assert_uint_eq(peer_last_event(&peer).code, OTAV_ERR_TRAILING);
    ck_assert(peer_slot_holds(&peer, plain, 0));
    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), OTAS_INVALID_PARAMETER);
}
END_TEST

START_TEST(test_compressed_resume_needs_the_decoder_again)
{
    cut_at(sent.len - 100, true);
    peer.config.decoder = NULL;
    ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
    ck_assert_uint_eq(peer_start_index(&peer), 0);
    ck_assert_uint_eq(peer_complete(&peer), 0);
    peer.config.decoder = &decoder;
    expect_done();
}
END_TEST

/* Pages changed behind the back of the service: what refers to them and what does not. */
START_TEST(test_compressed_changed_flash_fails_and_starts_anew)
{
    for (uint32_t place = OTAV_META_LEN; place < OTAV_DECODER_POINT_LEN; place += 1111) {
        fresh_device();
        cut_at(sent.len - 100, true);
        peer.sim.bytes[nvm_page(OTAV_SLOT1_ADDRESS + place)][place % OTAV_PAGE_LEN] ^= 4;
        ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), OTAS_OPERATION_FAILED);
        ck_assert_uint_gt(peer_start_index(&peer) + peer_last_event(&peer).done_len, 0);
        ck_assert_uint_eq(peer_last_event(&peer).code, OTAV_ERR_FIRMWARE_SIGNATURE);
        ck_assert(peer_slot_holds(&peer, plain, 0));
        expect_done();
    }
}
END_TEST

/* Marks with check words that fit and places that do not: what comes of it is refused or right. */
START_TEST(test_compressed_forged_mark_never_harms)
{
    uint32_t taken_len;
    unsigned cases = 0;

    cut_at(sent.len - 100, true);
    start = peer.sim;
    for (taken_len = 0; taken_len < sent.len + 2000; taken_len += 509) {
        for (uint32_t pages = 0; pages < 12; pages++) {
            uint8_t *record = peer.sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)];
            uint8_t result;
            uint32_t check;

            peer.sim = start;
            record += (size_t)(3 * OTAB_MAIL_LEN); /* behind id, unit, and the mark before */
            otav_store_u32(record + OTAB_MAIL_NONCE, taken_len | pages << 24);
            check = otab_log_check(record, OTAB_MAIL_CHECK);
            otav_store_u32(record + OTAB_MAIL_CHECK, check);
            otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~check);
            peer_restart(&peer);
            peer_connect(&peer, 517);
            result = peer_update(&peer, &sent, RESUME);
            if (result == 0) {
                expect_slot();
            } else {
                ck_assert_uint_eq(result, OTAS_OPERATION_FAILED);
                ck_assert(peer_slot_holds(&peer, plain, 0));
                ck_assert(peer_device_intact(&peer));
            }
            cases++;
        }
    }
    printf("forged marks: %u\n", cases);
}
END_TEST

/* ---- bad streams ------------------------------------------------------------------------------ */

/* One byte in 23; the signature finds what deflate does not. */
START_TEST(test_compressed_corrupt_stream_erases_the_first_page)
{
    unsigned malformed = 0;
    unsigned doubtful = 0;
    unsigned cases = 0;

    for (uint32_t i = 0; i < stream_len - 1; i += 23) {
        uint8_t result;
        uint32_t code;

        travelling.fw[i] ^= 0xFF;
        (void)image_payload(&travelling, true, air);
        travelling.fw[i] ^= 0xFF;
        fresh_device();
        peer_connect(&peer, 517);
        result = peer_update(&peer, &sent, RESUME);
        code = peer_last_event(&peer).code;
        if (code == OTAV_ERR_FIRMWARE_SIGNATURE) {
            ck_assert_uint_eq(result, OTAS_OPERATION_FAILED);
            doubtful++;
        } else {
            ck_assert_uint_eq(result, OTAS_INVALID_PARAMETER);
            ck_assert(code == OTAV_ERR_DEFLATE || code == OTAV_ERR_TRUNCATED ||
                      code == OTAV_ERR_TRAILING);
        }
        ck_assert(peer_slot_holds(&peer, plain, 0));
        ck_assert(peer_device_intact(&peer));
        malformed += code == OTAV_ERR_DEFLATE;
        cases++;
    }
    ck_assert_uint_gt(malformed, 0);
    ck_assert_uint_gt(doubtful, 0);
    printf("changed bytes: %u, not well-formed: %u\n", cases, malformed);
}
END_TEST

/* Stored blocks refer to nothing: what they hold can only be the sender's fault. */
START_TEST(test_compressed_bad_signature_without_references_is_final)
{
    image_init(&image, 16, true);
    memcpy(travelling.fw, (uint8_t[]){0x01, 16, 0, 0xEF, 0xFF}, 5);
    memcpy(travelling.fw + 5, image.fw, 16);
    stream_len = 21;
    seal(stream_len, true);
    expect_done();
    travelling.fw[5] ^= 1;
    (void)image_payload(&travelling, true, air);
    expect_refused(OTAV_ERR_FIRMWARE_SIGNATURE);
}
END_TEST

/* ---- bad flash -------------------------------------------------------------------------------- */

static uint32_t (*honest_read)(void *user, uint32_t offset, uint8_t *ret, size_t len);
static unsigned lie_at; /* the read of the slot that gives a wrong bit, counted from 1; 0: none */

static uint32_t lying_read(void *user, uint32_t offset, uint8_t *ret, size_t len)
{
    uint32_t result = honest_read(user, offset, ret, len);

    if (lie_at > 0 && --lie_at == 0) {
        ret[len - 1] ^= 0x10;
    }
    return result;
}

/* One wrong bit in the device, once: nothing was wrong with what was sent. */
START_TEST(test_compressed_bad_read_may_be_tried_again)
{
    for (unsigned at = 1; at < 400; at += 21) {
        fresh_device();
        honest_read = peer.slot.read;
        peer.slot.read = lying_read;
        lie_at = at;
        ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), OTAS_OPERATION_FAILED);
        ck_assert_uint_eq(lie_at, 0);
        ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
        ck_assert_uint_eq(peer_last_event(&peer).code, OTAV_ERR_FIRMWARE_SIGNATURE);
        ck_assert(peer_slot_holds(&peer, plain, 0));
        expect_done();
    }
}
END_TEST

/* The stream of more or less firmware than the metadata says: signed all the same. */
START_TEST(test_compressed_wrong_length_of_output_is_refused)
{
    static const int differences[] = {-36000, -512, -16, 16, 512};

    for (unsigned i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        image.fw_len = (uint32_t)(FW_LEN + differences[i]);
        otav_store_u32(image.meta + OTAV_META_FW_LEN_OFF, image.fw_len);
        seal(stream_len, true);
        expect_refused(OTAV_ERR_DEFLATE);
    }
}
END_TEST

/* 1000 bytes on the air that would be a megabyte. */
START_TEST(test_compressed_bomb_ends_at_the_length_of_the_firmware)
{
    static uint8_t zeros[1000000];
    uLongf len = sizeof travelling.fw;
    z_stream z = {.next_in = zeros,
                  .avail_in = sizeof zeros,
                  .next_out = travelling.fw,
                  .avail_out = (uInt)len};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    stream_len = (uint32_t)z.total_out;
    seal(stream_len, true);
    expect_refused(OTAV_ERR_DEFLATE);
}
END_TEST

/* Blocks that give nothing, as many as the announced length has room for. */
START_TEST(test_compressed_empty_blocks_end_with_the_announced_length)
{
    static const uint8_t stored[] = {0x00, 0x00, 0x00, 0xFF, 0xFF};

    stream_len = 30000;
    for (uint32_t i = 0; i < stream_len; i++) {
        travelling.fw[i] = stored[i % sizeof stored];
    }
    seal(stream_len, true);
    expect_refused(OTAV_ERR_TRUNCATED);
    memset(travelling.fw, 0, stream_len);
    for (uint32_t bit = 0; bit + 10 <= 8 * stream_len; bit += 10) {
        travelling.fw[(bit + 1) / 8] |= (uint8_t)(1u << (bit + 1) % 8); /* fixed, end of block */
    }
    seal(stream_len, true);
    expect_refused(OTAV_ERR_TRUNCATED);
}
END_TEST

/* ---- lost power ------------------------------------------------------------------------------- */

/* From the loop: the way of the cut. */
START_TEST(test_compressed_power_cut_at_every_operation)
{
    unsigned cases = 0;
    unsigned resumed = 0;
    unsigned ops;

    start = peer.sim;
    expect_done();
    ops = peer.sim.op_count;
    for (unsigned at = 1; at <= ops; at += CUT_STEP) {
        nvm_restore(&peer.sim, &start);
        peer_restart(&peer);
        peer_connect(&peer, 247);
        peer_lose_power(&peer, &sent, RESUME, at, (enum nvm_cut)_i);
        if (at % 3 == 0) {
            peer_lose_power(&peer, &sent, RESUME, at % 700 + 1, NVM_TORN_BITS);
        }
        ck_assert_uint_eq(peer_request(&peer, &sent, RESUME), 0);
        resumed += peer_start_index(&peer) > 0;
        ck_assert_uint_eq(peer_start(&peer), 0);
        ck_assert_uint_eq(peer_send(&peer, &sent, peer_start_index(&peer), sent.len, 244), 0);
        ck_assert_uint_eq(peer_complete(&peer), 0);
        expect_slot();
        cases++;
    }
    ck_assert_uint_gt(resumed, 0);
    printf("cuts of kind %d: %u, resumed: %u\n", _i, cases, resumed);
}
END_TEST

/* Flash that fails at the n-th call: the transfer ends, with a code, and without first unit. */
START_TEST(test_compressed_failing_flash_ends_the_transfer)
{
    const enum nvm_op op = (enum nvm_op)_i;
    unsigned calls;

    ck_assert_uint_eq(peer_update(&peer, &sent, RESUME), 0);
    calls = peer.sim.calls[op];
    for (unsigned n = 1; n <= calls; n += 1 + calls / 150) {
        uint8_t result;

        fresh_device();
        peer.sim.fail_op = op;
        peer.sim.fail_nth = n;
        result = peer_update(&peer, &sent, RESUME);
        peer.sim.fail_nth = 0;
        if (result == 0) { /* the journal's */
            expect_slot();
            continue;
        }
        ck_assert_uint_eq(result, OTAS_OPERATION_FAILED);
        ck_assert_uint_eq(peer_last_event(&peer).event, OTAS_FAILED);
        ck_assert(!peer_slot_holds(&peer, plain, PLAIN_LEN));
        expect_done();
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_compressed_slot_equals_that_of_a_plain_transfer);
    tcase_add_test(tcase, test_compressed_without_decoder_is_refused_before_the_first_erase);
    tcase_add_test(tcase, test_compressed_metadata_is_judged_first);
    tcase_add_test(tcase, test_compressed_points_in_the_first_group_are_no_use);
    tcase_add_loop_test(tcase, test_compressed_equals_uninterrupted_at_every_fragment, 0, 4);
    tcase_add_test(tcase, test_compressed_many_cuts_in_one_transfer);
    tcase_add_test(tcase, test_compressed_resumes_at_whole_pages_only);
    tcase_add_test(tcase, test_compressed_blocks_behind_the_last_stay_out_when_resumed);
    tcase_add_test(tcase, test_compressed_resume_needs_the_decoder_again);
    tcase_add_test(tcase, test_compressed_changed_flash_fails_and_starts_anew);
    tcase_add_test(tcase, test_compressed_forged_mark_never_harms);
    tcase_add_test(tcase, test_compressed_corrupt_stream_erases_the_first_page);
    tcase_add_test(tcase, test_compressed_bad_signature_without_references_is_final);
    tcase_add_test(tcase, test_compressed_bad_read_may_be_tried_again);
    tcase_add_test(tcase, test_compressed_wrong_length_of_output_is_refused);
    tcase_add_test(tcase, test_compressed_bomb_ends_at_the_length_of_the_firmware);
    tcase_add_test(tcase, test_compressed_empty_blocks_end_with_the_announced_length);
    tcase_add_loop_test(tcase, test_compressed_power_cut_at_every_operation, 0, NVM_CUT_COUNT);
    tcase_add_loop_test(tcase, test_compressed_failing_flash_ends_the_transfer, 0, NVM_OP_COUNT);
}

int main(void)
{
    return unit_main("service_compressed", add_tests);
}
