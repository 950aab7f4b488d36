/*
 * The corpus as jobs for verify_image, and what the verifier with OpenSSL says of each on this
 * machine:  verdicts GOLDEN JOBS EXPECTED
 *
 * Every file of GOLDEN/good and GOLDEN/bad goes to the device of its line in index.tsv, or to the
 * production device where that line names none.
 * Layer: test.
 */
#include <otav/otav_file.h>
#include <otav/otav_openssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../verifier/device/verify_image/input.h"
#include "cipher.h"
#include "device_file.h"
#include "diag.h"
#include "util.h"

enum { LINE_MAX_LEN = 1024, FILE_MAX_LEN = 1 << 20 };

struct output {
    FILE *jobs;
    FILE *expected;
    uint32_t count;
};

static _Noreturn void die(const char *what, const char *name)
{
    fprintf(stderr, "verdicts: %s: %s\n", name, what);
    exit(2);
}

static void put(FILE *stream, const void *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, stream) != len) {
        die("cannot write", "output");
    }
}

static uint32_t read_file(const char *path, uint8_t *ret)
{
    FILE *stream = fopen(path, "rb");
    size_t len;

    if (stream == NULL) {
        die("cannot open", path);
    }
    len = fread(ret, 1, FILE_MAX_LEN, stream);
    fclose(stream);
    if (len == FILE_MAX_LEN) {
        die("too long", path);
    }
    return (uint32_t)len;
}

static void load_device(const char *golden, const char *name, struct otav_config *ret)
{
    const struct key_options options = {0};
    struct device_file device;
    struct cipher *cipher = NULL;
    char *path = xasprintf("%s/devices/%s.yaml", golden, name);

    if (device_file_load(path, &options, &device) != OX_OK) {
        die("cannot load", path);
    }
    *ret = device.config;
    if (device.decrypt_key_uri != NULL) {
        ret->has_decrypt_key = cipher_open(device.decrypt_key_uri, &options, &cipher) == OX_OK &&
                               cipher_key_bytes(cipher, ret->decrypt_key);
        if (!ret->has_decrypt_key) {
            die("cannot load the decryption key", path);
        }
        cipher_close(cipher);
    }
    device_file_free(&device);
    free(path);
}

static enum otav_err judge(struct otav_context *ctx, const struct input_job *job,
                           const uint8_t *file)
{
    uint32_t sum = 0;
    enum otav_err err;

    for (uint32_t i = 0; i < job->file_len; i++) {
        sum += file[i];
    }
    err = otav_open_file(ctx, &job->config, &otav_crypto_openssl, (enum otav_purpose)job->purpose,
                         job->file_len, sum, NULL);
    if (err == OTAV_OK) {
        err = otav_feed(ctx, file, job->file_len);
    }
    return err == OTAV_OK ? otav_finish(ctx) : err;
}

static void add(struct output *out, const char *golden, const char *name, const char *device,
                bool boot)
{
    static uint8_t file[FILE_MAX_LEN + 4];
    static struct otav_context ctx;
    struct input_job job = {.purpose = boot ? OTAV_BOOT : OTAV_INSTALL};
    enum otav_err err;

    memset(file, 0, sizeof file);
    job.file_len = read_file(name, file);
    load_device(golden, strcmp(device, "-") == 0 ? "production" : device, &job.config);
    put(out->jobs, &job, sizeof job);
    put(out->jobs, file, (job.file_len + 3) / 4 * 4);
    err = judge(&ctx, &job, file);
    fprintf(out->expected, "%u %s error %u detail %u key %u %s\n", out->count++,
            otav_verdict(&ctx) == OTAV_ACCEPT ? "ACCEPT" : "REJECT", (unsigned)err,
            otav_get_detail(&ctx), otav_get_key_index(&ctx), strrchr(name, '/') + 1);
    otav_close(&ctx);
}

static void add_all(struct output *out, const char *golden, const char *set)
{
    char *path = xasprintf("%s/%s/index.tsv", golden, set);
    FILE *index = fopen(path, "r");
    char line[LINE_MAX_LEN];

    if (index == NULL) {
        die("cannot open", path);
    }
    while (fgets(line, sizeof line, index) != NULL) {
        char name[128];
        char device[64];
        char options[128];
        char *file;

        if (line[0] == '#' ||
            sscanf(line, "%127[^\t]\t%*[^\t]\t%63[^\t]\t%127[^\t]", name, device, options) != 3) {
            continue;
        }
        file = xasprintf("%s/%s/%s", golden, set, name);
        add(out, golden, file, device, strcmp(options, "--boot") == 0);
        free(file);
    }
    fclose(index);
    free(path);
}

int main(int argc, char **argv)
{
    struct input_header header = {.magic = INPUT_MAGIC};
    struct output out = {0};

    diag_set_quiet(true); /* keys of a test corpus are readable by anyone */
    if (argc != 4) {
        fprintf(stderr, "usage: verdicts GOLDEN JOBS EXPECTED\n");
        return 2;
    }
    out.jobs = fopen(argv[2], "wb");
    out.expected = fopen(argv[3], "w");
    if (out.jobs == NULL || out.expected == NULL) {
        die("cannot create", argv[2]);
    }
    put(out.jobs, &header, sizeof header);
    add_all(&out, argv[1], "good");
    add_all(&out, argv[1], "bad");
    header.job_count = out.count;
    rewind(out.jobs);
    put(out.jobs, &header, sizeof header);
    if (fclose(out.jobs) != 0 || fclose(out.expected) != 0) {
        die("cannot write", argv[2]);
    }
    return out.count > 0 ? 0 : 1;
}
