/*
 * NIST's CAVP vectors through a crypto port: SHA-256 short, long and Monte Carlo, AES-128-CBC known
 * answers and multi-block messages, SigVer and PKV for P-256 with SHA-256. Built once for each back end:
 * PORT_HEADER declares it, PORT is its name.
 * Layer: test, host; of P-256 only the reference is used, to sign for the keys of PKV.
 */
#include "unit.h"

#include <otav/otav_error.h>
#include PORT_HEADER

#include "cavp.h"
#include "p256_signature.h"

/* Bytes of one call: messages end in the middle of a block, begin there, and go over several. */
enum { SHA256_CALL_LEN = 61, AES_CALL_LEN = 48 };

static const struct otav_crypto *const port = &PORT;

/* ---- SHA-256 ---------------------------------------------------------------------------------- */

static void digest_of(const uint8_t *bytes, size_t len, uint8_t ret[OTAV_SHA256_LEN])
{
    struct otav_sha256_state state = {0};

    ck_assert_uint_eq(port->sha256_begin(port->user, &state), OTAV_ACCEPT);
    for (size_t i = 0; i < len; i += SHA256_CALL_LEN) {
        size_t part_len = len - i < SHA256_CALL_LEN ? len - i : SHA256_CALL_LEN;

        ck_assert_uint_eq(port->sha256_update(port->user, &state, bytes + i, part_len),
                          OTAV_ACCEPT);
    }
    ck_assert_uint_eq(port->sha256_final(port->user, &state, ret), OTAV_ACCEPT);
    port->sha256_end(port->user, &state);
}

static void check_messages(const char *path, unsigned expected_count)
{
    static struct cavp_line line;
    static uint8_t message[CAVP_VALUE_MAX];
    FILE *file = cavp_open(path);
    size_t len = 0;
    unsigned count = 0;
    uint8_t digest[OTAV_SHA256_LEN];

    while (cavp_next(file, &line)) {
        if (strcmp(line.name, "Len") == 0) {
            len = line.number / 8;
        } else if (strcmp(line.name, "Msg") == 0) {
            ck_assert_uint_ge(line.len, len);
            memcpy(message, line.bytes, len);
        } else if (strcmp(line.name, "MD") == 0) {
            digest_of(message, len, digest);
            ck_assert_mem_eq(digest, line.bytes, sizeof digest);
            count++;
        }
    }
    (void)fclose(file);
    ck_assert_uint_eq(count, expected_count);
}

START_TEST(test_nist_sha256_messages)
{
    check_messages("hashes/SHA2/SHA256ShortMsg.rsp", 65);
    check_messages("hashes/SHA2/SHA256LongMsg.rsp", 64);
}
END_TEST

/* spec: SHAVS, 6.4: each digest is that of the three before it. */
static void monte_carlo_round(uint8_t seed[32])
{
    uint8_t last_three[96];
    uint8_t digest[32];

    memcpy(last_three, seed, 32);
    memcpy(last_three + 32, seed, 32);
    memcpy(last_three + 64, seed, 32);
    for (unsigned i = 0; i < 1000; i++) {
        digest_of(last_three, sizeof last_three, digest);
        memmove(last_three, last_three + 32, 64);
        memcpy(last_three + 64, digest, 32);
    }
    memcpy(seed, digest, 32);
}

START_TEST(test_nist_sha256_monte_carlo)
{
    static struct cavp_line line;
    FILE *file = cavp_open("hashes/SHA2/SHA256Monte.rsp");
    uint8_t seed[32] = {0};
    unsigned count = 0;

    while (cavp_next(file, &line)) {
        if (strcmp(line.name, "Seed") == 0) {
            ck_assert_uint_eq(line.len, sizeof seed);
            memcpy(seed, line.bytes, sizeof seed);
        } else if (strcmp(line.name, "MD") == 0) {
            monte_carlo_round(seed);
            ck_assert_mem_eq(seed, line.bytes, sizeof seed);
            count++;
        }
    }
    (void)fclose(file);
    ck_assert_uint_eq(count, 100);
}
END_TEST

/* ---- AES-CBC ---------------------------------------------------------------------------------- */

static void check_decryption(const struct cavp_line *key, const struct cavp_line *iv,
                             struct cavp_line *cipher, const struct cavp_line *plain)
{
    struct otav_aes_state state = {0};

    ck_assert_uint_eq(cipher->len, plain->len);
    ck_assert_uint_eq(port->aes_cbc_begin(port->user, &state, key->bytes, iv->bytes), OTAV_ACCEPT);
    for (size_t i = 0; i < cipher->len; i += AES_CALL_LEN) {
        size_t len = cipher->len - i < AES_CALL_LEN ? cipher->len - i : AES_CALL_LEN;

        ck_assert_uint_eq(port->aes_cbc_decrypt(port->user, &state, cipher->bytes + i, len),
                          OTAV_ACCEPT);
    }
    port->aes_cbc_end(port->user, &state);
    ck_assert_mem_eq(cipher->bytes, plain->bytes, plain->len);
}

/* The file has encryptions and decryptions; both say what the ciphertext decrypts to. */
static void check_ciphertexts(const char *path, unsigned expected_count)
{
    static struct cavp_line line, key, iv, cipher, plain;
    FILE *file = cavp_open(path);
    unsigned count = 0;

    while (cavp_next(file, &line)) {
        if (strcmp(line.name, "KEY") == 0) {
            key = line;
        } else if (strcmp(line.name, "IV") == 0) {
            iv = line;
        } else if (strcmp(line.name, "CIPHERTEXT") == 0) {
            cipher = line;
        } else if (strcmp(line.name, "PLAINTEXT") == 0) {
            plain = line;
        } else {
            cipher.len = plain.len = 0; /* COUNT: a new case */
        }
        if (cipher.len > 0 && plain.len > 0) {
            check_decryption(&key, &iv, &cipher, &plain);
            count++;
        }
    }
    (void)fclose(file);
    ck_assert_uint_eq(count, expected_count);
}

START_TEST(test_nist_aes_known_answers)
{
    check_ciphertexts("ciphers/AES/CBC/CBCGFSbox128.rsp", 2 * 7);
    check_ciphertexts("ciphers/AES/CBC/CBCKeySbox128.rsp", 2 * 21);
    check_ciphertexts("ciphers/AES/CBC/CBCVarKey128.rsp", 2 * 128);
    check_ciphertexts("ciphers/AES/CBC/CBCVarTxt128.rsp", 2 * 128);
}
END_TEST

START_TEST(test_nist_aes_multiblock_messages)
{
    check_ciphertexts("ciphers/AES/CBC/CBCMMT128.rsp", 2 * 10);
}
END_TEST

/* ---- ECDSA ------------------------------------------------------------------------------------ */

/* What the lines of one case have given so far. */
struct ecdsa_case {
    struct signature sig;
    bool key_fits; /* into 64 bytes */
};

typedef void check_case(struct ecdsa_case *c, bool expected);

static bool verifies(const struct signature *sig)
{
    return port->ecdsa_p256_verify(port->user, sig->xy, sig->digest, sig->rs) == OTAV_ACCEPT;
}

/* NIST writes numbers with or without leading zeros or a digit too many; false if it does not fit. */
static bool take_number(const struct cavp_line *line, uint8_t ret[32])
{
    BIGNUM *number = NULL;
    bool fits;

    ck_assert_int_gt(BN_hex2bn(&number, line->text), 0);
    fits = BN_num_bytes(number) <= 32;
    if (fits) {
        to_bytes(number, ret);
    }
    BN_free(number);
    return fits;
}

static void take_value(struct ecdsa_case *c, const struct cavp_line *line)
{
    if (strcmp(line->name, "Msg") == 0) {
        digest_of(line->bytes, line->len, c->sig.digest);
    } else if (strcmp(line->name, "Qx") == 0) {
        c->key_fits = take_number(line, c->sig.xy);
    } else if (strcmp(line->name, "Qy") == 0) {
        c->key_fits = take_number(line, c->sig.xy + 32) && c->key_fits;
    } else if (strcmp(line->name, "R") == 0) {
        ck_assert(take_number(line, c->sig.rs));
    } else if (strcmp(line->name, "S") == 0) {
        ck_assert(take_number(line, c->sig.rs + 32));
    }
}

static void check_ecdsa(const char *path, const char *section, check_case *check,
                        unsigned expected_count)
{
    static struct cavp_line line;
    FILE *file = cavp_open(path);
    struct ecdsa_case c = {0};
    unsigned count = 0;

    while (cavp_next(file, &line)) {
        if (strcmp(line.section, section) != 0) {
            continue;
        }
        take_value(&c, &line);
        if (strcmp(line.name, "Result") == 0) {
            check(&c, line.text[0] == 'P');
            count++;
        }
    }
    (void)fclose(file);
    ck_assert_uint_eq(count, expected_count);
}

static void check_signature(struct ecdsa_case *c, bool expected)
{
    ck_assert(c->key_fits);
    ck_assert(verifies(&c->sig) == expected);
}

/* For a key alone, a signature under it is made first; there is none for a key that is no point. */
static void check_key(struct ecdsa_case *c, bool expected)
{
    EC_POINT *q = EC_POINT_new(ref.group);
    BIGNUM *x = from_bytes(c->sig.xy);
    BIGNUM *y = from_bytes(c->sig.xy + 32);
    bool valid = c->key_fits && EC_POINT_set_affine_coordinates(ref.group, q, x, y, ref.ctx) == 1;
    BIGNUM *u1 = random_below(ref.n);
    BIGNUM *u2 = random_below(ref.n);

    ck_assert(valid == expected);
    if (valid) {
        ck_assert(sign_by_scalars(&c->sig, u1, u2, q));
    } else {
        put_scalars(&c->sig, x, u1, u2);
    }
    ck_assert(!c->key_fits || verifies(&c->sig) == expected);
    BN_free(u2);
    BN_free(u1);
    BN_free(y);
    BN_free(x);
    EC_POINT_free(q);
}

START_TEST(test_nist_p256_sigver)
{
    check_ecdsa("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", "[P-256,SHA-256]", check_signature, 15);
}
END_TEST

START_TEST(test_nist_p256_pkv)
{
    check_ecdsa("asymmetric/ECDSA/FIPS_186-3/PKV.rsp", "[P-256]", check_key, 12);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, reference_open, reference_close);
    tcase_add_test(tc, test_nist_sha256_messages);
    tcase_add_test(tc, test_nist_sha256_monte_carlo);
    tcase_add_test(tc, test_nist_aes_known_answers);
    tcase_add_test(tc, test_nist_aes_multiblock_messages);
    tcase_add_test(tc, test_nist_p256_sigver);
    tcase_add_test(tc, test_nist_p256_pkv);
}

int main(void)
{
    cavp_need();
    return unit_main("nist", add_tests);
}
