/*
 * A fault in the core: one bit of one register turned over, once.
 * Layer: test, host, above campaign.
 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

enum { FLIPS_AT_PLACE = 8 };

/* Whether the flip made LR point into a caller of the verifier. */
static bool is_jump_to_caller(const struct campaign *c, struct flip flip)
{
    const char *where = elf_guest_where(&machine_program(c->machine)->elf, machine_lr(c->machine));

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

void attack_by_flips(struct campaign *c)
{
    do {
        unsigned count = c->options.all ? machine_flip_count() : FLIPS_AT_PLACE;

        if (!campaign_is_worth_it(c)) {
            continue;
        }
        machine_save(c->machine, c->here);
        for (unsigned i = 0; i < count && !campaign_is_done(c); i++) {
            flip(c, c->options.all ? i : campaign_random(c, machine_flip_count()));
        }
    } while (!campaign_is_done(c) && campaign_advance(c));
}
