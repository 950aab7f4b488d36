/*
 * A fault in time: instructions that are left out, once.
 * Layer: test, host, above campaign.
 */
#include "faults.h"

#include <stdio.h>

static void judge(struct campaign *c, enum outcome outcome, uint32_t address, uint32_t len)
{
    char kind[40];

    (void)snprintf(kind, sizeof kind, "%u bytes left out", len);
    campaign_judge(c, outcome, address, kind);
}

/* Execution goes on behind len bytes. */
static void skip_bytes(struct campaign *c)
{
    uint32_t address = machine_pc(c->machine);

    for (uint32_t len = SKIP_MIN; len <= SKIP_MAX; len += 2) {
        machine_load(c->machine, c->here);
        machine_jump(c->machine, address + len);
        judge(c, machine_run(c->machine, 0), address, len);
    }
}

/* Inside an IT block instructions are blanked while the block runs, whole ones only: a jump would
 * take the conditions along. Each start, each end. */
static void skip_in_block(struct campaign *c, uint32_t block, uint32_t block_len)
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
            judge(c, outcome, start, end - start);
        }
    }
}

void attack_by_skips(struct campaign *c)
{
    do {
        uint32_t address = machine_pc(c->machine);
        uint32_t block_len = machine_it_block_len(c->machine, address);

        if (campaign_is_worth_it(c)) {
            machine_save(c->machine, c->here);
            skip_bytes(c);
            if (block_len > 0) {
                skip_in_block(c, address + 2, block_len);
            }
            machine_load(c->machine, c->here);
        }
    } while (!campaign_is_done(c) && campaign_advance(c));
}
