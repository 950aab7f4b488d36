/*
 * The images of one run: every manifest that is named, and in place of one with
 * 'variants' each of those: the manifest with the variant's keys laid over it.
 */
#ifndef OTAIMG_MANIFEST_SET_H
#define OTAIMG_MANIFEST_SET_H

#include "manifest.h"

/* Length of a variant's name: letters, digits, '.', '_' and '-'. */
#define VARIANT_NAME_MAX_LEN 64u

struct manifest_set {
    struct manifest *items; /* in the order of the files and of 'variants' */
    unsigned count;
};

/* Reads all files. Assignments of --set apply to every image, after its variant's keys. OX_IO, or
 * OX_USAGE at the line of whoever gave the value. */
enum ox manifest_set_load(const char *const *paths, unsigned path_count, const char *const *sets,
                          unsigned set_count, struct manifest_set *ret);
/* The same for one document, which may be freed afterwards. */
enum ox manifest_set_from_doc(struct yaml_doc *doc, const char *const *sets, unsigned set_count,
                              struct manifest_set *ret);
/* Keeps the variants with one of these names, in their order; OX_USAGE for a name that none has.
 * count 0 keeps all. */
enum ox manifest_set_pick(struct manifest_set *set, const char *const *names, unsigned count);
void manifest_set_free(struct manifest_set *set);

#endif
