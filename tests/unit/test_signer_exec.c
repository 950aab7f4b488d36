/* Signing with programs: what they are given, what they may answer, and every way to fail. */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cipher.h"
#include "pubkey.h"
#include "signer.h"
#include "util.h"

#define PUBLIC TEST_DATA_DIR "/../keys/test/rfc6979-p256.pub.pem"

static const struct key_options no_options = {.pin_fd = -1, .passphrase_fd = -1};

/* RFC 6979 A.2.5, SHA-256 of "sample". */
static const char digest_hex[] = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf";
static const char key_id[] = "5a7a78cca4a0f420d9bc62bb669c3c2759e39f723d3ae10dcbe0f0815a07ecd4";
#define RS                                                                                         \
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"                             \
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"

static char folder[] = "/tmp/otaimg-exec-XXXXXX";
static char program[64];
static char seen[64]; /* a file that programs write to */
static uint8_t digest[32];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(program, sizeof program, "%s/sign prog", folder);
    (void)snprintf(seen, sizeof seen, "%s/seen", folder);
    ck_assert(hex_decode(digest_hex, digest, 32));
    ck_assert_int_eq(setenv("SEEN", seen, 1), 0);
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(program);
    (void)unlink(seen);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void write_program(const char *script)
{
    int fd = open(program, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(dprintf(fd, "#!/bin/sh\n%s\n", script), (int)strlen(script) + 11);
    ck_assert_int_eq(close(fd), 0);
}

/* The program of this test with a timeout; its name has a blank, so it is written with %20. */
static enum ox sign_within(unsigned timeout, uint8_t ret_rs[64])
{
    struct signer *signer = NULL;
    char uri[256];
    enum ox ox;

    (void)snprintf(uri, sizeof uri, "exec:%s/sign%%20prog?public=%s&timeout=%u", folder, PUBLIC,
                   timeout);
    ck_assert_int_eq(signer_open(uri, &no_options, &signer), OX_OK);
    ck_assert_str_eq(signer_kind(signer), "exec");
    ck_assert_str_eq(signer_name(signer), uri);
    ox = signer_sign(signer, digest, ret_rs);
    signer_close(signer);
    return ox;
}

static void expect_signature(const char *script)
{
    uint8_t want[64];
    uint8_t rs[64];

    ck_assert(hex_decode(RS, want, 64));
    write_program(script);
    catch_diagnostics();
    ck_assert_msg(sign_within(20, rs) == OX_OK, "%s: %s", script, caught());
    ck_assert_int_eq(memcmp(rs, want, 64), 0);
    ck_assert_str_eq(caught(), "");
}

/* Exactly this line, exit 4, nothing returned. */
static void expect_failure(const char *script, unsigned timeout, const char *message)
{
    uint8_t untouched[64] = {0};
    uint8_t rs[64] = {0};
    char want[512];

    if (script != NULL) {
        write_program(script);
    }
    (void)snprintf(want, sizeof want, "otaimg: program '%s' %s\n", program, message);
    catch_diagnostics();
    ck_assert_int_eq(sign_within(timeout, rs), OX_KEY);
    ck_assert_str_eq(caught(), want);
    ck_assert_int_eq(memcmp(rs, untouched, 64), 0);
}

static char *read_seen(void)
{
    static char text[8192];
    FILE *file = fopen(seen, "r");
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    return text;
}

static double seconds(void)
{
    struct timespec now;

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what programs get and may answer --------------------------------------------------------- */

START_TEST(test_signer_exec_any_encoding_taken)
{
    expect_signature("cat >/dev/null; echo " RS);
    expect_signature("cat >/dev/null; echo " RS " | tr a-f A-F | fold -w 16");
    expect_signature(
        "printf %s "
        "79SLKqy2qP0RQN2c1F6B1p0sh3tWqvmRw00OqE6vNxb3yxyULWV8QdQ2x6G24p9l8+kA27mv9AZNxKsvhDrNqA==");
    expect_signature(
        "echo 3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
}
END_TEST

START_TEST(test_signer_exec_gets_digest_and_its_end_on_stdin)
{
    char want[160];

    expect_signature(
        "{ echo $#; echo \"$0\"; od -An -v -tx1 | tr -d ' \\n'; } >\"$SEEN\"; echo " RS);
    (void)snprintf(want, sizeof want, "0\n%s\n%s", program, digest_hex);
    ck_assert_str_eq(read_seen(), want);
}
END_TEST

START_TEST(test_signer_exec_environment_without_secrets)
{
    const char *text;
    char want[128];

    ck_assert_int_eq(setenv("OTAIMG_PIN", "1234-pin", 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PASSPHRASE", "correct horse", 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_KEY_ID", "stale", 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_ALGORITHM", "stale", 1), 0);
    ck_assert_int_eq(setenv("OTAIMG_PINS", "kept", 1), 0);
    expect_signature("env >\"$SEEN\"; echo " RS);
    text = read_seen();
    ck_assert_ptr_null(strstr(text, "1234-pin"));
    ck_assert_ptr_null(strstr(text, "correct horse"));
    ck_assert_ptr_null(strstr(text, "stale"));
    ck_assert_ptr_nonnull(strstr(text, "OTAIMG_PINS=kept\n"));
    ck_assert_ptr_nonnull(strstr(text, "OTAIMG_ALGORITHM=ecdsa-p256-sha256\n"));
    (void)snprintf(want, sizeof want, "OTAIMG_KEY_ID=%s\n", key_id);
    ck_assert_ptr_nonnull(strstr(text, want));
}
END_TEST

START_TEST(test_signer_exec_no_other_descriptor_and_own_group)
{
    int left_open = open("/dev/null", O_RDONLY);
    int far = fcntl(left_open, F_DUPFD, 200);
    long group = 0;

    ck_assert_int_ge(far, 200);
    /* Asked for one by one: listing the folder would open another. 10 is the shell's own script. */
    expect_signature("cut -d ' ' -f 6 /proc/$$/stat >\"$SEEN\"; for n in 3 4 5 6 7 8 9 200; do "
                     "[ ! -L /proc/$$/fd/$n ] || echo open $n >>\"$SEEN\"; done; echo " RS);
    group = strtol(read_seen(), NULL, 10);
    ck_assert_int_gt(group, 0);
    ck_assert_int_ne(group, getpgrp());
    ck_assert_msg(strstr(read_seen(), "open") == NULL, "%s", read_seen());
    (void)close(far);
    (void)close(left_open);
}
END_TEST

START_TEST(test_signer_exec_standard_descriptors_closed_here)
{
    int kept = dup(0);

    (void)close(0);
    expect_signature("od -An -v -tx1 | tr -d ' \\n' >\"$SEEN\"; echo " RS);
    ck_assert_str_eq(read_seen(), digest_hex);
    ck_assert_int_eq(dup2(kept, 0), 0);
    (void)close(kept);
}
END_TEST

START_TEST(test_signer_exec_signals_reset)
{
    ck_assert(signal(SIGTERM, SIG_IGN) != SIG_ERR);
    ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    expect_failure("kill -TERM $$; echo " RS, 20, "was ended by signal 15, expected exit status 0");
    ck_assert(signal(SIGTERM, SIG_DFL) == SIG_IGN);
    ck_assert(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}
END_TEST

START_TEST(test_signer_exec_odd_behaviour_of_good_programs)
{
    pid_t child;

    expect_signature("exec <&-; echo " RS);                    /* closes stdin early */
    expect_signature("echo " RS "; exec >&- 2>&-; sleep 0.1"); /* ends after its output */
    expect_signature("for c in $(echo " RS " | fold -w 16); do printf %s $c; sleep 0.02; done");
    expect_signature("yes 2>/dev/null | head -c 300000 >&2; echo " RS); /* much to say */
    expect_signature("sleep 600 & echo $! >\"$SEEN\"; echo " RS); /* a child keeps the pipes */
    child = (pid_t)strtol(read_seen(), NULL, 10);
    ck_assert_int_gt(child, 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0); /* it was not waited for */
}
END_TEST

/* ---- failures --------------------------------------------------------------------------------- */

START_TEST(test_signer_exec_bad_end_ends_with_last_line)
{
    expect_failure("exit 3", 20, "ended with exit status 3, expected 0");
    expect_failure("echo first >&2; echo 'no such key' >&2; exit 3", 20,
                   "ended with exit status 3, expected 0: no such key");
    expect_failure("printf 'one\\n  two\\n\\n \\n' >&2; echo " RS "; exit 1", 20,
                   "ended with exit status 1, expected 0: two");
    expect_failure("printf 'a\\033[2Jb\\0c' >&2; exit 1", 20,
                   "ended with exit status 1, expected 0: a\\x1b[2Jb?c");
    expect_failure("yes no | head -c 99999 >&2; echo last >&2; exit 1", 20,
                   "ended with exit status 1, expected 0: last");
    expect_failure("echo dying >&2; kill -KILL $$", 20,
                   "was ended by signal 9, expected exit status 0: dying");
}
END_TEST

START_TEST(test_signer_exec_cannot_start)
{
    expect_failure(NULL, 20,
                   "cannot be run, expected an executable file: No such file or directory");
    write_program("echo " RS);
    ck_assert_int_eq(chmod(program, 0600), 0);
    expect_failure(NULL, 20, "cannot be run, expected an executable file: Permission denied");
}
END_TEST

#define EXPECTED                                                                                   \
    "expected a P-256 signature as DER or 64 raw bytes, binary, hex, base64 or base64url"

START_TEST(test_signer_exec_bad_answers)
{
    expect_failure("true", 20, "wrote nothing, " EXPECTED);
    expect_failure("echo hello; echo 'HSM offline' >&2", 20,
                   "wrote something else, " EXPECTED ": HSM offline");
    expect_failure("head -c 4096 /dev/zero", 20, "wrote something else, " EXPECTED);
    expect_failure("echo why >&2; head -c 4097 /dev/zero", 20,
                   "wrote more than 4096 bytes, expected a signature: why");
    expect_failure("exec cat /dev/zero", 20, "wrote more than 4096 bytes, expected a signature");
}
END_TEST

START_TEST(test_signer_exec_signature_verified)
{
    static const char wrong[] =
        "gave a signature made by another key or over another digest, expected one that verifies "
        "under the public key of the URI";

    expect_failure("echo " RS " | sed s/a8$/a9/", 20, wrong);
    expect_failure("echo " RS " | tr 0-9a-f 0", 20, wrong);
    digest[31] ^= 1;
    expect_failure("echo " RS, 20, wrong);
}
END_TEST

START_TEST(test_signer_exec_timeout_kills_the_group)
{
    double start = seconds();
    long child;

    /* Neither a child in the group nor one that ignores SIGTERM is left. */
    expect_failure("trap '' TERM; sleep 600 & echo $! >\"$SEEN\"; echo waiting >&2; wait", 1,
                   "did not end within 1 s, expected a signature: waiting");
    ck_assert(seconds() - start >= 1);
    child = strtol(read_seen(), NULL, 10);
    ck_assert_int_gt(child, 1);
    /* Whoever inherits it reaps it sooner or later: until then it is a zombie. */
    for (int i = 0; i < 100 && kill((pid_t)child, 0) == 0; i++) {
        char path[64];
        char stat[256] = "";
        FILE *file;

        (void)snprintf(path, sizeof path, "/proc/%ld/stat", child);
        file = fopen(path, "r");
        if (file == NULL || fgets(stat, sizeof stat, file) == NULL || strstr(stat, ") Z") != NULL) {
            if (file != NULL) {
                (void)fclose(file);
            }
            return;
        }
        (void)fclose(file);
        (void)usleep(20000);
    }
    ck_assert_int_ne(kill((pid_t)child, 0), 0);
}
END_TEST

START_TEST(test_signer_exec_timeout_while_it_writes)
{
    uint8_t rs[64];

    write_program("exec yes >&2");
    ck_assert_int_eq(sign_within(1, rs), OX_KEY);
    ck_assert_ptr_nonnull(strstr(caught(), "did not end within 1 s, expected a signature: y\n"));
}
END_TEST

START_TEST(test_signer_exec_no_descriptor_leaks)
{
    int before = dup(0);
    int after;
    uint8_t rs[64];

    (void)close(before);
    write_program("echo " RS);
    ck_assert_int_eq(sign_within(20, rs), OX_OK);
    write_program("exec cat /dev/zero");
    ck_assert_int_eq(sign_within(20, rs), OX_KEY);
    ck_assert_int_eq(unlink(program), 0);
    ck_assert_int_eq(sign_within(20, rs), OX_KEY);
    after = dup(0);
    (void)close(after);
    ck_assert_int_eq(before, after);
}
END_TEST

START_TEST(test_signer_exec_public_key_is_the_file)
{
    struct signer *signer = NULL;
    uint8_t want[64];
    uint8_t xy[64];

    ck_assert_int_eq(pubkey_load(PUBLIC, &no_options, want), OX_OK);
    ck_assert_int_eq(pubkey_load("exec:/nothing?public=" PUBLIC, &no_options, xy), OX_OK);
    ck_assert_int_eq(memcmp(xy, want, 64), 0);
    ck_assert_int_eq(signer_open("exec:/nothing?public=" PUBLIC, &no_options, &signer), OX_OK);
    signer_public_key(signer, xy);
    ck_assert_int_eq(memcmp(xy, want, 64), 0);
    signer_close(signer);
    ck_assert_int_eq(signer_open("exec:/nothing?public=/missing.pem", &no_options, &signer),
                     OX_KEY);
    ck_assert_str_eq(caught(), "otaimg: cannot open key file '/missing.pem': "
                               "No such file or directory\n");
}
END_TEST

START_TEST(test_signer_exec_is_no_cipher)
{
    struct cipher *cipher = NULL;

    ck_assert_int_eq(cipher_open("exec:/p?public=k.pem", &no_options, &cipher), OX_USAGE);
    ck_assert_ptr_null(cipher);
    ck_assert_str_eq(caught(), "otaimg: 'exec:/p?public=k.pem' signs and does not encrypt, "
                               "expected file:PATH or pkcs11:...\n");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_signer_exec_any_encoding_taken);
    tcase_add_test(tc, test_signer_exec_gets_digest_and_its_end_on_stdin);
    tcase_add_test(tc, test_signer_exec_environment_without_secrets);
    tcase_add_test(tc, test_signer_exec_no_other_descriptor_and_own_group);
    tcase_add_test(tc, test_signer_exec_standard_descriptors_closed_here);
    tcase_add_test(tc, test_signer_exec_signals_reset);
    tcase_add_test(tc, test_signer_exec_odd_behaviour_of_good_programs);
    tcase_add_test(tc, test_signer_exec_bad_end_ends_with_last_line);
    tcase_add_test(tc, test_signer_exec_cannot_start);
    tcase_add_test(tc, test_signer_exec_bad_answers);
    tcase_add_test(tc, test_signer_exec_signature_verified);
    tcase_add_test(tc, test_signer_exec_timeout_kills_the_group);
    tcase_add_test(tc, test_signer_exec_timeout_while_it_writes);
    tcase_add_test(tc, test_signer_exec_no_descriptor_leaks);
    tcase_add_test(tc, test_signer_exec_public_key_is_the_file);
    tcase_add_test(tc, test_signer_exec_is_no_cipher);
}

int main(void)
{
    return unit_main("signer_exec", add_tests);
}
