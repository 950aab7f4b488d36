/*
 * otaimg keys export: the public half of a key as PEM, DER, C source or bare coordinates; a device's
 * keys and identity as its provisioning record.
 *
 * Layer: commands; keys come from pubkey.h, records from provision.h. Invariant: only public halves are
 * written, and those of published sample keys only when asked for; an AES key only into a record, when
 * asked for, in a file of mode 0600.
 */
#include "commands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "known_keys.h"
#include "outfile.h"
#include "provision.h"
#include "pubkey.h"
#include "util.h"

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

static bool is_provision(const char *format)
{
    return strcmp(format, "provision") == 0;
}

/* A key for its public half, or a device file for its record. */
static enum ox check_source(const struct args *args, const char *format)
{
    bool secret = args_has(args, "with-decrypt-key");

    if (!is_provision(format)) {
        if (args_has(args, "device") || secret) {
            return diag_fail(OX_USAGE,
                             "'--%s' is for provisioning records, expected '--format provision' "
                             "with it",
                             secret ? "with-decrypt-key" : "device");
        }
        return args_operand_count(args) == 1 ? OX_OK
                                             : diag_fail(OX_USAGE, "no key given, expected a URI");
    }
    if (args_operand_count(args) != 0) {
        return diag_fail(OX_USAGE, "'%s' is one key, expected --device DEVICE.yaml for a record",
                         args_operand(args, 0));
    }
    if (!args_has(args, "device") || !args_has(args, "output")) {
        return diag_fail(OX_USAGE, "no '--%s' given, expected --device DEVICE.yaml -o FILE",
                         args_has(args, "device") ? "output" : "device");
    }
    if (secret && strcmp(args_value(args, "output"), "-") == 0) {
        return diag_fail(OX_USAGE, "a record with a secret goes into a file, expected -o FILE");
    }
    return OX_OK;
}

/* Before a PIN or passphrase is asked for. */
static enum ox check_export(const struct args *args, const char *format)
{
    static const char *const formats[] = {"pem", "der", "c", "raw", "provision"};
    const char *name = args_value(args, "name");
    bool known = false;

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        known = known || strcmp(format, formats[i]) == 0;
    }
    if (!known) {
        return diag_fail(OX_USAGE, "'--format' is '%s', expected pem, der, c, raw or provision",
                         format);
    }
    if (name != NULL && strcmp(format, "c") != 0) {
        return diag_fail(OX_USAGE, "'--name' is for C source, expected '--format c' with it");
    }
    if (name != NULL && !is_identifier(name)) {
        return diag_fail(OX_USAGE, "'--name' is '%s', expected a C identifier", name);
    }
    return check_source(args, format);
}

static enum ox export_key(const struct args *args, const char *format,
                          const struct key_options *options)
{
    const char *uri = args_operand(args, 0);
    uint8_t xy[PUBKEY_LEN];
    uint8_t id[32];
    enum ox ox = pubkey_load(uri, options, xy);

    if (ox == OX_OK) {
        pubkey_id(xy, id);
        ox = known_key_refuse_sample(id, uri, options);
    }
    return ox == OX_OK ? export_as(args, format, xy) : ox;
}

static enum ox export_record(const struct args *args, const struct key_options *options)
{
    const char *path = args_value(args, "output");
    bool secret = args_has(args, "with-decrypt-key");
    uint8_t record[OTAV_PROVISION_LEN];
    enum ox ox = provision_from_device(args_value(args, "device"), secret, options, record);

    if (ox != OX_OK) {
        return ox;
    }
    ox = outfile_write_all(path, secret ? 0600 : 0644, record, sizeof record);
    wipe(record, sizeof record);
    if (ox == OX_OK && secret) {
        diag_warn("'%s' holds the decryption key: keep it as secret as the key", path);
    }
    return ox;
}

static enum ox run_export(const struct args *args)
{
    const char *format = args_has(args, "format") ? args_value(args, "format") : "pem";
    struct key_options options;
    enum ox ox = args_key_options(args, &options);

    if (ox == OX_OK) {
        ox = check_export(args, format);
    }
    if (ox != OX_OK) {
        return ox;
    }
    return is_provision(format) ? export_record(args, &options)
                                : export_key(args, format, &options);
}

static const struct option_spec export_options[] = {
    {"format", 0, "FORMAT", "pem (default), der, c, raw (X and Y, 64 bytes) or provision", false},
    {"name", 0, "NAME", "name of the array in C source, default public_key", false},
    {"device", 'd', "DEVICE.yaml", "device whose provisioning record is made", false},
    {"with-decrypt-key", 0, NULL, "put the device's AES key and IV into the record", false},
    {"output", 'o', "FILE", "write to FILE, default standard output", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

const struct command command_keys_export = {
    .name = "keys export",
    .synopsis = "URI [options] | --format provision --device DEVICE.yaml -o FILE",
    .summary = "write the public half of a key, or a device's provisioning record",
    .details =
        "Only the public half of a key is ever written. Published sample keys are refused, so "
        "that\n"
        "none gets into a device by accident. A provisioning record holds what the factory fixes "
        "in\n"
        "a device: up to four keys with class and roles, product, hardware, manufacturer, policy.",
    .options = export_options,
    .min_operands = 0,
    .max_operands = 1,
    .run = run_export};
