/*
 * Runs a program and, when it is about to exit, searches all its writable memory for secrets.
 *
 *   tracer EXIT SECRETS PROGRAM [ARGUMENT...]
 *
 * SECRETS is a shell command that is run at that moment, so that it can name what the program has
 * just made. It prints lines "NAME text VALUE" or "NAME hex BYTES". Any eight bytes in a row of one
 * are a find, since what is freed without wiping is soon overwritten in part: as they are and, of
 * bytes, also back to front, as hex of either case and as base64. Exit status: 0 nothing is left, 1
 * something is (a line each says what and where), 2 the program did not end with status EXIT or its
 * memory was not seen, 77 tracing is not permitted. Also printed: whether the program, which was
 * allowed to dump core, took that away from itself.
 *
 * Invariant: 0 means that a mark known to be in the program's memory was found there by the same search.
 * Maps and memory are opened at exec, because a program that forbids dumps closes them to others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK         "OTAIMG_LEFTOVERS_MARK"
#define SECRET_MAX   256
#define SECRET_COUNT 32
#define WINDOW_LEN   8
#define WINDOW_COUNT 8192

struct window {
    uint64_t bytes; /* as memcpy() gives them */
    const char *name;
    const char *form;
};

struct finding {
    uint64_t at;
    size_t len; /* 0 = none */
    const struct window *window;
};

static struct window windows[WINDOW_COUNT];
static size_t window_count;
static uint8_t is_start[1 << 16]; /* by the first two bytes of a window */

static const char mark_name[] = "the mark";
static bool mark_seen;
static unsigned found_count;

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fputs("tracer: ", stderr);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(2);
}

/* ---- what is searched for --------------------------------------------------------------------- */

static void add_form(const char *name, const char *form, const void *bytes, size_t len)
{
    if (len < WINDOW_LEN) {
        die("%s: %zu bytes as %s, expected at least %d", name, len, form, WINDOW_LEN);
    }
    for (size_t i = 0; i + WINDOW_LEN <= len; i++) {
        struct window *window = &windows[window_count];
        uint16_t start;

        if (window_count++ == WINDOW_COUNT) {
            die("too many secrets");
        }
        memcpy(&window->bytes, (const uint8_t *)bytes + i, WINDOW_LEN);
        memcpy(&start, &window->bytes, sizeof start);
        window->name = name;
        window->form = form;
        is_start[start] = 1;
    }
}

static void add_hex(const char *name, const char *form, const char *digits, const uint8_t *bytes,
                    size_t len)
{
    char text[2 * SECRET_MAX];

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    add_form(name, form, text, 2 * len);
}

/* Only the characters that bytes alone decide, for each of the three places in a group of three where
 * they may start. */
static void add_base64(const char *name, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t start = 0; start < 3; start++) {
        char text[2 * SECRET_MAX];
        size_t text_len = 0;

        for (size_t i = start; i + 3 <= len; i += 3) {
            uint32_t group =
                (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2];

            for (unsigned shift = 24; shift > 0; shift -= 6) {
                text[text_len++] = digits[group >> (shift - 6) & 63];
            }
        }
        add_form(name, "base64", text, text_len);
    }
}

static void add_bytes(const char *name, const uint8_t *bytes, size_t len)
{
    uint8_t reversed[SECRET_MAX];

    for (size_t i = 0; i < len; i++) {
        reversed[i] = bytes[len - 1 - i];
    }
    add_form(name, "bytes", bytes, len);
    add_form(name, "bytes, back to front", reversed, len);
    add_hex(name, "hex", "0123456789abcdef", bytes, len);
    add_hex(name, "hex", "0123456789ABCDEF", bytes, len);
    add_base64(name, bytes, len);
}

static size_t decode_hex(const char *text, uint8_t ret[SECRET_MAX])
{
    size_t len = 0;
    unsigned byte = 0;

    while (len < SECRET_MAX && sscanf(text + 2 * len, "%2x", &byte) == 1) {
        ret[len++] = (uint8_t)byte;
    }
    return text[2 * len] == '\0' ? len : 0;
}

static void load_secrets(const char *command)
{
    static char names[SECRET_COUNT][64];
    FILE *lines = popen(command, "r");
    char kind[8];
    char value[2 * SECRET_MAX + 1];
    unsigned count = 0;

    while (lines != NULL && count < SECRET_COUNT &&
           fscanf(lines, "%63s %7s %512s", names[count], kind, value) == 3) {
        uint8_t bytes[SECRET_MAX];

        if (strcmp(kind, "text") == 0) {
            add_form(names[count], "text", value, strlen(value));
        } else {
            add_bytes(names[count], bytes, decode_hex(value, bytes));
        }
        count++;
    }
    if (lines == NULL || pclose(lines) != 0 || count == 0 || count == SECRET_COUNT) {
        die("'%s' failed, expected 1..%d secrets", command, SECRET_COUNT - 1);
    }
}

/* ---- search ----------------------------------------------------------------------------------- */

static const struct window *window_at(const uint8_t *bytes)
{
    uint64_t here;
    uint16_t start;

    memcpy(&here, bytes, sizeof here);
    memcpy(&start, bytes, sizeof start);
    if (is_start[start] != 0) {
        for (size_t i = 0; i < window_count; i++) {
            if (windows[i].bytes == here) {
                return &windows[i];
            }
        }
    }
    return NULL;
}

static void report(const struct finding *f, const char *where)
{
    if (f->len == 0) {
        return;
    }
    if (f->window->name == mark_name) {
        mark_seen = true;
        return;
    }
    printf("left: %s as %s, %zu bytes at 0x%llx in %s\n", f->window->name, f->window->form, f->len,
           (unsigned long long)f->at, *where != '\0' ? where : "a mapping without name");
    found_count++;
}

/* Windows that follow each other are one finding. */
static void search(const uint8_t *bytes, size_t len, uint64_t address, const char *where)
{
    struct finding last = {0};

    for (size_t i = 0; i + WINDOW_LEN <= len; i++) {
        const struct window *window = window_at(bytes + i);

        if (window == NULL) {
            continue;
        }
        if (last.len > 0 && address + i < last.at + last.len && window->name == last.window->name) {
            last.len = (size_t)(address + i - last.at) + WINDOW_LEN;
            continue;
        }
        report(&last, where);
        last = (struct finding){address + i, WINDOW_LEN, window};
    }
    report(&last, where);
}

static void search_mapping(int memory, uint64_t from, uint64_t to, const char *where)
{
    size_t len = (size_t)(to - from);
    uint8_t *bytes = malloc(len);
    size_t got = 0;
    ssize_t count = 1;

    if (bytes == NULL) {
        die("no memory for %zu bytes", len);
    }
    while (got < len && count > 0) {
        count = pread(memory, bytes + got, len - got, (off_t)(from + got));
        got += count > 0 ? (size_t)count : 0;
    }
    if (got < len) {
        die("cannot read the memory of %s: %s", where, strerror(errno));
    }
    search(bytes, len, from, where);
    free(bytes);
}

static void search_all(FILE *maps, int memory)
{
    char line[4096];

    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long long from;
        unsigned long long to;
        char access[5];
        int name_at = 0;

        if (sscanf(line, "%llx-%llx %4s %*s %*s %*s %n", &from, &to, access, &name_at) < 3) {
            die("a line of maps that is none: %s", line);
        }
        line[strcspn(line, "\n")] = '\0';
        if (access[0] == 'r' && access[1] == 'w') {
            search_mapping(memory, from, to, line + name_at);
        }
    }
}

/* ---- the program ------------------------------------------------------------------------------ */

static _Noreturn void become(char **argv)
{
    struct rlimit core;

    /* As far as it may be raised, so that the program has something to take away. */
    if (getrlimit(RLIMIT_CORE, &core) == 0) {
        core.rlim_cur = core.rlim_max;
        (void)setrlimit(RLIMIT_CORE, &core);
    }
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        _exit(77);
    }
    (void)raise(SIGSTOP);
    (void)execv(argv[0], argv);
    _exit(2);
}

static pid_t start(char **argv)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        become(argv);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        die("cannot start '%s': %s", argv[0], strerror(errno));
    }
    if (!WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL,
               PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT) != 0) {
        (void)fputs("tracing is not permitted\n", stderr);
        exit(77);
    }
    return child;
}

static int open_of(pid_t child, const char *what)
{
    char path[64];
    int fd;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)child, what);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        die("cannot open '%s': %s", path, strerror(errno));
    }
    return fd;
}

static void show_core_limit(pid_t child)
{
    struct rlimit core;

    if (prlimit(child, RLIMIT_CORE, NULL, &core) != 0) {
        die("cannot read the limit on core dumps: %s", strerror(errno));
    }
    printf("core dumps: %s\n", core.rlim_cur == 0 && core.rlim_max == 0 ? "off" : "on");
}

/* Until the program is gone; its wait status. */
static int follow(pid_t child, const char *secrets)
{
    FILE *maps = NULL;
    int memory = -1;
    int signal_number = 0;
    int status;

    for (;;) {
        if (ptrace(PTRACE_CONT, child, NULL, signal_number) != 0 && errno != ESRCH) {
            die("cannot go on: %s", strerror(errno));
        }
        if (waitpid(child, &status, 0) != child) {
            die("cannot wait: %s", strerror(errno));
        }
        if (!WIFSTOPPED(status)) {
            return status;
        }
        signal_number = 0;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
            maps = fdopen(open_of(child, "maps"), "r");
            memory = open_of(child, "mem");
        } else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
            if (maps == NULL) {
                die("the program did not start");
            }
            show_core_limit(child);
            load_secrets(secrets);
            search_all(maps, memory);
        } else {
            signal_number = WSTOPSIG(status);
        }
    }
}

static void make_mark(void)
{
    unsigned char bytes[16];
    char text[2 * sizeof bytes + 1];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        die("no random bytes");
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    (void)setenv(MARK, text, 1);
    add_form(mark_name, "text", text, 2 * sizeof bytes);
}

int main(int argc, char **argv)
{
    int status;

    if (argc < 4) {
        die("expected EXIT SECRETS PROGRAM [ARGUMENT...]");
    }
    make_mark();
    status = follow(start(argv + 3), argv[2]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != (int)strtol(argv[1], NULL, 10)) {
        die("the program ended with wait status 0x%x, expected exit status %s", (unsigned)status,
            argv[1]);
    }
    if (!mark_seen) {
        die("the mark was not found: the search sees nothing");
    }
    return found_count > 0 ? 1 : 0;
}
