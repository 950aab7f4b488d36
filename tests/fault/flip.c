/*
 * A fault in the core: one bit of one register turned over, once.
 * Layer: test, host, above campaign.
 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

/* Whether the flip made LR point into a caller of the verifier. */
static bool is_jump_to_caller(const struct campaign *c, struct flip flip)
{
    const char *where = program_where(machine_program(c->machine), machine_lr(c->machine));

    return flip.reg == REGISTER_LR && strncmp(where, "caller_", strlen("caller_")) == 0;
}

static void flip(struct campaign *c, unsigned index)
{
    struct flip flip = machine_flip_at(index);
    uint32_t address = machine_pc(c->machine);
    enum outcome outcome;
    char kind[40];
    bool is_jump;

    machine_flip(c->machine, flip);
    is_jump = is_jump_to_caller(c, flip);
    outcome = machine_run(c->machine, 0);
    if (is_jump && outcome == OUTCOME_ACCEPTED && !machine_slot_committed(c->machine)) {
        c->trials++;
        c->results[outcome]++;
        c->jumps++;
    } else {
        (void)snprintf(kind, sizeof kind, "%s bit %u", flip.name, flip.bit);
        campaign_judge(c, outcome, address, kind);
    }
    machine_load(c->machine, c->here);
}

/* Places of this run that are attacked. */
static unsigned long count_places(const struct campaign *c)
{
    unsigned long count = 0;

    for (unsigned i = 0; i < GUEST_ROM_LEN / 2; i++) {
        count += c->visits[i];
    }
    return count;
}

void attack_by_flips(struct campaign *c)
{
    uint32_t places = (uint32_t)count_places(c);
    unsigned long share = c->options.trials / c->runs;

    do {
        unsigned long chosen = share / places + (campaign_random(c, places) < share % places);

        c->reached++;
        if (chosen == 0 && !c->options.all) {
            continue;
        }
        c->attacked++;
        machine_save(c->machine, c->here);
        for (unsigned i = 0; c->options.all && i < machine_flip_count(); i++) {
            flip(c, i);
        }
        for (unsigned i = 0; !c->options.all && i < chosen; i++) {
            flip(c, campaign_random(c, machine_flip_count()));
        }
    } while (!campaign_is_done(c) && campaign_advance(c));
}
