/*
 * The invariants of an update.
 * Layer: above the virtual device, below sim_run. Invariant: looks at flash and reports only, never at
 * what the device's code remembers.
 */
#include "sim_check.h"

#include <string.h>

#include <boot_layout.h>
#include <sim_floor.h>

enum {
    ERASE_SWAP = 3,       /* of a page in one swap */
    ERASE_CONNECTION = 2, /* at its begin, and to leave no first unit at its end */
    ERASE_POWER_CUT = 4
};

#define SIM_X_NUMBER(name, number, text) number,
#define SIM_X_TEXT(name, number, text)   text,

const char *sim_invariant_number(enum sim_invariant invariant)
{
    static const char *const numbers[] = {SIM_INVARIANTS(SIM_X_NUMBER)};

    return numbers[invariant];
}

const char *sim_invariant_text(enum sim_invariant invariant)
{
    static const char *const texts[] = {SIM_INVARIANTS(SIM_X_TEXT)};

    return texts[invariant];
}

uint64_t sim_check_violations(const struct sim_check *check)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < SIM_INVARIANT_COUNT; i++) {
        sum += check->count[i].violations;
    }
    return sum;
}

static void hold(struct sim_check *check, enum sim_invariant invariant, bool ok)
{
    check->count[invariant].checks++;
    check->count[invariant].violations += !ok;
    check->violated |= !ok;
}

static bool holds(const struct sim_check *check, uint32_t slot, const struct sim_image *image)
{
    return vdev_holds(check->device, slot, image->bytes, image->len);
}

static bool same_bytes(const struct sim_image *a, const struct sim_image *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool sim_check_is_new(const struct sim_check *check)
{
    const struct sim_expect *expect = &check->expect;

    return holds(check, OTAV_SLOT0_ADDRESS, &expect->new_image) &&
           !same_bytes(&expect->new_image, &expect->old_image);
}

/* ---- plaintext -------------------------------------------------------------------------------- */

static uint32_t hash_unit(const uint8_t unit[OTAV_UNIT_LEN])
{
    uint32_t hash = 0;

    for (unsigned i = 0; i < OTAV_UNIT_LEN; i++) {
        hash = hash * 16777619u ^ unit[i];
    }
    return (hash ^ hash >> 16) % (SIM_UNITS_SEEN_LEN * 8);
}

/* Units of one byte repeated say nothing. */
static bool is_telling(const uint8_t unit[OTAV_UNIT_LEN])
{
    return memcmp(unit, unit + 1, OTAV_UNIT_LEN - 1) != 0;
}

static void hash_units(struct sim_check *check)
{
    const struct sim_image *image = &check->expect.new_image;

    memset(check->unit_seen, 0, sizeof check->unit_seen);
    for (uint32_t off = OTAV_META_LEN; off + OTAV_UNIT_LEN <= image->len; off += OTAV_UNIT_LEN) {
        if (is_telling(image->bytes + off)) {
            uint32_t bit = hash_unit(image->bytes + off);

            check->unit_seen[bit / 8] |= (uint8_t)(1u << bit % 8);
        }
    }
}

static bool is_plaintext(const struct sim_check *check, const uint8_t unit[OTAV_UNIT_LEN])
{
    const struct sim_image *image = &check->expect.new_image;
    uint32_t bit = hash_unit(unit);

    if ((check->unit_seen[bit / 8] >> bit % 8 & 1) == 0 || !is_telling(unit)) {
        return false;
    }
    for (uint32_t off = OTAV_META_LEN; off + OTAV_UNIT_LEN <= image->len; off += OTAV_UNIT_LEN) {
        if (memcmp(image->bytes + off, unit, OTAV_UNIT_LEN) == 0) {
            return true;
        }
    }
    return false;
}

/* Pages besides the slots that may change: mailbox, record, journals. */
static void check_secret(struct sim_check *check)
{
    unsigned first = nvm_page(OTAB_MAILBOX_ADDRESS);
    bool found = false;

    if (!check->expect.encrypted) {
        return;
    }
    for (unsigned page = first; page < NVM_PAGES; page++) {
        for (unsigned off = 0; off < OTAV_PAGE_LEN; off += OTAV_UNIT_LEN) {
            found |= is_plaintext(check, check->device->flash.bytes[page] + off);
        }
    }
    hold(check, SIM_SECRET, !found);
}

/* ---- while it runs ---------------------------------------------------------------------------- */

static bool same_image(const struct sim_expect *a, const struct sim_expect *b)
{
    return a->new_image.bytes == b->new_image.bytes && a->new_image.len == b->new_image.len;
}

void sim_check_begin(struct sim_check *check, const struct vdev *device,
                     const struct sim_expect *expect)
{
    bool hashed = check->hashed && same_image(&check->expect, expect);

    check->device = device;
    check->expect = *expect;
    check->violated = false;
    check->trials = 0;
    check->floor = sim_floor_read(&device->flash);
    memcpy(check->version, device->flash.version, sizeof check->version);
    memcpy(check->erases, device->flash.erases, sizeof check->erases);
    if (expect->encrypted && !hashed) {
        hash_units(check);
    }
    check->hashed = expect->encrypted;
}

static void check_floor(struct sim_check *check)
{
    uint32_t floor = sim_floor_read(&check->device->flash);

    hold(check, SIM_FLOOR, floor >= check->floor && check->device->report.floor >= floor);
    check->floor = floor;
}

static bool may_run_new(const struct sim_check *check)
{
    return check->expect.acceptable && !check->expect.unfit;
}

void sim_check_boot(struct sim_check *check)
{
    const struct otab_report *report = &check->device->report;
    bool is_new = sim_check_is_new(check);

    hold(check, SIM_BOOTS, check->device->running);
    if (!check->device->running) {
        return;
    }
    hold(check, SIM_VERIFIED,
         is_new ? may_run_new(check) : holds(check, OTAV_SLOT0_ADDRESS, &check->expect.old_image));
    check_floor(check);
    if (report->state == OTAB_TRIAL) {
        check->trials++;
        hold(check, SIM_TRIAL,
             is_new && check->trials <= 1 &&
                 holds(check, OTAV_SLOT1_ADDRESS, &check->expect.old_image));
    }
    if (report->state == OTAB_FAILED || report->state == OTAB_REJECTED) {
        hold(check, SIM_REPORTED, report->error != 0);
    }
    check_secret(check);
}

/* Behind the image its last page is erased, and the pages behind that are untouched. */
static bool is_staged(const struct sim_check *check)
{
    const struct sim_image *image = &check->expect.new_image;
    const struct nvm_sim *flash = &check->device->flash;
    unsigned first = nvm_page(OTAV_SLOT1_ADDRESS);
    uint32_t end = (image->len + OTAV_UNIT_LEN - 1) / OTAV_UNIT_LEN * OTAV_UNIT_LEN;

    for (; end % OTAV_PAGE_LEN != 0; end++) {
        if (flash->bytes[first + end / OTAV_PAGE_LEN][end % OTAV_PAGE_LEN] != 0xFF) {
            return false;
        }
    }
    for (unsigned page = end / OTAV_PAGE_LEN; page < OTAB_SLOT_PAGES; page++) {
        if (flash->version[first + page] != check->version[first + page]) {
            return false;
        }
    }
    return holds(check, OTAV_SLOT1_ADDRESS, image);
}

/* Whether a code says that the bytes are not those of the file. */
static bool is_about_bytes(uint32_t code)
{
    unsigned class = OTAV_ERR_CLASS(code);

    return class == OTAV_CLASS_FORMAT || class == OTAV_CLASS_DECRYPT || class == OTAV_CLASS_AUTH;
}

void sim_check_report(struct sim_check *check, const struct otas_status *status)
{
    if (check->device->flash.powerless) {
        return;
    }
    if (status->event == OTAS_FAILED) {
        hold(check, SIM_REPORTED, status->code != 0);
        if (check->expect.acceptable) {
            hold(check, SIM_RESUMED, !is_about_bytes(status->code));
        }
    } else if (status->event == OTAS_STAGED) {
        /* Only a first transfer finds the slot as the run began. */
        hold(check, SIM_RESUMED, check->trials > 0 || is_staged(check));
        hold(check, SIM_VERIFIED, check->expect.acceptable);
    }
}

/* ---- the end ---------------------------------------------------------------------------------- */

static bool is_guarded(const struct sim_check *check, unsigned page)
{
    return check->device->flash.version[page] == check->version[page];
}

static void check_guarded(struct sim_check *check)
{
    bool ok = check->device->flash.violation == NULL;

    for (unsigned page = 0; page < NVM_BOOT_PAGES; page++) {
        ok &= page == NVM_FLOOR_PAGE || is_guarded(check, page);
    }
    for (uint32_t at = OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN; at < OTAV_SLOT1_ADDRESS;
         at += OTAV_PAGE_LEN) {
        ok &= is_guarded(check, nvm_page(at));
    }
    hold(check, SIM_GUARDED, ok);
}

void sim_check_end(struct sim_check *check, unsigned attempts, unsigned power_cuts, bool reverted,
                   bool ended)
{
    unsigned bound = (reverted ? 2u : 1u) * ERASE_SWAP + ERASE_CONNECTION * attempts +
                     ERASE_POWER_CUT * power_cuts;
    bool ok = true;

    check_guarded(check);
    check_secret(check);
    for (unsigned page = 0; page < NVM_PAGES; page++) {
        ok &= check->device->flash.erases[page] - check->erases[page] <= bound;
    }
    hold(check, SIM_ERASES, ok);
    if (may_run_new(check)) {
        hold(check, SIM_ENDS, ended);
    }
}
