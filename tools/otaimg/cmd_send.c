/*
 * otaimg send: an OTA file into a device.
 *
 * Layer: commands; the ways to a device are in send.h. Invariant: a device is not talked to before the
 * file was read, decrypted and checked to its end.
 */
#include "commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "key_text.h"
#include "send.h"
#include "trust.h"
#include "util.h"

static const struct option_spec options[] = {
    {"serial", 0, "PORT", "to a bootloader in serial DFU, 115200 8N1", false},
    {"timeout", 0, "MS", "milliseconds that the device may take to answer (default 5000)", false},
    {"json", 0, NULL, "print JSON: how it went", false},
    TRUST_OPTION_SPECS,
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

enum { TIMEOUT_MS = 5000, TIMEOUT_MS_MAX = 600000 };

/* A way to a device: the option that names the other end. */
struct transport {
    const char *option;
    enum ox (*send)(const char *where, const struct send_image *image, unsigned timeout_ms,
                    struct send_result *ret);
};

static const struct transport transports[] = {{"serial", send_serial}};

struct send {
    const struct args *args;
    const struct transport *transport;
    unsigned timeout_ms;
    struct trust trust;
    struct key_options keys;
};

/* ---- options ---------------------------------------------------------------------------------- */

static enum ox choose_transport(const struct args *args, const struct transport **ret)
{
    const struct transport *chosen = NULL;

    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        if (args_has(args, transports[i].option)) {
            if (chosen != NULL) {
                return diag_fail(OX_USAGE, "'--%s' and '--%s' exclude each other", chosen->option,
                                 transports[i].option);
            }
            chosen = &transports[i];
        }
    }
    if (chosen == NULL) {
        return diag_fail(OX_USAGE, "no device given, expected --serial PORT");
    }
    *ret = chosen;
    return OX_OK;
}

static enum ox read_options(const struct args *args, struct send *ret)
{
    const char *timeout = args_value(args, "timeout");
    uint64_t ms = TIMEOUT_MS;
    enum ox ox = args_key_options(args, &ret->keys);

    ret->args = args;
    if (ox == OX_OK) {
        ox = choose_transport(args, &ret->transport);
    }
    if (ox == OX_OK && timeout != NULL && (!parse_u64(timeout, TIMEOUT_MS_MAX, &ms) || ms == 0)) {
        ox = diag_fail(OX_USAGE, "'--timeout' is '%s', expected 1..%d", timeout, TIMEOUT_MS_MAX);
    }
    ret->timeout_ms = (unsigned)ms;
    /* The device judges what it gets, so that a look at the form is enough here. */
    ret->trust = (struct trust){.none = true};
    if (ox == OX_OK && (args_has(args, "device") || args_has(args, "verify-key"))) {
        ox = trust_from_args(args, &ret->trust);
    }
    return ox;
}

/* ---- the image -------------------------------------------------------------------------------- */

struct slot {
    uint8_t bytes[OTAV_SLOT_LEN];
    uint32_t len;
};

/* What lies in the slot, in plaintext. */
static enum ox read_image(const struct send *send, struct ota_file *file, struct slot *ret)
{
    enum ox ox = ota_file_set_key(file, send->args);

    if (ox == OX_OK) {
        ox = trust_check(&send->trust, file, &send->keys, NULL);
    }
    if (ox == OX_OK) {
        ox = ota_file_image(file, ret->bytes, &ret->len);
    }
    return ox;
}

/* ---- output ----------------------------------------------------------------------------------- */

static enum ox print_json(const struct send *send, uint32_t len, const struct send_result *result)
{
    const char *way = send->transport->option;
    json_t *root = json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "transport", way, "file",
                             key_text_json(args_operand(send->args, 0)), "device",
                             key_text_json(args_value(send->args, way)), "device_id",
                             (json_int_t)result->device_id, "version", (json_int_t)result->version,
                             "bytes", (json_int_t)len, "pages", (json_int_t)result->pages,
                             "repeated", (json_int_t)result->repeated);

    return key_text_print_json(root);
}

static enum ox print_text(const struct send *send, uint32_t len, const struct send_result *result)
{
    put_printable(stdout, args_operand(send->args, 0));
    printf(": %u bytes sent, %u pages, %u requests repeated; the device judges them at its reset\n",
           (unsigned)len, (unsigned)result->pages, (unsigned)result->repeated);
    return OX_OK;
}

static enum ox send_image(const struct send *send, const struct slot *slot)
{
    const struct send_image image = {slot->bytes, slot->len};
    struct send_result result;
    enum ox ox = send->transport->send(args_value(send->args, send->transport->option), &image,
                                       send->timeout_ms, &result);

    if (ox != OX_OK) {
        return ox;
    }
    return args_has(send->args, "json") ? print_json(send, slot->len, &result)
                                        : print_text(send, slot->len, &result);
}

static enum ox run(const struct args *args)
{
    struct send send;
    struct ota_file file;
    struct slot *slot;
    enum ox ox = read_options(args, &send);

    if (ox == OX_OK) {
        ox = ota_file_open_whole(args_operand(args, 0), &file);
    }
    if (ox != OX_OK) {
        return ox;
    }
    slot = xmalloc(sizeof *slot);
    ox = read_image(&send, &file, slot);
    ota_file_close(&file);
    if (ox == OX_OK) {
        ox = send_image(&send, slot);
    }
    wipe_free(slot, sizeof *slot);
    return ox;
}

const struct command command_send = {
    "send",
    "FILE --serial PORT [options]",
    "an OTA file into a device that waits for it",
    "The image goes in plaintext into slot 1; the device verifies it at its reset, and installs it "
    "or\n"
    "not. Before anything is sent, the form of the file is checked, or, with --device or\n"
    "--verify-key, all of it.",
    options,
    1,
    1,
    run};
