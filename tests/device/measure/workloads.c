/*
 * The table of workloads. A new one needs a row, two functions here, a source and its stubs in guest/.
 * Layer: test, host.
 */
#include "workloads.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* What the judge says about the inputs prepared last. */
static uint8_t expected[MEASURE_BYTES_MAX];

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
    need(EVP_DecryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, io->parameters, io->parameters + 16) ==
         1);
    need(EVP_CIPHER_CTX_set_padding(ctx, 0) == 1);
    need(EVP_DecryptUpdate(ctx, expected, &done_len, io->bytes, (int)io->len) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

static bool is_plaintext_right(const struct measure_io *io)
{
    return memcmp(io->bytes, expected, io->len) == 0;
}

#define SHA256(profile)                                                                            \
    .guest = "sha256_" profile, .stub = "sha256_stub", .len = 65536, .unit = "byte",               \
    .unit_count = 65536, .prepare = prepare_sha256, .is_right = is_digest_right

#define AES_CBC(profile)                                                                           \
    .guest = "aes_cbc_" profile, .stub = "aes_cbc_stub", .call_len = 4096, .secret = true,         \
    .prepare = prepare_aes_cbc, .is_right = is_plaintext_right

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
};

const unsigned workload_count = sizeof workloads / sizeof workloads[0];
