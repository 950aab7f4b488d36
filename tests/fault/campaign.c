/*
 * Skips every instruction that a device executes between an image and its acceptance, once each, and
 * fails when a bad image gets through: it must neither be started nor become bootable.
 *
 * Layer: test, host. Usage: campaign GUEST.elf [--expect-hole | --all]. --expect-hole is the test of
 * the campaign itself, on a guest with a hole: it fails when none is found. Of a loop that goes round
 * often, the first and last turns are attacked and every 16th in between; with --all every one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bad_images.h"
#include "machine.h"

/* One instruction, and the multi-byte skips of a longer glitch. */
enum { SKIP_MIN = 2, SKIP_MAX = 10, HOLES_SHOWN = 20 };

enum { LOOP_COUNT = 3 };

/* Turns of a loop that are attacked without --all. */
enum { TURNS_AT_EACH_END = 6, TURN_STEP = 16 };

static const char *const path_names[GUEST_PATH_COUNT] = {"install", "careless install", "boot"};

struct range {
    uint32_t start;
    uint32_t len;
};

struct campaign {
    struct machine *machine;
    struct snapshot *here;
    bool all;
    bool one_is_enough;             /* stop at the first hole */
    struct range loops[LOOP_COUNT]; /* of the stand-in crypto: left alone */
    /* of the run under attack, by halfword of code: how often each is reached, and was so far */
    uint16_t visits[GUEST_ROM_LEN / 2];
    uint16_t visited[GUEST_ROM_LEN / 2];
    unsigned long reached;
    unsigned long attacked;
    unsigned long trials;
    unsigned long results[OUTCOME_COUNT];
    unsigned long holes;
};

static bool is_loop(const struct campaign *c, uint32_t address)
{
    for (unsigned i = 0; i < LOOP_COUNT; i++) {
        if (address - c->loops[i].start < c->loops[i].len) {
            return true;
        }
    }
    return false;
}

static void judge(struct campaign *c, enum outcome outcome, const char *what, uint32_t address,
                  uint32_t len)
{
    bool committed = machine_slot_committed(c->machine);

    c->trials++;
    c->results[outcome]++;
    if (outcome != OUTCOME_ACCEPTED && !committed) {
        return;
    }
    c->holes++;
    if (c->holes <= HOLES_SHOWN) {
        printf("  hole: %s: %u bytes left out at %s: %s\n", what, len,
               machine_where(c->machine, address), committed ? "slot bootable" : "accepted");
    }
}

/* Execution goes on behind len bytes. */
static void skip_bytes(struct campaign *c, const char *what)
{
    uint32_t address;

    for (uint32_t len = SKIP_MIN; len <= SKIP_MAX; len += 2) {
        machine_load(c->machine, c->here);
        address = machine_pc(c->machine);
        machine_jump(c->machine, address + len);
        judge(c, machine_run(c->machine, 0), what, address, len);
    }
}

/* Inside an IT block instructions are blanked while the block runs, whole ones only: a jump would
 * take the conditions along. Each start, each end. */
static void skip_in_block(struct campaign *c, const char *what, uint32_t block, uint32_t block_len)
{
    struct machine *m = c->machine;
    uint32_t end;

    for (uint32_t start = block; start < block + block_len; start += machine_insn_len(m, start)) {
        for (end = start; end < block + block_len;) {
            enum outcome outcome;

            end += machine_insn_len(m, end);
            machine_load(m, c->here);
            machine_blank_code(m, start, end);
            outcome = machine_run(m, 1);
            machine_restore_code(m);
            if (outcome == OUTCOME_STOPPED) {
                outcome = machine_run(m, 0);
            }
            judge(c, outcome, what, start, end - start);
        }
    }
}

/* To the next instruction outside the loops of the stand-in; false at the end of the run. */
static bool advance(struct campaign *c)
{
    do {
        if (machine_run(c->machine, 1) != OUTCOME_STOPPED) {
            return false;
        }
    } while (is_loop(c, machine_pc(c->machine)));
    return true;
}

static void start(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    uint32_t entry = machine_symbol(c->machine, "guest_main", NULL);

    machine_reset(c->machine, path, sample->bytes, sample->len);
    while (machine_pc(c->machine) != entry) {
        if (!advance(c)) {
            fprintf(stderr, "fault: guest_main is never reached\n");
            exit(EXIT_FAILURE);
        }
    }
}

static void count_visits(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    memset(c->visits, 0, sizeof c->visits);
    memset(c->visited, 0, sizeof c->visited);
    start(c, sample, path);
    do {
        c->visits[machine_pc(c->machine) / 2]++;
    } while (advance(c));
}

static bool is_done(const struct campaign *c)
{
    return c->one_is_enough && c->holes > 0;
}

static bool is_worth_it(struct campaign *c, uint32_t address)
{
    unsigned turn = c->visited[address / 2]++;

    return c->all || turn < TURNS_AT_EACH_END || turn % TURN_STEP == 0 ||
           turn + TURNS_AT_EACH_END >= c->visits[address / 2];
}

static void attack(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    char what[100];

    snprintf(what, sizeof what, "%s, %s", path_names[path], sample->name);
    count_visits(c, sample, path);
    start(c, sample, path);
    do {
        uint32_t address = machine_pc(c->machine);
        uint32_t block_len = machine_it_block_len(c->machine, address);

        c->reached++;
        if (!is_worth_it(c, address)) {
            continue;
        }
        c->attacked++;
        machine_save(c->machine, c->here);
        skip_bytes(c, what);
        if (block_len > 0) {
            skip_in_block(c, what, address + 2, block_len);
        }
        machine_load(c->machine, c->here);
    } while (!is_done(c) && advance(c));
}

static bool is_good(const struct sample *sample, enum guest_path path)
{
    return sample->good || (sample->good_at_boot && path == PATH_BOOT);
}

/* The undisturbed run must end as it should: otherwise the campaign proves nothing. */
static void check_undisturbed(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    bool good = is_good(sample, path);
    enum outcome expected = good && path != PATH_CARELESS ? OUTCOME_ACCEPTED : OUTCOME_REFUSED;
    bool committed = good && path != PATH_BOOT;

    machine_reset(c->machine, path, sample->bytes, sample->len);
    if (machine_run(c->machine, 0) != expected || machine_slot_committed(c->machine) != committed) {
        fprintf(stderr, "fault: %s, %s: wrong result without any fault\n", path_names[path],
                sample->name);
        exit(EXIT_FAILURE);
    }
}

static void run_all(struct campaign *c)
{
    struct sample sample;

    for (unsigned i = 0; !is_done(c) && sample_build(i, &sample); i++) {
        for (unsigned path = 0; !is_done(c) && path < GUEST_PATH_COUNT; path++) {
            check_undisturbed(c, &sample, (enum guest_path)path);
            if (!is_good(&sample, (enum guest_path)path)) {
                attack(c, &sample, (enum guest_path)path);
            }
        }
    }
}

static void report(const struct campaign *c)
{
    printf(
        "%lu of %lu instructions attacked, %lu trials: %lu refused, %lu faults, %lu without end, "
        "%lu accepted; %lu holes\n",
        c->attacked, c->reached, c->trials, c->results[OUTCOME_REFUSED], c->results[OUTCOME_FAULT],
        c->results[OUTCOME_LIMIT], c->results[OUTCOME_ACCEPTED], c->holes);
}

int main(int argc, char **argv)
{
    static const char *const loop_names[LOOP_COUNT] = {"standin_mix", "standin_blend",
                                                       "standin_compare"};
    static struct campaign c;

    c.one_is_enough = argc == 3 && strcmp(argv[2], "--expect-hole") == 0;
    c.all = argc == 3 && strcmp(argv[2], "--all") == 0;
    if (argc != 2 && !c.one_is_enough && !c.all) {
        fprintf(stderr, "usage: campaign GUEST.elf [--expect-hole | --all]\n");
        return 2;
    }
    c.machine = machine_open(argv[1]);
    if (c.machine == NULL) {
        return EXIT_FAILURE;
    }
    c.here = snapshot_new(c.machine);
    for (unsigned i = 0; i < LOOP_COUNT; i++) {
        c.loops[i].start = machine_symbol(c.machine, loop_names[i], &c.loops[i].len);
    }
    run_all(&c);
    report(&c);
    snapshot_free(c.here);
    machine_close(c.machine);
    return (c.holes > 0) == c.one_is_enough ? EXIT_SUCCESS : EXIT_FAILURE;
}
