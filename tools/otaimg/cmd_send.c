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
    {"ble", 0, "ADDRESS", "to an application with the OTA service, through BlueZ", false},
    {"adapter", 0, "NAME", "with --ble: this adapter, such as hci0 (default: the first that is on)",
     false},
    {"unix", 0, "SOCKET", "to a device process that listens here", false},
    {"state", 0, "FILE", "with --ble, --unix: keep here how far it got, for the next run", false},
    {"attempts", 0, "N", "with --ble, --unix: connections without progress (default 5)", false},
    {"timeout", 0, "MS", "milliseconds that the device may take to answer", false},
    {"json", 0, NULL, "print JSON (schemas/send.schema.json)", false},
    TRUST_OPTION_SPECS,
    DECRYPT_OPTION_SPECS,
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

enum { TIMEOUT_MS = 5000, TIMEOUT_MS_MAX = 600000, ATTEMPTS_MAX = 1000 };

/* A way to a device: the option that names the other end, and one of the functions. */
struct transport {
    const char *option;
    enum ox (*send)(const char *where, const struct send_image *image, unsigned timeout_ms,
                    struct send_result *ret);
    enum ox (*send_file)(const char *where, const struct source *file,
                         const struct send_link_options *options, struct otam_progress *ret);
};

static const struct transport transports[] = {
    {"serial", send_serial, NULL}, {"ble", NULL, send_ble}, {"unix", NULL, send_unix}};

struct send {
    const struct args *args;
    const struct transport *transport;
    unsigned timeout_ms;
    struct send_link_options link; /* of the ways that take the file as it is */
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
        return diag_fail(OX_USAGE,
                         "no device given, expected --serial PORT, --ble ADDRESS or --unix SOCKET");
    }
    *ret = chosen;
    return OX_OK;
}

static enum ox require_option(const struct args *args, const char *option, bool is_known,
                              const char *needed)
{
    return args_has(args, option) && !is_known
               ? diag_fail(OX_USAGE, "'--%s' is given, expected %s with it", option, needed)
               : OX_OK;
}

static enum ox read_link_options(const struct args *args, const struct transport *transport,
                                 struct send_link_options *ret)
{
    const char *attempts = args_value(args, "attempts");
    bool is_link = transport->send_file != NULL;
    uint64_t count = 0;
    enum ox ox = require_option(args, "adapter", transport->send_file == send_ble, "--ble");

    if (ox == OX_OK) {
        ox = require_option(args, "state", is_link, "--ble or --unix");
    }
    if (ox == OX_OK) {
        ox = require_option(args, "attempts", is_link, "--ble or --unix");
    }
    if (ox == OX_OK && attempts != NULL &&
        (!parse_u64(attempts, ATTEMPTS_MAX, &count) || count == 0)) {
        ox = diag_fail(OX_USAGE, "'--attempts' is '%s', expected 1..%d", attempts, ATTEMPTS_MAX);
    }
    ret->attempts = (unsigned)count;
    ret->state_path = args_value(args, "state");
    ret->adapter = args_value(args, "adapter");
    return ox;
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
    if (ox == OX_OK) {
        ox = read_link_options(args, ret->transport, &ret->link);
    }
    if (ox == OX_OK && timeout != NULL && (!parse_u64(timeout, TIMEOUT_MS_MAX, &ms) || ms == 0)) {
        ox = diag_fail(OX_USAGE, "'--timeout' is '%s', expected 1..%d", timeout, TIMEOUT_MS_MAX);
    }
    ret->timeout_ms = (unsigned)ms;
    ret->link.timeout_ms = timeout != NULL ? (unsigned)ms : 0;
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

/* Into slot 1, by the bootloader. */
static enum ox send_slot(const struct send *send, struct ota_file *file)
{
    struct slot *slot = xcalloc(1, sizeof *slot);
    enum ox ox = read_image(send, file, slot);

    if (ox == OX_OK) {
        ox = send_image(send, slot);
    }
    wipe_free(slot, sizeof *slot);
    return ox;
}

/* ---- the file as it is ------------------------------------------------------------------------ */

static enum ox print_progress_json(const struct send *send, const struct otam_progress *p)
{
    const char *way = send->transport->option;
    char version[VERSION_TEXT_LEN];
    json_t *root;

    format_version(p->device_version, version);
    root = json_pack("{s:s, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:b}", "transport", way, "file",
                     key_text_json(args_operand(send->args, 0)), "device",
                     key_text_json(args_value(send->args, way)), "device_version", version, "bytes",
                     (json_int_t)p->image_len, "resumed_at", (json_int_t)p->resumed_at,
                     "connections", (json_int_t)p->attempt, "mtu", (json_int_t)p->att_mtu, "chunk",
                     (json_int_t)p->chunk_len, "reset", (int)p->reset_written);
    return key_text_print_json(root);
}

static enum ox print_progress_text(const struct send *send, const struct otam_progress *p)
{
    put_printable(stdout, args_operand(send->args, 0));
    printf(": the device has all %u bytes and found them good", (unsigned)p->image_len);
    if (p->resumed_at > 0) {
        printf("; resumed at %u", (unsigned)p->resumed_at);
    }
    printf("; connections: %u, MTU %u; %s\n", p->attempt, (unsigned)p->att_mtu,
           p->reset_written ? "it resets to install them" : "it did not confirm the reset");
    return OX_OK;
}

static enum ox send_file(const struct send *send, struct ota_file *file)
{
    struct otam_progress progress;
    enum ox ox = ota_file_require(file);

    if (ox == OX_OK && !send->trust.none) {
        ox = ota_file_set_key(file, send->args);
        if (ox == OX_OK) {
            ox = trust_check(&send->trust, file, &send->keys, NULL);
        }
    }
    if (ox == OX_OK) {
        ox = send->transport->send_file(args_value(send->args, send->transport->option),
                                        &file->source, &send->link, &progress);
    }
    if (ox != OX_OK) {
        return ox;
    }
    return args_has(send->args, "json") ? print_progress_json(send, &progress)
                                        : print_progress_text(send, &progress);
}

static enum ox run(const struct args *args)
{
    struct send send;
    struct ota_file file;
    enum ox ox = read_options(args, &send);

    if (ox == OX_OK) {
        ox = ota_file_open_whole(args_operand(args, 0), &file);
    }
    if (ox != OX_OK) {
        return ox;
    }
    ox = send.transport->send_file != NULL ? send_file(&send, &file) : send_slot(&send, &file);
    ota_file_close(&file);
    return ox;
}

const struct command command_send = {"send",
                                     "FILE --serial PORT | --ble ADDRESS | --unix SOCKET [options]",
                                     "an OTA file into a device that waits for it",
                                     "To a bootloader the image goes in plaintext into slot 1; the "
                                     "device verifies it at its reset,\n"
                                     "and installs it or not. To an application with the OTA "
                                     "service the file goes as it is, and the\n"
                                     "device verifies it before it answers. Before anything is "
                                     "sent, the form of the file is checked,\n"
                                     "or, with --device or --verify-key, all of it.",
                                     options,
                                     1,
                                     1,
                                     run};
