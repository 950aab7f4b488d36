/*
 * Faults at every point of an update.
 * Layer: above sim_run. Invariant: every run begins with the same flash, bit for bit.
 */
#include "sim_faults.h"

#include <string.h>

#include "util.h"

enum { TORN_COUNT = NVM_CUT_COUNT - NVM_TORN_PREFIX };

struct campaign {
    struct sim_run *run;
    struct vdev *device;
    struct sim_check *check;
    struct nvm_sim *start;
    void (*done)(unsigned count, unsigned total);
    unsigned total; /* runs to come and gone */
    struct sim_faults faults;
};

/* Brings the flash back and runs once; torn bits differ from run to run. */
static enum otam_err run_once(struct campaign *c, const struct sim_setup *setup,
                              struct sim_result *ret)
{
    nvm_restore(&c->device->flash, c->start);
    c->device->flash.random +=
        setup->power_at * 2u * NVM_CUT_COUNT + (unsigned)setup->power_how * 2u;
    return sim_run(c->run, setup, c->device, c->check, ret);
}

static void run_fault(struct campaign *c, const struct sim_setup *setup, unsigned *count)
{
    struct sim_result result;

    if (run_once(c, setup, &result) != OTAM_OK) {
        return;
    }
    (*count)++;
    c->faults.resumes += result.resumes;
    c->faults.ends[result.end]++;
    if (c->check->violated && !c->faults.violated) {
        c->faults.violated = true;
        c->faults.violation = *setup;
    }
    if (c->done != NULL) {
        c->done(c->faults.link_cuts + c->faults.clean_cuts + c->faults.torn_cuts, c->total);
    }
}

static void cut_link(struct campaign *c, const struct sim_setup *plain, unsigned thin)
{
    struct sim_setup setup = *plain;

    setup.cut_count = 1;
    for (unsigned at = 1; at <= c->faults.fragments; at += thin) {
        setup.cuts[0] = (struct sim_cut){SIM_CUT_FRAGMENT, at};
        run_fault(c, &setup, &c->faults.link_cuts);
    }
}

static void cut_power(struct campaign *c, const struct sim_setup *plain, unsigned thin)
{
    struct sim_setup setup = *plain;
    unsigned nth = 0;

    for (unsigned at = 1; at <= c->faults.flash_ops; at += thin, nth++) {
        setup.power_at = at;
        setup.power_how = nth % 2 == 0 ? NVM_CUT_BEFORE : NVM_CUT_AFTER;
        run_fault(c, &setup, &c->faults.clean_cuts);
        setup.power_how = (enum nvm_cut)(NVM_TORN_PREFIX + nth % TORN_COUNT);
        run_fault(c, &setup, &c->faults.torn_cuts);
    }
}

enum otam_err sim_faults_run(struct sim_run *run, const struct sim_setup *setup,
                             struct vdev *device, struct sim_check *check, unsigned thin,
                             void (*done)(unsigned count, unsigned total), struct sim_faults *ret)
{
    struct campaign c = {.run = run, .device = device, .check = check, .done = done};
    struct sim_result result;
    enum otam_err err;

    c.start = xmalloc(sizeof *c.start);
    *c.start = device->flash;
    err = run_once(&c, setup, &result);
    if (err == OTAM_OK) {
        c.faults.fragments = result.fragments;
        c.faults.flash_ops = result.flash_ops;
        c.faults.violated = check->violated;
        c.faults.violation = *setup;
        c.total = (result.fragments + thin - 1) / thin + (result.flash_ops + thin - 1) / thin * 2;
        cut_link(&c, setup, thin);
        cut_power(&c, setup, thin);
        nvm_restore(&device->flash, c.start);
        *ret = c.faults;
    }
    wipe_free(c.start, sizeof *c.start);
    return err;
}
