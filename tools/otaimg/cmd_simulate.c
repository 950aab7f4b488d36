/*
 * otaimg simulate: the whole update of a virtual device: transfer, install, trial, confirm or revert.
 *
 * Layer: commands; what happens is in sim_run.h and sim_faults.h. Invariant: the device's own code
 * decides; this file prepares the device and says what came out.
 */
#include "commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <boot_image.h>
#include <otas_boot.h>
#include <otav/otav_openssl.h>

#include "device_file.h"
#include "diag.h"
#include "file_check.h"
#include "file_verdict.h"
#include "ota_file.h"
#include "sim_code.h"
#include "sim_listen.h"
#include "sim_report.h"
#include "util.h"

static const struct option_spec options[] = {
    {"device", 'd', "DEVICE.yaml", "the device: its keys, policy, state", false},
    {"installed", 0, "FILE", "image that it runs; default: a placeholder of its version", false},
    {"mtu", 0, "N", "ATT MTU, 23..517 (default 247)", false},
    {"phy", 0, "PHY", "radio: 1m, 2m, coded-s2 or coded-s8 (default 1m)", false},
    {"interval", 0, "MS", "connection interval, 7.5..4000 (default 15)", false},
    {"dle", 0, "N", "longest payload of a packet, 27..251 (default 251)", false},
    {"loss", 0, "PERCENT", "packets that are lost, 0..90 (default 0)", false},
    {"cut", 0, "BYTE", "cut the link there, once; or group:N: when N groups are in flash", true},
    {"seed", 0, "N", "of what is lost and of torn flash (default 1)", false},
    {"self-test", 0, "HOW", "of the new image: passes, hangs or silent (default passes)", false},
    {"stock-service", 0, NULL, "the device cannot resume a transfer", false},
    {"faults", 0, "all", "also with a cut at every point of link and power", false},
    {"thin", 0, "N", "with --faults: every Nth point only (default 1)", false},
    {"json", 0, NULL, "print JSON (schemas/simulate.schema.json)", false},
    {"listen", 0, "SOCKET", "be a device for 'send --unix SOCKET' until it is told to reset",
     false},
    KEY_OPTION_SPECS,
    {NULL, 0, NULL, NULL, false}};

enum {
    MTU_MIN = 23,
    MTU_MAX = 517,
    DLE_MIN = 27,
    DLE_MAX = 251,
    INTERVAL_UNIT_US = 1250,
    INTERVAL_MIN_US = 7500,
    INTERVAL_MAX_US = 4000000,
    LOSS_MAX_MILLI = 90000,
    MILLI_TO_PPM = 10
};

struct simulate {
    const struct args *args;
    struct key_options keys;
    struct ota_file file;
    struct device_file device_file;
    struct vdev_options device_options; /* here and not on the stack: it holds the AES key */
    struct vdev device;
    struct sim_run run;
    struct sim_check check;
    struct sim_setup setup;
    struct sim_result result;
    struct sim_faults faults;
    unsigned thin;
    bool with_faults;
    uint32_t installed_version;
    uint8_t old_bytes[OTAV_SLOT_LEN];
    uint32_t old_len;
    uint8_t new_bytes[OTAV_SLOT_LEN];
    uint32_t new_len;
    struct sim_step *steps;
    unsigned step_count;
};

/* ---- options ---------------------------------------------------------------------------------- */

static enum ox read_number(const struct args *args, const char *option, uint64_t min, uint64_t max,
                           uint64_t *ret)
{
    const char *text = args_value(args, option);

    if (text != NULL && (!parse_u64(text, max, ret) || *ret < min)) {
        return diag_fail(OX_USAGE, "'--%s' is '%s', expected %llu..%llu", option, text,
                         (unsigned long long)min, (unsigned long long)max);
    }
    return OX_OK;
}

/* "7.5" as 7500: up to three digits behind the point. */
static bool parse_milli(const char *text, uint32_t max, uint32_t *ret)
{
    char whole[12];
    size_t len = strcspn(text, ".");
    uint64_t value;
    uint32_t milli = 0;
    uint32_t weight = 100;

    if (len >= sizeof whole) {
        return false;
    }
    memcpy(whole, text, len);
    whole[len] = '\0';
    if (!parse_u64(whole, max / 1000, &value) || strcmp(text + len, ".") == 0) {
        return false;
    }
    for (const char *p = text + len + (text[len] == '.'); *p != '\0'; p++, weight /= 10) {
        if (*p < '0' || *p > '9' || weight == 0) {
            return false;
        }
        milli += (uint32_t)(*p - '0') * weight;
    }
    milli += (uint32_t)value * 1000;
    if (milli > max) {
        return false;
    }
    *ret = milli;
    return true;
}

static enum ox read_word(const struct args *args, const char *option, const char *const *words,
                         const char *expected, unsigned *ret)
{
    const char *text = args_value(args, option);

    for (unsigned i = 0; text != NULL && words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = i;
            return OX_OK;
        }
    }
    return text == NULL
               ? OX_OK
               : diag_fail(OX_USAGE, "'--%s' is '%s', expected %s", option, text, expected);
}

static enum ox read_interval(const struct args *args, uint32_t *ret_us)
{
    const char *text = args_value(args, "interval");

    if (text != NULL && (!parse_milli(text, INTERVAL_MAX_US, ret_us) || *ret_us < INTERVAL_MIN_US ||
                         *ret_us % INTERVAL_UNIT_US != 0)) {
        return diag_fail(OX_USAGE,
                         "'--interval' is '%s', expected 7.5..4000 in milliseconds, a multiple of "
                         "1.25",
                         text);
    }
    return OX_OK;
}

static enum ox read_loss(const struct args *args, uint32_t *ret_ppm)
{
    const char *text = args_value(args, "loss");
    uint32_t milli = 0;

    if (text != NULL && !parse_milli(text, LOSS_MAX_MILLI, &milli)) {
        return diag_fail(OX_USAGE, "'--loss' is '%s', expected 0..90 in percent", text);
    }
    *ret_ppm = milli * MILLI_TO_PPM;
    return OX_OK;
}

static enum ox read_link(const struct args *args, struct sim_setup *setup)
{
    struct link *link = &setup->link;
    uint64_t mtu = 247;
    uint64_t dle = DLE_MAX;
    unsigned phy = LINK_1M;
    enum ox ox;

    link->interval_us = 15000;
    if ((ox = read_number(args, "mtu", MTU_MIN, MTU_MAX, &mtu)) != OX_OK ||
        (ox = read_number(args, "dle", DLE_MIN, DLE_MAX, &dle)) != OX_OK ||
        (ox = read_word(args, "phy", sim_phy_words, "1m, 2m, coded-s2 or coded-s8", &phy)) !=
            OX_OK ||
        (ox = read_interval(args, &link->interval_us)) != OX_OK ||
        (ox = read_loss(args, &setup->loss_ppm)) != OX_OK) {
        return ox;
    }
    link->phy = (enum link_phy)phy;
    link->encrypted = true;
    link->att_mtu = (uint16_t)mtu;
    link->ll_len = (uint16_t)dle;
    if (link_packets_per_event(link) == 0) {
        return diag_fail(OX_USAGE,
                         "no packet of this link fits an interval, expected a longer '--interval' "
                         "or a shorter '--dle'");
    }
    return OX_OK;
}

static enum ox read_cuts(const struct args *args, struct sim_setup *setup)
{
    static const char group[] = "group:";
    const char *const *texts = NULL;
    unsigned count = args_values(args, "cut", &texts);

    if (count > SIM_CUT_MAX) {
        return diag_fail(OX_USAGE, "%u times '--cut', expected at most %d", count, SIM_CUT_MAX);
    }
    for (unsigned i = 0; i < count; i++) {
        bool is_group = strncmp(texts[i], group, sizeof group - 1) == 0;
        uint64_t value = 0;

        if (!parse_u64(texts[i] + (is_group ? sizeof group - 1 : 0), OTAM_IMAGE_MAX_LEN, &value) ||
            value == 0) {
            return diag_fail(OX_USAGE, "'--cut' is '%s', expected 1..%u or group:N", texts[i],
                             OTAM_IMAGE_MAX_LEN);
        }
        setup->cuts[i] = (struct sim_cut){is_group ? SIM_CUT_GROUP : SIM_CUT_BYTE, (uint32_t)value};
    }
    setup->cut_count = count;
    return OX_OK;
}

static enum ox read_faults(const struct args *args, struct simulate *s)
{
    const char *faults = args_value(args, "faults");
    uint64_t thin = 1;

    if (faults != NULL && strcmp(faults, "all") != 0) {
        return diag_fail(OX_USAGE, "'--faults' is '%s', expected all", faults);
    }
    if (faults == NULL && args_has(args, "thin")) {
        return diag_fail(OX_USAGE, "'--thin' goes with --faults");
    }
    if (faults != NULL && args_has(args, "cut")) {
        return diag_fail(OX_USAGE, "'--cut' and '--faults' exclude each other");
    }
    s->with_faults = faults != NULL;
    if (read_number(args, "thin", 1, UINT32_MAX / 2, &thin) != OX_OK) {
        return OX_USAGE;
    }
    s->thin = (unsigned)thin;
    return OX_OK;
}

static enum ox read_options(struct simulate *s)
{
    const struct args *args = s->args;
    unsigned app = SIM_APP_CONFIRMS;
    uint64_t seed = 1;
    enum ox ox;

    if (!args_has(args, "device")) {
        return diag_fail(OX_USAGE, "no device given, expected --device DEVICE.yaml");
    }
    if ((ox = args_key_options(args, &s->keys)) != OX_OK ||
        (ox = read_link(args, &s->setup)) != OX_OK || (ox = read_cuts(args, &s->setup)) != OX_OK ||
        (ox = read_word(args, "self-test", sim_app_words, "passes, hangs or silent", &app)) !=
            OX_OK ||
        (ox = read_number(args, "seed", 0, UINT32_MAX, &seed)) != OX_OK) {
        return ox;
    }
    s->setup.app = (enum sim_app)app;
    s->setup.seed = seed;
    s->setup.flash = link_flash_wbz451;
    return read_faults(args, s);
}

/* ---- the device ------------------------------------------------------------------------------- */

/* The device holds its key itself, so a token cannot stand in for it. */
static enum ox load_decrypt_key(struct simulate *s)
{
    struct device_file *d = &s->device_file;
    enum ox ox;

    if (!s->file.file.encrypted) {
        return OX_OK;
    }
    if (d->decrypt_key_uri == NULL) {
        return diag_fail(OX_DECRYPT, "%s: encrypted, and %s names no decryption key (%s)",
                         s->file.source.path, d->path, otav_err_name(OTAV_ERR_NO_DECRYPT_KEY));
    }
    memcpy(s->file.iv, d->config.decrypt_iv, sizeof s->file.iv);
    ox = cipher_open(d->decrypt_key_uri, &s->keys, &s->file.cipher);
    if (ox == OX_OK && !cipher_key_bytes(s->file.cipher, d->config.decrypt_key)) {
        ox = diag_fail(OX_KEY,
                       "%s: the decryption key is in a token, expected one in a file: the "
                       "simulated device needs it",
                       d->path);
    }
    d->config.has_decrypt_key = ox == OX_OK;
    return ox;
}

static enum ox install_file(struct simulate *s, const char *path)
{
    const struct file_question question = {&s->device_file.config, OTAV_BOOT,
                                           s->device_file.inflates};
    struct ota_file file;
    enum ox ox = ota_file_open_whole(path, &file);

    if (ox != OX_OK) {
        return ox;
    }
    if (file.err == OTAV_OK && file.file.encrypted && s->file.cipher != NULL) {
        memcpy(file.iv, s->device_file.config.decrypt_iv, sizeof file.iv);
        file.cipher = cipher_clone(s->file.cipher);
    }
    ox = check_file(&file, &question, NULL);
    if (ox == OX_OK) {
        ox = ota_file_image(&file, s->old_bytes, &s->old_len);
    }
    ota_file_close(&file);
    if (ox == OX_OK) {
        vdev_install(&s->device, s->old_bytes, s->old_len);
    }
    return ox;
}

static enum ox install_placeholder(struct simulate *s)
{
    if (!vdev_install_placeholder(&s->device)) {
        return diag_fail(OX_INTERNAL, "cannot make a placeholder");
    }
    s->old_len = PLACEHOLDER_LEN;
    memcpy(s->old_bytes, s->device.flash.bytes[nvm_page(OTAV_SLOT0_ADDRESS)], PLACEHOLDER_LEN);
    return OX_OK;
}

/* A device that runs its image and was switched off again. */
static enum ox make_device(struct simulate *s, const struct vdev_host *host)
{
    const char *path = args_value(s->args, "installed");
    struct vdev_options *to = &s->device_options;
    enum ox ox;

    memcpy(&to->config, &s->device_file.config, sizeof to->config);
    to->crypto = &otav_crypto_openssl;
    to->resume = !args_has(s->args, "stock-service");
    to->inflates = s->device_file.inflates;
    to->battery = 100;
    to->seed = s->setup.seed;
    vdev_init(&s->device, to, host);
    ox = path != NULL ? install_file(s, path) : install_placeholder(s);
    if (ox == OX_OK && !vdev_boot(&s->device)) {
        ox = diag_fail(OX_POLICY, "%s: the device does not run its image: %s",
                       path != NULL ? path : s->device_file.path,
                       sim_code_text(s->device.report.error));
    }
    s->installed_version = s->device.report.version;
    return ox;
}

/* ---- the update ------------------------------------------------------------------------------- */

static void keep_step(void *user, const struct sim_step *step)
{
    struct simulate *s = user;

    if ((s->step_count & (s->step_count + 1)) == 0) {
        s->steps = xrealloc(s->steps, (size_t)2 * (s->step_count + 1) * sizeof *s->steps);
    }
    s->steps[s->step_count++] = *step;
}

static enum ox keep_sent(void *user, uint32_t offset, const uint8_t *bytes, size_t len)
{
    struct simulate *s = user;
    size_t room = sizeof s->new_bytes - s->new_len;
    size_t part = len < room ? len : room;

    (void)offset;
    memcpy(s->new_bytes + s->new_len, bytes, part);
    s->new_len += (uint32_t)part;
    return OX_OK;
}

/* The image that the device may run. Of a file that it refuses there may be none: then what is sent,
 * decrypted, which must show up nowhere either. */
static enum ox load_image(struct simulate *s, bool acceptable)
{
    s->new_len = 0;
    return acceptable ? ota_file_image(&s->file, s->new_bytes, &s->new_len)
                      : ota_file_for_each(&s->file, keep_sent, s);
}

/* Of what the verifier accepts: the bootloader also looks at the vectors. */
static bool starts(const struct simulate *s)
{
    return s->new_len >= OTAV_META_LEN + OTAB_VECTORS_LEN &&
           otab_vectors_fit(s->new_bytes + OTAV_META_LEN, s->new_len - OTAV_META_LEN);
}

/* What the device may do with the file, so that its simulation can be held against it. */
static enum ox expect(struct simulate *s)
{
    struct sim_setup *setup = &s->setup;
    const struct file_question question = {&s->device.device, OTAV_INSTALL,
                                           s->device_file.inflates};
    struct file_verdict verdict;
    enum ox ox = file_verdict_openssl(&s->file, &question, &verdict);

    if (ox == OX_OK) {
        ox = load_image(s, verdict.accepted);
    }
    if (ox != OX_OK) {
        return ox;
    }
    setup->file = s->file.source.bytes;
    setup->file_len = s->file.source.len;
    setup->expect = (struct sim_expect){.old_image = {s->old_bytes, s->old_len},
                                        .new_image = {s->new_bytes, s->new_len},
                                        .acceptable = verdict.accepted,
                                        .unfit = verdict.accepted && !starts(s),
                                        .encrypted = s->file.file.encrypted};
    return OX_OK;
}

static void show_progress(unsigned count, unsigned total)
{
    diag_progress_count("simulating", count, total);
}

/* The run that is shown leaves the flash as it found it when faults follow. */
static enum ox simulate(struct simulate *s)
{
    struct nvm_sim *start = xmalloc(sizeof *start);
    enum otam_err err;

    *start = s->device.flash;
    s->setup.user = s;
    s->setup.step = keep_step;
    err = sim_run(&s->run, &s->setup, &s->device, &s->check, &s->result);
    s->setup.step = NULL;
    if (err == OTAM_OK && s->with_faults) {
        nvm_restore(&s->device.flash, start);
        err = sim_faults_run(&s->run, &s->setup, &s->device, &s->check, s->thin, show_progress,
                             &s->faults);
    }
    wipe_free(start, sizeof *start);
    return err == OTAM_OK
               ? OX_OK
               : diag_fail(OX_MALFORMED, "%s: %s", s->file.source.path, otam_err_text(err));
}

static enum ox print(const struct simulate *s)
{
    const struct sim_report report = {.path = s->file.source.path,
                                      .device_path = s->device_file.path,
                                      .installed_path = args_value(s->args, "installed"),
                                      .image_len = s->file.file.payload_len,
                                      .uncompressed_len =
                                          ota_file_uncompressed_len(&s->file, s->new_bytes),
                                      .installed_version = s->installed_version,
                                      .counter_floor = s->device_file.config.counter_floor,
                                      .resume = !args_has(s->args, "stock-service"),
                                      .setup = &s->setup,
                                      .result = &s->result,
                                      .check = &s->check,
                                      .steps = s->steps,
                                      .step_count = s->step_count,
                                      .faults = s->with_faults ? &s->faults : NULL,
                                      .thin = s->thin};

    if (args_has(s->args, "json")) {
        return sim_report_print_json(&report);
    }
    sim_report_print(&report);
    return OX_OK;
}

static enum ox tell_violation(const struct simulate *s)
{
    char *where = s->with_faults && s->faults.violated ? sim_violation_text(&s->faults)
                                                       : xstrdup("without a fault");
    enum ox ox = diag_fail(OX_DIFFERENT, "%s: an invariant does not hold, first %s",
                           s->file.source.path, where);

    free(where);
    return ox;
}

/* The exit code: as `verify` for what the device refuses. */
static enum ox judge(const struct simulate *s, const struct otav_config *state)
{
    const struct file_question question = {state, OTAV_INSTALL, s->device_file.inflates};
    const char *path = s->file.source.path;
    enum ox ox = OX_OK;

    if (sim_check_violations(&s->check) > 0) {
        return tell_violation(s);
    }
    switch (s->result.end) {
    case SIM_END_NEW:
        return OX_OK;
    case SIM_END_REFUSED:
        ox = check_file(&s->file, &question, NULL);
        return ox != OX_OK
                   ? ox
                   : diag_fail(OX_POLICY, "%s: refused: %s", path, sim_code_text(s->result.code));
    case SIM_END_OLD:
        return diag_fail(OX_DIFFERENT, "%s: %s: %s", path, sim_end_text(s->result.end),
                         otam_err_text(s->result.manager));
    case SIM_END_REVERTED:
    case SIM_END_DEAD:
        break;
    }
    return diag_fail(OX_DIFFERENT, "%s: %s", path, sim_end_text(s->result.end));
}

/* ---- a device process ------------------------------------------------------------------------- */

/* What has no meaning there; a link of the system has no losses, and nothing is printed at the end. */
static enum ox check_listen_options(const struct args *args)
{
    static const char *const others[] = {"phy",    "interval", "loss", "cut",
                                         "faults", "thin",     "json"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (args_has(args, others[i])) {
            return diag_fail(OX_USAGE, "'--%s' and '--listen' exclude each other", others[i]);
        }
    }
    return OX_OK;
}

/* The reset that the manager asked for, and what the new application does; then another one. */
static enum ox finish_update(struct simulate *s)
{
    struct otas_status status;
    bool runs = vdev_boot(&s->device);

    if (runs && s->setup.app == SIM_APP_CONFIRMS) {
        (void)vdev_confirm(&s->device);
    }
    runs = runs && vdev_boot(&s->device);
    otas_boot_report(&s->device.report, &status);
    if (runs && status.event == OTAS_COMPLETED) {
        puts("installed and confirmed");
        return OX_OK;
    }
    return diag_fail(OX_DIFFERENT, "the new image is not confirmed: %s",
                     sim_code_text(s->device.report.error));
}

static enum ox serve(struct simulate *s, struct sim_listen *listen)
{
    const char *path = args_value(s->args, "listen");
    int fd = -1;
    enum ox ox = att_listen(path, &fd);

    if (ox != OX_OK) {
        return ox;
    }
    put_printable(stdout, path);
    puts(": listening");
    (void)fflush(stdout);
    ox = sim_listen_serve(listen, fd);
    (void)close(fd);
    (void)unlink(path);
    return ox == OX_OK ? finish_update(s) : ox;
}

static enum ox run_listening(struct simulate *s)
{
    struct sim_listen listen = {.device = &s->device, .att_mtu = s->setup.link.att_mtu};
    const struct vdev_host host = sim_listen_host(&listen);
    enum ox ox = check_listen_options(s->args);

    if (ox != OX_OK || (ox = device_file_load(args_value(s->args, "device"), &s->keys,
                                              &s->device_file)) != OX_OK) {
        return ox;
    }
    /* Whatever will come: a device that has a key is ready for encrypted files. */
    s->file.file.encrypted = s->device_file.decrypt_key_uri != NULL;
    if ((ox = load_decrypt_key(s)) == OX_OK && (ox = make_device(s, &host)) == OX_OK) {
        ox = serve(s, &listen);
    }
    cipher_close(s->file.cipher);
    device_file_free(&s->device_file);
    return ox;
}

/* ---- command ---------------------------------------------------------------------------------- */

static enum ox run_opened(struct simulate *s)
{
    const struct vdev_host host = sim_run_host(&s->run);
    struct otav_config state;
    enum ox ox;

    if ((ox = ota_file_require_transfer(&s->file)) != OX_OK ||
        (ox = device_file_load(args_value(s->args, "device"), &s->keys, &s->device_file)) !=
            OX_OK) {
        return ox;
    }
    if ((ox = load_decrypt_key(s)) == OX_OK && (ox = make_device(s, &host)) == OX_OK &&
        (ox = expect(s)) == OX_OK) {
        state = s->device.device;
        ox = simulate(s);
        if (ox == OX_OK) {
            ox = print(s);
        }
        if (ox == OX_OK) {
            ox = judge(s, &state);
        }
        wipe(&state, sizeof state);
    }
    device_file_free(&s->device_file);
    return ox;
}

static enum ox run(const struct args *args)
{
    bool listens = args_has(args, "listen");
    struct simulate *s;
    enum ox ox;

    if (listens != (args_operand_count(args) == 0)) {
        return diag_fail(OX_USAGE, "expected either FILE or --listen SOCKET");
    }
    s = xcalloc(1, sizeof *s);
    s->args = args;
    ox = read_options(s);
    if (ox == OX_OK && listens) {
        ox = run_listening(s);
    } else if (ox == OX_OK) {
        ox = ota_file_open_whole(args_operand(args, 0), &s->file);
        if (ox == OX_OK) {
            ox = run_opened(s);
            ota_file_close(&s->file);
        }
    }
    vdev_close(&s->device);
    free(s->steps);
    wipe_free(s, sizeof *s);
    return ox;
}

const struct command command_simulate = {
    "simulate",
    "FILE | --listen SOCKET --device DEVICE.yaml [options]",
    "would this update reach this device and run there, whatever happens on the way?",
    "Runs the update without a radio: manager, link, OTA service, bootloader and application in "
    "one\n"
    "process, on a virtual clock. Prints each step with its time, what limits the transfer, how "
    "it\n"
    "ends, and the invariants that were checked. The same seed gives the same run.",
    options,
    0,
    1,
    run};
