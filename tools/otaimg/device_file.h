/*
 * The device file (DEVICE.yaml): a device as seen by `verify` - its pinned policy and its state.
 * schemas/device.schema.json describes the same keys for editors.
 */
#ifndef OTAIMG_DEVICE_FILE_H
#define OTAIMG_DEVICE_FILE_H

#include "key_options.h"
#include <otav/otav_config.h>

#include "exits.h"

struct device_file {
    char *path;
    struct otav_config config; /* decrypt_key not loaded, has_decrypt_key false: the caller does */
    char *key_uri[OTAV_KEY_MAX_COUNT]; /* where config.keys came from: path or URI */
    char *decrypt_key_uri;             /* decrypt.key, NULL = none; config.decrypt_iv is filled */
    bool inflates;                     /* decoders: it takes compressed transfers */
};

struct yaml_doc;

/* Reads the file and loads the public keys it names. A key that is known to be a development key
 * (known_keys.h) gets that class whatever the file says; a published sample key is OX_POLICY unless
 * options->allow_sample_key. OX_USAGE with position, OX_IO, OX_KEY. */
enum ox device_file_load(const char *path, const struct key_options *options,
                         struct device_file *ret);
/* The part between reading and loading keys: all but config.keys[].xy; opens no other file. */
enum ox device_file_from_doc(struct yaml_doc *doc, struct device_file *ret);
void device_file_free(struct device_file *d);

#endif
