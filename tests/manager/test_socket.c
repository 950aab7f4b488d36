/*
 * Manager and device as two processes over an AF_UNIX socket: a whole update, a manager that is
 * killed and goes on, a device that is not there, and messages that are none.
 */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "att_socket.h"
#include "bench.h"

static char folder[32];
static char path[64];

/* What survives a killed manager, as a file would. */
struct store {
    uint8_t state[OTAM_STATE_LEN];
    bool has_state;
};

static struct store *store;
static uint32_t kill_at; /* bytes confirmed, at which the process ends itself; 0 = never */

/* ---- the device's process --------------------------------------------------------------------- */

static void send_events(struct fake_device *d, int fd)
{
    static const uint8_t types[] = {[OTAM_EV_SUBSCRIBED] = ATT_SUBSCRIBED,
                                    [OTAM_EV_FEATURE] = ATT_FEATURE,
                                    [OTAM_EV_WRITTEN] = ATT_WRITTEN,
                                    [OTAM_EV_NOTIFIED] = ATT_NOTIFIED};
    const struct otam_event *event;

    while ((event = fake_next_event(d)) != NULL) {
        struct att_message message = {.type = types[event->type], .body_len = event->data_len};

        if (message.type != 0) {
            message.flag = event->type == OTAM_EV_NOTIFIED ? (uint8_t)event->channel : event->ok;
            memcpy(message.body, event->data, event->data_len);
            ck_assert_int_eq(att_send(fd, &message), ATT_IO_DONE);
        }
    }
}

static void take(struct fake_device *d, const struct att_message *message)
{
    switch (message->type) {
    case ATT_SUBSCRIBE:
        (void)fake_transport.subscribe(d, message->flag == 0 ? OTAM_CONTROL : OTAM_DATA);
        break;
    case ATT_READ_FEATURE:
        (void)fake_transport.read_feature(d);
        break;
    case ATT_WRITE:
        (void)fake_transport.write(d, message->body, message->body_len);
        break;
    case ATT_WRITE_COMMAND:
        (void)fake_transport.write_command(d, message->body, message->body_len);
        break;
    default:
        ck_abort_msg("message %u", message->type);
    }
}

static void serve_connection(struct fake_device *d, int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct att_message message;

    (void)fake_transport.connect(d);
    (void)fake_next_event(d); /* told by att_accept() */
    while (!d->reset && poll(&entry, 1, -1) > 0) {
        enum att_io io = att_receive(fd, &message);

        if (io == ATT_IO_GONE) {
            break;
        }
        if (io == ATT_IO_DONE) {
            take(d, &message);
            send_events(d, fd);
        }
    }
    fake_unplug(d);
}

/* Serves until it is told to reset; exit code 0: with the right image. */
static pid_t start_device(struct fake_device *d)
{
    int listen_fd = -1;
    pid_t pid;

    ck_assert_int_eq(att_listen(path, &listen_fd), OX_OK);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        while (!d->reset) {
            int fd = -1;

            if (att_accept(listen_fd, d->att_mtu, d->ll_len, &fd) != OX_OK) {
                _exit(2);
            }
            serve_connection(d, fd);
            (void)close(fd);
        }
        _exit(d->installed && d->violation == NULL ? 0 : 1);
    }
    (void)close(listen_fd);
    return pid;
}

static void expect_exit(pid_t pid, int code)
{
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), code);
}

/* ---- the manager's process -------------------------------------------------------------------- */

static bool store_save(void *ctx, const uint8_t state[OTAM_STATE_LEN])
{
    (void)ctx;
    memcpy(store->state, state, OTAM_STATE_LEN);
    store->has_state = true;
    return true;
}

static bool store_load(void *ctx, uint8_t ret[OTAM_STATE_LEN])
{
    (void)ctx;
    memcpy(ret, store->state, OTAM_STATE_LEN);
    return store->has_state;
}

static void store_forget(void *ctx)
{
    (void)ctx;
    store->has_state = false;
}

static void die_at(void *ctx, const struct otam_progress *progress)
{
    (void)ctx;
    if (kill_at != 0 && progress->state == OTAM_SENDING && progress->sent_len == kill_at &&
        progress->confirmed_len == kill_at) {
        (void)raise(SIGKILL);
    }
}

static struct bench *socket_bench(struct att_link *link)
{
    struct bench *b = bench_new(6 * 1024 + 512);

    b->host.save = store_save;
    b->host.load = store_load;
    b->host.forget = store_forget;
    b->host.progress = die_at;
    b->config.transport = &att_link_transport;
    b->config.transport_ctx = link;
    b->config.file_len = b->file_len;
    b->config.backoff_ms = 1;
    att_link_init(link, path);
    return b;
}

static enum otam_err run_manager(struct bench *b, struct att_link *link)
{
    ck_assert_int_eq(otam_start(&b->m, &b->config, att_link_now_ms()), OTAM_OK);
    att_link_run(link, &b->m);
    ck_assert_int_eq(link->fd, -1);
    return otam_result(&b->m);
}

static void setup(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/otam-socket-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_lt(snprintf(path, sizeof path, "%s/device", folder), (int)sizeof path);
    store = mmap(NULL, sizeof *store, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(store, MAP_FAILED);
    kill_at = 0;
    catch_diagnostics();
}

static void teardown(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
    (void)munmap(store, sizeof *store);
}

START_TEST(test_socket_update_between_two_processes)
{
    static const uint16_t mtus[] = {23, 247, 517};

    for (unsigned i = 0; i < 3; i++) {
        struct att_link link;
        struct bench *b = socket_bench(&link);
        pid_t device;

        b->device.att_mtu = mtus[i];
        device = start_device(&b->device);
        ck_assert_int_eq(run_manager(b, &link), OTAM_OK);
        ck_assert_uint_eq(otam_progress(&b->m)->att_mtu, mtus[i]);
        ck_assert_uint_eq(otam_progress(&b->m)->attempt, 1);
        expect_exit(device, 0);
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

static unsigned later_count;
static pid_t slow_device; /* stopped from the first write on, until there is no more room */

static bool connect_narrow(void *ctx)
{
    const struct att_link *link = ctx;
    bool ok = att_link_transport.connect(ctx);
    int len = 1; /* the least that the system gives */

    ck_assert_int_eq(setsockopt(link->fd, SOL_SOCKET, SO_SNDBUF, &len, sizeof len), 0);
    return ok;
}

static enum otam_tx write_to_slow(void *ctx, const uint8_t *data, size_t data_len)
{
    static pid_t stopped;
    enum otam_tx tx;
    int status;

    if (stopped != slow_device) {
        stopped = slow_device;
        ck_assert_int_eq(kill(slow_device, SIGSTOP), 0);
        ck_assert_int_eq(waitpid(slow_device, &status, WUNTRACED), slow_device);
        ck_assert(WIFSTOPPED(status));
    }
    tx = att_link_transport.write_command(ctx, data, data_len);
    if (tx == OTAM_TX_LATER) {
        later_count++;
        ck_assert_int_eq(kill(slow_device, SIGCONT), 0);
    }
    return tx;
}

START_TEST(test_socket_waits_for_room)
{
    struct otam_transport narrow = att_link_transport;
    struct att_link link;
    struct bench *b = socket_bench(&link);

    narrow.connect = connect_narrow;
    narrow.write_command = write_to_slow;
    b->config.transport = &narrow;
    b->device.att_mtu = 23;
    later_count = 0;
    slow_device = start_device(&b->device);
    ck_assert_int_eq(run_manager(b, &link), OTAM_OK);
    ck_assert_uint_gt(later_count, 0);
    expect_exit(slow_device, 0);
}
END_TEST

/* Killed after every group in turn, with SIGKILL; the next process goes on where it was. */
START_TEST(test_socket_killed_manager_goes_on)
{
    struct att_link link;
    struct bench *b = socket_bench(&link);
    pid_t device;

    b->device.resumes = true;
    device = start_device(&b->device);
    for (kill_at = 1024; kill_at <= 6 * 1024; kill_at += 1024) {
        int status = 0;
        pid_t manager = fork();

        ck_assert_int_ge(manager, 0);
        if (manager == 0) {
            _exit(run_manager(b, &link) == OTAM_OK ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(manager, &status, 0), manager);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        ck_assert(store->has_state);
    }
    kill_at = 0;
    ck_assert_int_eq(run_manager(b, &link), OTAM_OK);
    ck_assert_uint_eq(otam_progress(&b->m)->resumed_at, 6144);
    ck_assert(!store->has_state);
    expect_exit(device, 0);
}
END_TEST

START_TEST(test_socket_no_device_is_a_failed_connection)
{
    struct att_link link;
    struct bench *b = socket_bench(&link);
    char long_path[256];

    ck_assert_int_eq(run_manager(b, &link), OTAM_ERR_CONNECT);
    ck_assert_uint_eq(otam_progress(&b->m)->attempt, b->config.attempts);
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    att_link_init(&link, long_path);
    ck_assert_int_eq(run_manager(b, &link), OTAM_ERR_TRANSPORT);
}
END_TEST

START_TEST(test_socket_cannot_listen)
{
    char long_path[256];
    int fd = -1;

    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    ck_assert_int_eq(att_listen(long_path, &fd), OX_IO);
    ck_assert_int_eq(att_listen("/nonexistent/device", &fd), OX_IO);
    ck_assert_ptr_nonnull(strstr(caught(), "cannot listen on '/nonexistent/device'"));
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(att_listen(path, &fd), OX_OK);
    (void)close(fd);
}
END_TEST

/* A peer that sends these bytes after every accept. */
static pid_t start_odd_device(const void *bytes, size_t len)
{
    int listen_fd = -1;
    pid_t pid;

    ck_assert_int_eq(att_listen(path, &listen_fd), OX_OK);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        for (;;) {
            int fd = accept(listen_fd, NULL, NULL);

            (void)!send(fd, bytes, len, MSG_NOSIGNAL);
            (void)poll(NULL, 0, 5);
            (void)close(fd);
        }
    }
    (void)close(listen_fd);
    return pid;
}

START_TEST(test_socket_odd_messages_end_the_connection)
{
    static const uint8_t longest[600] = {ATT_CONNECTED, 1};
    static const struct {
        const void *bytes;
        size_t len;
        enum otam_err err;
    } cases[] = {{"", 0, OTAM_ERR_CONNECT},
                 {"\x81", 1, OTAM_ERR_CONNECT},
                 {"\x81\x01\x17\x00\x00", 5, OTAM_ERR_CONNECT},
                 {"\x81\x01\x17\x00\x00\x00\x00", 7, OTAM_ERR_CONNECT},
                 {"\x80\x01\x17\x00\x00\x00", 6, OTAM_ERR_CONNECT},
                 {"\x86\x01\x17\x00\x00\x00", 6, OTAM_ERR_CONNECT},
                 {"\x01\x00", 2, OTAM_ERR_CONNECT},
                 {longest, sizeof longest, OTAM_ERR_CONNECT},
                 {"\x81\x01\x16\x00\x00\x00", 6, OTAM_ERR_PROTOCOL}, /* an MTU of 22 */
                 {"\x84\x01", 2, OTAM_ERR_PROTOCOL},
                 {"\x81\x01\x17\x00\x00\x00", 6, OTAM_ERR_LINK_LOST}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct att_link link;
        struct bench *b = socket_bench(&link);
        pid_t device = start_odd_device(cases[i].bytes, cases[i].len);
        enum otam_err err = run_manager(b, &link);

        ck_assert_int_eq(kill(device, SIGKILL), 0);
        ck_assert_int_eq(waitpid(device, NULL, 0), device);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_msg(err == cases[i].err, "case %zu: %s", i, otam_err_text(err));
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_socket_update_between_two_processes);
    tcase_add_test(tc, test_socket_waits_for_room);
    tcase_add_test(tc, test_socket_killed_manager_goes_on);
    tcase_add_test(tc, test_socket_no_device_is_a_failed_connection);
    tcase_add_test(tc, test_socket_cannot_listen);
    tcase_add_test(tc, test_socket_odd_messages_end_the_connection);
}

int main(void)
{
    return unit_main("manager_socket", add_tests);
}
