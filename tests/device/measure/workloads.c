/*
 * The table of workloads. A new one needs a row, two functions here, a source and its stubs in guest/.
 * Layer: test, host.
 */
#define OPENSSL_API_COMPAT 0x10101000L /* for the key schedule alone */

#include "workloads.h"

#include <openssl/aes.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

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
