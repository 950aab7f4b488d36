/*
 * `otaimg build` with a token that does not do what it should: exit code 4, one error line, nothing
 * written and nothing left over, and an older output stays as it was.
 */
#include "release_files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRONG_PIN "0815-not-it"
#define GONE      ", the token or the key was removed while in use"

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    hsm_use_mock();
    release_write();
}

/* ---- from the start --------------------------------------------------------------------------- */

static void wrong_pin(void)
{
    ck_assert_int_eq(setenv("OTAIMG_PIN", WRONG_PIN, 1), 0);
}

static void no_pin(void)
{
    ck_assert_int_eq(unsetenv("OTAIMG_PIN"), 0);
}

static void second_token(void)
{
    hsm_add_token(HSM_LABEL, HSM_PIN);
}

static void second_pair(void)
{
    hsm_add_pair(HSM_LABEL, HSM_PIN, "app", "07", false);
}

static void p384_pair(void)
{
    hsm_add_pair(HSM_LABEL, HSM_PIN, "big", "08", true);
}

static void rsa_pair(void)
{
    hsm_add_rsa(HSM_LABEL, HSM_PIN, "rsa", "09");
}

static void aes_256(void)
{
    static const uint8_t key[32] = {1, 2, 3};

    hsm_add_aes(HSM_LABEL, HSM_PIN, "long", "0a", key, sizeof key);
}

static void no_module(void)
{
    ck_assert_int_eq(setenv("OTAIMG_PKCS11_MODULE", "/nonexistent/module.so", 1), 0);
}

static void tokens_gone(void)
{
    hsm_remove_tokens();
}

static const struct {
    void (*prepare)(void); /* may be NULL */
    const char *set;       /* may be NULL */
    const char *error;
    unsigned logins;
} cases[] = {
    {wrong_pin, NULL, "otaimg: token 'release': C_Login: CKR_PIN_INCORRECT", 1},
    {no_pin, NULL, "PIN for token 'release'", 0},
    {NULL, "sign.key=pkcs11:token=absent;object=app",
     "otaimg: no token matches 'pkcs11:token=absent', found 'release' (serial ", 0},
    {NULL, "encrypt.key=pkcs11:token=absent;object=enc",
     "otaimg: no token matches 'pkcs11:token=absent', found 'release' (serial ", 1},
    {tokens_gone, NULL, "otaimg: no token matches 'pkcs11:token=release': the module '", 0},
    {NULL, "sign.key=pkcs11:token=release;object=absent",
     "otaimg: token 'release': no private key matches 'pkcs11:object=absent', found 'app'", 1},
    {NULL, "sign.key=pkcs11:token=release;object=enc",
     "otaimg: token 'release': no private key matches 'pkcs11:object=enc', found 'app'", 1},
    {NULL, "encrypt.key=pkcs11:token=release;object=absent",
     "otaimg: token 'release': no secret key matches 'pkcs11:object=absent', found 'enc'", 1},
    {second_token, NULL,
     "otaimg: 2 tokens match 'pkcs11:token=release', expected one: 'release' (serial ", 0},
    {second_pair, NULL, "otaimg: token 'release': 2 private keys match 'pkcs11:object=app'", 1},
    {p384_pair, "sign.key=pkcs11:token=release;object=big", "EC P-384", 1},
    {rsa_pair, "sign.key=pkcs11:token=release;object=rsa", "RSA-2048", 1},
    {aes_256, "encrypt.key=pkcs11:token=release;object=long", "AES-256", 1},
    {no_module, NULL, "otaimg: cannot open PKCS#11 module '/nonexistent/module.so'", 0},
};

/* Runs once with no output there, then with an older one. */
static void expect_nothing_written(const char *set, const char *error)
{
    const char *const args[] = {"build", release_manifest, set != NULL ? "--set" : NULL, set, NULL};
    char *kept;

    ck_assert_int_eq(cli_run(args), OX_KEY);
    cli_expect_one_error(error);
    release_expect_files(false);
    hsm_write_file(release_output, "old");
    ck_assert_int_eq(cli_run(args), OX_KEY);
    cli_expect_one_error(error);
    release_expect_files(true);
    kept = cli_read_file(release_output, NULL);
    ck_assert_str_eq(kept, "old");
    free(kept);
}

START_TEST(test_build_token_refuses_exit_4_nothing_written)
{
    if (cases[_i].prepare != NULL) {
        cases[_i].prepare();
    }
    expect_nothing_written(cases[_i].set, cases[_i].error);
    if (cases[_i].prepare != no_module) {
        ck_assert_uint_eq(hsm_logged("C_Login"), (uintmax_t)2 * cases[_i].logins);
    }
    ck_assert_ptr_null(strstr(cli_err(), WRONG_PIN));
}
END_TEST

/* ---- later ------------------------------------------------------------------------------------ */

/* In the order in which a build makes them; the temporary file exists from C_EncryptInit on. */
static const char *const calls[] = {"C_SignInit",      "C_Sign",         "C_EncryptInit",
                                    "C_EncryptUpdate", "C_EncryptFinal", "C_DecryptInit",
                                    "C_DecryptUpdate"};

START_TEST(test_build_device_removed_error_exit_4_nothing_written)
{
    char *fail = xasprintf("%s=0x32", calls[_i]);
    char *error = xasprintf("otaimg: token 'release': %s: CKR_DEVICE_REMOVED" GONE, calls[_i]);

    ck_assert_int_eq(setenv("MOCK_P11_FAIL", fail, 1), 0);
    expect_nothing_written(NULL, error);
    free(error);
    free(fail);
}
END_TEST

/* Starts a build and returns when it is about to make that call, which go_on_to_failure() lets it
 * do. */
static int build_until(const char *set, const char *call)
{
    const char *const args[] = {"build", release_manifest, set != NULL ? "--set" : NULL, set, NULL};
    char *fifo = hsm_path("fifo");
    char *pause = xasprintf("%s=%s", call, fifo);
    int fd = -1;

    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(setenv("MOCK_P11_PAUSE", pause, 1), 0);
    cli_start(args);
    for (unsigned i = 0; i < 1000 && fd < 0; i++) {
        (void)usleep(10000);
        fd = open(fifo, O_WRONLY | O_CLOEXEC | O_NONBLOCK); /* fails until there is a reader */
    }
    ck_assert_msg(fd >= 0, "%s was not called", call);
    free(pause);
    free(fifo);
    return fd;
}

static void go_on_to_failure(int fd, const char *error)
{
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(cli_wait(), OX_KEY);
    cli_expect_one_error(error);
    release_expect_files(false);
}

START_TEST(test_build_token_deleted_before_signing_nothing_written)
{
    int fd = build_until(NULL, "C_SignInit");

    hsm_remove_tokens();
    go_on_to_failure(fd, "otaimg: token 'release': C_SignInit: CKR_OBJECT_HANDLE_INVALID" GONE);
}
END_TEST

/* ---- a token behind a socket ------------------------------------------------------------------ */

static pid_t server;

/* p11-kit's server with a child for each connection, in a process group of their own. */
static void start_server(void)
{
    char *name = hsm_path("socket");
    char *address = xasprintf("unix:path=%s", name);

    server = fork();
    ck_assert_int_ge(server, 0);
    if (server == 0) {
        (void)setpgid(0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failing test leaves no server */
        (void)freopen("/dev/null", "w", stdout);
        (void)execlp("p11-kit", "p11-kit", "server", "--foreground", "--provider", hsm_module(),
                     "--name", name, "pkcs11:", (char *)NULL);
        _exit(127);
    }
    (void)setpgid(server, server); /* whoever comes first */
    for (unsigned i = 0; i < 500 && access(name, F_OK) != 0; i++) {
        (void)usleep(10000);
    }
    ck_assert_msg(access(name, F_OK) == 0, "the p11-kit server did not start");
    ck_assert_int_eq(setenv("P11_KIT_SERVER_ADDRESS", address, 1), 0);
    free(address);
    free(name);
}

static void stop_server(void)
{
    ck_assert_int_eq(kill(-server, SIGKILL), 0);
    ck_assert_int_eq(waitpid(server, NULL, 0), server);
}

/* Its protocol has no AES-CBC in the p11-kit of today: the AES key is in a file. */
static char *use_server(void)
{
    char *path = hsm_path("aes.hex");
    char *set = xasprintf("encrypt.key=file:%s", path);

    hsm_write_file(path, "00112233445566778899aabbccddeeff\n");
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(setenv("MOCK_P11_MODULE", P11_CLIENT_PATH, 1), 0);
    start_server();
    free(path);
    return set;
}

START_TEST(test_build_through_token_server_succeeds)
{
    char *set = use_server();

    ck_assert_int_eq(CLI("build", release_manifest, "--set", set), OX_OK);
    ck_assert_str_eq(cli_err(), "");
    release_expect_files(true);
    stop_server();
    free(set);
}
END_TEST

static const char *const server_calls[] = {"C_OpenSession", "C_Login", "C_SignInit", "C_Sign"};

/* SIGPIPE, which the broken socket sends, must not end the program. */
START_TEST(test_build_token_server_killed_nothing_written)
{
    char *set = use_server();
    char *error = xasprintf("otaimg: token 'release': %s: CKR_DEVICE_ERROR", server_calls[_i]);
    int fd = build_until(set, server_calls[_i]);

    stop_server();
    go_on_to_failure(fd, error);
    free(error);
    free(set);
}
END_TEST

static bool has_server(void)
{
    const char *ci = getenv("CI");
    bool found = access(P11_CLIENT_PATH, R_OK) == 0 && system("command -v p11-kit >/dev/null") == 0;

    if (!found) {
        (void)printf("p11-kit server or client is not installed: its tests are left out\n");
        if (ci != NULL && strcmp(ci, "true") == 0) {
            exit(1);
        }
    }
    return found;
}

static void add_tests(TCase *tc)
{
    const int call_count = sizeof calls / sizeof calls[0];

    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_loop_test(tc, test_build_token_refuses_exit_4_nothing_written, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_loop_test(tc, test_build_device_removed_error_exit_4_nothing_written, 0, call_count);
    tcase_add_test(tc, test_build_token_deleted_before_signing_nothing_written);
    if (has_server()) {
        tcase_add_test(tc, test_build_through_token_server_succeeds);
        tcase_add_loop_test(tc, test_build_token_server_killed_nothing_written, 0,
                            sizeof server_calls / sizeof server_calls[0]);
    }
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_build_fails", add_tests);
}
