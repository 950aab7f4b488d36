/*
 * Fuzz target: any bytes as a signing request, and as a response. What is taken agrees with itself and
 * means the same when it is written again; what is refused is so with a code that the header names.
 * The same bytes as metadata of a request get past what a digest in the text keeps away.
 *
 * Layer: test; reads no files.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "fuzz_mute.h"
#include "request.h"
#include "response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATH "fuzz.json"

/* The generator of P-256: a public key as good as any. */
static const uint8_t generator[PUBKEY_LEN] = {
    0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
    0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
    0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16,
    0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

/* All that is signed or logged. */
static void expect_same(const struct request *a, const struct request *b)
{
    fuzz_expect(a->round == b->round && a->image_id == b->image_id);
    fuzz_expect(memcmp(a->xy, b->xy, sizeof a->xy) == 0);
    fuzz_expect(memcmp(a->metadata, b->metadata, sizeof a->metadata) == 0);
    fuzz_expect(memcmp(a->fw_digest, b->fw_digest, sizeof a->fw_digest) == 0);
    fuzz_expect(memcmp(a->content, b->content, sizeof a->content) == 0);
    fuzz_expect(memcmp(a->draft_digest, b->draft_digest, sizeof a->draft_digest) == 0);
    fuzz_expect((a->log == NULL) == (b->log == NULL));
    fuzz_expect((a->output == NULL) == (b->output == NULL));
    fuzz_expect((a->encrypt_key == NULL) == (b->encrypt_key == NULL));
}

static bool parse(const char *text, size_t len, struct request *ret)
{
    enum ox ox = request_parse(PATH, text, len, ret);

    fuzz_expect(ox == OX_OK || ox == OX_MALFORMED || ox == OX_AUTH);
    return ox == OX_OK;
}

/* Its places may be in folders that do not exist. */
static void write_again(const struct request *r)
{
    struct request again;
    char *text = NULL;
    enum ox ox = request_text(r, PATH, &text);

    if (ox != OX_OK) {
        fuzz_expect(ox == OX_IO);
        return;
    }
    fuzz_expect(parse(text, strlen(text), &again));
    expect_same(r, &again);
    request_free(&again);
    free(text);
}

static void read_request(const char *text, size_t len)
{
    uint8_t digest[OTAV_SHA256_LEN];
    struct release_facts facts;
    struct request r;

    if (parse(text, len, &r)) {
        fuzz_expect(request_digest(&r, digest) == OX_OK);
        fuzz_expect(request_id(&r, digest) == OX_OK);
        fuzz_expect(request_facts(&r, &facts) == OX_OK);
        write_again(&r);
        request_free(&r);
    }
}

static void read_metadata(const uint8_t *data, size_t size)
{
    char draft[] = PATH ".draft";
    struct request r = {.round = 1, .draft = draft};
    char *text = NULL;

    memcpy(r.xy, generator, sizeof r.xy);
    memcpy(r.metadata, data, size < sizeof r.metadata ? size : sizeof r.metadata);
    if (request_text(&r, PATH, &text) == OX_OK) {
        read_request(text, strlen(text));
        free(text);
    }
}

static void read_response(const char *text, size_t len)
{
    struct response response;
    struct response again;
    char *written;
    enum ox ox = response_parse(PATH, text, len, &response);

    if (ox != OX_OK) {
        fuzz_expect(ox == OX_MALFORMED);
        return;
    }
    written = response_text(&response);
    fuzz_expect(response_parse(PATH, written, strlen(written), &again) == OX_OK);
    fuzz_expect(memcmp(&again, &response, sizeof again) == 0);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_mute();
    read_request((const char *)data, size);
    read_metadata(data, size);
    read_response((const char *)data, size);
    return 0;
}
