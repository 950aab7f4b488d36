/*
 * The decision. Layer: top of the core. Invariant: an application is run only by arithmetic on the
 * verdict over slot 0 as it is now; whatever moves pages forgets the verdict first.
 *
 * Two things here go beyond the obvious. What a confirmed image asks of page 4 is done in two entries
 * of the boot record (confirmed; raised), so that a cut between them neither loses a raise nor leaves
 * page 4 in doubt for longer. And making slot 0 anew is recorded before its first erase: a copy that
 * was interrupted may verify once by luck, and counts only when it was done to its end.
 */
#include "boot.h"

#include <string.h>

#include "boot_floor.h"
#include "boot_image.h"
#include "boot_mailbox.h"
#include "boot_swap.h"

/* What the decision leads to; GO_ON: to the next rule. */
enum next { GO_ON, LOOK_AGAIN, RUN, STAY };

enum { ROUND_COUNT = 5 }; /* revert, install, recover, and a look at the result of each */

static enum next stay(struct otab_boot *boot, uint32_t error)
{
    boot->report->error = error;
    if (OTAV_ERR_CLASS(error) == OTAV_CLASS_PORT) {
        boot->report->flags |= OTAB_UNFINISHED;
    }
    return STAY;
}

/* A port failure behind a good slot 0, where nothing gets lost: told, tried again by the next boot. */
static void note_failure(struct otab_boot *boot, enum otav_err err)
{
    if (err != OTAV_OK) {
        boot->report->error = err;
    }
}

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, OTAB_ID_LEN) == 0;
}

static void forget_verdict(struct otab_boot *boot)
{
    boot->verdict[0] = OTAV_REJECT;
    boot->verdict[1] = OTAV_REJECT;
}

static void tell(struct otab_boot *boot, const uint8_t *id, uint32_t error)
{
    memcpy(boot->report->tried, id, OTAB_ID_LEN);
    boot->report->error = error;
}

/* ---- judged images ---------------------------------------------------------------------------- */

enum { JUDGED_COUNT = 2 };

/* Its place in the memory of judged images, JUDGED_COUNT if it is not there. */
static unsigned find_judged(const struct otab_state *state, const uint8_t *id)
{
    unsigned i = 0;

    while (i < JUDGED_COUNT && (state->reason[i] == 0 || !same_id(state->ids.judged[i], id))) {
        i++;
    }
    return i;
}

static void judge(struct otab_boot *boot, const uint8_t *id, uint32_t reason)
{
    struct otab_state *state = &boot->state;
    unsigned i = find_judged(state, id);

    tell(boot, id, reason);
    if (i == JUDGED_COUNT) {
        i = 0;
        memcpy(state->ids.judged[1], state->ids.judged[0], OTAB_ID_LEN);
        state->reason[1] = state->reason[0];
        memcpy(state->ids.judged[0], id, OTAB_ID_LEN);
    }
    state->reason[i] = reason;
}

/* ---- confirmed images ------------------------------------------------------------------------- */

static bool needs_floor(const struct otab_boot *boot, const struct otab_image *image)
{
    return image->counter > boot->config.counter_floor;
}

static bool needs_revocation(const struct otab_boot *boot, const struct otab_image *image)
{
    return (image->revoke & ~boot->revoked) != 0;
}

/* What the image in slot 0 asks of page 4. A port failure is reported, the next boot tries again. */
static enum otav_err raise_floor(struct otab_boot *boot, const struct otab_image *image)
{
    uint32_t result = OTAV_OK;

    if ((boot->state.flags & (OTAB_STATE_CONFIRMED | OTAB_STATE_RAISED)) != OTAB_STATE_CONFIRMED) {
        return OTAV_OK;
    }
    if (needs_floor(boot, image)) {
        result = otab_floor_add(boot, OTAB_FLOOR_RAISE, image->counter);
    }
    if (result == OTAV_OK && needs_revocation(boot, image)) {
        result = otab_floor_add(boot, OTAB_FLOOR_REVOKE, image->revoke);
    }
    if (result != OTAV_OK) {
        tell(boot, image->id, result);
    }
    if (result != OTAV_OK && result != OTAB_ERR_FLOOR_FULL) {
        return OTAV_OK;
    }
    boot->state.flags |= OTAB_STATE_RAISED;
    return otab_state_write(boot);
}

/* Slot 0 holds what shall run from now on. */
static enum otav_err settle(struct otab_boot *boot, const struct otab_image *image, bool confirmed)
{
    struct otab_state *state = &boot->state;
    enum otav_err err;

    state->flags &= OTAB_STATE_HAS_VERSION;
    if (confirmed || image->permanent) {
        if (state->flags == 0 || image->version > state->version) {
            state->version = image->version;
        }
        state->flags = OTAB_STATE_HAS_VERSION | OTAB_STATE_CONFIRMED;
        boot->report->state = OTAB_UPDATED;
        if (!needs_floor(boot, image) && !needs_revocation(boot, image)) {
            state->flags |= OTAB_STATE_RAISED;
        }
    }
    state->phase = OTAB_IDLE;
    memcpy(state->ids.slot0, image->id, OTAB_ID_LEN);
    err = otab_state_write(boot);
    return err == OTAV_OK ? raise_floor(boot, image) : err;
}

/* ---- swaps ------------------------------------------------------------------------------------ */

/* The state behind a swap that was done to its end. */
static enum otav_err end_swap(struct otab_boot *boot)
{
    struct otab_state *state = &boot->state;

    if (state->kind == OTAB_INSTALL) {
        boot->report->flags |= OTAB_DID_INSTALL;
        state->phase = OTAB_ON_TRIAL;
    } else {
        boot->report->flags |= OTAB_DID_REVERT;
        boot->report->state = OTAB_REJECTED;
        state->phase = OTAB_IDLE;
        judge(boot, state->ids.fallback, OTAB_ERR_NOT_CONFIRMED);
        memset(state->ids.fallback, 0, OTAB_ID_LEN);
    }
    return otab_state_write(boot);
}

/* A page of slot 1 cannot be written, and slot 0 was not touched yet: what runs goes on without the
 * image that was to come. */
static enum otav_err give_up_swap(struct otab_boot *boot, enum otav_err reason)
{
    struct otab_state *state = &boot->state;

    boot->report->state = OTAB_FAILED;
    state->phase = OTAB_IDLE;
    judge(boot, state->ids.fallback, reason);
    memset(state->ids.fallback, 0, OTAB_ID_LEN);
    return otab_state_write(boot);
}

/* Slot 1, verified, changes places with slot 0, verified. */
static enum next swap(struct otab_boot *boot, enum otab_kind kind, const struct otab_image *image,
                      const struct otab_image *other)
{
    enum otav_err err;

    forget_verdict(boot);
    memcpy(boot->state.ids.fallback, other->id, OTAB_ID_LEN);
    boot->state.flags &= OTAB_STATE_HAS_VERSION;
    err = otab_swap(boot, kind, image->pages > other->pages ? image->pages : other->pages);
    if (err == OTAV_OK) {
        err = end_swap(boot);
    }
    return err == OTAV_OK ? LOOK_AGAIN : stay(boot, err);
}

/* ---- slot 0 does not verify ------------------------------------------------------------------- */

static enum otav_err copy_pages(struct otab_boot *boot, uint32_t pages)
{
    enum otav_err err = OTAV_OK;

    forget_verdict(boot);
    for (uint32_t i = 0; err == OTAV_OK && i < pages; i++) {
        err = otab_flash_copy(boot, OTAV_SLOT1_ADDRESS + i * OTAV_PAGE_LEN,
                              OTAV_SLOT0_ADDRESS + i * OTAV_PAGE_LEN);
    }
    return err;
}

/* Slot 0 is made anew from slot 1, which holds other. One fault must not be enough to put an older image
 * in the place of a good one: slot 0 is looked at again here, behind a call, where neither the branch
 * that led into recovery nor code that ran past its end can leave that out. */
__attribute__((noinline)) static enum next
replace(struct otab_boot *boot, const struct otab_image *other, enum otav_err reason)
{
    struct otab_state *state = &boot->state;
    struct otab_image image;
    uint32_t verdict[2];
    enum otav_err err = OTAV_OK;

    if (state->phase != OTAB_COPYING) {
        if (otab_image_verify(boot, OTAV_SLOT0_ADDRESS, OTAV_BOOT, &image, verdict) == OTAV_OK) {
            return LOOK_AGAIN;
        }
        tell(boot, state->ids.slot0, reason);
        if (state->phase == OTAB_ON_TRIAL) {
            judge(boot, state->ids.slot0, reason);
        }
        state->phase = OTAB_COPYING;
        err = otab_state_write(boot);
    }
    if (err == OTAV_OK) {
        err = copy_pages(boot, other->pages);
    }
    if (err == OTAV_OK) {
        boot->report->flags |= OTAB_DID_RECOVER;
        err = settle(boot, other, false);
    }
    return err == OTAV_OK ? LOOK_AGAIN : stay(boot, err);
}

/* image is that of slot 0 if reason is OTAV_OK. */
static enum next recover(struct otab_boot *boot, const struct otab_image *image,
                         enum otav_err reason)
{
    struct otab_image other;
    uint32_t verdict[2];
    enum otav_err err = otab_image_verify(boot, OTAV_SLOT1_ADDRESS, OTAV_BOOT, &other, verdict);

    if (err == OTAV_OK) {
        return replace(boot, &other, reason);
    }
    if (reason == OTAV_OK && OTAV_ERR_CLASS(err) != OTAV_CLASS_PORT) {
        err = settle(boot, image, false);
        return err == OTAV_OK ? RUN : stay(boot, err);
    }
    return stay(boot, reason == OTAV_OK ? err : reason);
}

/* ---- on trial --------------------------------------------------------------------------------- */

static enum next revert(struct otab_boot *boot, const struct otab_image *image)
{
    struct otab_image other;
    uint32_t verdict[2];
    enum otav_err err = otab_image_verify(boot, OTAV_SLOT1_ADDRESS, OTAV_BOOT, &other, verdict);

    if (OTAV_ERR_CLASS(err) == OTAV_CLASS_PORT) {
        return stay(boot, err);
    }
    if (err == OTAV_OK && same_id(other.id, boot->state.ids.fallback)) {
        return swap(boot, OTAB_REVERT, image, &other);
    }
    /* There is no way back: better an image that did not confirm than none. */
    tell(boot, image->id, OTAB_ERR_FALLBACK_LOST);
    err = settle(boot, image, false);
    return err == OTAV_OK ? GO_ON : stay(boot, err);
}

/* The application's word, in this mailbox, on the image in slot 0. */
static enum otav_err look_for_confirm(struct otab_boot *boot, bool *ret)
{
    struct otab_mail_count confirms = {0, 0};
    enum otav_err err = otab_mailbox_count(boot, OTAB_MAIL_CONFIRM, boot->state.nonce,
                                           boot->state.ids.slot0, &confirms);

    *ret = err == OTAV_OK && confirms.matching > 0;
    if (*ret) {
        boot->report->flags |= OTAB_DID_CONFIRM;
    }
    return err;
}

static enum next try_out(struct otab_boot *boot, const struct otab_image *image)
{
    struct otab_state *state = &boot->state;
    bool confirmed;
    enum otav_err err;

    if (image->permanent) {
        err = settle(boot, image, true);
        return err == OTAV_OK ? GO_ON : stay(boot, err);
    }
    if (state->boots == 0) {
        boot->report->state = OTAB_TRIAL;
        state->boots = 1;
        err = otab_state_write(boot);
        return err == OTAV_OK ? RUN : stay(boot, err);
    }
    err = look_for_confirm(boot, &confirmed);
    if (err == OTAV_OK && !confirmed) {
        return revert(boot, image);
    }
    if (err == OTAV_OK) {
        err = settle(boot, image, true);
    }
    return err == OTAV_OK ? GO_ON : stay(boot, err);
}

/* ---- what slot 1 offers ----------------------------------------------------------------------- */

/* Broken transfers are removed, so that a service may bring the same image again; what policy refuses
 * stays and is remembered. */
static enum next refuse(struct otab_boot *boot, const uint8_t *id, uint32_t error)
{
    enum otav_err err = OTAV_OK;

    boot->report->state = OTAB_FAILED;
    if (OTAV_ERR_CLASS(error) == OTAV_CLASS_PORT) {
        tell(boot, id, error);
    } else if (OTAV_ERR_CLASS(error) == OTAV_CLASS_FORMAT || error == OTAV_ERR_FIRMWARE_SIGNATURE) {
        tell(boot, id, error);
        err = otab_flash_erase(boot, OTAV_SLOT1_ADDRESS);
    } else {
        judge(boot, id, error);
        err = otab_state_write(boot);
    }
    note_failure(boot, err);
    return GO_ON;
}

static enum next take_offer(struct otab_boot *boot, const struct otab_image *image,
                            const uint8_t *id)
{
    unsigned judged = find_judged(&boot->state, id);
    struct otab_image other;
    uint32_t verdict[2];
    uint32_t needed;
    enum otav_err err;

    boot->config.has_installed = true;
    boot->config.installed_version = boot->state.version;
    err = otab_image_verify(boot, OTAV_SLOT1_ADDRESS, OTAV_INSTALL, &other, verdict);
    if (err != OTAV_OK || verdict[0] != OTAV_ACCEPT) {
        return refuse(boot, id, err);
    }
    /* The verifier asks this only of what is to be installed, and it heard that once. */
    if (other.version <= boot->state.version) {
        return refuse(boot, id, OTAV_ERR_VERSION);
    }
    needed = (needs_floor(boot, &other) ? 1u : 0u) + (needs_revocation(boot, &other) ? 1u : 0u);
    if (boot->floor_next + needed > OTAB_FLOOR_PAIRS) {
        return refuse(boot, id, OTAB_ERR_FLOOR_FULL);
    }
    if (judged < JUDGED_COUNT) {
        boot->state.reason[judged] = 0;
    }
    return swap(boot, OTAB_INSTALL, image, &other);
}

static enum next look_at_slot1(struct otab_boot *boot, const struct otab_image *image)
{
    struct otab_state *state = &boot->state;
    struct otab_mail_count requests;
    uint8_t id[OTAB_ID_LEN];
    bool is_image;
    enum otav_err err = otab_image_peek(boot, OTAV_SLOT1_ADDRESS, &is_image, id);

    if (err == OTAV_OK) {
        err = otab_mailbox_count(boot, OTAB_MAIL_INSTALL, 0, id, &requests);
    }
    if (err != OTAV_OK) {
        return stay(boot, err);
    }
    if (requests.all > 0 && (requests.matching == 0 || !is_image)) {
        tell(boot, id, OTAB_ERR_REQUEST);
    }
    if (!is_image || same_id(id, state->ids.slot0) || same_id(id, state->ids.fallback) ||
        (find_judged(state, id) < JUDGED_COUNT && requests.matching == 0)) {
        return GO_ON;
    }
    return take_offer(boot, image, id);
}

/* Mail was read: none of it counts a second time. Whoever asked for serial DFU gets it now that
 * nothing is open, the mail gone first, so that the next reset runs the application again. A page
 * that cannot be erased any more keeps its mail and nothing from running. */
static enum next clear_mail(struct otab_boot *boot)
{
    static const uint8_t no_id[OTAB_ID_LEN];
    struct otab_state *state = &boot->state;
    struct otab_mail_count requests;
    struct otab_mail_count confirms;
    struct otab_mail_count dfu = {0, 0};
    enum otav_err err = otab_mailbox_count(boot, OTAB_MAIL_INSTALL, 0, state->ids.slot0, &requests);

    if (err == OTAV_OK) {
        err =
            otab_mailbox_count(boot, OTAB_MAIL_CONFIRM, state->nonce, state->ids.slot0, &confirms);
    }
    if (err == OTAV_OK) {
        err = otab_mailbox_count(boot, OTAB_MAIL_DFU, 0, no_id, &dfu);
    }
    if (err == OTAV_OK && requests.all + confirms.all + dfu.all > 0) {
        if (confirms.all != confirms.matching) {
            tell(boot, state->ids.slot0, OTAB_ERR_CONFIRM);
        }
        err = otab_flash_erase(boot, OTAB_MAILBOX_ADDRESS);
    }
    note_failure(boot, err);
    if (err == OTAV_OK && dfu.all > 0) {
        boot->report->flags |= OTAB_ASKED_DFU;
        return STAY;
    }
    return RUN;
}

/* ---- all of it -------------------------------------------------------------------------------- */

/* Of an image that runs without a trial, because its fallback was lost or it was recovered: its word
 * still counts, or it would never raise the floor. */
static enum otav_err confirm_late(struct otab_boot *boot, const struct otab_image *image)
{
    bool confirmed;
    enum otav_err err = look_for_confirm(boot, &confirmed);

    return confirmed ? settle(boot, image, true) : err;
}

static enum next be_idle(struct otab_boot *boot, const struct otab_image *image)
{
    struct otab_state *state = &boot->state;
    enum next next = GO_ON;
    enum otav_err err;

    /* What the factory put there has nothing to fall back to: a trial would tell nobody anything. */
    if (state->sequence == 0) {
        err = settle(boot, image, true);
    } else if (!same_id(state->ids.slot0, image->id)) {
        err = settle(boot, image, false);
    } else if ((state->flags & OTAB_STATE_CONFIRMED) == 0) {
        err = confirm_late(boot, image);
    } else {
        err = raise_floor(boot, image);
    }
    if (err != OTAV_OK) {
        return stay(boot, err);
    }
    if ((state->flags & (OTAB_STATE_CONFIRMED | OTAB_STATE_RAISED)) != OTAB_STATE_CONFIRMED) {
        next = look_at_slot1(boot, image);
    }
    return next == GO_ON ? clear_mail(boot) : next;
}

/* reason: the verifier's word on slot 0. */
static enum next decide(struct otab_boot *boot, const struct otab_image *image,
                        enum otav_err reason)
{
    enum next next = GO_ON;

    if (OTAV_ERR_CLASS(reason) == OTAV_CLASS_PORT) {
        return stay(boot, reason);
    }
    if (reason != OTAV_OK || boot->state.phase == OTAB_COPYING) {
        return recover(boot, image, reason);
    }
    memcpy(boot->report->id, image->id, OTAB_ID_LEN);
    if (boot->state.phase == OTAB_ON_TRIAL) {
        next = try_out(boot, image);
    }
    return next == GO_ON ? be_idle(boot, image) : next;
}

/* What flash says, everything interrupted brought to its end. */
static enum otav_err load(struct otab_boot *boot)
{
    struct otab_state *state = &boot->state;
    bool solid = true;
    enum otav_err err = otab_state_load(boot, &solid);

    if (err == OTAV_OK && state->phase == OTAB_SWAPPING) {
        err = otab_swap_restart(boot);
    } else if (err == OTAV_OK && !solid) {
        boot->report->flags |= OTAB_DID_RESUME;
        err = otab_state_write(boot);
    }
    if (err == OTAV_OK) {
        err = otab_floor_load(boot, (state->flags & (OTAB_STATE_CONFIRMED | OTAB_STATE_RAISED)) ==
                                        OTAB_STATE_CONFIRMED);
    }
    if (err == OTAV_OK && state->phase == OTAB_SWAPPING) {
        boot->report->flags |= OTAB_DID_RESUME;
        err = otab_swap_resume(boot);
        if (err == OTAV_OK) {
            err = end_swap(boot);
        } else if (OTAV_ERR_CLASS(err) == OTAV_CLASS_PORT && boot->journal_step <= state->pages) {
            err = give_up_swap(boot, err);
        }
    }
    return err;
}

static void begin(struct otab_boot *boot, const struct otab_platform *platform,
                  const struct otav_config *factory, struct otab_report *report)
{
    memset(boot, 0, sizeof *boot);
    memset(report, 0, sizeof *report);
    boot->platform = platform;
    boot->report = report;
    boot->config = *factory;
    boot->config.has_decrypt_key = false; /* slots hold plaintext */
    memset(boot->config.decrypt_key, 0, sizeof boot->config.decrypt_key);
    memset(boot->config.decrypt_iv, 0, sizeof boot->config.decrypt_iv);
    boot->config.counter_floor = UINT32_MAX; /* nothing passes before page 4 was read */
    forget_verdict(boot);
}

static void end(struct otab_boot *boot, uint32_t action)
{
    struct otab_report *report = boot->report;

    report->action = action;
    report->nonce = boot->state.nonce;
    report->version = boot->state.version;
    report->floor = boot->config.counter_floor;
}

/* OTAB_RUN_APPLICATION if both words are OTAV_ACCEPT. */
static uint32_t action_of(const volatile uint32_t verdict[2])
{
    uint32_t word = verdict[0] + (verdict[1] ^ OTAV_ACCEPT);

    return word ^ (OTAV_ACCEPT ^ OTAB_RUN_APPLICATION);
}

uint32_t otab_boot(struct otab_boot *boot, const struct otab_platform *platform,
                   const struct otav_config *factory, struct otab_report *ret_report)
{
    uint32_t action = OTAB_SERIAL_DFU;
    enum next next = LOOK_AGAIN;
    enum otav_err err;

    begin(boot, platform, factory, ret_report);
    err = load(boot);
    if (err != OTAV_OK) {
        next = stay(boot, err);
        boot->report->flags |= OTAB_UNFINISHED;
    }
    for (unsigned round = 0; next == LOOK_AGAIN && round < ROUND_COUNT; round++) {
        struct otab_image image;

        err = otab_image_verify(boot, OTAV_SLOT0_ADDRESS, OTAV_BOOT, &image, boot->verdict);
        next = decide(boot, &image, err);
    }
    if (next == RUN && action_of(boot->verdict) == OTAB_RUN_APPLICATION) {
        action = action_of(boot->verdict);
    }
    end(boot, action);
    return action;
}
