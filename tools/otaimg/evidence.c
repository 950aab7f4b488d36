/*
 * The provenance statement.
 *
 * Layer: above manifest and outfile, used by release.c. Invariant: the digests are those of the bytes
 * that were built from - taken before the inputs are read and compared again afterwards. With
 * SOURCE_DATE_EPOCH set the statement depends on nothing but the inputs and the command line.
 */
#include "evidence.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "digest.h"
#include "json_hex.h"
#include "timestamp.h"
#include "util.h"

enum { INPUT_MANIFEST, INPUT_FIRMWARE, INPUT_SBOM, INPUT_COUNT };

static const char *const roles[INPUT_COUNT] = {"manifest", "firmware", "sbom"};

struct evidence {
    const struct manifest *m;
    struct evidence_options options;
    const char *paths[INPUT_COUNT]; /* NULL = there is none */
    uint8_t digests[INPUT_COUNT][OTAV_SHA256_LEN];
    bool fixed_time; /* SOURCE_DATE_EPOCH */
    uint64_t started;
};

/* ---- before the build ------------------------------------------------------------------------- */

static enum ox begin_time(struct evidence *e)
{
    char text[TIMESTAMP_TEXT_LEN];
    enum ox ox = timestamp_source_date(&e->fixed_time, &e->started);

    if (ox != OX_OK) {
        return ox;
    }
    if (!e->fixed_time) {
        e->started = timestamp_now();
    }
    if (!timestamp_format(e->started, text)) {
        return diag_fail(OX_USAGE,
                         "SOURCE_DATE_EPOCH is behind the year 9999, expected a time that "
                         "a provenance can hold");
    }
    return OX_OK;
}

static enum ox begin_input(struct evidence *e, unsigned input)
{
    const char *path = e->paths[input];
    struct stat status;

    if (path == NULL) {
        return OX_OK;
    }
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return diag_fail(OX_USAGE,
                         "the %s '%s' is not a regular file, expected one with '--provenance'",
                         roles[input], path);
    }
    return digest_file(path, e->digests[input]);
}

enum ox evidence_begin(const struct manifest *m, const struct evidence_options *options,
                       struct evidence **ret)
{
    struct evidence *e = xcalloc(1, sizeof *e);
    enum ox ox;

    e->m = m;
    e->options = *options;
    e->paths[INPUT_MANIFEST] = m->path;
    e->paths[INPUT_FIRMWARE] = m->firmware_file;
    e->paths[INPUT_SBOM] = m->sbom_file;
    ox = begin_time(e);
    for (unsigned i = 0; ox == OX_OK && i < INPUT_COUNT; i++) {
        ox = begin_input(e, i);
    }
    if (ox != OX_OK) {
        free(e);
        return ox;
    }
    *ret = e;
    return OX_OK;
}

void evidence_free(struct evidence *evidence)
{
    free(evidence);
}

/* ---- the statement ---------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static json_t *digest_json(const char *kind, const uint8_t *digest, size_t len)
{
    return json_pack("{s:o}", kind, json_hex(digest, len));
}

/* A ResourceDescriptor. NULL for names that are not UTF-8, as in all that follows. */
static json_t *input_json(const struct evidence *e, unsigned input)
{
    return json_pack("{s:s, s:o, s:{s:s}}", "name", base_name(e->paths[input]), "digest",
                     digest_json("sha256", e->digests[input], OTAV_SHA256_LEN), "annotations",
                     "role", roles[input]);
}

static json_t *dependencies_json(const struct evidence *e)
{
    json_t *list = json_array();
    bool ok = list != NULL;

    for (unsigned i = 0; i < INPUT_COUNT; i++) {
        ok = ok && (e->paths[i] == NULL || json_array_append_new(list, input_json(e, i)) == 0);
    }
    if (ok && e->m->source_revision_len > 0) {
        json_t *source =
            json_pack("{s:o, s:{s:s}}", "digest",
                      digest_json("gitCommit", e->m->source_revision, e->m->source_revision_len),
                      "annotations", "role", "source");

        ok = json_array_append_new(list, source) == 0;
    }
    if (!ok) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *overrides_json(const struct evidence *e)
{
    json_t *list = json_array();

    for (unsigned i = 0; list != NULL && i < e->options.set_count; i++) {
        if (json_array_append_new(list, json_string(e->options.sets[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* value NULL: nothing is added. False = no memory. */
static bool add_text(json_t *object, const char *key, const char *value)
{
    return value == NULL || json_object_set_new(object, key, json_string(value)) == 0;
}

static json_t *external_json(const struct evidence *e)
{
    const char *sbom = e->options.sbom != NULL ? base_name(e->options.sbom) : NULL;
    json_t *external =
        json_pack("{s:{s:s, s:o}, s:o}", "manifest", "name", base_name(e->m->path), "digest",
                  digest_json("sha256", e->digests[INPUT_MANIFEST], OTAV_SHA256_LEN), "overrides",
                  overrides_json(e));

    if (external != NULL &&
        (!add_text(external, "sbom", sbom) || !add_text(external, "variant", e->m->variant))) {
        json_decref(external);
        return NULL;
    }
    return external;
}

static json_t *run_json(const struct evidence *e)
{
    char started[TIMESTAMP_TEXT_LEN] = "";
    char finished[TIMESTAMP_TEXT_LEN] = "";

    (void)timestamp_format(e->started, started);
    (void)timestamp_format(e->fixed_time ? e->started : timestamp_now(), finished);
    return json_pack("{s:{s:s, s:{s:s}}, s:{s:s, s:s}}", "builder", "id", e->options.builder_id,
                     "version", "otaimg", OTAIMG_VERSION, "metadata", "startedOn", started,
                     "finishedOn", finished);
}

static json_t *statement_json(const struct evidence *e, const char *output,
                              const uint8_t digest[OTAV_SHA256_LEN])
{
    return json_pack("{s:s, s:[{s:s, s:o}], s:s, s:{s:{s:s, s:o, s:{}, s:o}, s:o}}", "_type",
                     "https://in-toto.io/Statement/v1", "subject", "name", base_name(output),
                     "digest", digest_json("sha256", digest, OTAV_SHA256_LEN), "predicateType",
                     "https://slsa.dev/provenance/v1", "predicate", "buildDefinition", "buildType",
                     EVIDENCE_BUILD_TYPE, "externalParameters", external_json(e),
                     "internalParameters", "resolvedDependencies", dependencies_json(e),
                     "runDetails", run_json(e));
}

/* ---- after the build -------------------------------------------------------------------------- */

static enum ox check_unchanged(const struct evidence *e)
{
    uint8_t digest[OTAV_SHA256_LEN];

    for (unsigned i = 0; i < INPUT_COUNT; i++) {
        enum ox ox = e->paths[i] != NULL ? digest_file(e->paths[i], digest) : OX_OK;

        if (ox != OX_OK) {
            return ox;
        }
        if (e->paths[i] != NULL && memcmp(digest, e->digests[i], sizeof digest) != 0) {
            return diag_fail(OX_IO, "the %s '%s' changed during the build, expected it to stay",
                             roles[i], e->paths[i]);
        }
    }
    return OX_OK;
}

static enum ox write_text(const char *output, const char *text, struct outfile **ret)
{
    char *path = xasprintf("%s" EVIDENCE_SUFFIX, output);
    struct outfile *out = NULL;
    enum ox ox = outfile_open(path, 0666, &out);

    free(path);
    if (ox == OX_OK) {
        ox = outfile_write(out, text, strlen(text));
    }
    if (ox == OX_OK) {
        ox = outfile_write(out, "\n", 1);
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    *ret = out;
    return OX_OK;
}

enum ox evidence_write(const struct evidence *evidence, const char *output, int fd,
                       struct outfile **ret)
{
    uint8_t digest[OTAV_SHA256_LEN];
    json_t *statement;
    char *text;
    enum ox ox = check_unchanged(evidence);

    if (ox == OX_OK) {
        ox = digest_fd(output, fd, digest);
    }
    if (ox != OX_OK) {
        return ox;
    }
    statement = statement_json(evidence, output, digest);
    text = statement != NULL ? json_dumps(statement, JSON_INDENT(2)) : NULL;
    json_decref(statement);
    if (text == NULL) {
        return diag_fail(OX_USAGE,
                         "%s" EVIDENCE_SUFFIX
                         ": a name or an option is not UTF-8, expected what JSON can hold",
                         output);
    }
    ox = write_text(output, text, ret);
    free(text);
    return ox;
}
