/*
 * The crypto port in software, without AES: slots hold plaintext, and there is no room for it.
 * Layer: board, crypto back end. No state of its own: any context may use it.
 */
#include <otav/otav_error.h>

#include "p256.h"
#include "sha256.h"
#include "wbz451_board.h"

static uint32_t ecdsa_p256_verify(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    (void)user;
    return otav_p256_verify(xy, digest, rs);
}

static uint32_t refuse_aes_begin(void *user, struct otav_aes_state *state, const uint8_t key[16],
                                 const uint8_t iv[16])
{
    (void)user;
    (void)state;
    (void)key;
    (void)iv;
    return OTAV_REJECT;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the port's shape */
static uint32_t refuse_aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                   size_t len)
{
    (void)user;
    (void)state;
    (void)bytes;
    (void)len;
    return OTAV_REJECT;
}

static void end_aes(void *user, struct otav_aes_state *state)
{
    (void)user;
    (void)state;
}

const struct otav_crypto wbz451_soft_crypto = {.sha256_begin = otav_soft_sha256_begin,
                                               .sha256_update = otav_soft_sha256_update,
                                               .sha256_final = otav_soft_sha256_final,
                                               .sha256_end = otav_soft_sha256_end,
                                               .ecdsa_p256_verify = ecdsa_p256_verify,
                                               .aes_cbc_begin = refuse_aes_begin,
                                               .aes_cbc_decrypt = refuse_aes_decrypt,
                                               .aes_cbc_end = end_aes};
