/*
 * otaimg build: a release manifest to an OTA file.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "evidence.h"
#include "manifest.h"
#include "release.h"
#include "util.h"

static const struct option_spec options[] = {
    {"output", 'o', "FILE",
     "write to FILE ('-' = standard output) instead of the manifest's output", false},
    {"set", 0, "KEY=VALUE", "override a manifest key, as in firmware.version=1.4.2.0", true},
    {"for", 0, "DEVICE.yaml", "the file must also be one that this device takes", false},
    {"sbom", 0, "FILE", "software bill of materials, as attributes.sbom in the manifest", false},
    {"provenance", 0, NULL, "also write OUTPUT.provenance.json: what the file was made from",
     false},
    {"builder-id", 0, "URI", "who builds, for --provenance; default otaimg", false},
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

static enum ox check_provenance(const struct args *args, const char *output)
{
    if (!args_has(args, "provenance")) {
        return args_has(args, "builder-id")
                   ? diag_fail(OX_USAGE, "'--builder-id' goes with --provenance")
                   : OX_OK;
    }
    if (strcmp(output, "-") == 0) {
        return diag_fail(OX_USAGE, "'--provenance' names a file, expected --output FILE, not '-'");
    }
    return OX_OK;
}

static enum ox build_with_evidence(const struct args *args, const struct manifest *m,
                                   const char *output, struct release_options *release)
{
    struct evidence_options what = {.builder_id = args_value(args, "builder-id"),
                                    .sbom = args_value(args, "sbom")};
    struct evidence *evidence = NULL;
    enum ox ox = check_provenance(args, output);

    if (ox == OX_OK && args_has(args, "provenance")) {
        what.set_count = args_values(args, "set", &what.sets);
        what.builder_id = what.builder_id != NULL ? what.builder_id : "otaimg";
        ox = evidence_begin(m, &what, &evidence);
    }
    if (ox == OX_OK) {
        release->evidence = evidence;
        ox = build(m, output, release);
    }
    evidence_free(evidence);
    return ox;
}

/* --sbom: the path is relative to the working directory, like those of --set. */
static enum ox set_sbom(struct manifest *m, const char *sbom)
{
    if (sbom == NULL) {
        return OX_OK;
    }
    if (!m->has_attributes) {
        return diag_fail(OX_USAGE, "%s: no 'attributes', expected them with '--sbom'", m->path);
    }
    free(m->sbom_file);
    m->sbom_file = xstrdup(sbom);
    return OX_OK;
}

static enum ox run(const struct args *args)
{
    struct release_options release = {.allow_insecure = args_has(args, "allow-insecure"),
                                      .device_path = args_value(args, "for")};
    const char *const *sets = NULL;
    unsigned set_count = args_values(args, "set", &sets);
    struct manifest m;
    const char *output;
    enum ox ox = args_key_options(args, &release.keys);

    if (ox == OX_OK) {
        ox = manifest_load(args_operand(args, 0), sets, set_count, &m);
    }
    if (ox != OX_OK) {
        return ox;
    }
    ox = set_sbom(&m, args_value(args, "sbom"));
    output = args_value(args, "output") != NULL ? args_value(args, "output") : m.output;
    if (ox == OX_OK && output == NULL) {
        ox = diag_fail(OX_USAGE, "%s: no 'output', and no --output given", m.path);
    }
    if (ox == OX_OK) {
        ox = build_with_evidence(args, &m, output, &release);
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
    "failure nothing is written. SOURCE_DATE_EPOCH, when set, becomes the build-time attribute.",
    options,
    1,
    1,
    run};
