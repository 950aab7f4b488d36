/*
 * The report of `simulate` as JSON; its schema is schemas/simulate.schema.json.
 * Layer: beside sim_report.c. Invariant: every member is there in every report.
 */
#include "sim_report.h"

#include <jansson.h>
#include <stdlib.h>

#include "key_text.h"
#include "sim_code.h"
#include "util.h"

static json_t *version_json(uint32_t version)
{
    char text[VERSION_TEXT_LEN];

    format_version(version, text);
    return json_string(text);
}

static json_t *device_json(const struct sim_report *report)
{
    json_t *installed =
        report->installed_path != NULL ? key_text_json(report->installed_path) : json_null();

    return json_pack("{s:o, s:o, s:o, s:I, s:b, s:s}", "file", key_text_json(report->device_path),
                     "installed", installed, "version", version_json(report->installed_version),
                     "security_counter", (json_int_t)report->counter_floor, "resume",
                     (int)report->resume, "self_test", sim_app_words[report->setup->app]);
}

static json_t *link_json(const struct sim_setup *setup)
{
    const struct link *link = &setup->link;

    return json_pack("{s:s, s:i, s:i, s:i, s:I, s:i, s:I, s:I}", "phy", link_phy_name(link->phy),
                     "ll_length", (int)link->ll_len, "att_mtu", (int)link->att_mtu, "write_length",
                     (int)link_value_len(link), "interval_us", (json_int_t)link->interval_us,
                     "packets_per_event", (int)link_packets_per_event(link), "loss_ppm",
                     (json_int_t)setup->loss_ppm, "seed", (json_int_t)setup->seed);
}

static json_t *steps_json(const struct sim_report *report)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < report->step_count; i++) {
        const struct sim_step *step = &report->steps[i];

        (void)json_array_append_new(
            list, json_pack("{s:I, s:s, s:s}", "at_us", (json_int_t)step->at_us, "who",
                            sim_actor_name(step->actor), "what", step->text));
    }
    return list;
}

static json_t *result_json(const struct sim_report *report)
{
    const struct sim_result *result = report->result;
    json_t *reason = result->code != 0 ? json_string(sim_code_text(result->code)) : json_null();
    json_t *root = json_pack("{s:s, s:I, s:o, s:o}", "end", sim_end_name(result->end), "code",
                             (json_int_t)result->code, "reason", reason, "version",
                             version_json(result->device_version));
    json_t *counts =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections",
                  (json_int_t)result->attempts, "resumed", (json_int_t)result->resumes, "link_cuts",
                  (json_int_t)result->link_cuts, "writes", (json_int_t)result->fragments, "packets",
                  (json_int_t)result->packets, "lost_packets", (json_int_t)result->lost,
                  "flash_operations", (json_int_t)result->flash_ops, "transfer_us",
                  (json_int_t)result->transfer_us, "total_us", (json_int_t)result->total_us);

    (void)json_object_update_missing(root, counts);
    json_decref(counts);
    (void)json_object_set_new(
        root, "manager",
        json_string(result->manager == OTAM_OK ? "done" : otam_err_text(result->manager)));
    (void)json_object_set_new(root, "limit",
                              json_string(link_limit_name(sim_report_limit(report))));
    return root;
}

static json_t *invariants_json(const struct sim_check *check)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < SIM_INVARIANT_COUNT; i++) {
        enum sim_invariant invariant = (enum sim_invariant)i;

        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:I, s:I}", "id", sim_invariant_number(invariant), "text",
                      sim_invariant_text(invariant), "checks", (json_int_t)check->count[i].checks,
                      "violations", (json_int_t)check->count[i].violations));
    }
    return list;
}

static json_t *violation_json(const struct sim_faults *faults)
{
    char *text;
    json_t *json;

    if (!faults->violated) {
        return json_null();
    }
    text = sim_violation_text(faults);
    json = json_string(text);
    free(text);
    return json;
}

static json_t *faults_json(const struct sim_report *report)
{
    const struct sim_faults *faults = report->faults;
    json_t *ends;

    if (faults == NULL) {
        return json_null();
    }
    ends = json_object();
    for (unsigned i = 0; i < SIM_END_COUNT; i++) {
        (void)json_object_set_new(ends, sim_end_name((enum sim_end)i),
                                  json_integer(faults->ends[i]));
    }
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "thin", (json_int_t)report->thin, "writes",
        (json_int_t)faults->fragments, "flash_operations", (json_int_t)faults->flash_ops,
        "link_cuts", (json_int_t)faults->link_cuts, "clean_power_cuts",
        (json_int_t)faults->clean_cuts, "torn_power_cuts", (json_int_t)faults->torn_cuts, "resumed",
        (json_int_t)faults->resumes, "ends", ends, "first_violation", violation_json(faults));
}

enum ox sim_report_print_json(const struct sim_report *report)
{
    json_t *root = json_pack(
        "{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "file", key_text_json(report->path),
        "image_length", (json_int_t)report->image_len, "device", device_json(report), "link",
        link_json(report->setup), "steps", steps_json(report), "result", result_json(report),
        "invariants", invariants_json(report->check), "faults", faults_json(report));

    if (report->uncompressed_len > 0) {
        (void)json_object_set_new(root, "uncompressed_length",
                                  json_integer((json_int_t)report->uncompressed_len));
    }
    return key_text_print_json(root);
}
