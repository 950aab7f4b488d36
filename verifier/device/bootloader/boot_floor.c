/*
 * Page 4. Layer: above logs. Invariant: nothing here erases; a value counts for good once both its
 * records were programmed and read back.
 */
#include "boot_floor.h"

#include <string.h>

static void encode(enum otab_floor_kind kind, uint32_t value, uint8_t ret[OTAV_UNIT_LEN])
{
    otav_store_u32(ret + OTAB_FLOOR_KIND, (uint32_t)kind);
    otav_store_u32(ret + OTAB_FLOOR_VALUE, value);
    otav_store_u32(ret + OTAB_FLOOR_VALUE_NOT, ~value);
    otav_store_u32(ret + OTAB_FLOOR_CHECK, otab_log_check(ret, OTAB_FLOOR_CHECK));
}

/* What a set of records says. */
struct tally {
    uint32_t floor;
    uint32_t revoked;
};

struct tallies {
    struct tally complete; /* what both records of a pair say */
    struct tally any;
};

static void count(const uint8_t *record, struct tally *tally)
{
    uint32_t value = otav_load_u32(record + OTAB_FLOOR_VALUE);
    uint32_t kind = otav_load_u32(record + OTAB_FLOOR_KIND);

    if (value != ~otav_load_u32(record + OTAB_FLOOR_VALUE_NOT) ||
        otav_load_u32(record + OTAB_FLOOR_CHECK) != otab_log_check(record, OTAB_FLOOR_CHECK)) {
        return;
    }
    if (kind == OTAB_FLOOR_RAISE && value > tally->floor) {
        tally->floor = value;
    }
    if (kind == OTAB_FLOOR_REVOKE) {
        tally->revoked |= value;
    }
}

static enum otav_err take_pair(struct otab_boot *boot, const uint8_t *record, void *arg)
{
    const uint8_t *second = record + OTAV_UNIT_LEN;
    struct tallies *tallies = arg;

    (void)boot;
    count(record, &tallies->any);
    count(second, &tallies->any);
    if (memcmp(record, second, OTAV_UNIT_LEN) == 0) {
        count(second, &tallies->complete);
    }
    return OTAV_OK;
}

static void apply(struct otab_boot *boot, const struct tally *tally)
{
    boot->config.counter_floor = tally->floor;
    boot->revoked = tally->revoked;
    for (uint8_t i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
        boot->config.keys[i].revoked = (tally->revoked >> i & 1) != 0;
    }
}

static bool is_applied(const struct otab_boot *boot, const struct tally *tally)
{
    uint32_t refused = 0;

    for (uint8_t i = 0; i < OTAV_KEY_MAX_COUNT; i++) {
        refused |= (boot->config.keys[i].revoked ? 1u : 0u) << i;
    }
    return boot->config.counter_floor == tally->floor && boot->revoked == tally->revoked &&
           refused == (tally->revoked & ((1u << OTAV_KEY_MAX_COUNT) - 1));
}

uint32_t otab_floor_add(struct otab_boot *boot, enum otab_floor_kind kind, uint32_t value)
{
    struct tally tally = {boot->config.counter_floor, boot->revoked};
    uint8_t record[OTAV_UNIT_LEN];
    uint32_t address = OTAB_FLOOR_ADDRESS + boot->floor_next * 2 * OTAV_UNIT_LEN;
    enum otav_err err;

    if (boot->floor_next >= OTAB_FLOOR_PAIRS) {
        return OTAB_ERR_FLOOR_FULL;
    }
    boot->floor_next++;
    encode(kind, value, record);
    count(record, &tally);
    err = otab_flash_program(boot, address, record);
    if (err == OTAV_OK) {
        err = otab_flash_program(boot, address + OTAV_UNIT_LEN, record);
    }
    if (err == OTAV_OK) {
        apply(boot, &tally);
        boot->report->flags |= OTAB_DID_RAISE;
    }
    return (uint32_t)err;
}

/* Whether all that counts for good counts at all; a fault can take something out of either. */
static bool is_within(const struct tally *complete, const struct tally *any)
{
    return complete->floor <= any->floor && (complete->revoked & ~any->revoked) == 0;
}

static enum otav_err read_pairs(struct otab_boot *boot, struct tallies *tallies)
{
    return otab_log_each(boot, OTAB_FLOOR_ADDRESS, 2 * OTAV_UNIT_LEN, take_pair, tallies);
}

/* The pairs are counted twice, into the same tallies: one count that a fault cut short lowers nothing. */
enum otav_err otab_floor_load(struct otab_boot *boot, bool in_doubt)
{
    struct tallies tallies = {{0, 0}, {0, 0}};
    const struct tally *complete = &tallies.complete;
    const struct tally *any = &tallies.any;
    uint32_t end = 0;
    enum otav_err err = read_pairs(boot, &tallies);

    if (err == OTAV_OK) {
        err = read_pairs(boot, &tallies);
    }
    if (err == OTAV_OK) {
        err = otab_log_end(boot, OTAB_FLOOR_ADDRESS, &end);
    }
    if (err != OTAV_OK) {
        return err;
    }
    if (!is_within(complete, any)) {
        return OTAV_ERR_STATE;
    }
    if (any->floor != complete->floor || any->revoked != complete->revoked) {
        in_doubt = true;
    }
    boot->floor_next = (end + (in_doubt ? 2 : 1)) / 2;
    apply(boot, complete);
    if (any->floor != complete->floor) {
        (void)otab_floor_add(boot, OTAB_FLOOR_RAISE, any->floor);
    }
    if (any->revoked != complete->revoked) {
        (void)otab_floor_add(boot, OTAB_FLOOR_REVOKE, any->revoked & ~complete->revoked);
    }
    apply(boot, any);
    /* a fault may have cut it short */
    return is_applied(boot, any) && is_within(complete, any) ? OTAV_OK : OTAV_ERR_STATE;
}
