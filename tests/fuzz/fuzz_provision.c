/*
 * Fuzz target: any bytes as a provisioning record, as they are and again with the digest that belongs
 * to them, which no fuzzer finds. What is taken is written again as the same bytes; what is refused is
 * so with a code that the header names, and leaves the result alone.
 *
 * Layer: test; reads no files.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <otav/otav_openssl.h>
#include <otav/otav_provision.h>

#include "digest.h"
#include "fuzz_mute.h"
#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DIGEST_OFF (OTAV_PROVISION_LEN - OTAV_SHA256_LEN)

#define FILLER 0xA5

static bool is_filler(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != FILLER) {
            return false;
        }
    }
    return true;
}

static void read_record(const uint8_t *record)
{
    uint8_t again[OTAV_PROVISION_LEN];
    struct otav_config config;
    enum otav_err err;

    memset(&config, FILLER, sizeof config);
    err = otav_provision_decode(record, &otav_crypto_openssl, &config);
    if (err == OTAV_OK) {
        fuzz_expect(config.key_count >= 1 && config.key_count <= OTAV_KEY_MAX_COUNT);
        fuzz_expect(otav_provision_encode(&config, &otav_crypto_openssl, again) == OTAV_OK);
        fuzz_expect(memcmp(again, record, sizeof again) == 0);
        return;
    }
    fuzz_expect(err == OTAV_ERR_NOT_PROVISIONED || err == OTAV_ERR_PROVISION ||
                err == OTAV_ERR_PROVISION_DIGEST);
    fuzz_expect(is_filler((const uint8_t *)&config, sizeof config));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *record = xcalloc(1, OTAV_PROVISION_LEN); /* on the heap at its exact length */

    fuzz_mute();
    if (size > 0) {
        memcpy(record, data, size < OTAV_PROVISION_LEN ? size : OTAV_PROVISION_LEN);
    }
    read_record(record);
    fuzz_expect(digest_bytes(record, DIGEST_OFF, record + DIGEST_OFF) == OX_OK);
    read_record(record);
    free(record);
    return 0;
}
