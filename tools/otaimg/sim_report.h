/*
 * What `simulate` prints: an update as it went, as text or as JSON (schemas/simulate.schema.json).
 */
#ifndef OTAIMG_SIM_REPORT_H
#define OTAIMG_SIM_REPORT_H

#include "exits.h"
#include "sim_faults.h"

struct sim_report {
    const char *path;           /* of the file */
    const char *device_path;    /* of the device file */
    const char *installed_path; /* NULL: a placeholder runs */
    uint32_t image_len;         /* bytes to send */
    uint32_t uncompressed_len;  /* the same if it were not compressed; 0: it is not */
    uint32_t installed_version;
    uint32_t counter_floor;
    bool resume;
    const struct sim_setup *setup;
    const struct sim_result *result;
    const struct sim_check *check;
    const struct sim_step *steps;
    unsigned step_count;
    const struct sim_faults *faults; /* NULL: not asked for */
    unsigned thin;
};

/* Words of --phy and --self-test, in the order of their enums, ended by NULL. */
extern const char *const sim_phy_words[];
extern const char *const sim_app_words[];

/* "new", "reverted", ... and the same as a sentence's end. */
const char *sim_end_name(enum sim_end end);
const char *sim_end_text(enum sim_end end);

/* The limit that binds the transfer; the second says what that means. */
enum link_limit sim_report_limit(const struct sim_report *report);
const char *sim_limit_text(enum link_limit limit);

/* Where the first violation of a run with faults was, "power cut at flash operation 7, torn"; the
 * caller frees. */
char *sim_violation_text(const struct sim_faults *faults);

void sim_report_print(const struct sim_report *report);
enum ox sim_report_print_json(const struct sim_report *report);

#endif
