/*
 * The report of `simulate` as text.
 * Layer: above sim_run and sim_faults, below the command. Invariant: prints what it is given and
 * calculates nothing but the limit of the link.
 */
#include "sim_report.h"

#include <stdio.h>

#include "sim_code.h"
#include "util.h"

const char *const sim_phy_words[] = {"1m", "2m", "coded-s2", "coded-s8", NULL};
const char *const sim_app_words[] = {"passes", "hangs", "silent", NULL};

const char *sim_end_name(enum sim_end end)
{
    static const char *const names[] = {"new", "reverted", "refused", "given-up", "dead"};

    return names[end];
}

const char *sim_end_text(enum sim_end end)
{
    static const char *const texts[] = {
        "the new image runs, confirmed", "reverted, the old image runs",
        "refused, the old image runs", "the transfer was given up, the old image runs",
        "nothing runs"};

    return texts[end];
}

enum link_limit sim_report_limit(const struct sim_report *report)
{
    return link_window_limit(&report->setup->link, &report->setup->flash, report->image_len);
}

const char *sim_limit_text(enum link_limit limit)
{
    static const char *const texts[] = {
        "the stop after each 1024 bytes, until the device has acknowledged them",
        "the connection interval", "the packets: their length and the radio's speed",
        "the device's flash"};

    return texts[limit];
}

char *sim_violation_text(const struct sim_faults *faults)
{
    const struct sim_setup *setup = &faults->violation;

    if (setup->power_at != 0) {
        return xasprintf("power cut at flash operation %u, %s", setup->power_at,
                         setup->power_how < NVM_TORN_PREFIX ? "clean" : "torn");
    }
    if (setup->cut_count != 0) {
        return xasprintf("link cut behind write %u", setup->cuts[0].value);
    }
    return xstrdup("without a fault");
}

/* ---- parts ------------------------------------------------------------------------------------ */

static void print_head(const struct sim_report *report)
{
    const struct link *link = &report->setup->link;
    char version[VERSION_TEXT_LEN];

    put_printable(stdout, report->path);
    printf(": %u bytes in %u groups of %u", report->image_len,
           (report->image_len + OTAM_GROUP_LEN - 1) / OTAM_GROUP_LEN, OTAM_GROUP_LEN);
    if (report->uncompressed_len > 0) {
        printf(", compressed from %u", report->uncompressed_len);
    }
    printf("\n");
    format_version(report->installed_version, version);
    printf("device: ");
    put_printable(stdout, report->device_path);
    printf(", version %s from ", version);
    put_printable(stdout,
                  report->installed_path != NULL ? report->installed_path : "a placeholder");
    printf(", security counter %u, %s\n", report->counter_floor,
           report->resume ? "resumes transfers" : "stock service");
    printf("link: %s, MTU %u, packets of %u bytes, interval %.2f ms: %u packets in an event, %u "
           "bytes in a write; %g %% lost, seed %llu\n\n",
           link_phy_name(link->phy), link->att_mtu, link->ll_len, (double)link->interval_us / 1000,
           link_packets_per_event(link), link_value_len(link),
           (double)report->setup->loss_ppm / 10000, (unsigned long long)report->setup->seed);
}

static void print_transfer(const struct sim_report *report)
{
    const struct sim_result *result = report->result;
    enum link_limit limit = sim_report_limit(report);

    printf("\n%u connections, %u resumed; %u writes, %llu packets, %llu of them lost; %u flash "
           "operations\n",
           result->attempts, result->resumes, result->fragments,
           (unsigned long long)result->packets, (unsigned long long)result->lost,
           result->flash_ops);
    if (result->transfer_us > 0) {
        printf(
            "transfer: %.3f s from the first byte to the last; its link is limited by the %s: %s\n",
            (double)result->transfer_us / 1e6, link_limit_name(limit), sim_limit_text(limit));
    }
    printf("end: %s", sim_end_text(result->end));
    if (result->code != 0) {
        printf(": %s", sim_code_text(result->code));
    }
    printf("\n");
}

static void print_faults(const struct sim_report *report)
{
    const struct sim_faults *faults = report->faults;

    printf("\nfaults: %u link cuts (%u writes), %u power cuts clean and %u torn (%u flash "
           "operations)",
           faults->link_cuts, faults->fragments, faults->clean_cuts, faults->torn_cuts,
           faults->flash_ops);
    if (report->thin > 1) {
        printf(", one point in %u", report->thin);
    }
    printf("\n%u transfers resumed; ends:", faults->resumes);
    for (unsigned i = 0; i < SIM_END_COUNT; i++) {
        printf(" %u %s%s", faults->ends[i], sim_end_name((enum sim_end)i),
               i + 1 < SIM_END_COUNT ? "," : "\n");
    }
}

static void print_invariants(const struct sim_check *check)
{
    printf("\n%-4s %9s %10s\n", "", "checks", "violations");
    for (unsigned i = 0; i < SIM_INVARIANT_COUNT; i++) {
        printf("%-4s %9llu %10llu  %s\n", sim_invariant_number((enum sim_invariant)i),
               (unsigned long long)check->count[i].checks,
               (unsigned long long)check->count[i].violations,
               sim_invariant_text((enum sim_invariant)i));
    }
}

void sim_report_print(const struct sim_report *report)
{
    print_head(report);
    for (unsigned i = 0; i < report->step_count; i++) {
        const struct sim_step *step = &report->steps[i];

        printf("%9.3f s  %-7s  %s\n", (double)step->at_us / 1e6, sim_actor_name(step->actor),
               step->text);
    }
    print_transfer(report);
    if (report->faults != NULL) {
        print_faults(report);
    }
    print_invariants(report->check);
}
