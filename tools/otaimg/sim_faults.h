/*
 * One update again and again: with the link cut behind every write of data, and with the power cut at
 * every erase and program of the whole update, clean and torn.
 */
#ifndef OTAIMG_SIM_FAULTS_H
#define OTAIMG_SIM_FAULTS_H

#include "sim_run.h"

enum { SIM_END_COUNT = SIM_END_DEAD + 1 };

struct sim_faults {
    unsigned fragments; /* of the update without faults */
    unsigned flash_ops;
    unsigned link_cuts; /* runs, one cut in each */
    unsigned clean_cuts;
    unsigned torn_cuts;
    unsigned resumes;             /* transfers that went on behind the first byte */
    unsigned ends[SIM_END_COUNT]; /* of these runs */
    bool violated;                /* and the first run in which something did not hold: */
    struct sim_setup violation;   /* its cuts and power_at say where */
};

/* setup: the update without cuts; device: installed and not powered, in the same state afterwards.
 * thin: every so many points only, from 1. done (may be NULL) is called after each run.
 * OTAM_OK, or why the manager took the file for none: *ret untouched. */
enum otam_err sim_faults_run(struct sim_run *run, const struct sim_setup *setup,
                             struct vdev *device, struct sim_check *check, unsigned thin,
                             void (*done)(unsigned count, unsigned total), struct sim_faults *ret);

#endif
