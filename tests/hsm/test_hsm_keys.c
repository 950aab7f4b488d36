/* Listing and generating: what is said about a key is true, and what stays is what was asked for. */
#include "hsm.h"

#include <p11-kit/pkcs11.h>

#include "cipher.h"
#include "pubkey.h"
#include "signer.h"
#include "token_keys.h"
#include "util.h"

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
}

/* One line a key, sorted by nothing: "label id type private public login sensitive extractable". */
struct seen {
    unsigned count;
    char lines[8][160];
    char uris[8][512];
    uint8_t xy[8][64];
};

static void note(void *user, const struct token_key *key)
{
    struct seen *seen = user;
    char id[64] = "";

    ck_assert_uint_lt(seen->count, 8);
    ck_assert_uint_lt(key->id_len, 31);
    hex_encode(key->id, key->id_len, id);
    (void)snprintf(seen->lines[seen->count], sizeof seen->lines[0],
                   "%s|%s|%s|%s|kind %d|%s%s%s%s%s%s", key->token_label, key->label, id, key->type,
                   (int)key->kind, key->has_private ? " private" : "",
                   key->has_public ? " public" : "", key->logged_in ? " in" : "",
                   key->sensitive ? " sensitive" : "", key->extractable ? " extractable" : "",
                   key->has_xy ? " xy" : "");
    (void)snprintf(seen->uris[seen->count], sizeof seen->uris[0], "%s", key->uri);
    memcpy(seen->xy[seen->count], key->xy, 64);
    ck_assert_str_eq(key->token_model, "SoftHSM v2");
    ck_assert_str_eq(key->token_manufacturer, "SoftHSM project");
    ck_assert_uint_eq(strlen(key->token_serial), 16);
    seen->count++;
}

/* Index of that line; fails the test when it is missing. */
static unsigned line_at(const struct seen *seen, const char *line)
{
    for (unsigned i = 0; i < seen->count; i++) {
        if (strcmp(seen->lines[i], line) == 0) {
            return i;
        }
    }
    ck_abort_msg("'%s' is not listed, but '%s'", line,
                 seen->count > 0 ? seen->lines[0] : "nothing");
    return 0;
}

START_TEST(test_list_logged_in_shows_all_once)
{
    static struct seen seen;

    hsm_add_pair(HSM_LABEL, HSM_PIN, "big one", "0a0b", true);
    ck_assert_int_eq(token_list("pkcs11:", &hsm_options, true, note, NULL, &seen), OX_OK);
    ck_assert_uint_eq(seen.count, 3);
    (void)line_at(&seen, "release|app|01|EC P-256|kind 0| private public in xy");
    (void)line_at(&seen, "release|enc|02|AES-128|kind 1| private in sensitive");
    (void)line_at(&seen, "release|big one|0a0b|EC P-384|kind 2| private public in");
    hsm_expect_text("");
}
END_TEST

START_TEST(test_list_without_login_asks_no_pin)
{
    static struct seen seen;

    hsm_use_mock();
    ck_assert_int_eq(token_list("pkcs11:", &hsm_options, false, note, NULL, &seen), OX_OK);
    ck_assert_uint_eq(seen.count, 1);
    (void)line_at(&seen, "release|app|01|EC P-256|kind 0| public xy");
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
    ck_assert_ptr_nonnull(getenv("OTAIMG_PIN"));
}
END_TEST

START_TEST(test_list_filters_by_uri)
{
    static struct seen seen;

    hsm_add_token("second", HSM_PIN);
    hsm_add_pair("second", HSM_PIN, "app", "09", false);
    ck_assert_int_eq(token_list("pkcs11:object=app", &hsm_options, false, note, NULL, &seen),
                     OX_OK);
    ck_assert_uint_eq(seen.count, 2);
    seen.count = 0;
    ck_assert_int_eq(token_list("pkcs11:token=second", &hsm_options, false, note, NULL, &seen),
                     OX_OK);
    ck_assert_uint_eq(seen.count, 1);
    (void)line_at(&seen, "second|app|09|EC P-256|kind 0| public xy");
    seen.count = 0;
    ck_assert_int_eq(token_list("pkcs11:type=secret-key", &hsm_options, false, note, NULL, &seen),
                     OX_OK);
    ck_assert_uint_eq(seen.count, 0);
}
END_TEST

START_TEST(test_list_uri_selects_the_key)
{
    static struct seen seen;
    struct signer *signer = NULL;
    uint8_t xy[64];

    /* Characters that a URI must not contain as they are. */
    hsm_add_pair(HSM_LABEL, HSM_PIN, "a;b?c=d&e %41/\xC3\xA4", "3b25ff", false);
    ck_assert_int_eq(token_list("pkcs11:id=%3B%25%FF", &hsm_options, true, note, NULL, &seen),
                     OX_OK);
    ck_assert_uint_eq(seen.count, 1);
    token_disconnect();
    ck_assert_int_eq(setenv("OTAIMG_PIN", HSM_PIN, 1), 0);
    ck_assert_int_eq(unsetenv("OTAIMG_PKCS11_MODULE"), 0); /* the URI has it */
    ck_assert_int_eq(signer_open(seen.uris[0], &hsm_options, &signer), OX_OK);
    signer_public_key(signer, xy);
    ck_assert_mem_eq(xy, seen.xy[0], 64);
    signer_close(signer);
    hsm_expect_text("");
}
END_TEST

START_TEST(test_generate_pair_signs_and_has_derived_id)
{
    static const uint8_t digest[32] = {1, 2, 3};
    static struct seen seen;
    struct signer *signer = NULL;
    uint8_t xy[64];
    uint8_t id[32];
    uint8_t rs[64];
    char id_hex[17];
    char *line = NULL;

    ck_assert_int_eq(
        token_generate("pkcs11:token=release;object=fresh", &hsm_options, TOKEN_KEY_EC_P256, xy),
        OX_OK);
    pubkey_id(xy, id);
    hex_encode(id, 8, id_hex);
    line = xasprintf("release|fresh|%s|EC P-256|kind 0| private public in sensitive xy", id_hex);
    ck_assert_int_eq(token_list("pkcs11:object=fresh", &hsm_options, true, note, NULL, &seen),
                     OX_OK);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_mem_eq(seen.xy[line_at(&seen, line)], xy, 64);
    ck_assert_int_eq(signer_open("pkcs11:object=fresh", &hsm_options, &signer), OX_OK);
    ck_assert_int_eq(signer_sign(signer, digest, rs), OX_OK);
    ck_assert(pubkey_verify(xy, digest, rs));
    signer_close(signer);
    hsm_expect_text("");
    free(line);
}
END_TEST

START_TEST(test_generate_attributes_are_the_least)
{
    static const struct {
        unsigned long type;
        int value;
    } wanted[] = {{CKA_SENSITIVE, 1},   {CKA_ALWAYS_SENSITIVE, 1},
                  {CKA_EXTRACTABLE, 0}, {CKA_NEVER_EXTRACTABLE, 1},
                  {CKA_LOCAL, 1},       {CKA_PRIVATE, 1},
                  {CKA_SIGN, 1},        {CKA_SIGN_RECOVER, 0},
                  {CKA_DECRYPT, 0},     {CKA_UNWRAP, 0},
                  {CKA_DERIVE, 0}};
    static const struct {
        unsigned long type;
        int value;
    } secret[] = {{CKA_SENSITIVE, 1}, {CKA_EXTRACTABLE, 0}, {CKA_PRIVATE, 1}, {CKA_ENCRYPT, 1},
                  {CKA_DECRYPT, 1},   {CKA_WRAP, 0},        {CKA_UNWRAP, 0},  {CKA_SIGN, 0},
                  {CKA_VERIFY, 0},    {CKA_DERIVE, 0}};
    uint8_t xy[64];

    ck_assert_int_eq(
        token_generate("pkcs11:object=fresh;id=%33", &hsm_options, TOKEN_KEY_EC_P256, xy), OX_OK);
    ck_assert_int_eq(token_generate("pkcs11:object=aes", &hsm_options, TOKEN_KEY_AES128, xy),
                     OX_OK);
    token_disconnect();
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        hsm_expect_flag("fresh", CKO_PRIVATE_KEY, wanted[i].type, wanted[i].value);
    }
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        hsm_expect_flag("aes", CKO_SECRET_KEY, secret[i].type, secret[i].value);
    }
    hsm_expect_flag("fresh", CKO_PUBLIC_KEY, CKA_VERIFY, 1);
    hsm_expect_flag("fresh", CKO_PUBLIC_KEY, CKA_ENCRYPT, 0);
    hsm_expect_flag("fresh", CKO_PUBLIC_KEY, CKA_WRAP, 0);
}
END_TEST

START_TEST(test_generate_aes_encrypts)
{
    static const uint8_t block[16] = {1};
    static struct seen seen;
    struct cipher *cipher = NULL;
    uint8_t xy[64];
    uint8_t out[16];
    uint8_t back[16];

    ck_assert_int_eq(token_generate("pkcs11:object=aes;id=%77", &hsm_options, TOKEN_KEY_AES128, xy),
                     OX_OK);
    ck_assert_int_eq(token_list("pkcs11:object=aes", &hsm_options, true, note, NULL, &seen), OX_OK);
    (void)line_at(&seen, "release|aes|77|AES-128|kind 1| private in sensitive");
    ck_assert_int_eq(cipher_open("pkcs11:object=aes", &hsm_options, &cipher), OX_OK);
    ck_assert_int_eq(cipher_begin(cipher, true, block), OX_OK);
    ck_assert_int_eq(cipher_update(cipher, block, out, 16), OX_OK);
    ck_assert_int_eq(cipher_begin(cipher, false, block), OX_OK);
    ck_assert_int_eq(cipher_update(cipher, out, back, 16), OX_OK);
    ck_assert_mem_eq(back, block, 16);
    ck_assert_mem_ne(out, block, 16);
    cipher_close(cipher);
}
END_TEST

static const struct {
    const char *uri;
    enum token_key_kind kind;
    enum ox code;
    const char *message;
} refused[] = {
    {"pkcs11:object=app", TOKEN_KEY_EC_P256, OX_KEY,
     "otaimg: token 'release': a key with this label exists, expected a new label\n"},
    {"pkcs11:object=enc", TOKEN_KEY_EC_P256, OX_KEY,
     "otaimg: token 'release': a key with this label exists, expected a new label\n"},
    {"pkcs11:object=app", TOKEN_KEY_AES128, OX_KEY,
     "otaimg: token 'release': a key with this label exists, expected a new label\n"},
    {"pkcs11:object=fresh;id=%01", TOKEN_KEY_EC_P256, OX_KEY,
     "otaimg: token 'release': a key with this id exists, expected a new id\n"},
    {"pkcs11:object=fresh;id=%02", TOKEN_KEY_AES128, OX_KEY,
     "otaimg: token 'release': a key with this id exists, expected a new id\n"},
    {"pkcs11:token=release", TOKEN_KEY_EC_P256, OX_USAGE,
     "otaimg: 'pkcs11:token=release' does not name the new key, expected object=\n"},
    {"pkcs11:object=fresh;type=public", TOKEN_KEY_EC_P256, OX_USAGE,
     "otaimg: type= of the URI does not fit, expected a private key\n"},
};

START_TEST(test_generate_ambiguous_name_refused)
{
    static struct seen seen;
    uint8_t xy[64];

    ck_assert_int_eq(token_generate(refused[_i].uri, &hsm_options, refused[_i].kind, xy),
                     refused[_i].code);
    hsm_expect_text(refused[_i].message);
    ck_assert_int_eq(token_list("pkcs11:", &hsm_options, true, note, NULL, &seen), OX_OK);
    ck_assert_uint_eq(seen.count, 2);
}
END_TEST

static void expect_nothing_left(enum token_key_kind kind, const char *attribute, const char *fail,
                                const char *message)
{
    static struct seen seen;
    uint8_t xy[64];

    hsm_use_mock();
    ck_assert_int_eq(setenv("MOCK_P11_FAIL", fail, 1), 0);
    ck_assert_int_eq(setenv("MOCK_P11_ATTRIBUTE", attribute, 1), 0);
    ck_assert_int_eq(token_generate("pkcs11:object=fresh", &hsm_options, kind, xy), OX_KEY);
    hsm_expect_text(message);
    ck_assert_int_eq(setenv("MOCK_P11_FAIL", "none=0", 1), 0);
    ck_assert_int_eq(setenv("MOCK_P11_ATTRIBUTE", "0=00", 1), 0);
    ck_assert_int_eq(token_list("pkcs11:object=fresh", &hsm_options, true, note, NULL, &seen),
                     OX_OK);
    ck_assert_uint_eq(seen.count, 0);
}

START_TEST(test_generate_extractable_pair_destroyed)
{
    expect_nothing_left(TOKEN_KEY_EC_P256, "0x162=01", "none=0",
                        "otaimg: token 'release': the new key has CKA_EXTRACTABLE true, expected "
                        "false\n");
    ck_assert_uint_eq(hsm_logged("C_DestroyObject"), 2);
}
END_TEST

START_TEST(test_generate_readable_secret_destroyed)
{
    expect_nothing_left(TOKEN_KEY_AES128, "0x103=00", "none=0",
                        "otaimg: token 'release': the new key has CKA_SENSITIVE false, expected "
                        "true\n");
    ck_assert_uint_eq(hsm_logged("C_DestroyObject"), 1);
}
END_TEST

START_TEST(test_generate_pair_without_id_destroyed)
{
    expect_nothing_left(TOKEN_KEY_EC_P256, "0=00", "C_SetAttributeValue=0x10",
                        "otaimg: token 'release': C_SetAttributeValue: CKR_ATTRIBUTE_READ_ONLY\n");
}
END_TEST

START_TEST(test_public_key_needs_no_login)
{
    static struct seen seen;
    uint8_t xy[64];

    hsm_use_mock();
    ck_assert_int_eq(token_public_key("pkcs11:object=app", &hsm_options, xy), OX_OK);
    ck_assert_int_eq(token_list("pkcs11:object=app", &hsm_options, false, note, NULL, &seen),
                     OX_OK);
    ck_assert_mem_eq(xy, seen.xy[0], 64);
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
}
END_TEST

START_TEST(test_public_key_absent_logs_in_to_look)
{
    uint8_t xy[64];

    hsm_use_mock();
    ck_assert_int_eq(token_public_key("pkcs11:object=nope", &hsm_options, xy), OX_KEY);
    hsm_expect_text("otaimg: token 'release': no private key matches 'pkcs11:object=nope', found "
                    "'app' (id 01)\n");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
}
END_TEST

START_TEST(test_public_key_of_secret_key_refused)
{
    uint8_t xy[64];

    ck_assert_int_eq(token_public_key("pkcs11:object=enc;type=secret-key", &hsm_options, xy),
                     OX_USAGE);
    hsm_expect_text("otaimg: type= of the URI does not fit, expected a public key\n");
}
END_TEST

START_TEST(test_public_key_p384_refused)
{
    uint8_t xy[64];

    hsm_add_pair(HSM_LABEL, HSM_PIN, "big", "03", true);
    ck_assert_int_eq(token_public_key("pkcs11:object=big", &hsm_options, xy), OX_KEY);
    hsm_expect_text("otaimg: token 'release': the key is EC P-384, expected EC P-256\n");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_list_logged_in_shows_all_once);
    tcase_add_test(tc, test_list_without_login_asks_no_pin);
    tcase_add_test(tc, test_list_filters_by_uri);
    tcase_add_test(tc, test_list_uri_selects_the_key);
    tcase_add_test(tc, test_generate_pair_signs_and_has_derived_id);
    tcase_add_test(tc, test_generate_attributes_are_the_least);
    tcase_add_test(tc, test_generate_aes_encrypts);
    tcase_add_loop_test(tc, test_generate_ambiguous_name_refused, 0,
                        sizeof refused / sizeof refused[0]);
    tcase_add_test(tc, test_generate_extractable_pair_destroyed);
    tcase_add_test(tc, test_generate_readable_secret_destroyed);
    tcase_add_test(tc, test_generate_pair_without_id_destroyed);
    tcase_add_test(tc, test_public_key_needs_no_login);
    tcase_add_test(tc, test_public_key_absent_logs_in_to_look);
    tcase_add_test(tc, test_public_key_of_secret_key_refused);
    tcase_add_test(tc, test_public_key_p384_refused);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_keys", add_tests);
}
