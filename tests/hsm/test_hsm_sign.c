/* Signing with a key in a token: the signature is right, or there is one line that says why not. */
#include "hsm.h"

#include <p11-kit/pkcs11.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cipher.h"
#include "pubkey.h"
#include "signer.h"
#include "token_keys.h"
#include "util.h"

#define APP "pkcs11:token=release;object=app"

static const uint8_t digest[32] = {0xA1, 0xB2, 0xC3, 0xD4, 0x05, 0x16, 0x27, 0x38,
                                   0x49, 0x5A, 0x6B, 0x7C, 0x8D, 0x9E, 0xAF, 0xB0};

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
}

static struct signer *open_signer(const char *uri)
{
    struct signer *signer = NULL;
    enum ox result = signer_open(uri, &hsm_options, &signer);

    hsm_expect_text("");
    ck_assert_int_eq(result, OX_OK);
    return signer;
}

static void expect_refused(const char *uri, const char *message)
{
    struct signer *signer = NULL;

    ck_assert_int_eq(signer_open(uri, &hsm_options, &signer), OX_KEY);
    ck_assert_ptr_null(signer);
    hsm_expect_text(message);
}

static void expect_signs(struct signer *signer)
{
    uint8_t xy[64];
    uint8_t rs[64];

    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
    signer_public_key(signer, xy);
    ck_assert(pubkey_verify(xy, digest, rs));
    hsm_expect_text("");
}

static size_t der_integer(const uint8_t number[32], uint8_t *out)
{
    size_t skip = 0;
    size_t pad;

    while (skip < 31 && number[skip] == 0) {
        skip++;
    }
    pad = number[skip] >= 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(32 - skip + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, number + skip, 32 - skip);
    return 2 + pad + 32 - skip;
}

static void write_bytes(const char *name, const void *bytes, size_t len)
{
    char *path = hsm_path(name);
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
    free(path);
}

START_TEST(test_sign_softhsm_openssl_verifies)
{
    struct signer *signer = open_signer(APP);
    uint8_t xy[64];
    uint8_t rs[64];
    uint8_t der[72] = {0x30};
    size_t len = 2;
    char *pem = NULL;
    char *folder = hsm_path("");
    char *command = xasprintf("cd %s && openssl pkeyutl -verify -pubin -inkey pub.pem -in digest "
                              "-sigfile sig.der >out.txt 2>&1",
                              folder);

    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
    signer_public_key(signer, xy);
    len += der_integer(rs, der + len);
    len += der_integer(rs + 32, der + len);
    der[1] = (uint8_t)(len - 2);
    pem = pubkey_to_pem(xy);
    write_bytes("pub.pem", pem, strlen(pem));
    write_bytes("digest", digest, sizeof digest);
    write_bytes("sig.der", der, len);
    ck_assert_int_eq(system(command), 0);
    der[len - 1] ^= 1;
    write_bytes("sig.der", der, len);
    ck_assert_int_ne(system(command), 0);
    signer_close(signer);
    free(command);
    free(folder);
    free(pem);
}
END_TEST

START_TEST(test_sign_key_by_id_and_by_class_signs)
{
    static const char *const uris[] = {"pkcs11:token=release;id=%01", "pkcs11:token=release",
                                       "pkcs11:object=app;id=%01;type=private"};

    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        struct signer *signer = open_signer(uris[i]);

        expect_signs(signer);
        signer_close(signer);
    }
}
END_TEST

START_TEST(test_sign_hundred_times_one_session_one_login)
{
    struct signer *signer = NULL;

    hsm_use_mock();
    signer = open_signer(APP);
    for (int i = 0; i < 100; i++) {
        expect_signs(signer);
    }
    signer_close(signer);
    signer = open_signer(APP);
    expect_signs(signer);
    signer_close(signer);
    ck_assert_uint_eq(hsm_logged("C_Initialize"), 1);
    ck_assert_uint_eq(hsm_logged("C_OpenSession"), 1);
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    ck_assert_uint_eq(hsm_logged("C_Sign"), 101);
    ck_assert_uint_eq(hsm_logged("attribute 0x11"), 0); /* CKA_VALUE */
}
END_TEST

START_TEST(test_sign_and_encrypt_interleaved_one_login)
{
    static const uint8_t iv[16];
    uint8_t block[16] = {0};
    struct signer *signer = NULL;
    struct cipher *cipher = NULL;

    hsm_use_mock();
    signer = open_signer(APP);
    ck_assert_int_eq(cipher_open("pkcs11:token=release;object=enc", &hsm_options, &cipher), OX_OK);
    ck_assert_int_eq(cipher_begin(cipher, true, iv), OX_OK);
    expect_signs(signer);
    ck_assert_int_eq(cipher_update(cipher, block, block, sizeof block), OX_OK);
    expect_signs(signer);
    ck_assert_int_eq(cipher_update(cipher, block, block, sizeof block), OX_OK);
    cipher_close(cipher);
    signer_close(signer);
    ck_assert_uint_eq(hsm_logged("C_OpenSession"), 2);
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    ck_assert_uint_eq(hsm_logged("attribute 0x11"), 0); /* CKA_VALUE */
}
END_TEST

START_TEST(test_sign_disconnect_closes_everything)
{
    hsm_use_mock();
    signer_close(open_signer(APP));
    token_disconnect();
    ck_assert_uint_eq(hsm_logged("C_Logout"), 1);
    ck_assert_uint_eq(hsm_logged("C_CloseSession"), 1);
    ck_assert_uint_eq(hsm_logged("C_Finalize"), 1);
}
END_TEST

START_TEST(test_sign_exit_with_open_signer_finalizes)
{
    pid_t child = -1;
    int status = 0;

    hsm_use_mock();
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        static struct signer *volatile left_open; /* no leak: still in use */

        left_open = open_signer(APP);
        exit(left_open != NULL ? 9 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 9);
    ck_assert_uint_eq(hsm_logged("C_Finalize"), 1);
}
END_TEST

START_TEST(test_sign_forked_child_leaves_session_alone)
{
    struct signer *signer = NULL;
    pid_t child = -1;
    int status = 0;

    hsm_use_mock();
    signer = open_signer(APP);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_uint_eq(hsm_logged("C_Finalize"), 0);
    expect_signs(signer);
    signer_close(signer);
}
END_TEST

START_TEST(test_sign_absent_token_lists_tokens)
{
    struct signer *signer = NULL;

    ck_assert_int_eq(signer_open("pkcs11:token=other%20one;object=app", &hsm_options, &signer),
                     OX_KEY);
    ck_assert_ptr_null(signer);
    hsm_expect_one_line_with(
        "otaimg: no token matches 'pkcs11:token=other%20one', found 'release' (serial ");
}
END_TEST

START_TEST(test_sign_two_matching_tokens_refused)
{
    struct signer *signer = NULL;

    hsm_add_token("second", HSM_PIN);
    ck_assert_int_eq(signer_open("pkcs11:model=SoftHSM%20v2;object=app", &hsm_options, &signer),
                     OX_KEY);
    ck_assert_ptr_null(signer);
    hsm_expect_text_with("otaimg: 2 tokens match 'pkcs11:model=SoftHSM%20v2', expected one: '");
    hsm_expect_text_with("'release' (serial ");
    hsm_expect_text_with("'second' (serial ");
    hsm_expect_text_with(")\nhint: add serial= to the URI\n");
}
END_TEST

START_TEST(test_sign_absent_key_lists_keys)
{
    struct signer *signer = NULL;

    hsm_add_pair(HSM_LABEL, HSM_PIN, "boot", "0a0b", false);
    ck_assert_int_eq(signer_open("pkcs11:token=release;object=nope;id=%07", &hsm_options, &signer),
                     OX_KEY);
    /* SoftHSM gives objects in any order. */
    hsm_expect_one_line_with("otaimg: token 'release': no private key matches "
                             "'pkcs11:id=%07;object=nope', found '");
    hsm_expect_text_with("'app' (id 01)");
    hsm_expect_text_with("'boot' (id 0a0b)");
}
END_TEST

START_TEST(test_sign_two_matching_keys_refused)
{
    struct signer *signer = NULL;

    hsm_add_pair(HSM_LABEL, HSM_PIN, "app", "03", false);
    ck_assert_int_eq(signer_open(APP, &hsm_options, &signer), OX_KEY);
    hsm_expect_text_with("otaimg: token 'release': 2 private keys match 'pkcs11:object=app', "
                         "expected one: '");
    hsm_expect_text_with("'app' (id 01)");
    hsm_expect_text_with("'app' (id 03)");
    hsm_expect_text_with("\nhint: give both object= and id= in the URI\n");
}
END_TEST

START_TEST(test_sign_p384_key_refused)
{
    hsm_add_pair(HSM_LABEL, HSM_PIN, "big", "03", true);
    expect_refused("pkcs11:token=release;object=big",
                   "otaimg: token 'release': the key is EC P-384, expected EC P-256\n");
}
END_TEST

START_TEST(test_sign_public_object_gone_refused)
{
    hsm_delete(HSM_LABEL, HSM_PIN, "app", CKO_PUBLIC_KEY);
    expect_refused(APP, "otaimg: token 'release': the public key is not known, expected one public "
                        "key object with the id or label of the private key\n");
}
END_TEST

/* Every object shows this as CKA_EC_POINT from now on. */
static void force_point(const char *header, const uint8_t xy[64])
{
    char hex[129];
    char *forced = NULL;

    hex_encode(xy, 64, hex);
    forced = xasprintf("0x181=%s%s", header, hex);
    ck_assert_int_eq(setenv("MOCK_P11_ATTRIBUTE", forced, 1), 0);
    free(forced);
    hsm_use_mock();
}

START_TEST(test_sign_point_without_der_wrapping_signs)
{
    struct signer *signer = NULL;
    uint8_t xy[64];

    ck_assert_int_eq(token_public_key(APP, &hsm_options, xy), OX_OK);
    token_disconnect();
    force_point("04", xy);
    signer = open_signer(APP);
    expect_signs(signer);
    signer_close(signer);
}
END_TEST

START_TEST(test_sign_public_object_gone_private_point_signs)
{
    struct signer *signer = NULL;
    uint8_t xy[64];

    ck_assert_int_eq(token_public_key(APP, &hsm_options, xy), OX_OK);
    token_disconnect();
    hsm_delete(HSM_LABEL, HSM_PIN, "app", CKO_PUBLIC_KEY);
    force_point("044104", xy);
    signer = open_signer(APP);
    expect_signs(signer);
    signer_close(signer);
}
END_TEST

START_TEST(test_sign_removed_after_open_one_line)
{
    struct signer *signer = open_signer(APP);
    uint8_t rs[64] = {0};
    uint8_t untouched[64] = {0};

    hsm_delete(HSM_LABEL, HSM_PIN, "app", CKO_PRIVATE_KEY);
    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_KEY);
    hsm_expect_text("otaimg: token 'release': C_SignInit: CKR_OBJECT_HANDLE_INVALID, the token or "
                    "the key was removed while in use\n");
    ck_assert_mem_eq(rs, untouched, sizeof rs);
    signer_close(signer);
}
END_TEST

START_TEST(test_sign_wrong_length_refused)
{
    struct signer *signer = NULL;
    uint8_t rs[64];

    hsm_use_mock();
    ck_assert_int_eq(setenv("MOCK_P11_SIGN_LEN", "63", 1), 0);
    signer = open_signer(APP);
    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_KEY);
    hsm_expect_text("otaimg: token 'release': C_Sign returned 63 bytes, expected 64\n");
    signer_close(signer);
}
END_TEST

START_TEST(test_sign_other_public_key_refused)
{
    struct signer *signer = NULL;
    uint8_t xy[64];
    uint8_t rs[64];

    hsm_add_pair(HSM_LABEL, HSM_PIN, "boot", "03", false);
    ck_assert_int_eq(token_public_key("pkcs11:object=boot", &hsm_options, xy), OX_OK);
    token_disconnect();
    force_point("044104", xy);
    signer = open_signer(APP);
    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_KEY);
    hsm_expect_text("otaimg: token 'release': the signature does not verify under the token's own "
                    "public key\n");
    signer_close(signer);
}
END_TEST

static void expect_attribute_refused(const char *attribute, const char *message)
{
    hsm_use_mock();
    ck_assert_int_eq(setenv("MOCK_P11_ATTRIBUTE", attribute, 1), 0);
    expect_refused(APP, message);
}

START_TEST(test_sign_key_without_sign_refused)
{
    expect_attribute_refused("0x108=00",
                             "otaimg: token 'release': the key may not sign, expected CKA_SIGN\n");
}
END_TEST

START_TEST(test_sign_always_authenticate_refused)
{
    expect_attribute_refused("0x202=01",
                             "otaimg: token 'release': the key wants the PIN again for every "
                             "signature (CKA_ALWAYS_AUTHENTICATE), which is not supported\n");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
}
END_TEST

START_TEST(test_sign_point_not_told_refused)
{
    expect_attribute_refused("0x181=",
                             "otaimg: token 'release': the public key is not known, expected one "
                             "public key object with the id or label of the private key\n");
}
END_TEST

START_TEST(test_sign_curve_not_told_refused)
{
    expect_attribute_refused("0x180=",
                             "otaimg: token 'release': the key is EC other, expected EC P-256\n");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_sign_softhsm_openssl_verifies);
    tcase_add_test(tc, test_sign_key_by_id_and_by_class_signs);
    tcase_add_test(tc, test_sign_hundred_times_one_session_one_login);
    tcase_add_test(tc, test_sign_and_encrypt_interleaved_one_login);
    tcase_add_test(tc, test_sign_disconnect_closes_everything);
    tcase_add_test(tc, test_sign_exit_with_open_signer_finalizes);
    tcase_add_test(tc, test_sign_forked_child_leaves_session_alone);
    tcase_add_test(tc, test_sign_absent_token_lists_tokens);
    tcase_add_test(tc, test_sign_two_matching_tokens_refused);
    tcase_add_test(tc, test_sign_absent_key_lists_keys);
    tcase_add_test(tc, test_sign_two_matching_keys_refused);
    tcase_add_test(tc, test_sign_p384_key_refused);
    tcase_add_test(tc, test_sign_public_object_gone_refused);
    tcase_add_test(tc, test_sign_point_without_der_wrapping_signs);
    tcase_add_test(tc, test_sign_removed_after_open_one_line);
    tcase_add_test(tc, test_sign_wrong_length_refused);
    tcase_add_test(tc, test_sign_other_public_key_refused);
    tcase_add_test(tc, test_sign_key_without_sign_refused);
    tcase_add_test(tc, test_sign_always_authenticate_refused);
    tcase_add_test(tc, test_sign_point_not_told_refused);
    tcase_add_test(tc, test_sign_curve_not_told_refused);
    tcase_add_test(tc, test_sign_public_object_gone_private_point_signs);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_sign", add_tests);
}
