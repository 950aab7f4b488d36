/*
 * measure FOLDER: runs the guests in FOLDER in the emulator and prints flash, instructions and stack of
 * each candidate: the difference to the same guest with stubs, as to flash and stack.
 * Layer: test, host. It fails when a result is wrong, or when the number of instructions depends on
 * secrets; never because of a figure.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "workloads.h"

enum { SECRET_RUN_COUNT = 20 };

static struct core *open_guest(const char *folder, const char *name)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s.elf", folder, name);
    return core_open(path);
}

static bool run(const struct workload *w, struct core *core, struct core_run *ret)
{
    static struct measure_io io;

    memset(&io, 0, sizeof io);
    io.len = w->len;
    io.call_len = w->call_len;
    w->prepare(&io);
    if (!core_call(core, &io, ret)) {
        return false;
    }
    if (!w->is_right(&io)) {
        printf("%s: wrong result\n", w->name);
        return false;
    }
    return true;
}

/* As run(), but several times with different secrets. */
static bool run_all(const struct workload *w, struct core *core, struct core_run *ret)
{
    struct core_run other;

    if (!run(w, core, ret)) {
        return false;
    }
    for (unsigned i = 1; w->secret && i < SECRET_RUN_COUNT; i++) {
        if (!run(w, core, &other)) {
            return false;
        }
        if (other.instructions != ret->instructions) {
            printf("%s: %llu and %llu instructions\n", w->name,
                   (unsigned long long)ret->instructions, (unsigned long long)other.instructions);
            return false;
        }
    }
    return true;
}

static bool measure(const char *folder, const struct workload *w)
{
    static struct measure_io unused;
    struct core *candidate = open_guest(folder, w->guest);
    struct core *stub = open_guest(folder, w->stub);
    struct core_run used;
    struct core_run around;
    bool ok = candidate != NULL && stub != NULL && run_all(w, candidate, &used) &&
              core_call(stub, &unused, &around);

    if (ok) {
        printf("%s: %zu B, %.1f instructions per %s, %u B stack%s\n", w->name,
               core_flash_len(candidate) - core_flash_len(stub),
               (double)used.instructions / w->unit_count, w->unit,
               used.stack_len - around.stack_len, w->secret ? ", same for all secrets" : "");
    }
    core_close(candidate);
    core_close(stub);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc == 2;

    for (unsigned i = 0; i < workload_count && argc == 2; i++) {
        ok = measure(argv[1], &workloads[i]) && ok;
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
