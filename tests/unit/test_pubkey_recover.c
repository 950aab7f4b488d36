/* Public key recovery: published vectors, many keys, and signatures that no key can have made. */
#include "unit.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "digest.h"
#include "pubkey_recover.h"
#include "util.h"

/* RFC 6979 A.2.5, SHA-256. */
static const char xy_hex[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                             "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const struct {
    const char *message;
    const char *rs;
} vectors[] = {{"sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                          "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
               {"test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"}};
static const char order_hex[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static unsigned occurrences(uint8_t keys[PUBKEY_RECOVER_MAX][PUBKEY_LEN], unsigned count,
                            const uint8_t xy[PUBKEY_LEN])
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++) {
        found += memcmp(keys[i], xy, PUBKEY_LEN) == 0;
    }
    return found;
}

START_TEST(test_pubkey_recover_published_vectors)
{
    uint8_t keys[2][PUBKEY_RECOVER_MAX][PUBKEY_LEN];
    uint8_t xy[PUBKEY_LEN];
    unsigned count[2];
    unsigned common = 0;

    ck_assert(hex_decode(xy_hex, xy, sizeof xy));
    for (unsigned i = 0; i < 2; i++) {
        uint8_t digest[32];
        uint8_t rs[64];

        ck_assert(hex_decode(vectors[i].rs, rs, sizeof rs));
        ck_assert_int_eq(
            digest_bytes((const uint8_t *)vectors[i].message, strlen(vectors[i].message), digest),
            OX_OK);
        count[i] = pubkey_recover(digest, rs, keys[i]);
        ck_assert_uint_eq(count[i], 2);
        ck_assert_uint_eq(occurrences(keys[i], count[i], xy), 1);
    }
    for (unsigned i = 0; i < count[0]; i++) {
        common += occurrences(keys[1], count[1], keys[0][i]);
    }
    ck_assert_uint_eq(common, 1);
}
END_TEST

static BIGNUM *number_of(const char *label, unsigned seed, const BIGNUM *order, BN_CTX *ctx)
{
    char text[32];
    uint8_t bytes[32];
    BIGNUM *number;

    (void)snprintf(text, sizeof text, "%s %u", label, seed);
    ck_assert_int_eq(digest_bytes((const uint8_t *)text, strlen(text), bytes), OX_OK);
    number = BN_bin2bn(bytes, 32, NULL);
    ck_assert_int_eq(BN_mod(number, number, order, ctx), 1);
    return number;
}

static void multiply_base(const EC_GROUP *group, const BIGNUM *factor, uint8_t ret_xy[64])
{
    EC_POINT *point = EC_POINT_new(group);
    uint8_t octets[65];

    ck_assert_int_eq(EC_POINT_mul(group, point, factor, NULL, NULL, NULL), 1);
    ck_assert_uint_eq(
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets, 65, NULL), 65);
    memcpy(ret_xy, octets + 1, 64);
    EC_POINT_free(point);
}

/* s = (z + r d) / k; the numbers come from hashed seeds, so every run has the same keys. */
static void sign_by_hand(const EC_GROUP *group, unsigned seed, const uint8_t digest[32],
                         uint8_t ret_xy[64], uint8_t ret_rs[64])
{
    const BIGNUM *order = EC_GROUP_get0_order(group);
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *d = number_of("key", seed, order, ctx);
    BIGNUM *k = number_of("nonce", seed, order, ctx);
    BIGNUM *z = BN_bin2bn(digest, 32, NULL);
    BIGNUM *s = BN_new();
    BIGNUM *r;
    uint8_t nonce_xy[64];

    multiply_base(group, d, ret_xy);
    multiply_base(group, k, nonce_xy);
    r = BN_bin2bn(nonce_xy, 32, NULL);
    ck_assert_int_eq(BN_mod(r, r, order, ctx), 1);
    ck_assert_int_eq(BN_mod_mul(s, r, d, order, ctx), 1);
    ck_assert_int_eq(BN_mod_add(s, s, z, order, ctx), 1);
    ck_assert_ptr_nonnull(BN_mod_inverse(k, k, order, ctx));
    ck_assert_int_eq(BN_mod_mul(s, s, k, order, ctx), 1);
    ck_assert_int_eq(BN_bn2binpad(r, ret_rs, 32), 32);
    ck_assert_int_eq(BN_bn2binpad(s, ret_rs + 32, 32), 32);
    BN_free(r);
    BN_free(s);
    BN_free(z);
    BN_free(k);
    BN_free(d);
    BN_CTX_free(ctx);
}

START_TEST(test_pubkey_recover_many_keys)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);

    for (unsigned seed = 0; seed < 200; seed++) {
        uint8_t keys[PUBKEY_RECOVER_MAX][PUBKEY_LEN];
        uint8_t digest[32];
        uint8_t xy[64];
        uint8_t rs[64];
        unsigned count;

        memset(digest, (int)seed, sizeof digest); /* 0 and above the order among them */
        sign_by_hand(group, seed, digest, xy, rs);
        ck_assert(pubkey_verify(xy, digest, rs));
        count = pubkey_recover(digest, rs, keys);
        ck_assert_uint_eq(occurrences(keys, count, xy), 1);
    }
    EC_GROUP_free(group);
}
END_TEST

/* Small r: both r and r + n can be the x of a point, and all keys that come of it verify. */
START_TEST(test_pubkey_recover_small_r_has_up_to_four_keys)
{
    bool seen[PUBKEY_RECOVER_MAX + 1] = {false};
    uint8_t digest[32] = {7};

    for (uint8_t r = 1; r < 100; r++) {
        uint8_t keys[PUBKEY_RECOVER_MAX][PUBKEY_LEN];
        uint8_t rs[64] = {[31] = r, [63] = 5};
        unsigned count = pubkey_recover(digest, rs, keys);

        ck_assert_uint_eq(count % 2, 0);
        for (unsigned i = 0; i < count; i++) {
            ck_assert(pubkey_verify(keys[i], digest, rs));
            ck_assert_uint_eq(occurrences(keys, count, keys[i]), 1);
        }
        seen[count] = true;
    }
    ck_assert(seen[0] && seen[2] && seen[4]);
}
END_TEST

START_TEST(test_pubkey_recover_out_of_range_has_none)
{
    uint8_t keys[PUBKEY_RECOVER_MAX][PUBKEY_LEN];
    uint8_t digest[32] = {1};
    uint8_t good[64];
    uint8_t rs[64];

    ck_assert(hex_decode(vectors[0].rs, good, 64));
    for (unsigned half = 0; half < 64; half += 32) {
        memcpy(rs, good, 64);
        memset(rs + half, 0, 32);
        ck_assert_uint_eq(pubkey_recover(digest, rs, keys), 0);
        ck_assert(hex_decode(order_hex, rs + half, 32));
        ck_assert_uint_eq(pubkey_recover(digest, rs, keys), 0);
        memset(rs + half, 0xFF, 32);
        ck_assert_uint_eq(pubkey_recover(digest, rs, keys), 0);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_pubkey_recover_published_vectors);
    tcase_add_test(tc, test_pubkey_recover_many_keys);
    tcase_add_test(tc, test_pubkey_recover_small_r_has_up_to_four_keys);
    tcase_add_test(tc, test_pubkey_recover_out_of_range_has_none);
}

int main(void)
{
    return unit_main("pubkey_recover", add_tests);
}
