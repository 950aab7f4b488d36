/*
 * Every single bit flipped and every truncation, through what `otaimg verify` runs: nothing of it is
 * accepted but flips of bits that the format leaves unsigned, and the exit code is the one that the
 * order of checks gives.
 *
 * What is expected comes from the tables here (byte ranges of headers and metadata in the order of
 * the design), not from the verifier's. Files with an OTAU header are flipped twice: as they are,
 * where the checksum notices everything, and with the checksum made right again.
 *
 * Layer: test of the whole tool, in process.
 */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "device_file.h"
#include "file_check.h"
#include "recipe.h"
#include "util.h"

/* ---- what protects which byte ----------------------------------------------------------------- */

enum protection_rule {
    CONSTANT, /* every other value */
    AT_MOST,  /* values above the argument */
    OTHER     /* every change, once everything before it in the table is right */
};

struct byte_range {
    uint32_t offset;
    uint32_t len;
    enum protection_rule rule;
    uint32_t arg;
    enum ox code;
};

/* OTAU header with a checksum that fits; 'encrypted' and 'image id' are handled in the code. */
static const struct byte_range otau_ranges[] = {
    {0, 1, CONSTANT, 0, OX_MALFORMED},  /* header version */
    {8, 4, CONSTANT, 0, OX_MALFORMED},  /* revision: differs from the metadata's */
    {12, 1, CONSTANT, 0, OX_MALFORMED}, /* file type */
    {13, 3, CONSTANT, 0, OX_MALFORMED}, /* reserved */
};

/* Zigbee header. What stands between field control and total size, and the optional fields, is for
 * Zigbee servers: no signature covers it, nothing on the device reads it. */
static const struct byte_range zigbee_ranges[] = {
    {0, 4, CONSTANT, 0, OX_MALFORMED},  /* magic */
    {4, 2, CONSTANT, 0, OX_MALFORMED},  /* header version */
    {6, 2, CONSTANT, 0, OX_MALFORMED},  /* header length */
    {8, 2, CONSTANT, 0, OX_MALFORMED},  /* field control: does not fit the length */
    {52, 4, CONSTANT, 0, OX_MALFORMED}, /* total size */
};
enum { ZIGBEE_UNPROTECTED_BITS = (52 - 10 + 13) * 8 };

/* Metadata of an image in the order of checks; the firmware length and what is not signed
 * (sequence, manufacturer) are handled in the code. */
static const struct byte_range structure_ranges[] = {
    {0x14, 2, CONSTANT, 0, OX_MALFORMED}, /* revision, container */
    {0x16, 1, AT_MOST, 2, OX_MALFORMED},  /* method */
    {0x17, 5, CONSTANT, 0, OX_MALFORMED}, /* key, decryption, payload length */
    {0x24, 1, AT_MOST, 2, OX_MALFORMED},  /* firmware method */
    {0x25, 3, CONSTANT, 0, OX_MALFORMED}, /* key, decryption */
    {0x28, 1, AT_MOST, 72, OX_MALFORMED}, /* length of the firmware signature */
    {0x1B7, 1, AT_MOST, 72, OX_MALFORMED} /* length of the metadata signature */
};

static const struct byte_range signed_ranges[] = {
    {0x16, 1, CONSTANT, 0, OX_POLICY},      /* a method that is known, and none or SHA-256 */
    {0x24, 1, CONSTANT, 0, OX_POLICY},      /* the same */
    {0x14, 0x200 - 0x14, OTHER, 0, OX_AUTH} /* all that the metadata signature covers, and itself */
};

static enum ox first_violation(const struct byte_range *ranges, size_t count, const uint8_t *good,
                               const uint8_t *bytes)
{
    for (size_t i = 0; i < count; i++) {
        const struct byte_range *r = &ranges[i];
        bool violated = memcmp(good + r->offset, bytes + r->offset, r->len) != 0;

        if (r->rule == AT_MOST) {
            violated = bytes[r->offset] > r->arg;
        }
        if (violated) {
            return r->code;
        }
    }
    return OX_OK;
}

#define FIRST_VIOLATION(ranges, good, bytes)                                                       \
    first_violation(ranges, sizeof(ranges) / sizeof(ranges)[0], good, bytes)

/* ---- subjects --------------------------------------------------------------------------------- */

struct subject {
    const char *recipe;
    bool has_otau;
    uint32_t zota_off;
    bool has_zota;
    bool encrypted;
    bool stock;                /* policy stock, file without attributes */
    unsigned unprotected_bits; /* flips that are accepted, with a checksum that fits */
};

enum { SEQUENCE_BITS = 32, IMAGE_ID_BITS = 32 };

static const struct subject subjects[] = {
    {"ble fw=16", true, 0, false, false, false, 0},
    {"ble enc fw=16", true, 0, false, true, false, 0},
    {"zigbee zopt=7 fw=32", false, 0, true, false, false, ZIGBEE_UNPROTECTED_BITS},
    {"zigbee zopt=7 enc fw=32", false, 0, true, true, false, ZIGBEE_UNPROTECTED_BITS},
    {"combo zopt=7 fw=32", true, 16, true, false, false, ZIGBEE_UNPROTECTED_BITS},
    {"combo zopt=7 enc fw=32", true, 16, true, true, false, ZIGBEE_UNPROTECTED_BITS},
    {"image fw=64", false, 0, false, false, false, 0},
    /* Without attributes nothing binds sequence and image id. */
    {"ble stock fw=16", true, 0, false, false, true, SEQUENCE_BITS + IMAGE_ID_BITS},
    {"zigbee stock zopt=7 fw=16", false, 0, true, false, true,
     SEQUENCE_BITS + ZIGBEE_UNPROTECTED_BITS},
    {"combo stock zopt=7 enc fw=16", true, 16, true, true, true,
     IMAGE_ID_BITS + ZIGBEE_UNPROTECTED_BITS},
};

enum { SUBJECT_COUNT = sizeof subjects / sizeof subjects[0] };

struct run {
    const struct subject *subject;
    struct recipe_file good;
    uint8_t *plain; /* the payload of the good file, decrypted */
    uint8_t *work;  /* the payload of the file under test, decrypted */
    struct device_file device;
    struct cipher *cipher;
    int fd;
    unsigned refused;
    unsigned accepted;
};

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

static void decrypt(const struct run *run, const uint8_t *bytes, uint8_t *ret)
{
    size_t len = run->good.len - run->good.payload_off;

    memcpy(ret, bytes + run->good.payload_off, len);
    if (run->subject->encrypted) {
        ck_assert_int_eq(cipher_begin(run->cipher, false, run->device.config.decrypt_iv), OX_OK);
        ck_assert_int_eq(cipher_update(run->cipher, ret, ret, len), OX_OK);
    }
}

static void run_begin(struct run *run, const struct subject *subject)
{
    size_t payload_len;

    memset(run, 0, sizeof *run);
    catch_diagnostics();
    run->subject = subject;
    run->good = recipe_make(GOLDEN_DIR, TEST_KEY_DIR, subject->recipe);
    ck_assert_int_eq(device_file_load(subject->stock ? GOLDEN_DIR "/devices/stock.yaml"
                                                     : GOLDEN_DIR "/devices/production.yaml",
                                      &no_options, &run->device),
                     OX_OK);
    run->device.config.key_count = 1; /* the release key: half the work */
    ck_assert_int_eq(cipher_open("file:" GOLDEN_DIR "/keys/aes.hex", &no_options, &run->cipher),
                     OX_OK);
    run->fd = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_ge(run->fd, 0);
    payload_len = run->good.len - run->good.payload_off;
    run->plain = xmalloc(payload_len);
    run->work = xmalloc(payload_len);
    decrypt(run, run->good.bytes, run->plain);
}

static void run_end(struct run *run)
{
    close(run->fd);
    cipher_close(run->cipher);
    device_file_free(&run->device);
    free(run->plain);
    free(run->work);
    free(run->good.bytes);
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;

    for (; *text != '\0'; text++) {
        lines += *text == '\n' ? 1 : 0;
    }
    return lines;
}

/* The exit code of `otaimg verify FILE --device ...`; a refusal is one line on stderr. */
static enum ox verify(struct run *run, const uint8_t *bytes, size_t len)
{
    const struct file_question question = {&run->device.config, OTAV_INSTALL, run->device.inflates};
    struct ota_file file;
    enum ox ox;

    catch_diagnostics();
    ck_assert_int_eq(ftruncate(run->fd, (off_t)len), 0);
    ck_assert_int_eq(pwrite(run->fd, bytes, len, 0), (ssize_t)len);
    ck_assert_int_eq(ota_file_from_fd("file", run->fd, &file), OX_OK);
    file.cipher = run->cipher;
    memcpy(file.iv, run->device.config.decrypt_iv, sizeof file.iv);
    ox = check_file(&file, &question, NULL);
    file.cipher = NULL; /* stays ours */
    ota_file_close(&file);
    ck_assert_uint_eq(count_lines(caught()), ox == OX_OK ? 0 : 1);
    run->refused += ox != OX_OK ? 1 : 0;
    run->accepted += ox == OX_OK ? 1 : 0;
    return ox;
}

static void repair_checksum(uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    otav_store_u16(bytes + OTAV_OTAU_CHECKSUM_OFF, 0);
    for (size_t i = 0; i < len; i++) {
        sum += bytes[i];
    }
    otav_store_u16(bytes + OTAV_OTAU_CHECKSUM_OFF, (uint16_t)(0u - sum));
}

/* ---- expectations ----------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool length_allowed(const struct subject *s, uint32_t fw_len)
{
    uint32_t room = 0x7C000 - 512 - (s->encrypted ? 16u : 0u);

    return fw_len != 0 && fw_len <= room && fw_len != 492 && (s->stock || fw_len % 16 == 0);
}

static enum ox expected_structure(const struct subject *s, const uint8_t *good, const uint8_t *meta)
{
    uint32_t sequence = otav_load_u32(meta + 0x10);

    if (!is_zero(meta, 8) || !is_zero(meta + 0x0C, 4)) {
        return s->encrypted ? OX_DECRYPT : OX_MALFORMED;
    }
    if (sequence == 0 || sequence == 0xFFFFFFFF ||
        FIRST_VIOLATION(structure_ranges, good, meta) != OX_OK ||
        (s->has_otau && memcmp(good + 0x1C, meta + 0x1C, 4) != 0) ||
        !length_allowed(s, otav_load_u32(meta + 0x20))) {
        return OX_MALFORMED;
    }
    return OX_OK;
}

/* image_id_ok: the file header's is the one that was bound. */
static enum ox expected_payload(const struct run *run, const uint8_t *plain, bool image_id_ok)
{
    const struct subject *s = run->subject;
    const uint8_t *good = run->plain;
    size_t len = run->good.len - run->good.payload_off;
    size_t fw_end = len - (s->encrypted ? 16 : 0);
    enum ox ox = expected_structure(s, good, plain);

    if (ox == OX_OK) {
        ox = FIRST_VIOLATION(signed_ranges, good, plain);
    }
    if (ox == OX_OK && !s->stock && (!image_id_ok || memcmp(good + 0x10, plain + 0x10, 4) != 0)) {
        ox = OX_AUTH; /* the binding */
    }
    if (ox == OX_OK && memcmp(good + 0x08, plain + 0x08, 4) != 0) {
        ox = OX_WRONG_DEVICE;
    }
    if (ox == OX_OK && memcmp(good + 512, plain + 512, fw_end - 512) != 0) {
        ox = OX_AUTH;
    }
    if (ox == OX_OK && memcmp(good + fw_end, plain + fw_end, len - fw_end) != 0) {
        ox = OX_MALFORMED;
    }
    return ox;
}

static enum ox expected(struct run *run, const uint8_t *bytes)
{
    const struct subject *s = run->subject;
    const uint8_t *good = run->good.bytes;
    bool image_id_ok = true;
    enum ox ox = OX_OK;

    if (s->has_otau) {
        ox = FIRST_VIOLATION(otau_ranges, good, bytes);
        if (ox == OX_OK && (bytes[1] & 0xFE) != 0) {
            ox = OX_MALFORMED;
        } else if (ox == OX_OK && bytes[1] != good[1]) {
            /* Ciphertext is no metadata; plaintext does not decrypt to any. */
            ox = s->encrypted ? OX_MALFORMED : OX_DECRYPT;
        }
        image_id_ok = memcmp(good + 4, bytes + 4, 4) == 0;
    }
    if (ox == OX_OK && s->has_zota) {
        ox = FIRST_VIOLATION(zigbee_ranges, good + s->zota_off, bytes + s->zota_off);
    }
    if (ox != OX_OK) {
        return ox;
    }
    decrypt(run, bytes, run->work);
    return expected_payload(run, run->work, image_id_ok);
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void flip_all(struct run *run, bool repaired)
{
    uint8_t *bytes = xmalloc(run->good.len);

    for (size_t bit = 0; bit < 8 * run->good.len; bit += TEST_STEP) {
        bool in_checksum = bit / 8 >= 2 && bit / 8 < 4;
        enum ox want = OX_MALFORMED; /* the checksum */
        enum ox got;

        if (repaired && run->subject->has_otau && in_checksum) {
            continue;
        }
        memcpy(bytes, run->good.bytes, run->good.len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (repaired) {
            if (run->subject->has_otau) {
                repair_checksum(bytes, run->good.len);
            }
            want = expected(run, bytes);
        }
        got = verify(run, bytes, run->good.len);
        ck_assert_msg(got == want, "%s%s: byte %zu bit %zu: exit %d, expected %d: %s",
                      run->subject->recipe, repaired ? "" : " (checksum as it was)", bit / 8,
                      bit % 8, got, want, caught());
    }
    free(bytes);
}

START_TEST(test_flip_any_bit_under_checksum_is_refused)
{
    struct run run;

    run_begin(&run, &subjects[_i]);
    ck_assert_int_eq(verify(&run, run.good.bytes, run.good.len), OX_OK);
    if (run.subject->has_otau) {
        flip_all(&run, false);
        printf("%s: %u flips under the checksum, all refused\n", run.subject->recipe, run.refused);
    }
    ck_assert_uint_eq(run.accepted, 1);
    run_end(&run);
}
END_TEST

START_TEST(test_flip_any_bit_gives_code_of_first_check)
{
    struct run run;

    run_begin(&run, &subjects[_i]);
    flip_all(&run, true);
    printf("%s: %u flips, %u refused, %u of bits that nothing protects\n", run.subject->recipe,
           run.refused + run.accepted, run.refused, run.accepted);
    ck_assert_uint_le(run.accepted, run.subject->unprotected_bits);
    ck_assert(TEST_STEP > 1 || run.accepted == run.subject->unprotected_bits);
    run_end(&run);
}
END_TEST

/* Lengths in the headers as found, then brought in line with what is left. */
START_TEST(test_truncate_anywhere_is_malformed)
{
    struct run run;
    uint8_t *bytes;

    run_begin(&run, &subjects[_i]);
    bytes = xmalloc(run.good.len);
    for (size_t len = 0; len < run.good.len; len++) {
        const struct subject *s = run.subject;

        ck_assert_int_eq(verify(&run, run.good.bytes, len), OX_MALFORMED);
        if (len < run.good.payload_off) {
            continue;
        }
        memcpy(bytes, run.good.bytes, len);
        if (s->has_zota) {
            otav_store_u32(bytes + s->zota_off + 52, (uint32_t)(len - s->zota_off));
        }
        if (s->has_otau) {
            repair_checksum(bytes, len);
        }
        ck_assert_msg(verify(&run, bytes, len) == OX_MALFORMED, "%s: %zu bytes: %s", s->recipe, len,
                      caught());
    }
    printf("%s: %u truncations, all refused\n", run.subject->recipe, run.refused);
    ck_assert_uint_eq(run.accepted, 0);
    free(bytes);
    run_end(&run);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_flip_any_bit_under_checksum_is_refused, 0, SUBJECT_COUNT);
    tcase_add_loop_test(tc, test_flip_any_bit_gives_code_of_first_check, 0, SUBJECT_COUNT);
    tcase_add_loop_test(tc, test_truncate_anywhere_is_malformed, 0, SUBJECT_COUNT);
}

int main(void)
{
    return unit_main("flips", add_tests);
}
