/*
 * Where the images of one run go.
 *
 * Layer: commands, beside cmd_build.c. Invariant: two images that would be written to one file are
 * found before a key is opened, however their paths are spelt.
 */
#include "build_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util.h"

/* Two paths of one file give the same text. Caller frees. */
static char *real_output(const char *path)
{
    char *real = realpath(path, NULL);
    const char *slash = strrchr(path, '/');
    char *folder;
    char *real_folder;

    if (real != NULL) {
        return real;
    }
    folder = slash != NULL ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    real_folder = realpath(folder, NULL);
    real = xasprintf("%s/%s", real_folder != NULL ? real_folder : folder,
                     slash != NULL ? slash + 1 : path);
    free(real_folder);
    free(folder);
    return real;
}

struct real_path {
    char *path;
    unsigned index;
};

static int compare_paths(const void *a, const void *b)
{
    const struct real_path *left = a;
    const struct real_path *right = b;
    int order = strcmp(left->path, right->path);

    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

/* paths: as many as images, sorted. */
static enum ox find_equal(const struct batch_image *images, const struct real_path *paths,
                          unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        if (strcmp(paths[i - 1].path, paths[i].path) == 0) {
            const struct batch_image *second = &images[paths[i].index];

            return diag_fail(OX_USAGE, "%s: 'output' is '%s', as that of %s, expected another file",
                             second->name, second->output, images[paths[i - 1].index].name);
        }
    }
    return OX_OK;
}

static enum ox check_distinct(const struct batch_image *images, unsigned count)
{
    struct real_path *paths = xcalloc(count, sizeof *paths);
    enum ox ox;

    for (unsigned i = 0; i < count; i++) {
        paths[i] = (struct real_path){real_output(images[i].output), i};
    }
    qsort(paths, count, sizeof *paths, compare_paths);
    ox = find_equal(images, paths, count);
    for (unsigned i = 0; i < count; i++) {
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
    return ox == OX_OK && count > 1 ? check_distinct(images, count) : ox;
}
