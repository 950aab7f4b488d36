/*
 * Faults: constants far apart, a crypto port that lies, contexts that were tampered with. None of it
 * may turn a bad image into ACCEPT.
 */
#include "unit.h"

#include <otav/otav_openssl.h>

#include "../../verifier/src/secure.h"
#include "fake_crypto.h"
#include "flash_sim.h"
#include "image_builder.h"

static struct image_key signer;
static struct image_key stranger;
static struct otav_config config;
static struct otav_context ctx;
static struct image image;
static struct image_file file;

static void setup(void)
{
    image_key_load(&signer, "test-p256.pem");
    image_key_generate(&stranger);
    image_config(&config, &signer);
    memset(&ctx, 0, sizeof ctx);
}

static void teardown(void)
{
    otav_close(&ctx);
    image_key_free(&signer);
    image_key_free(&stranger);
}

/* ---- constants -------------------------------------------------------------------------------- */

#define ERROR_ROW(name, value, text) OTAV_ERR_##name,
static const uint32_t errors[] = {OTAV_ERRORS(ERROR_ROW)};

static unsigned distance(uint32_t a, uint32_t b)
{
    unsigned bits = 0;

    for (uint32_t d = a ^ b; d != 0; d >>= 1) {
        bits += d & 1;
    }
    return bits;
}

START_TEST(test_secure_verdicts_and_success_are_far_from_everything)
{
    static const uint32_t words[] = {OTAV_ACCEPT, OTAV_REJECT, OTAV_OK, 0, UINT32_MAX};
    unsigned nearest = 32;

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
            ck_assert_msg(i == k || distance(words[i], words[k]) >= 12, "%08x and %08x are near",
                          words[i], words[k]);
        }
        for (size_t k = 0; k < sizeof errors / sizeof errors[0]; k++) {
            unsigned bits = distance(words[i], errors[k]);

            nearest = bits < nearest ? bits : nearest;
            ck_assert_msg(bits >= 12, "%08x and error %04x are %u bits apart", words[i], errors[k],
                          bits);
        }
    }
    ck_assert_uint_ge(distance(OTAV_TOKEN_METADATA, OTAV_TOKEN_FIRMWARE), 12);
    ck_assert_uint_ge(distance(OTAV_POLICY_STRICT, OTAV_POLICY_STOCK), 8);
    ck_assert_uint_ge(distance(OTAV_CLASS_PRODUCTION, OTAV_CLASS_DEVELOPMENT), 8);
    ck_assert_uint_ge(distance(OTAV_INSTALL, OTAV_BOOT), 8);
}
END_TEST

START_TEST(test_secure_wipe_clears_exactly_its_range)
{
    uint8_t bytes[8];

    memset(bytes, 0xEE, sizeof bytes);
    otav_wipe(bytes + 2, 4);
    for (size_t i = 0; i < sizeof bytes; i++) {
        ck_assert_uint_eq(bytes[i], i >= 2 && i < 6 ? 0 : 0xEE);
    }
    otav_wipe(bytes, 0);
    ck_assert_uint_eq(bytes[0], 0xEE);
}
END_TEST

/* ---- a port that lies ------------------------------------------------------------------------- */

static void make_file(const struct image_key *meta_key, const struct image_key *fw_key)
{
    image_init(&image, 48, true);
    image_sign(&image, fw_key);
    image_sign_meta(&image, meta_key);
    image_file_build(&file, &image, OTAV_FILE_BLE, false, 0);
}

/* Runs on after errors, as a program whose checks of return values were skipped would. */
static uint32_t verdict_of_all_calls(const struct otav_crypto *crypto)
{
    uint32_t verdict;

    (void)otav_open_file(&ctx, &config, crypto, OTAV_INSTALL, (uint32_t)file.len,
                         image_sum(file.bytes, file.len), NULL);
    (void)otav_feed(&ctx, file.bytes, file.len);
    (void)otav_finish(&ctx);
    verdict = otav_verdict(&ctx);
    otav_close(&ctx);
    return verdict;
}

/* An image of a stranger needs two lies: one is never enough, at whichever check. */
START_TEST(test_secure_one_lie_never_accepts_a_strangers_image)
{
    struct fake_crypto fake;
    struct otav_crypto crypto = fake_crypto_init(&fake, &otav_crypto_openssl);

    for (uint8_t keys = 1; keys <= OTAV_KEY_MAX_COUNT; keys++) {
        image_config(&config, &signer);
        config.key_count = keys;
        for (uint8_t i = 1; i < keys; i++) {
            config.keys[i] = config.keys[0];
        }
        make_file(&stranger, &stranger);
        for (unsigned nth = 1; nth <= keys + 1u; nth++) {
            fake_crypto_plan(&fake, FAKE_ECDSA, nth, false, OTAV_ACCEPT);
            ck_assert_uint_eq(verdict_of_all_calls(&crypto), OTAV_REJECT);
        }
    }
    fake_crypto_plan(&fake, FAKE_ECDSA, 1, true, OTAV_ACCEPT); /* the lie itself does work */
    ck_assert_uint_eq(verdict_of_all_calls(&crypto), OTAV_ACCEPT);
}
END_TEST

/* One good signature does not help when the lie is told about it and not about the bad one. */
START_TEST(test_secure_lie_about_the_good_signature_changes_nothing)
{
    struct fake_crypto fake;
    struct otav_crypto crypto = fake_crypto_init(&fake, &otav_crypto_openssl);

    make_file(&signer, &stranger);
    fake_crypto_plan(&fake, FAKE_ECDSA, 1, false, OTAV_ACCEPT);
    ck_assert_uint_eq(verdict_of_all_calls(&crypto), OTAV_REJECT);
    make_file(&stranger, &signer);
    fake_crypto_plan(&fake, FAKE_ECDSA, 2, false, OTAV_ACCEPT);
    ck_assert_uint_eq(verdict_of_all_calls(&crypto), OTAV_REJECT);
}
END_TEST

/* Whatever word a port returns, only ACCEPT accepts; each single bit of it counts. */
START_TEST(test_secure_other_words_of_the_port_reject)
{
    struct fake_crypto fake;
    struct otav_crypto crypto = fake_crypto_init(&fake, &otav_crypto_openssl);

    make_file(&signer, &signer);
    for (unsigned bit = 0; bit < 32; bit++) {
        const uint32_t words[] = {OTAV_ACCEPT ^ (UINT32_C(1) << bit),
                                  OTAV_REJECT ^ (UINT32_C(1) << bit), UINT32_C(1) << bit};

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            for (unsigned nth = 1; nth <= 2; nth++) {
                fake_crypto_plan(&fake, FAKE_ECDSA, nth, false, words[i]);
                ck_assert_uint_eq(verdict_of_all_calls(&crypto), OTAV_REJECT);
            }
            fake_crypto_plan(&fake, FAKE_ECDSA, 1, true, words[i]);
            ck_assert_uint_eq(verdict_of_all_calls(&crypto), OTAV_REJECT);
        }
    }
}
END_TEST

/* ---- contexts that were tampered with --------------------------------------------------------- */

static void finish_good_image(void)
{
    make_file(&signer, &signer);
    otav_close(&ctx);
    ck_assert_int_eq(image_run_file(&ctx, &config, &otav_crypto_openssl, file.bytes, file.len, 0),
                     OTAV_OK);
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
}

START_TEST(test_secure_forged_state_alone_is_rejected)
{
    static const uint32_t words[] = {0,       UINT32_MAX,          OTAV_ACCEPT,        OTAV_REJECT,
                                     OTAV_OK, OTAV_TOKEN_METADATA, OTAV_TOKEN_FIRMWARE};

    for (unsigned state = 0; state < 16; state++) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
                bool right = (state == OTAV_VERIFIED || state == OTAV_COMMITTED) &&
                             words[i] == OTAV_TOKEN_METADATA && words[k] == OTAV_TOKEN_FIRMWARE;

                memset(&ctx, 0, sizeof ctx);
                ctx.state = (uint16_t)state;
                ctx.error = OTAV_OK;
                ctx.meta_token = words[i];
                ctx.fw_token = words[k];
                ck_assert_uint_eq(otav_verdict(&ctx), right ? OTAV_ACCEPT : OTAV_REJECT);
                ctx.error = 0;
                ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
            }
        }
    }
    memset(&ctx, 0, sizeof ctx);
}
END_TEST

START_TEST(test_secure_any_flipped_token_bit_is_rejected)
{
    finish_good_image();
    for (unsigned bit = 0; bit < 32; bit++) {
        ctx.meta_token ^= UINT32_C(1) << bit;
        ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
        ctx.meta_token ^= UINT32_C(1) << bit;
        ctx.fw_token ^= UINT32_C(1) << bit;
        ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
        ctx.fw_token ^= UINT32_C(1) << bit;
    }
    ck_assert_uint_eq(otav_verdict(&ctx), OTAV_ACCEPT);
}
END_TEST

/* A state moved on by a fault is not a verified image: not in the verdict and not in commit. */
START_TEST(test_secure_forged_verified_state_is_not_committed)
{
    static struct flash_sim sim;
    struct otav_flash flash = flash_sim_port(&sim);
    const struct otav_transfer transfer = {.purpose = OTAV_INSTALL};

    make_file(&signer, &signer);
    flash_sim_fill(&sim, 0);
    for (size_t len = 0; len < OTAV_META_LEN + 48; len += 16) {
        ck_assert_int_eq(otav_open(&ctx, &config, &otav_crypto_openssl, &flash, &transfer),
                         OTAV_OK);
        ck_assert_int_eq(otav_feed(&ctx, file.bytes + file.payload_off, len), OTAV_OK);
        ctx.state = OTAV_VERIFIED;
        ck_assert_uint_eq(otav_verdict(&ctx), OTAV_REJECT);
        ck_assert_int_eq(otav_commit(&ctx), OTAV_ERR_STATE);
        ck_assert_uint_eq(sim.first_unit_programs, 0);
        otav_close(&ctx);
    }
}
END_TEST

/* Damages the metadata while the signature is checked, behind the first look at its rules. */
static uint32_t damaging_ecdsa(void *user, const uint8_t xy[OTAV_PUBLIC_KEY_LEN],
                               const uint8_t digest[OTAV_SHA256_LEN],
                               const uint8_t rs[OTAV_SIGNATURE_LEN])
{
    (void)user;
    ctx.metadata[OTAV_META_FW_AUTH_METHOD_OFF] = OTAV_METHOD_NONE;
    return otav_crypto_openssl.ecdsa_p256_verify(NULL, xy, digest, rs);
}

START_TEST(test_secure_rules_are_judged_again_after_the_signature)
{
    struct otav_crypto crypto = otav_crypto_openssl;

    crypto.ecdsa_p256_verify = damaging_ecdsa;
    make_file(&signer, &signer);
    ck_assert_int_eq(image_run_file(&ctx, &config, &crypto, file.bytes, file.len, 0),
                     OTAV_ERR_METADATA);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_secure_verdicts_and_success_are_far_from_everything);
    tcase_add_test(tc, test_secure_wipe_clears_exactly_its_range);
    tcase_add_test(tc, test_secure_one_lie_never_accepts_a_strangers_image);
    tcase_add_test(tc, test_secure_lie_about_the_good_signature_changes_nothing);
    tcase_add_test(tc, test_secure_other_words_of_the_port_reject);
    tcase_add_test(tc, test_secure_rules_are_judged_again_after_the_signature);
    tcase_add_test(tc, test_secure_forged_state_alone_is_rejected);
    tcase_add_test(tc, test_secure_any_flipped_token_bit_is_rejected);
    tcase_add_test(tc, test_secure_forged_verified_state_is_not_committed);
}

int main(void)
{
    return unit_main("secure", add_tests);
}
