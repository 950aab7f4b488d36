/*
 * Random signatures, valid and damaged, through the P-256 verification of one profile, OpenSSL and
 * BearSSL: all three have to agree. SOFT_P256_RANDOM says how many (20,000), SOFT_P256_SEED where the
 * generator starts.
 */
#include "unit.h"

#include <bearssl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <otav/otav_format.h>

#include "p256_signature.h"

enum { DAMAGES = 10 };

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *value = getenv(name);

    return value == NULL ? otherwise : strtoull(value, NULL, 10);
}

static bool openssl_accepts(const struct signature *sig)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    char group[] = "P-256";
    uint8_t point[65] = {POINT_CONVERSION_UNCOMPRESSED};
    uint8_t der[OTAV_META_SIG_LEN];
    size_t der_len = otav_der_encode(sig->rs, der);
    EVP_PKEY *key = NULL;
    bool ok = false;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end()};

    memcpy(point + 1, sig->xy, sizeof sig->xy);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1) {
        EVP_PKEY_CTX *verify = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

        ck_assert_int_eq(EVP_PKEY_verify_init(verify), 1);
        ok = EVP_PKEY_verify(verify, der, der_len, sig->digest, sizeof sig->digest) == 1;
        EVP_PKEY_CTX_free(verify);
    }
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool bearssl_accepts(const struct signature *sig)
{
    uint8_t point[65] = {0x04};
    br_ec_public_key key = {BR_EC_secp256r1, point, sizeof point};

    memcpy(point + 1, sig->xy, sizeof sig->xy);
    return br_ecdsa_i31_vrfy_raw(br_ec_get_default(), sig->digest, sizeof sig->digest, &key,
                                 sig->rs, sizeof sig->rs) == 1;
}

/* n - s: a second valid signature. */
static void negate_s(struct signature *sig)
{
    BIGNUM *s = from_bytes(sig->rs + 32);

    ck_assert_int_eq(BN_sub(s, ref.n, s), 1);
    to_bytes(s, sig->rs + 32);
    BN_free(s);
}

/* One of DAMAGES ways to change a valid signature, the first two of which leave it valid. */
static void damage(struct signature *sig, unsigned way)
{
    uint8_t half[32];

    switch (way) {
    case 0:
        break;
    case 1:
        negate_s(sig);
        break;
    case 2:
        sig->xy[random_word() % 64] ^= (uint8_t)(1u << random_word() % 8);
        break;
    case 3:
        sig->digest[random_word() % 32] ^= (uint8_t)(1u << random_word() % 8);
        break;
    case 4:
        sig->rs[random_word() % 64] ^= (uint8_t)(1u << random_word() % 8);
        break;
    case 5:
        memcpy(half, sig->rs, 32);
        memcpy(sig->rs, sig->rs + 32, 32);
        memcpy(sig->rs + 32, half, 32);
        break;
    case 6:
        random_bytes(sig->rs, 64);
        break;
    case 7:
        memset(sig->rs + 4 * (size_t)(random_word() % 16), (random_word() & 1) != 0 ? 0xFF : 0, 4);
        break;
    case 8:
        memset(sig->digest + 4 * (size_t)(random_word() % 8), (random_word() & 1) != 0 ? 0xFF : 0,
               4);
        break;
    default:
        memcpy(half, sig->xy, 32);
        memcpy(sig->xy, sig->xy + 32, 32);
        memcpy(sig->xy + 32, half, 32);
        break;
    }
}

START_TEST(test_soft_p256_random_signatures_agree_with_openssl_and_bearssl)
{
    uint64_t count = from_environment("SOFT_P256_RANDOM", 20000);
    uint64_t seed = from_environment("SOFT_P256_SEED", 1);
    uint64_t valid = 0;
    struct signature made;

    reference_random = seed * 0x9E3779B97F4A7C15u | 1u;
    for (uint64_t i = 0; i < count; i++) {
        struct signature sig;
        bool ours;

        if (i % DAMAGES == 0) {
            sign_random(&made);
        }
        sig = made;
        damage(&sig, (unsigned)(i % DAMAGES));
        ours = accepted(&sig);
        ck_assert_msg(ours == openssl_accepts(&sig), "OpenSSL disagrees on number %ju",
                      (uintmax_t)i);
        ck_assert_msg(ours == bearssl_accepts(&sig), "BearSSL disagrees on number %ju",
                      (uintmax_t)i);
        ck_assert(i % DAMAGES > 1 || ours);
        valid += ours;
    }
    printf("%ju signatures, %ju of them valid, seed %ju: no disagreement\n", (uintmax_t)count,
           (uintmax_t)valid, (uintmax_t)seed);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_set_timeout(tc, 0);
    tcase_add_checked_fixture(tc, reference_open, reference_close);
    tcase_add_test(tc, test_soft_p256_random_signatures_agree_with_openssl_and_bearssl);
}

int main(void)
{
    return unit_main("soft_p256_random", add_tests);
}
