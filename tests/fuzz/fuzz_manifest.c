/*
 * Fuzz target: any bytes as a manifest give OX_OK or OX_USAGE, one message and no leak.
 *
 * Layer: tool; reads no files. Both readers see the input, as they share the YAML layer.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "device_file.h"
#include "fuzz_mute.h"
#include "manifest_set.h"
#include "yaml_doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_manifest(struct yaml_doc *doc)
{
    struct manifest_set set;
    enum ox ox = manifest_set_from_doc(doc, NULL, 0, &set);

    if (ox == OX_OK) {
        manifest_set_free(&set);
    } else if (ox != OX_USAGE) {
        abort();
    }
}

static void read_device(struct yaml_doc *doc)
{
    struct device_file d;
    enum ox ox = device_file_from_doc(doc, &d);

    if (ox == OX_OK) {
        device_file_free(&d);
    } else if (ox != OX_USAGE) {
        abort();
    }
}

static void load(const uint8_t *data, size_t size, void (*read)(struct yaml_doc *doc))
{
    struct yaml_doc *doc = NULL;
    enum ox ox = ydoc_load_bytes("fuzz.yaml", data, size, &doc);

    if (ox == OX_OK) {
        read(doc);
        ydoc_free(doc);
    } else if (ox != OX_USAGE) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_mute();
    load(data, size, read_manifest);
    load(data, size, read_device);
    return 0;
}
