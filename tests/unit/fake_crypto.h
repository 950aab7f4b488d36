/*
 * A crypto port that passes everything on to another one, counts, and can be told to fail or to
 * lie: at the nth call once or from then on, of one callback or of all, with any word as result.
 */
#ifndef TEST_FAKE_CRYPTO_H
#define TEST_FAKE_CRYPTO_H

#include <otav/otav.h>
#include <string.h>

enum fake_callback {
    FAKE_SHA256_BEGIN,
    FAKE_SHA256_UPDATE,
    FAKE_SHA256_FINAL,
    FAKE_ECDSA,
    FAKE_AES_BEGIN,
    FAKE_AES_DECRYPT,
    FAKE_CALLBACK_COUNT
};

struct fake_crypto {
    const struct otav_crypto *real;
    unsigned calls[FAKE_CALLBACK_COUNT];
    unsigned sha256_open; /* begun and not ended */
    unsigned aes_open;

    bool active;
    enum fake_callback callback; /* the one that misbehaves ... */
    unsigned nth;                /* ... at this call, from 1 ... */
    bool persistent;             /* ... and at all later ones, ... */
    uint32_t result;             /* returning this */
};

/* Counts the call; the result to give instead of the real one in *ret. */
static inline bool fake_interferes(struct fake_crypto *fake, enum fake_callback callback,
                                   uint32_t *ret)
{
    unsigned n = ++fake->calls[callback];

    if (!fake->active || fake->callback != callback ||
        !(n == fake->nth || (fake->persistent && n > fake->nth))) {
        return false;
    }
    *ret = fake->result;
    return true;
}

static inline uint32_t fake_sha256_begin(void *user, struct otav_sha256_state *state)
{
    struct fake_crypto *fake = user;
    uint32_t result;

    if (fake_interferes(fake, FAKE_SHA256_BEGIN, &result)) {
        return result;
    }
    fake->sha256_open++;
    return fake->real->sha256_begin(fake->real->user, state);
}

static inline uint32_t fake_sha256_update(void *user, struct otav_sha256_state *state,
                                          const uint8_t *bytes, size_t len)
{
    struct fake_crypto *fake = user;
    uint32_t result;

    return fake_interferes(fake, FAKE_SHA256_UPDATE, &result)
               ? result
               : fake->real->sha256_update(fake->real->user, state, bytes, len);
}

static inline uint32_t fake_sha256_final(void *user, struct otav_sha256_state *state,
                                         uint8_t ret_digest[OTAV_SHA256_LEN])
{
    struct fake_crypto *fake = user;
    uint32_t result;

    return fake_interferes(fake, FAKE_SHA256_FINAL, &result)
               ? result
               : fake->real->sha256_final(fake->real->user, state, ret_digest);
}

static inline void fake_sha256_end(void *user, struct otav_sha256_state *state)
{
    struct fake_crypto *fake = user;

    fake->sha256_open--;
    fake->real->sha256_end(fake->real->user, state);
}

static inline uint32_t fake_ecdsa(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                                  const uint8_t digest[OTAV_SHA256_LEN],
                                  const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    struct fake_crypto *fake = user;
    uint32_t result;

    return fake_interferes(fake, FAKE_ECDSA, &result)
               ? result
               : fake->real->ecdsa_p256_verify(fake->real->user, xy, digest, rs);
}

static inline uint32_t fake_aes_begin(void *user, struct otav_aes_state *state,
                                      const uint8_t key[16], const uint8_t iv[16])
{
    struct fake_crypto *fake = user;
    uint32_t result;

    if (fake_interferes(fake, FAKE_AES_BEGIN, &result)) {
        return result;
    }
    fake->aes_open++;
    return fake->real->aes_cbc_begin(fake->real->user, state, key, iv);
}

static inline uint32_t fake_aes_decrypt(void *user, struct otav_aes_state *state, uint8_t *bytes,
                                        size_t len)
{
    struct fake_crypto *fake = user;
    uint32_t result;

    return fake_interferes(fake, FAKE_AES_DECRYPT, &result)
               ? result
               : fake->real->aes_cbc_decrypt(fake->real->user, state, bytes, len);
}

static inline void fake_aes_end(void *user, struct otav_aes_state *state)
{
    struct fake_crypto *fake = user;

    fake->aes_open--;
    fake->real->aes_cbc_end(fake->real->user, state);
}

static inline struct otav_crypto fake_crypto_init(struct fake_crypto *fake,
                                                  const struct otav_crypto *real)
{
    const struct otav_crypto port = {
        fake,       fake_sha256_begin, fake_sha256_update, fake_sha256_final, fake_sha256_end,
        fake_ecdsa, fake_aes_begin,    fake_aes_decrypt,   fake_aes_end};

    memset(fake, 0, sizeof *fake);
    fake->real = real;
    return port;
}

static inline void fake_crypto_plan(struct fake_crypto *fake, enum fake_callback callback,
                                    unsigned nth, bool persistent, uint32_t result)
{
    memset(fake->calls, 0, sizeof fake->calls);
    fake->active = true;
    fake->callback = callback;
    fake->nth = nth;
    fake->persistent = persistent;
    fake->result = result;
}

#endif
