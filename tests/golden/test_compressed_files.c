/*
 * Compressed files, changed in every byte and cut at every byte, through what verifies and what only
 * reads: a changed file is accepted only if the same firmware comes out of it, and whatever comes out
 * is within the lengths that the metadata give.
 *
 * Layer: test of the whole tool, in process.
 */
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "device_file.h"
#include "file_check.h"
#include "inspection.h"
#include "recipe.h"
#include "util.h"

static const char *const recipes[] = {
    "deflate",
    "enc deflate",
    "zigbee deflate",
    /* one dynamic block with distances of 256 */
    "fw=768 stream="
    "e33608ad9a7fe4259f7144eda2e36f04cda21b969e7a2f6219d7bce2ec27719bc4b6d517be4a"
    "d9a774aebbfc43d629bd67e3b5df0aae59fd5b6efe53f6c89db4fd0ea39a77c1d45df75934fd"
    "8a67ec7dc4ae135836fbc0532efd90ca79875ff01a85d72c3cf65ac034aa7ec9c977c216b14d"
    "cbcf7c14b34e685d75fe8ba45d72c7da4bdf651cd3ba375cfd25ef92d9b7f9c65f25f79c89db"
    "6e33a87ae54fd9798f59c3b768fa9e876cda01a5b3f63fe1d40bae987be8398f6158f582a3af"
    "f84d22eb169f782b641ed3b8ecf40751abf89695e73e4bd826b5afb9f84dda21b56bfd959f72"
    "ce19bd9baeff5174cb9eb0f5d67f15cfbcc93bee32a9fb144edbfd8055cbbf64e6bec71cba41"
    "e5730e3ee31ef5ff88f63f00",
};

enum { RECIPE_COUNT = sizeof recipes / sizeof recipes[0], FW_MAX = 768 };

struct run {
    struct recipe_file good;
    struct device_file device;
    struct cipher *cipher;
    int fd;
    unsigned accepted;
    unsigned refused;
};

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

static void run_begin(struct run *run, const char *recipe)
{
    memset(run, 0, sizeof *run);
    catch_diagnostics();
    run->good = recipe_make(GOLDEN_DIR, TEST_KEY_DIR, recipe);
    ck_assert_int_eq(
        device_file_load(GOLDEN_DIR "/devices/inflates.yaml", &no_options, &run->device), OX_OK);
    ck_assert_int_eq(cipher_open("file:" GOLDEN_DIR "/keys/aes.hex", &no_options, &run->cipher),
                     OX_OK);
    run->fd = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_ge(run->fd, 0);
}

static void run_end(struct run *run)
{
    close(run->fd);
    cipher_close(run->cipher);
    device_file_free(&run->device);
    free(run->good.bytes);
}

struct firmware {
    uint8_t bytes[FW_MAX];
    uint32_t len;
};

static enum ox collect(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct firmware *fw = user;

    ck_assert_uint_eq(offset, fw->len);
    ck_assert_uint_le(offset + len, FW_MAX);
    memcpy(fw->bytes + offset, bytes, len);
    fw->len += (uint32_t)len;
    return OX_OK;
}

static bool is_documented(enum ox ox)
{
    return ox != OX_INTERNAL && ox != OX_USAGE && ox != OX_IO && ox != OX_KEY;
}

/* What `extract` reads, if the metadata are such that it may. */
static enum ox read_firmware(const struct ota_file *file, struct firmware *ret)
{
    uint8_t metadata[OTAV_META_LEN];
    enum ox ox = ota_file_metadata(file, metadata);
    uint32_t fw_len = otav_load_u32(metadata + OTAV_META_FW_LEN_OFF);

    ret->len = 0;
    if (ox == OX_OK && fw_len > FW_MAX) {
        return OX_MALFORMED;
    }
    return ox == OX_OK ? ota_file_for_each_firmware(file, fw_len, collect, ret) : ox;
}

static void inspect(const struct ota_file *file)
{
    struct inspection inspection;
    enum ox ox = inspection_make(file, NULL, &inspection);

    ck_assert(is_documented(ox));
    if (ox == OX_OK) {
        inspection_free(&inspection);
    }
}

/* Verdict, and the firmware where there is one. */
static enum ox judge(struct run *run, const uint8_t *bytes, size_t len, struct firmware *ret)
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
    if (file.err == OTAV_OK) {
        enum ox read = read_firmware(&file, ret);

        ck_assert(is_documented(read));
        ck_assert_msg(ox != OX_OK || read == OX_OK, "verified and not readable: %s", caught());
        ck_assert_msg(is_documented(check_unsigned(&file)), "%s", caught());
    }
    inspect(&file);
    file.cipher = NULL; /* stays ours */
    ota_file_close(&file);
    run->accepted += ox == OX_OK ? 1 : 0;
    run->refused += ox != OX_OK ? 1 : 0;
    return ox;
}

static void repair_lengths(const struct run *run, uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;

    if (bytes[0] != 1) { /* Zigbee */
        otav_store_u32(bytes + OTAV_ZOTA_TOTAL_LEN_OFF, (uint32_t)len);
        return;
    }
    ck_assert_uint_eq(run->good.payload_off, OTAV_OTAU_LEN);
    otav_store_u16(bytes + OTAV_OTAU_CHECKSUM_OFF, 0);
    for (size_t i = 0; i < len; i++) {
        sum += bytes[i];
    }
    otav_store_u16(bytes + OTAV_OTAU_CHECKSUM_OFF, otav_file_checksum(sum));
}

START_TEST(test_compressed_file_changed_anywhere_is_refused_or_the_same_firmware)
{
    static const uint8_t masks[] = {0x01, 0x10, 0x80, 0xFF};
    struct firmware good;
    struct firmware got;
    uint8_t *bytes;
    struct run run;

    run_begin(&run, recipes[_i]);
    ck_assert_int_eq(judge(&run, run.good.bytes, run.good.len, &good), OX_OK);
    bytes = xmalloc(run.good.len);
    for (size_t i = run.good.payload_off; i < run.good.len; i++) {
        for (size_t k = 0; k < sizeof masks; k++) {
            memcpy(bytes, run.good.bytes, run.good.len);
            bytes[i] ^= masks[k];
            repair_lengths(&run, bytes, run.good.len);
            if (judge(&run, bytes, run.good.len, &got) == OX_OK) {
                ck_assert_uint_eq(got.len, good.len);
                ck_assert_mem_eq(got.bytes, good.bytes, good.len);
            }
        }
    }
    printf("%.20s: %u changes, %u accepted with the same firmware\n", recipes[_i],
           run.accepted + run.refused - 1, run.accepted - 1);
    ck_assert_uint_gt(run.refused / 100, run.accepted);
    free(bytes);
    run_end(&run);
}
END_TEST

START_TEST(test_compressed_file_cut_anywhere_is_malformed)
{
    struct firmware got;
    uint8_t *bytes;
    struct run run;

    run_begin(&run, recipes[_i]);
    bytes = xmalloc(run.good.len);
    for (size_t len = run.good.payload_off; len < run.good.len; len++) {
        memcpy(bytes, run.good.bytes, len);
        repair_lengths(&run, bytes, len);
        ck_assert_int_eq(judge(&run, bytes, len, &got), OX_MALFORMED);
    }
    free(bytes);
    run_end(&run);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_compressed_file_changed_anywhere_is_refused_or_the_same_firmware,
                        0, RECIPE_COUNT);
    tcase_add_loop_test(tc, test_compressed_file_cut_anywhere_is_malformed, 0, RECIPE_COUNT);
}

int main(void)
{
    return unit_main("compressed_files", add_tests);
}
