/*
 * A small release for the tests of whole commands: firmware, and a manifest whose keys are both on
 * the token of hsm_add_default(). They lie in a folder of their own, so that a test can tell what a
 * run left behind.
 */
#ifndef TEST_RELEASE_FILES_H
#define TEST_RELEASE_FILES_H

#include "cli.h"
#include "hsm.h"

#include <dirent.h>
#include <sys/stat.h>

#include "util.h"

#define RELEASE_SIGN_KEY "pkcs11:token=release;object=app"
#define RELEASE_AES_KEY  "pkcs11:token=release;object=enc"
#define RELEASE_IV       "000102030405060708090a0b0c0d0e0f"
#define RELEASE_FW_LEN   1000 /* padded to 1008 */
#define RELEASE_META_LEN 512

static uint8_t release_firmware[RELEASE_FW_LEN];
static char *release_manifest;  /* path */
static char release_output[64]; /* path that the manifest names; no file yet */

static inline void release_write(void)
{
    /* Stack pointer and reset vector of a Cortex-M4 image, little-endian. */
    static const uint8_t vectors[] = {0x00, 0x00, 0x01, 0x20, 0x01, 0x03, 0x00, 0x01};
    char *folder = hsm_path("release");
    char *firmware = hsm_path("release/app.bin");
    char *output = hsm_path("release/app.ota");
    FILE *file;

    release_manifest = hsm_path("release/release.yaml");
    (void)snprintf(release_output, sizeof release_output, "%s", output);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    for (unsigned i = 0; i < RELEASE_FW_LEN; i++) {
        release_firmware[i] = i < sizeof vectors ? vectors[i] : (uint8_t)(i * 7);
    }
    file = fopen(firmware, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(release_firmware, 1, RELEASE_FW_LEN, file), RELEASE_FW_LEN);
    ck_assert_int_eq(fclose(file), 0);
    hsm_write_file(release_manifest,
                   "otaimg: 1\n"
                   "device: wbz451\n"
                   "firmware: {file: app.bin, format: bin, address: 0x01000200, version: 1.4.2.0,\n"
                   "  sequence: 7, image-id: 0x9B000000, manufacturer: MCHP}\n"
                   "authentication: ecdsa-p256-sha256\n"
                   "sign: {key: \"" RELEASE_SIGN_KEY "\", class: development}\n"
                   "encrypt: {method: aes-128-cbc, key: \"" RELEASE_AES_KEY "\",\n"
                   "  iv: \"" RELEASE_IV "\"}\n"
                   "file-type: ble\n"
                   "output: app.ota\n");
    free(output);
    free(firmware);
    free(folder);
}

/* Fails the test unless the folder holds the inputs, and the output or not, and nothing else. */
static inline void release_expect_files(bool output)
{
    char *path = hsm_path("release");
    DIR *folder = opendir(path);
    const struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(folder);
    while ((entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name;

        ck_assert_msg(strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
                          strcmp(name, "app.bin") == 0 || strcmp(name, "release.yaml") == 0 ||
                          (output && strcmp(name, "app.ota") == 0),
                      "left behind: '%s'", name);
        count++;
    }
    (void)closedir(folder);
    ck_assert_uint_eq(count, output ? 5 : 4);
    free(path);
}

#endif
