/*
 * Records of page 4. Layer: above the flash simulator. Invariant: reading changes nothing.
 */
#include "sim_floor.h"

void sim_floor_put(struct nvm_sim *sim, unsigned pair, enum otab_floor_kind kind, uint32_t value)
{
    uint32_t address = OTAB_FLOOR_ADDRESS + pair * 2 * OTAV_UNIT_LEN;
    uint8_t record[OTAV_UNIT_LEN];

    otav_store_u32(record + OTAB_FLOOR_KIND, (uint32_t)kind);
    otav_store_u32(record + OTAB_FLOOR_VALUE, value);
    otav_store_u32(record + OTAB_FLOOR_VALUE_NOT, ~value);
    otav_store_u32(record + OTAB_FLOOR_CHECK, otab_log_check(record, OTAB_FLOOR_CHECK));
    nvm_put(sim, address, record, sizeof record);
    nvm_put(sim, address + OTAV_UNIT_LEN, record, sizeof record);
}

static bool in_doubt(const struct nvm_sim *sim, unsigned page, size_t off, size_t len)
{
    uint8_t mask = 0;

    for (size_t i = off; sim->torn_index[page] != 0 && i < off + len; i++) {
        mask |= sim->torn[sim->torn_index[page] - 1].mask[i];
    }
    return mask != 0;
}

uint32_t sim_floor_read(const struct nvm_sim *sim)
{
    const uint8_t *page = sim->bytes[NVM_FLOOR_PAGE];
    uint32_t floor = 0;

    for (size_t off = 0; off < OTAV_PAGE_LEN; off += OTAV_UNIT_LEN) {
        const uint8_t *record = page + off;
        uint32_t value = otav_load_u32(record + OTAB_FLOOR_VALUE);

        if (otav_load_u32(record) == OTAB_FLOOR_RAISE &&
            otav_load_u32(record + OTAB_FLOOR_VALUE_NOT) == ~value &&
            otav_load_u32(record + OTAB_FLOOR_CHECK) == otab_log_check(record, OTAB_FLOOR_CHECK) &&
            value > floor && !in_doubt(sim, NVM_FLOOR_PAGE, off, OTAV_UNIT_LEN)) {
            floor = value;
        }
    }
    return floor;
}
