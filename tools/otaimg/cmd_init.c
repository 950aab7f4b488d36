/*
 * Command init: a commented manifest to start from, with a product UUID and an IV of its own.
 *
 * Nothing that exists is overwritten unless asked for, and of two files both appear or none does.
 */
#include "cmd_init.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "diag.h"
#include "init_text.h"
#include "outfile.h"
#include "util.h"

#define DEFAULT_PATH "release.yaml"

#define RANDOM_LEN 16u

/* What belongs to a product and is made once. */
struct product {
    char uuid[UUID_TEXT_LEN];
    char iv[2 * RANDOM_LEN + 1];
};

static enum ox make_random(uint8_t ret[RANDOM_LEN])
{
    if (getrandom(ret, RANDOM_LEN, 0) != (ssize_t)RANDOM_LEN) {
        return diag_fail(OX_INTERNAL, "no random numbers from the system: %s", strerror(errno));
    }
    return OX_OK;
}

/* The UUID: version 4, variant 1 (RFC 4122, 4.4). */
static enum ox make_product(struct product *ret)
{
    uint8_t uuid[RANDOM_LEN];
    uint8_t iv[RANDOM_LEN];
    enum ox ox = make_random(uuid);

    if (ox == OX_OK) {
        ox = make_random(iv);
    }
    if (ox == OX_OK) {
        uuid[6] = (uint8_t)((uuid[6] & 0x0F) | 0x40);
        uuid[8] = (uint8_t)((uuid[8] & 0x3F) | 0x80);
        format_uuid(uuid, ret->uuid);
        hex_encode(iv, sizeof iv, ret->iv);
    }
    return ox;
}

/* A link that leads nowhere is in the way as well. */
static enum ox check_absent(const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0) {
        return OX_OK;
    }
    (void)diag_fail(OX_IO, "%s: exists already, expected a new file", path);
    diag_hint("--force overwrites it");
    return OX_IO;
}

/* Takes the text over. *ret appears when it is finished. */
static enum ox write_text(const char *path, char *text, struct outfile **ret)
{
    struct outfile *out = NULL;
    enum ox ox = outfile_open(path, 0666, &out);

    if (ox == OX_OK) {
        ox = outfile_write(out, text, strlen(text));
    }
    free(text);
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    *ret = out;
    return OX_OK;
}

static enum ox write_files(const struct product *product, const char *manifest_path,
                           const char *device_path)
{
    struct outfile *manifest = NULL;
    struct outfile *device = NULL;
    enum ox ox = write_text(manifest_path,
                            xasprintf(INIT_MANIFEST_TEXT, product->iv, product->uuid), &manifest);

    if (ox == OX_OK && device_path == NULL) {
        return outfile_finish(manifest);
    }
    if (ox == OX_OK) {
        ox = write_text(device_path, xasprintf(INIT_DEVICE_TEXT, product->uuid, product->iv),
                        &device);
    }
    if (ox != OX_OK) {
        outfile_abandon(manifest);
        return ox;
    }
    return outfile_finish_both(manifest, device);
}

enum ox init_write(const char *manifest_path, const char *device_path, bool force)
{
    struct product product;
    enum ox ox = force ? OX_OK : check_absent(manifest_path);

    if (ox == OX_OK && !force && device_path != NULL) {
        ox = check_absent(device_path);
    }
    if (ox == OX_OK) {
        ox = make_product(&product);
    }
    return ox == OX_OK ? write_files(&product, manifest_path, device_path) : ox;
}

static enum ox run(const struct args *args)
{
    const char *path = args_value(args, "output");

    return init_write(path != NULL ? path : DEFAULT_PATH, args_value(args, "device-file"),
                      args_has(args, "force"));
}

static const struct option_spec options[] = {
    {"output", 'o', "FILE", "where to write the manifest (default: " DEFAULT_PATH ")", false},
    {"device-file", 0, "FILE", "also write a device file for `verify`", false},
    {"force", 0, NULL, "overwrite what exists", false},
    {NULL, 0, NULL, NULL, false},
};

const struct command command_init = {
    .name = "init",
    .synopsis = "[options]",
    .summary = "write a commented release manifest to start from",
    .details = "The manifest gets a new random product UUID and, for encryption, a new random IV. "
               "Name your\n"
               "firmware and key in it, then run `otaimg build`.",
    .options = options,
    .min_operands = 0,
    .max_operands = 0,
    .run = run,
};
