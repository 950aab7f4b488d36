/* Public keys: every container, what is not P-256, damaged files, and the text forms. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "pubkey.h"
#include "util.h"

#define KEYS TEST_DATA_DIR "/../keys/test/"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

/* RFC 6979 A.2.5. */
static const char xy_hex[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                             "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char id_hex[] = "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4";

/* Written by OpenSSL. */
static const char p384_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAER2Wsl1mfbzHWseEq2MMLNdVrewk1HYvB\n"
                               "h2YShYcrSap1mju7KwTaajYHKes4bM+TX/yhajxLS4pg+pzOGmZm7frn4cH65NHb\n"
                               "yMrDT1q4qwUa67/DQof1NbcFZ5tyJxby\n"
                               "-----END PUBLIC KEY-----\n";
static const char rsa_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCbpPRLNA/J+/UWzbRBJOKwY5DZ\n"
                              "N8SSvgs2BKWYJTzEuBPQpm3BuL9jZoMWkDQBXMiFEXuX9Aefgyw23pp64TQGjY+t\n"
                              "/DhjQfNQfjAQUmghiB6HcIG0ybhfLte/IeL/YrT08cKoB9j591QqvY2b1r3NJrI5\n"
                              "sJasE7lX7Zmv0lG6twIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
static const char compressed_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADYP7UuiVanTHJYet0xjVtaMBJuJI7\n"
    "Yfps5mliLmDyn7Y=\n"
    "-----END PUBLIC KEY-----\n";
static const char certificate_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdDCCARmgAwIBAgIURpPNG0BzwVFFvw6fg8ToChGqQdgwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjExMDIyNTZaFw0yNjExMjIxMDIyNTZa\n"
    "MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARg/tS6\n"
    "JVqdMclh63TGNW1owEm4kjth+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIM\n"
    "LX6fUXejwpTURiKZo1MwUTAdBgNVHQ4EFgQUGpVpV5vOMpqULQdpycC1ZDFWNxAw\n"
    "HwYDVR0jBBgwFoAUGpVpV5vOMpqULQdpycC1ZDFWNxAwDwYDVR0TAQH/BAUwAwEB\n"
    "/zAKBggqhkjOPQQDAgNJADBGAiEA0rZD6hlWDOuuxhatZWX0HQ5DmiK/bjGTRUDm\n"
    "n3mpNQECIQC3T87+0VEXyQgNHnw/ckMhLKMC71r6yNppMLQ/uep7cQ==\n"
    "-----END CERTIFICATE-----\n";

static char path[] = "/tmp/otaimg-pubkey-XXXXXX";
static uint8_t published_xy[64];

static void setup(void)
{
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    ck_assert(hex_decode(xy_hex, published_xy, 64));
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(path);
}

static void write_file(const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_TRUNC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    (void)close(fd);
}

static void expect_published(const char *uri)
{
    uint8_t xy[64] = {0};

    ck_assert_int_eq(pubkey_load(uri, &no_options, xy), OX_OK);
    ck_assert_mem_eq(xy, published_xy, 64);
    ck_assert_str_eq(caught(), "");
}

static void expect_refusal(const void *bytes, size_t len, const char *format)
{
    uint8_t xy[64] = {7};
    char want[200];

    write_file(bytes, len);
    catch_diagnostics();
    ck_assert_int_eq(pubkey_load(path, &no_options, xy), OX_KEY);
    (void)snprintf(want, sizeof want, format, path);
    ck_assert_str_eq(caught(), want);
    ck_assert_uint_eq(xy[0], 7);
}

START_TEST(test_pubkey_load_each_container_same_key)
{
    uint8_t spki[PUBKEY_SPKI_LEN];

    expect_published(KEYS "rfc6979-p256.pub.pem");
    expect_published("file:" KEYS "rfc6979-p256.pub.pem");
    expect_published(KEYS "rfc6979-p256.pem");
    pubkey_spki(published_xy, spki);
    write_file(spki, sizeof spki);
    expect_published(path);
}
END_TEST

START_TEST(test_pubkey_load_other_content_refused_by_name)
{
    expect_refusal(p384_pem, strlen(p384_pem),
                   "otaimg: '%s' holds a key of type P-384, expected P-256\n");
    expect_refusal(rsa_pem, strlen(rsa_pem),
                   "otaimg: '%s' holds a key of type RSA, expected P-256\n");
    expect_refusal(compressed_pem, strlen(compressed_pem),
                   "otaimg: '%s' holds a P-256 key in an unusual encoding, expected a named curve "
                   "and an uncompressed point\n");
    expect_refusal(certificate_pem, strlen(certificate_pem),
                   "otaimg: no key found in '%s', expected a P-256 public or private key in PEM\n");
    expect_refusal("", 0,
                   "otaimg: no key found in '%s', expected a P-256 public or private key in PEM\n");
}
END_TEST

START_TEST(test_pubkey_load_point_off_curve_refused)
{
    uint8_t spki[PUBKEY_SPKI_LEN];

    pubkey_spki(published_xy, spki);
    for (size_t i = PUBKEY_SPKI_LEN - PUBKEY_LEN; i < PUBKEY_SPKI_LEN; i++) {
        spki[i] ^= 0x10;
        expect_refusal(spki, sizeof spki,
                       "otaimg: '%s' holds a point that is not on the curve, expected P-256\n");
        spki[i] ^= 0x10;
    }
}
END_TEST

/* Refused with one line; nothing of it is taken for a key. */
START_TEST(test_pubkey_load_damaged_der_clean_error)
{
    uint8_t spki[PUBKEY_SPKI_LEN + 1] = {0};
    uint8_t xy[64];

    pubkey_spki(published_xy, spki);
    for (size_t len = 0; len <= sizeof spki; len++) {
        write_file(spki, len);
        catch_diagnostics();
        ck_assert_int_eq(pubkey_load(path, &no_options, xy),
                         len == PUBKEY_SPKI_LEN ? OX_OK : OX_KEY);
    }
    for (size_t i = 0; i < 8 * (size_t)PUBKEY_SPKI_LEN; i++) {
        spki[i / 8] ^= (uint8_t)(1u << i % 8);
        write_file(spki, PUBKEY_SPKI_LEN);
        catch_diagnostics();
        ck_assert_int_eq(pubkey_load(path, &no_options, xy), OX_KEY);
        ck_assert_ptr_eq(strchr(caught(), '\n'), caught() + strlen(caught()) - 1);
        spki[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}
END_TEST

START_TEST(test_pubkey_load_damaged_pem_clean_error)
{
    char *pem = pubkey_to_pem(published_xy);
    size_t len = strlen(pem);
    uint8_t xy[64];

    for (size_t i = 0; i < len; i++) {
        char was = pem[i];
        enum ox ox;

        write_file(pem, i);
        catch_diagnostics();
        ox = pubkey_load(path, &no_options, xy);
        /* The last newline may be missing. */
        ck_assert_int_eq(ox, i == len - 1 ? OX_OK : OX_KEY);
        pem[i] = (char)(was ^ 1);
        write_file(pem, len);
        catch_diagnostics();
        ox = pubkey_load(path, &no_options, xy);
        ck_assert(ox == OX_OK ? memcmp(xy, published_xy, 64) == 0 : ox == OX_KEY);
        pem[i] = was;
    }
    free(pem);
}
END_TEST

START_TEST(test_pubkey_load_bad_uri_usage_error)
{
    uint8_t xy[64];

    ck_assert_int_eq(pubkey_load("file:", &no_options, xy), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: 'file:' names no file, expected file:PATH\n");
    catch_diagnostics();
    ck_assert_int_eq(pubkey_load("pkcs11:object=a?pin-value=1", &no_options, xy), OX_USAGE);
    ck_assert_ptr_nonnull(strstr(caught(), "'pin-value'"));
}
END_TEST

START_TEST(test_pubkey_id_is_digest_of_spki)
{
    uint8_t id[32];
    char text[65];

    pubkey_id(published_xy, id);
    hex_encode(id, 32, text);
    ck_assert_str_eq(text, id_hex);
}
END_TEST

START_TEST(test_pubkey_from_spki_only_exact_encoding)
{
    uint8_t spki[PUBKEY_SPKI_LEN];
    uint8_t xy[64] = {7};

    pubkey_spki(published_xy, spki);
    ck_assert(!pubkey_from_spki(spki, PUBKEY_SPKI_LEN - 1, xy));
    spki[26] = 2;
    ck_assert(!pubkey_from_spki(spki, PUBKEY_SPKI_LEN, xy));
    ck_assert_uint_eq(xy[0], 7);
    spki[26] = 4;
    ck_assert(pubkey_from_spki(spki, PUBKEY_SPKI_LEN, xy));
    ck_assert_mem_eq(xy, published_xy, 64);
}
END_TEST

START_TEST(test_pubkey_to_pem_exact_text)
{
    char *pem = pubkey_to_pem(published_xy);

    ck_assert_str_eq(pem, "-----BEGIN PUBLIC KEY-----\n"
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n"
                          "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n"
                          "-----END PUBLIC KEY-----\n");
    free(pem);
}
END_TEST

START_TEST(test_pubkey_to_c_source_exact_text)
{
    char *source = pubkey_to_c_source(published_xy, "release_key");

    ck_assert_str_eq(source,
                     "/* P-256 public key, X || Y, big-endian.\n"
                     " * SHA-256 of its SubjectPublicKeyInfo:\n"
                     " * 5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4 */\n"
                     "#include <stdint.h>\n\n"
                     "const uint8_t release_key[64] = {\n"
                     "    0x60, 0xFE, 0xD4, 0xBA, 0x25, 0x5A, 0x9D, 0x31,\n"
                     "    0xC9, 0x61, 0xEB, 0x74, 0xC6, 0x35, 0x6D, 0x68,\n"
                     "    0xC0, 0x49, 0xB8, 0x92, 0x3B, 0x61, 0xFA, 0x6C,\n"
                     "    0xE6, 0x69, 0x62, 0x2E, 0x60, 0xF2, 0x9F, 0xB6,\n"
                     "    0x79, 0x03, 0xFE, 0x10, 0x08, 0xB8, 0xBC, 0x99,\n"
                     "    0xA4, 0x1A, 0xE9, 0xE9, 0x56, 0x28, 0xBC, 0x64,\n"
                     "    0xF2, 0xF1, 0xB2, 0x0C, 0x2D, 0x7E, 0x9F, 0x51,\n"
                     "    0x77, 0xA3, 0xC2, 0x94, 0xD4, 0x46, 0x22, 0x99,\n"
                     "};\n");
    free(source);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_pubkey_load_each_container_same_key);
    tcase_add_test(tc, test_pubkey_load_other_content_refused_by_name);
    tcase_add_test(tc, test_pubkey_load_point_off_curve_refused);
    tcase_add_test(tc, test_pubkey_load_damaged_der_clean_error);
    tcase_add_test(tc, test_pubkey_load_damaged_pem_clean_error);
    tcase_add_test(tc, test_pubkey_load_bad_uri_usage_error);
    tcase_add_test(tc, test_pubkey_id_is_digest_of_spki);
    tcase_add_test(tc, test_pubkey_from_spki_only_exact_encoding);
    tcase_add_test(tc, test_pubkey_to_pem_exact_text);
    tcase_add_test(tc, test_pubkey_to_c_source_exact_text);
}

int main(void)
{
    return unit_main("pubkey", add_tests);
}
