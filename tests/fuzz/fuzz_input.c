/*
 * Makes files of the fuzzer's bytes.
 * Layer: test. Mutations happen on plaintext; what the verifier sees is the ciphertext.
 */
#include "fuzz_input.h"

#include <stdlib.h>
#include <string.h>

#include <otav/otav_file.h>

#include <openssl/evp.h>

/* Those of the golden files. */
const uint8_t fuzz_aes_key[16] = {0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78,
                                  0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0};
const uint8_t fuzz_aes_iv[16] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};

uint32_t fuzz_next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static uint32_t salt_of(const uint8_t *data, size_t size)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * 16777619u;
    }
    return hash;
}

static uint32_t sum_of(const struct fuzz_input *input)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < input->len; i++) {
        sum += input->bytes[i];
    }
    return sum;
}

/* Whole blocks only; what is left over stays as it is. */
static void encrypt(uint8_t *bytes, uint32_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;

    if (ctx == NULL ||
        EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, fuzz_aes_key, fuzz_aes_iv) != 1 ||
        EVP_EncryptUpdate(ctx, bytes, &done, bytes, (int)(len - len % OTAV_BLOCK_LEN)) != 1) {
        abort();
    }
    EVP_CIPHER_CTX_free(ctx);
}

/* Without an OTAU header nothing says "encrypted": here the last byte of the Zigbee text does. */
static bool wants_encryption(const uint8_t *bytes, bool has_otau, uint32_t zota_off)
{
    return has_otau
               ? bytes[OTAV_OTAU_ENCRYPTED_OFF] == 1
               : bytes[zota_off + OTAV_ZOTA_HEADER_STRING_OFF + OTAV_ZOTA_HEADER_STRING_LEN - 1] ==
                     1;
}

static void repair(struct fuzz_input *input, bool has_otau, bool has_zota, uint32_t zota_off)
{
    uint8_t *checksum = input->bytes + OTAV_OTAU_CHECKSUM_OFF;

    if (has_zota) {
        otav_store_u32(input->bytes + zota_off + OTAV_ZOTA_TOTAL_LEN_OFF, input->len - zota_off);
    }
    if (has_otau) {
        otav_store_u16(checksum, 0);
        otav_store_u16(checksum, otav_file_checksum(sum_of(input)));
    }
}

static void seal(struct fuzz_input *input)
{
    enum otav_file_kind kind;
    bool known = otav_file_guess(input->bytes, input->len, &kind);
    bool has_otau = known && (kind == OTAV_FILE_BLE || kind == OTAV_FILE_COMBO);
    bool has_zota = known && (kind == OTAV_FILE_ZIGBEE || kind == OTAV_FILE_COMBO);
    uint32_t zota_off = has_otau ? OTAV_OTAU_LEN : 0;
    uint32_t payload_off = zota_off;

    if (!has_otau && !has_zota) {
        return;
    }
    if (has_zota && input->len < zota_off + OTAV_ZOTA_LEN) {
        return;
    }
    if (has_zota) {
        payload_off += otav_load_u16(input->bytes + zota_off + OTAV_ZOTA_HEADER_LEN_OFF);
    }
    if (payload_off < input->len && wants_encryption(input->bytes, has_otau, zota_off)) {
        encrypt(input->bytes + payload_off, input->len - payload_off);
    }
    if (input->salt % 8 != 0) {
        repair(input, has_otau, has_zota, zota_off);
    }
}

void fuzz_input_init(struct fuzz_input *input, const uint8_t *data, size_t size)
{
    input->bytes = malloc(size == 0 ? 1 : size);
    input->len = (uint32_t)size;
    input->salt = salt_of(data, size);
    if (input->bytes == NULL) {
        abort();
    }
    if (size > 0) {
        memcpy(input->bytes, data, size);
    }
    seal(input);
    input->sum = sum_of(input);
}

void fuzz_input_free(struct fuzz_input *input)
{
    free(input->bytes);
}
