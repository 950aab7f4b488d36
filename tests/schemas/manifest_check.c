/*
 * Drives the readers of manifests and device files for the schema tests: exit code of the reader,
 * message on stderr. `init` writes what the command init writes.
 *
 * Device files are read without loading their keys, as a schema does not see those either.
 */
#include <stdio.h>
#include <string.h>

#include "cmd_init.h"
#include "device_file.h"
#include "manifest_set.h"
#include "yaml_doc.h"

static enum ox check_manifest(const char *path)
{
    struct manifest_set set;
    enum ox ox = manifest_set_load(&path, 1, NULL, 0, &set);

    if (ox == OX_OK) {
        manifest_set_free(&set);
    }
    return ox;
}

static enum ox check_device(const char *path)
{
    struct yaml_doc *doc = NULL;
    struct device_file d;
    enum ox ox = ydoc_load(path, &doc);

    if (ox == OX_OK) {
        ox = device_file_from_doc(doc, &d);
    }
    if (ox == OX_OK) {
        device_file_free(&d);
    }
    ydoc_free(doc);
    return ox;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "manifest") == 0) {
        return (int)check_manifest(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "device") == 0) {
        return (int)check_device(argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "init") == 0) {
        return (int)init_write(argv[2], argv[3], false);
    }
    return (int)diag_fail(OX_USAGE, "usage: manifest_check manifest|device FILE, or init TO TO");
}
