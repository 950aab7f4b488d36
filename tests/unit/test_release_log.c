/* The audit log: what is found when it was tampered with, what is refused, and a line is there whole
 * or not at all. */
#include "fw_unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "release_log.h"

/* Stand-in for libc's: the next call fails with EIO. */
static bool fail_fsync;

int fsync(int fd)
{
    if (fail_fsync) {
        fail_fsync = false;
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

static struct release_log_entry entry_of(uint32_t sequence, uint8_t content)
{
    struct release_log_entry entry = {.action = "build",
                                      .inputs = {{.name = "release.yaml", .has_digest = true}},
                                      .input_count = 1,
                                      .release = {.has_product = true,
                                                  .hardware_class = 5,
                                                  .image_type = 1,
                                                  .version = 0x01020304,
                                                  .sequence = sequence,
                                                  .has_counter = true,
                                                  .security_counter = 3},
                                      .signer = "file",
                                      .output = {.name = "app.ota", .has_digest = true}};

    memset(entry.release.content, content, sizeof entry.release.content);
    return entry;
}

static struct release_log *open_ok(bool for_writing)
{
    struct release_log *log = NULL;

    catch_diagnostics();
    ck_assert_msg(release_log_open("log", for_writing, &log) == OX_OK, "%s", caught());
    return log;
}

static void append_ok(struct release_log *log, struct release_log_entry entry)
{
    ck_assert_msg(release_log_append(log, &entry) == OX_OK, "%s", caught());
}

static void make_log(unsigned lines)
{
    struct release_log *log = open_ok(true);

    for (unsigned i = 1; i <= lines; i++) {
        append_ok(log, entry_of(i, (uint8_t)i));
    }
    release_log_close(log);
}

/* One message that names a line, and nothing handed out. */
static void expect_open_broken(void)
{
    struct release_log *log = NULL;

    for (int for_writing = 0; for_writing <= 1; for_writing++) {
        catch_diagnostics();
        ck_assert_int_eq(release_log_open("log", for_writing == 1, &log),
                         for_writing == 1 ? OX_POLICY : OX_DIFFERENT);
        ck_assert_ptr_null(log);
        ck_assert_ptr_eq(strstr(caught(), "otaimg: log:"), caught());
    }
}

static void expect_broken(const uint8_t *bytes, size_t len)
{
    put_file("log", bytes, len);
    expect_open_broken();
}

/* In place: rewriting the file each time takes minutes on some file systems. */
static void put_byte(size_t at, uint8_t byte)
{
    int fd = open("log", O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
    ck_assert_int_eq(close(fd), 0);
}

START_TEST(test_release_log_any_changed_byte_is_found)
{
    static const uint8_t values[] = {0x00, 0xFF, '\n', ' ', '0', 'F', '"', '{'};
    uint8_t *bytes;
    size_t len;

    make_log(3);
    bytes = get_file("log", &len);
    for (size_t i = 0; i < len * (8 + sizeof values); i += TEST_STEP) {
        const size_t at = i / (8 + sizeof values);
        const size_t kind = i % (8 + sizeof values);
        const uint8_t old = bytes[at];
        const uint8_t byte = (uint8_t)(kind < 8 ? old ^ 1u << kind : values[kind - 8]);

        if (byte != old) {
            put_byte(at, byte);
            expect_open_broken();
            put_byte(at, old);
        }
    }
    free(bytes);
}
END_TEST

START_TEST(test_release_log_truncation_is_found_but_at_line_ends)
{
    uint8_t *bytes;
    size_t len;
    unsigned whole = 0;

    make_log(3);
    bytes = get_file("log", &len);
    for (size_t cut = 0; cut < len; cut++) {
        if (cut > 0 && bytes[cut - 1] != '\n') {
            expect_broken(bytes, cut);
        } else {
            struct release_log *log;

            put_file("log", bytes, cut);
            log = open_ok(false);
            ck_assert_uint_eq(release_log_count(log), whole);
            release_log_close(log);
            whole++;
        }
    }
    ck_assert_uint_eq(whole, 3);
    free(bytes);
}
END_TEST

enum { LINES = 5 };

/* The log with its lines in another order. */
static void expect_order_broken(const uint8_t *bytes, const unsigned *order, unsigned count)
{
    const uint8_t *lines[LINES + 1] = {bytes};
    uint8_t copy[16384];
    size_t len = 0;

    for (unsigned i = 0; i < LINES; i++) {
        lines[i + 1] = (const uint8_t *)strchr((const char *)lines[i], '\n') + 1;
    }
    for (unsigned i = 0; i < count; i++) {
        const size_t line_len = (size_t)(lines[order[i] + 1] - lines[order[i]]);

        ck_assert_uint_le(len + line_len, sizeof copy);
        memcpy(copy + len, lines[order[i]], line_len);
        len += line_len;
    }
    expect_broken(copy, len);
}

START_TEST(test_release_log_removed_swapped_repeated_lines_are_found)
{
    uint8_t *bytes;
    size_t len;

    make_log(LINES);
    bytes = get_file("log", &len);
    bytes[len] = 0;
    for (unsigned a = 0; a < LINES; a++) {
        for (unsigned b = 0; b < LINES; b++) {
            unsigned order[LINES + 1];
            unsigned count = 0;

            if (a + 1 < LINES && b == 0) { /* removed, but for the last one */
                for (unsigned i = 0; i < LINES; i++) {
                    order[count] = i;
                    count += i != a;
                }
                expect_order_broken(bytes, order, count);
            }
            for (unsigned i = 0; i < LINES; i++) {
                order[i] = i == a ? b : i == b ? a : i;
            }
            if (a != b) {
                expect_order_broken(bytes, order, LINES);
            }
            for (unsigned i = 0; i <= LINES; i++) { /* a once more, before b */
                order[i] = i < b ? i : i == b ? a : i - 1;
            }
            expect_order_broken(bytes, order, LINES + 1);
        }
    }
    free(bytes);
}
END_TEST

/* A line of another log has the right number and a right hash, and does not fit all the same. */
START_TEST(test_release_log_line_of_another_log_is_found)
{
    uint8_t *one;
    uint8_t *other;
    uint8_t both[16384];
    struct release_log *log;
    size_t len;
    size_t head;

    make_log(2);
    one = get_file("log", &len);
    ck_assert_int_eq(unlink("log"), 0);
    log = open_ok(true);
    append_ok(log, entry_of(77, 77));
    release_log_close(log);
    other = get_file("log", &head);
    memcpy(both, other, head);
    other[head] = 0;
    one[len] = 0;
    strcpy((char *)both + head, strchr((char *)one, '\n') + 1);
    expect_broken(both, strlen((char *)both));
    ck_assert_ptr_nonnull(strstr(caught(), "log:2: was not written behind the line"));
    free(one);
    free(other);
}
END_TEST

START_TEST(test_release_log_refuses_other_content)
{
    struct release_log_entry entry = entry_of(2, 9);
    struct release_log *log;

    make_log(3);
    log = open_ok(true);
    ck_assert_int_eq(release_log_refuse_other_content(log, &entry.release), OX_POLICY);
    ck_assert_str_eq(caught(),
                     "otaimg: log:2: version 1.2.3.4 with sequence 2 was signed with other "
                     "content, expected a new version or sequence\n");
    ck_assert_int_eq(release_log_append(log, &entry), OX_POLICY);
    ck_assert_uint_eq(release_log_count(log), 3);
    entry = entry_of(2, 2); /* the same content again */
    append_ok(log, entry);
    release_log_close(log);
}
END_TEST

START_TEST(test_release_log_finds_last_and_encrypted)
{
    struct release_log_entry entry = entry_of(3, 9);
    struct release_log_match match = {.line = 0};
    struct release_log *log;

    make_log(3);
    log = open_ok(true);
    ck_assert(release_log_last(log, &entry.release, &match));
    ck_assert_uint_eq(match.line, 3);
    ck_assert_uint_eq(match.release.security_counter, 3);
    entry = entry_of(3, 3);
    ck_assert(release_log_last(log, &entry.release, &match));
    ck_assert_uint_eq(match.line, 2);
    entry.release.hardware_class = 6;
    ck_assert(!release_log_last(log, &entry.release, &match));
    entry.release.encrypted = true;
    append_ok(log, entry);
    entry = entry_of(3, 3);
    ck_assert(!release_log_find_encrypted(log, &entry.release, &match));
    entry = entry_of(3, 9);
    ck_assert(release_log_find_encrypted(log, &entry.release, &match));
    ck_assert_uint_eq(match.line, 4);
    release_log_close(log);
}
END_TEST

/* room: bytes that the disk still takes */
static void expect_append_fails(size_t room, const char *message)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit limit = {.rlim_max = RLIM_INFINITY};
    enum ox ox;
    struct release_log *log;
    struct release_log_entry entry = entry_of(4, 4);
    uint8_t *before;
    uint8_t *after;
    size_t before_len;
    size_t after_len;

    before = get_file("log", &before_len);
    log = open_ok(true);
    limit.rlim_cur = before_len + room;
    /* Check writes a file of its own: nothing of it in between. */
    (void)setrlimit(RLIMIT_FSIZE, &limit);
    ox = release_log_append(log, &entry);
    (void)setrlimit(RLIMIT_FSIZE, &unlimited);
    ck_assert_int_eq(ox, OX_IO);
    ck_assert_str_eq(caught(), message);
    ck_assert_uint_eq(release_log_count(log), 3);
    after = get_file("log", &after_len);
    ck_assert_uint_eq(after_len, before_len);
    ck_assert_mem_eq(after, before, before_len);
    release_log_close(log);
    free(before);
    free(after);
}

START_TEST(test_release_log_full_disk_leaves_no_part_of_a_line)
{
    make_log(3);
    (void)signal(SIGXFSZ, SIG_IGN);
    expect_append_fails(0, "otaimg: cannot write 'log': File too large\n");
    for (size_t room = 1; room < 200; room += 50) {
        expect_append_fails(room, "otaimg: cannot write 'log': no room for a whole line\n");
    }
    fail_fsync = true;
    expect_append_fails(10000, "otaimg: cannot write 'log': Input/output error\n");
}
END_TEST

static void *append_many(void *user)
{
    for (unsigned i = 1; i <= 5; i++) {
        struct release_log_entry entry = entry_of(i, (uint8_t)i);

        if (release_log_append(user, &entry) != OX_OK) {
            return user;
        }
    }
    return NULL;
}

START_TEST(test_release_log_threads_and_processes_add_whole_lines)
{
    enum { THREADS = 4, PROCESSES = 3 };
    struct release_log *log;

    for (unsigned p = 0; p < PROCESSES; p++) {
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            pthread_t threads[THREADS];
            void *failed = NULL;
            bool ok = true;

            log = open_ok(true);
            for (unsigned i = 0; i < THREADS; i++) {
                ok = pthread_create(&threads[i], NULL, append_many, log) == 0 && ok;
            }
            for (unsigned i = 0; i < THREADS; i++) {
                ok = pthread_join(threads[i], &failed) == 0 && failed == NULL && ok;
            }
            release_log_close(log);
            _exit(ok ? 0 : 1);
        }
    }
    for (unsigned p = 0; p < PROCESSES; p++) {
        int status = -1;

        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    log = open_ok(false);
    ck_assert_uint_eq(release_log_count(log), THREADS * PROCESSES * 5);
    release_log_close(log);
}
END_TEST

START_TEST(test_release_log_without_a_line_is_removed_unless_it_was_there)
{
    release_log_close(open_ok(true));
    ck_assert_int_eq(access("log", F_OK), -1);
    put_text("log", "");
    release_log_close(open_ok(true));
    ck_assert_int_eq(access("log", F_OK), 0);
}
END_TEST

START_TEST(test_release_log_names_that_are_not_utf8_and_reasons)
{
    static const struct release_log_reason off[] = {{"sbom-missing", "none \"yet\"\n"}};
    struct release_log_entry entry = entry_of(1, 1);
    struct release_log *log = open_ok(true);
    uint8_t *bytes;
    size_t len;

    entry.output.name = "a\xFF.ota";
    entry.output.has_digest = false;
    entry.lint_off = off;
    entry.lint_off_count = 1;
    append_ok(log, entry);
    release_log_close(log);
    release_log_close(open_ok(false));
    bytes = get_file("log", &len);
    bytes[len] = 0;
    ck_assert_ptr_nonnull(strstr((char *)bytes, "\"output\":{\"name\":\"a\\\\xff.ota\",\"sha256\":"
                                                "null},\"lint-off\":{\"sbom-missing\":\"none "
                                                "\\\"yet\\\"\\n\"}"));
    free(bytes);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, enter_temp_folder, leave_temp_folder);
    tcase_add_test(tc, test_release_log_any_changed_byte_is_found);
    tcase_add_test(tc, test_release_log_truncation_is_found_but_at_line_ends);
    tcase_add_test(tc, test_release_log_removed_swapped_repeated_lines_are_found);
    tcase_add_test(tc, test_release_log_line_of_another_log_is_found);
    tcase_add_test(tc, test_release_log_refuses_other_content);
    tcase_add_test(tc, test_release_log_finds_last_and_encrypted);
    tcase_add_test(tc, test_release_log_full_disk_leaves_no_part_of_a_line);
    tcase_add_test(tc, test_release_log_threads_and_processes_add_whole_lines);
    tcase_add_test(tc, test_release_log_without_a_line_is_removed_unless_it_was_there);
    tcase_add_test(tc, test_release_log_names_that_are_not_utf8_and_reasons);
}

int main(void)
{
    return unit_main("release_log", add_tests);
}
