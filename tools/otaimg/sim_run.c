/*
 * The loop of a simulated update: the next thing that is due, by virtual time, until nothing is.
 * Layer: above the link, the device and its checks. Invariants: virtual time never goes back; every
 * boot of the device passes through boot(), where the invariants are looked at.
 */
#include "sim_run.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim_code.h"
#include "util.h"

enum {
    TICK_US = 100000,
    WATCHDOG_US = 4000000, /* until a hanging application is reset */
    BOOT_MAX = 8,          /* power cuts and resets in a row */
    DEVICE_MS = 1000
};

const char *sim_actor_name(enum sim_actor actor)
{
    static const char *const names[] = {"manager", "link", "device"};

    return names[actor];
}

__attribute__((format(printf, 3, 4))) static void tell(struct sim_run *run, enum sim_actor actor,
                                                       const char *format, ...)
{
    struct sim_step step = {.at_us = run->link.now_us, .actor = actor};
    va_list args;

    if (run->setup->step != NULL) {
        va_start(args, format);
        (void)vsnprintf(step.text, sizeof step.text, format, args);
        va_end(args);
        run->setup->step(run->setup->user, &step);
    }
}

/* ---- the manager's host ----------------------------------------------------------------------- */

static bool read_file(void *ctx, uint32_t file_off, uint8_t *ret, uint32_t len)
{
    const struct sim_setup *setup = ((const struct sim_run *)ctx)->setup;

    if (file_off > setup->file_len || len > setup->file_len - file_off) {
        return false;
    }
    memcpy(ret, setup->file + file_off, len);
    return true;
}

static void sha256_start(void *ctx)
{
    struct sim_run *run = ctx;
    const struct otav_crypto *crypto = run->device->options.crypto;

    (void)crypto->sha256_begin(crypto->user, &run->sha256);
}

static void sha256_add(void *ctx, const uint8_t *bytes, uint32_t len)
{
    struct sim_run *run = ctx;
    const struct otav_crypto *crypto = run->device->options.crypto;

    (void)crypto->sha256_update(crypto->user, &run->sha256, bytes, len);
}

static bool sha256_end(void *ctx, uint8_t ret[OTAM_DIGEST_LEN])
{
    struct sim_run *run = ctx;
    const struct otav_crypto *crypto = run->device->options.crypto;
    uint8_t digest[OTAV_SHA256_LEN];
    bool ok = crypto->sha256_final(crypto->user, &run->sha256, digest) == OTAV_ACCEPT;

    crypto->sha256_end(crypto->user, &run->sha256);
    if (ok) {
        memcpy(ret, digest, OTAM_DIGEST_LEN);
    }
    return ok;
}

static bool save(void *ctx, const uint8_t state[OTAM_STATE_LEN])
{
    struct sim_run *run = ctx;

    memcpy(run->saved, state, OTAM_STATE_LEN);
    run->has_saved = true;
    return true;
}

static bool load(void *ctx, uint8_t ret[OTAM_STATE_LEN])
{
    const struct sim_run *run = ctx;

    if (run->has_saved) {
        memcpy(ret, run->saved, OTAM_STATE_LEN);
    }
    return run->has_saved;
}

static void forget(void *ctx)
{
    ((struct sim_run *)ctx)->has_saved = false;
}

static void tell_failure(struct sim_run *run, const char *what, const struct otam_progress *p)
{
    if (p->last_result != 0) {
        tell(run, SIM_ACTOR_MANAGER, "%s: %s, result %u", what, otam_err_text(p->last_err),
             p->last_result);
    } else {
        tell(run, SIM_ACTOR_MANAGER, "%s: %s", what, otam_err_text(p->last_err));
    }
}

static void begin_sending(struct sim_run *run, const struct otam_progress *p)
{
    run->result.resumes += p->resumed_at > 0;
    if (run->first_us == SIM_NEVER) {
        run->first_us = run->link.now_us;
    }
    tell(run, SIM_ACTOR_MANAGER, "sends from byte %u of %u in writes of %u bytes", p->resumed_at,
         p->image_len, p->chunk_len);
}

static void show_state(struct sim_run *run, const struct otam_progress *p)
{
    switch (p->state) {
    case OTAM_CONNECTING:
        tell(run, SIM_ACTOR_MANAGER, "connects, attempt %u", p->attempt);
        break;
    case OTAM_REQUESTING:
        tell(run, SIM_ACTOR_MANAGER, "asks for the update");
        break;
    case OTAM_SENDING:
        begin_sending(run, p);
        break;
    case OTAM_COMPLETING:
        tell(run, SIM_ACTOR_MANAGER, "says that all is sent");
        break;
    case OTAM_RESETTING:
        tell(run, SIM_ACTOR_MANAGER, "asks for a reset");
        break;
    case OTAM_BACKING_OFF:
        tell_failure(run, "tries again", p);
        break;
    case OTAM_FAILED:
        tell_failure(run, "gives up", p);
        break;
    case OTAM_DONE:
        tell(run, SIM_ACTOR_MANAGER, "is done");
        break;
    case OTAM_IDLE:
    case OTAM_SUBSCRIBING:
    case OTAM_READING:
    case OTAM_STARTING:
    case OTAM_DISCONNECTING:
        break;
    }
}

static void progress(void *ctx, const struct otam_progress *p)
{
    struct sim_run *run = ctx;

    if (p->confirmed_len == p->image_len && p->state == OTAM_SENDING &&
        run->first_us != SIM_NEVER) {
        run->result.transfer_us = run->link.now_us - run->first_us;
    }
    if (p->state != run->shown) {
        run->shown = p->state;
        show_state(run, p);
    }
}

static const struct otam_host host = {.read = read_file,
                                      .sha256_start = sha256_start,
                                      .sha256_add = sha256_add,
                                      .sha256_end = sha256_end,
                                      .save = save,
                                      .load = load,
                                      .forget = forget,
                                      .progress = progress};

static void deliver(void *user, const struct otam_event *event)
{
    struct sim_run *run = user;

    otam_event(&run->manager, event, (uint32_t)(run->link.now_us / DEVICE_MS));
}

/* ---- the device's host ------------------------------------------------------------------------ */

static bool notify(void *user, enum otas_attr attr, const uint8_t *bytes, size_t len)
{
    return sim_link_notify(&((struct sim_run *)user)->link, attr, bytes, len);
}

/* Whether a code is about the image or the device's state, and not about the link or the flash. */
static bool is_refusal(uint32_t code)
{
    return OTAV_ERR_CLASS(code) < OTAV_CLASS_PORT || code == OTAS_ERR_BATTERY ||
           code == OTAS_ERR_BUSY || code == OTAS_ERR_REFUSED || code == OTAS_ERR_AUTHENTICATE ||
           code == OTAB_ERR_FLOOR_FULL;
}

static void report(void *user, const struct otas_status *status)
{
    struct sim_run *run = user;

    sim_check_report(run->check, status);
    switch (status->event) {
    case OTAS_STARTED:
        tell(run, SIM_ACTOR_DEVICE, "takes data from byte %u on", status->done_len);
        break;
    case OTAS_PROGRESS:
        run->result.groups++;
        if (status->done_len <= OTAS_GROUP_LEN) {
            tell(run, SIM_ACTOR_DEVICE, "accepts the metadata, erases the first page of slot 1");
        }
        break;
    case OTAS_SUSPENDED:
        run->result.code = status->code;
        tell(run, SIM_ACTOR_DEVICE, "keeps %u bytes: %s", status->done_len,
             sim_code_text(status->code));
        break;
    case OTAS_FAILED:
        run->refused = is_refusal(status->code);
        run->result.code = status->code;
        tell(run, SIM_ACTOR_DEVICE, "%s: %s", run->refused ? "refuses" : "drops the transfer",
             sim_code_text(status->code));
        break;
    case OTAS_STAGED:
        run->refused = false;
        tell(run, SIM_ACTOR_DEVICE, "both signatures are good: staged in slot 1");
        break;
    case OTAS_NOTHING:
    case OTAS_ON_TRIAL:
    case OTAS_COMPLETED:
    case OTAS_REVERTED:
        break;
    }
}

static void ask_for_reset(void *user, uint32_t after_ms)
{
    struct sim_run *run = user;

    run->reset_us = run->link.now_us + (uint64_t)after_ms * DEVICE_MS;
    run->reset_why = "resets as asked";
}

struct vdev_host sim_run_host(struct sim_run *run)
{
    const struct vdev_host device_host = {
        .user = run, .notify = notify, .report = report, .reset = ask_for_reset};

    return device_host;
}

/* ---- faults ----------------------------------------------------------------------------------- */

static bool cut_is_due(const struct sim_run *run, const struct sim_cut *cut)
{
    const struct otas_server *server = &run->device->server;

    switch (cut->kind) {
    case SIM_CUT_BYTE:
        return server->received_len + server->group_len >= cut->value;
    case SIM_CUT_GROUP:
        return server->received_len >= (uint64_t)cut->value * OTAS_GROUP_LEN;
    case SIM_CUT_FRAGMENT:
        return run->link.data_count >= cut->value;
    }
    return false;
}

static bool breaks(void *user)
{
    struct sim_run *run = user;
    bool broken = false;

    for (unsigned i = 0; i < run->setup->cut_count && !broken; i++) {
        if (!run->cut_done[i] && cut_is_due(run, &run->setup->cuts[i])) {
            run->cut_done[i] = true;
            broken = true;
        }
    }
    if (broken) {
        run->result.link_cuts++;
        run->dying = run->setup->manager_dies;
        tell(run, SIM_ACTOR_LINK, "is cut when the device has %u bytes",
             run->device->server.received_len + run->device->server.group_len);
    }
    return broken;
}

/* ---- the device between updates --------------------------------------------------------------- */

static void tell_boot(struct sim_run *run)
{
    const struct otab_report *report_of = &run->device->report;
    char version[VERSION_TEXT_LEN];

    format_version(report_of->version, version);
    if (!run->device->running) {
        tell(run, SIM_ACTOR_DEVICE, "nothing runs: %s", sim_code_text(report_of->error));
    } else if (report_of->state == OTAB_TRIAL) {
        tell(run, SIM_ACTOR_DEVICE, "installed; the new image runs on trial");
    } else if ((report_of->flags & OTAB_DID_CONFIRM) != 0) {
        tell(run, SIM_ACTOR_DEVICE, "the new image is confirmed, version %s", version);
    } else if ((report_of->flags & OTAB_DID_REVERT) != 0) {
        tell(run, SIM_ACTOR_DEVICE, "reverted to version %s: %s", version,
             sim_code_text(report_of->error));
    } else if ((report_of->flags & OTAB_DID_INSTALL) != 0) {
        tell(run, SIM_ACTOR_DEVICE, "installed and confirmed, version %s", version);
    } else {
        tell(run, SIM_ACTOR_DEVICE, "runs version %s", version);
    }
}

static void lose_power(struct sim_run *run)
{
    run->result.power_cuts++;
    tell(run, SIM_ACTOR_DEVICE, "loses its power at flash operation %u",
         run->device->flash.op_count - run->first_op);
}

static void boot(struct sim_run *run)
{
    struct vdev *device = run->device;
    unsigned before[NVM_OP_COUNT];

    memcpy(before, device->flash.calls, sizeof before);
    sim_link_break(&run->link);
    run->link.device_linked = false;
    run->reset_us = SIM_NEVER;
    for (unsigned i = 0; i < BOOT_MAX && !vdev_boot(device) && device->flash.powerless; i++) {
        lose_power(run);
    }
    run->link.now_us += sim_link_flash_us(&run->link, before);
    run->link.device_us = run->link.now_us;
    run->link.device_up_us = device->running ? run->link.now_us : SIM_NEVER;
    sim_check_boot(run->check);
    if (device->report.error != 0) {
        run->result.code = device->report.error;
        run->refused |= device->report.state == OTAB_FAILED && is_refusal(device->report.error);
    }
    tell_boot(run);
}

/* The self test of an application on trial takes no time. */
static void run_application(struct sim_run *run)
{
    if (!run->device->running || run->device->report.state != OTAB_TRIAL) {
        return;
    }
    switch (run->setup->app) {
    case SIM_APP_CONFIRMS:
        if (vdev_confirm(run->device) == OTAV_OK) {
            tell(run, SIM_ACTOR_DEVICE, "self test passed: the image asks to be confirmed");
        }
        break;
    case SIM_APP_HANGS:
        run->reset_us = run->link.now_us + WATCHDOG_US;
        run->reset_why = "is reset by its watchdog";
        break;
    case SIM_APP_SILENT:
        break;
    }
}

/* From a boot on until the device waits for what comes. */
static void start_device(struct sim_run *run)
{
    for (unsigned i = 0; i < BOOT_MAX; i++) {
        boot(run);
        run_application(run);
        if (!run->device->flash.powerless) {
            return;
        }
        lose_power(run);
    }
}

static void reset_device(struct sim_run *run)
{
    tell(run, SIM_ACTOR_DEVICE, "%s", run->reset_why);
    sim_link_close(&run->link); /* as an application does that is asked to */
    start_device(run);
}

/* ---- the loop --------------------------------------------------------------------------------- */

static uint32_t now_ms(const struct sim_run *run)
{
    return (uint32_t)(run->link.now_us / DEVICE_MS);
}

static uint64_t manager_us(const struct sim_run *run)
{
    uint32_t wait_ms = otam_wait_ms(&run->manager, now_ms(run));

    return wait_ms == UINT32_MAX ? SIM_NEVER
                                 : ((uint64_t)now_ms(run) + wait_ms) * (uint64_t)DEVICE_MS;
}

static bool is_transferring(const struct sim_run *run)
{
    enum otas_state state = otas_get_state(&run->device->server);

    return run->device->running && (state == OTAS_STATE_REQUESTED ||
                                    state == OTAS_STATE_RECEIVING || state == OTAS_STATE_RECEIVED);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Another manager in the place of the one that just died. */
static void replace_manager(struct sim_run *run)
{
    run->dying = false;
    run->dead_attempts += otam_progress(&run->manager)->attempt;
    tell(run, SIM_ACTOR_MANAGER, "dies, and another takes its place");
    (void)otam_start(&run->manager, &run->config, now_ms(run)); /* it took the file before */
}

/* Does what is due first; false: nothing is. */
static bool step(struct sim_run *run)
{
    uint64_t link_us = sim_link_next_us(&run->link);
    uint64_t host_us = manager_us(run);
    uint64_t tick_us = is_transferring(run) ? run->tick_us : SIM_NEVER;
    uint64_t now_us = run->link.now_us;

    if (link_us == SIM_NEVER && host_us == SIM_NEVER && tick_us == SIM_NEVER &&
        run->reset_us == SIM_NEVER) {
        return false;
    }
    if (link_us <= host_us && link_us <= tick_us && link_us <= run->reset_us) {
        sim_link_advance(&run->link);
        if (run->dying) {
            replace_manager(run);
        }
    } else if (run->reset_us <= host_us && run->reset_us <= tick_us) {
        run->link.now_us = later(now_us, run->reset_us);
        reset_device(run);
    } else if (tick_us <= host_us) {
        run->link.now_us = later(now_us, tick_us);
        run->tick_us = run->link.now_us + TICK_US;
        sim_link_tick(&run->link);
    } else {
        run->link.now_us = later(now_us, host_us);
        otam_tick(&run->manager, now_ms(run));
    }
    if (run->device->flash.powerless) {
        lose_power(run);
        start_device(run);
    }
    return true;
}

/* Whether another reset changes nothing. */
static bool is_settled(struct sim_run *run)
{
    struct otas_status status = {OTAS_NOTHING, 0, 0, 0};

    return !run->device->running ||
           (run->device->report.state != OTAB_TRIAL &&
            vdev_status(run->device, &status) == OTAV_OK && status.event != OTAS_STAGED);
}

static void run_on(struct sim_run *run)
{
    unsigned resets = 0;

    while (step(run) || (!is_settled(run) && resets < BOOT_MAX)) {
        if (run->reset_us == SIM_NEVER && otam_finished(&run->manager) &&
            run->link.state == SIM_LINK_DOWN) {
            if (is_settled(run)) {
                break;
            }
            resets++;
            run->reset_us = run->link.now_us;
            run->reset_why = "is switched off and on";
        }
    }
}

/* ---- the end ---------------------------------------------------------------------------------- */

static enum sim_end find_end(const struct sim_run *run)
{
    if (!run->device->running) {
        return SIM_END_DEAD;
    }
    if (sim_check_is_new(run->check)) {
        return SIM_END_NEW;
    }
    /* Also one whose power went before it could say a word. */
    if (run->check->trials > 0 || run->result.code == OTAB_ERR_NOT_CONFIRMED) {
        return SIM_END_REVERTED;
    }
    return run->refused || run->result.code == OTAB_ERR_VECTORS ? SIM_END_REFUSED : SIM_END_OLD;
}

/* Also a link on which a group takes longer than the service waits. */
static bool link_was_to_blame(const struct sim_result *result)
{
    return result->manager == OTAM_ERR_CONNECT || result->manager == OTAM_ERR_LINK_LOST ||
           result->manager == OTAM_ERR_TIMEOUT || result->code == OTAS_ERR_TIMEOUT;
}

/* Whether an update that the device accepts came as far as the faults allowed. */
static bool came_to_its_end(const struct sim_run *run)
{
    const struct sim_result *result = &run->result;
    bool no_confirm = run->setup->app != SIM_APP_CONFIRMS;

    switch (result->end) {
    case SIM_END_NEW:
        return !no_confirm;
    case SIM_END_REVERTED:
        return no_confirm || result->power_cuts > 0;
    case SIM_END_OLD:
        return link_was_to_blame(result);
    case SIM_END_REFUSED:
    case SIM_END_DEAD:
        break;
    }
    return false;
}

static void finish(struct sim_run *run)
{
    struct sim_result *result = &run->result;

    result->end = find_end(run);
    if (result->end == SIM_END_NEW) {
        result->code = 0;
    }
    result->manager = otam_result(&run->manager);
    result->attempts = run->dead_attempts + otam_progress(&run->manager)->attempt;
    result->fragments = run->link.data_count;
    result->flash_ops = run->device->flash.op_count - run->first_op;
    result->packets = run->link.packet_count;
    result->lost = run->link.lost_count;
    result->total_us = run->link.now_us;
    result->device_version = run->device->report.version;
    sim_check_end(run->check, result->attempts, result->power_cuts, result->end == SIM_END_REVERTED,
                  came_to_its_end(run));
}

static void arm_power_cut(struct sim_run *run)
{
    struct nvm_sim *flash = &run->device->flash;

    run->first_op = flash->op_count;
    if (run->setup->power_at != 0) {
        flash->cut_at = flash->op_count + run->setup->power_at;
        flash->cut = run->setup->power_how;
    }
}

static void configure_manager(struct sim_run *run)
{
    otam_config_init(&run->config);
    run->config.transport = &sim_link_transport;
    run->config.transport_ctx = &run->link;
    run->config.host = &host;
    run->config.host_ctx = run;
    run->config.file_len = run->setup->file_len;
}

enum otam_err sim_run(struct sim_run *run, const struct sim_setup *setup, struct vdev *device,
                      struct sim_check *check, struct sim_result *ret)
{
    const struct sim_link_config link = {.link = setup->link,
                                         .flash = setup->flash,
                                         .loss_ppm = setup->loss_ppm,
                                         .seed = setup->seed,
                                         .device = device,
                                         .user = run,
                                         .deliver = deliver,
                                         .breaks = breaks};
    enum otam_err err;

    memset(run, 0, sizeof *run);
    run->setup = setup;
    run->device = device;
    run->check = check;
    run->reset_us = SIM_NEVER;
    run->first_us = SIM_NEVER;
    sim_link_init(&run->link, &link);
    sim_check_begin(check, device, &setup->expect);
    arm_power_cut(run);
    start_device(run);
    configure_manager(run);
    err = otam_start(&run->manager, &run->config, now_ms(run));
    if (err != OTAM_OK) {
        return err;
    }
    run_on(run);
    finish(run);
    *ret = run->result;
    return OTAM_OK;
}
