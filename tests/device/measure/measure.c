/*
 * measure FOLDER [GUEST]: runs the guests in FOLDER, or that one, in the emulator and prints flash,
 * instructions and stack of each candidate: the difference to the same guest with stubs, as to flash and
 * stack.
 * Layer: test, host. It fails when a result is wrong, or when a branch or an address depends on
 * a secret; never because of a figure.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "workloads.h"

enum { SECRET_RUN_COUNT = 8, SHORT_LEN_MAX = 320 };

static struct measure_io io; /* of the run at hand */

static struct core *open_guest(const char *folder, const char *name)
{
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s.elf", folder, name);
    return core_open(path);
}

static bool run_len(const struct workload *w, struct core *core, uint32_t len, uint32_t call_len,
                    struct core_run *ret)
{
    memset(&io, 0, sizeof io);
    io.len = len;
    io.call_len = call_len;
    w->prepare(&io);
    if (!core_call(core, &io, ret)) {
        return false;
    }
    if (!w->is_right(&io)) {
        printf("%s: wrong result for %u bytes in calls of %u\n", w->name, len, call_len);
        return false;
    }
    if (w->left_secrets != NULL && w->left_secrets(core_stack(core))) {
        printf("%s: secrets left on the stack\n", w->name);
        return false;
    }
    return true;
}

static bool run(const struct workload *w, struct core *core, struct core_run *ret)
{
    return run_len(w, core, w->len, w->call_len, ret);
}

/* As run(), the mean of several runs with inputs of their own. */
static bool run_mean(const struct workload *w, struct core *core, struct core_run *ret)
{
    struct core_run one = {0};
    uint64_t sum = 0;

    *ret = one;
    for (unsigned i = 0; i < w->run_count; i++) {
        if (!run(w, core, &one)) {
            return false;
        }
        sum += one.instructions;
        ret->stack_len = one.stack_len > ret->stack_len ? one.stack_len : ret->stack_len;
    }
    ret->instructions = sum / w->run_count;
    return true;
}

/* Every short length, in calls of various lengths. */
static bool are_short_runs_right(const struct workload *w, struct core *core)
{
    struct core_run unused;

    for (uint32_t i = 0; w->step != 0 && i * w->step <= SHORT_LEN_MAX; i++) {
        if (!run_len(w, core, i * w->step, w->step * (1 + i % 71), &unused)) {
            return false;
        }
    }
    return true;
}

/* Whether some of several runs with random inputs took another way than first. False as well when
 * one of them fails. */
static bool run_more(const struct workload *w, struct core *core, const struct core_run *first,
                     bool *ret_differs)
{
    struct core_run other;

    *ret_differs = false;
    for (unsigned i = 1; i < SECRET_RUN_COUNT; i++) {
        if (!run(w, core, &other)) {
            return false;
        }
        *ret_differs = *ret_differs || other.trace != first->trace;
    }
    return true;
}

static bool is_secrecy_kept(const struct workload *w, struct core *core,
                            const struct core_run *first)
{
    bool differs;

    if (w->secrecy == INPUTS_PUBLIC) {
        return true;
    }
    if (!run_more(w, core, first, &differs)) {
        return false;
    }
    if (differs != (w->secrecy == INPUTS_LEAK)) {
        printf("%s: branches or addresses %s on the inputs\n", w->name,
               differs ? "depend" : "do not depend");
        return false;
    }
    return true;
}

static void print(const struct workload *w, size_t flash_len, const struct core_run *used,
                  uint32_t stack_len)
{
    static const char *const remarks[] = {
        [INPUTS_PUBLIC] = "",
        [INPUTS_SECRET] = ", same branches and addresses for all keys",
        [INPUTS_LEAK] = ", addresses depend on the input: found",
    };

    printf("%s: %zu B, %.1f instructions per %s, %u B stack%s", w->name, flash_len,
           (double)used->instructions / w->unit_count, w->unit, stack_len, remarks[w->secrecy]);
    if (w->ram_len != NULL) {
        printf(", %u B memory", w->ram_len(&io));
    }
    printf("\n");
}

static bool measure(const char *folder, const struct workload *w)
{
    static struct measure_io unused;
    struct core *candidate = open_guest(folder, w->guest);
    struct core *stub = open_guest(folder, w->stub);
    struct core_run used;
    struct core_run around;
    bool ok = candidate != NULL && stub != NULL && are_short_runs_right(w, candidate) &&
              (w->run_count == 0 ? run : run_mean)(w, candidate, &used) &&
              is_secrecy_kept(w, candidate, &used) && core_call(stub, &unused, &around);

    if (ok) {
        print(w, core_flash_len(candidate) - core_flash_len(stub), &used,
              used.stack_len - around.stack_len);
    }
    core_close(candidate);
    core_close(stub);
    return ok;
}

int main(int argc, char **argv)
{
    bool ok = argc == 2 || argc == 3;

    for (unsigned i = 0; i < workload_count && argc >= 2; i++) {
        if (argc == 2 || strcmp(workloads[i].guest, argv[2]) == 0) {
            ok = measure(argv[1], &workloads[i]) && ok;
        }
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
