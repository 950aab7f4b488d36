/*
 * otaimg verify: would this device take this file? The device's own code answers.
 */
#include "commands.h"

#include <stdio.h>

#include "diag.h"
#include "trust.h"
#include "util.h"

static const struct option_spec options[] = {
    TRUST_OPTION_SPECS,
    {"boot", 0, NULL, "as at boot: do not ask for a newer version", false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

static enum ox verify(const struct trust *trust, const struct args *args,
                      const struct key_options *keys)
{
    struct ota_file file;
    uint8_t id[32];
    char id_text[65];
    enum ox ox = ota_file_open(args_operand(args, 0), &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_set_key(&file, args);
    if (ox == OX_OK) {
        ox = trust_check(trust, &file, keys, id);
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

static enum ox run(const struct args *args)
{
    struct key_options keys;
    struct trust trust;
    enum ox ox = args_key_options(args, &keys);

    if (ox == OX_OK) {
        ox = trust_from_args(args, &trust);
    }
    if (ox == OX_OK && args_has(args, "boot")) {
        if (trust.device_path == NULL) {
            return diag_fail(OX_USAGE, "'--boot' goes with --device");
        }
        trust.purpose = OTAV_BOOT;
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
