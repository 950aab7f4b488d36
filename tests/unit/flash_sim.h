/*
 * A slot of flash that keeps the rules of the real one and stops at any breach: erase whole pages
 * only, program whole units only, and only units that are erased. Counts operations; can lose its
 * power before the nth one or report failures.
 */
#ifndef TEST_FLASH_SIM_H
#define TEST_FLASH_SIM_H

#include <check.h>
#include <otav/otav.h>
#include <string.h>

/* As ck_assert_msg(), but for the mark of the line: Check stores each one and reads it again, which takes
 * longer than what is tested when there is one for every unit. */
#define FLASH_SIM_RULE(ok, ...)                                                                    \
    do {                                                                                           \
        if (!(ok)) {                                                                               \
            ck_abort_msg(__VA_ARGS__);                                                             \
        }                                                                                          \
    } while (0)

enum flash_op { FLASH_READ, FLASH_ERASE, FLASH_PROGRAM, FLASH_OP_COUNT };

struct flash_sim {
    uint8_t bytes[OTAV_SLOT_LEN];
    bool erased[OTAV_SLOT_LEN / OTAV_UNIT_LEN]; /* erased and not programmed since */
    unsigned calls[FLASH_OP_COUNT];
    unsigned first_unit_programs; /* programs that touched offset 0 */
    unsigned last_program_number; /* of calls to erase and program together */
    unsigned first_unit_number;   /* number of the one that wrote the first unit */
    uint32_t highest;             /* end of the highest byte touched by erase or program */

    bool fail_active;
    enum flash_op fail_op;
    unsigned fail_nth;
    bool fail_persistent;
    uint32_t fail_result;

    unsigned power_left; /* units programmed or pages erased until the power goes; 0 = stays */
    bool powerless;
};

/* An old image everywhere: nothing is erased. */
static inline void flash_sim_fill(struct flash_sim *sim, uint8_t byte)
{
    memset(sim, 0, sizeof *sim);
    memset(sim->bytes, byte, sizeof sim->bytes);
}

static inline bool flash_sim_fails(struct flash_sim *sim, enum flash_op op)
{
    unsigned n = ++sim->calls[op];

    return sim->fail_active && sim->fail_op == op &&
           (n == sim->fail_nth || (sim->fail_persistent && n > sim->fail_nth));
}

/* Uses up power; false once there is none. */
static inline bool flash_sim_powered(struct flash_sim *sim)
{
    if (sim->powerless) {
        return false;
    }
    if (sim->power_left > 0 && --sim->power_left == 0) {
        sim->powerless = true;
        return false;
    }
    return true;
}

static inline uint32_t flash_sim_read(void *user, uint32_t offset, uint8_t *ret_bytes, size_t len)
{
    struct flash_sim *sim = user;

    FLASH_SIM_RULE(offset <= sizeof sim->bytes && len <= sizeof sim->bytes - offset,
                   "read of %zu at 0x%x leaves the slot", len, (unsigned)offset);
    if (flash_sim_fails(sim, FLASH_READ)) {
        return sim->fail_result;
    }
    memcpy(ret_bytes, sim->bytes + offset, len);
    return OTAV_ACCEPT;
}

static inline uint32_t flash_sim_erase(void *user, uint32_t offset, size_t len)
{
    struct flash_sim *sim = user;

    FLASH_SIM_RULE(offset % OTAV_PAGE_LEN == 0 && len % OTAV_PAGE_LEN == 0 && len > 0,
                   "erase of %zu at 0x%x is not whole pages", len, (unsigned)offset);
    FLASH_SIM_RULE(offset <= sizeof sim->bytes && len <= sizeof sim->bytes - offset,
                   "erase of %zu at 0x%x leaves the slot", len, (unsigned)offset);
    sim->last_program_number++;
    if (flash_sim_fails(sim, FLASH_ERASE)) {
        return sim->fail_result;
    }
    if (!flash_sim_powered(sim)) {
        return OTAV_REJECT;
    }
    memset(sim->bytes + offset, 0xFF, len);
    for (size_t i = offset / OTAV_UNIT_LEN; i < (offset + len) / OTAV_UNIT_LEN; i++) {
        sim->erased[i] = true;
    }
    sim->highest = offset + len > sim->highest ? (uint32_t)(offset + len) : sim->highest;
    return OTAV_ACCEPT;
}

static inline uint32_t flash_sim_program(void *user, uint32_t offset, const uint8_t *bytes,
                                         size_t len)
{
    struct flash_sim *sim = user;

    FLASH_SIM_RULE(offset % OTAV_UNIT_LEN == 0 && len % OTAV_UNIT_LEN == 0 && len > 0,
                   "program of %zu at 0x%x is not whole units", len, (unsigned)offset);
    FLASH_SIM_RULE(offset <= sizeof sim->bytes && len <= sizeof sim->bytes - offset,
                   "program of %zu at 0x%x leaves the slot", len, (unsigned)offset);
    sim->last_program_number++;
    if (offset == 0) {
        sim->first_unit_programs++;
        sim->first_unit_number = sim->last_program_number;
    }
    if (flash_sim_fails(sim, FLASH_PROGRAM)) {
        return sim->fail_result;
    }
    for (size_t i = 0; i < len; i += OTAV_UNIT_LEN) {
        if (!flash_sim_powered(sim)) {
            return OTAV_REJECT;
        }
        FLASH_SIM_RULE(sim->erased[(offset + i) / OTAV_UNIT_LEN],
                       "unit at 0x%zx programmed without erase", offset + i);
        sim->erased[(offset + i) / OTAV_UNIT_LEN] = false;
        memcpy(sim->bytes + offset + i, bytes + i, OTAV_UNIT_LEN);
    }
    sim->highest = offset + len > sim->highest ? (uint32_t)(offset + len) : sim->highest;
    return OTAV_ACCEPT;
}

static inline struct otav_flash flash_sim_port(struct flash_sim *sim)
{
    const struct otav_flash port = {sim, flash_sim_read, flash_sim_erase, flash_sim_program, NULL};

    return port;
}

/* op fails at its nth call, from 1, once or from then on. */
static inline void flash_sim_plan(struct flash_sim *sim, enum flash_op op, unsigned nth,
                                  bool persistent, uint32_t result)
{
    sim->fail_active = true;
    sim->fail_op = op;
    sim->fail_nth = nth;
    sim->fail_persistent = persistent;
    sim->fail_result = result;
}

#endif
