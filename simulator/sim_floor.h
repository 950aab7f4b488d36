/*
 * Page 4 of the boot flash, as seen from outside: floor of the security counter and revocations.
 */
#ifndef SIMULATOR_SIM_FLOOR_H
#define SIMULATOR_SIM_FLOOR_H

#include <boot_floor.h>

#include "nvm_sim.h"

/* Puts a record and its twin at pair 0..OTAB_FLOOR_PAIRS - 1, which is blank. */
void sim_floor_put(struct nvm_sim *sim, unsigned pair, enum otab_floor_kind kind, uint32_t value);

/* The floor that page 4 says for good, read without the bootloader's code: records no bit of which is
 * in doubt. */
uint32_t sim_floor_read(const struct nvm_sim *sim);

#endif
