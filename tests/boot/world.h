/*
 * A device on the simulated flash: what the factory, the update service and the application do to it
 * between boots, and what can be seen of it from outside.
 */
#ifndef BOOT_WORLD_H
#define BOOT_WORLD_H

#include <boot_mailbox.h>

#include "boot_images.h"
#include "nvm_sim.h"

struct world {
    struct nvm_sim sim;
    struct otab_platform platform;
    struct otav_config config;
    struct otab_boot boot;
    struct otab_report report; /* of the last boot */
};

/* A device that was never programmed: noise in the application data and the boot flash. */
void world_init(struct world *world, enum otav_policy policy, uint64_t seed);

uint32_t world_boot(struct world *world);

/* Puts an image into a slot as a service does: pages that it needs are erased first, others stay. */
void world_stage(struct world *world, uint32_t address, const struct boot_image *image);

/* What the application puts into the mailbox, behind what is there. */
void world_mail(struct world *world, enum otab_mail type, uint32_t nonce,
                const uint8_t id[OTAB_ID_LEN]);

/* Whether the slot at address holds exactly this image, no bit of it in doubt. */
bool world_holds(const struct world *world, uint32_t address, const struct boot_image *image);

/* The floor that page 4 says for good, read without the code under test: records no bit of which is
 * in doubt. */
uint32_t world_floor(const struct world *world);

/* Fills page 4 with raises to 0 until so many pairs are left. */
void world_fill_floor(struct world *world, unsigned pairs_left);

/* Writes the state again until the record page has so many entries left, 0..30. */
void world_fill_record(struct world *world, unsigned entries_left);

#endif
