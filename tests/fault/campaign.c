/*
 * What every kind of fault shares.
 * Layer: test, host, above the machine. Guards: no bad image is started or becomes bootable, and the
 * undisturbed run ends as it should, without which the campaign would prove nothing.
 */
#include "campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

enum { HOLES_SHOWN = 20 };

/* Turns of a loop that are attacked without --all. */
enum { TURNS_AT_EACH_END = 6, TURN_STEP = 16 };

/* Instructions: of an undisturbed run at most; what a disturbed one may take beyond twice its number. */
enum { RUN_MAX = 100000000, RUN_SPARE = 10000 };

static const char *const path_names[GUEST_PATH_COUNT] = {"install", "careless install", "boot",
                                                         "signature"};

/* ---- on the way through a run ----------------------------------------------------------------- */

bool campaign_advance(struct campaign *c)
{
    uint32_t gap = 1;

    if (c->options.places > 0) {
        gap += campaign_random(c, (uint32_t)(2UL * c->points / c->options.places + 1));
    }
    return machine_run(c->machine, gap) == OUTCOME_STOPPED;
}

bool campaign_is_worth_it(struct campaign *c)
{
    uint32_t at = machine_pc(c->machine) / 2;
    uint32_t turn = c->visited[at]++;
    bool worth = c->options.all || c->options.places > 0 || turn < TURNS_AT_EACH_END ||
                 turn % TURN_STEP == 0 || turn + TURNS_AT_EACH_END >= c->visits[at];

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
                     elf_guest_where(&machine_program(c->machine)->elf, address),
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

/* ---- what is attacked of a run ---------------------------------------------------------------- */

/* The linker script of the guest says where the crypto is, and what is no part of the product. */
static void watch(struct campaign *c, const char *start, const char *end, bool watched)
{
    const struct program *program = machine_program(c->machine);

    machine_watch(c->machine, elf_guest_symbol(&program->elf, start, NULL),
                  elf_guest_symbol(&program->elf, end, NULL), watched);
}

static void watch_zone(struct campaign *c, enum zone zone)
{
    machine_watch(c->machine, 0, GUEST_ROM_LEN, zone != ZONE_CRYPTO);
    watch(c, "guest_crypto_start", "guest_crypto_end", zone == ZONE_CRYPTO || zone == ZONE_ALL);
    watch(c, "guest_test_start", "guest_test_end", false);
}

static uint32_t count_points(const struct campaign *c)
{
    uint32_t count = 0;

    for (uint32_t address = 0; address < GUEST_ROM_LEN; address += 2) {
        count += machine_is_watched(c->machine, address) ? c->visits[address / 2] : 0;
    }
    return count;
}

/* ---- the runs --------------------------------------------------------------------------------- */

static void start(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    uint32_t entry = elf_guest_symbol(&machine_program(c->machine)->elf, "guest_main", NULL);

    machine_watch(c->machine, 0, GUEST_ROM_LEN, false);
    machine_watch(c->machine, entry, entry + 2, true);
    machine_reset(c->machine, path, sample->bytes, sample->len);
    if (machine_run(c->machine, 1) != OUTCOME_STOPPED) {
        (void)fprintf(stderr, "fault: guest_main is never reached\n");
        exit(EXIT_FAILURE);
    }
    watch_zone(c, c->options.zone);
}

/* Behind the last product of a scalar and a point; to the start when there is none. */
static void go_to_end(struct campaign *c)
{
    uint32_t len;
    uint32_t product =
        elf_guest_symbol(&machine_program(c->machine)->elf, "otav_p256_mul_add", &len);
    uint32_t count;

    machine_watch(c->machine, 0, GUEST_ROM_LEN, false);
    machine_watch(c->machine, product, product + len, true);
    count = count_points(c);
    if (count > 0) {
        (void)machine_run(c->machine, count);
    }
    watch_zone(c, ZONE_ALL);
}

static void count_visits(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    start(c, sample, path);
    machine_clear_visits(c->machine);
    (void)machine_run(c->machine, 0);
    memcpy(c->visits, machine_visits(c->machine), sizeof c->visits);
    memset(c->visited, 0, sizeof c->visited);
    c->points = count_points(c);
}

/* A run that goes on behind a refusal is as long as that of the good image, which comes first. */
static void set_limit(struct campaign *c, enum guest_path path)
{
    uint32_t executed = machine_executed(c->machine);

    if (executed > c->longest[path]) {
        c->longest[path] = executed;
    }
    machine_limit(c->machine, 2 * c->longest[path] + RUN_SPARE);
}

static void check_undisturbed(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    bool good = sample->at[path] == RUN_GOOD;
    enum outcome expected = good && path != PATH_CARELESS ? OUTCOME_ACCEPTED : OUTCOME_REFUSED;
    bool committed = good && (path == PATH_INSTALL || path == PATH_CARELESS);

    machine_limit(c->machine, RUN_MAX);
    machine_reset(c->machine, path, sample->bytes, sample->len);
    if (machine_run(c->machine, 0) != expected || machine_slot_committed(c->machine) != committed) {
        (void)fprintf(stderr, "fault: %s, %s: wrong result without any fault\n", path_names[path],
                      sample->name);
        exit(EXIT_FAILURE);
    }
    set_limit(c, path);
}

static void run_one(struct campaign *c, const struct sample *sample, enum guest_path path,
                    void (*attack)(struct campaign *c))
{
    char what[100];

    (void)snprintf(what, sizeof what, "%s, %s", path_names[path], sample->name);
    c->what = what;
    count_visits(c, sample, path);
    start(c, sample, path);
    if (c->options.zone == ZONE_END) {
        go_to_end(c);
    }
    attack(c);
}

static bool is_attacked(struct campaign *c, const struct sample *sample, enum guest_path path)
{
    bool wanted = c->options.image_count == 0;

    for (unsigned i = 0; sample->at[path] == RUN_BAD && i < c->options.image_count; i++) {
        if (strcmp(sample->name, c->options.images[i]) == 0) {
            wanted = c->image_met[i] = true;
        }
    }
    return wanted && sample->at[path] == RUN_BAD;
}

void campaign_run(struct campaign *c, void (*attack)(struct campaign *campaign))
{
    struct sample sample;

    for (unsigned i = 0; !campaign_is_done(c) && sample_build(i, &sample); i++) {
        for (unsigned path = 0; !campaign_is_done(c) && path < GUEST_PATH_COUNT; path++) {
            if (sample.at[path] != RUN_NONE) {
                check_undisturbed(c, &sample, (enum guest_path)path);
            }
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
    struct otav_config config;

    memset(ret, 0, sizeof *ret);
    ret->options = *options;
    ret->random = options->seed;
    ret->machine = machine_open(elf_path);
    if (ret->machine == NULL) {
        return false;
    }
    ret->here = snapshot_new(ret->machine);
    device_config(&config);
    machine_provision(ret->machine, &config);
    return true;
}

void campaign_close(struct campaign *c)
{
    snapshot_free(c->here);
    machine_close(c->machine);
}
