/*
 * Many builds at once on one SoftHSM token, which each login rewrites: the lock of p11_lock.c makes
 * all of them succeed.
 */
#include "release_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUILDS 16
#define ROUNDS 3

static void setup(void)
{
    hsm_setup();
    hsm_add_default();
    release_write();
}

/* Path of the file of one build; caller frees. */
static char *file_of(const char *what, unsigned number)
{
    char *name = xasprintf("%s-%u", what, number);
    char *path = hsm_path(name);

    free(name);
    return path;
}

/* In the child: does not return. */
static void build_alone(unsigned number)
{
    char *out = file_of("out", number);
    char *messages = file_of("err", number);
    int fd = open(messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0) {
        _exit(126);
    }
    (void)execl(OTAIMG_PATH, "otaimg", "build", release_manifest, "-o", out, (char *)NULL);
    _exit(127);
}

static void build_at_once(pid_t children[BUILDS])
{
    for (unsigned i = 0; i < BUILDS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            build_alone(i);
        }
    }
}

static void expect_good(unsigned number, pid_t child, const char *public_key)
{
    char *out = file_of("out", number);
    char *messages = file_of("err", number);
    int status = 0;
    char *text;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    text = cli_read_file(messages, NULL);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "build %u: %d, %s", number, status,
                  text);
    ck_assert_int_eq(CLI("verify", out, "--verify-key", public_key, "--decrypt-key",
                         RELEASE_AES_KEY, "--decrypt-iv", RELEASE_IV),
                     OX_OK);
    ck_assert_int_eq(unlink(out), 0);
    free(text);
    free(messages);
    free(out);
}

START_TEST(test_parallel_builds_on_one_token_all_good)
{
    char *pem = hsm_path("app.pub.pem");
    char *public_key = xasprintf("file:%s", pem);

    ck_assert_int_eq(CLI("keys", "export", RELEASE_SIGN_KEY, "-o", pem), OX_OK);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pid_t children[BUILDS];

        build_at_once(children);
        for (unsigned i = 0; i < BUILDS; i++) {
            expect_good(i, children[i], public_key);
        }
    }
    free(public_key);
    free(pem);
}
END_TEST

/* Somebody else's lock is waited for. */
START_TEST(test_parallel_waits_for_the_lock)
{
    static const char *const args[] = {"keys", "list", NULL};
    char *path = xasprintf("/tmp/otaimg-%lu-softhsm.lock", (unsigned long)geteuid());
    int fd;
    struct stat st;

    ck_assert_int_eq(CLI("keys", "list"), OX_OK); /* makes the file */
    fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    cli_start(args);
    (void)usleep(300000);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), 0);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(cli_wait(), OX_OK);
    free(path);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, hsm_teardown);
    tcase_add_test(tc, test_parallel_builds_on_one_token_all_good);
    tcase_add_test(tc, test_parallel_waits_for_the_lock);
}

int main(void)
{
    hsm_require();
    return unit_main("hsm_parallel", add_tests);
}
