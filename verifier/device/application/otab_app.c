/*
 * The application's side of the bootloader.
 *
 * Layer: above the bootloader's logs, mailbox, images and entries of the boot record, whose readers it
 * uses, so that both sides see the same. Invariant: nothing is erased, and of the flash only units of
 * the mailbox are programmed that do not look touched.
 */
#include "otab_app.h"

#include <string.h>

#include "boot_image.h"
#include "boot_state.h"
#include "otab_mail.h"

enum {
    ENTRY_COUNT = OTAV_PAGE_LEN / OTAB_ENTRY_LEN,
    MAIL_UNITS = OTAB_MAIL_LEN / OTAV_UNIT_LEN,
    MAIL_COUNT = OTAV_PAGE_LEN / OTAB_MAIL_LEN,
    LOOK_TIMES = 16
};

void otab_app_init(struct otab_app *app, const struct otab_platform *platform)
{
    memset(app, 0, sizeof *app);
    app->core.platform = platform;
}

/* ---- the boot record -------------------------------------------------------------------------- */

/* A copy whose programming was interrupted may read as whole now and then. */
static enum otav_err read_solid(struct otab_boot *core, uint32_t address, bool *ret_solid)
{
    enum otav_err err = OTAV_OK;

    *ret_solid = true;
    for (unsigned i = 0; err == OTAV_OK && *ret_solid && i < LOOK_TIMES; i++) {
        err = otab_state_read_entry(core, address, ret_solid);
    }
    return err;
}

/* Entries are appended, and of two copies at least one is solid: the last solid copy is of the newest
 * entry. The boot before this application moved it into this page. Without any: IDLE. */
static enum otav_err load_state(struct otab_boot *core)
{
    for (uint32_t i = ENTRY_COUNT; i-- > 0;) {
        bool solid = false;
        enum otav_err err = read_solid(core, OTAB_RECORD_ADDRESS + i * OTAB_ENTRY_LEN, &solid);

        if (err != OTAV_OK || solid) {
            return err;
        }
    }
    memset(&core->state, 0, sizeof core->state);
    core->state.phase = OTAB_IDLE;
    return OTAV_OK;
}

static uint32_t judged_reason(const struct otab_state *state, const uint8_t *id)
{
    for (unsigned i = 0; i < 2; i++) {
        if (memcmp(state->ids.judged[i], id, OTAB_ID_LEN) == 0) {
            return state->reason[i];
        }
    }
    return 0;
}

/* ---- slot 1 ----------------------------------------------------------------------------------- */

/* Whether the image with that id is one the bootloader would look at. */
static bool is_offer(const struct otab_state *state, const uint8_t *id)
{
    return memcmp(id, state->ids.slot0, OTAB_ID_LEN) != 0 &&
           memcmp(id, state->ids.fallback, OTAB_ID_LEN) != 0;
}

/* Of a slot without an image: is anything behind its first unit? */
static enum otav_err is_begun(struct otab_boot *core, bool *ret)
{
    enum otav_err err =
        otab_flash_read(core, OTAV_SLOT1_ADDRESS, core->buffer, sizeof core->buffer);

    *ret = err == OTAV_OK && otab_is_blank(core->buffer, OTAV_UNIT_LEN) &&
           !otab_is_blank(core->buffer, sizeof core->buffer);
    return err;
}

static enum otav_err describe_offer(struct otab_boot *core, struct otab_app_status *status)
{
    struct otab_mail_count requests;
    uint32_t reason = judged_reason(&core->state, status->offered);
    enum otav_err err = otab_mailbox_count(core, OTAB_MAIL_INSTALL, 0, status->offered, &requests);

    if (err != OTAV_OK || reason == 0 || requests.matching > 0) {
        status->state = OTAB_STAGED;
        return err;
    }
    status->state = reason == OTAB_ERR_NOT_CONFIRMED ? OTAB_REJECTED : OTAB_FAILED;
    status->reason = reason;
    return OTAV_OK;
}

static enum otav_err describe_slot1(struct otab_boot *core, struct otab_app_status *status)
{
    uint8_t id[OTAB_ID_LEN];
    bool is_image = false;
    bool begun = false;
    enum otav_err err = otab_image_peek(core, OTAV_SLOT1_ADDRESS, &is_image, id);

    if (err != OTAV_OK) {
        return err;
    }
    if (!is_image) {
        err = is_begun(core, &begun);
        status->state = begun ? OTAB_WRITING : OTAB_READY;
        return err;
    }
    memcpy(status->offered, id, OTAB_ID_LEN);
    if (is_offer(&core->state, id)) {
        return describe_offer(core, status);
    }
    status->state = OTAB_READY;
    return OTAV_OK;
}

/* The last word on a trial is the mailbox's. */
static enum otav_err describe_trial(struct otab_boot *core, struct otab_app_status *status)
{
    struct otab_mail_count confirms;
    enum otav_err err = otab_mailbox_count(core, OTAB_MAIL_CONFIRM, core->state.nonce,
                                           core->state.ids.slot0, &confirms);

    if (err == OTAV_OK) {
        status->state = confirms.matching > 0 ? OTAB_UPDATED : OTAB_TRIAL;
    }
    return err;
}

uint32_t otab_app_status(struct otab_app *app, struct otab_app_status *ret)
{
    struct otab_boot *core = &app->core;
    const struct otab_state *state = &core->state;
    struct otab_app_status status;
    enum otav_err err = load_state(core);

    memset(&status, 0, sizeof status);
    if (err == OTAV_OK) {
        err = describe_slot1(core, &status);
    }
    if (err == OTAV_OK && state->phase == OTAB_ON_TRIAL) {
        err = describe_trial(core, &status);
    }
    if (err != OTAV_OK) {
        return err;
    }
    status.has_version = (state->flags & OTAB_STATE_HAS_VERSION) != 0;
    status.version = state->version;
    status.nonce = state->nonce;
    memcpy(status.running, state->ids.slot0, OTAB_ID_LEN);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(status.judged[i].id, state->ids.judged[i], OTAB_ID_LEN);
        status.judged[i].reason = state->reason[i];
    }
    *ret = status;
    return OTAV_OK;
}

/* ---- the mailbox ------------------------------------------------------------------------------ */

/* As in the bootloader's own logs, the unit behind the last one is left out. */
static uint32_t append(struct otab_boot *core, const uint8_t record[OTAB_MAIL_LEN])
{
    uint32_t end = 0;
    enum otav_err err = otab_log_end(core, OTAB_MAILBOX_ADDRESS, &end);
    uint32_t index = (end + MAIL_UNITS) / MAIL_UNITS;
    uint32_t address = OTAB_MAILBOX_ADDRESS + index * OTAB_MAIL_LEN;

    if (err == OTAV_OK && index >= MAIL_COUNT) {
        return OTAB_APP_ERR_FULL;
    }
    for (uint32_t off = 0; err == OTAV_OK && off < OTAB_MAIL_LEN; off += OTAV_UNIT_LEN) {
        err = otab_flash_program(core, address + off, record + off);
    }
    return err;
}

/* Two records are enough: one that was there may be a torn one that reads as whole just now, one that
 * was written behind it and read back is not. */
static uint32_t ask(struct otab_boot *core, enum otab_mail type, uint32_t nonce,
                    const uint8_t id[OTAB_ID_LEN])
{
    uint8_t record[OTAB_MAIL_LEN];
    struct otab_mail_count count;
    enum otav_err err = otab_mailbox_count(core, type, nonce, id, &count);

    if (err != OTAV_OK || count.matching >= 2) {
        return err;
    }
    otab_mail_encode(type, nonce, id, record);
    return append(core, record);
}

uint32_t otab_app_confirm(struct otab_app *app)
{
    struct otab_boot *core = &app->core;
    enum otav_err err = load_state(core);

    if (err != OTAV_OK) {
        return err;
    }
    if (core->state.sequence == 0 || (core->state.flags & OTAB_STATE_CONFIRMED) != 0) {
        return OTAB_APP_ERR_STATE;
    }
    return ask(core, OTAB_MAIL_CONFIRM, core->state.nonce, core->state.ids.slot0);
}

uint32_t otab_app_install(struct otab_app *app)
{
    struct otab_boot *core = &app->core;
    uint8_t id[OTAB_ID_LEN];
    bool is_image = false;
    enum otav_err err = load_state(core);

    if (err == OTAV_OK) {
        err = otab_image_peek(core, OTAV_SLOT1_ADDRESS, &is_image, id);
    }
    if (err != OTAV_OK) {
        return err;
    }
    if (!is_image || !is_offer(&core->state, id)) {
        return OTAB_APP_ERR_STATE;
    }
    return ask(core, OTAB_MAIL_INSTALL, 0, id);
}

uint32_t otab_app_request_dfu(struct otab_app *app)
{
    static const uint8_t no_id[OTAB_ID_LEN];

    return ask(&app->core, OTAB_MAIL_DFU, 0, no_id);
}

const char *otab_state_name(uint8_t state)
{
    static const char *const names[] = {
        [OTAB_READY] = "READY",       [OTAB_WRITING] = "WRITING", [OTAB_CANDIDATE] = "CANDIDATE",
        [OTAB_STAGED] = "STAGED",     [OTAB_FAILED] = "FAILED",   [OTAB_TRIAL] = "TRIAL",
        [OTAB_REJECTED] = "REJECTED", [OTAB_UPDATED] = "UPDATED"};

    return state < sizeof names / sizeof names[0] ? names[state] : "?";
}
