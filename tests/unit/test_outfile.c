/* Output appears whole or not at all: every failing call, every way of ending, links, modes. */
#include "fw_unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "outfile.h"
#include "read_files.h"

/* Stand-ins that take the place of libc's: the n-th call from now fails with EIO (0 = none). */
static unsigned fail_fsync_at;
static unsigned fail_rename_at;

static bool fails(unsigned *countdown)
{
    if (*countdown > 0 && --*countdown == 0) {
        errno = EIO;
        return true;
    }
    return false;
}

int fsync(int fd)
{
    return fails(&fail_fsync_at) ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return fails(&fail_rename_at) ? -1 : (int)syscall(SYS_rename, from, to);
}

static unsigned count_entries(void)
{
    DIR *dir = opendir(".");
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    }
    ck_assert_int_eq(closedir(dir), 0);
    return count;
}

static void expect_file(const char *name, const char *text)
{
    size_t len;
    uint8_t *bytes = get_file(name, &len);

    ck_assert_uint_eq(len, strlen(text));
    ck_assert_mem_eq(bytes, text, len);
    free(bytes);
}

static unsigned mode_of(const char *name)
{
    struct stat st;

    ck_assert_int_eq(stat(name, &st), 0);
    return st.st_mode & 07777;
}

static struct outfile *open_ok(const char *path)
{
    struct outfile *out = NULL;

    catch_diagnostics();
    ck_assert_msg(outfile_open(path, 0644, &out) == OX_OK, "%s", caught());
    return out;
}

static void expect_open_fails(const char *path, const char *message)
{
    struct outfile *const untouched = (struct outfile *)(void *)temp_folder;
    struct outfile *out = untouched;

    catch_diagnostics();
    ck_assert_int_eq(outfile_open(path, 0644, &out), OX_IO);
    ck_assert_ptr_eq(out, untouched);
    ck_assert_str_eq(caught(), message);
}

START_TEST(test_outfile_finish_shows_whole_file)
{
    struct outfile *out = open_ok("f");
    char back[3] = {0};

    ck_assert_int_eq(outfile_write(out, "abc", 3), OX_OK);
    ck_assert_int_eq(outfile_write_at(out, 1, "X", 1), OX_OK);
    ck_assert_int_eq(outfile_write(out, "def", 3), OX_OK);
    ck_assert_int_eq(pread(outfile_fd(out), back, 2, 1), 2);
    ck_assert_str_eq(back, "Xc");
    ck_assert_int_ne(access("f", F_OK), 0);
    ck_assert_uint_eq(count_entries(), 1);
    ck_assert_int_eq(outfile_finish(out), OX_OK);
    expect_file("f", "aXcdef");
    ck_assert_uint_eq(count_entries(), 1);
    ck_assert_str_eq(caught(), "");
}
END_TEST

START_TEST(test_outfile_abandon_leaves_old_file)
{
    struct outfile *out;

    put_text("f", "old");
    out = open_ok("f");
    ck_assert_int_eq(outfile_write(out, "new", 3), OX_OK);
    outfile_abandon(out);
    outfile_abandon(NULL);
    expect_file("f", "old");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_outfile_mode_honours_umask)
{
    umask(027);
    ck_assert_int_eq(outfile_write_all("a", 0666, "x", 1), OX_OK);
    ck_assert_int_eq(outfile_write_all("b", 0600, "x", 1), OX_OK);
    ck_assert_uint_eq(mode_of("a"), 0640);
    ck_assert_uint_eq(mode_of("b"), 0600);
}
END_TEST

START_TEST(test_outfile_descriptor_is_not_inherited)
{
    struct outfile *out = open_ok("f");

    ck_assert_int_eq(fcntl(outfile_fd(out), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    outfile_abandon(out);
}
END_TEST

START_TEST(test_outfile_link_is_written_through)
{
    struct stat st;

    ck_assert_int_eq(mkdir("d", 0755), 0);
    put_text("d/f", "old");
    ck_assert_int_eq(symlink("d/f", "l"), 0);
    ck_assert_int_eq(outfile_write_all("l", 0644, "new", 3), OX_OK);
    ck_assert_int_eq(lstat("l", &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    expect_file("d/f", "new");
}
END_TEST

START_TEST(test_outfile_bad_target_is_refused)
{
    char name[300];
    char message[400];

    ck_assert_int_eq(mkdir("d", 0755), 0);
    ck_assert_int_eq(mkfifo("p", 0644), 0);
    ck_assert_int_eq(symlink("gone", "l"), 0);
    put_text("f", "x");
    expect_open_fails("d", "otaimg: 'd' is a directory, expected a regular file or '-'\n");
    expect_open_fails("p", "otaimg: 'p' is not a regular file, expected a regular file or '-'\n");
    expect_open_fails(
        "/dev/full", "otaimg: '/dev/full' is not a regular file, expected a regular file or '-'\n");
    expect_open_fails("l", "otaimg: 'l' is a symbolic link that leads nowhere\n");
    expect_open_fails("no/f", "otaimg: cannot create 'no/f': No such file or directory\n");
    expect_open_fails("f/g", "otaimg: cannot create 'f/g': Not a directory\n");
    expect_open_fails("", "otaimg: cannot create '': No such file or directory\n");
    expect_open_fails("no/", "otaimg: cannot create 'no/': No such file or directory\n");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(message, sizeof message, "otaimg: cannot create '%s': File name too long\n",
                   name);
    expect_open_fails(name, message);
    ck_assert_uint_eq(count_entries(), 4);
}
END_TEST

START_TEST(test_outfile_longest_name_is_taken)
{
    char name[256];

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(outfile_write_all(name, 0644, "x", 1), OX_OK);
    expect_file(name, "x");
}
END_TEST

START_TEST(test_outfile_failing_sync_leaves_nothing)
{
    put_text("f", "old");
    fail_fsync_at = 1;
    catch_diagnostics();
    ck_assert_int_eq(outfile_write_all("f", 0644, "new", 3), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot write 'f': Input/output error\n");
    expect_file("f", "old");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_outfile_failing_rename_leaves_nothing)
{
    put_text("f", "old");
    fail_rename_at = 1;
    catch_diagnostics();
    ck_assert_int_eq(outfile_write_all("f", 0644, "new", 3), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot create 'f': Input/output error\n");
    expect_file("f", "old");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_outfile_failing_folder_sync_is_reported)
{
    fail_fsync_at = 2;
    catch_diagnostics();
    ck_assert_int_eq(outfile_write_all("f", 0644, "new", 3), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot sync the folder of 'f': Input/output error\n");
    expect_file("f", "new");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_outfile_size_limit_leaves_nothing)
{
    struct rlimit limit = {10, 10};
    struct outfile *out = open_ok("f");

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(outfile_write(out, "0123456789", 10), OX_OK);
    ck_assert_int_eq(outfile_write(out, "x", 1), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot write 'f': File too large\n");
    /* Said once; the file cannot be finished any more. */
    catch_diagnostics();
    ck_assert_int_eq(outfile_write(out, "y", 1), OX_IO);
    ck_assert_int_eq(outfile_finish(out), OX_IO);
    ck_assert_str_eq(caught(), "");
    ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

START_TEST(test_outfile_full_disk_leaves_nothing)
{
    static uint8_t bytes[65536];

    ck_assert_int_eq(mkdir("d", 0755), 0);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "d", "tmpfs", 0, "size=16k") != 0) {
        (void)printf("skipped: a small file system cannot be mounted here\n");
        return;
    }
    ck_assert_int_eq(chdir("d"), 0);
    catch_diagnostics();
    ck_assert_int_eq(outfile_write_all("f", 0644, bytes, sizeof bytes), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot write 'f': No space left on device\n");
    ck_assert_uint_eq(count_entries(), 0);
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(umount("d"), 0);
}
END_TEST

/* ---- two files at once ------------------------------------------------------------------------ */

static struct outfile *open_with(const char *path, const char *text)
{
    struct outfile *out = open_ok(path);

    ck_assert_int_eq(outfile_write(out, text, strlen(text)), OX_OK);
    return out;
}

static void expect_both_fail(const char *message)
{
    struct outfile *first = open_with("a", "new a");
    struct outfile *second = open_with("b", "new b");

    catch_diagnostics();
    ck_assert_int_eq(outfile_finish_both(first, second), OX_IO);
    ck_assert_str_eq(caught(), message);
}

START_TEST(test_outfile_both_appear)
{
    struct outfile *first = open_with("a", "new a");
    struct outfile *second = open_with("b", "new b");

    put_text("b", "old b");
    ck_assert_int_eq(outfile_finish_both(first, second), OX_OK);
    expect_file("a", "new a");
    expect_file("b", "new b");
    ck_assert_uint_eq(count_entries(), 2);
}
END_TEST

START_TEST(test_outfile_both_failing_sync_or_first_rename_leaves_old_files)
{
    static const char *const messages[] = {"otaimg: cannot write 'a': Input/output error\n",
                                           "otaimg: cannot write 'b': Input/output error\n"};

    put_text("a", "old a");
    put_text("b", "old b");
    for (unsigned i = 0; i < 2; i++) {
        fail_fsync_at = i + 1;
        expect_both_fail(messages[i]);
    }
    fail_rename_at = 1;
    expect_both_fail("otaimg: cannot create 'a': Input/output error\n");
    expect_file("a", "old a");
    expect_file("b", "old b");
    ck_assert_uint_eq(count_entries(), 2);
}
END_TEST

START_TEST(test_outfile_both_failing_second_rename_takes_first_back)
{
    put_text("a", "old a");
    put_text("b", "old b");
    fail_rename_at = 2;
    expect_both_fail("otaimg: cannot create 'b': Input/output error\n");
    ck_assert_int_ne(access("a", F_OK), 0); /* as outfile_names.h says: the old one is lost */
    expect_file("b", "old b");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_outfile_both_second_target_became_a_folder)
{
    struct outfile *first = open_with("a", "new a");
    struct outfile *second = open_with("b", "new b");

    ck_assert_int_eq(mkdir("b", 0755), 0);
    catch_diagnostics();
    ck_assert_int_eq(outfile_finish_both(first, second), OX_IO);
    ck_assert_str_eq(caught(), "otaimg: cannot create 'b': Is a directory\n");
    ck_assert_uint_eq(count_entries(), 1);
    ck_assert_int_eq(rmdir("b"), 0); /* and empty */
}
END_TEST

START_TEST(test_outfile_both_fail_when_one_was_not_written)
{
    struct rlimit limit = {10, 10};

    for (unsigned failing = 0; failing < 2; failing++) {
        struct outfile *pair[] = {open_ok("a"), open_ok("b")};

        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        ck_assert_int_eq(outfile_write(pair[failing], "longer than ten", 15), OX_IO);
        ck_assert_int_eq(outfile_finish_both(pair[0], pair[1]), OX_IO);
        ck_assert_uint_eq(count_entries(), 0);
    }
}
END_TEST

/* Reachable when the process ends, so that no leak is reported. */
static struct outfile *left_open[32];

/* Runs end() in a child that has two open files; returns its wait status. */
static int end_child(void (*end)(void))
{
    pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        /* Check has handlers of its own, which a program would not find in place. */
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        left_open[0] = open_ok("a");
        left_open[1] = open_ok("b");
        ck_assert_int_eq(outfile_write(left_open[0], "x", 1), OX_OK);
        ck_assert_int_eq(outfile_finish(open_ok("done")), OX_OK);
        ck_assert_uint_eq(count_entries(), 3);
        end();
        _exit(99);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void end_by_exit(void)
{
    exit(7);
}

static int signal_to_raise;

static void end_by_raise(void)
{
    (void)raise(signal_to_raise);
}

static void end_grandchild(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        exit(0);
    }
    (void)waitpid(pid, &status, 0);
    _exit((int)count_entries());
}

START_TEST(test_outfile_exit_removes_temporary_files)
{
    int status = end_child(end_by_exit);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    expect_file("done", "");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_outfile_signal_removes_temporary_files)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        int status;

        signal_to_raise = signals[i];
        status = end_child(end_by_raise);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), signals[i]);
        ck_assert_uint_eq(count_entries(), 1);
    }
}
END_TEST

START_TEST(test_outfile_ignored_signal_stays_ignored)
{
    int status;

    ck_assert_ptr_ne((void *)(uintptr_t)signal(SIGHUP, SIG_IGN), (void *)(uintptr_t)SIG_ERR);
    signal_to_raise = SIGHUP;
    status = end_child(end_by_raise);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 99);
}
END_TEST

START_TEST(test_outfile_child_keeps_files_of_parent)
{
    int status = end_child(end_grandchild);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 3);
}
END_TEST

START_TEST(test_outfile_too_many_files_fail)
{
    char name[2] = {'A', '\0'};

    for (int i = 0; i < 32; i++, name[0]++) {
        left_open[i] = open_ok(name);
    }
    expect_open_fails(name, "otaimg: cannot create 'a': Too many open files\n");
}
END_TEST

/* Points standard output at path while text goes to "-"; returns what outfile_finish() said. */
static enum ox write_stdout_to(const char *path, const char *text)
{
    int saved = dup(STDOUT_FILENO);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    struct outfile *out;
    enum ox rc;

    ck_assert_int_ge(saved, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
    out = open_ok("-");
    ck_assert_int_eq(outfile_write(out, text, strlen(text)), OX_OK);
    ck_assert_int_eq(outfile_write_at(out, 0, "X", 1), OX_OK);
    rc = outfile_finish(out);
    ck_assert_int_ge(dup2(saved, STDOUT_FILENO), 0);
    ck_assert_int_eq(close(saved), 0);
    ck_assert_int_eq(close(fd), 0);
    return rc;
}

START_TEST(test_outfile_dash_is_standard_output)
{
    ck_assert_int_eq(setenv("TMPDIR", ".", 1), 0);
    ck_assert_int_eq(write_stdout_to("f", "abc"), OX_OK);
    expect_file("f", "Xbc");
    ck_assert_uint_eq(count_entries(), 1);
    ck_assert_int_eq(write_stdout_to("/dev/full", "abc"), OX_IO);
    ck_assert_str_eq(caught(),
                     "otaimg: cannot write to standard output: No space left on device\n");
    ck_assert_uint_eq(count_entries(), 1);
    ck_assert_int_eq(setenv("TMPDIR", "no", 1), 0);
    expect_open_fails("-", "otaimg: cannot create a temporary file in 'no/': No such file or "
                           "directory\n");
}
END_TEST

/* ---- what may not be replaced ----------------------------------------------------------------- */

static void note(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    read_files_note(fd);
    ck_assert_int_eq(close(fd), 0);
}

static void expect_refused(const char *path, const char *message)
{
    struct outfile *out = NULL;

    catch_diagnostics();
    ck_assert_int_eq(outfile_open(path, 0644, &out), OX_USAGE);
    ck_assert_ptr_null(out);
    ck_assert_str_eq(caught(), message);
    catch_diagnostics();
    ck_assert_int_eq(outfile_check(path), OX_USAGE);
    ck_assert_str_eq(caught(), message);
}

START_TEST(test_outfile_what_was_read_is_not_replaced)
{
    put_text("in", "input");
    put_text("other", "other");
    ck_assert_int_eq(symlink("in", "soft"), 0);
    ck_assert_int_eq(link("in", "hard"), 0);
    note("in");
    note("in");
    expect_refused("in",
                   "otaimg: in: would replace what was read from it, expected another file\n");
    expect_refused("./soft",
                   "otaimg: ./soft: would replace what was read from it, expected another file\n");
    expect_refused("hard",
                   "otaimg: hard: would replace what was read from it, expected another file\n");
    ck_assert_int_eq(outfile_finish(open_ok("other")), OX_OK);
    expect_file("in", "input");
    ck_assert_uint_eq(count_entries(), 4);
}
END_TEST

/* More files than the table starts with. */
START_TEST(test_outfile_every_file_that_was_read_is_remembered)
{
    char name[16];

    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof name, "in%u", i);
        put_text(name, "input");
        note(name);
    }
    for (unsigned i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof name, "in%u", i);
        catch_diagnostics();
        ck_assert_int_eq(outfile_check(name), OX_USAGE);
    }
}
END_TEST

START_TEST(test_outfile_what_is_no_file_is_not_remembered)
{
    read_files_note(-1);
    note("/dev/null");
    ck_assert(!read_files_has("/dev/null"));
    ck_assert(!read_files_has("absent"));
}
END_TEST

/* Read after it was opened for writing: the old file stays. */
START_TEST(test_outfile_read_later_is_not_replaced)
{
    static const char message[] =
        "otaimg: f: would replace what was read from it, expected another file\n";
    struct outfile *out;

    put_text("f", "old");
    out = open_ok("f");
    ck_assert_int_eq(outfile_recheck(out), OX_OK);
    note("f");
    ck_assert_int_eq(outfile_recheck(out), OX_USAGE);
    ck_assert_str_eq(caught(), message);
    catch_diagnostics();
    ck_assert_int_eq(outfile_finish(out), OX_USAGE);
    ck_assert_str_eq(caught(), message);
    put_text("g", "old");
    for (unsigned i = 0; i < 2; i++) {
        struct outfile *other = open_ok(i == 0 ? "h" : "k");

        out = open_ok("g");
        if (i == 1) {
            note("g");
        }
        catch_diagnostics();
        ck_assert_int_eq(i == 0 ? outfile_finish_both(other, out) : outfile_finish_both(out, other),
                         i == 0 ? OX_OK : OX_USAGE);
    }
    expect_file("f", "old");
    expect_file("g", "");
    ck_assert_uint_eq(count_entries(), 3);
}
END_TEST

START_TEST(test_outfile_replacing_takes_the_place_of_what_was_read)
{
    struct outfile *out = NULL;

    put_text("f", "old");
    note("f");
    catch_diagnostics();
    ck_assert_int_eq(outfile_open_replacing("f", 0644, &out), OX_OK);
    note("f");
    ck_assert_int_eq(outfile_write(out, "new", 3), OX_OK);
    ck_assert_int_eq(outfile_finish(out), OX_OK);
    ck_assert_str_eq(caught(), "");
    expect_file("f", "new");
}
END_TEST

/* Of those that are open at the same time; which may not exist yet. */
START_TEST(test_outfile_one_name_is_not_written_twice)
{
    struct outfile *first = open_ok("f");
    struct outfile *other = open_ok("g");
    struct outfile *again = NULL;

    expect_refused("./f", "otaimg: ./f: would be written twice, expected another file\n");
    catch_diagnostics();
    ck_assert_int_eq(outfile_open_replacing("./g", 0644, &again), OX_USAGE);
    ck_assert_str_eq(caught(), "otaimg: ./g: would be written twice, expected another file\n");
    outfile_abandon(other);
    ck_assert_int_eq(outfile_finish(first), OX_OK);
    ck_assert_int_eq(outfile_check("f"), OX_OK);
    ck_assert_int_eq(outfile_check("g"), OX_OK);
    ck_assert_int_eq(outfile_finish(open_ok("f")), OX_OK);
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tc, test_outfile_finish_shows_whole_file);
    tcase_add_test(tc, test_outfile_abandon_leaves_old_file);
    tcase_add_test(tc, test_outfile_mode_honours_umask);
    tcase_add_test(tc, test_outfile_descriptor_is_not_inherited);
    tcase_add_test(tc, test_outfile_link_is_written_through);
    tcase_add_test(tc, test_outfile_bad_target_is_refused);
    tcase_add_test(tc, test_outfile_longest_name_is_taken);
    tcase_add_test(tc, test_outfile_failing_sync_leaves_nothing);
    tcase_add_test(tc, test_outfile_failing_rename_leaves_nothing);
    tcase_add_test(tc, test_outfile_failing_folder_sync_is_reported);
    tcase_add_test(tc, test_outfile_size_limit_leaves_nothing);
    tcase_add_test(tc, test_outfile_full_disk_leaves_nothing);
    tcase_add_test(tc, test_outfile_both_appear);
    tcase_add_test(tc, test_outfile_both_failing_sync_or_first_rename_leaves_old_files);
    tcase_add_test(tc, test_outfile_both_failing_second_rename_takes_first_back);
    tcase_add_test(tc, test_outfile_both_second_target_became_a_folder);
    tcase_add_test(tc, test_outfile_both_fail_when_one_was_not_written);
    tcase_add_test(tc, test_outfile_exit_removes_temporary_files);
    tcase_add_test(tc, test_outfile_signal_removes_temporary_files);
    tcase_add_test(tc, test_outfile_ignored_signal_stays_ignored);
    tcase_add_test(tc, test_outfile_child_keeps_files_of_parent);
    tcase_add_test(tc, test_outfile_too_many_files_fail);
    tcase_add_test(tc, test_outfile_dash_is_standard_output);
    tcase_add_test(tc, test_outfile_what_was_read_is_not_replaced);
    tcase_add_test(tc, test_outfile_every_file_that_was_read_is_remembered);
    tcase_add_test(tc, test_outfile_what_is_no_file_is_not_remembered);
    tcase_add_test(tc, test_outfile_read_later_is_not_replaced);
    tcase_add_test(tc, test_outfile_replacing_takes_the_place_of_what_was_read);
    tcase_add_test(tc, test_outfile_one_name_is_not_written_twice);
}

int main(void)
{
    return unit_main("outfile", add_tests);
}
