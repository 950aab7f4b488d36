/* PINs and passphrases from each source, and a terminal whose echo comes back. */
#include "unit.h"

#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "secret.h"
#include "util.h"

#define ENV "OTAIMG_TEST_SECRET"

static struct secret_source source = {.fd = -1, .what = "PIN for token 'a'"};

/* A descriptor from which len bytes can be read. */
static int pipe_with(const char *bytes, size_t len)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], bytes, len), (ssize_t)len);
    (void)close(ends[1]);
    return ends[0];
}

static void expect_from_fd(const char *bytes, size_t len, const char *want)
{
    struct secret s;

    source.fd = pipe_with(bytes, len);
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, want);
    ck_assert_uint_eq(s.len, strlen(want));
    (void)close(source.fd);
}

static void expect_refusal(const char *bytes, size_t len, const char *format)
{
    static const struct secret wiped;
    struct secret s;
    char want[200];

    source.fd = pipe_with(bytes, len);
    (void)snprintf(want, sizeof want, format, source.fd);
    catch_diagnostics();
    ck_assert_int_eq(secret_get(&source, &s), OX_KEY);
    ck_assert_str_eq(caught(), want);
    ck_assert_mem_eq(&s, &wiped, sizeof s);
    (void)close(source.fd);
}

START_TEST(test_secret_descriptor_first_line)
{
    char longest[SECRET_MAX_LEN + 1];

    expect_from_fd("1234", 4, "1234");
    expect_from_fd("1234\n", 5, "1234");
    expect_from_fd("1234\r\n", 6, "1234");
    expect_from_fd(" 12 34 \nrest", 12, " 12 34 ");
    memset(longest, 'x', SECRET_MAX_LEN);
    longest[SECRET_MAX_LEN] = '\0';
    expect_from_fd(longest, SECRET_MAX_LEN, longest);
}
END_TEST

START_TEST(test_secret_descriptor_two_secrets_in_turn)
{
    struct secret s;

    source.fd = pipe_with("first\nsecond\n", 13);
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, "first");
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, "second");
}
END_TEST

START_TEST(test_secret_descriptor_unusable_refused_and_wiped)
{
    char too_long[SECRET_MAX_LEN + 1];

    memset(too_long, 'x', sizeof too_long);
    expect_refusal("", 0, "otaimg: the PIN for token 'a' from descriptor %d is empty\n");
    expect_refusal("\n1234", 5, "otaimg: the PIN for token 'a' from descriptor %d is empty\n");
    expect_refusal("12\0004", 4,
                   "otaimg: the PIN for token 'a' from descriptor %d contains a zero byte\n");
    expect_refusal(too_long, sizeof too_long,
                   "otaimg: the PIN for token 'a' from descriptor %d is too long, expected at most "
                   "255 characters\n");
}
END_TEST

START_TEST(test_secret_descriptor_closed_refused)
{
    struct secret s;

    source.fd = 99;
    catch_diagnostics();
    ck_assert_int_eq(secret_get(&source, &s), OX_KEY);
    ck_assert_str_eq(caught(), "otaimg: cannot read the PIN for token 'a' from descriptor 99: Bad "
                               "file descriptor\n");
}
END_TEST

START_TEST(test_secret_file_read)
{
    char path[] = "/tmp/otaimg-secret-XXXXXX";
    int fd = mkstemp(path);
    struct secret s;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "4321\n", 5), 5);
    (void)close(fd);
    source.file = path;
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, "4321");
    source.file = NULL;
    (void)unlink(path);
}
END_TEST

START_TEST(test_secret_file_missing_no_other_source_tried)
{
    struct secret s;

    ck_assert_int_eq(setenv(ENV, "1234", 1), 0);
    source.env = ENV;
    source.file = "/nonexistent/pin";
    catch_diagnostics();
    ck_assert_int_eq(secret_get(&source, &s), OX_KEY);
    ck_assert_str_eq(caught(), "otaimg: cannot read the PIN for token 'a' from "
                               "'/nonexistent/pin': No such file or directory\n");
}
END_TEST

START_TEST(test_secret_environment_read_once)
{
    struct secret s;
    char *value;

    ck_assert_int_eq(setenv(ENV, "1234\n", 1), 0);
    value = getenv(ENV);
    source.env = ENV;
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, "1234");
    ck_assert_ptr_null(getenv(ENV));
    ck_assert_str_eq(value, "");

    ck_assert_int_eq(setenv(ENV, "", 1), 0);
    catch_diagnostics();
    ck_assert_int_eq(secret_get(&source, &s), OX_KEY);
    ck_assert_str_eq(caught(), "otaimg: the PIN for token 'a' from " ENV " is empty\n");
}
END_TEST

START_TEST(test_secret_environment_taken_then_read_once)
{
    struct secret s;
    char *pin;

    ck_assert_int_eq(setenv("OTAIMG_PIN", "1234", 1), 0);
    pin = getenv("OTAIMG_PIN");
    ck_assert_ptr_nonnull(pin);
    secret_take_environment();
    ck_assert_ptr_null(getenv("OTAIMG_PIN"));
    ck_assert(secret_in_environment("OTAIMG_PIN"));
    ck_assert(!secret_in_environment("OTAIMG_PASSPHRASE"));
    source.env = "OTAIMG_PIN";
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, "1234");
    ck_assert_mem_eq(pin, "\0\0\0\0", 4);
    ck_assert(!secret_in_environment("OTAIMG_PIN"));
}
END_TEST

START_TEST(test_secret_environment_taken_and_not_needed_wiped)
{
    char *passphrase;

    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "correct", 1), 0);
    passphrase = getenv("OTAIMG_PASSPHRASE");
    ck_assert_ptr_nonnull(passphrase);
    secret_take_environment();
    secret_wipe_environment();
    ck_assert_mem_eq(passphrase, "\0\0\0\0\0\0\0", 7);
    ck_assert(!secret_in_environment("OTAIMG_PASSPHRASE"));
    secret_wipe_environment();
}
END_TEST

START_TEST(test_secret_sources_in_order)
{
    struct secret s;

    ck_assert_int_eq(setenv(ENV, "from-env", 1), 0);
    source.env = ENV;
    source.file = "/nonexistent/pin";
    expect_from_fd("from-fd", 7, "from-fd");
    ck_assert_str_eq(getenv(ENV), "from-env");
    source.fd = -1;
    source.file = NULL;
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    ck_assert_str_eq(s.text, "from-env");
}
END_TEST

START_TEST(test_secret_no_terminal_refused_with_hint)
{
    struct secret s;

    /* A new session has no controlling terminal. */
    (void)setsid();
    source.env = ENV;
    catch_diagnostics();
    ck_assert_int_eq(secret_get(&source, &s), OX_KEY);
    ck_assert_str_eq(caught(), "otaimg: no PIN for token 'a' given, and there is no terminal to "
                               "ask on\nhint: set " ENV ", or give a file or a descriptor\n");
}
END_TEST

/* ---- terminal --------------------------------------------------------------------------------- */

/* Reads from the terminal's other end until text has been seen. */
static void wait_for(int terminal, const char *text, char *seen, size_t cap)
{
    size_t len = strlen(seen);

    while (strstr(seen, text) == NULL) {
        ssize_t count = read(terminal, seen + len, cap - 1 - len);

        ck_assert_msg(count > 0, "terminal closed, got '%s'", seen);
        len += (size_t)count;
        seen[len] = '\0';
    }
}

static bool echo_is_on(int terminal)
{
    struct termios mode;

    ck_assert_int_eq(tcgetattr(terminal, &mode), 0);
    return (mode.c_lflag & ECHO) != 0;
}

/* The child: 0 when the prompt gave want, 1 otherwise. */
static _Noreturn void ask(const char *want)
{
    struct secret s;
    enum ox ox = secret_get(&source, &s);

    if (want == NULL) {
        _exit(ox == OX_KEY ? 0 : 1);
    }
    _exit(ox == OX_OK && strcmp(s.text, want) == 0 ? 0 : 1);
}

static pid_t start_ask(const char *want, int *ret_terminal)
{
    pid_t child;

    catch_diagnostics();
    child = forkpty(ret_terminal, NULL, NULL, NULL);
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)signal(SIGINT, SIG_DFL); /* Check has a handler of its own */
        ask(want);
    }
    return child;
}

static int status_of(pid_t child)
{
    int status = 0;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(test_secret_terminal_echo_off_then_restored)
{
    char seen[512] = "";
    int terminal;
    pid_t child = start_ask("s3cret", &terminal);

    wait_for(terminal, "PIN for token 'a': ", seen, sizeof seen);
    ck_assert(!echo_is_on(terminal));
    ck_assert_int_eq(write(terminal, "s3cret\n", 7), 7);
    wait_for(terminal, "\n", seen, sizeof seen);
    ck_assert_ptr_null(strstr(seen, "s3cret"));
    ck_assert_int_eq(status_of(child), 0);
    ck_assert(echo_is_on(terminal));
}
END_TEST

START_TEST(test_secret_terminal_longest_and_too_long)
{
    for (size_t extra = 0; extra < 2; extra++) {
        char line[SECRET_MAX_LEN + 2];
        char want[SECRET_MAX_LEN + 1];
        char seen[512] = "";
        int terminal;
        pid_t child;

        memset(line, 'p', sizeof line);
        memset(want, 'p', SECRET_MAX_LEN);
        want[SECRET_MAX_LEN] = '\0';
        line[SECRET_MAX_LEN + extra] = '\n';
        child = start_ask(extra == 0 ? want : NULL, &terminal);
        wait_for(terminal, ": ", seen, sizeof seen);
        ck_assert_int_eq(write(terminal, line, SECRET_MAX_LEN + extra + 1),
                         (ssize_t)(SECRET_MAX_LEN + extra + 1));
        wait_for(terminal, "\n", seen, sizeof seen);
        ck_assert_int_eq(status_of(child), 0);
    }
}
END_TEST

START_TEST(test_secret_terminal_interrupt_restores_echo)
{
    char seen[512] = "";
    int terminal;
    pid_t child = start_ask("", &terminal);
    int status;

    wait_for(terminal, ": ", seen, sizeof seen);
    ck_assert_int_eq(write(terminal, "s3c\003", 4), 4);
    wait_for(terminal, "\n", seen, sizeof seen);
    status = status_of(child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGINT);
    ck_assert(echo_is_on(terminal));
}
END_TEST

static void answer_twice(const char *first, const char *second, const char *want)
{
    char seen[512] = "";
    int terminal;
    pid_t child;

    source.confirm = true;
    child = start_ask(want, &terminal);
    wait_for(terminal, "PIN for token 'a': ", seen, sizeof seen);
    ck_assert_int_eq(write(terminal, first, strlen(first)), (ssize_t)strlen(first));
    wait_for(terminal, "PIN for token 'a', again: ", seen, sizeof seen);
    ck_assert_int_eq(write(terminal, second, strlen(second)), (ssize_t)strlen(second));
    ck_assert_int_eq(status_of(child), 0);
    (void)close(terminal);
}

START_TEST(test_secret_terminal_confirm_must_match)
{
    answer_twice("abcd\n", "abcd\n", "abcd");
    answer_twice("abcd\n", "abce\n", NULL);
    answer_twice("abcd\n", "\n", NULL);
}
END_TEST

/* ---- wiping ----------------------------------------------------------------------------------- */

START_TEST(test_secret_wipe_leaves_zeros)
{
    static const struct secret wiped;
    struct secret s;

    source.fd = pipe_with("1234\n", 5);
    memset(&s, 'x', sizeof s); /* what was there before counts as well */
    ck_assert_int_eq(secret_get(&source, &s), OX_OK);
    secret_wipe(&s);
    ck_assert_mem_eq(&s, &wiped, sizeof s);
    (void)close(source.fd);
}
END_TEST

START_TEST(test_secret_wipe_nothing_around_it)
{
    char text[] = "before-secret-after";

    wipe(text + 7, 6);
    ck_assert_mem_eq(text, "before-\0\0\0\0\0\0-after", sizeof text);
    wipe(text, 0);
    ck_assert_str_eq(text, "before-");
    wipe_free(NULL, 16);
}
END_TEST

#if defined(__x86_64__)
START_TEST(test_secret_wipe_clears_vector_registers)
{
    static const uint8_t zero[64];
    uint8_t secret[64];
    uint8_t left[64] = {0};
    uint8_t byte = 0;

    memset(secret, 0x5A, sizeof secret);
    __asm__ volatile("movdqu %0, %%xmm5" : : "m"(secret) : "xmm5");
    wipe(&byte, 1);
    __asm__ volatile("movdqu %%xmm5, %0" : "=m"(left));
    ck_assert_mem_eq(left, zero, 16);
    if (__builtin_cpu_supports("avx")) {
        __asm__ volatile("vmovdqu %0, %%ymm5" : : "m"(secret) : "xmm5");
        wipe(&byte, 1);
        __asm__ volatile("vmovdqu %%ymm5, %0" : "=m"(left));
        ck_assert_mem_eq(left, zero, 32);
    }
    if (__builtin_cpu_supports("avx512f")) {
        __asm__ volatile("vmovdqu64 %0, %%zmm31" : : "m"(secret));
        wipe(&byte, 1);
        __asm__ volatile("vmovdqu64 %%zmm31, %0" : "=m"(left));
        ck_assert_mem_eq(left, zero, 64);
    }
}
END_TEST
#endif

START_TEST(test_secret_harden_no_dumps)
{
    struct rlimit core;

    secret_harden();
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &core), 0);
    ck_assert_uint_eq(core.rlim_cur, 0);
    ck_assert_uint_eq(core.rlim_max, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_secret_wipe_leaves_zeros);
    tcase_add_test(tc, test_secret_wipe_nothing_around_it);
#if defined(__x86_64__)
    tcase_add_test(tc, test_secret_wipe_clears_vector_registers);
#endif
    tcase_add_test(tc, test_secret_harden_no_dumps);
    tcase_add_test(tc, test_secret_descriptor_first_line);
    tcase_add_test(tc, test_secret_descriptor_two_secrets_in_turn);
    tcase_add_test(tc, test_secret_descriptor_unusable_refused_and_wiped);
    tcase_add_test(tc, test_secret_descriptor_closed_refused);
    tcase_add_test(tc, test_secret_file_read);
    tcase_add_test(tc, test_secret_file_missing_no_other_source_tried);
    tcase_add_test(tc, test_secret_environment_read_once);
    tcase_add_test(tc, test_secret_environment_taken_then_read_once);
    tcase_add_test(tc, test_secret_environment_taken_and_not_needed_wiped);
    tcase_add_test(tc, test_secret_sources_in_order);
    tcase_add_test(tc, test_secret_no_terminal_refused_with_hint);
    tcase_add_test(tc, test_secret_terminal_echo_off_then_restored);
    tcase_add_test(tc, test_secret_terminal_longest_and_too_long);
    tcase_add_test(tc, test_secret_terminal_interrupt_restores_echo);
    tcase_add_test(tc, test_secret_terminal_confirm_must_match);
}

int main(void)
{
    return unit_main("secret", add_tests);
}
