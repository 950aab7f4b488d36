/* Signing with key files: published vectors, every kind of key file, and damaged ones. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pubkey.h"
#include "rfc6979.h"
#include "signer.h"
#include "util.h"

#include <otav/otav_error.h>
#include <otav/otav_openssl.h>

#define KEYS TEST_DATA_DIR "/../keys/test/"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

/* RFC 6979 A.2.5, SHA-256. */
static const char scalar_hex[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const struct {
    const char *message;
    const char *k;
    const char *rs;
} vectors[] = {
    {"sample", "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"test", "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
     "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
};

/* The P-256 key of the vectors in other clothes; all written by OpenSSL. */
static const char sec1_pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
                               "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n"
                               "AwEHoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8\n"
                               "maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
                               "-----END EC PRIVATE KEY-----\n";
static const char encrypted_pem[] = /* passphrase: correct horse */
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj61YkmdqapzgICA+gw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENCE35AgmXmAqfwx1UOfFJ0EgZCB\n"
    "ztS5qE14DcJYPiAZS/oiIkNNuDB9Ff9j2jAQz9d00Guo3DV7Jmm/l4ApzKnEcQiF\n"
    "/Dppa0EEB7s8InM8wtwnoBIAgYSh05pljrp8GuCWF3EjbyTXEXRJyKP4oTvv6Ngw\n"
    "G38JhJ3nZsJkW6NJBLQi3jNXWeZYPMQGgIbSI3RKibHjkvR5+B64W0lZp4ZCx2k=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
static const char legacy_encrypted_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,C84C47AA83992C36CAC939B008438470\n"
    "\n"
    "oh2/Aglztol4SmJQWPzKjh4bSmKjC8SIBylenNADqzC/AHDiJxn4qIdafmr7FItT\n"
    "UI4JkLh2TFAqCGfxXIV/1LxKKABZGX3bFqBfdug6dLk1PLxFc4716hxMZFWiJNTj\n"
    "2jQnjk9h6UU7unYDQtUYpoUWR0ZWqIksD9vBjKDpnTs=\n"
    "-----END EC PRIVATE KEY-----\n";
static const char p384_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDpn1S7X/VQM2OIrBXd\n"
                               "sC/xEVW11zSJlTyCK28i1lkPdu19Txr3/5OjXdIOEzId2R+hZANiAASIH8akXoFC\n"
                               "lmIsV+CaGDLOMWea5rJBV2eiZmLV4hc0+zTNHnlgWhqueaWW8V9HyuxG6UX5MpyR\n"
                               "JgmERpXV7MBAKYx6GuZNWrRIw4Rcqh1y3p9r4AnvETEjkiUt165D2Hk=\n"
                               "-----END PRIVATE KEY-----\n";
static const char secp256k1_pem[] =
    "-----BEGIN EC PARAMETERS-----\n"
    "BgUrgQQACg==\n"
    "-----END EC PARAMETERS-----\n"
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHQCAQEEIPz2Ol0Hwks9ND0qQnCkQdFrbRfabNsJJLaSLoVJ/VELoAcGBSuBBAAK\n"
    "oUQDQgAElp3Sc4Ujis4vnL385ckTDXAeQFM9cnJn3yitVB5/OM8WUfvMrtHQFVqO\n"
    "B4LBLxRYImUcW4emVi4pb38akAF13g==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char rsa_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBANsNtek4dIHVW3lN\n"
                              "nadBbxvgMxMDsPRFeqa5sWoqwV1Dnxiq1BtHMUkdlzRrLneb0Tw2ky0prHwwMPoU\n"
                              "Qc3vtU+Mi4lsUr/syzDBuIw1Dg6JytOMrtPxF45N4Nl1KQYWYv59MyfFWHkzhf/L\n"
                              "ggjTE6Y5k3L9KvBLCmgiwxZbc5kRAgMBAAECgYAG3mQw3vNQSudmY1epMfUQ87PG\n"
                              "SdxXnIIfDj2Q7axIh2FKvbiO7mmOOF5QZ3f6iilCcRemV+MvtbcjcFUr5vNRb2U1\n"
                              "cLgpUmk+BeasAyskrefq4DDsWQB6ZVH3drs3gI+QK/GR2QTIJkpzn+XPW5YzNKb+\n"
                              "dVX1aFOSd+gV/C16AQJBAPFebyOLezI3SzJrDYSoinPSqlS1+s6Oi43NqFdpHG7k\n"
                              "sJntjsUTwaBYsa7A05BljQYweEhGiIZApvUKNN8Du3ECQQDoVPylA07fYaOkZM0Q\n"
                              "7BM3KAZTB5r7UOcetMqhFzXL/Eg4A7lRKcnA8gSx0N9hIZrGu6mRVixvlPXwPPFm\n"
                              "FKehAkEAyPD1VYIpbgTadX7qIiauHP6lDyDxTEUfqU4td5fqM+fvnjZHRYrNB9DP\n"
                              "G80sVGo2nZB8kq8luZ7ZX+a/XWqeAQJAYKRBd25514eo51Aa0QgyMgZPIyiNui58\n"
                              "BRTVGM8rzI9DhzFdW7qTNtQ1SbYFxUSSOkqDjXYYA84lw2nGTF0ZIQJAXZ0IW23A\n"
                              "vfDM65yhE8EycyQGRmNNAKt2j7Ps0cOyjkfIogQdpKDRmrvWohMLu1ZkMqFcxu23\n"
                              "df8MN4JjaQgMXw==\n"
                              "-----END PRIVATE KEY-----\n";
static const char ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIAjq4rH1eNhhHfrucCQ34qdQDl3ptzzM44q1cdMVpLId\n"
    "-----END PRIVATE KEY-----\n";
static const char explicit_pem[] = /* SEC1 with the curve's parameters spelled out */
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MIIBaAIBAQQgya+p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyGggfowgfcC\n"
    "AQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAAAAAAAAAAAAAA////////////////\n"
    "MFsEIP////8AAAABAAAAAAAAAAAAAAAA///////////////8BCBaxjXYqjqT57Pr\n"
    "vVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSdNgiG5wSTamZ44ROdJreBn36QBEEE\n"
    "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54W\n"
    "K84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8\n"
    "YyVRAgEBoUQDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Z5A/4Q\n"
    "CLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char mismatch_pem[] = /* public half of another key */
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\n"
    "AwEHoUQDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/\n"
    "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char range_pem[] = /* scalar = n + 1, public half = G */
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVSoAoGCCqGSM49\n"
    "AwEHoUQDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/\n"
    "m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
    "-----END EC PRIVATE KEY-----\n";

/* Of no list: only such a key is worth a warning. */
static const char pkcs8_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCiUgR5tIBafN0NsT\n"
                                "aLGzAgYRNmqkOFul4gndz3mGfdqhRANCAARzEL5WtNHC/7x/44KrRECTxwIKpCjy\n"
                                "5+v08ucj9kwoyhZBxFwCv5hrnJop2YWvMku/WlCn0UoIEAXyX6RNFGBm\n"
                                "-----END PRIVATE KEY-----\n";

static char dir[] = "/tmp/otaimg-signer-XXXXXX";
static char path[64];
static char uri[80];

/* Runs in each test's own process. */
static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/key.pem", dir);
    (void)snprintf(uri, sizeof uri, "file:%s", path);
    (void)unsetenv("OTAIMG_PASSPHRASE");
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void write_key(const void *bytes, size_t len, mode_t mode)
{
    int fd;

    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void digest_of(const char *text, uint8_t ret[32])
{
    const struct otav_crypto *port = &otav_crypto_openssl;
    struct otav_sha256_state state;

    (void)port->sha256_begin(NULL, &state);
    (void)port->sha256_update(NULL, &state, (const uint8_t *)text, strlen(text));
    (void)port->sha256_final(NULL, &state, ret);
}

/* Opens uri, signs each vector's message, and compares. */
static void expect_vectors(const char *key_uri)
{
    struct signer *signer = NULL;

    ck_assert_int_eq(signer_open(key_uri, &no_options, &signer), OX_OK);
    ck_assert_str_eq(signer_name(signer), key_uri);
    for (size_t i = 0; i < 2; i++) {
        uint8_t digest[32];
        uint8_t rs[64];
        char text[129];

        digest_of(vectors[i].message, digest);
        ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
        hex_encode(rs, 64, text);
        ck_assert_str_eq(text, vectors[i].rs);
    }
    signer_close(signer);
    ck_assert_str_eq(caught(), "");
}

static void expect_refusal(const char *pem, const char *what)
{
    struct signer *signer = NULL;
    char want[256];

    write_key(pem, strlen(pem), 0600);
    catch_diagnostics();
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_KEY);
    ck_assert_ptr_null(signer);
    (void)snprintf(want, sizeof want, "otaimg: '%s' %s\n", path, what);
    ck_assert_str_eq(caught(), want);
}

START_TEST(test_rfc6979_published_nonces)
{
    uint8_t scalar[32];

    ck_assert(hex_decode(scalar_hex, scalar, 32));
    for (size_t i = 0; i < 2; i++) {
        struct rfc6979 generator;
        uint8_t digest[32];
        uint8_t nonce[32];
        uint8_t second[32];
        char text[65];

        digest_of(vectors[i].message, digest);
        ck_assert(rfc6979_init(&generator, scalar, digest));
        ck_assert(rfc6979_next(&generator, nonce));
        hex_encode(nonce, 32, text);
        ck_assert_str_eq(text, vectors[i].k);
        ck_assert(rfc6979_next(&generator, second));
        ck_assert_mem_ne(nonce, second, 32);
    }
}
END_TEST

/* A digest at or above n is reduced before it seeds the generator: n and 0 give the same nonce. */
START_TEST(test_rfc6979_digest_above_order_reduced)
{
    uint8_t scalar[32];
    uint8_t digest[2][32] = {{0}};
    uint8_t nonce[2][32];

    ck_assert(hex_decode(scalar_hex, scalar, 32));
    ck_assert(hex_decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                         digest[1], 32));
    for (size_t i = 0; i < 2; i++) {
        struct rfc6979 generator;

        ck_assert(rfc6979_init(&generator, scalar, digest[i]));
        ck_assert(rfc6979_next(&generator, nonce[i]));
    }
    ck_assert_mem_eq(nonce[0], nonce[1], 32);
}
END_TEST

START_TEST(test_signer_file_pkcs8_published_signatures)
{
    expect_vectors("file:" KEYS "rfc6979-p256.pem");
}
END_TEST

START_TEST(test_signer_file_sec1_published_signatures)
{
    write_key(sec1_pem, strlen(sec1_pem), 0600);
    expect_vectors(uri);
}
END_TEST

START_TEST(test_signer_file_encrypted_published_signatures)
{
    write_key(encrypted_pem, strlen(encrypted_pem), 0600);
    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "correct horse", 1), 0);
    expect_vectors(uri);
    ck_assert_ptr_null(getenv("OTAIMG_PASSPHRASE"));
}
END_TEST

START_TEST(test_signer_file_wrong_passphrase_one_line)
{
    struct signer *signer = NULL;
    char want[160];

    write_key(encrypted_pem, strlen(encrypted_pem), 0600);
    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "battery staple", 1), 0);
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_KEY);
    (void)snprintf(want, sizeof want, "otaimg: cannot decrypt '%s', wrong passphrase\n", path);
    ck_assert_str_eq(caught(), want);
}
END_TEST

START_TEST(test_signer_file_same_digest_same_signature_verifies)
{
    struct signer *signer = NULL;
    uint8_t digest[32] = {0};
    uint8_t xy[64];
    uint8_t first[64];
    uint8_t again[64];

    ck_assert_int_eq(signer_open("file:" KEYS "dev-a.pem", &no_options, &signer), OX_OK);
    signer_public_key(signer, xy);
    for (unsigned i = 0; i < 32; i++) {
        digest[0] = (uint8_t)i;
        digest[31] = (uint8_t)(255 - i);
        ck_assert_int_eq(signer_sign(signer, digest, first), OX_OK);
        ck_assert_int_eq(signer_sign(signer, digest, again), OX_OK);
        ck_assert_mem_eq(first, again, 64);
        ck_assert(pubkey_verify(xy, digest, first));
        digest[1] ^= 1;
        ck_assert(!pubkey_verify(xy, digest, first));
    }
    signer_close(signer);
}
END_TEST

START_TEST(test_signer_file_other_keys_refused_by_name)
{
    expect_refusal(p384_pem, "holds a key of type P-384, expected P-256");
    expect_refusal(secp256k1_pem, "holds a key of type secp256k1, expected P-256");
    expect_refusal(rsa_pem, "holds a key of type RSA, expected P-256");
    expect_refusal(ed25519_pem, "holds a key of type Ed25519, expected P-256");
    expect_refusal(explicit_pem, "spells out its curve's parameters, expected the name P-256");
    expect_refusal(mismatch_pem, "is damaged, expected a P-256 private key");
    expect_refusal(range_pem, "is damaged, expected a P-256 private key");
}
END_TEST

START_TEST(test_signer_file_traditional_encryption_refused_with_hint)
{
    struct signer *signer = NULL;
    char want[256];

    write_key(legacy_encrypted_pem, strlen(legacy_encrypted_pem), 0600);
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_KEY);
    (void)snprintf(want, sizeof want,
                   "otaimg: '%s' is encrypted in the traditional way, expected PKCS#8\n"
                   "hint: 'openssl pkcs8 -topk8 -v2 aes-256-cbc' converts it\n",
                   path);
    ck_assert_str_eq(caught(), want);
}
END_TEST

START_TEST(test_signer_file_missing_or_wrong_file_refused)
{
    struct signer *signer = NULL;
    char want[160];
    char *large = xcalloc(1, 65537);

    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_KEY);
    (void)snprintf(want, sizeof want,
                   "otaimg: cannot open key file '%s': No such file or directory\n", path);
    ck_assert_str_eq(caught(), want);

    catch_diagnostics();
    ck_assert_int_eq(signer_open("file:" KEYS "dev-a.pub.pem", &no_options, &signer), OX_KEY);
    ck_assert_str_eq(caught(), "otaimg: no key found in '" KEYS
                               "dev-a.pub.pem', expected a P-256 private key in PEM\n");

    write_key(large, 65537, 0600);
    catch_diagnostics();
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_KEY);
    (void)snprintf(want, sizeof want,
                   "otaimg: '%s' is longer than 65536 bytes, expected a key file\n", path);
    ck_assert_str_eq(caught(), want);
    free(large);
}
END_TEST

START_TEST(test_signer_file_readable_by_others_warned)
{
    struct signer *signer = NULL;
    char want[160];

    write_key(pkcs8_pem, strlen(pkcs8_pem), 0640);
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_OK);
    signer_close(signer);
    (void)snprintf(want, sizeof want,
                   "otaimg: warning: key file '%s' can be read by other users, "
                   "expected mode 0600\n",
                   path);
    ck_assert_str_eq(caught(), want);
}
END_TEST

/* A key or one error line, never more, whatever the file looks like. */
static void expect_clean(const char *pem, size_t len)
{
    struct signer *signer = NULL;
    uint8_t digest[32] = {1};
    uint8_t rs[64];
    enum ox ox;

    write_key(pem, len, 0600);
    catch_diagnostics();
    ox = signer_open(uri, &no_options, &signer);
    if (ox == OX_OK) {
        ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
        signer_close(signer);
        return;
    }
    ck_assert_int_eq(ox, OX_KEY);
    ck_assert_int_eq(strncmp(caught(), "otaimg: ", 8), 0);
}

static void expect_clean_damaged(const char *pem)
{
    size_t len = strlen(pem);
    char *copy = xstrdup(pem);

    for (size_t i = 0; i < len; i++) {
        static const char values[] = {'\0', 'z', '\n'};

        expect_clean(pem, i);
        copy[i] = (char)(pem[i] ^ 1);
        expect_clean(copy, len);
        for (size_t k = 0; k < sizeof values; k++) {
            copy[i] = values[k];
            expect_clean(copy, len);
        }
        copy[i] = pem[i];
    }
    free(copy);
}

START_TEST(test_signer_file_damaged_anywhere_clean_error)
{
    expect_clean_damaged(sec1_pem);
    expect_clean_damaged(pkcs8_pem);
}
END_TEST

START_TEST(test_signer_file_encrypted_truncated_clean_error)
{
    for (size_t i = 0; i < strlen(encrypted_pem); i++) {
        ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "correct horse", 1), 0);
        expect_clean(encrypted_pem, i);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_rfc6979_published_nonces);
    tcase_add_test(tc, test_rfc6979_digest_above_order_reduced);
    tcase_add_test(tc, test_signer_file_pkcs8_published_signatures);
    tcase_add_test(tc, test_signer_file_sec1_published_signatures);
    tcase_add_test(tc, test_signer_file_encrypted_published_signatures);
    tcase_add_test(tc, test_signer_file_wrong_passphrase_one_line);
    tcase_add_test(tc, test_signer_file_same_digest_same_signature_verifies);
    tcase_add_test(tc, test_signer_file_other_keys_refused_by_name);
    tcase_add_test(tc, test_signer_file_traditional_encryption_refused_with_hint);
    tcase_add_test(tc, test_signer_file_missing_or_wrong_file_refused);
    tcase_add_test(tc, test_signer_file_readable_by_others_warned);
    tcase_add_test(tc, test_signer_file_damaged_anywhere_clean_error);
    tcase_add_test(tc, test_signer_file_encrypted_truncated_clean_error);
}

int main(void)
{
    return unit_main("signer_file", add_tests);
}
