/*
 * What every kind of fault shares.
 * Layer: test, host, above the machine. Guards: no bad image is started or becomes bootable, and the
 * undisturbed run ends as it should, without which the campaign would prove nothing.
 */
#include "campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOLES_SHOWN = 20 };

/* Turns of a loop that are attacked without --all. */
enum { TURNS_AT_EACH_END = 6, TURN_STEP = 16 };

/* Instructions: of an undisturbed run at most; what a disturbed one may take beyond twice its number. */
enum { RUN_MAX = 100000000, RUN_SPARE = 10000 };

static const char *const path_names[GUEST_PATH_COUNT] = {"install", "careless install", "boot"};

/* ---- on the way through a run ----------------------------------------------------------------- */

bool campaign_is_left_alone(const struct campaign *c, uint32_t address)
{
    for (unsigned i = 0; i < CAMPAIGN_LOOP_COUNT; i++) {
        if (address - c->loops[i].start < c->loops[i].len) {
            return true;
        }
    }
    return false;
}

bool campaign_advance(struct campaign *c)
{
    do {
        if (machine_run(c->machine, 1) != OUTCOME_STOPPED) {
            return false;
        }
    } while (campaign_is_left_alone(c, machine_pc(c->machine)));
    return true;
}

bool campaign_is_worth_it(struct campaign *c)
{
    uint32_t at = machine_pc(c->machine) / 2;
    uint32_t turn = c->visited[at]++;
    bool worth = c->options.all || turn < TURNS_AT_EACH_END || turn % TURN_STEP == 0 ||
                 turn + TURNS_AT_EACH_END >= c->visits[at];

    c->reached++;
    c->attacked += worth ? 1 : 0;
    return worth;
}

bool campaign_is_done(const struct campaign *c)
{
    return c->options.one_is_enough && c->holes > 0;
}

void campaign_judge(struct campaign *c, enum outcome outcome, uint32_t address, const char *kind)
{
    bool committed = machine_slot_committed(c->machine);

    c->trials++;
    c->results[outcome]++;
    if (outcome != OUTCOME_ACCEPTED && !committed) {
        return;
    }
    c->holes++;
    if (c->holes <= HOLES_SHOWN) {
        (void)printf("  hole: %s: %s at %s: %s\n", c->what, kind,
                     program_where(machine_program(c->machine), address),
                     committed ? "slot bootable" : "accepted");
    }
}

uint32_t campaign_random(struct campaign *c, uint32_t below)
{
    /* xorshift: never zero */
    c->random ^= c->random << 13;
    c->random ^= c->random >> 17;
    c->random ^= c->random << 5;
    return (uint32_t)((uint64_t)c->random * below >> 32);
}

/* ---- the runs --------------------------------------------------------------------------------- */

static void start(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    uint32_t entry = program_symbol(machine_program(c->machine), "guest_main", NULL);

    machine_reset(c->machine, path, sample->bytes, sample->len);
    while (machine_pc(c->machine) != entry) {
        if (!campaign_advance(c)) {
            (void)fprintf(stderr, "fault: guest_main is never reached\n");
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
    } while (campaign_advance(c));
}

static bool is_good(const struct sample *sample, enum guest_path path)
{
    return sample->good || (sample->good_at_boot && path == PATH_BOOT);
}

static void check_undisturbed(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    bool good = is_good(sample, path);
    enum outcome expected = good && path != PATH_CARELESS ? OUTCOME_ACCEPTED : OUTCOME_REFUSED;
    bool committed = good && path != PATH_BOOT;

    machine_limit(c->machine, RUN_MAX);
    machine_reset(c->machine, path, sample->bytes, sample->len);
    if (machine_run(c->machine, 0) != expected || machine_slot_committed(c->machine) != committed) {
        (void)fprintf(stderr, "fault: %s, %s: wrong result without any fault\n", path_names[path],
                      sample->name);
        exit(EXIT_FAILURE);
    }
    machine_limit(c->machine, 2 * machine_executed(c->machine) + RUN_SPARE);
}

static void run_one(struct campaign *c, const struct sample *sample, enum guest_path path,
                    void (*attack)(struct campaign *c))
{
    char what[100];

    (void)snprintf(what, sizeof what, "%s, %s", path_names[path], sample->name);
    c->what = what;
    count_visits(c, sample, path);
    start(c, sample, path);
    attack(c);
}

static bool is_attacked(const struct campaign *c, const struct sample *sample, enum guest_path path)
{
    return !is_good(sample, path) &&
           (c->options.image == NULL || strcmp(sample->name, c->options.image) == 0);
}

static unsigned count_runs(const struct campaign *c)
{
    struct sample sample;
    unsigned count = 0;

    for (unsigned i = 0; sample_build(i, &sample); i++) {
        for (unsigned path = 0; path < GUEST_PATH_COUNT; path++) {
            count += is_attacked(c, &sample, (enum guest_path)path) ? 1 : 0;
        }
    }
    return count;
}

void campaign_run(struct campaign *c, void (*attack)(struct campaign *campaign))
{
    struct sample sample;

    for (unsigned i = 0; !campaign_is_done(c) && sample_build(i, &sample); i++) {
        for (unsigned path = 0; !campaign_is_done(c) && path < GUEST_PATH_COUNT; path++) {
            check_undisturbed(c, &sample, (enum guest_path)path);
            if (is_attacked(c, &sample, (enum guest_path)path)) {
                run_one(c, &sample, (enum guest_path)path, attack);
            }
        }
    }
}

void campaign_report(const struct campaign *c)
{
    (void)printf(
        "%lu of %lu instructions attacked, %lu trials: %lu refused, %lu faults, %lu without end, "
        "%lu accepted; %lu holes\n",
        c->attacked, c->reached, c->trials, c->results[OUTCOME_REFUSED], c->results[OUTCOME_FAULT],
        c->results[OUTCOME_LIMIT], c->results[OUTCOME_ACCEPTED], c->holes);
    if (c->jumps > 0) {
        (void)printf("%lu of the accepted by a return address changed into the caller's own code\n",
                     c->jumps);
    }
}

/* ---- life ------------------------------------------------------------------------------------- */

bool campaign_open(struct campaign *ret, const char *elf_path,
                   const struct campaign_options *options)
{
    static const char *const loop_names[CAMPAIGN_LOOP_COUNT] = {"standin_mix", "standin_blend",
                                                                "standin_compare"};

    memset(ret, 0, sizeof *ret);
    ret->options = *options;
    ret->random = options->seed;
    ret->machine = machine_open(elf_path);
    if (ret->machine == NULL) {
        return false;
    }
    ret->here = snapshot_new(ret->machine);
    for (unsigned i = 0; i < CAMPAIGN_LOOP_COUNT; i++) {
        ret->loops[i].start =
            program_symbol(machine_program(ret->machine), loop_names[i], &ret->loops[i].len);
    }
    ret->runs = count_runs(ret);
    return true;
}

void campaign_close(struct campaign *c)
{
    snapshot_free(c->here);
    machine_close(c->machine);
}
