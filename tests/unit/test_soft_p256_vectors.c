/*
 * Other people's vectors through the P-256 verification of one profile: Wycheproof's r || s, and NIST's
 * SigVer and PKV for P-256 with SHA-256. Neither is part of this repository: what is missing is named
 * and the program exits with 77.
 */
#include "unit.h"

#include <jansson.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include "p256_signature.h"

#define WYCHEPROOF TEST_SHARED_VECTORS "/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"
#define NIST       "/usr/lib/python3/dist-packages/cryptography_vectors/asymmetric/ECDSA/"

enum { EXIT_SKIPPED = 77, BYTES_MAX = 8192, LINE_MAX_LEN = 4096 };

static bool missing(const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0) {
        return false;
    }
    printf("SKIPPED: no %s\n", path);
    return true;
}

/* Bytes from a hex string; returns how many. */
static size_t from_hex(const char *hex, uint8_t *ret, size_t cap)
{
    size_t len = strspn(hex, "0123456789abcdefABCDEF") / 2;

    ck_assert_uint_le(len, cap);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;

        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        ret[i] = (uint8_t)byte;
    }
    return len;
}

/* A number of at most 32 bytes, which NIST writes with or without leading zeros or a digit too many;
 * false if it does not fit. */
static bool number_from_hex(const char *hex, uint8_t ret[32])
{
    BIGNUM *number = NULL;
    bool fits;

    ck_assert_int_gt(BN_hex2bn(&number, hex), 0);
    fits = BN_num_bytes(number) <= 32;
    if (fits) {
        to_bytes(number, ret);
    }
    BN_free(number);
    return fits;
}

/* ---- Wycheproof ------------------------------------------------------------------------------- */

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    ck_assert_ptr_nonnull(value);
    return value;
}

static void check_wycheproof(const json_t *group, const json_t *test)
{
    uint8_t key[65];
    uint8_t message[BYTES_MAX];
    uint8_t rs[BYTES_MAX];
    struct signature sig;
    bool ok = from_hex(text(test, "sig"), rs, sizeof rs) == sizeof sig.rs;

    ck_assert_uint_eq(
        from_hex(text(json_object_get(group, "publicKey"), "uncompressed"), key, sizeof key), 65);
    SHA256(message, from_hex(text(test, "msg"), message, sizeof message), sig.digest);
    memcpy(sig.xy, key + 1, sizeof sig.xy);
    memcpy(sig.rs, rs, sizeof sig.rs);
    ok = ok && accepted(&sig);
    ck_assert_msg(ok == (strcmp(text(test, "result"), "valid") == 0), "test %d (%s) is %s",
                  (int)json_integer_value(json_object_get(test, "tcId")), text(test, "comment"),
                  text(test, "result"));
}

START_TEST(test_soft_p256_wycheproof)
{
    json_t *root = json_load_file(WYCHEPROOF, JSON_REJECT_DUPLICATES, NULL);
    json_t *group;
    json_t *test;
    size_t i;
    size_t k;
    unsigned count = 0;

    ck_assert_ptr_nonnull(root);
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        json_array_foreach(json_object_get(group, "tests"), k, test)
        {
            check_wycheproof(group, test);
            count++;
        }
    }
    ck_assert_uint_eq(count, 262);
    json_decref(root);
}
END_TEST

/* ---- NIST ------------------------------------------------------------------------------------- */

/* What the lines "Name = value" of one case have given so far. */
struct nist_case {
    struct signature sig;
    bool key_fits;
};

typedef void check_case(struct nist_case *c, bool expected);

static void take_value(struct nist_case *c, const char *name, const char *value)
{
    uint8_t message[BYTES_MAX];

    if (strcmp(name, "Msg") == 0) {
        SHA256(message, from_hex(value, message, sizeof message), c->sig.digest);
    } else if (strcmp(name, "Qx") == 0) {
        c->key_fits = number_from_hex(value, c->sig.xy);
    } else if (strcmp(name, "Qy") == 0) {
        c->key_fits = number_from_hex(value, c->sig.xy + 32) && c->key_fits;
    } else if (strcmp(name, "R") == 0) {
        ck_assert(number_from_hex(value, c->sig.rs));
    } else if (strcmp(name, "S") == 0) {
        ck_assert(number_from_hex(value, c->sig.rs + 32));
    }
}

/* Calls check for each case in the sections of a file that have that heading; returns how many. */
static unsigned for_each_case(const char *path, const char *heading, check_case *check)
{
    FILE *file = fopen(path, "r");
    char line[LINE_MAX_LEN];
    struct nist_case c = {0};
    bool inside = false;
    unsigned count = 0;

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char name[16];
        char value[LINE_MAX_LEN];

        if (line[0] == '[') {
            inside = strncmp(line, heading, strlen(heading)) == 0;
        }
        if (!inside || sscanf(line, "%15s = %4095s", name, value) != 2) {
            continue;
        }
        take_value(&c, name, value);
        if (strcmp(name, "Result") == 0) {
            check(&c, value[0] == 'P');
            count++;
        }
    }
    (void)fclose(file);
    return count;
}

static void check_signature(struct nist_case *c, bool expected)
{
    ck_assert(c->key_fits);
    ck_assert(accepted(&c->sig) == expected);
}

/* For a key alone, a signature under it is made first; there is none for a key that is no point. */
static void check_key(struct nist_case *c, bool expected)
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
    ck_assert(!c->key_fits || accepted(&c->sig) == expected);
    BN_free(u2);
    BN_free(u1);
    BN_free(y);
    BN_free(x);
    EC_POINT_free(q);
}

START_TEST(test_soft_p256_nist_sigver)
{
    ck_assert_uint_eq(
        for_each_case(NIST "FIPS_186-3/SigVer.rsp", "[P-256,SHA-256]", check_signature), 15);
}
END_TEST

START_TEST(test_soft_p256_nist_pkv)
{
    ck_assert_uint_eq(for_each_case(NIST "FIPS_186-3/PKV.rsp", "[P-256]", check_key), 12);
}
END_TEST

static bool no_wycheproof;
static bool no_nist;

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, reference_open, reference_close);
    if (!no_wycheproof) {
        tcase_add_test(tc, test_soft_p256_wycheproof);
    }
    if (!no_nist) {
        tcase_add_test(tc, test_soft_p256_nist_sigver);
        tcase_add_test(tc, test_soft_p256_nist_pkv);
    }
}

int main(void)
{
    int status;

    no_wycheproof = missing(WYCHEPROOF);
    no_nist = missing(NIST);
    status = unit_main("soft_p256_vectors", add_tests);
    return status == EXIT_SUCCESS && (no_wycheproof || no_nist) ? EXIT_SKIPPED : status;
}
