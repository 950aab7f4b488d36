/*
 * A fault in place: instructions that do nothing for the whole run, as after a bad read of the code
 * that some buffer keeps.
 * Layer: test, host, above campaign. What the undisturbed run does not execute need not be tried: with
 * such a patch it is the undisturbed run.
 */
#include "faults.h"

#include <stdio.h>
#include <string.h>

/* By halfword of code. */
struct coverage {
    bool executed[GUEST_ROM_LEN / 2];
    uint32_t count;
};

static void find_coverage(const struct campaign *c, struct coverage *ret)
{
    memset(ret, 0, sizeof *ret);
    for (uint32_t at = 0; at < GUEST_ROM_LEN; at += 2) {
        uint32_t end = at + machine_insn_len(c->machine, at) + machine_it_block_len(c->machine, at);

        for (uint32_t i = at; c->visits[at / 2] > 0 && i < end; i += 2) {
            ret->count += ret->executed[i / 2] ? 0 : 1;
            ret->executed[i / 2] = true;
        }
    }
}

static bool is_worth_it(const struct coverage *coverage, uint32_t start, uint32_t len)
{
    bool executed = false;

    for (uint32_t i = start; i < start + len && i < GUEST_ROM_LEN; i += 2) {
        executed = executed || coverage->executed[i / 2];
    }
    return executed;
}

static void patch(struct campaign *c, uint32_t start, uint32_t len)
{
    char kind[40];
    enum outcome outcome;

    machine_load(c->machine, c->here);
    machine_blank_code(c->machine, start, start + len);
    outcome = machine_run(c->machine, 0);
    machine_restore_code(c->machine);
    (void)snprintf(kind, sizeof kind, "%u bytes blank", len);
    campaign_judge(c, outcome, start, kind);
}

/* Each length at one place; or, when places are chosen at random, one length at some of them. */
static void patch_at(struct campaign *c, const struct coverage *coverage, uint32_t at)
{
    uint32_t only = 0;

    if (c->options.places > 0) {
        if (campaign_random(c, coverage->count) >= c->options.places) {
            return;
        }
        only = SKIP_MIN + 2 * campaign_random(c, (SKIP_MAX - SKIP_MIN) / 2 + 1);
    }
    c->attacked++;
    for (uint32_t len = SKIP_MIN; len <= SKIP_MAX; len += 2) {
        if ((only == 0 || only == len) && is_worth_it(coverage, at, len)) {
            patch(c, at, len);
        }
    }
}

void attack_by_patches(struct campaign *c)
{
    const struct program *program = machine_program(c->machine);
    struct coverage coverage;

    find_coverage(c, &coverage);
    machine_save(c->machine, c->here);
    for (uint32_t at = 0; at < GUEST_ROM_LEN && !campaign_is_done(c); at += 2) {
        if (program->starts_insn[at / 2] && machine_is_watched(c->machine, at) &&
            is_worth_it(&coverage, at, SKIP_MAX)) {
            c->reached++;
            patch_at(c, &coverage, at);
        }
    }
}
