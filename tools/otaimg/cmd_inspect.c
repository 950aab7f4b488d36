/*
 * otaimg inspect: what is in a file, with or without keys.
 */
#include "commands.h"

#include <stddef.h>

#include "diag.h"
#include "inspection.h"
#include "pubkey.h"

static const struct option_spec options[] = {
    {"json", 0, NULL, "print JSON (schemas/inspect.schema.json)", false},
    {"verify-key", 0, "URI", "check the signatures with this public key", false},
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

static enum ox print(const struct inspection *i, bool json)
{
    enum ox ox = OX_OK;

    if (json) {
        ox = inspection_print_json(i);
    } else {
        inspection_print(i);
    }
    if (ox == OX_OK && i->problem != NULL) {
        ox = diag_fail(i->problem_code, "%s: %s", i->file->source.path, i->problem);
    }
    return ox;
}

static enum ox inspect(const struct args *args, const uint8_t *xy)
{
    struct inspection inspection;
    struct ota_file file;
    enum ox ox = ota_file_open_whole(args_operand(args, 0), &file);

    if (ox != OX_OK) {
        return ox;
    }
    ox = ota_file_set_key(&file, args);
    if (ox == OX_OK) {
        ox = inspection_make(&file, xy, &inspection);
    }
    if (ox == OX_OK) {
        ox = print(&inspection, args_has(args, "json"));
        inspection_free(&inspection);
    }
    ota_file_close(&file);
    return ox;
}

static enum ox run(const struct args *args)
{
    const char *uri = args_value(args, "verify-key");
    uint8_t xy[PUBKEY_LEN];
    struct key_options keys;
    enum ox ox = args_key_options(args, &keys);

    if (ox == OX_OK && uri != NULL) {
        ox = pubkey_load(uri, &keys, xy);
    }
    return ox == OX_OK ? inspect(args, uri != NULL ? xy : NULL) : ox;
}

const struct command command_inspect = {
    "inspect",
    "FILE [--json]",
    "every field of a file: offset, value, meaning, protection",
    "Works without any key on what is readable and says what is not. Offsets count from the start "
    "of\n"
    "the file, inside an encrypted payload as if it were plain. A field that is not marked is "
    "under\n"
    "the signature; [header-binding] is repeated in a signed attribute, [checksum] guards against\n"
    "damage only. Inspecting is not verifying: that is 'otaimg verify'.",
    options,
    1,
    1,
    run};
