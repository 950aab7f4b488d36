/*
 * Fuzz target: any bytes as an OTA file. The verifier gives one result however the file is cut and
 * whether or not a slot is written, nothing that it refuses becomes bootable, what it installed it
 * also boots, and the tool's readers survive the same file.
 *
 * Layer: test. A broken rule aborts.
 */
#include <stdlib.h>
#include <string.h>

#include <otav/otav_file.h>

#include "fuzz_device.h"
#include "fuzz_input.h"
#include "fuzz_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum cut { CUT_NOT, CUT_BYTES, CUT_ANYHOW };

struct result {
    enum otav_err err;
    uint16_t detail;
    uint8_t key_index;
    enum otav_state state;
    uint8_t metadata[OTAV_META_LEN];
};

static struct otav_context ctx;

static void expect(bool truth)
{
    if (!truth) {
        abort();
    }
}

static enum otav_err feed(const uint8_t *bytes, size_t len, enum cut cut, uint32_t salt)
{
    enum otav_err err = OTAV_OK;

    for (size_t off = 0; err == OTAV_OK && off < len;) {
        size_t part = cut == CUT_NOT     ? len
                      : cut == CUT_BYTES ? 1
                                         : fuzz_next(&salt) % (1u << fuzz_next(&salt) % 11);

        part = part < len - off ? part : len - off;
        err = otav_feed(&ctx, bytes + off, part);
        off += part;
    }
    return err == OTAV_OK ? otav_finish(&ctx) : err;
}

/* What the context says, checked for sense; closes it. */
static void conclude(enum otav_err err, struct result *ret)
{
    const uint8_t *metadata = otav_get_metadata(&ctx);
    bool accepted = otav_verdict(&ctx) == OTAV_ACCEPT;

    memset(ret, 0, sizeof *ret);
    ret->err = err;
    ret->detail = otav_get_detail(&ctx);
    ret->key_index = otav_get_key_index(&ctx);
    ret->state = otav_get_state(&ctx);
    expect(accepted == (err == OTAV_OK));
    expect(accepted == (ret->state == OTAV_VERIFIED || ret->state == OTAV_COMMITTED));
    expect(accepted || ret->state == OTAV_FAILED);
    expect(accepted == (metadata != NULL));
    if (metadata != NULL) {
        memcpy(ret->metadata, metadata, sizeof ret->metadata);
    }
    otav_close(&ctx);
}

static void verify_file(const struct fuzz_input *input, const struct otav_config *config,
                        enum otav_purpose purpose, enum cut cut, struct result *ret)
{
    enum otav_err err =
        otav_open_file(&ctx, config, &fuzz_crypto, purpose, input->len, input->sum, NULL);

    expect(err == OTAV_OK);
    conclude(feed(input->bytes, input->len, cut, input->salt), ret);
}

static void boot_slot(const struct otav_flash *flash, const struct otav_config *config,
                      struct result *ret)
{
    conclude(otav_verify_slot(&ctx, config, &fuzz_crypto, flash, OTAV_BOOT), ret);
}

/* The payload as a device gets it, into a slot. */
static void install(const struct fuzz_input *input, const struct otav_file *file,
                    const struct otav_config *config, const struct result *expected)
{
    const struct otav_flash *flash = fuzz_slot_reset();
    const struct otav_transfer transfer = {
        .purpose = OTAV_INSTALL,
        .encrypted = file->encrypted,
        .has_len = true,
        .len = file->payload_len,
        .in_slot = file->kind == OTAV_FILE_IMAGE,
        .has_image_id = file->has_otau,
        .image_id = otav_load_u32(input->bytes + OTAV_OTAU_IMAGE_ID_OFF),
        .has_version = file->has_otau,
        .version = otav_load_u32(input->bytes + OTAV_OTAU_REVISION_OFF)};
    struct result result;
    enum otav_err err = otav_open(&ctx, config, &fuzz_crypto, flash, &transfer);

    if (err == OTAV_OK) {
        err = feed(input->bytes + file->payload_off, file->payload_len, CUT_ANYHOW, input->salt);
    }
    expect(err == expected->err);
    expect(!fuzz_slot_is_committed());
    if (err == OTAV_OK) {
        expect(otav_commit(&ctx) == OTAV_OK);
    }
    conclude(err, &result);
    expect(fuzz_slot_is_committed() == (err == OTAV_OK));
    if (err == OTAV_OK) {
        expect(memcmp(fuzz_slot_bytes(), result.metadata, OTAV_META_LEN) == 0);
        boot_slot(flash, config, &result);
        expect(result.err == OTAV_OK && result.key_index == expected->key_index);
    }
}

static void run_policy(const struct fuzz_input *input, enum otav_policy policy)
{
    enum otav_purpose purpose = (input->salt & 8) != 0 ? OTAV_BOOT : OTAV_INSTALL;
    size_t prefix_len = input->len < OTAV_FILE_PREFIX_LEN ? input->len : OTAV_FILE_PREFIX_LEN;
    struct otav_config config;
    struct otav_file file;
    struct result whole;
    struct result cut;
    uint16_t offset;

    fuzz_device_config(&config, policy);
    verify_file(input, &config, purpose, CUT_NOT, &whole);
    verify_file(input, &config, purpose, CUT_BYTES, &cut);
    expect(memcmp(&whole, &cut, sizeof whole) == 0);
    verify_file(input, &config, purpose, CUT_ANYHOW, &cut);
    expect(memcmp(&whole, &cut, sizeof whole) == 0);
    boot_slot(fuzz_slot_load(input->bytes, input->len), &config, &cut);
    if (otav_file_parse(input->bytes, prefix_len, input->len, input->sum, &file, &offset) ==
        OTAV_OK) {
        verify_file(input, &config, OTAV_INSTALL, CUT_NOT, &whole);
        install(input, &file, &config, &whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input;

    fuzz_input_init(&input, data, size);
    run_policy(&input, OTAV_POLICY_STRICT);
    run_policy(&input, OTAV_POLICY_STOCK);
    fuzz_read_file(&input);
    fuzz_input_free(&input);
    return 0;
}
