/*
 * otaimg merge: one HEX file for the factory's programmer.
 *
 * Layer: commands; places and checks come from factory_image.h. Invariant: nothing is written unless
 * a device with this very record would boot this very application.
 */
#include "commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "factory_image.h"
#include "file_check.h"
#include "key_text.h"
#include "known_keys.h"
#include "outfile.h"
#include "provision.h"
#include "pubkey.h"
#include "util.h"

static const struct option_spec options[] = {
    {"bootloader", 'b', "FILE", "bootloader, ELF or HEX (required)", false},
    {"provision", 'p', "FILE", "provisioning record of 'keys export' (required)", false},
    {"app-hex", 0, "FILE", "the application's build with its configuration words", false},
    {"output", 'o', "FILE", "write to FILE, '-' = standard output (required)", false},
    {"json", 0, NULL, "print JSON: what is where", false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

struct merge {
    const struct args *args;
    struct key_options keys;
    struct otav_config config; /* what the record says */
    uint8_t record[OTAV_PROVISION_LEN];
    struct fw_image *bootloader;
    struct fw_image *app_hex;
    struct ota_file application;
    uint8_t key_index; /* of the key that verified the application */
};

static enum ox check_options(const struct args *args)
{
    static const char *const required[] = {"bootloader", "provision", "output"};
    bool to_stdout;

    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (!args_has(args, required[i])) {
            return diag_fail(OX_USAGE,
                             "no '--%s' given, expected --bootloader FILE --provision "
                             "FILE --output FILE",
                             required[i]);
        }
    }
    to_stdout = strcmp(args_value(args, "output"), "-") == 0;
    return to_stdout && args_has(args, "json")
               ? diag_fail(OX_USAGE, "'--json' needs standard output, expected -o FILE")
               : OX_OK;
}

/* What would keep the record from going into a device, or into this output. */
static enum ox check_record(const struct merge *m)
{
    const char *path = args_value(m->args, "provision");
    enum ox ox = OX_OK;

    if (m->config.has_decrypt_key && strcmp(args_value(m->args, "output"), "-") == 0) {
        return diag_fail(OX_USAGE, "a record with a secret goes into a file, expected -o FILE");
    }
    for (unsigned i = 0; ox == OX_OK && i < m->config.key_count; i++) {
        char *name = xasprintf("%s: key %u", path, i);
        uint8_t id[32];

        pubkey_id(m->config.keys[i].xy, id);
        ox = known_key_refuse_sample(id, name, &m->keys);
        free(name);
    }
    return ox;
}

static enum ox load_bootloader(struct merge *m)
{
    enum ox ox = fw_load(args_value(m->args, "bootloader"), FW_AUTO, 0, &m->bootloader);

    return ox == OX_OK ? factory_check_bootloader(m->bootloader) : ox;
}

/* As the device does at boot: no newer version is asked for, and in the slot nothing is compressed. */
static enum ox verify_application(struct merge *m)
{
    const struct file_question question = {&m->config, OTAV_BOOT, true};
    enum ox ox = ota_file_set_key(&m->application, m->args);

    return ox == OX_OK ? check_file(&m->application, &question, &m->key_index) : ox;
}

/* The HEX file with the configuration words: one of its own, or the application itself. */
static enum ox load_app_hex(struct merge *m)
{
    const char *application = args_operand(m->args, 0);
    const char *path = args_value(m->args, "app-hex");
    enum ox ox;

    if (path == NULL && (!m->application.source.is_slot || strcmp(application, "-") == 0)) {
        ox = diag_fail(OX_USAGE, "%s: no configuration words in it, expected --app-hex FILE",
                       application);
        diag_hint("a device without them does not start as the application expects; take the HEX "
                  "file that the linker wrote");
        return ox;
    }
    ox = fw_load(path != NULL ? path : application, FW_AUTO, OTAV_FW_ADDRESS, &m->app_hex);
    return ox == OX_OK ? factory_check_app_hex(m->app_hex, &m->application) : ox;
}

static enum ox put_text(void *user, const char *text, size_t len)
{
    return outfile_write(user, text, len);
}

static json_t *describe_area(const char *name, uint32_t address, uint32_t len)
{
    return json_pack("{s:s, s:I, s:I}", "name", name, "address", (json_int_t)address, "bytes",
                     (json_int_t)len);
}

static enum ox print_json(const struct merge *m, const struct factory_sizes *sizes)
{
    json_t *root = json_object();
    json_t *areas = json_array();
    json_t *key = json_object();

    key_text_add(key, m->config.keys[m->key_index].xy);
    (void)json_array_append_new(areas,
                                describe_area("bootloader", OTAV_BOOT_ADDRESS, sizes->bootloader));
    (void)json_array_append_new(
        areas, describe_area("provisioning", OTAV_PROVISION_ADDRESS, OTAV_PROVISION_LEN));
    (void)json_array_append_new(
        areas, describe_area("configuration-words", OTAV_FUSES_ADDRESS, sizes->config_words));
    (void)json_array_append_new(
        areas, describe_area("application", OTAV_SLOT0_ADDRESS, sizes->application));
    (void)json_object_set_new(root, "output", key_text_json(args_value(m->args, "output")));
    (void)json_object_set_new(root, "secret", json_boolean(m->config.has_decrypt_key));
    (void)json_object_set_new(root, "areas", areas);
    (void)json_object_set_new(root, "key", key);
    return key_text_print_json(root);
}

static enum ox write_output(const struct merge *m)
{
    const struct factory_image factory = {m->bootloader, m->record, m->app_hex, &m->application};
    const char *path = args_value(m->args, "output");
    struct factory_sizes sizes;
    struct outfile *out = NULL;
    enum ox ox = outfile_open(path, m->config.has_decrypt_key ? 0600 : 0666, &out);

    if (ox == OX_OK) {
        ox = factory_write(&factory, put_text, out, &sizes);
    }
    if (ox != OX_OK) {
        outfile_abandon(out);
        return ox;
    }
    ox = outfile_finish(out);
    if (ox == OX_OK && m->config.has_decrypt_key) {
        diag_warn("'%s' holds the decryption key: keep it as secret as the key", path);
    }
    return ox == OX_OK && args_has(m->args, "json") ? print_json(m, &sizes) : ox;
}

/* With the application open. */
static enum ox merge_application(struct merge *m)
{
    enum ox ox = verify_application(m);

    if (ox == OX_OK) {
        ox = load_app_hex(m);
    }
    return ox == OX_OK ? write_output(m) : ox;
}

static enum ox merge(struct merge *m)
{
    enum ox ox = provision_read_record(args_value(m->args, "provision"), m->record, &m->config);

    if (ox == OX_OK) {
        ox = check_record(m);
    }
    if (ox == OX_OK) {
        ox = load_bootloader(m);
    }
    if (ox == OX_OK) {
        ox = ota_file_open_whole(args_operand(m->args, 0), &m->application);
    }
    if (ox == OX_OK) {
        ox = merge_application(m);
        ota_file_close(&m->application);
    }
    fw_free(m->app_hex);
    fw_free(m->bootloader);
    return ox;
}

static enum ox run(const struct args *args)
{
    struct merge m;
    enum ox ox;

    memset(&m, 0, sizeof m);
    m.args = args;
    ox = args_key_options(args, &m.keys);
    if (ox == OX_OK) {
        ox = check_options(args);
    }
    if (ox == OX_OK) {
        ox = merge(&m);
    }
    wipe(m.record, sizeof m.record);
    return ox;
}

const struct command command_merge = {
    "merge",
    "FILE -b BOOTLOADER -p RECORD -o OUT.hex [--app-hex BUILD.hex]",
    "one HEX file for the factory: bootloader, provisioning, application",
    "FILE is the first application: verified with the keys, identity and policy of the record, as\n"
    "the device does at boot, before anything is written. Its configuration words come from\n"
    "--app-hex, or from FILE if that is a HEX file. With an AES key in the record the output is\n"
    "secret, and only its owner can read it.",
    options,
    1,
    1,
    run};
