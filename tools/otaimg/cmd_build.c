/*
 * otaimg build: release manifests to OTA files.
 */
#include "commands.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "build_outputs.h"
#include "diag.h"
#include "manifest_args.h"
#include "release.h"
#include "util.h"

static const struct option_spec options[] = {
    {"output", 'o', "FILE",
     "write to FILE ('-' = standard output) instead of the manifest's output", false},
    {"set", 0, "KEY=VALUE", "override a manifest key, as in firmware.version=1.4.2.0", true},
    {"variant", 0, "NAME", "make this variant of the manifest and no others", true},
    {"jobs", 0, "N", "images to work on at a time, default: the CPUs, at most 16", false},
    {"for", 0, "DEVICE.yaml", "the file must also be one that this device takes", false},
    {"sbom", 0, "FILE", "software bill of materials, as attributes.sbom in the manifest", false},
    {"provenance", 0, NULL, "also write OUTPUT.provenance.json: what the file was made from",
     false},
    {"builder-id", 0, "URI", "who builds, for --provenance", false},
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

static enum ox build_one(const struct batch_image *image, const struct release_options *release,
                         struct key_ring *ring)
{
    struct release_result result;
    enum ox ox = release_build(image->m, image->output, release, ring, &result);

    if (ox == OX_OK && strcmp(image->output, "-") != 0) {
        print_summary(image->m, image->output, &result);
    }
    return ox;
}

static void print_made(const struct batch_image *image, const struct release_result *result)
{
    print_summary(image->m, image->output, result);
}

/* ---- what to build ---------------------------------------------------------------------------- */

static enum ox build_images(const struct batch_image *images, unsigned count, unsigned jobs,
                            const struct release_options *release)
{
    enum ox ox = build_outputs_check(images, count, release->provenance != NULL);
    struct key_ring *ring;

    if (ox != OX_OK) {
        return ox;
    }
    ring = key_ring_new(&release->keys);
    ox = count == 1 ? build_one(images, release, ring)
                    : batch_build(images, count, release, ring, jobs, print_made);
    key_ring_free(ring);
    return ox;
}

/* The lock on a log is held for the whole run, so a run has one. */
static enum ox choose_log(const struct args *args, const struct manifest_set *set, const char **ret)
{
    const char *given = args_value(args, "log");

    *ret = given != NULL ? given : set->items[0].log_file;
    for (unsigned i = 1; given == NULL && i < set->count; i++) {
        const char *other = set->items[i].log_file;

        if ((other == NULL) != (*ret == NULL) || (other != NULL && strcmp(other, *ret) != 0)) {
            return diag_fail(OX_USAGE,
                             "%s: 'log' is '%s', that of %s is '%s', expected one log for "
                             "all images of a run",
                             set->items[i].label, other != NULL ? other : "", set->items[0].label,
                             *ret != NULL ? *ret : "");
        }
    }
    return OX_OK;
}

static enum ox build_set(const struct args *args, const struct manifest_set *set, unsigned jobs,
                         const struct release_options *release)
{
    const char *output = args_value(args, "output");
    bool one_file = args_operand_count(args) == 1;
    struct batch_image *images;
    enum ox ox;

    if (output != NULL && set->count > 1) {
        return diag_fail(OX_USAGE,
                         "--output given for %u images, expected 'output' in each manifest",
                         set->count);
    }
    images = xcalloc(set->count, sizeof *images);
    for (unsigned i = 0; i < set->count; i++) {
        const struct manifest *m = &set->items[i];

        images[i] = (struct batch_image){m, output != NULL ? output : m->output,
                                         one_file && m->variant != NULL ? m->variant : m->label};
    }
    ox = build_images(images, set->count, jobs, release);
    free(images);
    return ox;
}

static enum ox read_jobs(const struct args *args, unsigned *ret)
{
    const char *text = args_value(args, "jobs");
    uint64_t jobs = 0;

    if (text == NULL) {
        *ret = batch_default_jobs();
        return OX_OK;
    }
    if (!parse_u64(text, BATCH_MAX_JOBS, &jobs) || jobs == 0) {
        return diag_fail(OX_USAGE, "--jobs is '%s', expected 1..%u", text, BATCH_MAX_JOBS);
    }
    *ret = (unsigned)jobs;
    return OX_OK;
}

/* --sbom: the path is relative to the working directory, like those of --set. */
static enum ox set_sbom(struct manifest_set *set, const char *sbom)
{
    for (unsigned i = 0; sbom != NULL && i < set->count; i++) {
        struct manifest *m = &set->items[i];

        if (!m->has_attributes) {
            return diag_fail(OX_USAGE, "%s: no 'attributes', expected them with '--sbom'",
                             m->label);
        }
        free(m->sbom_file);
        m->sbom_file = xstrdup(sbom);
    }
    return OX_OK;
}

static enum ox read_provenance(const struct args *args, struct evidence_options *ret)
{
    const char *builder = args_value(args, "builder-id");

    if (builder != NULL && !args_has(args, "provenance")) {
        return diag_fail(OX_USAGE, "'--builder-id' goes with --provenance");
    }
    if (builder != NULL && !is_uri(builder)) {
        return diag_fail(OX_USAGE,
                         "--builder-id is '%s', expected a URI, as https://ci.example/runner",
                         builder);
    }
    ret->builder_id = builder != NULL ? builder : EVIDENCE_UNKNOWN_BUILDER;
    ret->sbom = args_value(args, "sbom");
    ret->set_count = args_values(args, "set", &ret->sets);
    return OX_OK;
}

static enum ox build_with_log(const struct args *args, const struct manifest_set *set,
                              unsigned jobs, struct release_options *release)
{
    const char *path = NULL;
    enum ox ox = choose_log(args, set, &path);

    if (ox == OX_OK && path != NULL) {
        ox = release_log_open(path, true, &release->log);
    }
    if (ox == OX_OK) {
        ox = build_set(args, set, jobs, release);
    }
    release_log_close(release->log);
    return ox;
}

static enum ox run(const struct args *args)
{
    struct evidence_options provenance;
    struct release_options release = {.allow_insecure = args_has(args, "allow-insecure"),
                                      .device_path = args_value(args, "for"),
                                      .provenance =
                                          args_has(args, "provenance") ? &provenance : NULL};
    struct manifest_set set;
    unsigned jobs = 1;
    enum ox ox = args_key_options(args, &release.keys);

    if (ox == OX_OK) {
        ox = read_jobs(args, &jobs);
    }
    if (ox == OX_OK) {
        ox = read_provenance(args, &provenance);
    }
    if (ox == OX_OK) {
        ox = args_manifests(args, &set);
    }
    if (ox == OX_OK) {
        ox = set_sbom(&set, args_value(args, "sbom"));
        if (ox == OX_OK) {
            ox = build_with_log(args, &set, jobs, &release);
        }
        manifest_set_free(&set);
    }
    return ox;
}

const struct command command_build = {
    "build",
    "RELEASE.yaml... [-o FILE] [--set KEY=VALUE]...",
    "make an OTA file from a release manifest",
    "Reads the firmware, signs it, encrypts it and writes the file. Before the file appears it is\n"
    "parsed, decrypted and its signatures are checked with the code that runs on the device; on "
    "any\n"
    "failure nothing is written. SOURCE_DATE_EPOCH, when set, becomes the build-time attribute.\n"
    "Several manifests, and manifests with 'variants', are built with one login to a token; one "
    "that\n"
    "fails leaves the others whole. With a log, a release whose version and sequence were signed "
    "with\n"
    "other content is refused, and what was signed gets a line before the file appears.",
    options,
    1,
    UINT_MAX,
    run};
