/*
 * A device on the simulated flash. Layer: test.
 */
#include "world.h"

#include <string.h>

#include "fast_crypto.h"
#include "sim_floor.h"

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

uint32_t world_floor(const struct world *world)
{
    return sim_floor_read(&world->sim);
}

void world_fill_floor(struct world *world, unsigned pairs_left)
{
    for (unsigned pair = 0; pair + pairs_left < OTAB_FLOOR_PAIRS; pair++) {
        sim_floor_put(&world->sim, pair, OTAB_FLOOR_RAISE, 0);
    }
}
