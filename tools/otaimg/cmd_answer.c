/*
 * otaimg answer: both signatures for a request, made where the key is. Nothing is signed that was not
 * shown.
 */
#include "commands.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assemble.h"
#include "diag.h"
#include "key_ring.h"
#include "outfile.h"
#include "request.h"
#include "request_summary.h"
#include "response.h"
#include "util.h"

static const struct option_spec options[] = {
    {"sign-key", 'k', "URI", "private key: file:PATH or pkcs11:... (required)", false},
    {"output", 'o', "RESPONSE", "write the response to RESPONSE (required)", false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

static enum ox show(const struct request *r, const struct response *response)
{
    json_t *summary = NULL;
    char text[65];
    enum ox ox = request_summary_make(r->path, r->metadata, &summary);

    if (ox == OX_OK) {
        hex_encode(response->request, sizeof response->request, text);
        put_printable(stdout, r->path);
        printf(": request %s\n", text);
        request_summary_print(summary);
        hex_encode(r->fw_digest, sizeof r->fw_digest, text);
        printf("    %-32s %s\n", "firmware sha256", text);
        if (fflush(stdout) != 0) {
            ox = diag_fail(OX_IO, "cannot write to standard output");
        }
    }
    json_decref(summary);
    return ox;
}

static enum ox open_signer(const struct request *r, struct key_ring *ring, const char *uri,
                           struct response *response, struct signer **ret)
{
    uint8_t xy[PUBKEY_LEN];
    char wanted[65];
    char given[65];
    enum ox ox = key_ring_signer(ring, uri, true, ret);

    if (ox != OX_OK) {
        return ox;
    }
    pubkey_id(r->xy, response->key_id);
    hex_encode(response->key_id, sizeof response->key_id, wanted);
    signer_public_key(*ret, xy);
    if (memcmp(xy, r->xy, sizeof xy) != 0) {
        pubkey_id(xy, response->key_id);
        hex_encode(response->key_id, sizeof response->key_id, given);
        return diag_fail(OX_KEY, "%s: is key %s, the request expects %s", uri, given, wanted);
    }
    return OX_OK;
}

static enum ox sign(const struct request *r, struct signer *signer, struct response *response)
{
    uint8_t metadata[OTAV_META_LEN];
    enum ox ox;

    memcpy(metadata, r->metadata, sizeof metadata);
    ox = assemble_signatures(metadata, OTAV_METHOD_ECDSA, r->fw_digest, signer);
    if (ox == OX_OK && (!otav_der_decode(metadata + OTAV_META_FW_SIG_OFF, OTAV_META_SIG_LEN,
                                         metadata[OTAV_META_FW_SIG_LEN_OFF], response->firmware) ||
                        !otav_der_decode(metadata + OTAV_META_SIG_OFF, OTAV_META_SIG_LEN,
                                         metadata[OTAV_META_SIG_LEN_OFF], response->metadata))) {
        ox = diag_fail(OX_INTERNAL, "%s: a signature that cannot be read back", r->path);
    }
    return ox;
}

static enum ox answer(const struct request *r, const struct args *args,
                      const struct key_options *keys)
{
    const char *output = args_value(args, "output");
    struct key_ring *ring = key_ring_new(keys);
    struct response response;
    struct signer *signer = NULL;
    enum ox ox = request_id(r, response.request);

    if (ox == OX_OK) {
        ox = show(r, &response);
    }
    if (ox == OX_OK) {
        ox = open_signer(r, ring, args_value(args, "sign-key"), &response, &signer);
    }
    if (ox == OX_OK) {
        ox = sign(r, signer, &response);
    }
    if (ox == OX_OK) {
        char *text = response_text(&response);

        ox = outfile_write_all(output, 0666, text, strlen(text));
        free(text);
    }
    if (ox == OX_OK) {
        put_printable(stdout, output);
        printf(": both signatures\n");
    }
    key_ring_free(ring);
    return ox;
}

static enum ox run(const struct args *args)
{
    const char *output = args_value(args, "output");
    struct key_options keys;
    struct request r;
    enum ox ox = args_key_options(args, &keys);

    if (ox != OX_OK) {
        return ox;
    }
    if (args_value(args, "sign-key") == NULL) {
        return diag_fail(OX_USAGE, "no key given, expected --sign-key URI");
    }
    if (output == NULL || strcmp(output, "-") == 0) {
        return diag_fail(OX_USAGE, "no file for the response, expected --output RESPONSE");
    }
    ox = request_load(args_operand(args, 0), &r);
    if (ox == OX_OK) {
        ox = answer(&r, args, &keys);
        request_free(&r);
    }
    return ox;
}

const struct command command_answer = {
    "answer",
    "REQUEST --sign-key URI -o RESPONSE",
    "sign what a request asks for, both rounds at once",
    "Prints what the metadata in the request say, and refuses a request whose summary says "
    "something\n"
    "else or that is for another key. Needs the request only, not the draft.",
    options,
    1,
    1,
    run};
