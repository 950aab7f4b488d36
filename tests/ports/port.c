/*
 * A crypto port against published vectors, and everything near them that must fail. Built once for
 * each back end: PORT_HEADER declares it, PORT is its name.
 */
#include "unit.h"

#include <otav/otav_error.h>
#include PORT_HEADER

#include "util.h"

/* RFC 6979 A.2.5: the public key, and the signature over SHA-256("sample"). */
static const char xy_hex[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                             "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char rs_hex[] = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
static const char n_hex[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static const struct otav_crypto *const port = &PORT;

static void load(const char *hex, uint8_t *bytes, size_t len)
{
    ck_assert(hex_decode(hex, bytes, len));
}

/* SHA-256 of text, fed in pieces of step bytes. */
static void digest_of(const char *text, size_t text_len, size_t step, uint8_t ret[32])
{
    struct otav_sha256_state state = {0};

    ck_assert_uint_eq(port->sha256_begin(port->user, &state), OTAV_ACCEPT);
    for (size_t i = 0; i < text_len; i += step) {
        size_t len = text_len - i < step ? text_len - i : step;

        ck_assert_uint_eq(port->sha256_update(port->user, &state, (const uint8_t *)text + i, len),
                          OTAV_ACCEPT);
    }
    ck_assert_uint_eq(port->sha256_final(port->user, &state, ret), OTAV_ACCEPT);
    port->sha256_end(port->user, &state);
    for (size_t i = 0; i < OTAV_SHA256_STATE_WORDS; i++) {
        ck_assert_uint_eq(state.opaque[i], 0);
    }
}

static uint32_t verify(const uint8_t xy[64], const uint8_t digest[32], const uint8_t rs[64])
{
    return port->ecdsa_p256_verify(port->user, xy, digest, rs);
}

/* FIPS 180-4 example messages, cut in every way. */
START_TEST(test_sha256_any_chunking_same_digest)
{
    static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t want[32];
    uint8_t got[32];

    load("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", want, 32);
    for (size_t step = 1; step <= sizeof text; step++) {
        digest_of(text, sizeof text - 1, step, got);
        ck_assert_mem_eq(got, want, 32);
    }
    load("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", want, 32);
    digest_of("", 0, 1, got);
    ck_assert_mem_eq(got, want, 32);
}
END_TEST

START_TEST(test_ecdsa_published_signature_accepted)
{
    uint8_t xy[64];
    uint8_t rs[64];
    uint8_t digest[32];

    load(xy_hex, xy, 64);
    load(rs_hex, rs, 64);
    digest_of("sample", 6, 6, digest);
    ck_assert_uint_eq(verify(xy, digest, rs), OTAV_ACCEPT);
}
END_TEST

START_TEST(test_ecdsa_every_flipped_bit_rejected)
{
    uint8_t all[160]; /* key, digest, signature */

    load(xy_hex, all, 64);
    digest_of("sample", 6, 6, all + 64);
    load(rs_hex, all + 96, 64);
    for (size_t bit = 0; bit < 8 * sizeof all; bit++) {
        all[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_uint_eq(verify(all, all + 64, all + 96), OTAV_REJECT);
        all[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_uint_eq(verify(all, all + 64, all + 96), OTAV_ACCEPT);
}
END_TEST

START_TEST(test_ecdsa_r_or_s_out_of_range_rejected)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", n_hex,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    uint8_t xy[64];
    uint8_t rs[64];
    uint8_t digest[32];

    load(xy_hex, xy, 64);
    digest_of("sample", 6, 6, digest);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        load(rs_hex, rs, 64);
        load(bad[i], rs, 32);
        ck_assert_uint_eq(verify(xy, digest, rs), OTAV_REJECT);
        load(rs_hex, rs, 64);
        load(bad[i], rs + 32, 32);
        ck_assert_uint_eq(verify(xy, digest, rs), OTAV_REJECT);
    }
}
END_TEST

/* x + p names the same point modulo p: a key has one encoding only. The point with x = 5 has a y
 * for which the signature (r, s) below verifies when coordinates are reduced. */
START_TEST(test_ecdsa_key_not_canonical_rejected)
{
    uint8_t xy[64];
    uint8_t xy_plus_p[64];
    uint8_t rs[64];
    uint8_t digest[32];

    load("0000000000000000000000000000000000000000000000000000000000000005"
         "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
         xy, 64);
    load("ffffffff00000001000000000000000000000001000000000000000000000004"
         "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
         xy_plus_p, 64);
    load("25b0d0930a02ad8ef7ed41a85b868232b216bdf2288a6131caf2bbafabeafd18"
         "4e86f9394a92ab14b5b42df37aca129973fc199d5a1a8451abc57950ce6277f6",
         rs, 64);
    load("eb94ebabdfb8013e211c89da705e37cc5bf44cd80e4f8cf503506bf26b2767e2", digest, 32);
    ck_assert_uint_eq(verify(xy, digest, rs), OTAV_ACCEPT);
    ck_assert_uint_eq(verify(xy_plus_p, digest, rs), OTAV_REJECT);
}
END_TEST

START_TEST(test_ecdsa_key_off_curve_rejected)
{
    uint8_t xy[64] = {0};
    uint8_t rs[64];
    uint8_t digest[32];

    load(rs_hex, rs, 64);
    digest_of("sample", 6, 6, digest);
    ck_assert_uint_eq(verify(xy, digest, rs), OTAV_REJECT);
    xy[63] = 1;
    ck_assert_uint_eq(verify(xy, digest, rs), OTAV_REJECT);
}
END_TEST

/* NIST SP 800-38A F.2.2. */
static const char aes_key_hex[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char aes_iv_hex[] = "000102030405060708090a0b0c0d0e0f";
static const char aes_cipher_hex[] =
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7";
static const char aes_plain_hex[] =
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

START_TEST(test_aes_any_chunking_published_plaintext)
{
    uint8_t key[16];
    uint8_t iv[16];
    uint8_t want[64];

    load(aes_key_hex, key, 16);
    load(aes_iv_hex, iv, 16);
    load(aes_plain_hex, want, 64);
    for (size_t step = 16; step <= 64; step += 16) {
        struct otav_aes_state state = {0};
        uint8_t bytes[64];

        load(aes_cipher_hex, bytes, 64);
        ck_assert_uint_eq(port->aes_cbc_begin(port->user, &state, key, iv), OTAV_ACCEPT);
        ck_assert_uint_eq(port->aes_cbc_decrypt(port->user, &state, bytes, 0), OTAV_ACCEPT);
        for (size_t i = 0; i < 64; i += step) {
            size_t len = 64 - i < step ? 64 - i : step;

            ck_assert_uint_eq(port->aes_cbc_decrypt(port->user, &state, bytes + i, len),
                              OTAV_ACCEPT);
        }
        port->aes_cbc_end(port->user, &state);
        ck_assert_mem_eq(bytes, want, 64);
        ck_assert_uint_eq(state.opaque[0], 0);
    }
}
END_TEST

START_TEST(test_aes_length_not_multiple_of_16_rejected)
{
    struct otav_aes_state state = {0};
    uint8_t bytes[32] = {0};

    ck_assert_uint_eq(port->aes_cbc_begin(port->user, &state, bytes, bytes), OTAV_ACCEPT);
    ck_assert_uint_eq(port->aes_cbc_decrypt(port->user, &state, bytes, 15), OTAV_REJECT);
    port->aes_cbc_end(port->user, &state);
}
END_TEST

START_TEST(test_end_of_state_never_begun_harmless)
{
    struct otav_aes_state aes = {0};
    struct otav_sha256_state sha = {0};

    port->aes_cbc_end(port->user, &aes);
    port->aes_cbc_end(port->user, &aes);
    port->sha256_end(port->user, &sha);
    ck_assert_uint_eq(aes.opaque[0], 0);
    ck_assert_uint_eq(sha.opaque[0], 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_sha256_any_chunking_same_digest);
    tcase_add_test(tc, test_ecdsa_published_signature_accepted);
    tcase_add_test(tc, test_ecdsa_every_flipped_bit_rejected);
    tcase_add_test(tc, test_ecdsa_r_or_s_out_of_range_rejected);
    tcase_add_test(tc, test_ecdsa_key_not_canonical_rejected);
    tcase_add_test(tc, test_ecdsa_key_off_curve_rejected);
    tcase_add_test(tc, test_aes_any_chunking_published_plaintext);
    tcase_add_test(tc, test_aes_length_not_multiple_of_16_rejected);
    tcase_add_test(tc, test_end_of_state_never_begun_harmless);
}

int main(void)
{
    return unit_main("port", add_tests);
}
