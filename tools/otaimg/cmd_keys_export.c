/*
 * otaimg keys export: the public half of a key as PEM, DER, C source or bare coordinates.
 *
 * Layer: commands; keys come from pubkey.h. Invariant: only public halves are written, and those of
 * published sample keys only when asked for.
 */
#include "commands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "known_keys.h"
#include "outfile.h"
#include "pubkey.h"

static bool is_identifier(const char *name)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    return name[0] != '\0' && strchr(first, name[0]) != NULL && name[strspn(name, more)] == '\0';
}

static enum ox write_text(const char *path, char *text)
{
    enum ox ox = outfile_write_all(path, 0644, text, strlen(text));

    free(text);
    return ox;
}

static enum ox write_der(const char *path, const uint8_t xy[PUBKEY_LEN])
{
    uint8_t spki[PUBKEY_SPKI_LEN];

    pubkey_spki(xy, spki);
    return outfile_write_all(path, 0644, spki, sizeof spki);
}

static enum ox export_as(const struct args *args, const char *format, const uint8_t xy[PUBKEY_LEN])
{
    const char *path = args_has(args, "output") ? args_value(args, "output") : "-";
    const char *name = args_has(args, "name") ? args_value(args, "name") : "public_key";

    if (strcmp(format, "pem") == 0) {
        return write_text(path, pubkey_to_pem(xy));
    }
    if (strcmp(format, "der") == 0) {
        return write_der(path, xy);
    }
    if (strcmp(format, "raw") == 0) {
        return outfile_write_all(path, 0644, xy, PUBKEY_LEN);
    }
    return write_text(path, pubkey_to_c_source(xy, name));
}

/* Before a PIN or passphrase is asked for. */
static enum ox check_export(const struct args *args, const char *format)
{
    static const char *const formats[] = {"pem", "der", "c", "raw"};
    const char *name = args_value(args, "name");
    bool known = false;

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        known = known || strcmp(format, formats[i]) == 0;
    }
    if (!known) {
        return diag_fail(OX_USAGE, "'--format' is '%s', expected pem, der, c or raw", format);
    }
    if (name != NULL && strcmp(format, "c") != 0) {
        return diag_fail(OX_USAGE, "'--name' is for C source, expected '--format c' with it");
    }
    if (name != NULL && !is_identifier(name)) {
        return diag_fail(OX_USAGE, "'--name' is '%s', expected a C identifier", name);
    }
    return OX_OK;
}

static enum ox run_export(const struct args *args)
{
    const char *uri = args_operand(args, 0);
    const char *format = args_has(args, "format") ? args_value(args, "format") : "pem";
    struct key_options options;
    uint8_t xy[PUBKEY_LEN];
    uint8_t id[32];
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = check_export(args, format);
    }
    if (ox == OX_OK) {
        ox = pubkey_load(uri, &options, xy);
    }
    if (ox == OX_OK) {
        pubkey_id(xy, id);
        ox = known_key_refuse_sample(id, uri, &options);
    }
    return ox == OX_OK ? export_as(args, format, xy) : ox;
}

static const struct option_spec export_options[] = {
    {"format", 0, "FORMAT", "pem (default), der, c or raw (X and Y, 64 bytes)", false},
    {"name", 0, "NAME", "name of the array in C source, default public_key", false},
    {"output", 'o', "FILE", "write to FILE, default standard output", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

const struct command command_keys_export = {
    .name = "keys export",
    .synopsis = "URI [options]",
    .summary = "write the public half of a key",
    .details =
        "Only the public half is ever written. Published sample keys are refused, so that none\n"
        "gets into a device by accident.",
    .options = export_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_export};
