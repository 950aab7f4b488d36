/*
 * The keys commands on tokens, through the program: what a token's keys look like as text and JSON,
 * what generate makes and refuses, and that only public halves come out.
 */
#include "cli.h"
#include "hsm.h"

#include <jansson.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>

#include "pubkey.h"
#include "util.h"

#define APP  "pkcs11:token=release;object=app"
#define HINT "hint: private and secret keys show with --login only\n"

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
}

/* ---- list ------------------------------------------------------------------------------------- */

/* The array of the last JSON output; caller frees *ret_root. */
static json_t *listed(json_t **ret_root)
{
    json_error_t error;
    json_t *keys;

    *ret_root = json_loads(cli_out(NULL), JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(*ret_root != NULL, "%s", error.text);
    ck_assert_uint_eq(json_object_size(*ret_root), 2);
    keys = json_object_get(*ret_root, "keys");
    ck_assert(json_is_array(keys));
    return keys;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    ck_assert_msg(text != NULL, "no text '%s'", name);
    return text;
}

static bool flag_of(const json_t *object, const char *name)
{
    const json_t *flag = json_object_get(object, name);

    ck_assert_msg(json_is_boolean(flag), "no flag '%s'", name);
    return json_is_true(flag);
}

/* The key with that label; fails the test when it is missing. */
static json_t *key_of(json_t *keys, const char *label)
{
    size_t index;
    json_t *key;

    json_array_foreach(keys, index, key)
    {
        if (strcmp(text_of(key, "label"), label) == 0) {
            return key;
        }
    }
    ck_abort_msg("'%s' is not listed", label);
    return NULL;
}

START_TEST(test_keys_list_not_logged_in_public_keys_and_hint)
{
    json_t *root;
    json_t *keys;
    json_t *key;
    char *want;

    ck_assert_int_eq(CLI("keys", "list", "--json"), OX_OK);
    ck_assert_str_eq(cli_err(), HINT);
    keys = listed(&root);
    ck_assert_uint_eq(json_array_size(keys), 1);
    key = json_array_get(keys, 0);
    ck_assert_str_eq(text_of(key, "label"), "app");
    ck_assert(!flag_of(key, "logged_in") && !flag_of(key, "has_private"));
    ck_assert(flag_of(key, "has_public"));
    ck_assert_ptr_null(json_object_get(key, "sensitive"));
    want = xasprintf("%s\n    type    EC P-256\n    holds   public key\n    sha256  %s\n"
                     "    x       %s\n    y       %s\n    known   none\n",
                     text_of(key, "uri"), text_of(key, "sha256"), text_of(key, "x"),
                     text_of(key, "y"));
    ck_assert_int_eq(CLI("keys", "list"), OX_OK);
    ck_assert_str_eq(cli_out(NULL), want);
    ck_assert_str_eq(cli_err(), HINT);
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
    free(want);
    json_decref(root);
}
END_TEST

START_TEST(test_keys_list_logged_in_json_tells_all)
{
    json_t *root;
    json_t *keys;
    const json_t *app;
    const json_t *enc;

    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=release", "--login", "--json"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    keys = listed(&root);
    ck_assert_uint_eq(json_array_size(keys), 2);
    app = key_of(keys, "app");
    ck_assert_str_eq(text_of(app, "type"), "EC P-256");
    ck_assert_str_eq(text_of(app, "id"), "01");
    ck_assert_str_eq(text_of(app, "token_label"), "release");
    ck_assert_str_eq(text_of(app, "token_model"), "SoftHSM v2");
    ck_assert_str_eq(text_of(app, "token_manufacturer"), "SoftHSM project");
    ck_assert_uint_eq(strlen(text_of(app, "token_serial")), 16);
    ck_assert(flag_of(app, "logged_in") && flag_of(app, "has_private"));
    ck_assert(flag_of(app, "has_public"));
    ck_assert_str_eq(text_of(app, "known"), "none");
    enc = key_of(keys, "enc");
    ck_assert_str_eq(text_of(enc, "type"), "AES-128");
    ck_assert_str_eq(text_of(enc, "id"), "02");
    ck_assert(flag_of(enc, "sensitive") && !flag_of(enc, "extractable"));
    ck_assert(!flag_of(enc, "has_public"));
    ck_assert_ptr_null(json_object_get(enc, "sha256"));
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    json_decref(root);
}
END_TEST

START_TEST(test_keys_list_logged_in_text_says_what_is_held)
{
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=release", "--login"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "    type    AES-128\n"
                                                "    holds   secret key, sensitive, not "
                                                "extractable\n"));
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "    holds   private and public key, "));
}
END_TEST

START_TEST(test_keys_list_several_tokens_all_or_one)
{
    json_t *root;
    json_t *keys;

    hsm_add_token("second", HSM_PIN);
    hsm_add_pair("second", HSM_PIN, "spare", "09", false);
    ck_assert_int_eq(CLI("keys", "list", "--json"), OX_OK);
    keys = listed(&root);
    ck_assert_uint_eq(json_array_size(keys), 2);
    ck_assert_str_eq(text_of(key_of(keys, "app"), "token_label"), "release");
    ck_assert_str_eq(text_of(key_of(keys, "spare"), "token_label"), "second");
    json_decref(root);
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=second", "--json"), OX_OK);
    keys = listed(&root);
    ck_assert_uint_eq(json_array_size(keys), 1);
    ck_assert_str_eq(text_of(key_of(keys, "spare"), "id"), "09");
    json_decref(root);
}
END_TEST

/* A token that has just been made is there, with a URI that selects it. */
START_TEST(test_keys_list_token_without_keys_is_shown)
{
    json_t *root;
    json_t *tokens;
    char *uri;
    char *want;

    hsm_add_token("empty;", HSM_PIN);
    ck_assert_int_eq(CLI("keys", "list", "--json"), OX_OK);
    ck_assert_uint_eq(json_array_size(listed(&root)), 1);
    tokens = json_object_get(root, "tokens");
    ck_assert_uint_eq(json_array_size(tokens), 2);
    ck_assert_str_eq(text_of(key_of(tokens, "release"), "model"), "SoftHSM v2");
    ck_assert_str_eq(text_of(key_of(tokens, "empty;"), "manufacturer"), "SoftHSM project");
    ck_assert_uint_eq(strlen(text_of(key_of(tokens, "empty;"), "serial")), 16);
    ck_assert(!flag_of(key_of(tokens, "empty;"), "logged_in"));
    uri = xstrdup(text_of(key_of(tokens, "empty;"), "uri"));
    json_decref(root);
    want = xasprintf("%s\n    holds   no key that shows without login\n", uri);
    ck_assert_int_eq(CLI("keys", "list"), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), want));
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "    holds   public key\n"));
    free(want);
    want = xasprintf("%s\n    holds   no key\n", uri);
    ck_assert_int_eq(CLI("keys", "list", uri, "--login"), OX_OK);
    cli_expect_output(want);
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:object=app"), OX_OK);
    ck_assert_ptr_null(strstr(cli_out(NULL), "no key"));
    free(want);
    free(uri);
}
END_TEST

START_TEST(test_keys_list_one_pin_for_several_tokens_refused)
{
    char *pin = hsm_path("pin");
    char *uri = xasprintf("pkcs11:?pin-source=file:%s", pin);

    hsm_add_token("second", "another-pin");
    hsm_write_file(pin, HSM_PIN "\n");
    ck_assert_int_eq(CLI("keys", "list", "--login"), OX_KEY);
    cli_expect_one_error(
        "otaimg: 2 tokens match 'pkcs11:' and one PIN is given, expected one token");
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=second", "--login"), OX_KEY);
    cli_expect_one_error("otaimg: token 'second': C_Login: CKR_PIN_INCORRECT");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=release", "--login"), OX_OK);
    ck_assert_int_eq(unsetenv("OTAIMG_PIN"), 0);
    ck_assert_int_eq(CLI("keys", "list", uri, "--login"), OX_KEY);
    cli_expect_one_error(
        "otaimg: 2 tokens match 'pkcs11:' and one PIN is given, expected one token");
    ck_assert_uint_eq(hsm_logged("C_Login"), 2);
    free(uri);
    free(pin);
}
END_TEST

START_TEST(test_keys_list_nothing_there_hints_at_login)
{
    json_t *root;

    ck_assert_int_eq(CLI("keys", "list", "pkcs11:object=enc"), OX_OK);
    ck_assert_str_eq(cli_out(NULL), "");
    ck_assert_str_eq(cli_err(), HINT);
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:object=absent", "--login", "--json"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    ck_assert_uint_eq(json_array_size(listed(&root)), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(root, "tokens")), 1);
    json_decref(root);
}
END_TEST

/* A label is whatever somebody wrote: it must not reach the terminal as it is. */
START_TEST(test_keys_list_hostile_label_escaped)
{
    json_t *root;

    hsm_add_pair(HSM_LABEL, HSM_PIN, "\x1B[31m\nred\"", "0b", false);
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:id=%0b"), OX_OK);
    ck_assert_ptr_null(strchr(cli_out(NULL), '\x1B'));
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), ";object=%1B%5B31m%0Ared%22"));
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:id=%0b", "--json"), OX_OK);
    ck_assert_ptr_null(strchr(cli_out(NULL), '\x1B'));
    ck_assert_str_eq(text_of(key_of(listed(&root), "\x1B[31m\nred\""), "id"), "0b");
    json_decref(root);
}
END_TEST

/* Some modules pad a token's texts with NUL: its URI is that of any other token. */
START_TEST(test_keys_list_nul_padding_not_in_uri)
{
    char *want;

    ck_assert_int_eq(CLI("keys", "list"), OX_OK);
    want = xstrdup(cli_out(NULL));
    ck_assert_int_eq(setenv("MOCK_P11_PADDING", "nul", 1), 0);
    ck_assert_int_eq(CLI("keys", "list"), OX_OK);
    ck_assert_str_eq(cli_out(NULL), want);
    ck_assert_int_eq(CLI("keys", "show", "pkcs11:model=SoftHSM%20v2;object=app"), OX_OK);
    free(want);
}
END_TEST

START_TEST(test_keys_list_errors_are_one_line)
{
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=absent"), OX_KEY);
    cli_expect_one_error("otaimg: no token matches 'pkcs11:token=absent', found 'release' (serial");
    ck_assert_int_eq(setenv("OTAIMG_PIN", "0815-not-it", 1), 0);
    ck_assert_int_eq(CLI("keys", "list", "--login", "--json"), OX_KEY);
    cli_expect_one_error("otaimg: token 'release': C_Login: CKR_PIN_INCORRECT");
    ck_assert_uint_eq(hsm_logged("C_Login"), 1);
}
END_TEST

/* ---- show and export -------------------------------------------------------------------------- */

START_TEST(test_keys_show_and_export_token_key_agree)
{
    uint8_t xy[64];
    char x[65];
    char y[65];
    char *want;
    char *pem;
    size_t len = 0;

    ck_assert_int_eq(unsetenv("OTAIMG_PIN"), 0); /* the public half needs none */
    ck_assert_int_eq(CLI("keys", "export", APP, "--format", "raw"), OX_OK);
    ck_assert_uint_eq((cli_out(&len), len), 64);
    memcpy(xy, cli_out(NULL), sizeof xy);
    hex_encode(xy, 32, x);
    hex_encode(xy + 32, 32, y);
    want = xasprintf("    x       %s\n    y       %s\n    known   none\n", x, y);
    ck_assert_int_eq(CLI("keys", "show", APP), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), want));
    pem = pubkey_to_pem(xy);
    ck_assert_int_eq(CLI("keys", "export", APP), OX_OK);
    cli_expect_output(pem);
    ck_assert_int_eq(CLI("keys", "show", APP, "--json"), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "  \"uri\": \"" APP "\",\n"));
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), x));
    ck_assert_uint_eq(hsm_logged("attribute 0x11"), 0); /* CKA_VALUE */
    free(pem);
    free(want);
}
END_TEST

START_TEST(test_keys_show_other_types_refused)
{
    hsm_add_pair(HSM_LABEL, HSM_PIN, "big", "08", true);
    hsm_add_rsa(HSM_LABEL, HSM_PIN, "rsa", "09");
    ck_assert_int_eq(CLI("keys", "show", "pkcs11:object=big"), OX_KEY);
    cli_expect_one_error("the key is EC P-384, expected EC P-256");
    ck_assert_int_eq(CLI("keys", "export", "pkcs11:object=rsa"), OX_KEY);
    cli_expect_one_error("the key is RSA-2048, expected EC P-256");
    ck_assert_int_eq(CLI("keys", "export", "pkcs11:object=enc"), OX_KEY);
    cli_expect_one_error("no private key matches 'pkcs11:object=enc'");
}
END_TEST

START_TEST(test_keys_list_shows_other_types)
{
    hsm_add_pair(HSM_LABEL, HSM_PIN, "big", "08", true);
    hsm_add_rsa(HSM_LABEL, HSM_PIN, "rsa", "09");
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:object=big", "--login"), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "    type    EC P-384\n"));
    ck_assert_ptr_null(strstr(cli_out(NULL), "sha256"));
    ck_assert_int_eq(CLI("keys", "list", "pkcs11:object=rsa", "--login"), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "    type    RSA-2048\n"));
}
END_TEST

/* ---- generate --------------------------------------------------------------------------------- */

/* How many keys the token has. */
static size_t key_count(void)
{
    json_t *root;
    size_t count;

    ck_assert_int_eq(CLI("keys", "list", "pkcs11:token=release", "--login", "--json"), OX_OK);
    count = json_array_size(listed(&root));
    json_decref(root);
    return count;
}

START_TEST(test_keys_generate_pair_stays_in_the_token)
{
    char *printed;

    ck_assert_int_eq(CLI("keys", "generate", "pkcs11:token=release;object=new;id=%07%08"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    printed = xstrdup(cli_out(NULL));
    ck_assert_int_eq(CLI("keys", "show", "pkcs11:token=release;object=new;id=%07%08"), OX_OK);
    cli_expect_output(printed);
    hsm_expect_flag("new", CKO_PRIVATE_KEY, CKA_SENSITIVE, CK_TRUE);
    hsm_expect_flag("new", CKO_PRIVATE_KEY, CKA_EXTRACTABLE, CK_FALSE);
    ck_assert_uint_eq(key_count(), 3);
    free(printed);
}
END_TEST

START_TEST(test_keys_generate_aes_stays_in_the_token)
{
    ck_assert_int_eq(CLI("keys", "generate", "pkcs11:token=release;object=new", "--type", "aes128"),
                     OX_OK);
    cli_expect_output("");
    hsm_expect_flag("new", CKO_SECRET_KEY, CKA_SENSITIVE, CK_TRUE);
    hsm_expect_flag("new", CKO_SECRET_KEY, CKA_EXTRACTABLE, CK_FALSE);
    ck_assert_uint_eq(key_count(), 3);
}
END_TEST

static const struct {
    const char *args[3];
    int code;
    const char *error;
} bad_generates[] = {
    {{APP}, OX_KEY, "token 'release': a key with this label exists, expected a new label"},
    {{"pkcs11:token=release;object=enc", "--type", "aes128"},
     OX_KEY,
     "token 'release': a key with this label exists, expected a new label"},
    {{"pkcs11:token=release;object=new;id=%02"},
     OX_KEY,
     "token 'release': a key with this id exists, expected a new id"},
    {{"pkcs11:token=release"}, OX_USAGE, "does not name the new key, expected object="},
    {{"pkcs11:token=release;object=new", "--no-encrypt"},
     OX_USAGE,
     "'--no-encrypt' is for key files"},
    {{"pkcs11:token=release;object=new;type=public"}, OX_USAGE, "type= of the URI does not fit"},
    {{"pkcs11:token=absent;object=new"}, OX_KEY, "no token matches 'pkcs11:token=absent'"},
    {{"pkcs11:token=release;object=new", "--type", "rsa"}, OX_USAGE, "'--type' is 'rsa'"},
};

START_TEST(test_keys_generate_refused_makes_nothing)
{
    const char *const *more = bad_generates[_i].args;
    const char *const args[] = {"keys", "generate", more[0], more[1], more[2], NULL};

    ck_assert_int_eq(cli_run(args), bad_generates[_i].code);
    cli_expect_one_error(bad_generates[_i].error);
    ck_assert_uint_eq(key_count(), 2);
}
END_TEST

START_TEST(test_keys_generate_two_tokens_refused)
{
    hsm_add_token("release", HSM_PIN);
    ck_assert_int_eq(CLI("keys", "generate", "pkcs11:token=release;object=new"), OX_KEY);
    cli_expect_one_error("otaimg: 2 tokens match 'pkcs11:token=release', expected one: ");
    ck_assert_uint_eq(hsm_logged("C_Login"), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_keys_list_not_logged_in_public_keys_and_hint);
    tcase_add_test(tc, test_keys_list_logged_in_json_tells_all);
    tcase_add_test(tc, test_keys_list_logged_in_text_says_what_is_held);
    tcase_add_test(tc, test_keys_list_several_tokens_all_or_one);
    tcase_add_test(tc, test_keys_list_one_pin_for_several_tokens_refused);
    tcase_add_test(tc, test_keys_list_nothing_there_hints_at_login);
    tcase_add_test(tc, test_keys_list_hostile_label_escaped);
    tcase_add_test(tc, test_keys_list_token_without_keys_is_shown);
    tcase_add_test(tc, test_keys_list_nul_padding_not_in_uri);
    tcase_add_test(tc, test_keys_list_errors_are_one_line);
    tcase_add_test(tc, test_keys_show_and_export_token_key_agree);
    tcase_add_test(tc, test_keys_show_other_types_refused);
    tcase_add_test(tc, test_keys_list_shows_other_types);
    tcase_add_test(tc, test_keys_generate_pair_stays_in_the_token);
    tcase_add_test(tc, test_keys_generate_aes_stays_in_the_token);
    tcase_add_loop_test(tc, test_keys_generate_refused_makes_nothing, 0,
                        sizeof bad_generates / sizeof bad_generates[0]);
    tcase_add_test(tc, test_keys_generate_two_tokens_refused);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_cmd_keys", add_tests);
}
