/*
 * otaimg verify: would this device take this file? The device's own code answers.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include <otav/otav_attributes.h>

#include "diag.h"
#include "sbom.h"
#include "trust.h"
#include "util.h"

static const struct option_spec options[] = {
    TRUST_OPTION_SPECS,
    {"boot", 0, NULL, "as at boot: do not ask for a newer version", false},
    {"crypto", 0, "soft", "run the crypto that devices link as well, which must agree", false},
    {"sbom", 0, "FILE", "FILE must also be the bill of materials that the file was signed with",
     false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

/* The signed attribute; false when there is none. */
static bool signed_sbom(const uint8_t metadata[OTAV_META_LEN], struct otav_record *ret)
{
    const uint8_t *area = metadata + OTAV_META_ATTRIBUTES_OFF;
    struct otav_attributes enforced;
    uint16_t offset = 0;

    /* Stock files may hold anything there. */
    if (otav_attributes_parse(area, OTAV_META_ATTRIBUTES_LEN, false, &enforced, &offset) !=
        OTAV_OK) {
        return false;
    }
    offset = 0;
    while (otav_attributes_next(area, OTAV_META_ATTRIBUTES_LEN, &offset, ret)) {
        if (ret->type == OTAV_ATTR_SBOM) {
            return true;
        }
    }
    return false;
}

/* Call only after the file was accepted: then the attribute is what was signed. */
static enum ox check_sbom(const struct ota_file *file, const char *path)
{
    uint8_t metadata[OTAV_META_LEN];
    struct otav_record sbom;
    uint8_t sha256[OTAV_SHA256_LEN];
    uint8_t format = 0;
    enum ox ox = ota_file_metadata(file, metadata);

    if (ox != OX_OK) {
        return ox;
    }
    if (!signed_sbom(metadata, &sbom)) {
        return diag_fail(OX_POLICY, "%s: no sbom attribute was signed, expected that of '%s'",
                         file->source.path, path);
    }
    ox = sbom_read(path, &format, sha256);
    if (ox != OX_OK) {
        return ox;
    }
    if (format != sbom.value[OTAV_SBOM_FORMAT_OFF] ||
        memcmp(sha256, sbom.value + OTAV_SBOM_SHA256_OFF, sizeof sha256) != 0) {
        return diag_fail(OX_AUTH, "%s: '%s' is not the SBOM that was signed", file->source.path,
                         path);
    }
    return OX_OK;
}

static enum ox verify(const struct trust *trust, const struct args *args,
                      const struct key_options *keys)
{
    struct ota_file file;
    uint8_t id[32];
    char id_text[65];
    const char *sbom = args_value(args, "sbom");
    /* What was checked must be what is read again. */
    enum ox ox = sbom != NULL ? ota_file_open_whole(args_operand(args, 0), &file)
                              : ota_file_open(args_operand(args, 0), &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_set_key(&file, args);
    if (ox == OX_OK) {
        ox = trust_check(trust, &file, keys, id);
    }
    if (ox == OX_OK && sbom != NULL) {
        ox = check_sbom(&file, sbom);
    }
    if (ox == OX_OK) {
        hex_encode(id, sizeof id, id_text);
        put_printable(stdout, file.source.path);
        printf(": %s, signed with key %s\n",
               trust->device_path != NULL ? "accepted" : "both signatures are good", id_text);
    }
    ota_file_close(&file);
    return ox;
}

/* Options that ask something of a device. */
static enum ox device_options(const struct args *args, struct trust *trust)
{
    const char *crypto = args_value(args, "crypto");
    const bool boot = args_has(args, "boot");

    if (trust->device_path == NULL && (boot || crypto != NULL)) {
        return diag_fail(OX_USAGE, "'--%s' goes with --device", boot ? "boot" : "crypto");
    }
    if (crypto != NULL && strcmp(crypto, "soft") != 0) {
        return diag_fail(OX_USAGE, "'--crypto' is '%s', expected soft", crypto);
    }
    trust->device_crypto = crypto != NULL;
    trust->purpose = boot ? OTAV_BOOT : OTAV_INSTALL;
    return OX_OK;
}

static enum ox run(const struct args *args)
{
    struct key_options keys;
    struct trust trust;
    enum ox ox = args_key_options(args, &keys);

    if (ox == OX_OK) {
        ox = trust_from_args(args, &trust);
    }
    if (ox == OX_OK) {
        ox = device_options(args, &trust);
    }
    return ox == OX_OK ? verify(&trust, args, &keys) : ox;
}

const struct command command_verify = {
    "verify",
    "FILE --device DEVICE.yaml",
    "would this device, in this state, take this file?",
    "Runs the verifier that runs on the device, in the same order, and ends with the exit code of\n"
    "the first check that fails. With --verify-key instead of --device only the format and the "
    "two\n"
    "signatures are checked, no device's policy.",
    options,
    1,
    1,
    run};
