/*
 * Where the images of one run go.
 *
 * Layer: commands, beside cmd_build.c. Invariant: two outputs, or an output and a provenance, that would be one file
 * are found before a key is opened, however their paths are spelt.
 */
#include "build_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "evidence.h"
#include "util.h"

struct real_path {
    char *path;
    unsigned index;
    bool is_provenance; /* of that image's output */
};

static int compare_paths(const void *a, const void *b)
{
    const struct real_path *left = a;
    const struct real_path *right = b;
    int order = strcmp(left->path, right->path);

    order = order != 0 ? order : (left->index > right->index) - (left->index < right->index);
    return order != 0 ? order : left->is_provenance - right->is_provenance;
}

static enum ox fail_equal(const struct batch_image *images, const struct real_path *first,
                          const struct real_path *second)
{
    const struct batch_image *image = &images[second->index];
    const char *other = images[first->index].name;

    if (second->is_provenance) {
        return diag_fail(OX_USAGE,
                         "%s: the provenance of '%s' would be the %s of %s, expected another "
                         "'output'",
                         image->name, image->output, first->is_provenance ? "provenance" : "output",
                         other);
    }
    return diag_fail(OX_USAGE, "%s: 'output' is '%s', as %s of %s, expected another file",
                     image->name, image->output, first->is_provenance ? "the provenance" : "that",
                     other);
}

/* paths: sorted. */
static enum ox find_equal(const struct batch_image *images, const struct real_path *paths,
                          unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        if (strcmp(paths[i - 1].path, paths[i].path) == 0) {
            return fail_equal(images, &paths[i - 1], &paths[i]);
        }
    }
    return OX_OK;
}

/* Every file that the run makes; returns their number. */
static unsigned list_paths(const struct batch_image *images, unsigned count, bool provenance,
                           struct real_path *ret)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++) {
        ret[found++] = (struct real_path){path_real(images[i].output), i, false};
        if (provenance) {
            char *path = xasprintf("%s" EVIDENCE_SUFFIX, images[i].output);

            ret[found++] = (struct real_path){path_real(path), i, true};
            free(path);
        }
    }
    return found;
}

static enum ox check_distinct(const struct batch_image *images, unsigned count, bool provenance)
{
    struct real_path *paths = xcalloc(2 * (size_t)count, sizeof *paths);
    unsigned found = list_paths(images, count, provenance, paths);
    enum ox ox;

    qsort(paths, found, sizeof *paths, compare_paths);
    ox = find_equal(images, paths, found);
    for (unsigned i = 0; i < found; i++) {
        free(paths[i].path);
    }
    free(paths);
    return ox;
}

static enum ox check_output(const struct batch_image *image, unsigned count, bool provenance)
{
    if (image->output == NULL) {
        return count == 1
                   ? diag_fail(OX_USAGE, "%s: no 'output', and no --output given", image->m->path)
                   : diag_fail(OX_USAGE, "%s: no 'output'", image->name);
    }
    if (count > 1 && strcmp(image->output, "-") == 0) {
        return diag_fail(OX_USAGE, "%s: 'output' is '-', expected a file for each of %u images",
                         image->name, count);
    }
    if (provenance && strcmp(image->output, "-") == 0) {
        return diag_fail(OX_USAGE, "'--provenance' names a file, expected --output FILE, not '-'");
    }
    return OX_OK;
}

enum ox build_outputs_check(const struct batch_image *images, unsigned count, bool provenance)
{
    enum ox ox = OX_OK;

    for (unsigned i = 0; i < count && ox == OX_OK; i++) {
        ox = check_output(&images[i], count, provenance);
    }
    return ox == OX_OK && count > 1 ? check_distinct(images, count, provenance) : ox;
}
