/*
 * A device on the simulated flash. Layer: test.
 */
#include "world.h"

#include <boot_floor.h>
#include <boot_state.h>
#include <stdlib.h>
#include <string.h>

#include "fast_crypto.h"

enum { PDS_PAGES = 4 };

static void put_noise(struct nvm_sim *sim, uint32_t address)
{
    uint8_t noise[OTAV_PAGE_LEN];

    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)nvm_random(sim);
    }
    nvm_put(sim, address, noise, sizeof noise);
}

void world_init(struct world *world, enum otav_policy policy, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    nvm_init(&world->sim, seed);
    for (uint32_t page = 0; page < NVM_BOOT_PAGES; page++) {
        if (page != NVM_FLOOR_PAGE) {
            put_noise(&world->sim, page * OTAV_PAGE_LEN);
        }
    }
    for (uint32_t page = 0; page < PDS_PAGES; page++) {
        put_noise(&world->sim, OTAV_SLOT0_ADDRESS + OTAV_SLOT_LEN + page * OTAV_PAGE_LEN);
    }
    world->platform = nvm_platform(&world->sim, &fast_crypto);
    image_device(policy, &world->config);
}

uint32_t world_boot(struct world *world)
{
    return otab_boot(&world->boot, &world->platform, &world->config, &world->report);
}

void world_stage(struct world *world, uint32_t address, const struct boot_image *image)
{
    for (uint32_t off = 0; off < image->len; off += OTAV_PAGE_LEN) {
        nvm_wipe_page(&world->sim, address + off);
    }
    nvm_put(&world->sim, address, image->bytes, image->len);
}

void world_mail(struct world *world, enum otab_mail type, uint32_t nonce,
                const uint8_t id[OTAB_ID_LEN])
{
    const uint8_t *page = world->sim.bytes[nvm_page(OTAB_MAILBOX_ADDRESS)];
    uint8_t record[OTAB_MAIL_LEN] = {0};
    uint32_t off = 0;

    otav_store_u32(record + OTAB_MAIL_TYPE, (uint32_t)type);
    otav_store_u32(record + OTAB_MAIL_NONCE, nonce);
    memcpy(record + OTAB_MAIL_ID, id, OTAB_ID_LEN);
    otav_store_u32(record + OTAB_MAIL_CHECK, otab_log_check(record, OTAB_MAIL_CHECK));
    otav_store_u32(record + OTAB_MAIL_CHECK_NOT, ~otab_log_check(record, OTAB_MAIL_CHECK));
    while (off < OTAV_PAGE_LEN && !otab_is_blank(page + off, OTAB_MAIL_LEN)) {
        off += OTAB_MAIL_LEN;
    }
    if (off == OTAV_PAGE_LEN || world->sim.torn_index[nvm_page(OTAB_MAILBOX_ADDRESS)] != 0) {
        nvm_wipe_page(&world->sim, OTAB_MAILBOX_ADDRESS);
        off = 0;
    }
    nvm_put(&world->sim, OTAB_MAILBOX_ADDRESS + off, record, sizeof record);
}

bool world_holds(const struct world *world, uint32_t address, const struct boot_image *image)
{
    unsigned first = nvm_page(address);

    for (uint32_t off = 0; off < image->len; off += OTAV_PAGE_LEN) {
        unsigned page = first + off / OTAV_PAGE_LEN;
        uint32_t part = image->len - off < OTAV_PAGE_LEN ? image->len - off : OTAV_PAGE_LEN;

        if (world->sim.torn_index[page] != 0 ||
            memcmp(world->sim.bytes[page], image->bytes + off, part) != 0) {
            return false;
        }
    }
    return true;
}

static bool in_doubt(const struct nvm_sim *sim, unsigned page, size_t off, size_t len)
{
    uint8_t mask = 0;

    for (size_t i = off; sim->torn_index[page] != 0 && i < off + len; i++) {
        mask |= sim->torn[sim->torn_index[page] - 1].mask[i];
    }
    return mask != 0;
}

uint32_t world_floor(const struct world *world)
{
    const uint8_t *page = world->sim.bytes[NVM_FLOOR_PAGE];
    uint32_t floor = 0;

    for (size_t off = 0; off < OTAV_PAGE_LEN; off += OTAV_UNIT_LEN) {
        const uint8_t *record = page + off;
        uint32_t value = otav_load_u32(record + OTAB_FLOOR_VALUE);

        if (otav_load_u32(record) == OTAB_FLOOR_RAISE &&
            otav_load_u32(record + OTAB_FLOOR_VALUE_NOT) == ~value &&
            otav_load_u32(record + OTAB_FLOOR_CHECK) == otab_log_check(record, OTAB_FLOOR_CHECK) &&
            value > floor && !in_doubt(&world->sim, NVM_FLOOR_PAGE, off, OTAV_UNIT_LEN)) {
            floor = value;
        }
    }
    return floor;
}

void world_fill_floor(struct world *world, unsigned pairs_left)
{
    uint8_t record[OTAV_UNIT_LEN];

    otav_store_u32(record + OTAB_FLOOR_KIND, OTAB_FLOOR_RAISE);
    otav_store_u32(record + OTAB_FLOOR_VALUE, 0);
    otav_store_u32(record + OTAB_FLOOR_VALUE_NOT, ~UINT32_C(0));
    otav_store_u32(record + OTAB_FLOOR_CHECK, otab_log_check(record, OTAB_FLOOR_CHECK));
    for (unsigned i = 0; i < 2 * (OTAB_FLOOR_PAIRS - pairs_left); i++) {
        nvm_put(&world->sim, OTAB_FLOOR_ADDRESS + i * OTAV_UNIT_LEN, record, sizeof record);
    }
}

void world_fill_record(struct world *world, unsigned entries_left)
{
    const uint32_t used = OTAV_PAGE_LEN / OTAB_ENTRY_LEN - entries_left;

    (void)world_boot(world);
    while (world->boot.record_next + 2 <= used) {
        if (otab_state_write(&world->boot) != OTAV_OK) {
            abort();
        }
    }
}
