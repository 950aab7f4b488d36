/*
 * otaimg build: a release manifest to an OTA file.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "manifest.h"
#include "release.h"
#include "util.h"

static const struct option_spec options[] = {
    {"output", 'o', "FILE",
     "write to FILE ('-' = standard output) instead of the manifest's output", false},
    {"set", 0, "KEY=VALUE", "override a manifest key, as in firmware.version=1.4.2.0", true},
    {"for", 0, "DEVICE.yaml", "the file must also be one that this device takes", false},
    {"log", 0, "FILE", "audit log: instead of the manifest's log", false},
    {"allow-insecure", 0, NULL, "allow authentication none and sha256", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

static const char *const type_names[] = {"BLE OTA file", "Zigbee OTA file", "combo OTA file",
                                         "slot image", "HEX file"};

static void print_summary(const struct manifest *m, const char *output,
                          const struct release_result *result)
{
    char version[VERSION_TEXT_LEN];
    char id[65] = "none";

    format_version(m->version, version);
    if (result->has_key) {
        hex_encode(result->key_id, sizeof result->key_id, id);
    }
    put_printable(stdout, output);
    printf(": %s, %s, version %s, sequence %u, %u bytes of firmware, key %s\n",
           type_names[m->file_type], m->encrypt ? "encrypted" : "plain", version, m->sequence,
           result->fw_len, id);
}

static enum ox build(const struct manifest *m, const char *output,
                     const struct release_options *release)
{
    struct key_ring *ring = key_ring_new(&release->keys);
    struct release_result result;
    enum ox ox = release_build(m, output, release, ring, &result);

    if (ox == OX_OK && strcmp(output, "-") != 0) {
        print_summary(m, output, &result);
    }
    key_ring_free(ring);
    return ox;
}

static enum ox build_with_log(const struct manifest *m, const char *output, const char *log_path,
                              struct release_options *release)
{
    enum ox ox = log_path != NULL ? release_log_open(log_path, true, &release->log) : OX_OK;

    if (ox == OX_OK) {
        ox = build(m, output, release);
    }
    release_log_close(release->log);
    return ox;
}

static enum ox run(const struct args *args)
{
    struct release_options release = {.allow_insecure = args_has(args, "allow-insecure"),
                                      .device_path = args_value(args, "for")};
    const char *const *sets = NULL;
    unsigned set_count = args_values(args, "set", &sets);
    struct manifest m;
    const char *output;
    const char *log_path;
    enum ox ox = args_key_options(args, &release.keys);

    if (ox == OX_OK) {
        ox = manifest_load(args_operand(args, 0), sets, set_count, &m);
    }
    if (ox != OX_OK) {
        return ox;
    }
    output = args_value(args, "output") != NULL ? args_value(args, "output") : m.output;
    log_path = args_value(args, "log") != NULL ? args_value(args, "log") : m.log_file;
    if (output == NULL) {
        ox = diag_fail(OX_USAGE, "%s: no 'output', and no --output given", m.path);
    } else {
        ox = build_with_log(&m, output, log_path, &release);
    }
    manifest_free(&m);
    return ox;
}

const struct command command_build = {
    "build",
    "RELEASE.yaml [-o FILE] [--set KEY=VALUE]...",
    "make an OTA file from a release manifest",
    "Reads the firmware, signs it, encrypts it and writes the file. Before the file appears it is\n"
    "parsed, decrypted and its signatures are checked with the code that runs on the device; on "
    "any\n"
    "failure nothing is written. SOURCE_DATE_EPOCH, when set, becomes the build-time attribute.\n"
    "With a log, a release whose version and sequence were signed with other content is refused, "
    "and\n"
    "what was signed gets a line before the file appears.",
    options,
    1,
    1,
    run};
