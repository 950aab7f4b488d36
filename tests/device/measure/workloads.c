/*
 * The table of workloads. A new one needs a row, two functions here, a source and its stubs in guest/.
 * Layer: test, host.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* for the key schedule alone */

#include "workloads.h"

#include <openssl/aes.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <otav/otav_error.h>
#include <otav/otav_format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "device_file.h"

/* What the judge says about the inputs prepared last. */
static uint8_t expected[MEASURE_BYTES_MAX];
static AES_KEY round_keys;

static void need(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void fill_random(uint8_t *bytes, size_t len)
{
    need(len == 0 || RAND_bytes(bytes, (int)len) == 1);
}

static void prepare_sha256(struct measure_io *io)
{
    fill_random(io->bytes, io->len);
    need(EVP_Digest(io->bytes, io->len, expected, NULL, EVP_sha256(), NULL) == 1);
}

static bool is_digest_right(const struct measure_io *io)
{
    return memcmp(io->result, expected, sizeof io->result) == 0;
}

static void prepare_aes_cbc(struct measure_io *io)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done_len;

    fill_random(io->parameters, 32);
    fill_random(io->bytes, io->len);
    need(AES_set_encrypt_key(io->parameters, 128, &round_keys) == 0);
    need(EVP_DecryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, io->parameters, io->parameters + 16) ==
         1);
    need(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1);
    need(EVP_DecryptUpdate(ctx, expected, &done_len, io->bytes, (int)io->len) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

static bool is_on_stack(const uint8_t *stack, uint32_t word)
{
    return memmem(stack, MEASURE_STACK_LEN, &word, sizeof word) != NULL;
}

/* One round key is enough to compute the key. In which order OpenSSL has the bytes is its own affair. */
static bool left_round_keys(const uint8_t *stack)
{
    for (unsigned i = 0; i < 44; i++) {
        uint32_t word = round_keys.rd_key[i];

        if (is_on_stack(stack, word) || is_on_stack(stack, __builtin_bswap32(word))) {
            return true;
        }
    }
    return false;
}

static bool is_plaintext_right(const struct measure_io *io)
{
    return memcmp(io->bytes, expected, io->len) == 0;
}

/* A signature under a new key over the digest that expected begins with: X || Y to xy, r || s to rs. */
static void sign(uint8_t xy[64], uint8_t rs[64])
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    uint8_t point[65];
    uint8_t der[80];
    size_t point_len;
    size_t der_len = sizeof der;

    need(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                         &point_len) == 1);
    memcpy(xy, point + 1, 64);
    need(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &der_len, expected, 32) == 1);
    memset(der + der_len, 0, sizeof der - der_len);
    need(otav_der_decode(der, sizeof der, der_len, rs));
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void prepare_p256(struct measure_io *io)
{
    fill_random(expected, 32);
    memcpy(io->parameters + 64, expected, 32);
    sign(io->parameters, io->parameters + 96);
}

static void prepare_p256_sha256(struct measure_io *io)
{
    prepare_sha256(io);
    sign(io->parameters, io->parameters + 64);
}

static bool is_accepted(const struct measure_io *io)
{
    uint32_t verdict;

    memcpy(&verdict, io->result, sizeof verdict);
    return verdict == OTAV_ACCEPT;
}

/* A file of the corpus without its header of 16 bytes, and the device that takes it. */
static void prepare_verify_slot(struct measure_io *io)
{
    const struct key_options options = {0};
    struct device_file device;
    FILE *file = fopen(GOLDEN_DIR "/good/ble-plain-full.ota", "rb");

    need(file != NULL && fseek(file, OTAV_OTAU_LEN, SEEK_SET) == 0 &&
         fread(io->bytes + MEASURE_SLOT_OFF, 1, MEASURE_CONTEXT_OFF - MEASURE_SLOT_OFF, file) > 0);
    (void)fclose(file);
    need(device_file_load(GOLDEN_DIR "/devices/production.yaml", &options, &device) == OX_OK);
    memcpy(io->bytes, &device.config, sizeof device.config);
    device_file_free(&device);
}

/* As many bytes of a firmware as there is room for, deflated; io->len becomes what that takes. */
static void prepare_inflate(struct measure_io *io)
{
    const uint32_t len = MEASURE_OUTPUT_LEN;
    FILE *file = fopen(FIRMWARE_DIR "/medium.bin", "rb");
    z_stream z = {.next_in = expected, .avail_in = len};

    need(file != NULL && fread(expected, 1, len, file) == len);
    (void)fclose(file);
    z.next_out = io->bytes;
    z.avail_out = MEASURE_OUTPUT_OFF;
    need(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    need(deflate(&z, Z_FINISH) == Z_STREAM_END && deflateEnd(&z) == Z_OK);
    io->len = (uint32_t)z.total_out;
    memcpy(io->parameters, &len, sizeof len);
}

static uint32_t inflate_result(const struct measure_io *io, unsigned word)
{
    uint32_t value;

    memcpy(&value, io->result + word * sizeof value, sizeof value);
    return value;
}

static uint32_t inflate_ram(const struct measure_io *io)
{
    return inflate_result(io, MEASURE_RAM_WORD);
}

static bool is_firmware_right(const struct measure_io *io)
{
    return inflate_result(io, MEASURE_ERROR_WORD) == OTAV_OK &&
           memcmp(io->bytes + MEASURE_OUTPUT_OFF, expected, MEASURE_OUTPUT_LEN) == 0;
}

/* Appends numbers of so many bits to a stream; bytes are zeros before. */
static void put_bits(uint8_t *bytes, uint32_t *bit, uint32_t number, unsigned count)
{
    for (unsigned i = 0; i < count; i++, (*bit)++) {
        bytes[*bit / 8] |= (uint8_t)((number >> i & 1) << *bit % 8);
    }
}

/* Blocks with codes of their own and nothing else: the most work for the fewest bits. */
static void prepare_flood(struct measure_io *io)
{
    enum { BLOCK_BITS = 90, SYMBOL_18 = 2, SYMBOL_1 = 17 };
    const uint32_t len = MEASURE_OUTPUT_LEN;

    memset(io->bytes, 0, io->len);
    for (uint32_t bit = 0; bit + BLOCK_BITS <= 8 * io->len;) {
        put_bits(io->bytes, &bit, 2u << 1, 3);
        put_bits(io->bytes, &bit, 14u << 10, 14);
        for (unsigned i = 0; i <= SYMBOL_1; i++) {
            put_bits(io->bytes, &bit, i == SYMBOL_18 || i == SYMBOL_1, 3);
        }
        put_bits(io->bytes, &bit, 1u | 127u << 1, 8); /* 138 zeros, 118 more, a length for 256 */
        put_bits(io->bytes, &bit, 1u | 107u << 1, 8);
        put_bits(io->bytes, &bit, 0, 2);
        put_bits(io->bytes, &bit, 0, 1);
    }
    memcpy(io->parameters, &len, sizeof len);
}

static bool is_truncated(const struct measure_io *io)
{
    return inflate_result(io, MEASURE_ERROR_WORD) == OTAV_ERR_TRUNCATED;
}

static void prepare_look_up(struct measure_io *io)
{
    fill_random(io->parameters, sizeof io->parameters);
}

static bool is_anything_right(const struct measure_io *io)
{
    (void)io;
    return true;
}

#define SHA256(profile)                                                                            \
    .guest = "sha256_" profile, .stub = "sha256_stub", .len = 65536, .step = 1, .unit = "byte",    \
    .unit_count = 65536, .prepare = prepare_sha256, .is_right = is_digest_right

#define AES_CBC(profile)                                                                           \
    .guest = "aes_cbc_" profile, .stub = "aes_cbc_stub", .call_len = 4096, .step = 16,             \
    .secrecy = INPUTS_SECRET, .prepare = prepare_aes_cbc, .is_right = is_plaintext_right,          \
    .left_secrets = left_round_keys

#define P256(profile)                                                                              \
    .guest = "p256_" profile, .stub = "p256_stub", .unit = "verification", .unit_count = 1,        \
    .run_count = 32, .prepare = prepare_p256, .is_right = is_accepted

#define P256_SHA256(profile)                                                                       \
    .guest = "p256_sha256_" profile, .stub = "p256_sha256_stub", .len = 1, .unit = "verification", \
    .unit_count = 1, .run_count = 32, .prepare = prepare_p256_sha256, .is_right = is_accepted

#define VERIFY_SLOT(profile)                                                                       \
    .guest = "verify_slot_" profile, .stub = "verify_slot_stub", .unit = "1024 bytes of firmware", \
    .unit_count = 1, .prepare = prepare_verify_slot, .is_right = is_accepted

#define INFLATE                                                                                    \
    .guest = "inflate", .stub = "inflate_stub", .unit = "byte of output",                          \
    .unit_count = MEASURE_OUTPUT_LEN, .prepare = prepare_inflate, .is_right = is_firmware_right,   \
    .ram_len = inflate_ram

const struct workload workloads[] = {
    {.name = "sha256 small", SHA256("small"), .call_len = 65536},
    {.name = "sha256 small, calls of 509 bytes", SHA256("small"), .call_len = 509},
    {.name = "sha256 fast", SHA256("fast"), .call_len = 65536},
    {.name = "sha256 fast, calls of 509 bytes", SHA256("fast"), .call_len = 509},
    {.name = "aes-128-cbc small",
     AES_CBC("small"),
     .len = 16384,
     .unit = "byte",
     .unit_count = 16384},
    {.name = "aes-128-cbc fast",
     AES_CBC("fast"),
     .len = 16384,
     .unit = "byte",
     .unit_count = 16384},
    {.name = "aes-128-cbc small, key alone",
     AES_CBC("small"),
     .len = 0,
     .unit = "key",
     .unit_count = 1},
    {.name = "ecdsa p-256 small", P256("small")},
    {.name = "ecdsa p-256 fast", P256("fast")},
    {.name = "ecdsa p-256 and sha-256 small", P256_SHA256("small")},
    {.name = "ecdsa p-256 and sha-256 fast", P256_SHA256("fast")},
    {.name = "verify path small", VERIFY_SLOT("small")},
    {.name = "verify path fast", VERIFY_SLOT("fast")},
    {.name = "inflate", INFLATE, .call_len = 65536},
    {.name = "inflate, calls of 240 bytes", INFLATE, .call_len = 240},
    {.name = "inflate, empty blocks",
     .guest = "inflate",
     .stub = "inflate_stub",
     .len = 18000, /* whole blocks */
     .call_len = 1024,
     .unit = "byte of input",
     .unit_count = 18000,
     .prepare = prepare_flood,
     .is_right = is_truncated,
     .ram_len = inflate_ram},
    {.name = "self-test: look-up in a table",
     .guest = "look_up",
     .stub = "look_up",
     .unit = "run",
     .unit_count = 1,
     .secrecy = INPUTS_LEAK,
     .prepare = prepare_look_up,
     .is_right = is_anything_right},
};

const unsigned workload_count = sizeof workloads / sizeof workloads[0];
