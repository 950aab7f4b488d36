/*
 * The keys commands on key files, through the program: what is printed, what is written with which
 * mode, and that a private half never comes out.
 */
#include "cli.h"
#include "hsm.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pubkey.h"
#include "util.h"

/* The key of RFC 6979, A.2.5: private half, X, Y. */
#define RFC_D   "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
#define RFC_X   "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define RFC_Y   "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define RFC_ID  "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4"
#define RFC_KEY "file:" TEST_KEYS_DIR "/rfc6979-p256.pem"
#define RFC_PUB TEST_KEYS_DIR "/rfc6979-p256.pub.pem"

#define SPKI_HEAD "3059301306072a8648ce3d020106082a8648ce3d03010703420004"

/* A public key whose private half is published: the P-256 root key in the sources of MCUboot. */
#define SAMPLE_XY                                                                                  \
    "2acb403ce8feed5ba44995a1a91daee8dbbe1937cd14fb2f245737e5953988d9"                             \
    "94b9d65aebd7cdd5308ad6fe48b24a6a810ee5f07d8b6834cc3a6afc538efac1"

static const char rfc_key[] = RFC_KEY;
static const char rfc_pub_key[] = "file:" RFC_PUB;
static char *key_path;
static char *key_uri;

static void setup(void)
{
    hsm_setup_folder();
    (void)umask(0);
    key_path = hsm_path("key");
    key_uri = xasprintf("file:%s", key_path);
}

static char *sample_uri(void)
{
    uint8_t xy[64];
    char *path = hsm_path("sample.pub.pem");
    char *uri = xasprintf("file:%s", path);
    char *pem;

    ck_assert(hex_decode(SAMPLE_XY, xy, sizeof xy));
    pem = pubkey_to_pem(xy);
    hsm_write_file(path, pem);
    free(pem);
    free(path);
    return uri;
}

/* ---- show ------------------------------------------------------------------------------------- */

START_TEST(test_keys_show_either_half_prints_public)
{
    const char *const uris[] = {rfc_key, rfc_pub_key};

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(CLI("keys", "show", uris[i]), OX_OK);
        cli_expect_output("    type    EC P-256\n"
                          "    sha256  " RFC_ID "\n"
                          "    x       " RFC_X "\n"
                          "    y       " RFC_Y "\n"
                          "    known   development: public test key of RFC 6979\n"
                          "    class   development: private half is published\n");
    }
}
END_TEST

START_TEST(test_keys_show_json_same_facts)
{
    ck_assert_int_eq(CLI("keys", "show", rfc_key, "--json"), OX_OK);
    cli_expect_output("{\n"
                      "  \"uri\": \"" RFC_KEY "\",\n"
                      "  \"type\": \"EC P-256\",\n"
                      "  \"sha256\": \"" RFC_ID "\",\n"
                      "  \"x\": \"" RFC_X "\",\n"
                      "  \"y\": \"" RFC_Y "\",\n"
                      "  \"known\": \"development\",\n"
                      "  \"known_name\": \"public test key of RFC 6979\",\n"
                      "  \"class\": \"development: private half is published\"\n"
                      "}\n");
}
END_TEST

START_TEST(test_keys_show_sample_key_says_so)
{
    char *uri = sample_uri();

    ck_assert_int_eq(CLI("keys", "show", uri), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "    known   sample: MCUboot sample key "
                                                "root-ec-p256\n"));
    ck_assert_int_eq(CLI("keys", "show", uri, "--json"), OX_OK);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "\"known\": \"sample\",\n  \"known_name\": "
                                                "\"MCUboot sample key root-ec-p256\",\n"
                                                "  \"class\": \"development: "));
    free(uri);
}
END_TEST

START_TEST(test_keys_show_own_key_is_not_known)
{
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--no-encrypt"), OX_OK);
    ck_assert_int_eq(CLI("keys", "show", key_uri, "--json"), OX_OK);
    ck_assert_ptr_nonnull(
        strstr(cli_out(NULL), "\"known\": \"none\",\n  \"class\": \"not published\"\n}\n"));
}
END_TEST

START_TEST(test_keys_show_no_key_refused)
{
    ck_assert_int_eq(CLI("keys", "show", "file:/nonexistent/key"), OX_KEY);
    cli_expect_one_error("'/nonexistent/key': No such file or directory");
    hsm_write_file(key_path, "hello\n");
    ck_assert_int_eq(CLI("keys", "show", key_uri), OX_KEY);
    cli_expect_one_error(key_path);
    ck_assert_int_eq(CLI("keys", "show", "nonsense"), OX_KEY); /* a path: public keys may be one */
    cli_expect_one_error("'nonsense' is neither a key URI nor a file, expected file:PATH");
}
END_TEST

/* ---- export ----------------------------------------------------------------------------------- */

static const char *const formats[] = {"pem", "der", "c", "raw"};

static void from_hex(const char *hex, uint8_t *bytes, size_t len)
{
    ck_assert(hex_decode(hex, bytes, len));
}

/* The last export, compared with what the numbers of the RFC say; PEM with openssl's file. */
static void expect_exported(const char *format, const char *bytes, size_t len)
{
    uint8_t spki[91];

    from_hex(SPKI_HEAD RFC_X RFC_Y, spki, sizeof spki);
    if (strcmp(format, "pem") == 0) {
        char *want = cli_read_file(RFC_PUB, NULL);

        ck_assert_str_eq(bytes, want);
        free(want);
    } else if (strcmp(format, "der") == 0) {
        ck_assert_uint_eq(len, sizeof spki);
        ck_assert_mem_eq(bytes, spki, sizeof spki);
    } else if (strcmp(format, "raw") == 0) {
        ck_assert_uint_eq(len, 64);
        ck_assert_mem_eq(bytes, spki + 27, 64);
    }
}

START_TEST(test_keys_export_to_file_and_stdout_public_half_only)
{
    size_t len = 0;
    char *file;

    ck_assert_int_eq(CLI("keys", "export", rfc_key, "--format", formats[_i], "-o", key_path),
                     OX_OK);
    cli_expect_output("");
    file = cli_read_file(key_path, &len);
    expect_exported(formats[_i], file, len);
    ck_assert_int_eq(CLI("keys", "export", rfc_key, "--format", formats[_i], "-o", "-"), OX_OK);
    ck_assert_mem_eq(cli_out(NULL), file, len);
    cli_out(&len);
    expect_exported(formats[_i], cli_out(NULL), len);
    ck_assert_int_eq(CLI("keys", "export", rfc_key, "--format", formats[_i]), OX_OK);
    ck_assert_mem_eq(cli_out(NULL), file, len);
    ck_assert_str_eq(cli_err(), "");
    free(file);
}
END_TEST

START_TEST(test_keys_export_default_is_pem)
{
    ck_assert_int_eq(CLI("keys", "export", rfc_key), OX_OK);
    expect_exported("pem", cli_out(NULL), strlen(cli_out(NULL)));
}
END_TEST

/* The C source, compiled and loaded, is X || Y and nothing more. */
static void expect_c_source(const char *source, const char *symbol)
{
    char *library_path = hsm_path("key.so");
    char *object = hsm_path("key.o");
    char *command =
        xasprintf(TEST_CC " -std=c11 -Wall -Wextra -Wpedantic -Werror -fPIC -c -o %s %s "
                          "&& " TEST_CC " -shared -o %s %s",
                  object, source, library_path, object);
    void *library;
    const void *array;
    uint8_t xy[64];

    from_hex(RFC_X RFC_Y, xy, sizeof xy);
    ck_assert_int_eq(system(command), 0);
    library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library != NULL, "%s", dlerror());
    array = dlsym(library, symbol);
    ck_assert_ptr_nonnull(array);
    ck_assert_mem_eq(array, xy, sizeof xy);
    (void)dlclose(library);
    free(command);
    free(object);
    free(library_path);
}

START_TEST(test_keys_export_c_source_compiles_to_the_key)
{
    char *source = hsm_path("key.c");

    ck_assert_int_eq(CLI("keys", "export", rfc_key, "--format", "c", "-o", source), OX_OK);
    expect_c_source(source, "public_key");
    ck_assert_int_eq(CLI("keys", "export", rfc_key, "--format", "c", "--name", "_k3", "-o", source),
                     OX_OK);
    expect_c_source(source, "_k3");
    free(source);
}
END_TEST

/* Looks for the private half as bytes, as hex or a C array, and in what base64 lines decode to. */
static bool shows_private(const char *text, size_t len)
{
    char *search = hsm_path("search");
    char *program = hsm_path("search.sh");
    FILE *file = fopen(search, "wb");
    char *command = xasprintf("sh %s %s", program, search);
    int status;

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
    hsm_write_file(program, "d=" RFC_D "\n"
                            "sed 's/0x//g' \"$1\" | tr A-F a-f | tr -cd 0-9a-f | grep -q $d ||\n"
                            "od -An -v -tx1 \"$1\" | tr -d ' \\n' | grep -q $d ||\n"
                            "grep -av -e '-----' \"$1\" | base64 -di 2>/dev/null |\n"
                            "    od -An -v -tx1 | tr -d ' \\n' | grep -q $d\n");
    status = system(command);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
    free(command);
    free(program);
    free(search);
    return status == 0;
}

START_TEST(test_keys_search_finds_private_half)
{
    uint8_t bytes[34] = {0};
    size_t len = 0;
    char *pem = cli_read_file(TEST_KEYS_DIR "/rfc6979-p256.pem", &len);

    from_hex(RFC_D, bytes + 1, 32);
    ck_assert(shows_private(pem, len));
    ck_assert(shows_private((const char *)bytes, sizeof bytes));
    ck_assert(shows_private("d: " RFC_D, 67));
    ck_assert(!shows_private(RFC_X RFC_Y, 128));
    free(pem);
}
END_TEST

static void expect_no_private(void)
{
    size_t len = 0;
    const char *text = cli_out(&len);

    ck_assert_uint_gt(len, 0);
    ck_assert(!shows_private(text, len));
}

START_TEST(test_keys_private_half_is_never_printed)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        ck_assert_int_eq(CLI("keys", "export", rfc_key, "--format", formats[i]), OX_OK);
        expect_no_private();
    }
    ck_assert_int_eq(CLI("keys", "show", rfc_key), OX_OK);
    expect_no_private();
    ck_assert_int_eq(CLI("keys", "show", rfc_key, "--json"), OX_OK);
    expect_no_private();
}
END_TEST

START_TEST(test_keys_export_sample_refused_unless_allowed)
{
    char *uri = sample_uri();
    char *error = xasprintf("otaimg: '%s' is the published MCUboot sample key root-ec-p256, ", uri);

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        ck_assert_int_eq(CLI("keys", "export", uri, "--format", formats[i], "-o", key_path),
                         OX_POLICY);
        cli_expect_one_error(error);
        ck_assert_int_ne(access(key_path, F_OK), 0);
    }
    ck_assert_int_eq(CLI("keys", "export", uri, "--allow-sample-key", "-o", key_path), OX_OK);
    ck_assert_int_eq(access(key_path, F_OK), 0);
    /* Not an error where it is not needed. */
    ck_assert_int_eq(CLI("keys", "export", rfc_key, "--allow-sample-key"), OX_OK);
    free(error);
    free(uri);
}
END_TEST

static const struct {
    const char *args[6];
    const char *error;
} bad_exports[] = {
    {{"--format", "txt"}, "otaimg: '--format' is 'txt', expected pem, der, c, raw or provision"},
    {{"--format", "PEM"}, "otaimg: '--format' is 'PEM', expected pem, der, c, raw or provision"},
    {{"--name", "k"}, "otaimg: '--name' is for C source, expected '--format c' with it"},
    {{"--format", "c", "--name", "1k"}, "otaimg: '--name' is '1k', expected a C identifier"},
    {{"--format", "c", "--name", "k;x"}, "otaimg: '--name' is 'k;x', expected a C identifier"},
    {{"--format", "c", "--name", ""}, "otaimg: option '--name' is empty, expected a value"},
    {{"--format"}, "otaimg: option '--format' needs a value"},
};

START_TEST(test_keys_export_bad_option_refused)
{
    const char *const *more = bad_exports[_i].args;
    const char *const args[] = {"keys",  "export", rfc_key, "-o",    key_path,
                                more[0], more[1],  more[2], more[3], NULL};

    ck_assert_int_eq(cli_run(args), OX_USAGE);
    cli_expect_one_error(bad_exports[_i].error);
    ck_assert_int_ne(access(key_path, F_OK), 0);
}
END_TEST

START_TEST(test_keys_export_unwritable_output_error)
{
    ck_assert_int_eq(CLI("keys", "export", rfc_key, "-o", "/nonexistent/key"), OX_IO);
    cli_expect_one_error("/nonexistent/key");
}
END_TEST

/* ---- generate --------------------------------------------------------------------------------- */

#define PASSPHRASE "two words"

static void expect_mode(const char *path, unsigned mode)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, mode);
}

static char *passphrase_file(void)
{
    char *path = hsm_path("passphrase");

    hsm_write_file(path, PASSPHRASE "\n");
    return path;
}

/* key_path is encrypted under PASSPHRASE: openssl finds the public half that was printed. */
static void expect_encrypted(const char *passphrase)
{
    char *text = cli_read_file(key_path, NULL);
    char *printed = xstrdup(cli_out(NULL));
    char *pem = hsm_path("openssl.pem");
    char *pem_uri = xasprintf("file:%s", pem);
    char *command =
        xasprintf("openssl pkey -in %s -passin file:%s -pubout -out %s", key_path, passphrase, pem);

    ck_assert_str_eq(cli_err(), "");
    expect_mode(key_path, 0600);
    ck_assert_int_eq(strncmp(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38), 0);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(CLI("keys", "show", pem_uri), OX_OK);
    cli_expect_output(printed);
    free(command);
    free(pem_uri);
    free(pem);
    free(printed);
    free(text);
}

START_TEST(test_keys_generate_passphrase_from_file_encrypts)
{
    char *passphrase = passphrase_file();

    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--passphrase-file", passphrase), OX_OK);
    expect_encrypted(passphrase);
    /* The key opens with it and not without. */
    ck_assert_int_eq(CLI("keys", "export", key_uri, "--passphrase-file", passphrase), OX_OK);
    ck_assert_int_eq(CLI("keys", "export", key_uri), OX_KEY);
    cli_expect_one_error("passphrase for '");
    free(passphrase);
}
END_TEST

START_TEST(test_keys_generate_passphrase_from_descriptor_encrypts)
{
    char *passphrase = passphrase_file();
    int fd = open(passphrase, O_RDONLY);
    char number[16];

    ck_assert_int_ge(fd, 0);
    (void)snprintf(number, sizeof number, "%d", fd);
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--passphrase-fd", number), OX_OK);
    (void)close(fd);
    expect_encrypted(passphrase);
    free(passphrase);
}
END_TEST

START_TEST(test_keys_generate_passphrase_from_environment_encrypts)
{
    char *passphrase = passphrase_file();

    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", PASSPHRASE, 1), 0);
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--type", "p256"), OX_OK);
    expect_encrypted(passphrase);
    free(passphrase);
}
END_TEST

START_TEST(test_keys_generate_no_passphrase_no_file)
{
    char *empty = hsm_path("empty");

    ck_assert_int_eq(CLI("keys", "generate", key_uri), OX_KEY);
    cli_expect_one_error("new passphrase for '");
    ck_assert_int_ne(access(key_path, F_OK), 0);
    hsm_write_file(empty, "\n");
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--passphrase-file", empty), OX_KEY);
    cli_expect_one_error("new passphrase for '");
    ck_assert_int_ne(access(key_path, F_OK), 0);
    free(empty);
}
END_TEST

START_TEST(test_keys_generate_plain_when_asked)
{
    char *text;
    char *printed;

    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--no-encrypt"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    printed = xstrdup(cli_out(NULL));
    text = cli_read_file(key_path, NULL);
    expect_mode(key_path, 0600);
    ck_assert_int_eq(strncmp(text, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    ck_assert_int_eq(CLI("keys", "show", key_uri), OX_OK);
    cli_expect_output(printed);
    free(printed);
    free(text);
}
END_TEST

START_TEST(test_keys_generate_aes_prints_nothing)
{
    char *text;

    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--type", "aes128"), OX_OK);
    cli_expect_output("");
    expect_mode(key_path, 0600);
    text = cli_read_file(key_path, NULL);
    ck_assert_uint_eq(strlen(text), 33);
    ck_assert_uint_eq(strspn(text, "0123456789abcdef"), 32);
    ck_assert_str_eq(text + 32, "\n");
    free(text);
}
END_TEST

START_TEST(test_keys_generate_existing_file_kept_and_nothing_asked)
{
    char *error = xasprintf("otaimg: '%s' exists, expected the name of a new file", key_path);
    char *text;

    hsm_write_file(key_path, "old");
    /* No passphrase source: asking for one would be another error. */
    ck_assert_int_eq(CLI("keys", "generate", key_uri), OX_IO);
    cli_expect_one_error(error);
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--no-encrypt"), OX_IO);
    cli_expect_one_error(error);
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--type", "aes128"), OX_IO);
    cli_expect_one_error(error);
    text = cli_read_file(key_path, NULL);
    ck_assert_str_eq(text, "old");
    free(text);
    free(error);
}
END_TEST

START_TEST(test_keys_generate_unknown_type_refused)
{
    ck_assert_int_eq(CLI("keys", "generate", key_uri, "--type", "p384"), OX_USAGE);
    cli_expect_one_error("otaimg: '--type' is 'p384', expected p256 or aes128");
    ck_assert_int_ne(access(key_path, F_OK), 0);
}
END_TEST

/* ---- all of them ------------------------------------------------------------------------------ */

static const char *const commands[] = {"list", "show", "generate", "export"};

START_TEST(test_keys_unknown_option_refused)
{
    static const char *const options[] = {"--nope", "-x", "--js"};
    const char *command = commands[_i];

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        char *want = xasprintf("otaimg: unknown option '%s'\nhint: see 'otaimg keys %s --help'\n",
                               options[i], command);

        ck_assert_int_eq(CLI("keys", command, key_uri, options[i]), OX_USAGE);
        ck_assert_str_eq(cli_err(), want);
        ck_assert_str_eq(cli_out(NULL), "");
        ck_assert_int_ne(access(key_path, F_OK), 0);
        free(want);
    }
}
END_TEST

START_TEST(test_keys_option_of_another_command_refused)
{
    static const char *const others[] = {"--type", "--login", "--json", "--no-encrypt"};

    ck_assert_int_eq(CLI("keys", commands[_i], key_uri, others[_i]), OX_USAGE);
    cli_expect_one_error("otaimg: unknown option '--");
}
END_TEST

START_TEST(test_keys_operands_counted)
{
    if (strcmp(commands[_i], "list") != 0) {
        ck_assert_int_eq(CLI("keys", commands[_i]), OX_USAGE);
        cli_expect_one_error(strcmp(commands[_i], "export") == 0
                                 ? "otaimg: no key given, expected a URI"
                                 : "otaimg: usage: otaimg keys ");
    }
    ck_assert_int_eq(CLI("keys", commands[_i], "file:a", "file:b"), OX_USAGE);
    cli_expect_one_error("otaimg: usage: otaimg keys ");
}
END_TEST

START_TEST(test_keys_help_lists_options)
{
    ck_assert_int_eq(CLI("keys", commands[_i], "--help"), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    ck_assert_int_eq(strncmp(cli_out(NULL), "usage: otaimg keys ", 19), 0);
    ck_assert_ptr_nonnull(strstr(cli_out(NULL), "--pin-fd N"));
}
END_TEST

START_TEST(test_keys_list_file_refused)
{
    ck_assert_int_eq(CLI("keys", "list", rfc_key), OX_USAGE);
    cli_expect_one_error("otaimg: '" RFC_KEY "' is a file, expected a pkcs11: URI");
}
END_TEST

START_TEST(test_keys_full_standard_output_is_an_error)
{
    char *command = xasprintf("%s keys show %s >/dev/full 2>%s", OTAIMG_PATH, RFC_KEY, key_path);
    char *text;
    int status = system(command);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), OX_IO);
    text = cli_read_file(key_path, NULL);
    ck_assert_str_eq(text, "otaimg: cannot write to standard output\n");
    free(text);
    free(command);
}
END_TEST

static void add_tests(TCase *tc)
{
    const int command_count = sizeof commands / sizeof commands[0];

    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_keys_show_either_half_prints_public);
    tcase_add_test(tc, test_keys_show_json_same_facts);
    tcase_add_test(tc, test_keys_show_sample_key_says_so);
    tcase_add_test(tc, test_keys_show_own_key_is_not_known);
    tcase_add_test(tc, test_keys_show_no_key_refused);
    tcase_add_loop_test(tc, test_keys_export_to_file_and_stdout_public_half_only, 0,
                        sizeof formats / sizeof formats[0]);
    tcase_add_test(tc, test_keys_export_default_is_pem);
    tcase_add_test(tc, test_keys_export_c_source_compiles_to_the_key);
    tcase_add_test(tc, test_keys_search_finds_private_half);
    tcase_add_test(tc, test_keys_private_half_is_never_printed);
    tcase_add_test(tc, test_keys_export_sample_refused_unless_allowed);
    tcase_add_loop_test(tc, test_keys_export_bad_option_refused, 0,
                        sizeof bad_exports / sizeof bad_exports[0]);
    tcase_add_test(tc, test_keys_export_unwritable_output_error);
    tcase_add_test(tc, test_keys_generate_passphrase_from_file_encrypts);
    tcase_add_test(tc, test_keys_generate_passphrase_from_descriptor_encrypts);
    tcase_add_test(tc, test_keys_generate_passphrase_from_environment_encrypts);
    tcase_add_test(tc, test_keys_generate_no_passphrase_no_file);
    tcase_add_test(tc, test_keys_generate_plain_when_asked);
    tcase_add_test(tc, test_keys_generate_aes_prints_nothing);
    tcase_add_test(tc, test_keys_generate_existing_file_kept_and_nothing_asked);
    tcase_add_test(tc, test_keys_generate_unknown_type_refused);
    tcase_add_loop_test(tc, test_keys_unknown_option_refused, 0, command_count);
    tcase_add_loop_test(tc, test_keys_option_of_another_command_refused, 0, command_count);
    tcase_add_loop_test(tc, test_keys_operands_counted, 0, command_count);
    tcase_add_loop_test(tc, test_keys_help_lists_options, 0, command_count);
    tcase_add_test(tc, test_keys_list_file_refused);
    tcase_add_test(tc, test_keys_full_standard_output_is_an_error);
}

int main(void)
{
    hsm_leave_terminal();
    return unit_main("cmd_keys", add_tests);
}
