/*
 * vectors FOLDER: NIST's vectors on the device's code, in the emulator: SHA-256 short and long messages,
 * AES-128-CBC known answers and multi-block messages, for both profiles.
 * Layer: test, host. Monte Carlo runs on the host alone: here it would take minutes.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../soft/cavp.h"
#include "core.h"

static const char *const sha256_files[] = {"hashes/SHA2/SHA256ShortMsg.rsp",
                                           "hashes/SHA2/SHA256LongMsg.rsp"};
static const char *const aes_files[] = {
    "ciphers/AES/CBC/CBCGFSbox128.rsp", "ciphers/AES/CBC/CBCKeySbox128.rsp",
    "ciphers/AES/CBC/CBCVarKey128.rsp", "ciphers/AES/CBC/CBCVarTxt128.rsp",
    "ciphers/AES/CBC/CBCMMT128.rsp"};

struct counts {
    unsigned right, wrong;
};

static void judge(struct core *core, struct measure_io *io, const uint8_t *result,
                  const struct cavp_line *expected, struct counts *counts)
{
    struct core_run unused;

    if (core_call(core, io, &unused) && memcmp(result, expected->bytes, expected->len) == 0) {
        counts->right++;
    } else {
        counts->wrong++;
    }
}

static void run_sha256(struct core *core, const char *path, struct counts *counts)
{
    static struct measure_io io;
    static struct cavp_line line;
    FILE *file = cavp_open(path);

    io.call_len = 61;
    while (cavp_next(file, &line)) {
        if (strcmp(line.name, "Len") == 0) {
            io.len = (uint32_t)(line.number / 8);
        } else if (strcmp(line.name, "Msg") == 0) {
            memcpy(io.bytes, line.bytes, line.len);
        } else if (strcmp(line.name, "MD") == 0) {
            judge(core, &io, io.result, &line, counts);
        }
    }
    (void)fclose(file);
}

/* Those cases that decrypt: their ciphertext stands before the plaintext. */
static void run_aes(struct core *core, const char *path, struct counts *counts)
{
    static struct measure_io io;
    static struct cavp_line line;
    FILE *file = cavp_open(path);

    io.call_len = 32;
    while (cavp_next(file, &line)) {
        if (strcmp(line.name, "KEY") == 0) {
            memcpy(io.parameters, line.bytes, 16);
        } else if (strcmp(line.name, "IV") == 0) {
            memcpy(io.parameters + 16, line.bytes, 16);
        } else if (strcmp(line.name, "CIPHERTEXT") == 0) {
            memcpy(io.bytes, line.bytes, line.len);
            io.len = (uint32_t)line.len;
        } else if (strcmp(line.name, "COUNT") == 0) {
            io.len = 0;
        } else if (strcmp(line.name, "PLAINTEXT") == 0 && io.len > 0) {
            judge(core, &io, io.bytes, &line, counts);
        }
    }
    (void)fclose(file);
}

static bool run_files(const char *folder, const char *guest, const char *const *files,
                      unsigned file_count,
                      void (*run)(struct core *, const char *, struct counts *),
                      unsigned expected_count)
{
    struct counts counts = {0, 0};
    char path[PATH_MAX];
    struct core *core;

    (void)snprintf(path, sizeof path, "%s/%s.elf", folder, guest);
    core = core_open(path);
    for (unsigned i = 0; core != NULL && i < file_count; i++) {
        run(core, files[i], &counts);
    }
    core_close(core);
    printf("%s: %u right, %u wrong\n", guest, counts.right, counts.wrong);
    return counts.right == expected_count && counts.wrong == 0;
}

int main(int argc, char **argv)
{
    bool ok = argc == 2;

    cavp_need();
    if (ok) {
        ok = run_files(argv[1], "sha256_small", sha256_files, 2, run_sha256, 65 + 64) && ok;
        ok = run_files(argv[1], "sha256_fast", sha256_files, 2, run_sha256, 65 + 64) && ok;
        ok = run_files(argv[1], "aes_cbc_small", aes_files, 5, run_aes, 7 + 21 + 128 + 128 + 10) &&
             ok;
        ok = run_files(argv[1], "aes_cbc_fast", aes_files, 5, run_aes, 7 + 21 + 128 + 128 + 10) &&
             ok;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
