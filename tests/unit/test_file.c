/*
 * Files with their headers: every kind, every header error at its offset, every truncation and
 * every flipped bit with the error that it must give.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "image_builder.h"

enum { FW_LEN = 32 };

static struct image_key signer;
static struct otav_config config;
static struct otav_context ctx;
static struct image image;
static struct image_file file;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_config(&config, &signer);
    memset(&ctx, 0, sizeof ctx);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&signer);
}

/* The kinds of file that the tests go through; stock ones carry no attributes. */
static const struct kind {
    enum otav_file_kind kind;
    bool encrypted;
    bool stock;
    uint16_t field_control;
} kinds[] = {
    {OTAV_FILE_BLE, false, false, 0},    {OTAV_FILE_BLE, true, false, 0},
    {OTAV_FILE_ZIGBEE, false, false, 0}, {OTAV_FILE_ZIGBEE, true, false, 7},
    {OTAV_FILE_COMBO, false, false, 5},  {OTAV_FILE_COMBO, true, false, 2},
    {OTAV_FILE_IMAGE, false, false, 0},  {OTAV_FILE_BLE, false, true, 0},
    {OTAV_FILE_ZIGBEE, false, true, 1},  {OTAV_FILE_COMBO, true, true, 7},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static void build(const struct kind *k)
{
    image_config(&config, &signer);
    if (k->stock) {
        config.policy = OTAV_POLICY_STOCK;
        config.counter_floor = 0;
    }
    image_init(&image, FW_LEN, !k->stock);
    image_sign(&image, &signer);
    image_file_build(&file, &image, k->kind, k->encrypted, k->field_control);
}

static enum otav_err judge(const uint8_t *bytes, size_t len)
{
    return image_judge(&config, &otav_crypto_openssl, bytes, len);
}

/* ---- headers ---------------------------------------------------------------------------------- */

static enum otav_err parse(const uint8_t *bytes, size_t len, struct otav_file *ret,
                           uint16_t *ret_offset)
{
    size_t prefix_len = len < OTAV_FILE_PREFIX_LEN ? len : OTAV_FILE_PREFIX_LEN;
    uint8_t *prefix = malloc(prefix_len + 1); /* exact, so that ASan sees its end */
    struct otav_file before;
    enum otav_err err;

    memcpy(prefix + 1, bytes, prefix_len);
    memset(ret, 0x5A, sizeof *ret);
    memcpy(&before, ret, sizeof before);
    err = otav_file_parse(prefix + 1, prefix_len, (uint32_t)len, image_sum(bytes, len), ret,
                          ret_offset);
    free(prefix);
    if (err != OTAV_OK) {
        ck_assert_mem_eq(ret, &before, sizeof before);
    }
    return err;
}

START_TEST(test_file_layout_of_every_kind)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct kind *k = &kinds[i];
        struct otav_file got;
        enum otav_file_kind guess = OTAV_FILE_BLE;
        uint16_t offset;

        build(k);
        ck_assert_int_eq(parse(file.bytes, file.len, &got, &offset), OTAV_OK);
        ck_assert_int_eq(got.kind, k->kind);
        ck_assert_int_eq(got.encrypted, k->encrypted);
        ck_assert_int_eq(got.has_otau, file.has_otau);
        ck_assert_int_eq(got.has_zota, file.has_zota);
        ck_assert_uint_eq(got.payload_off, file.payload_off);
        ck_assert_uint_eq(got.payload_len, file.len - file.payload_off);
        if (got.has_zota) {
            ck_assert_uint_eq(got.zota_off, file.zota_off);
            ck_assert_uint_eq(got.zota_len, file.payload_off - file.zota_off);
        }
        ck_assert(otav_file_guess(file.bytes, file.len, &guess));
        ck_assert_int_eq(guess, k->kind);
        ck_assert_int_eq(judge(file.bytes, file.len), OTAV_OK);
    }
}
END_TEST

START_TEST(test_file_guess_refuses_what_is_none)
{
    static const uint8_t noise[64] = {0x7F, 'E', 'L', 'F'};
    enum otav_file_kind kind = OTAV_FILE_IMAGE;

    for (size_t len = 0; len <= sizeof noise; len++) {
        ck_assert(!otav_file_guess(noise, len, &kind));
    }
    ck_assert_int_eq(kind, OTAV_FILE_IMAGE);
}
END_TEST

START_TEST(test_file_header_errors_name_their_offset)
{
    static const struct {
        size_t kind;
        size_t at;
        uint8_t flip;
        enum otav_err err;
        uint16_t offset;
    } rows[] = {
        {0, 0, 3, OTAV_ERR_HEADER, 0},
        {0, 1, 2, OTAV_ERR_HEADER, 1},
        {0, 12, 3, OTAV_ERR_CHECKSUM, 2},
        {0, 12, 1, OTAV_ERR_HEADER, 12},
        {0, 15, 1, OTAV_ERR_HEADER, 13},
        {0, 4, 1, OTAV_ERR_CHECKSUM, 2},
        {0, 600 - 41, 1, OTAV_ERR_CHECKSUM, 2},
        {2, 0, 1, OTAV_ERR_HEADER, 0},
        {2, 5, 1, OTAV_ERR_HEADER, 4},
        {2, 6, 1, OTAV_ERR_HEADER, 6},
        {2, 7, 1, OTAV_ERR_HEADER, 6},
        {2, 8, 8, OTAV_ERR_HEADER, 8},
        {2, 8, 1, OTAV_ERR_HEADER, 6},
        {2, 52, 1, OTAV_ERR_TOTAL_LENGTH, 52},
        {2, 55, 0x80, OTAV_ERR_TOTAL_LENGTH, 52},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct otav_file got;
        uint16_t offset = 0xFFFF;

        build(&kinds[rows[i].kind]);
        file.bytes[rows[i].at] ^= rows[i].flip;
        ck_assert_msg(parse(file.bytes, file.len, &got, &offset) == rows[i].err, "row %zu", i);
        ck_assert_msg(offset == rows[i].offset, "row %zu: offset %u", i, offset);
        ck_assert_int_eq(
            image_run_file(&ctx, &config, &otav_crypto_openssl, file.bytes, file.len, 0),
            rows[i].err);
        ck_assert_uint_eq(otav_get_detail(&ctx), rows[i].offset);
        otav_close(&ctx);
    }
}
END_TEST

START_TEST(test_file_combo_header_errors_count_from_the_file)
{
    struct otav_file got;
    uint16_t offset = 0;

    build(&kinds[4]);
    file.bytes[OTAV_OTAU_LEN] ^= 1;
    image_file_seal(&file);
    ck_assert_int_eq(parse(file.bytes, file.len, &got, &offset), OTAV_ERR_HEADER);
    ck_assert_uint_eq(offset, OTAV_OTAU_LEN);
}
END_TEST

START_TEST(test_file_checksum_values)
{
    ck_assert_uint_eq(otav_file_checksum(0), 0);
    ck_assert_uint_eq(otav_file_checksum(1), 0xFFFF);
    ck_assert_uint_eq(otav_file_checksum(0x10000), 0); /* not 0x10000 */
    ck_assert_uint_eq(otav_file_checksum(0x12345), 0x10000 - 0x2345);
}
END_TEST

/* A file whose other bytes sum to a multiple of 65536 has the checksum 0. */
START_TEST(test_file_checksum_zero_is_taken)
{
    static uint8_t fw[256 * 4 + 64];
    size_t i = 0;

    config.policy = OTAV_POLICY_STOCK;
    config.counter_floor = 0;
    image_init(&image, sizeof fw, false);
    image_sign(&image, &signer);
    image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
    /* the firmware is not signed any more, the header is still right */
    while (otav_load_u16(file.bytes + OTAV_OTAU_CHECKSUM_OFF) != 0) {
        size_t at = file.payload_off + OTAV_META_LEN + i++ % sizeof fw;
        uint16_t missing = otav_load_u16(file.bytes + OTAV_OTAU_CHECKSUM_OFF);
        unsigned room = 0xFFu - file.bytes[at];

        file.bytes[at] = (uint8_t)(file.bytes[at] + (missing < room ? missing : room));
        image_file_seal(&file);
        if (i == sizeof fw) {
            memset(file.bytes + file.payload_off + OTAV_META_LEN, 0, sizeof fw);
            image_file_seal(&file);
        }
        ck_assert_uint_lt(i, 4 * sizeof fw);
    }
    ck_assert_int_eq(judge(file.bytes, file.len), OTAV_ERR_FIRMWARE_SIGNATURE);
}
END_TEST

START_TEST(test_file_prefix_mutated_parses_or_fails)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        build(&kinds[i]);
        for (size_t at = 0; at < OTAV_FILE_PREFIX_LEN; at++) {
            for (unsigned flip = 1; flip < 256; flip += 3) {
                struct otav_file got;
                uint16_t offset = 0;

                file.bytes[at] ^= (uint8_t)flip;
                if (parse(file.bytes, file.len, &got, &offset) == OTAV_OK) {
                    ck_assert_uint_eq(got.payload_off + got.payload_len, file.len);
                    ck_assert_uint_ge(got.payload_len, OTAV_META_LEN);
                } else {
                    ck_assert_uint_lt(offset, OTAV_FILE_PREFIX_LEN);
                }
                file.bytes[at] ^= (uint8_t)flip;
            }
        }
    }
}
END_TEST

START_TEST(test_file_open_checks_like_any_open)
{
    ck_assert_int_eq(otav_open_file(NULL, &config, &otav_crypto_openssl, OTAV_INSTALL, 1, 1, NULL),
                     OTAV_ERR_ARG);
    ck_assert_int_eq(
        otav_open_file(&ctx, &config, &otav_crypto_openssl, (enum otav_purpose)0, 1, 1, NULL),
        OTAV_ERR_ARG);
    config.key_count = 0;
    ck_assert_int_eq(otav_open_file(&ctx, &config, &otav_crypto_openssl, OTAV_INSTALL, 1, 1, NULL),
                     OTAV_ERR_CONFIG);
    config.key_count = 1;
    ck_assert_int_eq(otav_open_file(&ctx, &config, &otav_crypto_openssl, OTAV_INSTALL, 1, 1, NULL),
                     OTAV_OK);
    ck_assert_int_eq(otav_get_state(&ctx), OTAV_HEADER);
    ck_assert_int_eq(otav_open_file(&ctx, &config, &otav_crypto_openssl, OTAV_INSTALL, 1, 1, NULL),
                     OTAV_ERR_STATE);
    ck_assert_int_eq(otav_feed(&ctx, NULL, 0), OTAV_OK);
    ck_assert_int_eq(otav_finish(&ctx), OTAV_ERR_TRUNCATED);
}
END_TEST

/* A file that grew or shrank since its length was taken. */
START_TEST(test_file_length_that_was_announced_wrong)
{
    build(&kinds[0]);
    for (int change = -1; change <= 1; change += 2) {
        enum otav_err err = otav_open_file(&ctx, &config, &otav_crypto_openssl, OTAV_INSTALL,
                                           (uint32_t)((int)file.len + change),
                                           image_sum(file.bytes, file.len), NULL);

        ck_assert_int_eq(err, OTAV_OK);
        ck_assert_int_eq(otav_feed(&ctx, file.bytes, file.len), OTAV_OK);
        ck_assert_int_eq(otav_finish(&ctx), change < 0 ? OTAV_ERR_TRAILING : OTAV_ERR_TRUNCATED);
        otav_close(&ctx);
    }
    ck_assert_int_eq(otav_open_file(&ctx, &config, &otav_crypto_openssl, OTAV_INSTALL, 0, 0, NULL),
                     OTAV_OK);
    ck_assert_int_eq(otav_feed(&ctx, file.bytes, 1), OTAV_ERR_TRUNCATED);
}
END_TEST

/* ---- cuts ------------------------------------------------------------------------------------- */

START_TEST(test_file_result_does_not_depend_on_the_cuts)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        build(&kinds[i]);
        for (unsigned damaged = 0; damaged < 2; damaged++) {
            enum otav_err expected;

            file.bytes[file.len - 1] ^= (uint8_t)damaged;
            image_file_seal(&file);
            expected = judge(file.bytes, file.len);
            ck_assert_int_eq(expected == OTAV_OK, damaged == 0);
            for (size_t part = 1; part <= file.len; part += part < 160 ? 1 : 31) {
                ck_assert_int_eq(
                    image_run_file(&ctx, &config, &otav_crypto_openssl, file.bytes, file.len, part),
                    expected);
                otav_close(&ctx);
            }
        }
    }
}
END_TEST

/* ---- truncation ------------------------------------------------------------------------------- */

/* What a file cut to len says, with its header as it was. */
static enum otav_err expected_when_cut(const struct kind *k, size_t len)
{
    if (k->kind == OTAV_FILE_ZIGBEE) {
        return len < OTAV_ZOTA_LEN ? OTAV_ERR_TRUNCATED : OTAV_ERR_TOTAL_LENGTH;
    }
    if (k->kind == OTAV_FILE_IMAGE) { /* recognised by its first 32 bytes */
        return len >= OTAV_OTAU_LEN && len < OTAV_META_FW_LEN_OFF ? OTAV_ERR_HEADER
                                                                  : OTAV_ERR_TRUNCATED;
    }
    return len < OTAV_OTAU_LEN ? OTAV_ERR_TRUNCATED : OTAV_ERR_CHECKSUM;
}

START_TEST(test_file_every_truncation_gives_its_error)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        build(&kinds[i]);
        for (size_t len = 0; len < file.len; len++) {
            enum otav_err err = judge(file.bytes, len);

            ck_assert_msg(err == expected_when_cut(&kinds[i], len), "kind %zu, %zu bytes: %s", i,
                          len, otav_err_name(err));
        }
    }
}
END_TEST

/* The same with lengths and checksum put right: the data itself ends early. */
START_TEST(test_file_every_truncation_behind_the_headers_with_new_checksum)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        size_t whole;

        build(&kinds[i]);
        whole = file.len;
        for (size_t len = file.payload_off + OTAV_BLOCK_LEN * 2; len < whole; len++) {
            file.len = len;
            image_file_seal(&file);
            ck_assert_msg(judge(file.bytes, len) == OTAV_ERR_TRUNCATED, "kind %zu, %zu bytes: %s",
                          i, len, otav_err_name(judge(file.bytes, len)));
        }
    }
}
END_TEST

START_TEST(test_file_bytes_behind_are_refused)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        build(&kinds[i]);
        for (unsigned more = 0; more < 40; more++) {
            file.len++;
            image_file_seal(&file);
            ck_assert_int_eq(judge(file.bytes, file.len), OTAV_ERR_TRAILING);
        }
    }
}
END_TEST

/* ---- flipped bits ----------------------------------------------------------------------------- */

/* Bytes of a record, first to last, and the errors that a flipped bit in them may give. */
struct region {
    size_t first;
    size_t last;
    enum otav_err errors[2];
};

#define ONE(err)                                                                                   \
    {                                                                                              \
        OTAV_ERR_##err, OTAV_ERR_##err                                                             \
    }
#define TWO(a, b)                                                                                  \
    {                                                                                              \
        OTAV_ERR_##a, OTAV_ERR_##b                                                                 \
    }

/* The whole list of bits that nothing protects: OTAV_OK below, and the image id and sequence of
 * files without attributes (see unsigned_without_binding()). */
static const struct region otau_regions[] = {
    {0, 0, ONE(HEADER)},           {1, 1, ONE(HEADER)},   {4, 7, ONE(BINDING)},
    {8, 11, ONE(HEADER_REVISION)}, {12, 15, ONE(HEADER)},
};
static const struct region zota_regions[] = {
    {0, 9, ONE(HEADER)},
    {10, 51, {OTAV_OK, OTAV_OK}}, /* manufacturer code to header string */
    {52, 55, ONE(TOTAL_LENGTH)},
    {56, 68, {OTAV_OK, OTAV_OK}}, /* optional fields */
};
static const struct region plain_regions[] = {
    {0x00, 0x07, ONE(METADATA)},
    {0x08, 0x0B, ONE(MANUFACTURER)},
    {0x0C, 0x0F, ONE(METADATA)},
    {0x10, 0x13, ONE(BINDING)},
    {0x14, 0x15, ONE(METADATA)},
    {0x16, 0x16, TWO(METADATA, METHOD)},
    {0x17, 0x1B, ONE(METADATA)},
    {0x1C, 0x1F, TWO(HEADER_REVISION, METADATA_SIGNATURE)},
    {0x20, 0x23, TWO(FW_LENGTH, METADATA_SIGNATURE)},
    {0x24, 0x24, TWO(METADATA, METHOD)},
    {0x25, 0x27, ONE(METADATA)},
    {0x28, 0x28, TWO(METADATA, METADATA_SIGNATURE)},
    {0x29, 0x1B6, ONE(METADATA_SIGNATURE)},
    {0x1B7, 0x1B7, TWO(METADATA, METADATA_SIGNATURE)},
    {0x1B8, 0x1FF, ONE(METADATA_SIGNATURE)},
    {0x200, 0x200 + FW_LEN - 1, ONE(FIRMWARE_SIGNATURE)},
};
/* A flipped bit of ciphertext garbles its block and flips that bit of the next. */
static const struct region cipher_regions[] = {
    {0x00, 0x0F, ONE(DECRYPT)},
    {0x10, 0x2F, ONE(METADATA)},
    {0x30, 0x19F, ONE(METADATA_SIGNATURE)},
    {0x1A0, 0x1BF, TWO(METADATA, METADATA_SIGNATURE)},
    {0x1C0, 0x1FF, ONE(METADATA_SIGNATURE)},
    {0x200, 0x200 + FW_LEN - 1, ONE(FIRMWARE_SIGNATURE)},
    {0x200 + FW_LEN, 0x200 + FW_LEN + 15, ONE(PADDING)},
};

static const struct region *region_at(const struct region *regions, size_t count, size_t at)
{
    for (size_t i = 0; i < count; i++) {
        if (at >= regions[i].first && at <= regions[i].last) {
            return &regions[i];
        }
    }
    ck_abort_msg("offset %zu is in no region", at);
    return NULL;
}

#define REGION(list, at) region_at(list, sizeof(list) / sizeof((list)[0]), (at))

static const struct region *region_of(const struct kind *k, size_t at)
{
    if (file.has_otau && at < OTAV_OTAU_LEN) {
        return REGION(otau_regions, at);
    }
    if (at < file.payload_off) {
        return REGION(zota_regions, at - file.zota_off);
    }
    at -= file.payload_off;
    return k->encrypted ? REGION(cipher_regions, at) : REGION(plain_regions, at);
}

/* The stock format signs neither the image id nor the sequence number; the binding attribute does. */
static bool unsigned_without_binding(const struct kind *k, enum otav_err expected)
{
    return k->stock && expected == OTAV_ERR_BINDING;
}

/* In a file with OTAU header, bit 0 of its second byte says how to read the rest. */
static enum otav_err expected_flip(const struct kind *k, const struct region *region, size_t bit,
                                   enum otav_err got)
{
    if (file.has_otau && bit == OTAV_OTAU_ENCRYPTED_OFF * 8) {
        return k->encrypted ? OTAV_ERR_METADATA : OTAV_ERR_DECRYPT;
    }
    if (unsigned_without_binding(k, region->errors[0])) {
        return OTAV_OK;
    }
    return got == region->errors[1] ? region->errors[1] : region->errors[0];
}

START_TEST(test_file_every_flipped_bit_gives_its_error)
{
    const struct kind *k = &kinds[_i];
    unsigned accepted = 0;

    build(k);
    for (size_t bit = 0; bit < file.len * 8; bit++) {
        size_t at = bit / 8;
        bool zota = file.has_zota;
        enum otav_err err;

        if (file.has_otau && at / 2 == OTAV_OTAU_CHECKSUM_OFF / 2) {
            continue; /* the checksum is computed anew below */
        }
        file.bytes[at] ^= (uint8_t)(1u << bit % 8);
        if (file.has_otau) { /* whoever can change a bit can change the checksum as well */
            ck_assert_int_ne(judge(file.bytes, file.len), OTAV_OK);
            file.has_zota = false;
            image_file_seal(&file);
            file.has_zota = zota;
        }
        err = judge(file.bytes, file.len);
        ck_assert_msg(err == expected_flip(k, region_of(k, at), bit, err), "byte %zu bit %zu: %s",
                      at, bit % 8, otav_err_name(err));
        accepted += err == OTAV_OK ? 1 : 0;
        file.bytes[at] ^= (uint8_t)(1u << bit % 8);
    }
    if (!file.has_zota && !k->stock) {
        ck_assert_uint_eq(accepted, 0);
    }
}
END_TEST

START_TEST(test_file_every_flipped_checksum_bit_is_refused)
{
    build(&kinds[0]);
    for (size_t bit = OTAV_OTAU_CHECKSUM_OFF * 8; bit < OTAV_OTAU_CHECKSUM_OFF * 8 + 16; bit++) {
        file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(judge(file.bytes, file.len), OTAV_ERR_CHECKSUM);
        file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_file_layout_of_every_kind);
    tcase_add_test(tc, test_file_guess_refuses_what_is_none);
    tcase_add_test(tc, test_file_header_errors_name_their_offset);
    tcase_add_test(tc, test_file_combo_header_errors_count_from_the_file);
    tcase_add_test(tc, test_file_checksum_values);
    tcase_add_test(tc, test_file_checksum_zero_is_taken);
    tcase_add_test(tc, test_file_prefix_mutated_parses_or_fails);
    tcase_add_test(tc, test_file_open_checks_like_any_open);
    tcase_add_test(tc, test_file_length_that_was_announced_wrong);
    tcase_add_test(tc, test_file_result_does_not_depend_on_the_cuts);
    tcase_add_test(tc, test_file_every_truncation_gives_its_error);
    tcase_add_test(tc, test_file_every_truncation_behind_the_headers_with_new_checksum);
    tcase_add_test(tc, test_file_bytes_behind_are_refused);
    tcase_add_loop_test(tc, test_file_every_flipped_bit_gives_its_error, 0, (int)KIND_COUNT);
    tcase_add_test(tc, test_file_every_flipped_checksum_bit_is_refused);
}

int main(void)
{
    return unit_main("file", add_tests);
}
