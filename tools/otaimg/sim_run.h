/*
 * One update from the first connection to the confirmed image, in one process on a virtual clock:
 * manager, link, and a device with service, bootloader and application; with the faults that are asked
 * for, and the invariants looked at on the way.
 */
#ifndef OTAIMG_SIM_RUN_H
#define OTAIMG_SIM_RUN_H

#include "sim_check.h"
#include "sim_link.h"

/* What the new application does on trial. */
enum sim_app {
    SIM_APP_CONFIRMS, /* its self test passes */
    SIM_APP_HANGS,    /* the watchdog resets the device */
    SIM_APP_SILENT    /* it runs on and does not confirm */
};

enum sim_cut_kind {
    SIM_CUT_BYTE,    /* once the device has so many bytes of the image */
    SIM_CUT_GROUP,   /* once so many groups are in flash, before the manager hears of it */
    SIM_CUT_FRAGMENT /* behind so many writes of data */
};

/* The link breaks, once. */
struct sim_cut {
    enum sim_cut_kind kind;
    uint32_t value;
};

enum sim_actor { SIM_ACTOR_MANAGER, SIM_ACTOR_LINK, SIM_ACTOR_DEVICE };

const char *sim_actor_name(enum sim_actor actor); /* "manager" */

enum { SIM_CUT_MAX = 64, SIM_TEXT_LEN = 128 };

struct sim_step {
    uint64_t at_us;
    enum sim_actor actor;
    char text[SIM_TEXT_LEN];
};

struct sim_setup {
    const uint8_t *file; /* OTA file with the header for BLE */
    uint32_t file_len;
    struct sim_expect expect;
    struct link link;
    struct link_flash flash;
    uint32_t loss_ppm;
    uint64_t seed; /* of the link */
    enum sim_app app;
    struct sim_cut cuts[SIM_CUT_MAX];
    unsigned cut_count;
    unsigned power_at; /* power goes at this erase or program of the run, from 1; 0: never */
    enum nvm_cut power_how;
    void *user;
    void (*step)(void *user, const struct sim_step *step); /* NULL: nobody listens */
};

enum sim_end {
    SIM_END_NEW,      /* the new image runs, confirmed */
    SIM_END_REVERTED, /* it ran, did not confirm, and the old one runs */
    SIM_END_REFUSED,  /* the device refused it, the old one runs */
    SIM_END_OLD,      /* the transfer did not come to its end, the old one runs */
    SIM_END_DEAD      /* nothing runs */
};

struct sim_result {
    enum sim_end end;
    uint32_t code;         /* of REFUSED and REVERTED: what the device says; else 0 */
    enum otam_err manager; /* how it ended for the manager */
    unsigned attempts;     /* connections */
    unsigned resumes;      /* that went on behind the first byte */
    unsigned fragments;    /* writes of data that reached the device */
    unsigned groups;       /* that it took */
    unsigned flash_ops;    /* erases and programs */
    unsigned link_cuts;    /* that happened */
    unsigned power_cuts;   /* that happened: 0 or 1 */
    uint64_t packets;      /* exchanges on the air */
    uint64_t lost;         /* of them */
    uint64_t transfer_us; /* from the first byte sent to the last group acknowledged; 0: none was */
    uint64_t total_us;
    uint32_t device_version; /* confirmed one at the end */
};

/* Caller-owned memory of a run; private. */
struct sim_run {
    const struct sim_setup *setup;
    struct vdev *device;
    struct sim_check *check;
    struct sim_result result;
    struct sim_link link;
    struct otam manager;
    struct otav_sha256_state sha256;
    bool has_saved;
    uint8_t saved[OTAM_STATE_LEN];
    enum otam_state shown; /* state of the manager that was told */
    uint64_t tick_us;      /* of the device */
    uint64_t reset_us;     /* SIM_NEVER: none is due */
    const char *reset_why; /* literal */
    uint64_t first_us;     /* of the transfer */
    bool cut_done[SIM_CUT_MAX];
    bool refused; /* the service said no */
    unsigned first_op;
};

/* The host's glue for run->device: pass it to vdev_init() before. */
struct vdev_host sim_run_host(struct sim_run *run);

/* Runs an update on a device that was installed, and stays the caller's. check goes on counting.
 * OTAM_OK, or why the manager took the file for none: *ret untouched. */
enum otam_err sim_run(struct sim_run *run, const struct sim_setup *setup, struct vdev *device,
                      struct sim_check *check, struct sim_result *ret);

#endif
