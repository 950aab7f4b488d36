/*
 * A crypto port that records: see recording.h. Test programs fork, so every record is appended in
 * one write.
 * Layer: test.
 */
#include "otav_recorder.h"

#include <fcntl.h>
#include <otav/otav_error.h>
#include <otav/otav_openssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording.h"

static struct {
    uint8_t *bytes;
    size_t len;
} record;

static void add(const void *bytes, size_t len)
{
    static const uint8_t zeros[4];
    size_t padding = (4 - len % 4) % 4;

    record.bytes = realloc(record.bytes, record.len + len + padding);
    if (record.bytes == NULL) {
        abort();
    }
    if (len > 0) {
        memcpy(record.bytes + record.len, bytes, len);
    }
    memcpy(record.bytes + record.len + len, zeros, padding);
    record.len += len + padding;
}

static void add_word(uint32_t word)
{
    add(&word, sizeof word);
}

static void finish(void)
{
    const char *path = getenv("RECORDING");
    int fd = path != NULL ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

    if (fd < 0 || write(fd, record.bytes, record.len) != (ssize_t)record.len) {
        perror("recorder: $RECORDING");
        abort();
    }
    close(fd);
    record.len = 0;
}

static uint32_t sha256_begin(void *user, struct otav_sha256_state *state)
{
    add_word(CALL_SHA256_BEGIN);
    finish();
    return otav_crypto_openssl.sha256_begin(user, state);
}

static uint32_t sha256_update(void *user, struct otav_sha256_state *state, const uint8_t *bytes,
                              size_t len)
{
    add_word(CALL_SHA256_UPDATE);
    add_word((uint32_t)len);
    add(bytes, len);
    finish();
    return otav_crypto_openssl.sha256_update(user, state, bytes, len);
}

static uint32_t sha256_final(void *user, struct otav_sha256_state *state,
                             uint8_t ret_digest[OTAV_SHA256_LEN])
{
    uint32_t result = otav_crypto_openssl.sha256_final(user, state, ret_digest);

    add_word(CALL_SHA256_FINAL);
    add(ret_digest, OTAV_SHA256_LEN);
    finish();
    return result;
}

static void sha256_end(void *user, struct otav_sha256_state *state)
{
    add_word(CALL_SHA256_END);
    finish();
    otav_crypto_openssl.sha256_end(user, state);
}

static uint32_t ecdsa_p256_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    uint32_t result = otav_crypto_openssl.ecdsa_p256_verify(user, xy, digest, rs);

    add_word(CALL_ECDSA);
    add(xy, OTAV_PUBLIC_KEY_LEN);
    add(digest, OTAV_SHA256_LEN);
    add(rs, OTAV_SIGNATURE_LEN);
    add_word(result);
    finish();
    return result;
}

static uint32_t aes_cbc_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                              const uint8_t iv[16])
{
    add_word(CALL_AES_BEGIN);
    add(key, 16);
    add(iv, 16);
    finish();
    return otav_crypto_openssl.aes_cbc_begin(user, state, key, iv);
}

static uint32_t aes_cbc_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                size_t len)
{
    uint32_t result;

    add_word(CALL_AES_DECRYPT);
    add_word((uint32_t)len);
    add(bytes, len);
    result = otav_crypto_openssl.aes_cbc_decrypt(user, state, bytes, len);
    add_word(result);
    add(bytes, len);
    finish();
    return result;
}

static void aes_cbc_end(void *user, struct otav_aes_state *state)
{
    add_word(CALL_AES_END);
    finish();
    otav_crypto_openssl.aes_cbc_end(user, state);
}

const struct otav_crypto otav_crypto_recorder = {
    .user = NULL,
    .sha256_begin = sha256_begin,
    .sha256_update = sha256_update,
    .sha256_final = sha256_final,
    .sha256_end = sha256_end,
    .ecdsa_p256_verify = ecdsa_p256_verify,
    .aes_cbc_begin = aes_cbc_begin,
    .aes_cbc_decrypt = aes_cbc_decrypt,
    .aes_cbc_end = aes_cbc_end,
};
