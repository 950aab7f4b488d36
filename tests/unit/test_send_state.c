/*
 * The file of `send --state`: what was written comes back, and nothing else is taken for it.
 */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "send_state.h"

static char folder[32];
static char path[64];
static uint8_t state[OTAM_STATE_LEN];

static void setup(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/send-state-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/state", folder);
    for (unsigned i = 0; i < sizeof state; i++) {
        state[i] = (uint8_t)(0xF0 + 7 * i);
    }
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

static size_t read_text(char *ret, size_t ret_len)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    ck_assert_ptr_nonnull(file);
    len = fread(ret, 1, ret_len, file);
    (void)fclose(file);
    return len;
}

static void write_text(const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(test_send_state_written_comes_back)
{
    uint8_t back[OTAM_STATE_LEN];
    bool found = true;
    struct stat info;

    ck_assert_int_eq(send_state_read(path, back, &found), OX_OK);
    ck_assert(!found);
    for (unsigned round = 0; round < 2; round++) {
        state[0] ^= 1;
        ck_assert_int_eq(send_state_write(path, state), OX_OK);
        ck_assert_int_eq(send_state_read(path, back, &found), OX_OK);
        ck_assert(found);
        ck_assert_mem_eq(back, state, sizeof state);
    }
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0077u, 0);
    ck_assert_int_eq(send_state_remove(path), OX_OK);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_int_eq(send_state_remove(path), OX_OK);
    ck_assert_str_eq(caught(), "");
}
END_TEST

static void expect_refused(const char *text, size_t len)
{
    uint8_t back[OTAM_STATE_LEN];
    bool found = false;

    write_text(text, len);
    ck_assert_int_eq(send_state_read(path, back, &found), OX_USAGE);
    ck_assert(!found);
}

START_TEST(test_send_state_every_truncation_is_refused)
{
    char text[256];
    size_t len;

    ck_assert_int_eq(send_state_write(path, state), OX_OK);
    len = read_text(text, sizeof text);
    for (size_t cut = 0; cut < len; cut++) {
        expect_refused(text, cut);
    }
    text[len] = '\n';
    expect_refused(text, len + 1);
}
END_TEST

/* A changed byte is refused, or it is a digit of another state, which the manager judges. */
START_TEST(test_send_state_mutation_of_every_byte_refused_or_other_state)
{
    char text[256];
    size_t len;

    ck_assert_int_eq(send_state_write(path, state), OX_OK);
    len = read_text(text, sizeof text);
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            char changed[256];
            uint8_t back[OTAM_STATE_LEN];
            bool found = false;
            enum ox ox;

            memcpy(changed, text, len);
            changed[i] = (char)(changed[i] ^ (1 << bit));
            write_text(changed, len);
            ox = send_state_read(path, back, &found);
            ck_assert(ox == OX_USAGE || (ox == OX_OK && i + 2 * sizeof state + 1 >= len));
            ck_assert_int_eq(found, ox == OX_OK);
        }
    }
}
END_TEST

START_TEST(test_send_state_unreadable_and_unwritable_are_exit_3)
{
    uint8_t back[OTAM_STATE_LEN];
    bool found = false;

    ck_assert_int_eq(send_state_read(folder, back, &found), OX_IO);
    ck_assert_ptr_nonnull(strstr(caught(), "cannot be read: Is a directory"));
    ck_assert_int_eq(send_state_remove(folder), OX_IO);
    ck_assert_int_eq(send_state_write("/nonexistent/state", state), OX_IO);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_send_state_written_comes_back);
    tcase_add_test(tc, test_send_state_every_truncation_is_refused);
    tcase_add_test(tc, test_send_state_mutation_of_every_byte_refused_or_other_state);
    tcase_add_test(tc, test_send_state_unreadable_and_unwritable_are_exit_3);
}

int main(void)
{
    return unit_main("send_state", add_tests);
}
