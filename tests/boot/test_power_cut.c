/*
 * Power cuts: every scenario is stopped at every flash operation in every way, restarted and run until
 * nothing changes any more; then the same with a second stop at every operation of the recovery.
 *
 * test_power_cut [--expect-hole] [--first N] [--step N]: with --expect-hole at least one invariant must
 * break, which is how the test of a broken swap is registered. --first takes every Nth first stop only,
 * --step every Nth second stop.
 *
 * Invariants after every run: I1 a verified image runs; I2 it is the old or the new one, no bit of it
 * in doubt; I3 the floor never falls; I4 an image runs unconfirmed once at most; I5 application data
 * and boot flash are byte-identical; I10 erases are bounded; an image that confirmed itself stays; and
 * the end is the one without cuts, or the reverted one if the new image never got to run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <boot_floor.h>
#include <boot_state.h>

#include "world.h"

enum {
    BOOT_MAX = 24,     /* until nothing changes any more */
    ERASE_MAX = 3,     /* of a page in a scenario without cuts, the service's own not counted */
    ERASE_PER_CUT = 4, /* more for each cut */
    SECOND_WAYS = NVM_TORN_BOOT, /* twice unseen through a boot is beyond what is promised */
    FAILURE_MAX = 5              /* then it ends */
};

static struct world world;
static struct boot_image old_image;
static struct boot_image new_image;
static struct world start;     /* where a scenario begins */
static struct nvm_sim stopped; /* behind the first stop */
static unsigned failure_count;
static unsigned most_erases[3]; /* by number of cuts */

struct scenario {
    const char *name;
    void (*set_up)(unsigned argument);
    unsigned argument;
    bool confirms;      /* the application, when on trial */
    bool ends_with_new; /* in slot 0 when nobody cuts */
    bool reverts;
    unsigned step; /* every so many second stops; 0 = none */
};

/* ---- scenarios -------------------------------------------------------------------------------- */

static struct image_spec spec_of(uint32_t version, unsigned pages)
{
    struct image_spec spec = {.version = version,
                              .counter = 3,
                              .fw_len = pages * OTAV_PAGE_LEN - OTAV_META_LEN - 32,
                              .key = KEY_RELEASE,
                              .activation = ACTIVATION_TRIAL,
                              .fill = (uint8_t)(version >> 16)};

    if (pages == OTAB_SLOT_PAGES) {
        spec.fw_len += 32;
    }
    return spec;
}

static void make_images(unsigned old_pages, unsigned new_pages)
{
    struct image_spec spec = spec_of(0x01010000, old_pages);

    image_make(&spec, &old_image);
    spec = spec_of(0x01020000, new_pages);
    image_make(&spec, &new_image);
}

static void install_old(void)
{
    world_init(&world, OTAV_POLICY_STOCK, 1);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
    (void)world_boot(&world);
}

/* The first boot, which raises the floor. */
static void set_up_factory(unsigned pages)
{
    make_images(pages, pages);
    world_init(&world, OTAV_POLICY_STRICT, 1);
    world_stage(&world, OTAV_SLOT0_ADDRESS, &old_image);
}

static void set_up_first(unsigned pages)
{
    make_images(pages, pages);
    world_init(&world, OTAV_POLICY_STRICT, 1);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
}

/* argument: pages of the old image, and of the new one in units of 256 */
static void set_up_update(unsigned argument)
{
    make_images(argument % 256, argument / 256);
    install_old();
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
}

/* Slot 1 holds the image before the old one, longer than the new one. */
static void set_up_used_slot(unsigned pages)
{
    struct image_spec spec = spec_of(0x01000000, pages + 1);

    make_images(pages, pages);
    install_old();
    image_make(&spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
    (void)world_boot(&world);
    make_images(pages, pages);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
}

static void stage_new(const struct image_spec *spec)
{
    image_make(spec, &new_image);
    world_stage(&world, OTAV_SLOT1_ADDRESS, &new_image);
}

static void set_up_raise(unsigned pages)
{
    struct image_spec spec = spec_of(0x01020000, pages);

    spec.counter = 9;
    spec.revoke = 1u << KEY_REVOKED;
    make_images(pages, pages);
    install_old();
    stage_new(&spec);
}

/* argument: pairs left */
static void set_up_floor(unsigned pairs)
{
    struct image_spec spec = spec_of(0x01020000, 1);

    spec.counter = 9;
    make_images(1, 1);
    install_old();
    world_fill_floor(&world, pairs);
    stage_new(&spec);
}

static void set_up_stock(unsigned pages)
{
    struct image_spec old_spec = spec_of(0x01010000, pages);
    struct image_spec spec = spec_of(0x01020000, pages);

    old_spec.stock = true;
    spec.stock = true;
    image_make(&old_spec, &old_image);
    install_old();
    stage_new(&spec);
}

/* The old image runs, the new one is damaged on its way. */
static void set_up_broken(unsigned pages)
{
    const uint8_t damage = 0;

    set_up_update(pages * 257);
    nvm_put(&world.sim, OTAV_SLOT1_ADDRESS + OTAV_META_LEN + 3, &damage, 1);
}

/* Slot 0, which was confirmed, is damaged; the fallback in slot 1 is the other one. */
static void set_up_damaged(unsigned pages)
{
    set_up_update(pages * 257);
    (void)world_boot(&world);
    world_mail(&world, OTAB_MAIL_CONFIRM, world.report.nonce, world.report.id);
    (void)world_boot(&world);
    nvm_wipe_page(&world.sim, OTAV_SLOT0_ADDRESS + (pages - 1) * OTAV_PAGE_LEN);
}

static const struct scenario scenarios[] = {
    {"first install", set_up_first, 2, true, true, false, 1},
    {"factory's image", set_up_factory, 2, false, false, false, 1},
    {"update, 1 page", set_up_update, 1 * 257, true, true, false, 1},
    {"update, 2 pages over 3", set_up_update, 2 * 256 + 3, true, true, false, 1},
    {"update, 3 pages over 1", set_up_update, 3 * 256 + 1, true, true, false, 1},
    {"update over a used slot", set_up_used_slot, 2, true, true, false, 3},
    {"revert", set_up_update, 2 * 257, false, false, true, 1},
    {"raise and revocation", set_up_raise, 1, true, true, false, 1},
    {"last pair of page 4", set_up_floor, 1, true, true, false, 7},
    {"page 4 full", set_up_floor, 0, true, false, false, 1},
    {"stock image", set_up_stock, 2, false, true, false, 1},
    {"broken transfer", set_up_broken, 2, false, false, false, 1},
    {"damaged slot 0", set_up_damaged, 3, false, false, false, 1},
    {"largest image", set_up_update, OTAB_SLOT_PAGES * 257, true, true, false, 100},
    {"largest image, revert", set_up_update, OTAB_SLOT_PAGES * 257, false, false, true, 0},
};

#define SCENARIO_COUNT (sizeof scenarios / sizeof scenarios[0])

/* ---- one run ---------------------------------------------------------------------------------- */

struct cut {
    unsigned at; /* operation, from 1, since the run or the last restart; 0 = none */
    enum nvm_cut how;
};

struct run {
    unsigned cuts;   /* that happened */
    unsigned trials; /* boots of the new image that was not confirmed */
    bool confirmed;  /* the application said so */
    uint32_t floor;  /* seen last */
    unsigned ops;    /* since the last restart */
    const char *failure;
};

static bool has(struct run *run, bool ok, const char *invariant)
{
    if (!ok && run->failure == NULL) {
        run->failure = invariant;
    }
    return ok;
}

/* What an application on the device sees and does. */
static void run_application(const struct scenario *scenario, struct run *run)
{
    bool is_new = world_holds(&world, OTAV_SLOT0_ADDRESS, &new_image);
    uint32_t floor = world_floor(&world);

    has(run, is_new || world_holds(&world, OTAV_SLOT0_ADDRESS, &old_image),
        "I2: neither the old nor the new image runs");
    has(run, floor >= run->floor, "I3: the floor fell");
    has(run, world.report.floor >= floor, "I3: the floor is not applied");
    run->floor = floor;
    if (world.report.state != OTAB_TRIAL) {
        return;
    }
    run->trials++;
    has(run, is_new && run->trials <= 1, "I4: an unconfirmed image runs twice");
    has(run, world_holds(&world, OTAV_SLOT1_ADDRESS, &old_image), "I1: there is no way back");
    if (scenario->confirms) {
        world_mail(&world, OTAB_MAIL_CONFIRM, world.report.nonce, world.report.id);
        run->confirmed = true;
    }
}

static bool same_page(unsigned page)
{
    return memcmp(world.sim.bytes[page], start.sim.bytes[page], OTAV_PAGE_LEN) == 0;
}

static void check_guarded(struct run *run)
{
    for (unsigned page = 0; page < NVM_BOOT_PAGES; page++) {
        has(run, page == NVM_FLOOR_PAGE || same_page(page), "I5: boot flash changed");
    }
    for (uint32_t at = OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN; at < OTAV_SLOT1_ADDRESS;
         at += OTAV_PAGE_LEN) {
        has(run, same_page(nvm_page(at)), "I5: application data changed");
    }
}

static void check_erases(const struct scenario *scenario, struct run *run)
{
    for (unsigned page = 0; page < NVM_PAGES; page++) {
        unsigned erases = world.sim.erases[page] - start.sim.erases[page];

        /* A revert is an update of its own. */
        has(run, erases <= (scenario->reverts ? 2u : 1u) * ERASE_MAX + ERASE_PER_CUT * run->cuts,
            "I10: too many erases");
        if (erases > most_erases[run->cuts] && !scenario->reverts) {
            most_erases[run->cuts] = erases;
        }
    }
}

static void check_end(const struct scenario *scenario, struct run *run)
{
    bool is_new = world_holds(&world, OTAV_SLOT0_ADDRESS, &new_image);

    has(run, world.boot.state.phase == OTAB_IDLE, "the end is not idle");
    has(run,
        is_new == scenario->ends_with_new || (!is_new && run->trials == 0 && run->cuts > 0) ||
            (scenario->set_up == set_up_damaged),
        "the end is another one than without cuts");
    has(run, !run->confirmed || is_new, "an image that confirmed itself is gone");
    if (is_new && run->confirmed) {
        has(run, world.report.version == 0x01020000, "the new version is not recorded");
        has(run,
            scenario->set_up != set_up_raise ||
                (world_floor(&world) == 9 && world.boot.revoked == 1u << KEY_REVOKED),
            "what was to be raised is not");
    }
    check_guarded(run);
    check_erases(scenario, run);
}

/* From what the simulator holds until nothing changes any more. */
static void run_on(const struct scenario *scenario, const struct cut *second, struct run *run)
{
    unsigned boots;

    for (boots = 0; boots < BOOT_MAX && run->failure == NULL; boots++) {
        unsigned before = world.sim.op_count;
        uint32_t action = world_boot(&world);

        if (!has(run, world.sim.violation == NULL, world.sim.violation)) {
            return;
        }
        if (world.sim.powerless) {
            nvm_restart(&world.sim);
            run->cuts++;
            run->ops = world.sim.op_count;
            if (second == NULL) {
                return; /* the caller goes on from here */
            }
            continue;
        }
        if (!has(run, action == OTAB_RUN_APPLICATION, "I1: nothing runs")) {
            return;
        }
        run_application(scenario, run);
        if (world.sim.op_count == before && world.report.state != OTAB_TRIAL) {
            break;
        }
    }
    has(run, boots < BOOT_MAX, "I1: it never comes to rest");
    run->ops = world.sim.op_count - run->ops;
    if (run->failure == NULL) {
        check_end(scenario, run);
    }
}

static void show(const struct scenario *scenario, const struct cut *first, const struct cut *second,
                 const struct run *run)
{
    failure_count++;
    if (failure_count <= FAILURE_MAX) {
        printf("%s: stop %u (%u), then %u (%u): %s\n", scenario->name, first->at,
               (unsigned)first->how, second->at, (unsigned)second->how, run->failure);
    }
}

/* ---- all stops -------------------------------------------------------------------------------- */

/* The recovery from `stopped`, stopped again; without second->at: to its end. */
static struct run recover_from(const struct scenario *scenario, const struct run *first_run,
                               const struct cut *first, const struct cut *second)
{
    struct run run = *first_run;

    nvm_restore(&world.sim, &stopped);
    world.sim.random += second->at * 2u * NVM_CUT_COUNT + (unsigned)second->how * 2u;
    world.sim.cut_at = second->at == 0 ? 0 : world.sim.op_count + second->at;
    world.sim.cut = second->how;
    run.ops = world.sim.op_count;
    run_on(scenario, second, &run);
    if (run.failure != NULL) {
        show(scenario, first, second, &run);
    }
    return run;
}

static unsigned long stop_again(const struct scenario *scenario, const struct run *run,
                                const struct cut *first, unsigned ops, unsigned step)
{
    unsigned long count = 0;

    for (unsigned at = 1 + first->at % step; at <= ops && failure_count < FAILURE_MAX; at += step) {
        struct cut second = {at, (enum nvm_cut)((first->at + at + at / SECOND_WAYS) % SECOND_WAYS)};

        (void)recover_from(scenario, run, first, &second);
        count++;
    }
    return count;
}

/* Every way to stop at every operation, or every Nth of these stops. */
static void run_scenario(const struct scenario *scenario, unsigned first_step, unsigned step,
                         unsigned long ret_count[2])
{
    const struct cut none = {0, NVM_CUT_BEFORE};
    unsigned long count[2] = {0, 0};
    unsigned long stop = 0;
    struct run run = {0};
    unsigned ops;

    scenario->set_up(scenario->argument);
    start = world;
    stopped = world.sim;
    run.ops = world.sim.op_count;
    run_on(scenario, &none, &run);
    ops = run.ops;
    if (run.failure != NULL) {
        show(scenario, &none, &none, &run);
    }
    for (unsigned at = 1; at <= ops && failure_count < FAILURE_MAX; at++) {
        for (unsigned how = 0; how < NVM_CUT_COUNT; how++) {
            struct cut first = {at, (enum nvm_cut)how};
            struct run first_run = {.floor = 0};
            struct run rest;

            if (stop++ % first_step != 0) {
                continue;
            }
            nvm_restore(&world.sim, &start.sim);
            world.sim.random += at * 2u * NVM_CUT_COUNT + how * 2u;
            world.sim.cut_at = world.sim.op_count + at;
            world.sim.cut = first.how;
            run_on(scenario, NULL, &first_run);
            count[0]++;
            if (first_run.failure != NULL) {
                show(scenario, &first, &none, &first_run);
                continue;
            }
            nvm_restore(&stopped, &world.sim);
            rest = recover_from(scenario, &first_run, &first, &none);
            if (step > 0 && rest.failure == NULL) {
                count[1] += stop_again(scenario, &first_run, &first, rest.ops, step);
            }
        }
    }
    printf("%-36s %5u operations, %6lu stops, %8lu second stops\n", scenario->name, ops, count[0],
           count[1]);
    (void)fflush(stdout);
    ret_count[0] += count[0];
    ret_count[1] += count[1];
}

int main(int argc, char **argv)
{
    unsigned long count[2] = {0, 0};
    bool expect_hole = false;
    unsigned first_step = 1;
    unsigned step = 1;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--expect-hole") == 0) {
            expect_hole = true;
        } else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc) {
            first_step = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--step") == 0 && i + 1 < argc) {
            step = (unsigned)strtoul(argv[++i], NULL, 10);
        } else {
            (void)fprintf(stderr, "usage: test_power_cut [--expect-hole] [--first N] [--step N]\n");
            return 2;
        }
    }
    for (size_t i = 0; i < SCENARIO_COUNT && failure_count < FAILURE_MAX; i++) {
        run_scenario(&scenarios[i], first_step, scenarios[i].step * step, count);
    }
    printf("%lu cases; most erases of a page: %u, with one cut %u, with two %u; %u failures\n",
           count[0] + count[1], most_erases[0], most_erases[1], most_erases[2], failure_count);
    return (failure_count > 0) == expect_hole ? EXIT_SUCCESS : EXIT_FAILURE;
}
