/*
 * Devices worth attacking: what their flash holds, what an undisturbed boot does with it, and what no
 * boot may ever do.
 */
#ifndef CHIP_FAULT_WORLD_H
#define CHIP_FAULT_WORLD_H

#include "chip.h"

struct fault_scenario {
    const char *name;
    uint32_t causes; /* of the reset */
    bool runs;       /* undisturbed: the good image runs; else nothing does */
};

/* The index-th of all, NULL behind the last. */
const struct fault_scenario *fault_scenario_at(unsigned index);

/* Makes the images, which are the same in every run of the program. */
void fault_world_open(void);

/* Brings flash into the state that the scenario wants before its reset. boot: resets the chip and
 * runs it to the end of its boot. */
void fault_world_set_up(const struct fault_scenario *scenario, struct chip *chip,
                        enum chip_outcome (*boot)(void));

/* Why this end of a run may not be, or NULL: an application was reached that is not the good image,
 * or with a lock open, or application data changed. */
const char *fault_world_objection(const struct chip *chip, enum chip_outcome outcome);

/* A number of all flash that a boot may change: equal for equal contents. */
uint64_t fault_world_flash(const struct chip *chip);

#endif
