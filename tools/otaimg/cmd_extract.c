/*
 * otaimg extract: the plaintext out of an OTA file, after verification.
 */
#include "commands.h"

#include <stdio.h>

#include "diag.h"
#include "outfile.h"
#include "trust.h"

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "write to FILE, '-' = standard output (required)", false},
    {"image", 0, NULL, "metadata and firmware, as they lie in the slot", false},
    TRUST_OPTION_SPECS,
    {"allow-insecure", 0, NULL, "extract without checking signatures", false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

static enum ox write_piece(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    (void)offset;
    return outfile_write(user, bytes, len);
}

static enum ox write_plaintext(const struct ota_file *file, bool image, const char *path)
{
    uint8_t metadata[OTAV_META_LEN];
    struct outfile *out = NULL;
    enum ox ox = ota_file_metadata(file, metadata);

    if (ox == OX_OK) {
        ox = outfile_open(path, 0666, &out);
    }
    if (ox == OX_OK && image) {
        ox = outfile_write(out, metadata, sizeof metadata);
    }
    if (ox == OX_OK) {
        ox = ota_file_for_each_firmware(file, otav_load_u32(metadata + OTAV_META_FW_LEN_OFF),
                                        write_piece, out);
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    return outfile_finish(out);
}

static enum ox run(const struct args *args)
{
    const char *output = args_value(args, "output");
    struct key_options keys;
    struct trust trust;
    struct ota_file file;
    enum ox ox = args_key_options(args, &keys);

    if (ox == OX_OK && output == NULL) {
        ox = diag_fail(OX_USAGE, "no output given, expected --output FILE");
    }
    if (ox == OX_OK) {
        ox = trust_from_args(args, &trust);
    }
    if (ox == OX_OK) {
        ox = ota_file_open_whole(args_operand(args, 0), &file);
    }
    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_set_key(&file, args);
    if (ox == OX_OK) {
        ox = trust_check(&trust, &file, &keys, NULL);
    }
    if (ox == OX_OK) {
        ox = write_plaintext(&file, args_has(args, "image"), output);
    }
    ota_file_close(&file);
    return ox;
}

const struct command command_extract = {
    "extract",
    "FILE -o OUT --device DEVICE.yaml | --verify-key URI",
    "plaintext firmware or slot image out of a verified file",
    "Verifies first, with what --device or --verify-key names, and writes only what was verified.\n"
    "With --allow-insecure instead, signatures are not checked (SHA-256 digests are, where the "
    "file\n"
    "has them).",
    options,
    1,
    1,
    run};
