/*
 * What inspect, verify, compare and extract do with a file, in memory and without their output.
 * Layer: test, above the tool. Failures must be reported with an exit code of the documented list.
 */
#include "fuzz_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "file_check.h"
#include "fuzz_device.h"
#include "inspection.h"
#include "util.h"

static FILE *mute(void)
{
    FILE *null = freopen("/dev/null", "w", stdout);
    FILE *messages = fopen("/dev/null", "w");

    if (null == NULL || messages == NULL) {
        abort();
    }
    diag_set_stream(messages);
    return messages;
}

/* The tool takes keys from files only: one that exists for a moment. */
static struct cipher *open_cipher(void)
{
    static const struct key_options options = {.pin_fd = -1, .passphrase_fd = -1};
    char uri[] = "file:/tmp/otaimg-fuzz-XXXXXX";
    char *path = uri + strlen("file:");
    struct cipher *cipher = NULL;
    int fd = mkstemp(path);

    if (fd < 0 || write(fd, fuzz_aes_key, sizeof fuzz_aes_key) != (ssize_t)sizeof fuzz_aes_key ||
        close(fd) != 0 || cipher_open(uri, &options, &cipher) != OX_OK || unlink(path) != 0) {
        abort();
    }
    return cipher;
}

/* ota_file_open() without a file. */
static void open_file(const struct fuzz_input *input, struct cipher *cipher, struct ota_file *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->source.path = xstrdup("fuzz.ota");
    ret->source.fd = -1;
    ret->source.bytes = xmalloc(input->len + 1u);
    ret->source.len = input->len;
    memcpy(ret->source.bytes, input->bytes, input->len);
    ret->sum = input->sum;
    ret->prefix_len = input->len < sizeof ret->prefix ? input->len : sizeof ret->prefix;
    memcpy(ret->prefix, input->bytes, ret->prefix_len);
    ret->err = otav_file_parse(ret->prefix, ret->prefix_len, input->len, input->sum, &ret->file,
                               &ret->err_offset);
    ret->cipher = cipher;
    memcpy(ret->iv, fuzz_aes_iv, sizeof ret->iv);
}

static void expect_documented(enum ox ox)
{
    if (ox == OX_INTERNAL || ox == OX_USAGE || ox == OX_IO || ox == OX_KEY) {
        abort(); /* nothing in a file can cause these */
    }
}

static void inspect(const struct ota_file *file, const uint8_t *xy)
{
    struct inspection inspection;
    enum ox ox = inspection_make(file, xy, &inspection);

    expect_documented(ox);
    if (ox == OX_OK) {
        inspection_print(&inspection);
        expect_documented(inspection_print_json(&inspection));
        inspection_free(&inspection);
    }
}

/* The point of the P-256 base: a valid public key that signed nothing. */
static const uint8_t base_point[OTAV_PUBLIC_KEY_LEN] = {
    0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
    0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
    0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16,
    0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

static void check(struct ota_file *file, uint32_t salt)
{
    struct otav_config config;
    const struct file_question question = {&config, OTAV_INSTALL, (salt & 8) != 0};
    uint8_t key = 0;

    fuzz_device_config(&config, (salt & 16) != 0 ? OTAV_POLICY_STRICT : OTAV_POLICY_STOCK);
    config.key_count = 1;
    memcpy(config.keys[0].xy, base_point, sizeof base_point);
    expect_documented(check_file(file, &question, &key));
    if (ota_file_require_readable(file) != OX_OK) {
        return;
    }
    expect_documented(check_authentic(file, base_point));
    expect_documented(check_unsigned(file));
    expect_documented(ota_file_decrypt(file));
}

void fuzz_read_file(const struct fuzz_input *input)
{
    static FILE *messages;
    static struct cipher *cipher;
    struct ota_file file;

    if (messages == NULL) {
        messages = mute();
        cipher = open_cipher();
    }
    open_file(input, (input->salt & 96) != 0 ? cipher : NULL, &file);
    inspect(&file, (input->salt & 128) != 0 ? base_point : NULL);
    check(&file, input->salt);
    file.cipher = NULL; /* stays open for the next file */
    ota_file_close(&file);
}
